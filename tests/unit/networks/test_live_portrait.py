import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.transform import Rotation

from gateway.errors import ContractViolation, UnknownModel
from gateway.networks.keypoints import (
    LEAST,
    LOWER,
    MOST,
    NUMBER,
    OVERSHOOT,
    UPPER,
    Motion,
    placed,
    rotations,
    wished,
)
from gateway.networks.live_portrait import (
    FEATURE_EXTRACTOR,
    GENERATOR,
    MOTION_EXTRACTOR,
    VOLUME,
    LivePortrait,
)
from gateway.testing import FakeInference
from tests import tolerances
from tests.unit.networks.fakes import INLINE, fake, soon

ANGLES = arrays(
    np.float32, st.tuples(st.integers(1, 3), st.just(3)), elements=st.floats(-180, 180, width=32)
)
SHARES = st.floats(0, 1)


def expressions(seed, number=2):
    """Return expressions (number, 21, 3) within what faces can show."""
    share = np.random.default_rng(seed).random((number, NUMBER, 3))
    return (LEAST + share * (MOST - LEAST)).astype(np.float32)


def motion(seed, number=2):
    rng = np.random.default_rng(seed)

    def some(*shape):
        return rng.normal(0, 1, (number, *shape)).astype(np.float32)

    return Motion(40 * some(3), 1 + some(1) ** 2, some(3), expressions(seed), some(NUMBER, 3))


@given(angles=ANGLES)
def test_rotations_are_orthonormal_and_never_mirror(angles):
    for matrix in rotations(angles).astype(float):
        np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=tolerances.UNIT_LENGTH)
        assert np.linalg.det(matrix) == pytest.approx(1, abs=tolerances.UNIT_LENGTH)


@given(angles=ANGLES)
def test_rotations_are_about_fixed_axes_in_their_order(angles):
    expected = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
    np.testing.assert_allclose(rotations(angles), expected, atol=1e-5)


REGIONS = given(factor=SHARES, upper=st.booleans(), lower=st.booleans(), seed=st.integers(0))


@REGIONS
def test_only_keypoints_of_the_regions_move(factor, upper, lower, seed):
    own, wanted = expressions(seed), expressions(seed + 1)
    found = wished(own, wanted, factor, upper=upper, lower=lower)
    still = set(range(NUMBER)) - set(UPPER if upper else ()) - set(LOWER if lower else ())
    np.testing.assert_array_equal(found[:, sorted(still)], own[:, sorted(still)])


@REGIONS
def test_no_keypoint_goes_farther_than_faces_do(factor, upper, lower, seed):
    rng = np.random.default_rng(seed)
    own, wanted = rng.normal(0, 0.3, (2, 2, NUMBER, 3)).astype(np.float32)
    found = wished(own, wanted, factor, upper=upper, lower=lower)
    assert found.dtype == np.float32
    assert (found >= LEAST.astype(np.float32)).all()
    assert (found <= MOST.astype(np.float32)).all()


@given(seed=st.integers(0))
def test_no_factor_is_no_change_and_one_goes_beyond(seed):
    own, wanted = expressions(seed), expressions(seed + 1)
    np.testing.assert_array_equal(wished(own, wanted, 0, upper=True, lower=True), own)
    just = wished(own, wanted, 1 / OVERSHOOT, upper=True, lower=True)
    moved = [*UPPER, *LOWER]
    np.testing.assert_allclose(just[:, moved], wanted[:, moved], atol=1e-6)


def test_regions_are_apart_and_leave_what_is_the_head_s():
    assert not set(UPPER) & set(LOWER)
    assert set(range(NUMBER)) - set(UPPER) - set(LOWER) == {0, 4, 5, 8, 9}


@given(seed=st.integers(0))
def test_an_expression_is_scaled_but_not_turned(seed):
    how, more = motion(seed), expressions(seed + 1)
    moved = placed(how, how.expression + more) - placed(how, how.expression)
    np.testing.assert_allclose(moved, how.scale[:, :, None] * more, atol=1e-5)


@given(seed=st.integers(0))
def test_faces_are_placed_one_by_one(seed):
    how = motion(seed)
    whole = placed(how, how.expression)
    for i in range(2):
        one = how.part(i, i + 1)
        np.testing.assert_allclose(placed(one, one.expression), whole[i : i + 1], atol=1e-6)


CROPS = np.random.default_rng(0).integers(0, 256, (3, 512, 512, 3), np.uint8)


def extracted(inputs):
    """Return the same motion for every face."""
    rows = len(inputs["input"])
    shapes = ((1,), (1,), (1,), (1,), (3,), (NUMBER, 3), (NUMBER, 3))
    return [np.full((rows, *shape), 0.01, np.float32) for shape in shapes]


def networks(**changes):
    """Return the three, as functions; the motion extractor has several outputs."""
    functions = {
        FEATURE_EXTRACTOR: lambda given: np.zeros((len(given["input"]), *VOLUME)),
        GENERATOR: lambda given: np.full((len(given["source"]), 3, 512, 512), 0.2),
        MOTION_EXTRACTOR: extracted,
        **changes,
    }
    return [fake(name, function) for name, function in functions.items()]


async def expressed(models, crops=CROPS, **how):
    given = {"factor": 0.8, "upper": True, "lower": True, **how}
    network = LivePortrait(FakeInference(models), INLINE)
    return await network.express(crops, crops, **given, deadline=soon())


async def test_several_faces_are_one_request_of_each_network():
    models = networks()
    found = await expressed(models)
    assert {model.contract.name: model.batches for model in models} == {
        FEATURE_EXTRACTOR: [3],
        MOTION_EXTRACTOR: [6],
        GENERATOR: [3],
    }
    assert (found.dtype, found.shape) == (np.uint8, CROPS.shape)
    assert (found == 51).all()


async def test_without_regions_no_keypoint_is_driven():
    given = []

    def painted(inputs):
        given.append(inputs)
        return np.zeros((3, 3, 512, 512))

    def at_rest(inputs):
        found = extracted(inputs)
        found[5] = np.zeros_like(found[5])
        return found

    models = networks(**{GENERATOR: painted, MOTION_EXTRACTOR: at_rest})
    await expressed(models, upper=False, lower=False)
    np.testing.assert_array_equal(given[0]["source"], given[0]["target"])


async def test_no_faces_need_no_network():
    assert (await expressed([], CROPS[:0])).shape == (0, 512, 512, 3)


@pytest.mark.parametrize("missing", [FEATURE_EXTRACTOR, MOTION_EXTRACTOR, GENERATOR])
async def test_networks_that_are_not_there_are_told(missing):
    models = [model for model in networks() if model.contract.name != missing]
    with pytest.raises(UnknownModel, match=missing):
        await expressed(models)


async def test_too_few_outputs_are_told():
    with pytest.raises(ContractViolation, match=MOTION_EXTRACTOR):
        await expressed(networks(**{MOTION_EXTRACTOR: lambda given: extracted(given)[:5]}))
