import numpy as np
import pytest

from gateway.deadline import Deadline
from gateway.faces.topology import topology
from gateway.inference.contracts import read_contract
from gateway.paths import PROJECT_ROOT
from gateway.serving.testing import fake_services
from gateway.testing_faces import fake_face_inference
from tests.unit.http.app import black, photograph


async def found(services, image):
    return await services.analyser.analyse(image, deadline=Deadline.after(5))


async def test_it_is_the_mean_face_in_the_picture_s_middle():
    services = fake_services()
    image = photograph(240, 320)
    (face,) = await found(services, image)
    mean = topology().mean[:, :2]
    low, high = face.landmarks[:468, :2].min(0), face.landmarks[:468, :2].max(0)
    assert (low + high) / 2 == pytest.approx([159.5, 119.5], abs=1e-3)
    scale = np.ptp(face.landmarks[:468, 1]) / np.ptp(mean[:468, 1])
    expected = (mean - mean[1]) * scale
    assert face.landmarks[:, :2] - face.landmarks[1, :2] == pytest.approx(expected, abs=1e-2)


async def test_there_is_none_in_the_dark():
    assert await found(fake_services(), black()) == []


def test_contracts_are_those_of_the_repository():
    for name, fake in fake_face_inference().models.items():
        real = read_contract(PROJECT_ROOT / "model_repository" / name)
        assert fake.contract.inputs == real.inputs
        assert fake.contract.outputs == real.outputs
