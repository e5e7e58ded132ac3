"""Calls by HTTP: what the client does at `http://` and `https://` addresses."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
from httpx_retries import Retry, RetryTransport

from semblant.access import Access
from semblant.calls import (
    FacesResult,
    File,
    Options,
    SwapResult,
    faces_request,
    faces_result,
    kept_request,
    models_result,
    raise_for_problem,
    request_failure,
    swap_request,
    swap_result,
)
from semblant.expressions import (
    ExpressionMatch,
    Library,
    TrackResult,
    enrol_request,
    libraries_result,
    library_request,
    library_result,
    match_request,
    match_result,
    track_request,
    track_result,
)
from semblant.jobs import (
    Broken,
    Events,
    Job,
    JobRequest,
    Seen,
    events_request,
    job_request,
    job_result,
    list_request,
    page_result,
    submit_request,
)
from semblant.people import (
    Identity,
    identify_request,
    identities_result,
    identity_request,
    identity_result,
)
from semblant.tracing import trace_headers
from semblant.verification import Verification, verify_request, verify_result

_METHODS = ("GET", "HEAD", "POST", "DELETE")
_BUSY = (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE)
_ONCE = {"retry": Retry(total=0)}
"""For calls that would make something twice if they were repeated."""


async def _add_trace(request: httpx.Request) -> None:
    request.headers.update(trace_headers())


class AsyncHttpCalls:
    """Calls of a server by HTTP; see the client's methods of these names."""

    def __init__(
        self,
        access: Access,
        *,
        timeout_s: float,
        retries: int,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Open nothing yet."""
        retry = Retry(
            total=retries,
            allowed_methods=_METHODS,
            status_forcelist=_BUSY,
            backoff_factor=0.25,
            total_timeout=timeout_s,
        )
        self._http = httpx.AsyncClient(
            base_url=access.server,
            headers=access.headers(),
            transport=RetryTransport(transport or httpx.AsyncHTTPTransport(), retry),
            event_hooks={"request": [_add_trace]},
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _send(self, arguments: dict[str, Any]) -> httpx.Response:
        try:
            return await self._http.request(**arguments)
        except httpx.RequestError as error:
            raise request_failure(error) from error

    async def swap(
        self,
        sources: File | Sequence[File],
        target: File,
        options: Options | None,
        *,
        media_type: str | None,
        reference: File | Sequence[File] | None,
        source_id: str | None,
        timeout_s: float,
    ) -> SwapResult:
        """Put a face into a picture."""
        arguments = swap_request(
            sources,
            target,
            options,
            media_type=media_type,
            reference=reference,
            source_id=source_id,
            timeout_s=timeout_s,
        )
        return swap_result(await self._send(arguments))

    async def faces(self, image: File, options: Options | None, *, timeout_s: float) -> FacesResult:
        """Find the faces of a picture."""
        return faces_result(await self._send(faces_request(image, options, timeout_s=timeout_s)))

    async def verify(self, file: File, *, timeout_s: float) -> Verification:
        """Read the marks of a picture or video."""
        return verify_result(await self._send(verify_request(file, timeout_s=timeout_s)))

    async def track(self, video: File, options: Options | None, *, timeout_s: float) -> TrackResult:
        """Track a face through a video."""
        return track_result(await self._send(track_request(video, options, timeout_s=timeout_s)))

    async def enrol_expressions(
        self,
        frames: File | Sequence[File],
        video: File | None,
        *,
        name: str,
        count: int | None,
        timeout_s: float,
    ) -> Library:
        """Make a library."""
        arguments = enrol_request(frames, video, name=name, count=count, timeout_s=timeout_s)
        return library_result(await self._send(arguments | {"extensions": _ONCE}))

    async def expressions(self, timeout_s: float) -> list[Library]:
        """List the libraries."""
        return libraries_result(await self._send(library_request("GET", timeout_s=timeout_s)))

    async def expression(self, id: str, timeout_s: float) -> Library:
        """Show a library."""
        return library_result(await self._send(library_request("GET", id, timeout_s=timeout_s)))

    async def delete_expression(self, id: str, timeout_s: float) -> None:
        """Delete a library."""
        raise_for_problem(await self._send(library_request("DELETE", id, timeout_s=timeout_s)))

    async def match_expression(
        self, id: str, controls: Mapping[str, float], last: int | None, timeout_s: float
    ) -> ExpressionMatch:
        """Find the nearest entry of a library."""
        arguments = match_request(id, controls, last, timeout_s=timeout_s)
        return match_result(await self._send(arguments))

    async def enrol_identity(
        self,
        sources: File | Sequence[File],
        *,
        consent: bool,
        name: str,
        statement: str | None,
        further: Options | None = None,
        timeout_s: float,
    ) -> Identity:
        """Enrol a person."""
        arguments = identify_request(
            sources,
            consent=consent,
            name=name,
            statement=statement,
            further=further,
            timeout_s=timeout_s,
        )
        return identity_result(await self._send(arguments | {"extensions": _ONCE}))

    async def identities(self, timeout_s: float) -> list[Identity]:
        """List the enrolled people."""
        return identities_result(await self._send(identity_request("GET", timeout_s=timeout_s)))

    async def identity(self, id: str, timeout_s: float) -> Identity:
        """Show an enrolled person."""
        return identity_result(await self._send(identity_request("GET", id, timeout_s=timeout_s)))

    async def withdraw_consent(self, id: str, timeout_s: float) -> Identity:
        """Withdraw a person's consent."""
        arguments = identity_request("POST", id, timeout_s=timeout_s)
        arguments["url"] += "/withdrawal"
        return identity_result(await self._send(arguments))

    async def delete_identity(self, id: str, timeout_s: float) -> None:
        """Forget an enrolled person."""
        raise_for_problem(await self._send(identity_request("DELETE", id, timeout_s=timeout_s)))

    async def models(self, timeout_s: float) -> list[dict[str, Any]]:
        """List the networks of the service."""
        return models_result(
            await self._send(kept_request("GET", "/v1/models", None, timeout_s=timeout_s))
        )

    async def submit_job(self, asked: JobRequest, timeout_s: float) -> Job:
        """Submit a job."""
        with submit_request(asked, timeout_s=timeout_s) as arguments:
            return job_result(await self._send(arguments))

    async def job(self, id: str, timeout_s: float) -> Job:
        """Show a job."""
        return job_result(await self._send(job_request("GET", id, timeout_s=timeout_s)))

    async def job_page(
        self, statuses: Sequence[str], token: str | None, timeout_s: float
    ) -> tuple[list[Job], str | None]:
        """Return a page of jobs, and where the next one begins."""
        return page_result(await self._send(list_request(statuses, token, timeout_s=timeout_s)))

    async def job_changes(self, id: str, seen: Seen, timeout_s: float) -> AsyncGenerator[Job, None]:
        """Yield the changes of a job after the last one seen, as long as the line stands."""
        events = Events(seen.last)
        arguments = events_request(id, seen.last, timeout_s=timeout_s)
        try:
            async with self._http.stream(**arguments) as response:
                if not response.is_success:
                    await response.aread()
                    raise_for_problem(response)
                async for line in response.aiter_lines():
                    job = events.line(line)
                    seen.last = events.last
                    if job is not None:
                        yield job
                seen.over = response.status_code == httpx.codes.NO_CONTENT
        except httpx.RequestError as error:
            raise Broken(request_failure(error)) from error

    async def change_job(self, id: str, verb: str, timeout_s: float) -> Job:
        """Cancel or resume a job, by `verb`."""
        return job_result(await self._send(job_request("POST", id, verb, timeout_s=timeout_s)))

    async def delete_job(self, id: str, timeout_s: float) -> None:
        """Remove a job."""
        raise_for_problem(await self._send(job_request("DELETE", id, timeout_s=timeout_s)))

    async def save_job_output(self, id: str, part: Path, timeout_s: float) -> None:
        """Write the output of a job to a file."""
        arguments = job_request("GET", id, "output", timeout_s=timeout_s)
        try:
            async with self._http.stream(**(arguments | {"headers": {}})) as response:
                if not response.is_success:
                    await response.aread()
                    raise_for_problem(response)
                with part.open("wb") as file:
                    async for chunk in response.aiter_bytes():
                        file.write(chunk)
        except httpx.RequestError as error:
            raise request_failure(error) from error
