"""Where crops are to lie, told and computed independently of `gateway.faces.alignment`."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

POINTS = {
    "arcface_112_v1": "35.473214 45.658929 64.526786 45.658929 50 61.154464 "
    "37.913393 77.6875 62.086607 77.6875",
    "arcface_112_v2": "34.191607 46.157411 65.653393 45.983393 50.0225 64.050536 "
    "37.097589 82.469196 63.151696 82.325089",
    "arcface_128": "36.167656 40.387734 63.696719 40.235469 50.019687 56.044219 "
    "38.710391 72.160547 61.507734 72.034453",
    "dfl_whole_face": "35.342266 39.285716 62.797622 39.285716 48.660713 54.01786 "
    "38.839287 68.750011 59.821427 68.750011",
    "ffhq_512": "37.691676 46.864664 62.285697 46.912813 50.123859 61.331904 "
    "39.308822 72.5411 61.150205 72.490465",
    "mtcnn_512": "36.562865 46.733799 63.305391 46.585885 50.019127 61.942959 "
    "39.032951 77.598822 61.178945 77.476328",
    "styleganex_384": "42.353745 52.289879 57.725008 52.319972 50.123859 61.331904 "
    "43.364461 68.337652 57.015325 68.306005",
}
"""Five points, x and y, in hundredths of the crop's side, counted from its edge."""


def points_in(template: str, side: int) -> np.ndarray:
    """Return the five points (5, 2) in pixels of a crop, whose centres are at whole numbers."""
    return np.array(POINTS[template].split(), float).reshape(5, 2) / 100 * side - 0.5


def crop_of(image: np.ndarray, points: np.ndarray, template: str, side: int) -> np.ndarray:
    """Return a crop, float levels (side, side, 3), of a picture with a face at points (5, 2)."""
    # crop → image: x' = a x - b y + c, y' = b x + a y + d, by least squares the other way round.
    onto = points_in(template, side)
    rows, wanted = [], []
    for (x, y), (u, v) in zip(points, onto, strict=True):
        rows += [[x, -y, 1, 0], [y, x, 0, 1]]
        wanted += [u, v]
    a, b, c, d = np.linalg.lstsq(np.array(rows), np.array(wanted), rcond=None)[0]
    back = np.linalg.inv(np.array([[a, -b, c], [b, a, d], [0, 0, 1]]))
    y, x = np.mgrid[0:side, 0:side]
    at = back[:2] @ np.stack([x.ravel(), y.ravel(), np.ones(side * side)])
    planes = [
        ndimage.map_coordinates(image[..., c].astype(float), at[::-1], order=1, mode="nearest")
        for c in range(3)
    ]
    return np.stack(planes, -1).reshape(side, side, 3)
