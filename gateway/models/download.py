"""Fetching a model's file: from a folder, or over HTTP, going on where it was interrupted.

The bytes received so far lie in `<cache>/downloads/<name>.part`, with a note beside it of the file
it is a part of. It is continued with only if the server says that the file is still the same, or if
a digest will show in the end.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

import httpx
from filelock import FileLock, Timeout

from gateway.disk import room_on_disk
from gateway.errors import DownloadFailed, ModelChecksumMismatch
from gateway.models.packages import sha256_of, write_atomically
from gateway.models.zoo import ZooModel

DOWNLOADS_FOLDER = "downloads"
LARGEST_FILE = 2**31
"""Bytes: no ONNX file can be larger."""
_ATTEMPTS = 4
_FIRST_PAUSE_S = 0.5
_RETRIED = frozenset((408, 425, 429, 500, 502, 503, 504))

Tell = Callable[[int, int], None]
"""Called with the bytes that are there and those there will be, 0 if unknown."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where files are looked for.

    Attributes:
        urls: Templates with `{base}` and `{file}`, first choice first.
        folder: A folder that is looked at before; None if there is none.
        offline: Whether only the folder is looked at.
        timeout_s: Seconds of silence after which a server is given up.
    """

    urls: tuple[str, ...] = ()
    folder: Path | None = None
    offline: bool = False
    timeout_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that is there.

    Attributes:
        path: Where.
        sha256: Its digest, lower-case hex.
        size: Its bytes.
        source: Where it came from: an address without credentials, or `file`.
        temporary: Whether it is ours to delete.
    """

    path: Path
    sha256: str
    size: int
    source: str
    temporary: bool

    def discard(self) -> None:
        """Delete downloaded files; users' own files are kept."""
        if self.temporary:
            _note_of(self.path).unlink(missing_ok=True)
            self.path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class _Order:
    """A download and its client."""

    model: ZooModel
    sha256: str
    client: httpx.Client
    tell: Tell
    pause: Callable[[float], None]


class _TryNext(Exception):
    """This place does not have the file."""


class _TryAgain(Exception):
    """This place may have it in a moment."""


def fetch(
    model: ZooModel,
    sources: Sources,
    cache_dir: Path,
    *,
    sha256: str = "",
    tell: Tell | None = None,
    client: httpx.Client | None = None,
    pause: Callable[[float], None] = time.sleep,
) -> Fetched:
    """Return a model's file, from the first place that has the right one.

    Args:
        model: The model that the file belongs to.
        sources: Where to look.
        cache_dir: Folder for downloads that can be rebuilt.
        sha256: The digest it has to have; empty if any will do.
        tell: Callback that receives the progress.
        client: Makes the requests; one of its own if None, with the environment's proxies.
        pause: Waits for seconds before it is tried again.

    Raises:
        DownloadFailed: no place has it, or it is being fetched by another process.
        ModelChecksumMismatch: places have it, but none with the right digest.
        StorageFull: there is no room; what came is kept.
        OSError: files cannot be read or written for another reason.
    """
    reasons: list[str] = []
    if sources.folder is not None:
        path = _in_folder(model, sources.folder)
        if path is not None:
            return _checked_file(path, sha256)
        reasons.append(f"{model.file} is not in the folder of models")
    if sources.offline or not model.pulled:
        raise DownloadFailed(f"{model.name}: {'; '.join(reasons) or 'there is no folder'}.")
    own = client or httpx.Client(timeout=sources.timeout_s, follow_redirects=True)
    order = _Order(model, sha256, own, tell or _silent, pause)
    mismatch: ModelChecksumMismatch | None = None
    try:
        with _part(model, cache_dir) as part:
            for template in sources.urls:
                url = template.replace("{base}", model.base).replace("{file}", model.file)
                try:
                    return _from(order, url, part)
                except _TryNext as reason:
                    reasons.append(f"{public_url(url)}: {reason}")
                except ModelChecksumMismatch as error:
                    mismatch = error
            if mismatch is not None:
                part.remove()
    finally:
        if client is None:
            own.close()
    if mismatch is not None:
        raise mismatch
    raise DownloadFailed(f"{model.name} could not be downloaded. {'; '.join(reasons)}.")


def fetched_file(path: Path) -> Fetched:
    """Return a file given by a user.

    Raises:
        OSError: it cannot be read.
    """
    return Fetched(path, sha256_of(path), path.stat().st_size, "file", temporary=False)


def public_url(url: str) -> str:
    """Return an address without credentials, query and fragment."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "what is no address"
    return f"{parts.scheme}://{host}{port}{parts.path}"


class _Part:
    """The bytes of a file received so far, and their source."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self.path = path
        self.file = file
        self._note = _note_of(path)

    @property
    def size(self) -> int:
        return self.path.stat().st_size

    def etag_of(self, url: str) -> str:
        """Return the strong tag the part's file had at an address; empty if it had none."""
        try:
            note = json.loads(self._note.read_text(encoding="utf-8"))
            return str(note["etag"]) if note["url"] == public_url(url) else ""
        except (OSError, ValueError, KeyError, TypeError):
            return ""

    def begin(self, url: str, etag: str) -> None:
        """Forget what has come."""
        self.file.truncate(0)
        strong = etag if etag.startswith('"') else ""
        note = json.dumps({"url": public_url(url), "etag": strong})
        write_atomically(self._note, note.encode())

    def remove(self) -> None:
        self._note.unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)


@contextmanager
def _part(model: ZooModel, cache_dir: Path) -> Iterator[_Part]:
    """Open a model's part, for this process only.

    Raises:
        DownloadFailed: another process has it open.
    """
    folder = cache_dir / DOWNLOADS_FOLDER
    with room_on_disk():
        folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{model.name}.part"
    try:
        with FileLock(folder / f"{model.name}.lock", timeout=0), path.open("ab") as file:
            yield _Part(path, file)
    except Timeout:
        raise DownloadFailed(f"{model.name} is being pulled by another process.") from None


def _from(order: _Order, url: str, part: _Part) -> Fetched:
    """Fetch a file from one place."""
    pieced = _complete(order, url, part)
    digest, sha256 = sha256_of(part.path), order.sha256
    if sha256 and digest != sha256 and pieced:
        # The pieces may have been of different files.
        part.begin(url, "")
        _complete(order, url, part)
        digest = sha256_of(part.path)
    if sha256 and digest != sha256:
        part.begin(url, "")
        raise _mismatch(public_url(url), digest, sha256)
    return Fetched(part.path, digest, part.size, public_url(url), temporary=True)


def _complete(order: _Order, url: str, part: _Part) -> bool:
    """Receive a file, and return whether it came in several pieces, some maybe long ago."""
    pieced = False
    for pause_s in (*(_FIRST_PAUSE_S * 2**n for n in range(_ATTEMPTS - 1)), None):
        pieced = pieced or part.size > 0
        try:
            with room_on_disk():
                _receive(order, url, part)
        except _TryAgain as reason:
            if pause_s is None:
                raise _TryNext(str(reason)) from None
            order.pause(pause_s)
        else:
            break
    return pieced


def _receive(order: _Order, url: str, part: _Part) -> None:
    """Make one request and write what comes."""
    have, etag = part.size, part.etag_of(url)
    size_bytes = order.model.size_bytes
    headers = {"Accept-Encoding": "identity"}
    if have and (etag or order.sha256):
        headers["Range"] = f"bytes={have}-"
        if etag:
            headers["If-Range"] = etag
    try:
        with order.client.stream("GET", url, headers=headers) as answer:
            have, total = _where(answer, have, url, part)
            if size_bytes and total and total != size_bytes:
                raise _TryNext(f"the file has {total} bytes, not {size_bytes}")
            limit = size_bytes or total or LARGEST_FILE
            if limit > LARGEST_FILE:
                raise _TryNext("the file is larger than any network")
            if answer.status_code != 416:
                have = _write(answer, part, have, limit, order.tell)
    except httpx.InvalidURL:
        raise _TryNext("that is no address") from None
    except httpx.UnsupportedProtocol:
        raise _TryNext("only http and https can be used") from None
    except httpx.HTTPError as error:  # connections, timeouts, bodies cut short
        raise _TryAgain(type(error).__name__) from None
    wanted = total or size_bytes
    if wanted and have != wanted:
        raise _TryAgain(f"{have} of {wanted} bytes came")


def _where(answer: httpx.Response, have: int, url: str, part: _Part) -> tuple[int, int]:
    """Return where the body begins in the file, and the file's bytes, 0 if unknown."""
    status = answer.status_code
    if status == 206:
        span, _, total = answer.headers.get("Content-Range", "").partition("/")
        if span.startswith(f"bytes {have}-"):
            return have, int(total) if total.isdigit() else 0
        part.begin(url, "")
        raise _TryAgain("another part came than was asked for")
    if status == 416:
        total = answer.headers.get("Content-Range", "").rpartition("/")[2]
        if total == str(have):
            return have, have  # all of it had come already
        part.begin(url, "")
        raise _TryAgain("the file has become shorter")
    if status == 200:
        part.begin(url, answer.headers.get("ETag", ""))
        length = answer.headers.get("Content-Length", "")
        return 0, int(length) if length.isdigit() else 0
    reason = f"HTTP status {status}"
    raise _TryAgain(reason) if status in _RETRIED else _TryNext(reason)


def _write(answer: httpx.Response, part: _Part, have: int, limit: int, tell: Tell) -> int:
    total = 0 if limit == LARGEST_FILE else limit
    tell(have, total)
    try:
        for chunk in answer.iter_raw():
            have += len(chunk)
            if have > limit:
                raise _TryNext("more bytes came than the file has")
            part.file.write(chunk)
            tell(have, total)
    finally:
        part.file.flush()  # also what came before it was cut short
    return have


def _note_of(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


def _in_folder(model: ZooModel, folder: Path) -> Path | None:
    if not model.file:
        return None
    places = (folder / model.base / model.file, folder / model.file)
    return next((path for path in places if path.is_file()), None)


def _checked_file(path: Path, sha256: str) -> Fetched:
    found = fetched_file(path)
    if sha256 and found.sha256 != sha256:
        raise _mismatch(f"{path.name} in the folder of models", found.sha256, sha256)
    return found


def _mismatch(what: str, digest: str, sha256: str) -> ModelChecksumMismatch:
    return ModelChecksumMismatch(f"{what} has the SHA-256 {digest}, not {sha256}.")


def _silent(have: int, total: int) -> None:
    """Ignore the progress."""


def url_templates(mirrors: Sequence[str], hosts: Sequence[str]) -> tuple[str, ...]:
    """Return the templates of a user's mirrors and the zoo's hosts, the mirrors first.

    A mirror may be a template itself, or what comes before `/{base}/{file}`.
    """
    own = (m if "{file}" in m else f"{m.rstrip('/')}/{{base}}/{{file}}" for m in mirrors)
    return tuple(dict.fromkeys((*own, *hosts)))
