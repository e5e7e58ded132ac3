"""A store elsewhere that stumbles is asked again; one that is away is named, and soon."""

import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from gateway.errors import NotFound, StorageUnavailable
from gateway.storage.objects import ObjectStore


class S3:
    """As much of S3 as whole files need; `faults` are the next answers in place of right ones.

    A fault is a status, or "hang" for none until the test has ended.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.faults: list[int | str] = []
        self.over = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                """Say nothing."""

            def handle_one(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                fault = outer.faults.pop(0) if outer.faults else None
                if fault == "hang":
                    outer.over.wait(30)
                    self.close_connection = True
                    return
                status, found = outer.answer(self.command, self.path, body)
                if isinstance(fault, int):
                    status, found = fault, b""
                self.send_response(status)
                self.send_header("Content-Length", str(len(found)))
                self.send_header("ETag", '"1"')
                self.send_header("Last-Modified", "Tue, 01 Dec 2026 00:00:00 GMT")
                if status == 206:
                    self.send_header("Content-Range", f"bytes 0-{len(found) - 1}/{len(found)}")
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(found)

            do_GET = do_PUT = do_HEAD = do_POST = handle_one  # noqa: N815 - http.server's names

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        """Return the status and the body of a right answer."""
        if method == "PUT":
            self.files[path] = body
            return 200, b""
        if method == "POST":  # several at once
            keys = re.findall(rb"(<Key>.*?</Key>)", body)
            for key in keys:
                self.files.pop(f"/bucket/{key[5:-6].decode()}", None)
            gone = b"".join(b"<Deleted>" + key + b"</Deleted>" for key in keys)
            return 200, b"<DeleteResult>" + gone + b"</DeleteResult>"
        if path not in self.files:
            return 404, b""
        return (206 if method == "GET" else 200), self.files[path]

    def close(self) -> None:
        """Let go of whoever hangs, and stop."""
        self.over.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def s3():
    made = S3()
    yield made
    made.close()


@pytest.fixture
def store(s3, tmp_path, monkeypatch):
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{s3.server.server_port}",
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "eu",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }.items():
        monkeypatch.setenv(name, value)
    return ObjectStore("s3://bucket", folder=tmp_path, timeout_s=0.5, retry_s=1.0)


@pytest.fixture
def path(tmp_path):
    made = tmp_path / "file"
    made.write_bytes(b"0123456789")
    return made


def test_what_is_put_is_read(store, path, s3):
    assert store.put("a/b", path) == 10
    assert b"".join(store.read("a/b")) == b"0123456789"
    store.delete("a/b")
    assert s3.files == {}
    with pytest.raises(NotFound):
        list(store.read("a/b"))


@pytest.mark.parametrize("fault", [503, 500, 429, "hang"])
def test_a_store_that_stumbles_is_asked_again(store, path, s3, fault):
    s3.faults = [fault]
    store.put("a", path)
    s3.faults = [fault]
    assert b"".join(store.read("a")) == b"0123456789"


@pytest.mark.parametrize("fault", [503, "hang"])
def test_a_store_that_is_away_is_named_and_the_file_is_kept(store, path, s3, fault):
    s3.faults = [fault] * 100
    with pytest.raises(StorageUnavailable):
        store.put("a", path)
    with pytest.raises(StorageUnavailable):
        list(store.read("a"))
    with pytest.raises(StorageUnavailable):
        store.delete("a")
    assert path.read_bytes() == b"0123456789"


def test_a_store_that_refuses_us_is_not_asked_again(store, path, s3):
    s3.faults = [403, 503]
    with pytest.raises(StorageUnavailable):
        store.put("a", path)
    assert s3.faults == [503]
