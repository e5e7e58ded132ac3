"""Points tracked from one picture to the next by optical flow."""

from __future__ import annotations

import cv2
import numpy as np

from gateway.arrays import F32, U8, AnyFloat

SIDE = 256
"""Pixels of the longer side at which motion is looked for."""
UNLIKE = 0.45
"""Share of a picture's own contrast by which the tracked patch may differ from the actual one."""


def carried(before: U8, after: U8, points_xy: AnyFloat) -> F32 | None:
    """Return where points (N, 2) of one picture are in the next one; None if untrackable.

    Dense inverse search (T. Kroeger et al., "Fast optical flow using dense inverse search",
    ECCV 2016), checked by warping the first picture around the points with the motion.

    Args:
        before: uint8 (h, w, 3) RGB.
        after: uint8 (h, w, 3) RGB.
        points_xy: Pixels of the first picture.
    """
    height, width = before.shape[:2]
    scale = min(1.0, SIDE / max(height, width))
    size = max(16, round(width * scale)), max(16, round(height * scale))
    first, second = (_grey(image, size) for image in (before, after))
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    flow = np.asarray(
        search.calc(first, second, np.zeros((*first.shape, 2), np.float32)), np.float32
    )
    to_small = np.array([size[0] / width, size[1] / height])
    at = ((np.asarray(points_xy, np.float64) + 0.5) * to_small - 0.5).astype(np.float32)
    moved = cv2.remap(
        flow, at[:, 0], at[:, 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    ).reshape(-1, 2)
    if not _explains(first, second, flow, at):
        return None
    return np.asarray(points_xy + moved / to_small, np.float32)


def _grey(image: U8, size_wh: tuple[int, int]) -> U8:
    small = cv2.resize(image, size_wh, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)


def _explains(first: U8, second: U8, flow: F32, points: F32) -> bool:
    """Return whether a motion makes the first picture the second one, around points (N, 2)."""
    low = np.clip(np.floor(points.min(0)).astype(int), 0, None)
    high = np.ceil(points.max(0)).astype(int) + 1
    rows, columns = slice(low[1], high[1]), slice(low[0], high[0])
    y, x = np.mgrid[: first.shape[0], : first.shape[1]].astype(np.float32)
    back = cv2.remap(second, x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR)
    was = first[rows, columns].astype(np.float32)
    if was.size == 0:
        return False
    off = np.abs(back[rows, columns] - was).mean()
    return bool(off < UNLIKE * was.std())
