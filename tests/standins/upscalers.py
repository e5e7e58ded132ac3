"""Stand-ins of super-resolution: exact bilinear resampling, through a gain of each channel."""

from __future__ import annotations

import numpy as np

from tests.standins.graph import Graph, StandIn, Tensor, per_channel

GAIN, LEAST = (1.2, 0.8, 0.7), (-0.1, 0.15, 0.05)
CONTRACTS = {
    "real_esrgan_x2": (256, 2),
    "real_esrgan_x2_fp16": (256, 2),
    "real_esrgan_x4": (256, 4),
    "real_esrgan_x4_fp16": (256, 4),
    "real_esrgan_x8": (256, 8),
    "real_esrgan_x8_fp16": (256, 8),
    "real_hatgan_x4": (256, 4),
    "clear_reality_x4": (128, 4),
    "span_kendata_x4": (128, 4),
    "ultra_sharp_x4": (128, 4),
    "nomos8k_sc_x4": (128, 4),
    "realistic_rescaler_x4": (128, 4),
    "remacri_x4": (128, 4),
    "siax_x4": (128, 4),
    "swin2_sr_x4": (128, 4),
    "real_web_photo_x4": (64, 4),
    "ultra_sharp_2_x4": (1024, 4),
    "face_dat_x4": (128, 4),
    "tghq_face_x8": (128, 8),
}
"""Side of a tile, and scale."""


def _body(scale: int):
    def body(graph: Graph) -> tuple[str]:
        finer = graph(
            "Resize",
            "input",
            "",
            np.array([1, 1, scale, scale], np.float32),
            mode="linear",
            coordinate_transformation_mode="half_pixel",
        )
        return (graph.total(graph("Mul", finer, per_channel(GAIN)), per_channel(LEAST)),)

    return body


def upscaled(image: np.ndarray, scale: int) -> np.ndarray:
    """Return levels (H · scale, W · scale, 3), clipped, of a whole picture, uint8 (H, W, 3)."""
    finer = image / 255
    for axis in (0, 1):
        size = image.shape[axis]
        at = np.clip((np.arange(size * scale) + 0.5) / scale - 0.5, 0, size - 1)
        low = np.minimum(at.astype(int), max(size - 2, 0))
        share = (at - low).reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))
        next_one = np.minimum(low + 1, size - 1)
        finer = finer.take(low, axis) * (1 - share) + finer.take(next_one, axis) * share
    return 255 * np.clip(finer * GAIN + LEAST, 0, 1)


STANDINS = {
    name: StandIn(
        (Tensor("input", (3, side, side)),),
        (Tensor("output", (3, side * scale, side * scale)),),
        _body(scale),
    )
    for name, (side, scale) in CONTRACTS.items()
}
