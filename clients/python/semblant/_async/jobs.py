"""The part of the client that is about jobs; see `client.py`."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from pathlib import Path

from gateway.errors import DeadlineExceeded, InferenceUnavailable
from semblant._async.clock import sleep
from semblant._async.connection import AsyncConnection
from semblant.jobs import SUBMIT_TIMEOUT_S, Broken, Job, JobRequest, Seen

_AGAIN_S = 1.0
_FIRST_LOOK_S = 0.05
_MOST_BREAKS = 60  # in a row, before whoever watches is told


class AsyncJobCalls(AsyncConnection):
    """The part of the client that is about jobs."""

    async def submit_job(self, asked: JobRequest, *, timeout_s: float = SUBMIT_TIMEOUT_S) -> Job:
        """Let a video be made in its turn; see `POST /v1/jobs`.

        Args:
            asked: What it is to be made of.
            timeout_s: Seconds that sending it may take.

        Raises:
            SemblantError: by its subclass; `InferenceUnavailable` if the server is not there.
        """
        return await self._calls.submit_job(asked, timeout_s)

    async def job(self, id: str) -> Job:
        """Return a job; raises `JobNotFound` if there is none of that id."""
        return await self._calls.job(id, self._timeout_s)

    async def jobs(self, statuses: Sequence[str] = ()) -> AsyncIterator[Job]:
        """Yield all jobs, the latest first, or those in one of the statuses."""
        token: str | None = None
        while True:
            jobs, token = await self._calls.job_page(statuses, token, self._timeout_s)
            for job in jobs:
                yield job
            if token is None:
                return

    async def watch_job(self, id: str) -> AsyncIterator[Job]:
        """Yield a job whenever it has changed, until it has ended; broken lines are mended.

        Raises:
            JobNotFound: there is none of that id.
            SemblantError: the server is away for a minute.
        """
        seen, breaks = Seen(), 0
        while True:
            try:
                async with aclosing(self._calls.job_changes(id, seen, self._timeout_s)) as changes:
                    async for job in changes:
                        breaks = 0
                        yield job
                        if job.final:
                            return
                if seen.over:
                    return
            except Broken as broken:
                breaks += 1
                if breaks > _MOST_BREAKS:
                    raise broken.reason from broken.__cause__
            await sleep(_AGAIN_S)

    async def wait_for_job(self, id: str, *, timeout_s: float | None = None) -> Job:
        """Return a job once it has ended.

        Raises:
            JobNotFound: there is none of that id.
            DeadlineExceeded: it has not within `timeout_s`.
        """
        if timeout_s is None:
            async for _ in self.watch_job(id):
                pass
            return await self.job(id)
        # A stream of events cannot be left at a certain time by the thread that reads it.
        until = time.monotonic() + timeout_s
        pause_s, breaks = _FIRST_LOOK_S, 0
        while True:
            left_s = until - time.monotonic()
            call_s = min(self._timeout_s, max(left_s, _AGAIN_S))
            try:
                job = await self._calls.job(id, call_s)
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
            await sleep(min(pause_s, left_s))
            pause_s = min(2 * pause_s, _AGAIN_S)

    async def cancel_job(self, id: str) -> Job:
        """Call a job off; raises `JobNotFound` if there is none of that id."""
        return await self._calls.change_job(id, "cancel", self._timeout_s)

    async def resume_job(self, id: str) -> Job:
        """Let a failed job go on; raises `JobNotFound`, `JobNotResumable`."""
        return await self._calls.change_job(id, "resume", self._timeout_s)

    async def delete_job(self, id: str) -> None:
        """Remove a job and all that is kept of it; raises `JobNotFound`."""
        await self._calls.delete_job(id, self._timeout_s)

    async def save_job_output(self, id: str, path: str | Path) -> Path:
        """Write what a job made to a file; atomically, so that nobody sees half of it.

        Raises:
            JobNotFound, JobNotFinished: by name.
        """
        path = Path(path)
        part = _part(path)
        try:
            await self._calls.save_job_output(id, part, self._timeout_s)
            return part.replace(path)
        finally:
            part.unlink(missing_ok=True)


def _part(path: Path) -> Path:
    """Return where a file is written until it is complete, in a folder that is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.with_name(f".{secrets.token_hex(8)}.part")
