"""Every operation answers over gRPC as it does over HTTP: one table."""

import dataclasses
import json
import re
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from semblant.v1 import answers_pb2 as answers
from semblant.v1 import expressions_pb2 as expressions
from semblant.v1 import fusion_pb2 as fusion
from semblant.v1 import identities_pb2 as identities
from semblant.v1 import jobs_pb2 as jobs
from semblant.v1 import models_pb2 as models
from semblant.v1 import options_pb2 as options
from semblant.v1 import trust_pb2 as trust

from gateway.http.app import create_app
from gateway.models.catalog import load_catalog
from gateway.paths import PROJECT_ROOT
from gateway.rpc.messages import filled
from gateway.rpc.server import ENDPOINTS
from gateway.serving.testing import fake_services
from tests.pixels import pixels_of
from tests.unit.http.app import files, photograph, saved
from tests.unit.http.jobs import TEXT, ended, form
from tests.unit.media.clips import clip, grey
from tests.unit.rpc.door import Door, door, failed

SOURCE, TARGET = saved(photograph(seed=1)), saved(photograph())
VIDEO = clip([grey(0), grey(120), grey(130)])
UNKNOWN = {kind: f"{kind}_{'0' * 32}" for kind in ("job", "idn", "exp")}
TIMES = ("timings_ms", "request_id", "provenance_id")
"""What differs between two calls."""


@dataclass
class Both:
    """One service behind both doors."""

    http: httpx.AsyncClient
    rpc: Door


@asynccontextmanager
async def both(folder):
    catalog = load_catalog(PROJECT_ROOT / "model_repository")
    services = fake_services(models=catalog.models, job_execution="embedded", data_dir=folder)
    async with door(services) as rpc:
        transport = httpx.ASGITransport(app=create_app(services))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
            yield Both(http, rpc)


def message(kind, answer: httpx.Response, **more):
    """Return an answer of HTTP as a message."""
    assert answer.status_code < 300, answer.text
    document = answer.json() | more
    return filled(kind, {key: value for key, value in document.items() if key not in TIMES})


def timeless(given):
    """Return a message without what differs between two calls."""
    out = type(given)()
    out.CopyFrom(given)
    for name in TIMES:
        if name in out.DESCRIPTOR.fields_by_name:
            out.ClearField(name)
    return out


async def identity(each: Both) -> str:
    asked = identities.CreateIdentityRequest(
        sources=[SOURCE], options=options.IdentityOptions(name="A", consent=True)
    )
    return (await each.rpc.identities.CreateIdentity(asked)).identity.id


async def library(each: Both) -> str:
    made = await each.rpc.expressions.CreateLibrary(
        expressions.CreateLibraryRequest(frames=[SOURCE], options=options.EnrolOptions(name="B"))
    )
    return made.library.id


async def orders(order=None, *, target=TEXT, source=b"face"):
    yield jobs.CreateJobRequest(order=order or jobs.JobOrder())
    yield jobs.CreateJobRequest(file=jobs.JobFile(purpose=jobs.JobFile.PURPOSE_SOURCE))
    yield jobs.CreateJobRequest(piece=source)
    yield jobs.CreateJobRequest(file=jobs.JobFile(purpose=jobs.JobFile.PURPOSE_TARGET))
    for at in range(0, len(target), 7):
        yield jobs.CreateJobRequest(piece=target[at : at + 7])


async def finished(each: Both) -> dict[str, Any]:
    """Return a job that has ended, as HTTP shows it."""
    return await ended(each.http, (await each.http.post("/v1/jobs", files=form())).json())


async def verify(each: Both):
    told = await each.http.post("/v1/verify", files={"file": ("a.png", TARGET)})
    found = await each.rpc.trust.Verify(trust.VerifyRequest(file=TARGET))
    return message(answers.VerifyReport, told), found.report


async def withdraw_consent(each: Both):
    ids = [await identity(each) for _ in range(2)]
    told = (await each.http.post(f"/v1/identities/{ids[0]}/withdrawal")).json()
    asked = identities.WithdrawConsentRequest(id=ids[1])
    found = (await each.rpc.identities.WithdrawConsent(asked)).identity
    assert told["consent"]["withdrawn"]
    assert found.consent.withdrawn
    return told["size"], found.size


async def swap(each: Both):
    report = await each.http.post(
        "/v1/swaps", files=files(SOURCE, TARGET), headers={"Accept": "application/json"}
    )
    picture = await each.http.post("/v1/swaps", files=files(SOURCE, TARGET))
    asked = fusion.SwapRequest(sources=[SOURCE], target=TARGET, report=True)
    made = await each.rpc.fusion.Swap(asked)
    assert pixels_of(made.picture) == pixels_of(picture.content)
    assert made.media_type == picture.headers["content-type"]
    assert str(made.faces_swapped) == picture.headers["x-semblant-faces-swapped"]
    assert (", ".join(made.warnings) or "none") == picture.headers["x-semblant-warnings"]
    return message(answers.SwapReport, report), made.report


async def analyze(each: Both):
    told = await each.http.post("/v1/faces", files={"image": TARGET})
    found = await each.rpc.fusion.Analyze(fusion.AnalyzeRequest(image=TARGET))
    return message(answers.FacesReport, told), found.report


async def swap_stream(each: Both):
    """A stream has no address of HTTP: its frames are those of swaps."""
    pixels = photograph()

    async def sent():
        start = fusion.StreamStart(
            sources=[SOURCE], format=fusion.PIXEL_FORMAT_RGB24, width=160, height=120
        )
        yield fusion.SwapStreamRequest(start=start)
        yield fusion.SwapStreamRequest(frame=fusion.StreamFrame(data=pixels.tobytes()))

    (made,) = [answer async for answer in each.rpc.fusion.SwapStream(sent())]
    return len(pixels.tobytes()), len(made.frame.data)


async def track(each: Both):
    told = await each.http.post("/v1/tracks", files={"video": VIDEO})
    lines = [filled(answers.TrackLine, json.loads(line)) for line in told.text.splitlines()]
    asked = expressions.TrackRequest(video=VIDEO)
    found = [answer async for answer in each.rpc.expressions.Track(asked)]
    assert found[-1].WhichOneof("kind") == "end"
    return lines, [answer.line for answer in found[:-1]]


async def create_identity(each: Both):
    id = await identity(each)
    told = message(answers.IdentityReport, await each.http.get(f"/v1/identities/{id}"))
    return told.name, "A"


async def get_identity(each: Both):
    id = await identity(each)
    told = await each.http.get(f"/v1/identities/{id}")
    found = await each.rpc.identities.GetIdentity(identities.GetIdentityRequest(id=id))
    return message(answers.IdentityReport, told), found.identity


async def list_identities(each: Both):
    await identity(each)
    told = await each.http.get("/v1/identities")
    found = await each.rpc.identities.ListIdentities(identities.ListIdentitiesRequest())
    return message(identities.ListIdentitiesResponse, told), found


async def delete_identity(each: Both):
    id = await identity(each)
    await each.rpc.identities.DeleteIdentity(identities.DeleteIdentityRequest(id=id))
    return 404, (await each.http.get(f"/v1/identities/{id}")).status_code


async def create_library(each: Both):
    id = await library(each)
    told = message(answers.LibraryBody, await each.http.get(f"/v1/expression-libraries/{id}"))
    return told.name, "B"


async def get_library(each: Both):
    id = await library(each)
    told = await each.http.get(f"/v1/expression-libraries/{id}")
    found = await each.rpc.expressions.GetLibrary(expressions.GetLibraryRequest(id=id))
    return message(answers.LibraryBody, told), found.library


async def list_libraries(each: Both):
    await library(each)
    told = await each.http.get("/v1/expression-libraries")
    found = await each.rpc.expressions.ListLibraries(expressions.ListLibrariesRequest())
    return message(expressions.ListLibrariesResponse, told), found


async def delete_library(each: Both):
    id = await library(each)
    await each.rpc.expressions.DeleteLibrary(expressions.DeleteLibraryRequest(id=id))
    return 404, (await each.http.get(f"/v1/expression-libraries/{id}")).status_code


async def match_expression(each: Both):
    id = await library(each)
    controls = {"jawOpen": 0.5}
    told = await each.http.post(f"/v1/expression-libraries/{id}/match", json={"controls": controls})
    asked = expressions.MatchExpressionRequest(
        id=id, options=options.MatchOptions(controls=controls)
    )
    found = await each.rpc.expressions.MatchExpression(asked)
    return message(answers.LibraryMatch, told), found.match


async def create_job(each: Both):
    made = (await each.rpc.jobs.CreateJob(orders())).job
    told = await ended(each.http, {"urls": {"get": f"/v1/jobs/{made.id}"}})
    output = await each.http.get(f"/v1/jobs/{made.id}/output")
    return (told["status"], output.content), ("succeeded", TEXT.upper())


async def get_job(each: Both):
    job = await finished(each)
    found = await each.rpc.jobs.GetJob(jobs.GetJobRequest(id=job["id"], wait_s=5))
    return filled(answers.JobObject, job), found.job


async def list_jobs(each: Both):
    job = await finished(each)
    found = await each.rpc.jobs.ListJobs(
        jobs.ListJobsRequest(statuses=[answers.STATUS_SUCCEEDED], page_size=5)
    )
    assert found.next_page_token == ""
    return [filled(answers.JobObject, job)], list(found.jobs)


async def watch_job(each: Both):
    job = await finished(each)
    seen = [one async for one in each.rpc.jobs.WatchJob(jobs.WatchJobRequest(id=job["id"]))]
    return filled(answers.JobObject, job), seen[-1].job


async def cancel_job(each: Both):
    job = await finished(each)
    found = await each.rpc.jobs.CancelJob(jobs.CancelJobRequest(id=job["id"]))
    return filled(answers.JobObject, job), found.job


async def resume_job(each: Both):
    job = await finished(each)
    told = await each.http.post(f"/v1/jobs/{job['id']}/resume")
    refused = await failed(each.rpc.jobs.ResumeJob(jobs.ResumeJobRequest(id=job["id"])))
    return told.json()["code"], refused.reason


async def delete_job(each: Both):
    job = await finished(each)
    await each.rpc.jobs.DeleteJob(jobs.DeleteJobRequest(id=job["id"]))
    return 404, (await each.http.get(job["urls"]["get"])).status_code


async def download_job(each: Both):
    job = await finished(each)
    asked = jobs.DownloadJobRequest(id=job["id"], offset=4)
    found = [one async for one in each.rpc.jobs.DownloadJob(asked)]
    assert found[0].output.sha256 == job["output"]["sha256"]
    told = await each.http.get(job["urls"]["output"], headers={"Range": "bytes=4-"})
    return told.content, b"".join(one.piece for one in found)


async def list_models(each: Both):
    told = await each.http.get("/v1/models")
    found = await each.rpc.models.ListModels(models.ListModelsRequest())
    return message(models.ListModelsResponse, told), found


async def refused_options(each: Both):
    data = {"options": json.dumps({"shape": 7})}
    told = await each.http.post("/v1/swaps", files=files(SOURCE, TARGET), data=data)
    asked = fusion.SwapRequest(
        sources=[SOURCE], target=TARGET, options=options.SwapOptions(shape=7)
    )
    refused = await failed(each.rpc.fusion.Swap(asked))
    (found,) = told.json()["errors"]
    return {found["pointer"][1:]: found["detail"]}, refused.violations


async def refused_picture(each: Both):
    told = await each.http.post("/v1/swaps", files=files(SOURCE, b"text"))
    asked = fusion.SwapRequest(sources=[SOURCE], target=b"text")
    refused = await failed(each.rpc.fusion.Swap(asked))
    return (told.json()["code"], told.json()["detail"]), (refused.reason, refused.message)


async def unknown_job(each: Both):
    told = await each.http.get(f"/v1/jobs/{UNKNOWN['job']}")
    refused = await failed(each.rpc.jobs.GetJob(jobs.GetJobRequest(id=UNKNOWN["job"])))
    return told.json()["code"], refused.reason


async def unknown_identity(each: Both):
    told = await each.http.get(f"/v1/identities/{UNKNOWN['idn']}")
    asked = identities.GetIdentityRequest(id=UNKNOWN["idn"])
    return told.json()["code"], (await failed(each.rpc.identities.GetIdentity(asked))).reason


async def no_consent(each: Both):
    told = await each.http.post("/v1/identities", files={"source": SOURCE}, data={"options": "{}"})
    asked = identities.CreateIdentityRequest(sources=[SOURCE])
    return told.json()["code"], (await failed(each.rpc.identities.CreateIdentity(asked))).reason


Case = Callable[[Both], Awaitable[tuple[Any, Any]]]
CASES: tuple[Case, ...] = (
    swap,
    verify,
    withdraw_consent,
    analyze,
    swap_stream,
    track,
    create_identity,
    get_identity,
    list_identities,
    delete_identity,
    create_library,
    get_library,
    list_libraries,
    delete_library,
    match_expression,
    create_job,
    get_job,
    list_jobs,
    watch_job,
    cancel_job,
    resume_job,
    delete_job,
    download_job,
    list_models,
    refused_options,
    refused_picture,
    unknown_job,
    unknown_identity,
    no_consent,
)


def test_every_method_is_in_the_table():
    methods = {re.sub("(?<=[a-z])(?=[A-Z])", "_", name).lower() for name in ENDPOINTS}
    assert methods <= {case.__name__ for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
async def test_both_doors_answer_alike(case, tmp_path):
    async with both(tmp_path) as each:
        told, found = await case(each)
    assert told == (timeless(found) if hasattr(found, "DESCRIPTOR") else found)


@pytest.mark.parametrize(("offset", "given"), [(-1, False), (10**6, False), (0, True)])
async def test_outputs_are_given_from_where_there_are_bytes(offset, given, tmp_path):
    async with both(tmp_path) as each:
        job = await finished(each)
        asked = jobs.DownloadJobRequest(id=job["id"], offset=offset)
        if given:
            pieces = [one.piece async for one in each.rpc.jobs.DownloadJob(asked)]
            assert b"".join(pieces) == TEXT.upper()
        else:
            assert (
                await failed(each.rpc.jobs.DownloadJob(asked))
            ).reason == "range_not_satisfiable"


async def test_an_output_without_bytes_is_no_error(tmp_path, monkeypatch):
    async with both(tmp_path) as each:
        job = await finished(each)
        output = await each.rpc.services.jobs.output("default", job["id"])

        async def empty(tenant, id):
            return dataclasses.replace(output, size=0)

        monkeypatch.setattr(each.rpc.services.jobs, "output", empty)
        asked = jobs.DownloadJobRequest(id=job["id"])
        found = [one async for one in each.rpc.jobs.DownloadJob(asked)]
        assert found[0].output.size == 0
        assert b"".join(one.piece for one in found) == b""
