import numpy as np
import pytest

from gateway.errors import ContractViolation, InferenceFailed, UnknownModel
from gateway.imaging.enhance.tiles import Tiling, spans_of
from gateway.inference.contracts import ModelContract, TensorSpec
from gateway.networks.upscaling import IN_FLIGHT, UPSCALERS, Upscaler, UpscaleSpec
from gateway.testing import FakeInference, FakeModel
from tests import tolerances
from tests.standins.pictures import picture
from tests.standins.upscalers import CONTRACTS, upscaled
from tests.unit.networks.fakes import INLINE, soon

TINY = UpscaleSpec("tiny", Tiling(16, 2, 4, 2))


def exact(inputs):
    """Return tiles resampled as whole pictures are by the stand-in."""
    tiles = np.moveaxis(inputs["input"], 1, -1) * 255
    return np.stack([np.moveaxis(upscaled(tile, 2) / 255, -1, 0) for tile in tiles])


def tiny(function, made=(3, 32, 32), most=4):
    specs = [
        TensorSpec(name, np.dtype(np.float32), (-1, *shape))
        for name, shape in (("input", (3, 16, 16)), ("output", made))
    ]
    contract = ModelContract("tiny", most, (specs[0],), (specs[1],))
    return FakeModel(contract, lambda inputs: {"output": np.asarray(function(inputs), np.float32)})


async def through(model, image, batch=4):
    upscaler = Upscaler(TINY, FakeInference([model]), INLINE)
    return await upscaler.upscale(image, deadline=soon(), batch=batch)


def test_every_network_is_the_contract_s():
    told = {n: (spec.tiling.side_px, spec.tiling.scale) for n, spec in UPSCALERS.items()}
    assert told == CONTRACTS


@pytest.mark.parametrize(
    ("height", "width"),
    [(1, 1), (1, 40), (40, 1), (3, 5), (12, 12), (13, 12), (12, 13), (16, 16), (33, 61), (61, 20)],
)
@pytest.mark.parametrize("batch", [1, 4, 100])
async def test_an_exact_network_leaves_no_seam(height, width, batch):
    image = picture(height, width)
    found = await through(tiny(exact), image, batch)
    assert (found.dtype, found.shape) == (np.uint8, (2 * height, 2 * width, 3))
    assert np.abs(found - upscaled(image, 2)).max() <= tolerances.LEVEL


async def test_what_a_network_does_at_its_tiles_edges_is_not_seen():
    def torn(inputs):
        made = exact(inputs)
        for edge in (made[..., :4], made[..., -4:], made[..., :4, :], made[..., -4:, :]):
            edge[...] = 1
        return made

    image = picture(40, 50)
    found = await through(tiny(torn), image)
    assert np.abs(found - upscaled(image, 2)).max() <= tolerances.LEVEL


async def test_flat_light_stays_flat_to_the_bit():
    found = await through(tiny(lambda inputs: inputs["input"].repeat(2, 2).repeat(2, 3)), GREY)
    assert (found == 77).all()


GREY = np.full((50, 60, 3), 77, np.uint8)


async def test_light_beyond_white_and_black_is_cut_off():
    for light, level in ((1.7, 255), (-0.3, 0)):
        made = np.full((4, 3, 32, 32), light)
        found = await through(tiny(lambda given, m=made: m[: len(given["input"])]), GREY)
        assert (found == level).all()


async def test_tiles_travel_in_batches():
    model = tiny(exact, most=100)
    await through(model, picture(40, 50), batch=7)
    number = len(spans_of(40, TINY.tiling)) * len(spans_of(50, TINY.tiling))
    assert model.batches == [7] * (number // 7) + [number % 7] * (number % 7 > 0)


class Counting(FakeInference):
    """Counts how many calls are under way at a time."""

    def __init__(self, models):
        super().__init__(models)
        self.under_way = self.most = 0

    async def infer(self, model, inputs, *, deadline):
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            return await super().infer(model, inputs, deadline=deadline)
        finally:
            self.under_way -= 1


async def test_some_batches_run_at_a_time_but_never_all():
    inference = Counting([tiny(exact)])
    upscaler = Upscaler(TINY, inference, INLINE)
    await upscaler.upscale(picture(60, 60), deadline=soon(), batch=1)
    assert inference.most == IN_FLIGHT


@pytest.mark.parametrize("after", [0, 1, 5])
async def test_a_failure_ends_all_that_is_under_way(after):
    calls = []

    def function(inputs):
        calls.append(1)
        if len(calls) > after:
            raise InferenceFailed("tiny: failed")
        return exact(inputs)

    inference = Counting([tiny(function)])
    upscaler = Upscaler(TINY, inference, INLINE)
    with pytest.raises(InferenceFailed):
        await upscaler.upscale(picture(60, 60), deadline=soon(), batch=1)
    assert inference.under_way == 0
    assert len(calls) <= after + IN_FLIGHT


async def test_networks_that_are_not_there_or_answer_otherwise_are_told():
    with pytest.raises(UnknownModel):
        await Upscaler(TINY, FakeInference([]), INLINE).upscale(GREY, deadline=soon(), batch=1)
    with pytest.raises(ContractViolation, match="tiny"):
        await through(tiny(lambda given: given["input"], (3, 16, 16)), GREY)


async def test_the_picture_is_left_as_it_was():
    image = picture(20, 30)
    kept = image.copy()
    await through(tiny(exact), image)
    np.testing.assert_array_equal(image, kept)
