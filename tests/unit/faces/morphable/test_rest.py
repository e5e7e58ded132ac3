"""A face at rest, as far as a picture or a few show it."""

import numpy as np
import pytest

from gateway.faces.morphable.expression import INDEX, rest_of
from gateway.faces.morphable.model import N_NAMED, face_model
from gateway.faces.morphable.rest import rest_estimator, rest_in

MODEL = face_model()
CORNERS = [61, 291]
SOMEBODY = np.random.default_rng(2).normal(size=MODEL.n_identity)


def mouth_width(identity, expression) -> float:
    shape = MODEL.shape(identity, expression)
    return float(np.linalg.norm(shape[CORNERS[0]] - shape[CORNERS[1]]))


def smiling(amount: float) -> np.ndarray:
    out = MODEL.rest.copy()
    out[[INDEX["mouthSmileLeft"], INDEX["mouthSmileRight"]]] = amount
    return out


def wide_mouthed(amount: float) -> np.ndarray:
    """Return the identity whose mouth is wider by so many deviations, with the least change."""
    shape = MODEL.identity.reshape(MODEL.n_identity, -1, 3)
    way = shape[:, CORNERS[1], 0] - shape[:, CORNERS[0], 0]
    return amount * way / np.linalg.norm(way)


def test_the_arrays_fit_the_model():
    arrays, size = rest_estimator(), MODEL.n_identity + len(MODEL.rest)
    ways = len(arrays.offset)
    assert arrays.readout.shape == (size, ways)
    assert arrays.correction.shape == (ways, MODEL.n_residual)
    assert arrays.bias.shape == (MODEL.n_residual,)
    assert 2 <= ways <= 12
    with pytest.raises(ValueError, match="read-only"):
        arrays.offset[0] = 1


def test_only_the_residual_differs_from_what_the_controls_say():
    shown = smiling(0.8)
    rest = rest_in(SOMEBODY[None], shown[None])
    assert (rest[:N_NAMED] == rest_of(shown[None])[:N_NAMED]).all()
    assert rest.dtype == np.float32


def test_what_the_average_face_shows_at_rest_hardly_changes():
    nobody = np.zeros(MODEL.n_identity)
    rest = rest_in(nobody[None], MODEL.rest[None])
    before, after = (mouth_width(nobody, one) for one in (MODEL.rest, rest))
    assert after == pytest.approx(before, abs=0.05)


def test_a_very_wide_mouth_is_a_smile_for_a_part():
    widths = []
    for amount in (0.0, 2.0, 4.0):
        who, shown = wide_mouthed(amount), MODEL.rest
        at_rest = mouth_width(who, rest_in(who[None], shown[None]))
        widths.append((mouth_width(who, shown), at_rest))
    (_, none), (shown, some), (more, much) = widths
    assert more > shown
    # People differ, so some of it stays; nobody's mouth at rest is as wide as that.
    assert none < some < much
    assert much - none < 0.8 * (more - widths[0][0])


def test_the_wider_it_is_shown_the_more_is_taken_off():
    taken = [
        mouth_width(who, MODEL.rest) - mouth_width(who, rest_in(who[None], MODEL.rest[None]))
        for who in (wide_mouthed(n) for n in (0.0, 2.0, 4.0))
    ]
    assert taken == sorted(taken)


def test_several_pictures_count_as_their_mean():
    identities = np.stack([SOMEBODY, -SOMEBODY])
    shown = np.stack([MODEL.rest, MODEL.rest])
    nobody = np.zeros((1, MODEL.n_identity))
    expected = rest_in(nobody, shown)
    assert rest_in(identities, shown) == pytest.approx(expected, abs=1e-5)
