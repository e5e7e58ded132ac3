"""How much of one picture is worked on at the same time."""

from __future__ import annotations

import threading
from types import TracebackType

import cv2


class OpenCVThreads:
    """Lets OpenCV work in the thread that calls it, and in no others, while a block runs.

    Pictures and frames are worked on side by side already. Its own threads would only wait for one
    another: a face's region is small, and handing parts of it over takes longer than they do.

    OpenCV has one such setting for the whole process, so there is one of these. Blocks may overlap,
    in any threads: the first one changes the setting, the last one sets it back.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._blocks = 0
        self._before = 0

    def __enter__(self) -> None:
        """Begin a block."""
        with self._lock:
            if self._blocks == 0:
                self._before = cv2.getNumThreads()
                cv2.setNumThreads(1)
            self._blocks += 1

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End a block."""
        with self._lock:
            self._blocks -= 1
            if self._blocks == 0:
                cv2.setNumThreads(self._before)


opencv_single_threaded = OpenCVThreads()
