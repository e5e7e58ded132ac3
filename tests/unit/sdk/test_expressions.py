"""Videos and libraries by the SDK: what is sent, and how answers are read."""

import asyncio
import json

import httpx
import pytest

from gateway.errors import InternalError, LibraryNotFound
from tests.unit.sdk.answers import Server, problem

LINES = b'{"frame":0,"time_s":0.0,"face":null}\n{"frame":1,"time_s":0.04,"controls":{}}\n'
TRACKED = httpx.Response(
    200,
    content=LINES,
    headers={
        "Content-Type": "application/x-ndjson",
        "Server-Timing": "decode;dur=1.5, track;dur=2",
        "X-Semblant-Warnings": "damaged",
        "X-Request-Id": "r1",
    },
)
ID = "exp_" + "1" * 32
NAMED = {"id": ID, "name": "Ann", "created": "2026-08-02T09:30:00+00:00"}
ENTRIES = [{"index": 0, "controls": {"jawOpen": 0.5}, "reliability": 0.9}]
SKIPPED = [{"origin": "frame", "index": 1, "reason": "no_face"}]
MADE = NAMED | {"entries": ENTRIES, "skipped": SKIPPED, "warnings": ["damaged"]}


@pytest.fixture(params=["sync", "async"])
def call(request):
    """Return a function that asks a server by either client; they must not differ."""

    def in_thread(server, method, *arguments, **options):
        with server.client() as client:
            return getattr(client, method)(*arguments, **options)

    def in_loop(server, method, *arguments, **options):
        async def work():
            async with server.async_client() as client:
                return await getattr(client, method)(*arguments, **options)

        return asyncio.run(work())

    return in_thread if request.param == "sync" else in_loop


def test_a_track(call, tmp_path):
    (tmp_path / "Jane Doe.mp4").write_bytes(b"a video")
    server = Server(TRACKED)
    result = call(server, "track", tmp_path / "Jane Doe.mp4", options={"every": 2}, timeout_s=90)
    assert (server.request.method, server.request.url.path) == ("POST", "/v1/tracks")
    assert dict(server.form)["video"] == b"a video"
    assert server.options == {"every": 2}
    assert b"Doe" not in server.request.content
    assert server.request.headers["accept"] == "application/x-ndjson"
    assert server.request.headers["x-request-timeout"] == "90"
    assert [frame["frame"] for frame in result] == [0, 1]
    assert len(result) == 2
    assert (result.warnings, result.request_id) == (("damaged",), "r1")
    assert result.timings_ms == {"decode": 1.5, "track": 2.0}
    assert result.save(tmp_path / "track.jsonl").read_bytes() == LINES


def test_a_video_may_take_its_time(call):
    server = Server(TRACKED)
    call(server, "track", b"a video")
    assert server.request.headers["x-request-timeout"] == "600"


def test_a_new_library(call):
    server = Server(httpx.Response(201, json=MADE))
    made = call(server, "enrol_expressions", [b"1", b"2"], video=b"3", name="Ann", count=8)
    assert (server.request.method, server.request.url.path) == ("POST", "/v1/expression-libraries")
    assert server.form[:3] == [("frame", b"1"), ("frame", b"2"), ("video", b"3")]
    assert server.options == {"name": "Ann", "count": 8}
    assert (made.id, made.name, made.created, made.size) == (*NAMED.values(), 1)
    assert (made.entries, made.skipped, made.warnings) == (ENTRIES, SKIPPED, ("damaged",))


def test_a_library_of_nothing_is_still_a_form(call):
    server = Server(problem("missing_field"))
    with pytest.raises(Exception, match="What happened"):
        call(server, "enrol_expressions")
    assert server.form == [("options", b'{"name": ""}')]


def test_libraries_are_listed(call):
    server = Server(httpx.Response(200, json={"libraries": [NAMED | {"size": 7}]}))
    (library,) = call(server, "expressions")
    assert (server.request.method, server.request.url.path) == ("GET", "/v1/expression-libraries")
    assert (library.id, library.size, library.entries) == (ID, 7, ())


def test_a_library_is_shown_and_deleted(call):
    server = Server(httpx.Response(200, json=NAMED | {"entries": ENTRIES}))
    assert call(server, "expression", ID).entries == ENTRIES
    server.answer = httpx.Response(204)
    assert call(server, "delete_expression", ID) is None
    shown, deleted = server.requests
    assert shown.url.path == deleted.url.path == f"/v1/expression-libraries/{ID}"
    assert (shown.method, deleted.method) == ("GET", "DELETE")


def test_a_match(call):
    answer = {"index": 3, "distance": 1.5, "controls": {"jawOpen": 0.4}}
    server = Server(httpx.Response(200, json=answer))
    match = call(server, "match_expression", ID, {"jawOpen": 0.5}, last=2)
    assert server.request.url.path == f"/v1/expression-libraries/{ID}/match"
    assert json.loads(server.request.content) == {"controls": {"jawOpen": 0.5}, "last": 2}
    assert (match.index, match.distance, match.controls) == (3, 1.5, {"jawOpen": 0.4})


@pytest.mark.parametrize("id", ["../models", "a/b", "a?b", "ä", ""])
def test_an_id_stays_one_part_of_the_address(call, id):
    server = Server(problem("library_not_found"))
    with pytest.raises(LibraryNotFound):
        call(server, "expression", id)
    path = server.request.url.raw_path.decode()
    assert path.startswith("/v1/expression-libraries/")
    assert path.count("/") == 3
    assert "?" not in path


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("track", [b"f"]),
        ("enrol_expressions", [b"f"]),
        ("expressions", []),
        ("expression", [ID]),
        ("match_expression", [ID, {}]),
    ],
)
@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, html="<h1>Welcome</h1>"),
        httpx.Response(200, json=[1]),
        httpx.Response(200, json={"a": 1}),
        httpx.Response(502),
    ],
)
def test_another_server_s_page_is_none_of_these(call, method, arguments, answer):
    with pytest.raises(InternalError):
        call(Server(answer), method, *arguments)
