"""The part of the client that is about jobs; see `client.py`."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx

from gateway.errors import DeadlineExceeded, InferenceUnavailable
from semblant._sync.clock import sleep
from semblant._sync.http_calls import HttpCalls
from semblant.calls import raise_for_problem, request_failure
from semblant.jobs import (
    SUBMIT_TIMEOUT_S,
    Events,
    Job,
    JobRequest,
    events_request,
    job_request,
    job_result,
    list_request,
    page_result,
    submit_request,
)

_AGAIN_S = 1.0
_FIRST_LOOK_S = 0.05
_MOST_BREAKS = 60  # in a row, before whoever watches is told


class JobCalls(HttpCalls):
    """The part of the client that is about jobs."""

    def submit_job(self, asked: JobRequest, *, timeout_s: float = SUBMIT_TIMEOUT_S) -> Job:
        """Let a video be made in its turn; see `POST /v1/jobs`.

        Args:
            asked: What it is to be made of.
            timeout_s: Seconds that sending it may take.

        Raises:
            SemblantError: by its subclass; `InferenceUnavailable` if the server is not there.
        """
        with submit_request(asked, timeout_s=timeout_s) as arguments:
            return job_result(self._send(arguments))

    def job(self, id: str) -> Job:
        """Return a job; raises `JobNotFound` if there is none of that id."""
        return job_result(self._send(job_request("GET", id, timeout_s=self._timeout_s)))

    def jobs(self, statuses: Sequence[str] = ()) -> Iterator[Job]:
        """Yield all jobs, the latest first, or those in one of the statuses."""
        token: str | None = None
        while True:
            arguments = list_request(statuses, token, timeout_s=self._timeout_s)
            jobs, token = page_result(self._send(arguments))
            yield from jobs
            if token is None:
                return

    def watch_job(self, id: str) -> Iterator[Job]:
        """Yield a job whenever it has changed, until it has ended; broken lines are mended.

        Raises:
            JobNotFound: there is none of that id.
            SemblantError: the server is away for a minute.
        """
        events, breaks = Events(), 0
        while True:
            arguments = events_request(id, events.last, timeout_s=self._timeout_s)
            try:
                with self._http.stream(**arguments) as response:
                    if not response.is_success:
                        response.read()
                        raise_for_problem(response)
                    for line in response.iter_lines():
                        job = events.line(line)
                        if job is not None:
                            breaks = 0
                            yield job
                            if job.final:
                                return
                    if response.status_code == httpx.codes.NO_CONTENT:
                        return
            except httpx.RequestError as error:
                breaks += 1
                if breaks > _MOST_BREAKS:
                    raise request_failure(error) from error
            sleep(_AGAIN_S)

    def wait_for_job(self, id: str, *, timeout_s: float | None = None) -> Job:
        """Return a job once it has ended.

        Raises:
            JobNotFound: there is none of that id.
            DeadlineExceeded: it has not within `timeout_s`.
        """
        if timeout_s is None:
            for _ in self.watch_job(id):
                pass
            return self.job(id)
        # A stream of events cannot be left at a certain time by the thread that reads it.
        until = time.monotonic() + timeout_s
        pause_s, breaks = _FIRST_LOOK_S, 0
        while True:
            left_s = until - time.monotonic()
            call_s = min(self._timeout_s, max(left_s, _AGAIN_S))
            try:
                job = job_result(self._send(job_request("GET", id, timeout_s=call_s)))
                if job.final:
                    return job
                breaks = 0
            except InferenceUnavailable:
                breaks += 1
                if breaks > _MOST_BREAKS:
                    raise
            left_s = until - time.monotonic()
            if left_s <= 0:
                raise DeadlineExceeded("The job has not ended yet.")
            sleep(min(pause_s, left_s))
            pause_s = min(2 * pause_s, _AGAIN_S)

    def cancel_job(self, id: str) -> Job:
        """Call a job off; raises `JobNotFound` if there is none of that id."""
        arguments = job_request("POST", id, "cancel", timeout_s=self._timeout_s)
        return job_result(self._send(arguments))

    def resume_job(self, id: str) -> Job:
        """Let a failed job go on; raises `JobNotFound`, `JobNotResumable`."""
        arguments = job_request("POST", id, "resume", timeout_s=self._timeout_s)
        return job_result(self._send(arguments))

    def delete_job(self, id: str) -> None:
        """Remove a job and all that is kept of it; raises `JobNotFound`."""
        raise_for_problem(self._send(job_request("DELETE", id, timeout_s=self._timeout_s)))

    def save_job_output(self, id: str, path: str | Path) -> Path:
        """Write what a job made to a file; atomically, so that nobody sees half of it.

        Raises:
            JobNotFound, JobNotFinished: by name.
        """
        path = Path(path)
        part = _part(path)
        arguments = job_request("GET", id, "output", timeout_s=self._timeout_s)
        try:
            with self._http.stream(**(arguments | {"headers": {}})) as response:
                if not response.is_success:
                    response.read()
                    raise_for_problem(response)
                with part.open("wb") as file:
                    for chunk in response.iter_bytes():
                        file.write(chunk)
            return part.replace(path)
        except httpx.RequestError as error:
            raise request_failure(error) from error
        finally:
            part.unlink(missing_ok=True)


def _part(path: Path) -> Path:
    """Return where a file is written until it is complete, in a folder that is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.with_name(f".{secrets.token_hex(8)}.part")
