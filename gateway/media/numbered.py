"""Pictures written one after the other into a folder, for people to look through."""

from __future__ import annotations

import os
from itertools import count
from pathlib import Path

import cv2

from gateway.arrays import U8


class NumberedPictures:
    """Writes each picture it is given as `0001-name.png`; safe to use from any thread.

    Args:
        folder: Target folder; created with access for its owner only.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._run = f"{os.getpid():x}"
        self._numbers = count(1)

    def picture(self, name: str, pixels: U8) -> None:
        """Write a picture.

        Args:
            name: Of it.
            pixels: uint8 (h, w, 3) RGB or (h, w).

        Raises:
            OSError: it cannot be written.
        """
        if not pixels.size:
            return
        stored = pixels if pixels.ndim == 2 else pixels[..., ::-1]
        done, data = cv2.imencode(".png", stored)
        if not done:
            raise OSError(f"{name} cannot be encoded")
        path = self._folder / f"{self._run}-{next(self._numbers):04d}-{name}.png"
        path.write_bytes(data.tobytes())
