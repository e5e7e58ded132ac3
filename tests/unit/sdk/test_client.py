import asyncio
import inspect
import socket

import httpx
import pytest
from semblant import AsyncClient, Client

from gateway.errors import (
    ERROR_TABLE,
    DeadlineExceeded,
    InferenceUnavailable,
    InternalError,
    SemblantError,
    error_class,
)
from tests.unit.sdk.answers import PICTURE, REPORT, Server, problem, swapped


@pytest.fixture(params=["sync", "async"])
def call(request):
    """Return a function that asks a server by either client; they must not differ."""

    def in_thread(server, method, *arguments, timeout_s=60.0, **options):
        with server.client(timeout_s=timeout_s) as client:
            return getattr(client, method)(*arguments, **options)

    def in_loop(server, method, *arguments, timeout_s=60.0, **options):
        async def work():
            async with server.async_client(timeout_s=timeout_s) as client:
                return await getattr(client, method)(*arguments, **options)

        return asyncio.run(work())

    return in_thread if request.param == "sync" else in_loop


# What is sent


def test_a_swap_is_a_form_of_files(call):
    server = Server(swapped())
    call(server, "swap", b"a face", b"a target")
    assert (server.request.method, server.request.url.path) == ("POST", "/v1/swaps")
    assert server.form == [("source", b"a face"), ("target", b"a target")]
    assert server.request.headers["accept"] == "image/*"


def test_files_may_be_bytes_paths_and_names(call, tmp_path):
    (tmp_path / "one").write_bytes(b"1")
    (tmp_path / "two").write_bytes(b"2")
    server = Server(swapped())
    call(server, "swap", [tmp_path / "one", str(tmp_path / "two"), b"3"], b"t", reference=b"r")
    assert server.form == [
        ("source", b"1"),
        ("source", b"2"),
        ("source", b"3"),
        ("target", b"t"),
        ("reference", b"r"),
    ]


def test_file_names_stay_here(call, tmp_path):
    (tmp_path / "Jane Doe.png").write_bytes(b"1")
    server = Server(swapped())
    call(server, "swap", tmp_path / "Jane Doe.png", b"t")
    assert b"Doe" not in server.request.content


def test_options_are_json(call):
    server = Server(swapped())
    options = {"shape": 0.2, "face_selector": {"mode": "many"}}
    call(server, "swap", b"s", b"t", options=options)
    assert server.options == options


def test_the_format_and_the_time_are_asked_for(call):
    server = Server(swapped())
    call(server, "swap", b"s", b"t", media_type="image/webp", timeout_s=2.5)
    assert server.request.headers["accept"] == "image/webp"
    assert server.request.headers["x-request-timeout"] == "2.5"
    assert server.request.extensions["timeout"]["read"] > 2.5  # so that the server's answer counts


def test_an_analysis_is_a_form_of_one_file(call):
    server = Server(httpx.Response(200, json=REPORT))
    call(server, "faces", b"an image", options={"landmarks": False}, timeout_s=3)
    assert (server.request.method, server.request.url.path) == ("POST", "/v1/faces")
    assert dict(server.form)["image"] == b"an image"
    assert server.options == {"landmarks": False}
    assert server.request.headers["accept"] == "application/json"
    assert server.request.headers["x-request-timeout"] == "3"


def test_a_missing_file_is_told_before_anything_is_sent(call, tmp_path):
    server = Server(swapped())
    with pytest.raises(FileNotFoundError):
        call(server, "swap", tmp_path / "none", b"t")
    assert server.requests == []


# How answers are read


def test_the_answer_to_a_swap(call):
    result = call(Server(swapped()), "swap", b"s", b"t")
    assert (result.data, result.media_type) == (PICTURE, "image/png")
    assert (result.faces_found, result.faces_swapped) == (3, 2)
    assert result.warnings == ("blurred", "small")
    assert result.quality == {"seam_ratio": 1.08, "ring_delta_e": 1.2e-05}
    assert list(result.timings_ms.items()) == [("decode", 1.5), ("swap", 20.0), ("fuse", 1e-5)]
    assert result.request_id == "r1"


def test_no_warnings_and_no_timings(call):
    answer = swapped(x_semblant_warnings="none", server_timing=None)
    result = call(Server(answer), "swap", b"s", b"t")
    assert result.warnings == ()
    assert result.timings_ms == {}


def test_the_answer_to_an_analysis(call):
    result = call(Server(httpx.Response(200, json=REPORT)), "faces", b"i")
    assert (result.width, result.height) == (40, 30)
    assert result.faces == [{"score": 0.5}]
    assert (result.timings_ms, result.request_id) == ({"analyse": 7.0}, "r2")


# Errors


@pytest.mark.parametrize("code", sorted(ERROR_TABLE))
def test_every_code_comes_back_as_its_own_class(code):
    findings = [{"pointer": "/shape", "detail": "too large"}]
    with (
        pytest.raises(SemblantError) as raised,
        Server(problem(code, errors=findings)).client() as c,
    ):
        c.swap(b"s", b"t")
    error = raised.value
    assert type(error) is error_class(code)
    assert error.detail == "What happened."
    assert error.errors == tuple(findings)


def test_figures_of_an_error_and_when_to_come_again(call):
    answer = problem("overloaded", limit=8, request_id="r3")
    answer.headers["retry-after"] = "7"
    with pytest.raises(error_class("overloaded")) as raised:
        call(Server(answer), "faces", b"i")
    assert raised.value.extra == {"limit": 8, "request_id": "r3"}
    assert raised.value.retry_after_s == 7


def test_a_date_to_come_again_is_not_understood(call):
    answer = problem("overloaded")
    answer.headers["retry-after"] = "Wed, 21 Oct 2015 07:28:00 GMT"
    with pytest.raises(error_class("overloaded")) as raised:
        call(Server(answer), "faces", b"i")
    assert raised.value.retry_after_s is None


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(502, html="<h1>Bad Gateway</h1>"),
        httpx.Response(502),
        httpx.Response(502, content=b"\xff\xfe{"),
        httpx.Response(502, json=["code"]),
        httpx.Response(502, json={"code": ["internal"], "detail": {"a": 1}, "errors": "none"}),
        httpx.Response(502, json={"errors": [1, {"pointer": "/a", "detail": "b"}, None]}),
    ],
)
def test_what_is_no_problem_of_ours_is_an_internal_error(call, answer):
    with pytest.raises(InternalError) as raised:
        call(Server(answer), "swap", b"s", b"t")
    assert raised.value.detail == "The server answered 502."


def test_a_code_nobody_knows_keeps_its_words(call):
    with pytest.raises(InternalError) as raised:
        call(Server(problem("bought_out", status=410)), "swap", b"s", b"t")
    assert raised.value.detail == "What happened."
    assert raised.value.extra == {}


def test_a_redirection_is_not_followed(call):
    server = Server(httpx.Response(307, headers={"Location": "http://elsewhere/"}))
    with pytest.raises(InternalError, match="307"):
        call(server, "swap", b"s", b"t")
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, html="<h1>Welcome</h1>"),
        swapped(content_type="text/html"),
        swapped(x_semblant_faces_found=None),
        swapped(x_semblant_faces_found="many"),
    ],
)
def test_another_server_s_page_is_no_picture(call, answer):
    with pytest.raises(InternalError, match="not one of Semblant's"):
        call(Server(answer), "swap", b"s", b"t")


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, html="<h1>Welcome</h1>"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"faces": []}),
        httpx.Response(200, json=REPORT | {"size": None}),
    ],
)
def test_another_server_s_page_is_no_report(call, answer):
    with pytest.raises(InternalError, match="not one of Semblant's"):
        call(Server(answer), "faces", b"i")


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (httpx.ConnectError("refused"), InferenceUnavailable),
        (httpx.ConnectTimeout("slow"), InferenceUnavailable),
        (httpx.RemoteProtocolError("gone"), InferenceUnavailable),
        (httpx.ReadTimeout("slow"), DeadlineExceeded),
        (httpx.WriteTimeout("slow"), DeadlineExceeded),
        (httpx.DecodingError("no gzip"), InternalError),
    ],
)
def test_requests_without_an_answer(call, failure, kind):
    with pytest.raises(kind) as raised:
        call(Server(failure), "swap", b"s", b"t")
    assert type(raised.value) is kind
    assert raised.value.__cause__ is failure


def test_nobody_listens():
    with socket.socket() as bound:  # bound, but not listening: connections are refused
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        with Client(f"http://127.0.0.1:{port}") as client, pytest.raises(InferenceUnavailable):
            client.faces(b"i")


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize(
    "server", ["127.0.0.1:8000", "localhost:8000", "ftp://host", "http://", ""]
)
def test_what_is_no_address_is_told_at_once(kind, server):
    with pytest.raises(ValueError, match="no address"):
        kind(server)


def test_both_clients_offer_the_same():
    def offers(kind):
        methods = {n: m for n, m in inspect.getmembers(kind, inspect.isfunction) if n[0] != "_"}
        return {n: str(inspect.signature(m)).replace("Async", "") for n, m in methods.items()}

    assert offers(Client) == offers(AsyncClient)
    assert offers(Client).keys() == {
        "submit_job",
        "job",
        "jobs",
        "watch_job",
        "wait_for_job",
        "cancel_job",
        "verify",
        "withdraw_consent",
        "resume_job",
        "delete_job",
        "save_job_output",
        "swap",
        "faces",
        "track",
        "enrol_expressions",
        "expressions",
        "expression",
        "delete_expression",
        "match_expression",
        "enrol_identity",
        "identities",
        "identity",
        "delete_identity",
        "models",
        "stream",
        "close",
    }
