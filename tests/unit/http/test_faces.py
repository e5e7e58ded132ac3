"""An analysis, from form to report."""

import json

import pytest

from gateway.faces.morphable.expression import NAMES
from gateway.faces.morphable.model import face_model
from gateway.serving.testing import fake_services
from gateway.testing_faces import fake_face_inference
from tests.unit.http.app import black, client, photograph, saved


async def analyse(image: bytes, options=None, services=None):
    async with client(services) as http:
        return await http.post(
            "/v1/faces",
            files={"image": image},
            data={} if options is None else {"options": json.dumps(options)},
        )


async def test_a_face_is_told_in_full():
    answer = await analyse(saved(photograph(240, 320)))
    report = answer.json()
    (face,) = report["faces"]
    assert len(face["landmarks_5"]) == 5
    assert [len(point) for point in face["landmarks"]] == [3] * 478
    assert face["pose"] == pytest.approx({"pitch": 0, "yaw": 0, "roll": 0}, abs=0.1)
    assert face["warnings"] == []
    assert set(report["timings_ms"]) == {"queue", "decode", "analyse"}
    assert answer.headers["server-timing"].startswith("queue;dur=")


async def test_the_many_points_can_be_switched_off():
    report = (await analyse(saved(photograph()), {"landmarks": False})).json()
    assert report["faces"][0]["landmarks"] is None


async def test_no_face_is_an_answer():
    answer = await analyse(saved(black()))
    assert (answer.status_code, answer.json()["faces"]) == (200, [])


async def test_the_largest_face_comes_first():
    inference = fake_face_inference([(0.2, 0.5, 0.2), (0.7, 0.5, 0.4)])
    answer = await analyse(saved(photograph()), services=fake_services(inference=inference))
    left, right = (face["box"]["left"] for face in answer.json()["faces"])
    assert left > right


async def test_options_are_checked():
    problem = (await analyse(saved(photograph()), {"detector": {"min_score": 2}, "x": 1})).json()
    assert problem["code"] == "invalid_options"
    assert {e["pointer"] for e in problem["errors"]} == {"/detector/min_score", "/x"}


async def test_an_expression_is_told_by_name():
    (face,) = (await analyse(saved(photograph(240, 320)))).json()["faces"]
    told = face["expression"]
    assert tuple(told["controls"]) == NAMES
    assert all(0 <= value <= 1 for value in told["controls"].values())
    assert told["reliability"] > 0.8
    assert 0 <= told["residual"] < 0.03
    assert len(told["residuals"]) == face_model().n_residual


async def test_who_it_is_is_told_only_if_asked_for():
    (face,) = (await analyse(saved(photograph()))).json()["faces"]
    assert face["identity"] is None
    options = {"identity": True, "expression": False}
    (face,) = (await analyse(saved(photograph()), options)).json()["faces"]
    assert len(face["identity"]) == face_model().n_identity
    assert face["expression"] is None
