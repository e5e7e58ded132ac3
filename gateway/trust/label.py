"""The visible label: words in a corner that say how a picture was made, readable on any picture."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal, get_args

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from gateway.arrays import F32, U8
from gateway.errors import InvalidOptions
from gateway.imaging.geometry.warp import Region

Language = Literal["en", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "zh", "ja", "ko"]
Corner = Literal["bottom-right", "bottom-left", "top-right", "top-left"]

WORDS: Final[dict[Language, str]] = {
    "en": "AI-generated",
    "de": "KI-generiert",
    "fr": "Contenu IA",
    "es": "Generado por IA",
    "it": "Generato con IA",
    "pt": "Gerado por IA",
    "nl": "AI-gegenereerd",
    "pl": "Wygenerowane przez AI",
    "sv": "AI-genererad",
    "zh": "人工智能生成",
    "ja": "AI生成",
    "ko": "AI 생성",
}
assert set(WORDS) == set(get_args(Language))
LEAST_CONTRAST: Final = 4.5
"""Least ratio of the luminances of words and ground (WCAG 2.2, 1.4.3)."""
_TEXT: Final = 255.0
_OPACITIES: Final = (0.55, 0.7, 0.85, 1.0)
_MARGIN, _PADDING = 0.5, 0.3
"""Of the height of the words: to the picture's edges, and around the words."""
_TYPICAL: Final = "Ag國"


@dataclass(frozen=True, slots=True)
class Label:
    """A visible label.

    Attributes:
        text: What it says.
        corner: Where.
        height: Of the words, over the picture's shorter side.
        seconds: In a film: how long it is shown from the beginning; None is all the time.
        font: A font file; None is the one that comes along, which has Latin letters.
    """

    text: str
    corner: Corner = "bottom-right"
    height: float = 0.05
    seconds: float | None = None
    font: Path | None = None

    def check(self) -> None:
        """Check that it can be written.

        Raises:
            InvalidOptions: the font lacks a letter.
        """
        missing = missing_letters(self.text, self.font)
        if missing:
            raise InvalidOptions(
                "The font of labels lacks letters of this one (`SEMBLANT_LABEL_FONT`).",
                errors=[{"pointer": "/marks/label", "detail": f"no glyph for {missing!r}"}],
            )

    def region(self, shape: tuple[int, int]) -> Region:
        """Return where it lies in a picture of a height and width in pixels."""
        height, width = shape
        patch = _patch(self.text, _words_px(self.height, shape), self.font)
        tall, wide = min(patch.shape[0], height), min(patch.shape[1], width)
        margin = min(round(_MARGIN * self.height * min(shape)), height - tall, width - wide)
        margin = max(margin, 0)
        y0 = margin if self.corner.startswith("top") else height - margin - tall
        x0 = margin if self.corner.endswith("left") else width - margin - wide
        return Region(x0, y0, x0 + wide, y0 + tall)

    def drawn(self, ground: U8, shape: tuple[int, int]) -> U8:
        """Return the label on its region of a picture, uint8 (h, w, 3) RGB.

        White words on black, which lets as much of the picture through as contrast allows.

        Args:
            ground: uint8 (h, w, 3) RGB, the region (`region`) as it was.
            shape: Height and width of the picture, pixels.
        """
        patch = _patch(self.text, _words_px(self.height, shape), self.font)
        cover = patch[: ground.shape[0], : ground.shape[1], None]
        for opacity in _OPACITIES:
            behind = ground.astype(np.float32) * np.float32(1 - opacity)
            if contrast(_TEXT, float(np.quantile(behind, 0.98))) >= LEAST_CONTRAST:
                break
        drawn = behind * (1 - cover) + np.float32(_TEXT) * cover
        return np.clip(np.rint(drawn), 0, 255).astype(np.uint8)

    def on(self, rgb: U8) -> U8:
        """Return a picture with the label, uint8 (H, W, 3) RGB."""
        shape = rgb.shape[:2]
        part = self.region(shape)
        out = rgb.copy()
        out[part.y0 : part.y1, part.x0 : part.x1] = self.drawn(
            rgb[part.y0 : part.y1, part.x0 : part.x1], shape
        )
        return out


def contrast(one: float, other: float) -> float:
    """Return the ratio of the luminances of two grey levels 0–255 (WCAG 2.2)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def missing_letters(text: str, font: Path | None) -> str:
    """Return the letters of a text that a font lacks, in their order."""
    used = _font(64, font)
    unknown = used.getmask("\U0010fffe")
    nothing = bytes(unknown), unknown.size
    missing = []
    for letter in dict.fromkeys(text):
        mask = used.getmask(letter)
        if not letter.isspace() and (bytes(mask), mask.size) == nothing:
            missing.append(letter)
    return "".join(missing)


def _luminance(level: float) -> float:
    share = level / 255
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4


def _words_px(height: float, shape: tuple[int, int]) -> int:
    return max(1, round(height * min(shape)))


@lru_cache(maxsize=16)
def _font(height_px: int, path: Path | None) -> ImageFont.FreeTypeFont:
    """Return a font whose capital letters are so many pixels high."""
    size = float(height_px)
    for _ in range(2):
        font = _loaded(size, path)
        box = font.getbbox("H")
        size *= height_px / max(box[3] - box[1], 1)
    return _loaded(size, path)


def _loaded(size: float, path: Path | None) -> ImageFont.FreeTypeFont:
    if path is not None:
        return ImageFont.truetype(str(path), size)
    font = ImageFont.load_default(max(size, 1.0))
    assert isinstance(font, ImageFont.FreeTypeFont)
    return font


@lru_cache(maxsize=16)
def _patch(text: str, height_px: int, path: Path | None) -> F32:
    """Return how much of each pixel is letter, float32 (h, w) 0–1, with some room around."""
    font = _font(height_px, path)
    left, top, right, bottom = (round(side) for side in font.getbbox(text + _TYPICAL[:2]))
    right = round(font.getbbox(text)[2])
    padding = max(1, round(_PADDING * height_px))
    size = (right - left + 2 * padding, bottom - top + 2 * padding)
    image = Image.new("L", size, 0)
    ImageDraw.Draw(image).text((padding - left, padding - top), text, fill=255, font=font)
    return np.asarray(image, np.float32) / np.float32(255)
