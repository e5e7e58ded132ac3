"""Downloads: going on, other places, and whatever servers do."""

import errno
import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import DownloadFailed, ModelChecksumMismatch, StorageFull
from gateway.models import download
from gateway.models.download import Sources, fetch, public_url, url_templates
from tests.unit.models.networks import ZOO, make_zoo

DATA = bytes(range(256)) * 400
SHA256 = hashlib.sha256(DATA).hexdigest()
ONE, TWO = "https://one.test/{base}/{file}", "https://two.test/{base}/{file}"
TAG = '"v1"'


def answer(status, data=b"", after=None, **headers):
    """Answer with a body, which is lost `after` so many bytes."""

    def body() -> Iterator[bytes]:
        yield data[:after]
        if after is not None:
            raise httpx.ReadError("lost")

    told = {"Content-Length": str(len(data)), **headers}
    return httpx.Response(status, headers=told, content=body())


class Host:
    """A server: answers each of `script` once, then whole files and ranges as good servers do.

    Of those, the first ones are lost after as many bytes as `cuts` say.
    """

    def __init__(self, *script, data=DATA, etag=TAG, ranges=True, cuts=()):
        self.script, self.cuts = list(script), list(cuts)
        self.data, self.etag, self.ranges = data, etag, ranges
        self.requests = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self.script:
            told = self.script.pop(0)
            if isinstance(told, Exception):
                raise told
            return told
        asked = request.headers.get("Range", "")
        same = request.headers.get("If-Range", self.etag) == self.etag
        headers = {"ETag": self.etag} if self.etag else {}
        after = self.cuts.pop(0) if self.cuts else None
        if self.ranges and asked and same:
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            total = len(self.data)
            if start >= total:
                return answer(416, **{"Content-Range": f"bytes */{total}"})
            headers["Content-Range"] = f"bytes {start}-{total - 1}/{total}"
            return answer(206, self.data[start:], after, **headers)
        return answer(200, self.data, after, **headers)


def cut(data=DATA, after=1000, **headers):
    """Answer the beginning of a file, then lose the connection."""
    return answer(200, data, after, **{"ETag": TAG, **headers})


@pytest.fixture
def model(tmp_path):
    return make_zoo(tmp_path / "zoo").model("plain")


@pytest.fixture
def get(tmp_path, model):
    """Fetch the model's file from hosts by name; `pauses` are told in seconds."""

    def get(*, model=model, sha256="", folder=None, offline=False, tell=None, pauses=None, **hosts):
        def ask(request):
            return hosts[request.url.host.split(".")[0]](request)

        sources = Sources((ONE, TWO)[: len(hosts)], folder, offline)
        with httpx.Client(transport=httpx.MockTransport(ask), follow_redirects=True) as client:
            return fetch(
                model,
                sources,
                tmp_path / "cache",
                sha256=sha256,
                tell=tell,
                client=client,
                pause=(pauses if pauses is not None else []).append,
            )

    return get


def left(tmp_path):
    """Return what a download has left but its lock, which is kept for the next one."""
    folder = tmp_path / "cache" / "downloads"
    return {path.name for path in folder.glob("*") if path.suffix != ".lock"}


def asked_for(host):
    return [request.headers.get("Range") for request in host.requests]


def test_a_file_comes_whole(tmp_path, get):
    told = []
    found = get(one=Host(), tell=lambda have, total: told.append((have, total)))
    assert found.path.read_bytes() == DATA
    assert (found.sha256, found.size) == (SHA256, len(DATA))
    assert found.source == "https://one.test/b/plain.onnx"
    assert told[0] == (0, len(DATA))
    assert told[-1] == (len(DATA), len(DATA))
    found.discard()
    assert left(tmp_path) == set()


def test_nothing_is_encoded_on_the_way(get):
    host = Host()
    get(one=host)
    assert host.requests[0].headers["Accept-Encoding"] == "identity"


def test_what_is_lost_is_gone_on_with(get):
    host, pauses = Host(cut()), []
    assert get(one=host, pauses=pauses).sha256 == SHA256
    assert asked_for(host) == [None, "bytes=1000-"]
    assert host.requests[1].headers["If-Range"] == TAG
    assert pauses == [0.5]


@given(cuts=st.lists(st.integers(0, len(DATA) // 3), max_size=3))
def test_wherever_it_is_cut_the_file_is_the_same(tmp_path_factory, cuts):
    folder = tmp_path_factory.mktemp("cuts")
    model = make_zoo(folder / "zoo").model("plain")
    with httpx.Client(transport=httpx.MockTransport(Host(cuts=cuts))) as client:
        found = fetch(model, Sources((ONE,)), folder, client=client, pause=lambda s: None)
    assert found.path.read_bytes() == DATA


def test_an_interrupted_pull_goes_on_the_next_time(tmp_path, get):
    def stop(have, total):
        if have:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        get(one=Host(cut()), tell=stop)
    assert left(tmp_path) == {"plain.part", "plain.part.json"}
    host = Host()
    assert get(one=host).sha256 == SHA256
    assert asked_for(host) == ["bytes=1000-"]


def test_a_server_without_ranges_sends_it_again(get):
    host = Host(cut(), ranges=False)
    assert get(one=host).path.read_bytes() == DATA
    assert asked_for(host) == [None, "bytes=1000-"]


def test_a_file_that_changed_meanwhile_begins_again(get):
    new = bytes(reversed(DATA))
    host = Host(cut(), data=new, etag='"v2"')
    assert get(one=host).path.read_bytes() == new


@pytest.mark.parametrize("etag", ["", 'W/"v1"'])
def test_without_a_strong_tag_nothing_is_gone_on_with(get, etag):
    host = Host(cut(ETag=etag), etag=etag)
    assert get(one=host).path.read_bytes() == DATA
    assert asked_for(host) == [None, None]


def test_a_known_digest_is_as_good_as_a_tag(get):
    host = Host(cut(ETag=""), etag="")
    assert get(one=host, sha256=SHA256).path.read_bytes() == DATA
    assert asked_for(host) == [None, "bytes=1000-"]


def test_another_place_goes_on_where_the_first_one_ended(get):
    lost = [httpx.ConnectError("no") for _ in range(3)]
    one, two = Host(cut(), *lost), Host(etag='"other"')
    assert get(one=one, two=two, sha256=SHA256).source == "https://two.test/b/plain.onnx"
    assert asked_for(two) == ["bytes=1000-"]


def test_parts_of_different_files_are_noticed_and_it_begins_again(tmp_path, get):
    host = Host(cut(data=bytes(len(DATA)), ETag=""), etag="")
    assert get(one=host, sha256=SHA256).path.read_bytes() == DATA
    assert asked_for(host) == [None, "bytes=1000-", None]


def test_a_part_that_is_all_of_it(tmp_path, get):
    found = get(one=Host())
    host = Host()
    assert get(one=host).sha256 == found.sha256
    assert len(host.requests) == 1


def test_a_part_that_is_more_than_all_of_it_begins_again(get):
    get(one=Host())
    short = Host(data=DATA[:10])
    assert get(one=short).size == 10


def test_another_range_than_was_asked_for_begins_again(get):
    odd = answer(206, b"56789", **{"Content-Range": "bytes 5-9/10"})
    assert get(one=Host(cut(), odd)).path.read_bytes() == DATA


@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_a_busy_server_is_asked_again(get, status):
    pauses = []
    busy = [answer(status) for _ in range(3)]
    assert get(one=Host(*busy), pauses=pauses).sha256 == SHA256
    assert pauses == [0.5, 1.0, 2.0]


@pytest.mark.parametrize(
    "faults", [[answer(404)], [answer(403)], [httpx.ConnectTimeout("late")] * 4]
)
def test_the_next_place_is_asked(get, faults):
    assert get(one=Host(*faults), two=Host()).source.startswith("https://two.test")


def test_nobody_has_it(tmp_path, get):
    with pytest.raises(DownloadFailed) as error:
        get(one=Host(answer(404)), two=Host(*[httpx.ReadTimeout("late")] * 4))
    assert "one.test/b/plain.onnx: HTTP status 404" in error.value.detail
    assert "two.test/b/plain.onnx: ReadTimeout" in error.value.detail
    assert error.value.spec.retryable


def test_a_body_that_ends_early_without_an_error(get):
    host = Host(answer(200, DATA[:500], **{"ETag": TAG, "Content-Length": str(len(DATA))}))
    assert get(one=host).sha256 == SHA256
    assert asked_for(host) == [None, "bytes=500-"]


def test_another_size_than_the_zoo_states(tmp_path, get):
    text = ZOO.replace('"plain.onnx"', f'"plain.onnx"\nsize_bytes = {len(DATA)}')
    model = make_zoo(tmp_path / "sized", text).model("plain")
    assert get(model=model, one=Host(data=DATA[:9]), two=Host()).size == len(DATA)

    def endless():
        while True:
            yield DATA

    with pytest.raises(DownloadFailed, match="more bytes"):
        get(model=model, one=lambda request: httpx.Response(200, content=endless()))


def test_a_wrong_file_is_removed_and_others_are_asked(tmp_path, get):
    wrong = Host(data=b"wrong")
    assert get(one=wrong, two=Host(), sha256=SHA256).source.startswith("https://two.test")
    with pytest.raises(ModelChecksumMismatch, match=SHA256):
        get(one=Host(data=b"wrong"), sha256=SHA256)
    assert left(tmp_path) == set()


def test_a_full_disk_keeps_what_came(tmp_path, get, monkeypatch):
    class Full:
        def __init__(self, file):
            self._file = file

        def __getattr__(self, name):
            return getattr(self._file, name)

        def write(self, data):
            self._file.write(data[:700])
            raise OSError(errno.ENOSPC, "full")

    begin = download._Part.__init__

    def init(self, path, file):
        begin(self, path, Full(file))

    monkeypatch.setattr(download._Part, "__init__", init)
    with pytest.raises(StorageFull):
        get(one=Host())
    monkeypatch.undo()
    host = Host()
    assert get(one=host).sha256 == SHA256
    assert asked_for(host) == ["bytes=700-"]


def test_only_one_process_pulls_a_model(tmp_path, get, model):
    with download._part(model, tmp_path / "cache"), pytest.raises(DownloadFailed, match="another"):
        get(one=Host())


def test_a_redirect_is_followed_and_not_told(get):
    away = answer(302, Location="https://two.test/x?signature=secret")
    found = get(one=Host(away), two=Host())
    assert found.source == "https://one.test/b/plain.onnx"


def test_addresses_are_told_without_secrets(get, tmp_path):
    assert public_url("https://me:secret@a.test:8/b/c?token=secret#x") == "https://a.test:8/b/c"
    text = json.dumps([str(p.read_text()) for p in tmp_path.rglob("*.json")])
    assert "secret" not in text


@pytest.mark.parametrize("url", ["ftp://a.test/{file}", "file:///etc/{file}", "https://[/{file}"])
def test_addresses_that_are_none(tmp_path, model, url):
    with pytest.raises(DownloadFailed):
        fetch(model, Sources((url,)), tmp_path / "cache")


def test_a_folder_is_looked_at_first(tmp_path, get):
    folder = tmp_path / "files"
    (folder / "b").mkdir(parents=True)
    assert get(one=Host(), folder=folder).source.startswith("https")
    (folder / "b" / "plain.onnx").write_bytes(DATA)
    found = get(one=Host(answer(500)), folder=folder)
    assert (found.source, found.sha256, found.temporary) == ("file", SHA256, False)
    found.discard()
    assert found.path.is_file()
    with pytest.raises(ModelChecksumMismatch):
        get(one=Host(), folder=folder, sha256="0" * 64)
    assert found.path.is_file()


def test_offline_nobody_is_asked(tmp_path, get):
    host = Host()
    with pytest.raises(DownloadFailed, match="not in the folder"):
        get(one=host, folder=tmp_path, offline=True)
    with pytest.raises(DownloadFailed, match="no folder"):
        get(one=host, offline=True)
    assert host.requests == []


def test_mirrors_come_before_hosts_and_need_no_template():
    assert url_templates(["https://m.test/", TWO], [ONE, TWO]) == (
        "https://m.test/{base}/{file}",
        TWO,
        ONE,
    )


def test_over_a_real_connection(tmp_path, model):
    """The first answer is cut after 1000 bytes; what follows is asked for by range."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.headers.get("Range"))
            start = int((asked[-1] or "bytes=0-").removeprefix("bytes=").rstrip("-"))
            self.send_response(206 if asked[-1] else 200)
            self.send_header("ETag", TAG)
            self.send_header("Content-Length", str(len(DATA) - start))
            if asked[-1]:
                self.send_header("Content-Range", f"bytes {start}-{len(DATA) - 1}/{len(DATA)}")
            self.end_headers()
            self.wfile.write(DATA[start:] if asked[-1] else DATA[:1000])

        def log_message(self, *_):
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            url = f"http://127.0.0.1:{server.server_port}/{{base}}/{{file}}"
            sources = Sources((url,), timeout_s=10)
            found = fetch(model, sources, tmp_path, pause=lambda s: None)
        finally:
            server.shutdown()
            thread.join()
    assert found.sha256 == SHA256
    assert asked == [None, "bytes=1000-"]
