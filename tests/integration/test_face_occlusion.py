"""The built occlusion network on every backend: what is before two known faces."""

from __future__ import annotations

import numpy as np
import pytest
from semblant_triton.launcher import EmbeddedTriton

from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.faces.analyser import FaceAnalyser
from gateway.faces.atlas import atlas
from gateway.faces.occlusion import OcclusionFinder, Visibility, departures
from gateway.inference.contracts import read_contract
from gateway.inference.local import LocalInference
from gateway.inference.self_test import self_test
from gateway.inference.triton import TritonInference
from gateway.models.build import list_models
from gateway.paths import PROJECT_ROOT
from gateway.settings import Settings
from tests.integration.portraits import portrait
from tests.tolerances import NETWORK_PROBABILITY

pytestmark = pytest.mark.models

MODEL = "face_occlusion"
NEEDED = ("blazeface_short", "blazeface_full", "face_mesh", "iris", "face_3dmm", MODEL)


@pytest.fixture(scope="module")
def repository():
    repository = Settings().model_repository
    states = {status.entry.name: status.state for status in list_models(repository)}
    if any(states[name] != "ready" for name in NEEDED):
        pytest.skip("the models are not built")
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


@pytest.fixture
async def faces(repository):
    """Return the face of each portrait."""
    networks = LocalInference(repository)
    analyser = FaceAnalyser(networks, Compute(inline=True))
    found = {}
    for name in ("astronaut", "hopper"):
        found[name] = (await analyser.analyse(portrait(name), deadline=Deadline.after(60)))[0]
    await networks.close()
    return found


@pytest.fixture
async def seen(inference, faces) -> dict[str, Visibility]:
    finder = OcclusionFinder(inference, Compute(inline=True))
    found = {}
    for name, face in faces.items():
        deadline = Deadline.after(60)
        (found[name],) = await finder.find(portrait(name), [face], deadline=deadline)
    return found


def hidden_share(seen: Visibility, where: np.ndarray) -> float:
    return float((seen.visible[where] < 0.5).mean())


async def test_a_fringe_is_before_the_forehead_and_the_cheeks_are_bare(seen):
    height = atlas().mean[..., 1]
    forehead = atlas().face & (height < -1.0)
    cheeks = atlas().plain & (height > 0.2) & (height < 0.7) & (atlas().outline > 0.6)
    assert hidden_share(seen["astronaut"], forehead) > 0.6
    for one in seen.values():
        assert hidden_share(one, cheeks) < 0.05


async def test_eyes_and_lips_are_nobody_s_cover(seen):
    for one in seen.values():
        assert hidden_share(one, atlas().lips) < 0.1
    assert hidden_share(seen["astronaut"], atlas().eyes) < 0.1


async def test_the_backend_gives_the_numbers_of_the_graph_run_here(inference, repository, faces):
    sheets = np.stack([departures(portrait(name), face.landmarks) for name, face in faces.items()])
    inputs = {"departures": np.concatenate([sheets] * 9)}  # more than one batch
    reference = LocalInference(repository)
    got = await inference.infer(MODEL, inputs, deadline=Deadline.after(60))
    here = await reference.infer(MODEL, inputs, deadline=Deadline.after(60))
    await reference.close()
    assert np.abs(got["hidden"] - here["hidden"]).max() < NETWORK_PROBABILITY


async def test_the_self_test_passes_against_the_graph_run_here(inference, repository):
    reference = LocalInference(repository)
    contract = read_contract(repository / MODEL)
    assert await self_test(inference, [contract], reference=reference) == []
    await reference.close()
