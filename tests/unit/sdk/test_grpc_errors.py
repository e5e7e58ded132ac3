"""Statuses as errors, and which calls are repeated."""

import socket

import grpc
import pytest
from google.protobuf.any_pb2 import Any as Packed
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from semblant import Client, JobRequest
from semblant.rpc.failures import failure, pointer
from semblant.v1.answers_pb2 import FacesReport, JobObject
from semblant.v1.expressions_pb2 import (
    GetLibraryResponse,
    ListLibrariesResponse,
    MatchExpressionResponse,
    TrackEnd,
    TrackResponse,
)
from semblant.v1.fusion_pb2 import AnalyzeResponse
from semblant.v1.identities_pb2 import GetIdentityResponse
from semblant.v1.jobs_pb2 import (
    CreateJobRequest,
    CreateJobResponse,
    DownloadJobRequest,
    DownloadJobResponse,
    GetJobResponse,
    WatchJobRequest,
    WatchJobResponse,
)

from gateway.errors import (
    ERROR_TABLE,
    DeadlineExceeded,
    InferenceUnavailable,
    InternalError,
    JobNotFinished,
    Overloaded,
    PayloadTooLarge,
    PermissionDenied,
    QuotaExceeded,
    RequestCanceled,
    SemblantError,
    Unauthenticated,
    error_class,
)
from gateway.rpc.status import status_of
from tests.unit.http.app import photograph, saved
from tests.unit.sdk.fake_grpc import fake_server
from tests.unit.sdk.served import KINDS, called, serving

kinds = pytest.mark.parametrize("kind", KINDS)
ID = "job_" + "1" * 32
JOB = JobObject(id=ID, status=3, stage=5, percent=100)
TARGET = saved(photograph())
LIBRARIES = {"ListLibraries": ListLibrariesResponse()}


@pytest.fixture(autouse=True)
def pauses(monkeypatch):
    """Wait for nothing between attempts; gives the seconds."""
    found = []

    async def in_loop(seconds):
        found.append(seconds)

    monkeypatch.setattr("semblant._async.grpc_calls.sleep", in_loop)
    monkeypatch.setattr("semblant._async.jobs.sleep", in_loop)
    monkeypatch.setattr("semblant._sync.grpc_calls.sleep", found.append)
    monkeypatch.setattr("semblant._sync.jobs.sleep", found.append)
    return found


async def failed(kind, server, method="faces", *arguments, **options):
    client = {"retries": 0, **options.pop("client", {})}
    with pytest.raises(SemblantError) as raised:
        await called(server.address, kind, method, *arguments, client=client, **options)
    return raised.value


@pytest.mark.parametrize("code", sorted(ERROR_TABLE))
@pytest.mark.parametrize("method", ["faces", "track"])
def test_every_code_comes_back_as_its_own_class(code, method):
    error = error_class(code)(
        "What happened.",
        errors=[{"pointer": "/masks/types/0", "detail": "too large"}],
        extra={"limit": 8, "which": "requests", "sizes": [1, 2]},
        retry_after_s=6.5,
    )
    with (
        fake_server(error) as server,
        Client(server.address, retries=0) as client,
        pytest.raises(SemblantError) as raised,
    ):
        getattr(client, method)(b"i")
    found = raised.value
    assert type(found) is type(error)
    hidden = error.spec.http == 500
    assert found.detail == (error.spec.title if hidden else "What happened.")
    assert found.errors == error.errors
    assert found.extra == {**error.extra, "request_id": "r1"}
    assert found.retry_after_s == (7 if error.spec.retryable else None)


@kinds
async def test_codes_of_loops_and_threads_are_alike(kind):
    for error in (RequestCanceled("Gone."), DeadlineExceeded("Late."), InternalError()):
        for method in ("faces", "track"):
            with fake_server(error) as server:
                found = await failed(kind, server, method, b"i")
            assert (type(found), found.detail) == (type(error), error.detail)


@kinds
@pytest.mark.parametrize(
    ("code", "kind_of_error"),
    [
        (grpc.StatusCode.UNAVAILABLE, InferenceUnavailable),
        (grpc.StatusCode.DEADLINE_EXCEEDED, DeadlineExceeded),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, Overloaded),
        (grpc.StatusCode.UNAUTHENTICATED, Unauthenticated),
        (grpc.StatusCode.PERMISSION_DENIED, PermissionDenied),
        (grpc.StatusCode.CANCELLED, RequestCanceled),
        (grpc.StatusCode.UNIMPLEMENTED, InternalError),
        (grpc.StatusCode.UNKNOWN, InternalError),
    ],
)
async def test_statuses_of_somebody_else(kind, code, kind_of_error):
    with fake_server(code) as server:
        found = await failed(kind, server, "faces", b"i")
    assert type(found) is kind_of_error
    assert "somebody else" not in str(found)


@kinds
async def test_nobody_listens(kind):
    with socket.socket() as bound:  # bound, but not listening: connections are refused
        bound.bind(("127.0.0.1", 0))
        address = f"grpc://127.0.0.1:{bound.getsockname()[1]}"
        for method, arguments in (("faces", (b"i",)), ("track", (b"v",)), ("job", (ID,))):
            with pytest.raises(InferenceUnavailable, match=address):
                await called(address, kind, method, *arguments, client={"retries": 0})


@kinds
async def test_the_timeout_is_the_deadline(kind):
    report = FacesReport(size={"width": 4, "height": 3})
    with fake_server(Analyze=AnalyzeResponse(report=report)) as server:
        await called(server.address, kind, "faces", b"i", client={"timeout_s": 7})
        assert 5 < server.left_s < 7.5
    async with serving() as served:
        served.services.backend.hold()
        address = served.addresses["grpc"]
        with pytest.raises(DeadlineExceeded):
            await called(address, kind, "faces", TARGET, client={"timeout_s": 0.2})


def test_paths_are_pointers():
    paths = {"masks.types[0]": "/masks/types/0", "": "", "start.format": "/start/format"}
    paths |= {"controls.a/b": "/controls/a~1b", "[0]": "/0", "a[1].b": "/a/1/b"}
    assert {path: pointer(path) for path in paths} == paths


class Foreign:
    """An error of a call, with any details."""

    def __init__(self, packed):
        self.packed = packed

    def code(self):
        return grpc.StatusCode.RESOURCE_EXHAUSTED

    def details(self):
        return "Received message larger than max (9 vs. 4)"

    def trailing_metadata(self):
        return (("grpc-status-details-bin", self.packed),)


@pytest.mark.parametrize(
    "details",
    [
        b"\xff\xff",
        Status(code=8).SerializeToString(),
        Status(code=8, details=[Packed(type_url="x/y", value=b"z")]).SerializeToString(),
    ],
)
def test_details_of_somebody_else(details):
    assert type(failure(Foreign(details), "grpc://there:1")) is PayloadTooLarge


def test_a_reason_of_another_domain_is_not_ours():
    status = status_of(Overloaded(), "r1")
    info = ErrorInfo()
    status.details[0].Unpack(info)
    info.domain = "elsewhere"
    status.details[0].Pack(info)
    packed = status.SerializeToString()
    assert type(failure(Foreign(packed), "grpc://there:1")) is PayloadTooLarge


# Calls that are repeated


@kinds
@pytest.mark.parametrize("first", [Overloaded(), grpc.StatusCode.UNAVAILABLE])
async def test_a_server_that_is_busy_or_away_is_asked_again(kind, first, pauses):
    with fake_server(first, first, **LIBRARIES) as server:
        assert await called(server.address, kind, "expressions") == []
    assert server.calls == ["ListLibraries"] * 3
    assert len(pauses) == 2
    least = 1.0 if isinstance(first, SemblantError) else 0.25
    assert all(least <= pause <= 1.25 for pause in pauses)


@kinds
async def test_not_for_ever(kind, pauses):
    with fake_server(*[Overloaded()] * 9) as server:
        error = await failed(kind, server, "expressions", client={"retries": 1})
    assert (type(error), len(server.calls)) == (Overloaded, 2)


@kinds
async def test_not_beyond_the_deadline(kind, pauses):
    with fake_server(QuotaExceeded(retry_after_s=40)) as server:
        found = await failed(kind, server, "expressions", client={"retries": 2, "timeout_s": 30})
    assert (found.retry_after_s, len(server.calls), pauses) == (40, 1, [])


@kinds
@pytest.mark.parametrize(
    ("method", "arguments", "options"),
    [
        ("enrol_identity", (b"p",), {"consent": True}),
        ("enrol_expressions", (b"f",), {}),
    ],
)
async def test_what_would_be_made_twice_is_asked_once(kind, method, arguments, options):
    for told in (Overloaded(), grpc.StatusCode.UNAVAILABLE):
        with fake_server(*[told] * 3) as server:
            await failed(kind, server, method, *arguments, client={"retries": 2}, **options)
        assert len(server.calls) == 1


@kinds
@pytest.mark.parametrize("method", ["delete_identity", "delete_expression", "delete_job"])
async def test_what_may_have_been_deleted_is_not_deleted_again(kind, method):
    with fake_server(grpc.StatusCode.UNAVAILABLE) as server:
        await failed(kind, server, method, ID, client={"retries": 2})
    assert len(server.calls) == 1
    with fake_server(*[Overloaded()] * 3) as server:  # nothing was done
        await failed(kind, server, method, ID, client={"retries": 2})
    assert len(server.calls) == 3


@kinds
@pytest.mark.parametrize("error", [PayloadTooLarge(), InternalError(), JobNotFinished()])
async def test_what_will_fail_again_is_not_asked_again(kind, error):
    with fake_server(*[error] * 3) as server:
        found = await failed(kind, server, "faces", b"i", client={"retries": 2})
    assert type(found) is type(error)
    assert len(server.calls) == 1


@kinds
async def test_a_job_is_sent_again_with_its_key_and_all_of_its_files(kind, tmp_path):
    target = tmp_path / "video"
    target.write_bytes(b"1234567" * 100_000)
    answer = CreateJobResponse(job=JOB)
    for key in (None, "mine"):
        with fake_server(grpc.StatusCode.UNAVAILABLE, CreateJob=answer) as server:
            asked = JobRequest(sources=b"face", target=target, key=key)
            assert (await called(server.address, kind, "submit_job", asked)).id == ID
        assert server.calls == ["CreateJob"] * 2
        sent = [CreateJobRequest.FromString(data) for data in server.requests]
        assert b"".join(one.piece for one in sent) == b"face" + target.read_bytes()
        assert max(len(one.piece) for one in sent) <= 256 * 1024
        assert sent[0].order.request_id == (key or sent[0].order.request_id) != ""


@kinds
async def test_a_download_goes_on_where_it_broke(kind, tmp_path, pauses):
    data, offsets = b"abcdef", []

    def answers(request):
        offsets.append(offset := DownloadJobRequest.FromString(request).offset)
        yield DownloadJobResponse(output={"size": len(data)})
        yield DownloadJobResponse(piece=data[offset : offset + 3])
        if offset + 3 < len(data) or len(offsets) == 2:
            yield grpc.StatusCode.UNAVAILABLE

    with fake_server(DownloadJob=answers) as server:
        path = await called(server.address, kind, "save_job_output", ID, tmp_path / "out")
    assert path.read_bytes() == data
    assert offsets == [0, 3]  # and nothing is asked for when all has come


@kinds
async def test_an_output_that_is_cut_off_is_none(kind, tmp_path):
    short = [DownloadJobResponse(output={"size": 6}), DownloadJobResponse(piece=b"abc")]
    with fake_server(DownloadJob=short) as server, pytest.raises(InternalError):
        await called(server.address, kind, "save_job_output", ID, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


@kinds
async def test_a_broken_line_is_mended_while_a_job_is_watched(kind, pauses):
    queued = JobObject(id=ID, status=1, stage=1)

    def answers(request):
        if WatchJobRequest.FromString(request).after_version == 4:
            return [WatchJobResponse(job=JOB, version=5)]
        change = WatchJobResponse(job=queued, version=4)
        return [change, grpc.StatusCode.UNAVAILABLE] if server.calls[1:] else []

    with fake_server(grpc.StatusCode.UNAVAILABLE, WatchJob=answers) as server:
        seen = await called(server.address, kind, "watch_job", ID)
    assert [one.status for one in seen] == ["queued", "succeeded"]
    assert server.calls == ["WatchJob"] * 3


@kinds
async def test_answers_are_read(kind):
    end = TrackResponse(end=TrackEnd(warnings=["damaged"]))
    with fake_server(Track=[end], GetJob=GetJobResponse(job=JOB)) as server:
        track = await called(server.address, kind, "track", b"v")
        assert (track.warnings, track.request_id, len(track)) == (("damaged",), "r1", 0)
        assert (await called(server.address, kind, "job", ID)).percent == 100


@kinds
async def test_answers_of_somebody_else(kind):
    empty = {
        "Analyze": AnalyzeResponse(),
        "GetJob": GetJobResponse(),
        "GetLibrary": GetLibraryResponse(),
        "GetIdentity": GetIdentityResponse(),
        "MatchExpression": MatchExpressionResponse(),
    }
    with fake_server(**empty) as server:
        for method, arguments in (
            ("faces", (b"i",)),
            ("job", (ID,)),
            ("expression", (ID,)),
            ("identity", (ID,)),
            ("match_expression", (ID, {})),
        ):
            assert type(await failed(kind, server, method, *arguments)) is InternalError
