"""Aligned crops, as third-party models take them: five points laid onto a template."""

from __future__ import annotations

from typing import Literal

import numpy as np

from gateway.arrays import F64, AnyFloat

Template = Literal[
    "arcface_112_v1",
    "arcface_112_v2",
    "arcface_128",
    "dfl_whole_face",
    "ffhq_512",
    "mtcnn_512",
    "styleganex_384",
]

TEMPLATES: dict[Template, F64] = {
    "arcface_112_v1": np.array(
        [
            [0.35473214, 0.45658929],
            [0.64526786, 0.45658929],
            [0.50000000, 0.61154464],
            [0.37913393, 0.77687500],
            [0.62086607, 0.77687500],
        ]
    ),
    "arcface_112_v2": np.array(
        [
            [0.34191607, 0.46157411],
            [0.65653393, 0.45983393],
            [0.50022500, 0.64050536],
            [0.37097589, 0.82469196],
            [0.63151696, 0.82325089],
        ]
    ),
    "arcface_128": np.array(
        [
            [0.36167656, 0.40387734],
            [0.63696719, 0.40235469],
            [0.50019687, 0.56044219],
            [0.38710391, 0.72160547],
            [0.61507734, 0.72034453],
        ]
    ),
    "dfl_whole_face": np.array(
        [
            [0.35342266, 0.39285716],
            [0.62797622, 0.39285716],
            [0.48660713, 0.54017860],
            [0.38839287, 0.68750011],
            [0.59821427, 0.68750011],
        ]
    ),
    "ffhq_512": np.array(
        [
            [0.37691676, 0.46864664],
            [0.62285697, 0.46912813],
            [0.50123859, 0.61331904],
            [0.39308822, 0.72541100],
            [0.61150205, 0.72490465],
        ]
    ),
    "mtcnn_512": np.array(
        [
            [0.36562865, 0.46733799],
            [0.63305391, 0.46585885],
            [0.50019127, 0.61942959],
            [0.39032951, 0.77598822],
            [0.61178945, 0.77476328],
        ]
    ),
    "styleganex_384": np.array(
        [
            [0.42353745, 0.52289879],
            [0.57725008, 0.52319972],
            [0.50123859, 0.61331904],
            [0.43364461, 0.68337652],
            [0.57015325, 0.68306005],
        ]
    ),
}
"""Image-left eye, image-right eye, nose tip, mouth corners, as shares of the crop's side."""


def crop_from_image(landmarks_5: AnyFloat, template: Template, size_px: int) -> F64:
    """Return the similarity, float64 (2, 3), that lays five points (5, 2) onto a template.

    Pixel centres are at whole numbers on both sides. It never mirrors, not even a face in profile,
    whose eyes may have changed sides.

    Raises:
        ValueError: the points coincide, or are such that no turn lays them onto a template.
    """
    a = np.asarray(landmarks_5, np.float64)
    b = TEMPLATES[template] * size_px - 0.5
    mean_a, mean_b = a.mean(0), b.mean(0)
    a, b = a - mean_a, b - mean_b
    # Least squares over scale times rotation: that is one complex number.
    along, across = (a * b).sum(), (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum()
    if not np.hypot(along, across) > 1e-9 * (b * b).sum():
        raise ValueError("degenerate points: no similarity can be fitted")
    cos, sin = np.array([along, across]) / (a * a).sum()
    linear = np.array([[cos, -sin], [sin, cos]])
    return np.column_stack([linear, mean_b - linear @ mean_a])
