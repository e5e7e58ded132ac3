import numpy as np
import pytest

from gateway.errors import ContractViolation, UnknownModel
from gateway.networks.arcface import ARCFACE, ArcFace
from gateway.networks.crossface import CrossFace
from gateway.testing import FakeInference
from tests.unit.networks.fakes import INLINE, fake, soon

CROPS = np.zeros((3, 112, 112, 3), np.uint8)
RAWS = np.zeros((3, 512), np.float32)


async def test_several_faces_are_one_request():
    model = fake(ARCFACE, lambda given: np.zeros((len(given["input"]), 512)))
    found = await ArcFace(FakeInference([model]), INLINE).embed(CROPS, deadline=soon())
    assert model.batches == [3]
    assert found.shape == (3, 512)


async def test_nobody_needs_no_network():
    nothing = FakeInference([])
    assert (await ArcFace(nothing, INLINE).embed(CROPS[:0], deadline=soon())).shape == (0, 512)
    convert = CrossFace("crossface_ghost", nothing).convert
    assert (await convert(RAWS[:0], deadline=soon())).shape == (0, 512)


async def test_networks_that_are_not_there_are_told():
    with pytest.raises(UnknownModel):
        await ArcFace(FakeInference([]), INLINE).embed(CROPS, deadline=soon())
    with pytest.raises(UnknownModel):
        await CrossFace("crossface_ghost", FakeInference([])).convert(RAWS, deadline=soon())


async def test_vectors_of_another_length_are_told():
    model = fake(ARCFACE, lambda given: np.zeros((len(given["input"]), 128)), (128,))
    with pytest.raises(ContractViolation, match=ARCFACE):
        await ArcFace(FakeInference([model]), INLINE).embed(CROPS, deadline=soon())
    model = fake("crossface_ghost", lambda given: np.zeros((3, 256)), (256,))
    with pytest.raises(ContractViolation, match="crossface_ghost"):
        await CrossFace("crossface_ghost", FakeInference([model])).convert(RAWS, deadline=soon())
