"""Several people in one picture, over HTTP."""

import json

import pytest

from gateway.serving.testing import fake_services
from gateway.testing_faces import fake_face_inference
from tests.unit.http.app import client, photograph, saved
from tests.unit.http.problem import checked

JSON = {"Accept": "application/json"}


def two_faced():
    return fake_services(inference=fake_face_inference([(0.25, 0.5, 0.3), (0.75, 0.5, 0.3)]))


async def send(mapping, *, sources=2, references=0, headers=JSON, services=None, **options):
    form = [("source", ("a", saved(photograph(seed=n + 1)))) for n in range(sources)]
    form += [("reference", ("r", saved(photograph()))) for _ in range(references)]
    form.append(("target", ("t", saved(photograph()))))
    data = {"options": json.dumps({"mapping": mapping, **options})}
    async with client(services or two_faced()) as http:
        return await http.post("/v1/swaps", files=form, data=data, headers=headers)


BOTH = [{"sources": [0], "position": 1}, {"sources": [1], "position": 0}]


async def test_the_report_tells_who_got_whose_face():
    report = (await send(BOTH, quality={"report": False})).json()
    assert [(face["entry"], face["source"]) for face in report["faces"]] == [(1, 1), (0, 0)]
    assert report["unmatched"] == []
    assert "face_embedding" not in report["models"]


async def test_several_references():
    mapping = [{"sources": [n], "reference": n} for n in (0, 1)]
    report = (await send(mapping, references=2)).json()
    assert {face["source"] for face in report["faces"]} == {0, 1}
    assert "face_embedding" in report["models"]


async def test_who_is_not_there_may_be_told_beside_the_picture():
    mapping = [BOTH[0], {"sources": [1], "position": 2, "optional": True}]
    report = (await send(mapping)).json()
    assert report["unmatched"] == [1]
    picture = await send(mapping, headers={})
    assert "entry_unmatched" in picture.headers["x-semblant-warnings"].split(", ")
    mapping[1].pop("optional")
    assert "entry 1" in checked(await send(mapping), "no_matching_face")["detail"]


@pytest.mark.parametrize(
    ("mapping", "sent", "pointers"),
    [
        ([BOTH[0], {"sources": [2], "position": 0}], {}, ["/mapping/1/sources/0", "/mapping"]),
        ([BOTH[0]], {}, ["/mapping"]),
        (
            [{"sources": [0, 1], "reference": 1}],
            {"references": 1},
            ["/mapping/0/reference", "/mapping"],
        ),
        (BOTH, {"face_selector": {"mode": "many"}}, ["/face_selector/mode"]),
    ],
)
async def test_what_does_not_fit_is_refused_before_any_work(mapping, sent, pointers):
    services = two_faced()
    problem = checked(await send(mapping, services=services, **sent), "invalid_options")
    assert [error["pointer"] for error in problem["errors"]] == pointers
    assert not any(model.batches for model in services.backend.models.values())


async def test_several_references_need_a_mapping():
    answer = await send([], references=2, face_selector={"mode": "reference"})
    assert checked(answer, "invalid_request")["errors"][0]["pointer"] == "/reference"


async def test_sources_are_needed():
    checked(await send(BOTH, sources=0), "missing_field")
