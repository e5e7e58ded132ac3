"""HTTP over the real networks in this process: what the fakes of the unit tier cannot tell."""

import json

import numpy as np
import pytest

from gateway.media.image import Picture, encode_image
from gateway.models.samples import fetch_samples
from gateway.serving.services import build_services, running
from gateway.settings import Settings
from tests.integration.portraits import backdrop, placed
from tests.unit.http.app import client, opened
from tests.unit.http.problem import checked

pytestmark = pytest.mark.models

SETTINGS = Settings(backend="local", shutdown_grace_s=0, job_execution="disabled")


@pytest.fixture(scope="module")
def portraits(tmp_path_factory):
    folder = tmp_path_factory.mktemp("samples")
    paths = fetch_samples(SETTINGS.model_repository, SETTINGS.cache_dir, folder)
    return {name: path.read_bytes() for name, path in paths.items()}


async def test_a_swap_and_its_person_check(portraits):
    services = build_services(SETTINGS)
    form = {"source": portraits["hopper"], "target": portraits["astronaut"]}
    person = '{"face_selector": {"mode": "reference"}}'
    async with running(services), client(services) as http:
        picture = opened((await http.post("/v1/swaps", files=form)).content)
        same = await http.post(
            "/v1/swaps",
            files={**form, "reference": portraits["astronaut"]},
            data={"options": person},
        )
        other = await http.post(
            "/v1/swaps", files={**form, "reference": portraits["hopper"]}, data={"options": person}
        )
    assert (np.asarray(picture) != np.asarray(opened(form["target"]))).any()
    assert same.status_code == 200
    checked(other, "no_matching_face")


async def test_analysis_finds_the_one_face(portraits):
    services = build_services(SETTINGS)
    async with running(services), client(services) as http:
        report = (await http.post("/v1/faces", files={"image": portraits["hopper"]})).json()
    (face,) = report["faces"]
    assert face["quality"]["width_px"] == pytest.approx(183, abs=5)
    assert face["warnings"] == []


async def test_two_people_are_recognised_and_given_each_other_s_face(portraits, tmp_path):
    services = build_services(SETTINGS.model_copy(update={"data_dir": tmp_path}))
    canvas = placed(backdrop(480, 900), "astronaut", 110, (220, 240))
    group = encode_image(Picture(placed(canvas, "hopper", 130, (650, 240))), "png")
    agreed = {"options": '{"consent": true}'}
    async with running(services), client(services) as http:
        made = await http.post("/v1/identities", files={"source": portraits["hopper"]}, data=agreed)
        id = made.json()["id"]
        mapping = [
            {"source_id": id, "reference": 0},
            {"sources": [0], "identity": id},
        ]
        form = dict.fromkeys(("source", "reference"), portraits["astronaut"])
        answer = await http.post(
            "/v1/swaps",
            files={**form, "target": group},
            data={"options": json.dumps({"mapping": mapping})},
            headers={"Accept": "application/json"},
        )
        await http.delete(f"/v1/identities/{id}")
    faces = sorted(answer.json()["faces"], key=lambda face: face["box"]["left"])
    assert [(f["entry"], f["source"], f["source_id"]) for f in faces] == [(0, 0, id), (1, 0, None)]
