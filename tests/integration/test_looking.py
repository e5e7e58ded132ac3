"""Real networks that may be at hand beside the repository, on the sample portraits."""

import shutil

import numpy as np
import pytest

from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.faces.analyser import FaceAnalyser
from gateway.faces.blazeface import _overlaps
from gateway.faces.detect import DetectOptions
from gateway.faces.landmarks import MESH_SIDE, crop_square, square_of_landmarks
from gateway.inference.local import LocalInference
from gateway.models.profiles import PROFILES
from gateway.models.store import ModelStore
from gateway.networks.detecting.models import DETECTORS
from gateway.networks.detecting.network import NetworkDetector
from gateway.networks.face_mesh import FaceMesh
from gateway.settings import PROJECT_ROOT
from tests.integration.portraits import FACES, portrait

FILES = {"yunet": "yunet_n_640_640.onnx", "face_mesh_468": "FaceMesh.onnx"}
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


@pytest.mark.parametrize("name", FACES)
async def test_they_see_what_our_own_networks_see(added, name):
    deadline, image = Deadline.after(60), portrait(name)
    own, guest = LocalInference(PROJECT_ROOT / "model_repository"), LocalInference(added)
    yunet = NetworkDetector(DETECTORS["yunet"], guest, INLINE)
    analyser = FaceAnalyser(own, INLINE, finders={"yunet": yunet})
    ours = await analyser.detect(image, deadline=deadline, options=DetectOptions())
    options = DetectOptions(model="yunet")
    theirs = await analyser.detect(image, deadline=deadline, options=options)
    assert _overlaps(ours.boxes[0], theirs.boxes[:1])[0] >= 0.7
    (face,) = await analyser.analyse(image, deadline=deadline, options=options)
    crop = crop_square(image, square_of_landmarks(face.landmarks), MESH_SIDE).pixels[None]
    told = await own.infer("face_mesh", {"image": crop}, deadline=deadline)
    found = await FaceMesh(guest, INLINE).landmarks(crop, deadline=deadline)
    off = (found - told["landmarks"].reshape(found.shape))[..., :2]
    print(name, np.sqrt((off**2).sum(-1).mean()), _overlaps(ours.boxes[0], theirs.boxes[:1]))
    assert np.sqrt((off**2).sum(-1).mean()) <= 1
    await own.close()
    await guest.close()
