"""Colour profiles (ICC.1): which pictures are converted to sRGB, and which profiles are kept."""

from __future__ import annotations

import io
from typing import Final

import numpy as np
from PIL import Image, ImageCms

_SPACES: Final = {"CMYK": b"CMYK", "L": b"GRAY", "LAB": b"Lab "}
"""Colour spaces of profiles, by Pillow's modes, that are no RGB (ICC.1:2022, table 19)."""


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image | None:
    """Return a picture in a colour space other than RGB as sRGB, as its profile means it.

    Relative colorimetric, as viewers do it: white stays white. Grey has no chroma afterwards.

    Args:
        image: Of any mode.
        profile: The file's; None if it has none.

    Returns:
        Mode RGB; None where the profile is not of the picture's own space, or is unusable.
    """
    if profile is None or space_of(profile) != _SPACES.get(image.mode, b""):
        return None
    try:
        managed = ImageCms.profileToProfile(
            image,
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None
    if managed is not None and image.mode == "L":
        green = np.asarray(managed)[..., 1]
        return Image.fromarray(np.repeat(green[..., None], 3, axis=2))
    return managed


def carried(profile: bytes | None) -> bytes | None:
    """Return a profile that still holds once the picture is RGB; None if it was of another one."""
    if profile is None or space_of(profile) in _SPACES.values():
        return None
    return profile


def space_of(profile: bytes) -> bytes:
    """Return the signature of a profile's colour space (ICC.1:2022, 7.2.6)."""
    return profile[16:20]
