"""The built face model on every backend: the numbers of the fit, and of each other."""

from __future__ import annotations

import numpy as np
import pytest
from semblant_triton.launcher import EmbeddedTriton

from gateway.deadline import Deadline
from gateway.faces.morphable.fit import fit_landmarks
from gateway.inference.contracts import read_contract
from gateway.inference.local import LocalInference
from gateway.inference.self_test import self_test
from gateway.inference.triton import TritonInference
from gateway.models.build import list_models
from gateway.paths import PROJECT_ROOT
from gateway.settings import Settings
from tests.synthetic_faces import synthetic_faces
from tests.tolerances import FIT_COEFFICIENTS, FIT_POSE

pytestmark = pytest.mark.models

MODEL = "face_3dmm"


@pytest.fixture(scope="module")
def repository():
    repository = Settings().model_repository
    states = {status.entry.name: status.state for status in list_models(repository)}
    if states[MODEL] != "ready":
        pytest.skip("the model is not built")
    return repository


@pytest.fixture(scope="module")
def server(repository):
    venv = PROJECT_ROOT / ".venv-triton"
    with EmbeddedTriton(repository, venv, models=[MODEL], exit_timeout_s=0.5) as triton:
        yield triton


@pytest.fixture(params=["local", pytest.param("triton", marks=pytest.mark.server)])
async def inference(request, repository):
    if request.param == "local":
        made = LocalInference(repository)
    else:
        made = TritonInference(request.getfixturevalue("server").grpc_url)
    yield made
    await made.close()


async def test_it_gives_the_numbers_of_the_fit(inference):
    inputs = synthetic_faces(70)  # more than one batch
    out = await inference.infer(MODEL, inputs, deadline=Deadline.after(20))
    fit = fit_landmarks(inputs["landmarks"], inputs["size"])
    for name in ("identity", "expression"):
        assert np.abs(out[name] - getattr(fit, name)).max() < FIT_COEFFICIENTS, name
    for name in ("rotation", "residual"):
        assert np.abs(out[name] - getattr(fit, name)).max() < FIT_POSE, name
    for name in ("translation", "scale"):
        assert (np.abs(out[name] - getattr(fit, name)) / fit.scale).max() < FIT_POSE, name


async def test_the_self_test_passes_against_the_graph_run_here(inference, repository):
    reference = LocalInference(repository)
    contract = read_contract(repository / MODEL)
    assert await self_test(inference, [contract], reference=reference) == []
    await reference.close()
