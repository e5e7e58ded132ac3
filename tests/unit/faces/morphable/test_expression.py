"""Expressions: their names, rest, and how one person's becomes another's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.faces.morphable.controls import CONTROLS, INDEX, ControlArea
from gateway.faces.morphable.expression import (
    ALL_REGIONS,
    NAMES,
    REST_QUANTILE,
    ExpressionRegion,
    displacement,
    distances,
    from_names,
    membership,
    named,
    plausible_share,
    precision,
    rest_of,
    retarget,
)
from gateway.faces.morphable.model import N_NAMED, face_model
from gateway.faces.topology import LEFT_EYE, LIPS_INNER, LIPS_OUTER, RIGHT_EYE
from tests import tolerances

REST = face_model().rest
NEAR, FAR = face_model().extent.astype(float)
LIDS, LIPS = list(RIGHT_EYE + LEFT_EYE), list(LIPS_OUTER + LIPS_INNER)
BROWS, IRISES, CHIN = [55, 107, 285, 336, 46, 276], list(range(468, 478)), [152, 175, 199]

SEEDS = st.integers(0, 999)
FEW = settings(max_examples=30, deadline=None)


def shown(seed: int, strength: float = 0.3) -> np.ndarray:
    """Return an expression: a few controls, and some of what has no name."""
    rng = np.random.default_rng(seed)
    out = np.array(REST, np.float64)
    some = rng.random(N_NAMED) < 0.2
    out[:N_NAMED][some] = strength * rng.random(some.sum())
    out[N_NAMED:] += strength * rng.normal(size=len(out) - N_NAMED)
    return out


def resting(seed: int) -> np.ndarray:
    """Return somebody's rest."""
    return shown(seed, 0.1)


# Names


@given(st.dictionaries(st.sampled_from(NAMES), st.floats(0, 1)))
def test_what_is_named_comes_back(values):
    back = named(from_names(values))
    assert list(back) == list(NAMES)
    for name in NAMES:
        assert back[name] == pytest.approx(values.get(name, REST[INDEX[name]]), abs=1e-7)


def test_what_is_not_named_stays_at_rest():
    own = resting(1)
    out = from_names({"jawOpen": 0.5}, own)
    assert out[INDEX["jawOpen"]] == 0.5
    others = np.arange(len(out)) != INDEX["jawOpen"]
    assert (out[others] == own.astype(np.float32)[others]).all()
    assert (from_names({}) == REST).all()


def test_named_values_are_held_to_0_and_1():
    assert set(named(np.full_like(REST, 7)).values()) == {1.0}
    assert set(named(np.full_like(REST, -7)).values()) == {0.0}


@pytest.mark.parametrize("value", [-0.01, 1.01, float("nan"), float("inf"), True, False, "1", None])
def test_what_is_no_number_from_0_to_1_is_named(value):
    with pytest.raises(ValueError, match=r"^Not a number from 0 to 1: jawOpen, mouthLeft\.$"):
        from_names({"jawOpen": value, "mouthRight": 0.5, "mouthLeft": value})


def test_unknown_names_are_named_together():
    with pytest.raises(ValueError, match=r"^There are no controls called smirk, tongueOut\.$"):
        from_names({"tongueOut": 0.1, "jawOpen": 7, "smirk": 0.2})


def test_a_message_does_not_grow_with_the_request():
    with pytest.raises(ValueError, match="controls called") as raised:
        from_names({f"unknown {n}": 0.0 for n in range(1000)})
    assert len(str(raised.value)) < 200


# Rest


def test_of_one_picture_the_controls_rest_lies_towards_the_average_person_s():
    expression = shown(1)
    rest, own = rest_of(expression[None])[:N_NAMED], expression[:N_NAMED]
    usual = REST[:N_NAMED]
    assert (rest >= np.minimum(own, usual) - 1e-6).all()
    assert (rest <= np.maximum(own, usual) + 1e-6).all()
    assert np.abs(rest - usual).sum() < 0.5 * np.abs(own - usual).sum()


def test_of_one_picture_what_has_no_name_is_its_own_rest():
    expression = shown(1)
    assert rest_of(expression[None])[N_NAMED:] == pytest.approx(expression[N_NAMED:])


def test_of_many_pictures_rest_is_what_is_shown_least():
    frames = np.stack([from_names({"jawOpen": a}) for a in np.linspace(0.2, 0.9, 50)])
    least = np.quantile(frames[:, INDEX["jawOpen"]], REST_QUANTILE)
    jaw = [rest_of(frames, frames=count)[INDEX["jawOpen"]] for count in (1, 5, 50, 1e6)]
    assert (np.diff(np.abs(jaw - least)) < 0).all()
    assert jaw[-1] == pytest.approx(least, abs=1e-3)


def test_the_average_person_s_rest_is_its_own():
    for count in (1, 30):
        assert rest_of(np.stack([REST] * count)) == pytest.approx(REST, abs=1e-6)


def test_the_order_of_pictures_does_not_matter():
    frames = np.stack([shown(seed) for seed in range(7)])
    assert (rest_of(frames) == rest_of(frames[::-1])).all()


# From one person to another


@given(SEEDS)
def test_nothing_of_an_expression_is_rest(seed):
    own = resting(seed + 1)
    assert retarget(shown(seed), resting(seed), own, factor=0) == pytest.approx(own)


@given(SEEDS)
def test_one_s_own_small_expression_is_kept(seed):
    own = shown(seed, 0.2)
    assert distances(own[None], REST)[0] < NEAR
    assert retarget(own, REST, REST) == pytest.approx(own, abs=1e-6)


@given(SEEDS)
def test_rest_becomes_rest(seed):
    theirs, own = resting(seed), resting(seed + 1)
    assert retarget(theirs, theirs, own) == pytest.approx(own)


@given(SEEDS, st.floats(0.1, 3))
def test_more_of_an_expression_is_farther_from_rest_but_never_too_far(seed, strength):
    factors = np.linspace(0, 2, 9)
    out = [retarget(shown(seed, strength), REST, REST, factor=f) for f in factors]
    away = distances(np.stack(out), REST)
    assert (np.diff(away) > -1e-6).all()
    assert away[-1] < FAR * tolerances.EXTENT


@given(SEEDS, st.floats(0, 1000))
def test_a_departure_from_rest_saturates(seed, size):
    direction = np.random.default_rng(seed).normal(size=len(REST))
    direction /= np.sqrt(direction @ precision() @ direction)
    kept, more = (plausible_share(s * direction) * s for s in (size, size + 1))
    if size <= NEAR:
        assert kept == pytest.approx(size)
    assert kept - tolerances.AFFINE <= more <= FAR + tolerances.AFFINE


@given(SEEDS, st.floats(0, 50), st.floats(0, 2))
def test_controls_stay_between_0_and_1(seed, strength, factor):
    controls = retarget(shown(seed, strength), resting(seed), resting(1), factor=factor)[:N_NAMED]
    assert controls.min() >= 0
    assert controls.max() <= 1


def test_many_at_once_are_those_one_by_one():
    many, own = np.stack([shown(seed, 2) for seed in range(4)]), resting(1)
    at_once = retarget(many, REST, own, factor=1.5)
    for one, out in zip(many, at_once, strict=True):
        assert out == pytest.approx(retarget(one, REST, own, factor=1.5))


def test_distances_are_a_metric():
    a, b, c = (shown(seed)[None] for seed in range(3))
    assert distances(a, a[0]) == 0
    assert distances(a, b[0]) == pytest.approx(distances(b, a[0]))
    assert distances(a, c[0]) <= distances(a, b[0]) + distances(b, c[0])


# Motion


def test_equal_expressions_move_nothing():
    assert (displacement(shown(1), shown(1)) == 0).all()


@FEW
@given(SEEDS)
def test_regions_add_up_to_the_whole(seed):
    now, then = shown(seed), shown(seed + 1)
    parts = sum(displacement(now, then, [region]) for region in ExpressionRegion)
    assert parts == pytest.approx(displacement(now, then), abs=tolerances.AFFINE)


@FEW
@given(SEEDS)
def test_back_is_there_backwards(seed):
    now, then = shown(seed), shown(seed + 1)
    assert displacement(now, then) == pytest.approx(-displacement(then, now))


def test_the_whole_is_the_model_s_change():
    model, who, now, then = face_model(), np.zeros(face_model().n_identity), shown(1), shown(2)
    change = model.shape(who, now) - model.shape(who, then)
    # What hardly any control moves belongs to no part.
    seen = sum(membership().values()) > 0.99
    assert displacement(now, then)[seen] == pytest.approx(change[seen], abs=1e-5)


def test_no_region_moves_nothing():
    assert (displacement(shown(1), shown(2), ()) == 0).all()


@pytest.mark.parametrize(
    ("region", "moved", "still"),
    [
        (ExpressionRegion.UPPER_FACE, BROWS, LIPS + CHIN + IRISES),
        (ExpressionRegion.EYES, LIDS, LIPS + CHIN + BROWS),
        (ExpressionRegion.GAZE, IRISES, LIPS + CHIN + BROWS),
        (ExpressionRegion.MOUTH, LIPS, BROWS + LIDS + IRISES),
        (ExpressionRegion.LOWER_FACE, CHIN, BROWS + LIDS + IRISES),
    ],
)
def test_a_region_leaves_the_others_nearly_alone(region, moved, still):
    everything = np.ones_like(REST)
    length = np.linalg.norm(displacement(everything, REST, [region]), axis=1)
    assert length[still].max() < 0.5 * length[moved].max()
    assert length[still].mean() < 0.2 * length[moved].max()


def test_a_named_control_moves_only_in_its_region():
    smile = from_names({"mouthSmileLeft": 0.8})
    assert (displacement(smile, REST, [ExpressionRegion.MOUTH]) == displacement(smile, REST)).all()
    others = [region for region in ALL_REGIONS if region is not ExpressionRegion.MOUTH]
    assert (displacement(smile, REST, others) == 0).all()


def test_membership_is_a_share_of_what_moves_a_landmark():
    parts = np.stack([membership()[part] for part in ControlArea])
    assert parts.min() >= 0
    reach = np.linalg.norm(face_model().named.reshape(N_NAMED, -1, 3), axis=2).sum(0)
    assert parts.sum(0)[reach > 1e-3] == pytest.approx(1, abs=1e-4)
    for part, landmarks in (
        (ControlArea.EYES, [159, 386]),
        (ControlArea.GAZE, IRISES),
        (ControlArea.BROWS, BROWS),
    ):
        assert membership()[part][landmarks].min() > 0.4


def test_every_part_is_in_exactly_one_region():
    change = np.eye(len(REST))[:N_NAMED]
    nothing = np.zeros_like(REST)
    for control, only in zip(CONTROLS, change, strict=True):
        moving = [r for r in ExpressionRegion if displacement(only, nothing, [r]).any()]
        assert len(moving) == 1, control.name
