import numpy as np
import pytest

from gateway.errors import ContractViolation, UnknownModel
from gateway.faces.alignment import TEMPLATES
from gateway.networks.restoring import RESTORERS, FaceRestorer
from gateway.testing import FakeInference
from tests.standins.restorers import CONTRACTS
from tests.unit.networks.fakes import INLINE, fake, soon


def crops(number, side, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (number, side, side, 3), np.uint8)


async def restored(name, function, given, made=None, weight=0.5):
    model = fake(name, function, made)
    restorer = FaceRestorer(RESTORERS[name], FakeInference([model]), INLINE)
    return await restorer.restore(given, weight=weight, deadline=soon()), model


def test_every_restorer_is_the_contract_s():
    told = {name: (spec.template, spec.side_px) for name, spec in RESTORERS.items()}
    assert told == CONTRACTS
    assert {template for template, _ in told.values()} <= set(TEMPLATES)


@pytest.mark.parametrize("name", ["gfpgan_1.4", "codeformer", "gpen_bfr_256"])
async def test_what_a_network_leaves_stays_bit_for_bit(name):
    given = crops(3, RESTORERS[name].side_px)
    found, _ = await restored(name, lambda inputs: inputs["input"], given)
    np.testing.assert_array_equal(found, given)


async def test_several_faces_are_one_request():
    _, model = await restored("gpen_bfr_256", lambda inputs: inputs["input"], crops(3, 256))
    assert model.batches == [3]


@pytest.mark.parametrize("weight", [0.0, 0.7])
async def test_a_weight_goes_with_each_face(weight):
    weights = []

    def function(inputs):
        weights.append(inputs["weight"])
        return inputs["input"]

    given = crops(3, 512)
    found, _ = await restored("codeformer", function, given, weight=weight)
    np.testing.assert_array_equal(found, given)
    assert [(one.dtype, one.tolist()) for one in weights] == [(np.float64, [weight])] * 3


async def test_no_faces_need_no_network():
    restorer = FaceRestorer(RESTORERS["gfpgan_1.4"], FakeInference([]), INLINE)
    found = await restorer.restore(crops(0, 512), weight=0.5, deadline=soon())
    assert found.shape == (0, 512, 512, 3)
    with pytest.raises(UnknownModel):
        await restorer.restore(crops(1, 512), weight=0.5, deadline=soon())


async def test_a_network_that_answers_otherwise_is_told():
    with pytest.raises(ContractViolation, match="gpen_bfr_256"):
        await restored(
            "gpen_bfr_256", lambda inputs: inputs["input"][..., ::2], crops(1, 256), (3, 256, 128)
        )
