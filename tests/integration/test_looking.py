"""Real networks that may be at hand beside the repository, on the sample portraits."""

import shutil

import numpy as np
import pytest

from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.faces.analyser import FaceAnalyser
from gateway.faces.detect import DetectOptions
from gateway.inference.cross_loop import RoutingInference
from gateway.inference.local import LocalInference
from gateway.models.profiles import PROFILES
from gateway.models.store import ModelStore
from gateway.networks.available import AvailableModels
from gateway.networks.detecting.network import NetworkDetector
from gateway.networks.detecting.specs import DETECTORS
from gateway.paths import PROJECT_ROOT
from gateway.pipeline.options.swap import parse_options
from gateway.pipeline.selection.models import ModelSelector
from gateway.pipeline.timings import Timings
from gateway.pipeline.toolkit import Toolkit
from tests.integration.portraits import FACES, portrait

FILES = {"yunet": "yunet_n_640_640.onnx"}
FOLDER = PROJECT_ROOT.parent / "shared" / "models"
if not FOLDER.is_dir():
    pytest.skip("no real networks are at hand", allow_module_level=True)
pytestmark = pytest.mark.models
INLINE = Compute(inline=True)


@pytest.fixture(scope="module")
def added(tmp_path_factory):
    folder = tmp_path_factory.mktemp("real")
    for name in ("zoo.toml", "catalog.toml"):
        shutil.copy(PROJECT_ROOT / "model_repository" / name, folder / name)
    store = ModelStore(folder, folder / "cache", PROFILES["cpu"], "/cache")
    for name, file in FILES.items():
        store.accept(store.zoo.model(name))
        store.add(FOLDER / file, name)
    return folder


def overlap(one, other):
    """Return the share of two boxes' union that lies in both."""
    low, high = np.maximum(one[:2], other[:2]), np.minimum(one[2:], other[2:])
    both = np.prod(np.maximum(high - low, 0))
    return both / (np.prod(one[2:] - one[:2]) + np.prod(other[2:] - other[:2]) - both)


async def test_a_face_that_a_guest_finds_is_swapped(added):
    own, guest = LocalInference(PROJECT_ROOT / "model_repository"), LocalInference(added)
    both = RoutingInference(guest, ["yunet"], own)
    networks = ModelSelector(both, INLINE, AvailableModels(frozenset(["yunet"])))
    fuser = Toolkit.of(networks).image_fuser()
    results = []
    for model in ("yunet", "blazeface"):
        result = await fuser.swap(
            [portrait("hopper")],
            portrait("astronaut"),
            parse_options({"detector": {"model": model}, "swapper_model": "mesh"}),
            deadline=Deadline.after(60),
            timings=Timings(),
        )
        assert len(result.swapped) == 1
        results.append(result)
    theirs, ours = (one.swapped[0].face.landmarks[:, :2] for one in results)
    eyes = np.linalg.norm(ours[33] - ours[263])
    assert np.sqrt(((theirs - ours) ** 2).sum(1).mean()) < 0.02 * eyes
    for inference in (own, guest):
        await inference.close()


@pytest.mark.parametrize("name", FACES)
async def test_it_finds_the_face_that_our_own_detector_finds(added, name):
    deadline, image = Deadline.after(60), portrait(name)
    own, guest = LocalInference(PROJECT_ROOT / "model_repository"), LocalInference(added)
    yunet = NetworkDetector(DETECTORS["yunet"], guest, INLINE)
    analyser = FaceAnalyser(own, INLINE, finders={"yunet": yunet})
    ours = await analyser.detect(image, deadline=deadline, options=DetectOptions())
    options = DetectOptions(model="yunet")
    theirs = await analyser.detect(image, deadline=deadline, options=options)
    assert overlap(ours.boxes[0], theirs.boxes[0]) >= 0.7
    await own.close()
    await guest.close()
