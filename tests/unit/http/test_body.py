"""Limits on uploads, and nothing left behind."""

import asyncio
import gc
import json
import os
import tempfile

import pytest
from starlette import formparsers

from gateway.http.app import create_app
from gateway.http.request import body
from gateway.serving.testing import fake_services
from tests.unit.http.app import asgi, client, files, photograph, saved, server
from tests.unit.http.problem import checked
from tests.waiting import LIMIT_S, until

KIND = {"Content-Type": "multipart/form-data; boundary=b"}
HEAD = b'--b\r\nContent-Disposition: form-data; name="source"; filename="s"\r\n\r\n'


@pytest.fixture(autouse=True)
def _short_linger(monkeypatch):
    monkeypatch.setattr(body, "LINGER_S", 0.05)


async def endless(chunk: bytes = b"x" * 10_000):
    yield HEAD
    while True:
        yield chunk
        await asyncio.sleep(0)


async def test_bytes_are_counted_as_they_come():
    async with client(max_upload_bytes=100_000) as http:
        answer = await http.post("/v1/swaps", content=endless(), headers=KIND)
    assert checked(answer, "payload_too_large")["max_bytes"] == 100_000
    assert answer.headers["connection"] == "close"


async def answered_unread(services, headers) -> tuple[int, dict]:
    """Return the status and the problem of an answer that is given before anything is read."""
    sent: list[dict] = []

    async def receive():
        assert sent, "read before the answer"
        return {"type": "http.request", "body": b"", "more_body": False}

    await asgi(create_app(services), receive, {**KIND, **headers}, sent=sent)
    return sent[0]["status"], json.loads(sent[1]["body"])


async def test_an_announced_size_is_believed_before_a_byte_is_read():
    services = fake_services(max_upload_bytes=100)
    status, problem = await answered_unread(services, {"Content-Length": "101"})
    assert (status, problem["code"]) == (413, "payload_too_large")


async def test_an_overloaded_server_reads_nothing():
    services = fake_services(max_concurrency=1, max_queue=0)
    services.admission.admitted = 1
    status, problem = await answered_unread(services, {"Content-Length": "100"})
    assert (status, problem["code"]) == (429, "overloaded")


async def raw(http, request: bytes) -> bytes:
    """Send bytes to a server and return all it answers until it closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", http.base_url.port)
    writer.write(request)
    await writer.drain()
    async with asyncio.timeout(LIMIT_S):
        answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def test_a_lying_length_cannot_get_more_in():
    form = HEAD + b"x" * 5000
    head = "POST /v1/swaps HTTP/1.1\r\nHost: t\r\nContent-Type: {}\r\n{}\r\n\r\n"
    kind = KIND["Content-Type"]
    async with server(fake_services(max_upload_bytes=1000)) as http:
        for length in ("Content-Length: 999999999999", "Transfer-Encoding: chunked"):
            payload = form if "Len" in length else b"%x\r\n%s\r\n" % (len(form), form)
            answer = await raw(http, head.format(kind, length).encode() + payload)
            assert answer.startswith(b"HTTP/1.1 413")
            assert b"connection: close" in answer.lower()


async def test_a_slow_upload_is_given_up():
    async with server(fake_services(upload_timeout_s=0.1)) as http:
        request = b"POST /v1/swaps HTTP/1.1\r\nHost: t\r\nContent-Length: 5000\r\n"
        request += b"Content-Type: multipart/form-data; boundary=b\r\n\r\n" + HEAD
        answer = await raw(http, request)
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"request_timeout" in answer


async def test_a_slow_upload_takes_nobodys_place():
    services = fake_services(max_concurrency=1, max_queue=1, upload_timeout_s=5)
    async with server(services) as http:
        _, writer = await asyncio.open_connection("127.0.0.1", http.base_url.port)
        writer.write(b"POST /v1/swaps HTTP/1.1\r\nHost: t\r\nContent-Length: 5000\r\n")
        writer.write(b"Content-Type: multipart/form-data; boundary=b\r\n\r\n" + HEAD)
        await until(lambda: services.admission.admitted)
        assert (await http.post("/v1/swaps", files=files())).status_code == 200
        writer.close()
        await writer.wait_closed()
        await until(lambda: not services.admission.admitted)


async def test_the_connection_stays_open_after_a_body_that_was_read():
    async with server(fake_services()) as http:
        answer = await http.post("/v1/swaps", files=files(target=b""))
    checked(answer, "empty_upload")
    assert "connection" not in answer.headers


def spool_files() -> set[str]:
    """Return the files under the temporary folder that this process has open."""
    found = set()
    for entry in os.scandir("/proc/self/fd"):
        try:
            target = os.readlink(entry.path)
        except OSError:
            continue
        if target.startswith(tempfile.gettempdir() + "/") and "pytest" not in target:
            found.add(target)
    return found


BIG = saved(photograph(1000, 1000))


@pytest.mark.parametrize(
    ("form", "settings", "status"),
    [
        (files(source=BIG), {}, 200),
        (files(source=BIG, target=b""), {}, 400),
        (files(source=BIG, other=b""), {}, 400),
        ([*files(source=BIG), ("source", ("s", BIG))], {"max_sources": 1}, 400),
        (files(source=BIG), {"max_upload_bytes": len(BIG) - 9}, 413),
        (files(source=BIG), {"request_deadline_s": 1e-6}, 504),
    ],
)
async def test_no_spool_file_outlives_its_request(form, settings, status, monkeypatch):
    spools = []

    class Watched(tempfile.SpooledTemporaryFile):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            spools.append(self)

    monkeypatch.setattr(formparsers, "SpooledTemporaryFile", Watched)
    before = spool_files()

    async def in_chunks(data: bytes):
        for start in range(0, len(data), 65536):
            yield data[start : start + 65536]

    async with client(**settings) as http:
        request = http.build_request("POST", "/v1/swaps", files=form)
        kind = {"Content-Type": request.headers["content-type"]}
        answer = await http.post("/v1/swaps", content=in_chunks(request.read()), headers=kind)
        assert answer.status_code == status
    assert spools
    assert all(spool.closed for spool in spools)
    assert any(spool._rolled for spool in spools)
    gc.collect()
    assert spool_files() <= before
