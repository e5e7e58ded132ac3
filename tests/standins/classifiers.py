"""Stand-in of FairFace: classes by how bright a corner of the crop is in one colour."""

from __future__ import annotations

import numpy as np

from tests.standins.graph import Graph, StandIn, Tensor

SIDE, PART = 224, 24
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
PLACES = ((0, 20, 30, 7), (1, 150, 40, 2), (2, 90, 170, 9))
"""Channel, first row and column, and number of classes: of race, gender and age."""
RACES = ("white", "black", "latino", "asian", "asian", "indian", "arabic")
YEARS = (0, 3, 10, 20, 30, 40, 50, 60, 70, 121)


def _body(graph: Graph) -> tuple[str, ...]:
    light = graph("Mul", "input", np.array(DEVIATION, np.float32)[:, None, None])
    light = graph("Add", light, np.array(MEAN, np.float32)[:, None, None])
    found = []
    for channel, row, column, classes in PLACES:
        part = graph.part(
            light,
            channels=(channel, channel + 1),
            rows=(row, row + PART),
            columns=(column, column + PART),
        )
        mean = graph("ReduceMean", part, axes=[1, 2, 3], keepdims=0)
        middles = ((np.arange(classes) + 0.5) / classes).astype(np.float32)
        off = graph("Abs", graph("Sub", graph("Unsqueeze", mean, np.array([1])), middles))
        found.append(graph("ArgMin", off, axis=1, keepdims=0))
    return tuple(found)


def looks(crop: np.ndarray) -> tuple[str, str, int, int]:
    """Return gender, race, least and greatest age as seen in a crop, uint8 (224, 224, 3)."""
    race, gender, age = (
        min(int(crop[r : r + PART, c : c + PART, channel].mean() / 255 * n), n - 1)
        for channel, r, c, n in PLACES
    )
    return ("male", "female")[gender], RACES[race], YEARS[age], YEARS[age + 1] - 1


def crops() -> np.ndarray:
    """Return crops (63, 224, 224, 3), one of each race, gender and age, about in turn."""
    out = np.random.default_rng(3).integers(90, 160, (63, SIDE, SIDE, 3)).astype(np.uint8)
    for n, crop in enumerate(out):
        for channel, row, column, classes in PLACES:
            level = (n % classes + 0.5) / classes * 255
            crop[row : row + PART, column : column + PART, channel] = level
    return out


STANDINS = {
    "fairface": StandIn(
        (Tensor("input", (1, 3, SIDE, SIDE), per_row=False),),
        tuple(
            Tensor(name, (1,), np.dtype(np.int64), per_row=False)
            for name in ("race_id", "gender_id", "age_id")
        ),
        _body,
    )
}
