"""The named controls of an expression, in the terms of ARKit's blend shapes.

Each control is known by its *measure*: a weighted sum of displacements of a few landmarks from the
person's own neutral face, in the head's frame. What else moves along with it (the cheek with a
smile, the lip with the jaw) is learned from data, see `tools/learn_face_3dmm.py`.

Names with `Left` and `Right` are the subject's own sides. Measures stand here for the right side
and the middle; the left side's are their mirror images.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from gateway.arrays import F64, Mask
from gateway.faces.topology import N_LANDMARKS, topology


class ControlArea(StrEnum):
    """Parts of the face that can be driven by themselves."""

    BROWS = "brows"
    """Brows and forehead."""
    EYES = "eyes"
    """Lids."""
    GAZE = "gaze"
    """Irises."""
    CHEEKS = "cheeks"
    """Cheeks and nose."""
    MOUTH = "mouth"
    """Lips."""
    JAW = "jaw"
    """Chin and the opening of the mouth."""


@dataclass(frozen=True, slots=True)
class Control:
    """One named control.

    Attributes:
        name: ARKit's name.
        part: The part it moves.
        measure: Float64 (478, 3): the weighted sum that measures it.
        partner: Name of the same control on the other side; itself in the middle.
    """

    name: str
    part: ControlArea
    measure: F64
    partner: str


Terms = tuple[tuple[tuple[int, ...], tuple[float, float, float]], ...]

OUT, IN = (-1.0, 0.0, 0.0), (1.0, 0.0, 0.0)  # of the subject's right side, as seen
UP, DOWN = (0.0, -1.0, 0.0), (0.0, 1.0, 0.0)
FORWARD = (0.0, 0.0, -1.0)

_UPPER_LID, _LOWER_LID = (158, 159, 160), (144, 145, 153)
_IRIS, _CORNERS = (468, 469, 470, 471, 472), (33, 133)
_CHIN = (152, 148, 377, 175, 199)
_LIPS = (0, 17, 61, 291, 37, 267, 84, 314)

_SIDED: tuple[tuple[str, ControlArea, Terms], ...] = (
    ("browDown", ControlArea.BROWS, (((55, 107, 65, 66), DOWN),)),
    ("browOuterUp", ControlArea.BROWS, (((46, 53, 70, 63), UP),)),
    ("eyeBlink", ControlArea.EYES, ((_UPPER_LID, DOWN), (_LOWER_LID, UP))),
    ("eyeWide", ControlArea.EYES, ((_UPPER_LID, UP),)),
    ("eyeSquint", ControlArea.EYES, ((_LOWER_LID, UP),)),
    ("eyeLookIn", ControlArea.GAZE, ((_IRIS, IN), (_CORNERS, OUT))),
    ("eyeLookOut", ControlArea.GAZE, ((_IRIS, OUT), (_CORNERS, IN))),
    ("eyeLookUp", ControlArea.GAZE, ((_IRIS, UP), (_CORNERS, DOWN))),
    ("eyeLookDown", ControlArea.GAZE, ((_IRIS, DOWN), (_CORNERS, UP))),
    ("cheekSquint", ControlArea.CHEEKS, (((101, 118, 50), UP),)),
    ("noseSneer", ControlArea.CHEEKS, (((129, 98, 64), UP),)),
    ("mouthSmile", ControlArea.MOUTH, (((61,), (-0.6, -0.8, 0.0)),)),
    ("mouthFrown", ControlArea.MOUTH, (((61,), (0.0, 1.0, 0.0)), ((0, 17), (0.0, -1.0, 0.0)))),
    ("mouthStretch", ControlArea.MOUTH, (((61,), (-0.8, 0.6, 0.0)),)),
    ("mouthUpperUp", ControlArea.MOUTH, (((39, 40, 37), UP),)),
    ("mouthLowerDown", ControlArea.MOUTH, (((181, 84, 91), DOWN), (_CHIN, UP))),
)
_MIDDLE: tuple[tuple[str, ControlArea, Terms], ...] = (
    ("browInnerUp", ControlArea.BROWS, (((55, 107, 285, 336), UP),)),
    (
        "cheekPuff",
        ControlArea.CHEEKS,
        (
            ((187, 207, 216, 411, 427, 436), FORWARD),
            ((187, 207, 216), OUT),
            ((411, 427, 436), IN),
        ),
    ),
    ("jawOpen", ControlArea.JAW, ((_CHIN, DOWN),)),
    ("jawForward", ControlArea.JAW, ((_CHIN, FORWARD),)),
    ("mouthFunnel", ControlArea.MOUTH, (((0,), UP), ((17,), DOWN), ((61,), IN), ((291,), OUT))),
    (
        "mouthPucker",
        ControlArea.MOUTH,
        (((61,), IN), ((291,), OUT), ((0, 17), FORWARD), ((13,), DOWN), ((14,), UP)),
    ),
    ("mouthRollUpper", ControlArea.MOUTH, (((0,), DOWN), ((13,), UP))),
    ("mouthRollLower", ControlArea.MOUTH, (((17,), UP), ((14,), DOWN))),
    ("mouthShrugUpper", ControlArea.MOUTH, (((0, 13), UP),)),
    ("mouthShrugLower", ControlArea.MOUTH, (((17, 14), UP),)),
)
# One motion to either side: "Right" moves towards the subject's right.
_SIDEWAYS: tuple[tuple[str, ControlArea, Terms], ...] = (
    ("jaw", ControlArea.JAW, ((_CHIN, OUT),)),
    ("mouth", ControlArea.MOUTH, ((_LIPS, OUT),)),
)

# fmt: off
ORDER = (
    "jawOpen", "jawForward", "jawLeft", "jawRight",
    "mouthFunnel", "mouthPucker", "mouthLeft", "mouthRight",
    "mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft", "mouthFrownRight",
    "mouthStretchLeft", "mouthStretchRight", "mouthRollUpper", "mouthRollLower",
    "mouthShrugUpper", "mouthShrugLower", "mouthUpperUpLeft", "mouthUpperUpRight",
    "mouthLowerDownLeft", "mouthLowerDownRight",
    "browInnerUp", "browDownLeft", "browDownRight", "browOuterUpLeft", "browOuterUpRight",
    "eyeBlinkLeft", "eyeBlinkRight", "eyeWideLeft", "eyeWideRight",
    "eyeSquintLeft", "eyeSquintRight",
    "cheekPuff", "cheekSquintLeft", "cheekSquintRight", "noseSneerLeft", "noseSneerRight",
    "eyeLookInLeft", "eyeLookInRight", "eyeLookOutLeft", "eyeLookOutRight",
    "eyeLookUpLeft", "eyeLookUpRight", "eyeLookDownLeft", "eyeLookDownRight",
)
NOT_SEEN = (
    "mouthClose", "mouthDimpleLeft", "mouthDimpleRight", "mouthPressLeft", "mouthPressRight",
    "tongueOut",
)
"""ARKit's other controls: a mesh of 478 points does not distinguish them from those above."""
# fmt: on


def _measure(terms: Terms) -> F64:
    """Return (478, 3): every group of landmarks counts as its mean."""
    out = np.zeros((N_LANDMARKS, 3))
    for points, direction in terms:
        out[list(points)] += np.asarray(direction) / len(points)
    return out


def mirrored(points: F64) -> F64:
    """Return shapes or displacements (…, 478, 3) as a mirror shows them, sides swapped."""
    return np.asarray(points[..., topology().mirror, :] * np.array([-1.0, 1.0, 1.0]))


def _controls() -> Iterable[Control]:
    for name, part, terms in _MIDDLE:
        yield Control(name, part, _measure(terms), name)
    for name, part, terms in (*_SIDED, *_SIDEWAYS):
        right, left = f"{name}Right", f"{name}Left"
        yield Control(right, part, _measure(terms), left)
        yield Control(left, part, mirrored(_measure(terms)), right)


_BY_NAME = {control.name: control for control in _controls()}
CONTROLS: tuple[Control, ...] = tuple(_BY_NAME[name] for name in ORDER)
"""Every control, in the order of the coefficients."""
INDEX = {control.name: i for i, control in enumerate(CONTROLS)}
"""Place of each control by its name."""
PARTNERS = np.array([INDEX[control.partner] for control in CONTROLS])
"""Place of each control's partner on the other side; its own in the middle."""


def controls_of(parts: Iterable[ControlArea]) -> Mask:
    """Return which controls (K,) belong to any of the parts."""
    wanted = set(parts)
    return np.array([control.part in wanted for control in CONTROLS])
