"""INT8: what networks are calibrated with is what they are given, and how near the result is."""

import os
import shutil

import cv2
import numpy as np
import pytest

from gateway.compute import Compute
from gateway.errors import CalibrationTooSmall, UnknownModel
from gateway.inference.contracts import read_contract
from gateway.inference.local import LocalInference
from gateway.models.build import verify_models
from gateway.models.quantize import Rows
from gateway.models.served import install_quantized, restore, served_path
from gateway.networks import live_portrait
from gateway.networks.available import AvailableModels
from gateway.paths import PROJECT_ROOT
from gateway.serving.calibration import SUPPORTED, check_supported, gather
from gateway.serving.quantizing import quantize_model
from gateway.settings import Settings
from tests import standins
from tests.integration.portraits import portrait
from tests.standins import recognition

pytestmark = pytest.mark.models

OWN = PROJECT_ROOT / "model_repository"
EMBEDDED = ("blazeface_short", "blazeface_full", "face_mesh", "iris", "face_3dmm", "face_embedding")
FAMILIES = (
    "arcface_w600k_r50",
    "inswapper_128",
    "ghost_1_256",
    "blendswap_256",
    "codeformer",
    "gpen_bfr_256",
    "real_esrgan_x2",
    "peppa_wutz",
    "xseg_1",
    "bisenet_resnet_18",
    *live_portrait.MODELS,
)
SHIFTS = 6
# Of a crop of 192 pixels. Measured: 0.42 in the mean, 2.9 to 5.1 at the most, 51 dB.
MOST_MEAN_PX, MOST_PX, LEAST_PSNR_DB = 1.0, 10.0, 45.0


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """Our own models, which may be replaced, and stand-ins of the field's."""
    folder = standins.repository(tmp_path_factory.mktemp("models"))
    for name in (*EMBEDDED, "open_nsfw"):
        # Not the same files: they would be replaced.
        shutil.copytree(os.path.realpath(OWN / name / "1"), folder / name / "1")
        shutil.copy(OWN / name / "config.pbtxt", folder / name)
    for toml in ("catalog.toml", "zoo.toml"):
        shutil.copy(OWN / toml, folder)
    return folder


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Both sample portraits, shifted, turned and scaled a little."""
    folder = tmp_path_factory.mktemp("pictures")
    for name in ("astronaut", "hopper"):
        image = portrait(name)
        for k in range(SHIFTS):
            matrix = np.float32([[1 + 0.02 * k, 0.02 * k, 3 * k], [-0.02 * k, 1 + 0.02 * k, 2 * k]])
            size = image.shape[1::-1]
            seen = cv2.warpAffine(image, matrix, size, borderMode=cv2.BORDER_REPLICATE)
            cv2.imwrite(str(folder / f"{name}{k}.png"), seen[..., ::-1])
    (folder / "notes.txt").write_text("no picture")
    return folder


@pytest.fixture
def settings(repository, tmp_path):
    return Settings(model_repository=repository, cache_dir=tmp_path)


async def gathered(name, folder, rows, repository):
    inference = LocalInference(repository)
    try:
        return await gather(
            name,
            folder,
            rows,
            inference=inference,
            compute=Compute(inline=True),
            pulled=AvailableModels(emaps={"inswapper_128": recognition.emap()}),
            max_pixels=10**7,
        )
    finally:
        await inference.close()


async def test_the_face_mesh_in_int8(settings, pictures, tmp_path):
    target = tmp_path / "mesh.onnx"
    seen, found = await quantize_model(settings, "face_mesh", pictures, target, most_rows=64)
    assert (seen.pictures, seen.unreadable) == (2 * SHIFTS, 1)
    by_name = {output.name: output for output in found.outputs}
    landmarks = by_name["landmarks"]
    assert landmarks.mean_abs <= MOST_MEAN_PX
    assert landmarks.max_abs <= MOST_PX
    assert landmarks.psnr_db >= LEAST_PSNR_DB
    assert by_name["presence"].max_abs <= 0.05
    assert found.int8_bytes < 0.5 * found.fp32_bytes
    assert [path.name for path in tmp_path.iterdir()] == ["mesh.onnx"]

    path = served_path(settings.model_repository, "face_mesh")
    before = path.read_bytes()
    install_quantized(path, target)
    assert verify_models(settings.model_repository, ["face_mesh"])[0].ok
    assert restore(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", [*EMBEDDED[:4], "face_embedding", "open_nsfw", *FAMILIES])
async def test_rows_are_calls_of_the_network(repository, pictures, tmp_path, name):
    rows = Rows(tmp_path, most=6)
    await gathered(name, pictures, rows, repository)
    assert len(rows) == 6
    contract = read_contract(repository / name)
    for held_back in (False, True):
        for row in rows.read(held_back=held_back):
            assert contract.check_inputs(row) == 1


@pytest.mark.parametrize("name", ["face_3dmm", "crossface_ghost", "inswapper_128_fp16", "nobody"])
def test_what_sees_no_pictures_is_refused(name):
    assert name not in SUPPORTED
    with pytest.raises(UnknownModel, match=name):
        check_supported(name)


@pytest.mark.parametrize("what", ["empty", "no_picture", "no_face", "too_few"])
async def test_pictures_that_do_not_do_are_told(settings, tmp_path, what):
    folder = tmp_path / "pictures"
    folder.mkdir()
    if what == "no_picture":
        (folder / "a.txt").write_text("a")
    if what == "no_face":
        cv2.imwrite(str(folder / "grey.png"), np.full((200, 200, 3), 90, np.uint8))
    if what == "too_few":
        cv2.imwrite(str(folder / "one.png"), portrait("astronaut")[..., ::-1])
    words = {"no_face": "No face", "too_few": "rows to calibrate"}.get(what, "no picture")
    with pytest.raises(CalibrationTooSmall, match=words):
        await quantize_model(settings, "face_mesh", folder, tmp_path / "q.onnx", most_rows=64)
    assert [path.name for path in tmp_path.iterdir()] == ["pictures"]
