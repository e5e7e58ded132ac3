"""Marks in pictures, for people who look for faults."""

from __future__ import annotations

import cv2

from gateway.arrays import F32, U8

_COLOR = (255, 80, 60)


def with_boxes(image: U8, boxes: F32, values: F32) -> U8:
    """Return a picture with boxes drawn in, a number above each.

    Args:
        image: uint8 (H, W, 3) RGB.
        boxes: float32 (N, 4), left, top, right, bottom in pixels.
        values: float32 (N,), shown with two digits.
    """
    shown = image.copy()
    pen = max(1, min(image.shape[:2]) // 300)
    for (left, top, right, bottom), value in zip(boxes.round().astype(int), values, strict=True):
        cv2.rectangle(shown, (int(left), int(top)), (int(right), int(bottom)), _COLOR, pen)
        place = (int(left), int(max(top - 4 * pen, 12 * pen)))
        cv2.putText(shown, f"{value:.2f}", place, cv2.FONT_HERSHEY_SIMPLEX, 0.5 * pen, _COLOR, pen)
    return shown
