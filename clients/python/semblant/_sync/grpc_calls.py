"""Calls by gRPC: what the client does at `grpc://` and `grpcs://` addresses."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar, cast

from google.protobuf.message import Message

from gateway.errors import (
    InferenceUnavailable,
    InternalError,
    JobsUnavailable,
    SemblantError,
    ShuttingDown,
)
from semblant._sync.clock import sleep
from semblant._sync.streams import FrameStream
from semblant._sync.wire import Attempt, Wire
from semblant.access import Access
from semblant.calls import FOREIGN, FacesResult, File, Options, SwapResult
from semblant.expressions import ExpressionMatch, Library, TrackResult
from semblant.jobs import SUBMIT_TIMEOUT_S, Broken, Job, JobRequest, Seen
from semblant.people import Identity
from semblant.rpc import requests, results
from semblant.rpc.frames import StreamOrder
from semblant.rpc.methods import Answer
from semblant.rpc.retries import Repeat, Retries
from semblant.v1.expressions_pb2 import (
    DeleteLibraryRequest,
    GetLibraryRequest,
    ListLibrariesRequest,
)
from semblant.v1.identities_pb2 import (
    DeleteIdentityRequest,
    GetIdentityRequest,
    ListIdentitiesRequest,
    WithdrawConsentRequest,
)
from semblant.v1.jobs_pb2 import (
    CancelJobRequest,
    DeleteJobRequest,
    DownloadJobRequest,
    DownloadJobResponse,
    GetJobRequest,
    ResumeJobRequest,
    WatchJobRequest,
    WatchJobResponse,
)
from semblant.v1.models_pb2 import ListModelsRequest
from semblant.verification import Verification

T = TypeVar("T")


class GrpcCalls:
    """Calls of a server by gRPC; see the client's methods of these names."""

    def __init__(self, access: Access, *, retries: int) -> None:
        """Open nothing yet."""
        self._wire = Wire(access)
        self._retries = retries

    def close(self) -> None:
        """Close the connection."""
        self._wire.close()

    def _ask(
        self, method: str, request: Message, timeout_s: float, repeat: Repeat = Repeat.SAFE
    ) -> Answer:
        def once(left_s: float) -> Answer:
            return self._wire.unary(method, request, left_s)

        return self._repeated(once, timeout_s, repeat)

    def _repeated(self, attempt: Attempt[T], timeout_s: float, repeat: Repeat) -> T:
        """Return what an attempt gives; each is told the seconds that are left."""
        retries = Retries(repeat, self._retries, timeout_s)
        while True:
            try:
                return attempt(retries.left_s)
            except SemblantError as error:
                pause_s = retries.pause_s(error)
            sleep(pause_s)

    def swap(
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
        request = requests.swap_message(
            sources,
            target,
            options,
            media_type=media_type,
            reference=reference,
            source_id=source_id,
        )
        return results.swap_result(self._ask("Swap", request, timeout_s))

    def faces(self, image: File, options: Options | None, *, timeout_s: float) -> FacesResult:
        """Find the faces of a picture."""
        request = requests.analyze_message(image, options)
        return results.faces_result(self._ask("Analyze", request, timeout_s))

    def verify(self, file: File, *, timeout_s: float) -> Verification:
        """Read the marks of a picture or video."""
        answer = self._ask("Verify", requests.verify_message(file), timeout_s)
        return results.verify_result(answer)

    def track(self, video: File, options: Options | None, *, timeout_s: float) -> TrackResult:
        """Track a face through a video."""
        request = requests.track_message(video, options)

        def once(left_s: float) -> tuple[list[Message], str]:
            return self._wire.collected("Track", request, left_s)

        messages, request_id = self._repeated(once, timeout_s, Repeat.SAFE)
        return results.track_result(messages, request_id)

    def enrol_expressions(
        self,
        frames: File | Sequence[File],
        video: File | None,
        *,
        name: str,
        count: int | None,
        timeout_s: float,
    ) -> Library:
        """Make a library."""
        request = requests.library_message(frames, video, name, count)
        answer = self._ask("CreateLibrary", request, timeout_s, Repeat.NEVER)
        return results.library_result(answer)

    def expressions(self, timeout_s: float) -> list[Library]:
        """List the libraries."""
        answer = self._ask("ListLibraries", ListLibrariesRequest(), timeout_s)
        return results.libraries_result(answer)

    def expression(self, id: str, timeout_s: float) -> Library:
        """Show a library."""
        answer = self._ask("GetLibrary", GetLibraryRequest(id=id), timeout_s)
        return results.library_result(answer)

    def delete_expression(self, id: str, timeout_s: float) -> None:
        """Delete a library."""
        request = DeleteLibraryRequest(id=id)
        self._ask("DeleteLibrary", request, timeout_s, Repeat.REFUSED)

    def match_expression(
        self, id: str, controls: Mapping[str, float], last: int | None, timeout_s: float
    ) -> ExpressionMatch:
        """Find the nearest entry of a library."""
        request = requests.match_message(id, controls, last)
        return results.match_result(self._ask("MatchExpression", request, timeout_s))

    def enrol_identity(
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
        request = requests.identity_message(
            sources, consent=consent, name=name, statement=statement, further=further
        )
        answer = self._ask("CreateIdentity", request, timeout_s, Repeat.NEVER)
        return results.identity_result(answer)

    def identities(self, timeout_s: float) -> list[Identity]:
        """List the enrolled people."""
        answer = self._ask("ListIdentities", ListIdentitiesRequest(), timeout_s)
        return results.identities_result(answer)

    def identity(self, id: str, timeout_s: float) -> Identity:
        """Show an enrolled person."""
        answer = self._ask("GetIdentity", GetIdentityRequest(id=id), timeout_s)
        return results.identity_result(answer)

    def withdraw_consent(self, id: str, timeout_s: float) -> Identity:
        """Withdraw a person's consent."""
        answer = self._ask("WithdrawConsent", WithdrawConsentRequest(id=id), timeout_s)
        return results.identity_result(answer)

    def delete_identity(self, id: str, timeout_s: float) -> None:
        """Forget an enrolled person."""
        request = DeleteIdentityRequest(id=id)
        self._ask("DeleteIdentity", request, timeout_s, Repeat.REFUSED)

    def submit_job(self, asked: JobRequest, timeout_s: float) -> Job:
        """Submit a job; its key makes sending it again harmless."""
        order = requests.order_message(asked)

        def once(left_s: float) -> Answer:
            with requests.job_messages(order, asked) as messages:
                return self._wire.upload("CreateJob", messages, left_s)

        answer = self._repeated(once, timeout_s, Repeat.SAFE)
        return results.job_result(answer.message)

    def job(self, id: str, timeout_s: float) -> Job:
        """Show a job."""
        answer = self._ask("GetJob", GetJobRequest(id=id), timeout_s)
        return results.job_result(answer.message)

    def job_page(
        self, statuses: Sequence[str], token: str | None, timeout_s: float
    ) -> tuple[list[Job], str | None]:
        """Return a page of jobs, and where the next one begins."""
        request = requests.list_message(statuses, token)
        return results.page_result(self._ask("ListJobs", request, timeout_s))

    def job_changes(self, id: str, seen: Seen, timeout_s: float) -> Generator[Job, None]:
        """Yield the changes of a job after the last one seen, as long as the line stands."""
        request = WatchJobRequest(id=id, after_version=int(seen.last or 0))
        try:
            with closing(self._wire.stream("WatchJob", request)) as changes:
                for message in changes:
                    change = cast(WatchJobResponse, message)
                    seen.last = str(change.version)
                    yield results.job_result(change)
        except (InferenceUnavailable, JobsUnavailable, ShuttingDown) as error:
            raise Broken(error) from error

    def change_job(self, id: str, verb: str, timeout_s: float) -> Job:
        """Cancel or resume a job, by `verb`."""
        if verb == "cancel":
            answer = self._ask("CancelJob", CancelJobRequest(id=id), timeout_s)
        else:
            request = ResumeJobRequest(id=id)
            answer = self._ask("ResumeJob", request, timeout_s, Repeat.REFUSED)
        return results.job_result(answer.message)

    def delete_job(self, id: str, timeout_s: float) -> None:
        """Remove a job."""
        self._ask("DeleteJob", DeleteJobRequest(id=id), timeout_s, Repeat.REFUSED)

    def save_job_output(self, id: str, part: Path, timeout_s: float) -> None:
        """Write the output of a job to a file; a line that breaks is mended from there on."""
        size = 0
        with part.open("wb") as file:

            def once(left_s: float) -> None:
                nonlocal size
                if file.tell() and file.tell() == size:
                    return
                request = DownloadJobRequest(id=id, offset=file.tell())
                stream = self._wire.stream("DownloadJob", request, left_s)
                with closing(stream) as pieces:
                    for message in pieces:
                        piece = cast(DownloadJobResponse, message)
                        if piece.HasField("output"):
                            size = piece.output.size
                        file.write(piece.piece)

            self._repeated(once, max(timeout_s, SUBMIT_TIMEOUT_S), Repeat.SAFE)
            if file.tell() != size:
                raise InternalError(FOREIGN)

    def models(self, timeout_s: float) -> list[dict[str, Any]]:
        """List the networks of the service."""
        return results.models_result(self._ask("ListModels", ListModelsRequest(), timeout_s))

    def stream(self, order: StreamOrder) -> FrameStream:
        """Return a stream of frames, not yet begun."""
        return FrameStream(self._wire, order)
