"""Jobs: what goes over the wire and comes back, for both clients."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import httpx

from gateway.errors import InternalError, SemblantError
from semblant.calls import (
    FOREIGN,
    JSON,
    File,
    Options,
    in_memory,
    json_object,
    kept_request,
    raise_for_problem,
    several,
)

JOBS = "/v1/jobs"
SUBMIT_TIMEOUT_S = 3600.0
"""Seconds that sending a video may take."""
FINAL = frozenset(("succeeded", "failed", "canceled", "aborted"))
"""The statuses of jobs that have ended."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job, as last reported by the server.

    Attributes:
        id: `job_` and 32 hexadecimal digits.
        status: `queued`, `processing`, `succeeded`, `failed`, `canceled` or `aborted`.
        stage: Its processing stage.
        percent: Progress, 0-100.
        created: When it was accepted, ISO 8601, UTC.
        error: Why it ended without an output: `code`, `detail` and others.
        report: Statistics of the output.
        document: All of it, as the API documents it.
    """

    id: str
    status: str
    stage: str
    percent: float
    created: str
    error: Mapping[str, Any] | None
    report: Mapping[str, Any] | None
    document: Mapping[str, Any]

    @property
    def final(self) -> bool:
        """Whether it has ended."""
        return self.status in FINAL


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequest:
    """The inputs of a job.

    Attributes:
        sources: One portrait or several.
        target: The video; its path, so that it need not fit in memory, or its bytes.
        target_upload: The id of a finished upload, in place of the video.
        reference: The person to select.
        source_id: An enrolled identity, instead of sources.
        options: As the API documents them.
        webhook: `url` and `events`: the endpoint to notify.
        priority: `high`, `normal` or `low`.
        retention: Retention time after its end, such as `6h`.
        cancel_after: Time limit, such as `5m`.
        key: Idempotency key, so that sending the job twice is harmless; generated unless given.
    """

    sources: File | Sequence[File] = ()
    target: File | None = None
    target_upload: str | None = None
    reference: File | Sequence[File] = ()
    source_id: str | None = None
    options: Options | None = None
    webhook: Mapping[str, Any] | None = None
    priority: str | None = None
    retention: str | None = None
    cancel_after: str | None = None
    key: str | None = None


@contextmanager
def submit_request(asked: JobRequest, *, timeout_s: float) -> Iterator[dict[str, Any]]:
    """Give httpx's arguments for a job; files are open for the time of the block only."""
    with ExitStack() as stack:

        def content(file: File) -> bytes | IO[bytes]:
            file = in_memory(file)
            return file if isinstance(file, bytes) else stack.enter_context(Path(file).open("rb"))

        named = [("source", file) for file in several(asked.sources)]
        named += [("reference", file) for file in several(asked.reference)]
        if asked.target is not None:
            named.append(("target", asked.target))
        files: list[tuple[str, Any]] = [
            (name, (name, content(file), "application/octet-stream")) for name, file in named
        ]
        told = {
            "options": json.dumps(dict(asked.options or {})),
            "webhook": json.dumps(dict(asked.webhook)) if asked.webhook else None,
            "source_id": asked.source_id,
            "target_upload": asked.target_upload,
            "priority": asked.priority,
            "retention": asked.retention,
        }
        files += [(name, (None, text)) for name, text in told.items() if text is not None]
        headers = {"Accept": JSON, "Idempotency-Key": asked.key or secrets.token_hex(16)}
        if asked.cancel_after is not None:
            headers["Cancel-After"] = asked.cancel_after
        yield {
            "method": "POST",
            "url": JOBS,
            "files": files,
            "headers": headers,
            "timeout": timeout_s,
        }


def job_request(
    method: str, id: str | None = None, what: str = "", *, timeout_s: float
) -> dict[str, Any]:
    """Return httpx's arguments for one job, or a part of it, or for all without an id."""
    arguments = kept_request(method, JOBS, id, timeout_s=timeout_s)
    return arguments | {"url": arguments["url"] + (f"/{what}" if what else "")}


def list_request(statuses: Sequence[str], token: str | None, *, timeout_s: float) -> dict[str, Any]:
    """Return httpx's arguments for a page of a list."""
    params: dict[str, Any] = {"limit": 100, "status": list(statuses)}
    if token is not None:
        params["page_token"] = token
    return job_request("GET", timeout_s=timeout_s) | {"params": params}


def events_request(id: str, last: str, *, timeout_s: float) -> dict[str, Any]:
    """Return httpx's arguments for a job's events after the last one that was seen."""
    arguments = job_request("GET", id, "events", timeout_s=timeout_s)
    headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last} if last else {})
    return arguments | {"headers": headers, "timeout": httpx.Timeout(timeout_s, read=60.0)}


def job_result(response: httpx.Response) -> Job:
    """Read the answer about one job.

    Raises:
        SemblantError: the error the server reported, as the matching class.
        InternalError: if it is not one, as from a foreign server.
    """
    raise_for_problem(response)
    return read_job(json_object(response))


def page_result(response: httpx.Response) -> tuple[list[Job], str | None]:
    """Read a page of a list and where the next one begins; raises as `job_result`."""
    raise_for_problem(response)
    body = json_object(response)
    try:
        return [read_job(job) for job in body["jobs"]], body["next"]
    except (KeyError, TypeError):
        raise InternalError(FOREIGN) from None


def read_job(body: Mapping[str, Any]) -> Job:
    """Return a job of its object; raises `InternalError` if it is none."""
    names = ("id", "status", "stage", "percent", "created", "error", "report")
    try:
        return Job(**{name: body[name] for name in names}, document=body)
    except (KeyError, TypeError):
        raise InternalError(FOREIGN) from None


@dataclass(slots=True)
class Seen:
    """How far a job has been watched, from one line to the next.

    Attributes:
        last: The last change that was seen; empty before the first.
        over: Whether no more will come.
    """

    last: str = ""
    over: bool = False


class Broken(Exception):
    """A line broke on which a job was watched; it can be mended."""

    def __init__(self, reason: SemblantError) -> None:
        super().__init__(str(reason))
        self.reason = reason
        """What to raise where it cannot."""


class Events:
    """Reads a stream of server-sent events, line by line."""

    def __init__(self, last: str = "") -> None:
        self.last = last
        """The id of the last event, from which a broken stream resumes."""
        self._id = self._data = ""

    def line(self, line: str) -> Job | None:
        """Take a line; return the job if an event is complete with it."""
        name, _, value = line.partition(":")
        if name == "id":
            self._id = value.strip()
        elif name == "data":
            self._data = value.strip()
        elif not line and self._data:
            data, self._data = self._data, ""
            if not self._id:
                return None
            self.last, self._id = self._id, ""
            return read_job(json.loads(data))
        return None
