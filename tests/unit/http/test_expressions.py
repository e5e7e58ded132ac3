"""Libraries of expressions over HTTP."""

import json
import re

import numpy as np
import pytest

from gateway.faces.morphable.expression import NAMES, from_names
from gateway.serving.testing import fake_services
from gateway.storage.expressions import ExpressionLibrary, LibraryEntry
from tests.unit.http.app import black, client, photograph, saved
from tests.unit.http.problem import checked
from tests.unit.media.clips import clip, grey

FACE, NOTHING = saved(photograph(96, 128)), saved(black(96, 128))
VIDEO = clip([grey(100 + n, 96, 128) for n in range(8)])
NOBODY = "exp_" + "0" * 32


async def enrol(services=None, frames=(FACE,), video=None, options=None, **settings):
    files = [("frame", ("private.png", frame)) for frame in frames]
    if video is not None:
        files.append(("video", ("private.mp4", video)))
    if options is not None:
        files.append(("options", ("o", json.dumps(options).encode())))
    async with client(services, **settings) as http:
        return await http.post("/v1/expression-libraries", files=files)


async def ask(services, method, path="", **arguments):
    async with client(services) as http:
        return await http.request(method, f"/v1/expression-libraries{path}", **arguments)


# Making one


async def test_a_library_is_made_kept_and_shown():
    services = fake_services()
    answer = await enrol(services, [FACE, NOTHING, FACE], options={"name": "Ann"})
    assert answer.status_code == 201
    made = answer.json()
    assert re.fullmatch("exp_[0-9a-f]{32}", made["id"])
    assert answer.headers["location"] == f"/v1/expression-libraries/{made['id']}"
    assert made["name"] == "Ann"
    assert made["skipped"] == [{"origin": "frame", "index": 1, "reason": "no_face"}]
    assert made["warnings"] == []
    assert [entry["index"] for entry in made["entries"]] == [0, 1]
    assert tuple(made["entries"][0]["controls"]) == NAMES
    assert made["entries"][0]["reliability"] > 0.8
    stages = {item.split(";")[0] for item in answer.headers["server-timing"].split(", ")}
    assert stages == {"queue", "decode", "analyse"}

    shown = await ask(services, "GET", f"/{made['id']}")
    assert shown.json() == {key: made[key] for key in ("id", "name", "created", "entries")}
    listed = (await ask(services, "GET")).json()["libraries"]
    assert listed == [{key: made[key] for key in ("id", "name", "created")} | {"size": 2}]


async def test_a_video_is_looked_at_ten_times_a_second():
    made = (await enrol(frames=(), video=VIDEO)).json()
    assert len(made["entries"]) == 3  # of eight frames at 25 a second
    assert made["skipped"] == []


async def test_pictures_and_a_video_go_together():
    made = (await enrol(video=VIDEO, options={"count": 64})).json()
    assert len(made["entries"]) == 4


async def test_the_good_part_of_a_video_is_used():
    video = clip([photograph(96, 128, seed=n) for n in range(20)], "matroska")
    made = (await enrol(frames=(), video=video[: len(video) // 2])).json()
    assert made["warnings"] == ["damaged"]
    assert made["entries"]


@pytest.mark.parametrize(
    ("code", "request_"),
    [
        ("missing_field", {"frames": ()}),
        ("missing_field", {"frames": (), "options": {"name": "a"}}),
        ("empty_upload", {"frames": (FACE, b"")}),
        ("image_truncated", {"frames": (FACE, FACE[:99])}),
        ("not_an_image", {"frames": (b"hello",)}),
        ("not_a_video", {"video": b"hello"}),
        ("video_corrupt", {"video": VIDEO[:99]}),
        ("no_face_in_source", {"frames": (NOTHING, NOTHING)}),
        ("face_not_reliable", {"frames": (saved(photograph(24, 24)),)}),
        ("invalid_options", {"options": {"count": 0}}),
        ("invalid_options", {"options": {"count": 65}}),
        ("invalid_options", {"options": {"name": "x" * 101}}),
        ("invalid_options", {"options": {"name": "a\x1b[2J"}}),
        ("invalid_request", {"frames": (FACE,) * 3, "max_library_entries": 2}),
        ("deadline_exceeded", {"track_deadline_s": 1e-6}),
    ],
)
async def test_unusable_requests(code, request_):
    settings = {
        k: request_.pop(k) for k in ("max_library_entries", "track_deadline_s") if k in request_
    }
    services = fake_services(**settings)
    # A form without a file would be of another type.
    request_ = {"options": {}, **request_}
    problem = checked(await enrol(services, **request_), code)
    assert "private" not in json.dumps(problem)
    assert services.expressions.infos("default") == []


async def test_a_picture_is_called_by_its_number():
    problem = checked(await enrol(frames=(FACE, FACE[:99])), "image_truncated")
    assert problem["detail"].startswith("Frame 1")


async def test_as_many_as_may_be_kept():
    services = fake_services(max_libraries=1)
    assert (await enrol(services)).status_code == 201
    assert checked(await enrol(services), "library_limit")["max_libraries"] == 1


async def test_a_small_limit_holds_for_the_default_too():
    made = await enrol(frames=(FACE, saved(photograph(96, 128, seed=3))), max_library_entries=2)
    assert len(made.json()["entries"]) == 2


# Asking for one


def kept(services, *controls: dict[str, float]) -> str:
    entries = [
        LibraryEntry(
            from_names(c), np.zeros((478, 3), np.float32), np.zeros((4, 4, 3), np.uint8), 1
        )
        for c in controls
    ]
    library = ExpressionLibrary.new("Ann", entries)
    services.expressions.add("default", library)
    return library.id


SMILE = {"mouthSmileLeft": 0.8, "mouthSmileRight": 0.8}


async def match(services, id, body, **arguments):
    return await ask(services, "POST", f"/{id}/match", json=body, **arguments)


async def test_the_nearest_entry_is_found():
    services = fake_services()
    id = kept(services, {}, SMILE, {"jawOpen": 0.9})
    found = (await match(services, id, {"controls": {"jawOpen": 0.8}})).json()
    assert found["index"] == 2
    assert found["controls"]["jawOpen"] == pytest.approx(0.9)
    near = (await match(services, id, {"controls": {"jawOpen": 0.9}})).json()
    assert near["index"] == 2
    assert 0 <= near["distance"] < found["distance"]
    assert (await match(services, id, {"controls": SMILE})).json()["index"] == 1


async def test_it_keeps_to_the_last_one_if_it_can():
    services = fake_services()
    id = kept(services, {"jawOpen": 0.5}, {"jawOpen": 0.9})
    between, near = {"controls": {"jawOpen": 0.705}}, {"controls": {"jawOpen": 0.88}}
    for last, expected in ((None, 1), (1, 1), (0, 0)):
        found = await match(services, id, between | {"last": last})
        assert found.json()["index"] == expected
    assert (await match(services, id, near | {"last": 0})).json()["index"] == 1


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, {"/controls"}),
        ([], {""}),
        ({"controls": {"smile": 1, "a/b": 0}}, {"/controls/smile", "/controls/a~1b"}),
        (
            {"controls": {"jawOpen": 1.01, "jawLeft": -1}},
            {"/controls/jawOpen", "/controls/jawLeft"},
        ),
        ({"controls": {"jawOpen": "1"}}, {"/controls/jawOpen"}),
        ({"controls": {"jawOpen": True}}, {"/controls/jawOpen"}),
        ({"controls": [0.1] * 46}, {"/controls"}),
        ({"controls": {}, "last": 2}, {"/last"}),
        ({"controls": {}, "last": -1, "x": 1}, {"/last", "/x"}),
    ],
)
async def test_unusable_expressions(body, pointers):
    services = fake_services()
    id = kept(services, {}, SMILE)
    problem = checked(await match(services, id, body), "invalid_options")
    assert {error["pointer"] for error in problem["errors"]} == pointers


@pytest.mark.parametrize(
    ("code", "content", "headers"),
    [
        ("invalid_options", b"{", {}),
        ("invalid_options", b"", {}),
        ("invalid_options", b'{"controls": {"jawOpen": NaN}}', {}),
        ("unsupported_request_type", b"{}", {"Content-Type": "text/plain"}),
        ("unsupported_request_type", b"{}", {"Content-Encoding": "gzip"}),
        ("payload_too_large", b" " * 70_000, {}),
    ],
)
async def test_bodies_that_are_no_json(code, content, headers):
    services = fake_services()
    headers = {"Content-Type": "application/json; charset=utf-8", **headers}
    path = f"/{kept(services, {})}/match"
    checked(await ask(services, "POST", path, content=content, headers=headers), code)


async def test_what_is_deleted_is_gone():
    services = fake_services()
    id = kept(services, {})
    answer = await ask(services, "DELETE", f"/{id}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert "content-type" not in answer.headers
    assert (await ask(services, "GET")).json() == {"libraries": []}
    checked(await ask(services, "DELETE", f"/{id}"), "library_not_found")


@pytest.mark.parametrize("id", [NOBODY, "x", "..%2F..%2Fetc", "exp_" + "0" * 33])
@pytest.mark.parametrize(("method", "rest"), [("GET", ""), ("DELETE", ""), ("POST", "/match")])
async def test_unknown_libraries(method, rest, id):
    body = {"controls": {}} if method == "POST" else None
    answer = await ask(fake_services(), method, f"/{id}{rest}", json=body)
    assert answer.status_code == 404
    assert answer.json()["code"] in ("library_not_found", "not_found")


async def test_answers_can_only_be_json():
    services = fake_services()
    id = kept(services, {})
    for method, path in (("GET", ""), ("GET", f"/{id}"), ("POST", ""), ("POST", f"/{id}/match")):
        answer = await ask(services, method, path, headers={"Accept": "image/png"})
        checked(answer, "not_acceptable")


async def test_the_former_address_is_served_and_noted():
    async with client() as http:
        former = await http.get("/v1/expressions")
        missing = await http.get(f"/v1/expressions/{NOBODY}")
        current = await http.get("/v1/expression-libraries")
    assert former.status_code == 200
    assert former.json() == current.json()
    assert "/v1/expression-libraries" in former.headers["x-semblant-deprecated"]
    assert missing.json()["code"] == "library_not_found"
    assert "x-semblant-deprecated" not in current.headers
