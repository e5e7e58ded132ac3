"""Enrolled people over HTTP."""

import json
import re
from datetime import datetime, timedelta

import numpy as np
import pytest

from gateway.serving.testing import fake_services
from tests.unit.http.app import black, client, files, opened, photograph, saved
from tests.unit.http.problem import checked

FACE, NOTHING = saved(photograph(96, 128, seed=1)), saved(black(96, 128))
NOBODY = "idn_" + "0" * 32
AGREED = {"consent": True}
JSON = {"Accept": "application/json"}


async def enrol(services=None, sources=(FACE,), options=AGREED, **settings):
    form = [("source", ("private.png", source)) for source in sources]
    form.append(("options", ("o", json.dumps(options).encode())))
    async with client(services, **settings) as http:
        return await http.post("/v1/identities", files=form)


async def ask(services, method, path="", **arguments):
    async with client(services) as http:
        return await http.request(method, f"/v1/identities{path}", **arguments)


async def swap(services, *, source=..., data=None, options=None, headers=JSON):
    data = dict(data or {})
    if options is not None:
        data["options"] = json.dumps(options)
    async with client(services) as http:
        return await http.post("/v1/swaps", files=files(source=source), data=data, headers=headers)


async def test_a_person_is_enrolled_shown_and_forgotten():
    services = fake_services()
    answer = await enrol(services, [FACE, FACE], AGREED | {"name": "Bob", "statement": "Yes."})
    made = answer.json()
    assert answer.status_code == 201
    assert re.fullmatch("idn_[0-9a-f]{32}", made["id"])
    assert answer.headers["location"] == f"/v1/identities/{made['id']}"
    assert (made["name"], made["size"], made["inconsistent_portraits"]) == ("Bob", 2, [])
    assert made["consent"]["statement"] == "Yes."
    assert made["consent"]["withdrawn"] is None
    times = made["consent"]["given"], made["created"]
    given, created = map(datetime.fromisoformat, times)
    assert abs(given - created) < timedelta(seconds=5)
    assert "small" in made["portraits"][0]["warnings"]
    assert "descriptor" not in answer.text
    stages = {item.split(";")[0] for item in answer.headers["server-timing"].split(", ")}
    assert stages == {"queue", "decode", "analyse"}

    assert (await ask(services, "GET", f"/{made['id']}")).json() == made
    (listed,) = (await ask(services, "GET")).json()["identities"]
    names = "id", "name", "created", "size", "consent", "protected"
    assert listed == {name: made[name] for name in names}
    deleted = await ask(services, "DELETE", f"/{made['id']}")
    assert (deleted.status_code, deleted.content) == (204, b"")
    for method in ("GET", "DELETE"):
        checked(await ask(services, method, f"/{made['id']}"), "identity_not_found")


@pytest.mark.parametrize("options", [{}, {"consent": False}, {"name": "Bob"}])
async def test_nobody_is_enrolled_who_has_not_agreed(options):
    services = fake_services()
    problem = checked(await enrol(services, options=options), "consent_required")
    assert problem["status"] == 403
    assert problem["errors"][0]["pointer"] == "/consent"
    assert services.identities.infos("default") == []
    assert not any(model.batches for model in services.backend.models.values())


@pytest.mark.parametrize(
    ("code", "request_"),
    [
        ("invalid_options", {"options": {"consent": "true"}}),
        ("invalid_options", {"options": {"consent": 1}}),
        ("invalid_options", {"options": AGREED | {"name": "a\x1b[2J"}}),
        ("invalid_options", {"options": AGREED | {"statement": ""}}),
        ("missing_field", {"sources": ()}),
        ("no_face_in_source", {"sources": (FACE, NOTHING)}),
        ("not_an_image", {"sources": (b"hello",)}),
        ("empty_upload", {"sources": (FACE, b"")}),
        ("invalid_request", {"sources": (FACE,) * 3, "max_sources": 2}),
        ("deadline_exceeded", {"request_deadline_s": 1e-6}),
    ],
)
async def test_unusable_requests(code, request_):
    settings = {k: v for k, v in request_.items() if k.startswith(("max", "request_"))}
    others = {k: v for k, v in request_.items() if k not in settings}
    services = fake_services(**settings)
    problem = checked(await enrol(services, **others), code)
    assert "private" not in json.dumps(problem)
    assert services.identities.infos("default") == []


async def test_as_many_as_may_be_kept():
    services = fake_services(max_identities=1)
    assert (await enrol(services)).status_code == 201
    assert checked(await enrol(services), "identity_limit")["max_identities"] == 1


async def test_an_identity_takes_the_place_of_sources():
    services = fake_services()
    id = (await enrol(services)).json()["id"]
    meshes = services.backend.models["face_mesh"].batches
    meshes.clear()
    answer = await swap(services, data={"source_id": id}, headers={})
    assert meshes == [1]  # of the target
    changed = (np.asarray(opened(answer.content)) != photograph()).any(2)
    assert changed[60, 80]
    report = (await swap(services, data={"source_id": id})).json()
    (face,) = report["faces"]
    assert (face["source"], face["source_id"]) == (0, id)
    assert len(report["sources"]) == 1


async def test_an_identity_in_a_mapping():
    services = fake_services()
    id = (await enrol(services, [saved(photograph())])).json()["id"]
    mapping = [{"source_id": id, "target_id": id}]
    report = (await swap(services, options={"mapping": mapping})).json()
    (face,) = report["faces"]
    assert (face["source"], face["source_id"], face["entry"]) == (0, id, 0)
    assert report["sources"] == []
    assert "face_embedding" in report["models"]


@pytest.mark.parametrize(
    ("data", "options", "source", "code"),
    [
        ({"source_id": NOBODY}, None, ..., "identity_not_found"),
        ({"source_id": "../../etc"}, None, ..., "identity_not_found"),
        ({"source_id": NOBODY}, None, None, "invalid_request"),
        (
            {"source_id": NOBODY},
            {"mapping": [{"source_id": NOBODY, "position": 0}]},
            ...,
            "invalid_request",
        ),
        ({}, {"mapping": [{"source_id": NOBODY, "position": 0}]}, ..., "identity_not_found"),
        ({}, {"mapping": [{"source_id": "x", "position": 0}]}, ..., "invalid_options"),
        (
            {},
            {"mapping": [{"source_id": NOBODY, "sources": [0], "position": 0}]},
            None,
            "invalid_options",
        ),
        ({}, {"mapping": [{"source_id": NOBODY, "position": 0}]}, None, "invalid_options"),
    ],
)
async def test_swaps_that_name_nobody_or_two(data, options, source, code):
    checked(await swap(fake_services(), source=source, data=data, options=options), code)


async def test_answers_can_only_be_json():
    services = fake_services()
    id = (await enrol(services)).json()["id"]
    for method, path in (("GET", ""), ("GET", f"/{id}"), ("POST", "")):
        answer = await ask(services, method, path, headers={"Accept": "image/png"})
        checked(answer, "not_acceptable")
