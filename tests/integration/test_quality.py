"""How good swaps of real faces are told to be."""

import json

import pytest

from gateway.faces.embedding import SAME_PERSON
from gateway.models.samples import fetch_samples
from gateway.serving.services import build_services, running
from gateway.settings import Settings
from tests.unit.http.app import client
from tests.unit.http.problem import checked

pytestmark = pytest.mark.models

SETTINGS = Settings(backend="local", shutdown_grace_s=0, job_execution="disabled")
JSON = {"Accept": "application/json"}
PLAIN = {"color": "none", "blend": "feather"}


@pytest.fixture(scope="module")
def form(tmp_path_factory):
    folder = tmp_path_factory.mktemp("samples")
    paths = fetch_samples(SETTINGS.model_repository, SETTINGS.cache_dir, folder)
    return {"source": paths["astronaut"].read_bytes(), "target": paths["hopper"].read_bytes()}


async def answered(form, **options):
    services = build_services(SETTINGS)
    data = {"options": json.dumps(options)}
    async with running(services), client(services) as http:
        return await http.post("/v1/swaps", files=form, data=data, headers=JSON)


async def told(form, **options):
    (face,) = (await answered(form, **options)).json()["faces"]
    return face["result_quality"]


async def test_a_swap_is_as_good_as_is_expected(form):
    good = await told(form)
    assert good["findings"] == []
    assert (good["outside_psnr_db"], good["outside_ssim"], good["found"]) == (None, 1, True)
    # Her own glasses stay before the new face, and make it look a little more like her.
    assert good["identity_distance"] < SAME_PERSON
    bare = await told(form, masks={"types": ["box"]})
    assert bare["identity_distance"] < 0.5 < bare["target_identity_distance"]
    assert good["expression_error"] < 0.04
    assert good["pose_error_deg"] < 6


async def test_what_is_not_matched_is_seen_and_mended(form):
    good, bad = await told(form), await told(form, **PLAIN)
    assert good["ring_delta_e"] + 2 < bad["ring_delta_e"]
    assert good["seam_ratio"] < bad["seam_ratio"]
    limits = {"max_ring_delta_e": (good["ring_delta_e"] + bad["ring_delta_e"]) / 2}
    mended = await told(form, **PLAIN, quality={"limits": limits})
    assert mended["ring_delta_e"] <= limits["max_ring_delta_e"]
    assert mended["attempts"] > 1


async def test_a_face_with_itself_is_itself(form):
    same = await told({**form, "source": form["target"]}, source_deocclude=False)
    assert same["identity_distance"] < 0.2
    assert same["seam_ratio"] == pytest.approx(1, abs=0.1)
    assert same["ring_delta_e"] == pytest.approx(same["target_ring_delta_e"], abs=0.5)
    assert same["expression_error"] < 0.02


async def test_nobody_s_identity_is_refused(form):
    answer = await answered(form, quality={"limits": {"max_identity_distance": 0.01}})
    problem = checked(answer, "quality_below_threshold")
    assert problem["below"] == ["identity_distance"]
