"""A swap, from form to picture."""

import base64
import json

import cv2
import numpy as np
import pytest
from PIL import Image

from gateway.pipeline.face.attempts import BLENDS, COLORS
from gateway.serving.testing import fake_services
from gateway.testing import FakeInference
from gateway.testing_faces import fake_face_inference
from tests.unit.http.app import client, files, opened, photograph, saved
from tests.unit.http.problem import checked
from tests.unit.media.animations import animation
from tests.unit.processors.test_face_enhancer import gfpgan

JSON = {"Accept": "application/json"}


def pixels(answer) -> np.ndarray:
    return np.asarray(opened(answer.content))


async def test_the_answer_is_the_target_with_another_face():
    async with client() as http:
        answer = await http.post("/v1/swaps", files=files())
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    changed = (pixels(answer) != photograph()).any(2)
    assert changed[60, 80]
    assert not changed[0].any()
    assert answer.headers["x-semblant-faces-swapped"] == "1"
    assert answer.headers["x-semblant-faces-found"] == "1"
    stages = {item.split(";")[0] for item in answer.headers["server-timing"].split(", ")}
    work = {"analyse", "select", "mask", "swap", "fuse", "quality"}
    assert stages == {"queue", "decode", *work, "mark", "encode"}


async def test_figures_come_as_json():
    async with client() as http:
        answer = await http.post("/v1/swaps", files=files(), headers=JSON)
    report = answer.json()
    (face,) = report["faces"]
    assert face["source"] == 0
    assert face["pose"]["yaw"] == pytest.approx(0, abs=0.1)
    assert face["box"]["left"] < 80 < face["box"]["right"]
    assert report["size"] == {"width": 160, "height": 120}
    assert report["image"] is None
    assert "encode" not in report["timings_ms"]
    assert report["request_id"] == answer.headers["x-request-id"]


async def test_a_report_can_hold_the_picture():
    options = {"options": json.dumps({"output": {"format": "webp"}})}
    async with client() as http:
        plain = await http.post("/v1/swaps", files=files())
        answer = await http.post("/v1/swaps?inline=true", files=files(), data=options, headers=JSON)
    image = answer.json()["image"]
    assert image["media_type"] == "image/webp"
    assert opened(base64.b64decode(image["base64"])).size == opened(plain.content).size


async def test_an_avif_is_answered_with_one_and_whoever_asks_gets_one():
    as_avif = saved(photograph(), "AVIF", quality=95)
    async with client() as http:
        own = await http.post("/v1/swaps", files=files(target=as_avif))
        asked = await http.post("/v1/swaps", files=files(), headers={"Accept": "image/avif"})
        chosen = await http.post(
            "/v1/swaps", files=files(), data={"options": json.dumps({"output": {"format": "avif"}})}
        )
    for answer in (own, asked, chosen):
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/avif")
        assert opened(answer.content).size == (160, 120)


async def test_notes_of_the_targets_file_are_told():
    deep = np.repeat(photograph()[..., ::-1].astype(np.uint16) * 257, 1, axis=2)
    target = cv2.imencode(".png", deep)[1].tobytes()
    jpeg = {"options": json.dumps({"output": {"format": "jpeg"}})}
    async with client() as http:
        kept = await http.post("/v1/swaps", files=files(target=target))
        reduced = await http.post("/v1/swaps", files=files(target=target), data=jpeg)
        report = await http.post("/v1/swaps", files=files(target=target), data=jpeg, headers=JSON)
    assert "depth_reduced" not in kept.headers["x-semblant-warnings"]
    assert "depth_reduced" in reduced.headers["x-semblant-warnings"]
    assert report.json()["notes"] == ["depth_reduced"]
    made = cv2.imdecode(np.frombuffer(kept.content, np.uint8), cv2.IMREAD_UNCHANGED)
    assert made.dtype == np.uint16
    assert (made[0] == deep[0]).all()


@pytest.mark.parametrize("part", ["source", "target"])
async def test_an_animation_is_no_picture(part):
    moving = animation("GIF")
    async with client() as http:
        answer = await http.post("/v1/swaps", files=files(**{part: moving}))
    assert "is a video" in checked(answer, "multi_frame_image")["detail"]


async def test_every_face_and_every_source():
    services = fake_services(inference=fake_face_inference([(0.25, 0.5, 0.3), (0.75, 0.5, 0.3)]))
    form = [*files(), ("source", ("b", saved(photograph())))]
    options = {"options": json.dumps({"face_selector": {"mode": "many"}})}
    async with client(services) as http:
        answer = await http.post("/v1/swaps", files=form, data=options, headers=JSON)
    report = answer.json()
    assert [face["source"] for face in report["faces"]] == [1, 1]  # lit as the target is
    assert len(report["sources"]) == 2


async def test_a_reference_names_the_person():
    options = {"options": json.dumps({"face_selector": {"mode": "reference"}})}
    form = files(reference=saved(photograph()))
    async with client() as http:
        answer = await http.post("/v1/swaps", files=form, data=options, headers=JSON)
        without = await http.post("/v1/swaps", files=files(), data=options)
    assert answer.json()["faces"][0]["source"] == 0
    assert "face_embedding" in answer.json()["models"]
    assert without.json()["code"] == "invalid_options"


async def test_an_unfilled_file_input_of_a_browser_is_no_reference():
    async with client() as http:
        request = http.build_request("POST", "/v1/swaps", files=files(reference=b""))
        # httpx itself leaves an empty file name out.
        head, _, tail = request.read().rpartition(b"private name.png")
        kind = request.headers["content-type"]
        answer = await http.post("/v1/swaps", content=head + tail, headers={"Content-Type": kind})
    assert answer.status_code == 200


async def test_options_may_come_as_a_file():
    options = ("options", ("o.json", b'{"output": {"format": "jpeg"}}', "application/json"))
    async with client() as http:
        answer = await http.post("/v1/swaps", files=[*files(), options])
    assert answer.headers["content-type"] == "image/jpeg"


@pytest.mark.parametrize("format", ["PNG", "WEBP"])
async def test_transparency_is_kept(format):
    alpha = np.tile(np.arange(160, dtype=np.uint8), (120, 1))
    target = saved(np.dstack([photograph(), alpha]), format, lossless=True)
    async with client() as http:
        answer = await http.post("/v1/swaps", files=files(target=target))
    assert answer.headers["content-type"] == f"image/{format.lower()}"
    assert (pixels(answer)[..., 3] == alpha).all()


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1", "CMYK", "I;16", "RGBA"])
async def test_every_color_mode_is_taken(mode):
    image = Image.fromarray(photograph())
    if mode == "I;16":
        image = Image.fromarray(photograph()[..., 0].astype(np.uint16) * 257)
    else:
        image = image.convert(mode)
    target = saved(image, "TIFF" if mode == "CMYK" else "PNG")
    async with client() as http:
        answer = await http.post("/v1/swaps", files=files(target=target))
    assert answer.status_code == 200
    assert opened(answer.content).mode == ("RGBA" if mode in ("LA", "RGBA") else "RGB")


async def test_a_picture_is_turned_upright_as_its_exif_says():
    exif = Image.Exif()
    exif[0x0112] = 6
    target = saved(photograph(), "JPEG", exif=exif)
    async with client() as http:
        answer = await http.post("/v1/swaps", files=files(target=target))
    assert answer.headers["content-type"] == "image/jpeg"
    assert opened(answer.content).size == (120, 160)
    assert 0x0112 not in opened(answer.content).getexif()


# Clearer faces

CLEARER = {"options": json.dumps({"processors": ["face_enhancer"]})}


async def test_a_face_is_made_clearer_without_a_source():
    async with client() as http:
        answer = await http.post("/v1/swaps", files=files(source=...), data=CLEARER)
    assert answer.status_code == 200
    changed = (pixels(answer) != photograph()).any(2)
    assert changed[60, 80]
    assert not changed[:, 0].any()
    assert answer.headers["x-semblant-faces-swapped"] == "1"
    assert answer.headers["x-semblant-quality"] == "none"
    stages = {item.split(";")[0] for item in answer.headers["server-timing"].split(", ")}
    assert stages == {"queue", "decode", "analyse", "select", "mask", "enhance", "mark", "encode"}


async def test_all_of_a_picture_is_made_clearer_without_source_or_face():
    steps = {"options": json.dumps({"processors": ["frame_enhancer"]})}
    sent = files(source=..., target=saved(np.zeros_like(photograph())))
    async with client() as http:
        answer = await http.post("/v1/swaps", files=sent, data=steps)
        told = await http.post("/v1/swaps", files=sent, data=steps, headers=JSON)
        plain = await http.post("/v1/swaps", files=files(), headers=JSON)
    assert answer.status_code == 200
    assert answer.headers["x-semblant-faces-found"] == "0"
    stages = {item.split(";")[0] for item in answer.headers["server-timing"].split(", ")}
    assert stages == {"queue", "decode", "enhance", "mark", "encode"}
    report = told.json()
    assert (report["frame_enhancer"], report["faces"], report["models"]) == ("classical", [], [])
    assert plain.json()["frame_enhancer"] is None


async def test_a_report_tells_who_made_a_face_clearer():
    async with client() as http:
        answer = await http.post("/v1/swaps", files=files(source=...), data=CLEARER, headers=JSON)
        plain = await http.post("/v1/swaps", files=files(), headers=JSON)
    report = answer.json()
    (face,) = report["faces"]
    assert (face["enhancer"], face["source"], face["result_quality"]) == ("classical", None, None)
    assert "face_embedding" not in report["models"]
    assert plain.json()["faces"][0]["enhancer"] is None


async def test_a_report_names_the_network_that_did():
    fakes = fake_face_inference().models.values()
    inference = FakeInference([*fakes, gfpgan(lambda x: x)])
    services = fake_services(inference=inference, pulled=["gfpgan_1.4"])
    async with client(services) as http:
        answer = await http.post("/v1/swaps", files=files(source=...), data=CLEARER, headers=JSON)
    assert answer.json()["faces"][0]["enhancer"] == "gfpgan_1.4"
    assert "gfpgan_1.4" in answer.json()["models"]


# How good it is

NETWORKS = ("identity_distance", "target_identity_distance", "expression_error", "pose_error_deg")


async def quality(told=None, *, headers=JSON, report=True):
    """Swap with options of `quality`; return what is told of the face, or the answer."""
    options = {"options": json.dumps({"quality": told or {}})}
    async with client() as http:
        answer = await http.post("/v1/swaps", files=files(), data=options, headers=headers)
    return answer.json()["faces"][0]["result_quality"] if report else answer


async def test_a_report_tells_how_good_the_face_is():
    told = await quality()
    assert (told["outside_psnr_db"], told["outside_ssim"]) == (None, 1)
    assert (told["attempts"], told["color"], told["blend"]) == (1, "adaptive", "poisson")
    assert told["found"] is True
    assert all(told[name] >= 0 for name in NETWORKS)


async def test_a_report_without_the_networks_look():
    told = await quality({"report": False})
    assert told["seam_ratio"] > 0
    assert {told[name] for name in (*NETWORKS, "found")} == {None}


async def test_a_picture_comes_with_the_figures_of_its_pixels():
    answer = await quality(headers={"Accept": "image/png"}, report=False)
    told = dict(item.split("=") for item in answer.headers["x-semblant-quality"].split(", "))
    assert told.keys() >= {"seam_ratio", "sharpness_ratio"}
    assert "identity_distance" not in told
    asked = await quality({"report": True}, headers={"Accept": "image/png"}, report=False)
    assert "identity_distance" in asked.headers["x-semblant-quality"]


async def test_what_is_not_good_enough_is_a_problem_with_figures():
    answer = await quality({"limits": {"max_seam_ratio": 1e-6}}, report=False)
    problem = checked(answer, "quality_below_threshold")
    assert problem["below"] == ["seam_ratio"]
    assert problem["asked"] == {"max_seam_ratio": 1e-6}
    assert problem["figures"]["seam_ratio"] > 0
    assert (problem["face"], problem["attempts"]) == (0, len(COLORS) * len(BLENDS))


async def test_findings_are_warnings_of_a_picture():
    services = fake_services(quality_max_seam_ratio=1e-6)
    async with client(services) as http:
        answer = await http.post("/v1/swaps", files=files())
    assert "quality_seam_ratio" in answer.headers["x-semblant-warnings"].split(", ")
