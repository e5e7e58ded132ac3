import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import ContractViolation, SetupIncomplete, UnknownModel
from gateway.faces.alignment import TEMPLATES
from gateway.networks.swapping.boost import deinterleaved, interleaved
from gateway.networks.swapping.identity import IdentityEmbedding, mixed, unit
from gateway.networks.swapping.network import SwapNetwork
from gateway.networks.swapping.specs import SWAPPERS
from gateway.testing import FakeInference
from tests import tolerances
from tests.standins.swappers import CONTRACTS
from tests.unit.networks.fakes import INLINE, fake, soon

EMAP = np.eye(512, dtype=np.float32)[::-1]
TOLD = [name for name, spec in SWAPPERS.items() if not spec.takes_picture]
SHOWN = [name for name, spec in SWAPPERS.items() if spec.takes_picture]


def vectors(number, seed=0):
    return np.random.default_rng(seed).normal(0, 1, (number, 512)).astype(np.float32)


def swapper(name, *models):
    return SwapNetwork(SWAPPERS[name], FakeInference(models), INLINE, emap=EMAP)


def converter(name, change=lambda raw: raw[:, ::-1] + 1):
    return fake(name, lambda given: change(given["input"]))


def with_converter(name):
    converted = SWAPPERS[name].converter
    return swapper(name, *([converter(converted)] if converted else []))


def test_every_swapper_is_the_contract_s():
    assert set(SWAPPERS) == set(CONTRACTS)
    for name, spec in SWAPPERS.items():
        assert (spec.name, spec.template, spec.side_px) == (
            name,
            CONTRACTS[name].template,
            CONTRACTS[name].side,
        )
        assert spec.template in TEMPLATES
        assert all(boost % spec.side_px == 0 for boost in spec.boosts)
        assert spec.boosts[0] == spec.side_px


BOOSTS = given(
    number=st.integers(0, 3), side=st.integers(1, 5), times=st.integers(1, 4), seed=st.integers(0)
)


@BOOSTS
def test_what_is_interleaved_comes_back(number, side, times, seed):
    shape = (number, side * times, side * times, 3)
    crops = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    rows = interleaved(crops, times)
    assert rows.shape == (number * times**2, side, side, 3)
    np.testing.assert_array_equal(deinterleaved(rows, times), crops)


@BOOSTS
def test_a_row_has_every_kth_pixel(number, side, times, seed):
    shape = (number, side * times, side * times, 3)
    crops = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    rows = iter(interleaved(crops, times))
    for crop in crops:
        for i in range(times):
            for j in range(times):
                np.testing.assert_array_equal(next(rows), crop[i::times, j::times])


@given(seed=st.integers(0), number=st.integers(1, 4))
def test_several_portraits_are_one_person_of_full_strength(seed, number):
    raws = vectors(number, seed) * np.arange(1, number + 1)[:, None]
    who = IdentityEmbedding.of(raws)
    assert np.linalg.norm(who.unit) == pytest.approx(1, abs=tolerances.UNIT_LENGTH)
    np.testing.assert_allclose(who.raw, raws.mean(0), atol=1e-5)
    directions = sum(raw / np.linalg.norm(raw) for raw in raws)
    assert who.unit @ directions == pytest.approx(np.linalg.norm(directions), abs=1e-5)


@given(weight=st.floats(0, 1), seed=st.integers(0))
def test_a_face_mixed_with_itself_stays(weight, seed):
    (own,) = vectors(1, seed)
    np.testing.assert_allclose(mixed(own, own, weight), own, atol=1e-5)


@pytest.mark.parametrize(("weight", "target"), [(0, 0.35), (0.25, 0.175), (0.5, 0), (1, -0.35)])
def test_a_weight_gives_the_target_its_share(weight, target):
    own, other = np.eye(512, dtype=np.float32)[:2]
    np.testing.assert_allclose(mixed(own, other, weight), (1 - target) * own + target * other)


@pytest.mark.parametrize("name", TOLD)
async def test_the_neutral_weight_is_the_source_alone(name):
    who, (target,) = IdentityEmbedding.of(vectors(2)), vectors(1, 9)
    network = with_converter(name)
    alone = await network.latent(who, None, 0.5, deadline=soon())
    np.testing.assert_array_equal(alone, await network.latent(who, target, 0.5, deadline=soon()))
    nearby = await network.latent(who, target, 0.5 + 1e-4, deadline=soon())
    assert 0 < np.abs(nearby - alone).max() < 1e-3 * np.abs(alone).max() + 1e-3


@pytest.mark.parametrize("name", TOLD)
@pytest.mark.parametrize("weight", [0.0, 0.5, 0.8, 1.0])
async def test_a_vector_has_the_family_s_length(name, weight):
    who, (target,) = IdentityEmbedding.of(vectors(3)), vectors(1, 9)
    told = await with_converter(name).latent(who, target, weight, deadline=soon())
    assert (told.dtype, told.shape) == (np.float32, (512,))
    if SWAPPERS[name].family.unit_length:
        assert np.linalg.norm(told) == pytest.approx(1, abs=tolerances.UNIT_LENGTH)
    else:
        assert np.linalg.norm(told) > 2


@pytest.mark.parametrize("name", TOLD)
async def test_whoever_becomes_themselves_is_told_the_same_at_any_weight(name):
    """Source and target are mixed in one space, so equal ones stay equal."""
    (raw,) = vectors(1)
    network = with_converter(name)
    neutral = await network.latent(IdentityEmbedding.of(raw[None]), None, 0.5, deadline=soon())
    for weight in (0.0, 0.3, 1.0):
        told = await network.latent(IdentityEmbedding.of(raw[None]), raw, weight, deadline=soon())
        np.testing.assert_allclose(told, neutral, atol=1e-5)


async def test_source_and_target_are_converted_in_one_request():
    model = converter("crossface_ghost")
    await swapper("ghost_1_256", model).latent(
        IdentityEmbedding.of(vectors(1)), vectors(1, 1)[0], 0.2, deadline=soon()
    )
    assert model.batches == [2]


async def test_a_weight_without_a_target_is_refused():
    who = IdentityEmbedding.of(vectors(1))
    for target in (None, np.zeros(128, np.float32)):
        with pytest.raises(ValueError, match="target"):
            await swapper("hyperswap_1a_256").latent(who, target, 0.2, deadline=soon())


@pytest.mark.parametrize("name", SHOWN)
async def test_a_portrait_is_shown_from_zero_to_one_and_needs_no_target(name):
    side = SWAPPERS[name].family.picture.side_px
    portrait = np.zeros((side, side, 3), np.uint8)
    portrait[..., 0], portrait[0, -1] = 255, (51, 102, 0)
    who = IdentityEmbedding.of(vectors(1), portrait)
    shown = await swapper(name).latent(who, None, 0.9, deadline=soon())
    assert (shown.dtype, shown.shape) == (np.float32, (3, side, side))
    assert shown[:, 1, 1] == pytest.approx((1, 0, 0))
    assert shown[:, 0, -1] == pytest.approx((0.2, 0.4, 0))


@pytest.mark.parametrize("name", SHOWN)
@pytest.mark.parametrize("portrait", [None, np.zeros((64, 64, 3), np.uint8)])
async def test_a_portrait_of_another_size_is_refused(name, portrait):
    with pytest.raises(ValueError, match="portrait"):
        await swapper(name).latent(
            IdentityEmbedding.of(vectors(1), portrait), None, 0.5, deadline=soon()
        )


@pytest.mark.parametrize("emap", [None, np.zeros((256, 512), np.float32)])
def test_inswapper_without_its_matrix_is_told(emap):
    with pytest.raises(SetupIncomplete, match="inswapper_128"):
        SwapNetwork(SWAPPERS["inswapper_128"], FakeInference([]), INLINE, emap=emap)


def crops(number, side, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (number, side, side, 3), np.uint8)


@pytest.mark.parametrize("name", [*TOLD, *SHOWN])
async def test_what_a_network_leaves_stays_bit_for_bit(name):
    spec = SWAPPERS[name]

    def same(inputs):
        """Return the target in the scale of what is made."""
        mean, deviation = (
            np.array(of)[:, None, None] for of in (spec.given.mean, spec.given.deviation)
        )
        light = inputs["target"] * deviation + mean
        mean, deviation = (
            np.array(of)[:, None, None] for of in (spec.made.mean, spec.made.deviation)
        )
        return (light - mean) / deviation

    shape = (2, 3, *[spec.family.picture.side_px] * 2) if spec.takes_picture else (2, 512)
    for side in (spec.side_px, 2 * spec.side_px):
        given = crops(2, side)
        network = swapper(name, fake(name, same))
        found = await network.swap(given, np.zeros(shape, np.float32), deadline=soon())
        np.testing.assert_array_equal(found, given)


async def test_a_boost_is_one_request_and_each_row_has_its_crop_s_latent():
    sources = []

    def function(inputs):
        sources.append(inputs["source"][:, 0].copy())
        return inputs["target"]

    model = fake("inswapper_128", function)
    latents = np.zeros((2, 512), np.float32)
    latents[:, 0] = 3, 4
    given = crops(2, 256)
    found = await swapper("inswapper_128", model).swap(given, latents, deadline=soon())
    assert model.batches == [8]
    np.testing.assert_array_equal(sources[0], [3, 3, 3, 3, 4, 4, 4, 4])
    np.testing.assert_array_equal(found, given)


@pytest.mark.parametrize("side", [100, 192, 64])
async def test_a_crop_that_is_no_multiple_is_refused(side):
    latents = np.zeros((1, 512), np.float32)
    with pytest.raises(ValueError, match="128"):
        await swapper("inswapper_128").swap(crops(1, side), latents, deadline=soon())


async def test_no_crops_need_no_network():
    latents = np.zeros((0, 512), np.float32)
    found = await swapper("inswapper_128").swap(crops(0, 128), latents, deadline=soon())
    assert found.shape == (0, 128, 128, 3)


async def test_networks_that_are_not_there_or_answer_otherwise_are_told():
    latents = np.zeros((1, 512), np.float32)
    with pytest.raises(UnknownModel):
        await swapper("inswapper_128").swap(crops(1, 128), latents, deadline=soon())
    half = fake("inswapper_128", lambda given: given["target"][..., ::2], (3, 128, 64))
    broken = fake("inswapper_128", lambda given: given["target"] * np.nan)
    for model in (half, broken):
        with pytest.raises(ContractViolation, match="inswapper_128"):
            await swapper("inswapper_128", model).swap(crops(1, 128), latents, deadline=soon())


def test_nothing_has_no_direction():
    np.testing.assert_array_equal(unit(np.zeros((2, 512))), np.zeros((2, 512)))
