"""Every method of the client answers alike by HTTP and by gRPC."""

import asyncio
import dataclasses
import inspect

import pytest
from semblant import AsyncClient, JobRequest, SemblantError

from gateway.errors import (
    ConsentRequired,
    ConsentWithdrawn,
    EmptyUpload,
    IdentityNotFound,
    InvalidOptions,
    InvalidRequest,
    JobNotFound,
    JobNotResumable,
    LibraryNotFound,
    NoFaceInTarget,
    NotAcceptable,
    NotAnImage,
    UnknownModel,
)
from tests.pixels import pixels_of
from tests.unit.http.app import black, photograph, saved
from tests.unit.http.jobs import TEXT
from tests.unit.media.clips import clip, grey
from tests.unit.sdk.served import DOORS, KINDS, Served, serving_all

SOURCE, TARGET = saved(photograph(seed=1)), saved(photograph())
VIDEO = clip([grey(0), grey(120), grey(130)])
UNKNOWN = {kind: f"{kind}_{'0' * 32}" for kind in ("job", "idn", "exp")}

kinds = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(scope="module")
async def served(tmp_path_factory):
    async with serving_all(tmp_path_factory.mktemp("served"), max_identities=99) as found:
        yield found


def undated(consent):
    """Return the record of a consent without what depends on when it was given."""
    return {**consent, "given": "", "record_sha256": ""}


def comparable(result):
    """Return a result without what differs between two calls, or cannot be the same.

    Times and ids differ. HTTP's headers round figures, and a job's addresses are of HTTP.
    """
    if isinstance(result, list | tuple):
        return [comparable(one) for one in result]
    if not dataclasses.is_dataclass(result):
        return result
    found = {field.name: getattr(result, field.name) for field in dataclasses.fields(result)}
    found.pop("timings_ms", None)
    found.pop("request_id", None)
    if "media_type" in found and "data" in found:  # each picture says which one it is
        found["data"] = pixels_of(found["data"])
    if "quality" in found:
        found["quality"] = {name: f"{value:.4g}" for name, value in found["quality"].items()}
    if "document" in found:
        found["document"] = {n: v for n, v in found["document"].items() if n != "urls"}
    return found


async def alike(served: Served, kind, method, *arguments, **options):
    """Return the result of a method by gRPC, once it has been found to be that of HTTP."""
    told = await served.call("http", kind, method, *arguments, **options)
    found = await served.call("grpc", kind, method, *arguments, **options)
    assert comparable(found) == comparable(told)
    assert type(found) is type(told)
    return found


async def finished(served: Served, kind, **more) -> str:
    """Return the id of a job that has ended."""
    asked = JobRequest(sources=b"face", target=TEXT, **more)
    job = await served.call("grpc", kind, "submit_job", asked)
    return (await served.call("grpc", kind, "wait_for_job", job.id, timeout_s=30)).id


async def enrolled(served: Served, kind) -> str:
    made = await served.call("grpc", kind, "enrol_identity", SOURCE, consent=True, name="Ann")
    return made.id


async def library(served: Served, kind) -> str:
    return (await served.call("grpc", kind, "enrol_expressions", SOURCE, name="B")).id


@kinds
@pytest.mark.parametrize("media_type", [None, "image/png", "image/webp"])
async def test_a_swap(served, kind, media_type):
    options = {"shape": 0.5, "masks": {"blur": 0.4}, "face_selector": {"mode": "many"}}
    more = {"options": options, "media_type": media_type}
    made = await alike(served, kind, "swap", [SOURCE, SOURCE], TARGET, **more)
    assert made.faces_swapped == 1
    assert made.request_id
    assert "swap" in made.timings_ms


@kinds
async def test_a_swap_by_an_identity(served, kind):
    id = await enrolled(served, kind)
    assert (await alike(served, kind, "swap", [], TARGET, source_id=id)).faces_swapped == 1


@kinds
async def test_a_swap_by_a_reference(served, kind):
    options = {"face_selector": {"mode": "reference"}}
    await alike(served, kind, "swap", SOURCE, TARGET, reference=TARGET, options=options)


@kinds
@pytest.mark.parametrize(
    "options", [None, {"landmarks": False, "expression": False}, {"identity": True}]
)
async def test_faces(served, kind, options):
    found = await alike(served, kind, "faces", TARGET, options=options)
    (face,) = found.faces
    assert (face["identity"] is None) == ("identity" not in (options or {}))
    assert "analyse" in found.timings_ms or found.timings_ms


@kinds
@pytest.mark.parametrize("file", [TARGET, VIDEO], ids=["picture", "video"])
async def test_the_marks_of_a_file(served, kind, file):
    found = await served.call("http", kind, "verify", file)
    assert (await served.call("grpc", kind, "verify", file)).findings == found.findings
    assert (found.verdict, found.synthetic) == ("unmarked", False)


@kinds
async def test_the_end_of_a_consent(served, kind):
    for door in DOORS:
        id = await enrolled(served, kind)
        gone = await served.call(door, kind, "withdraw_consent", id)
        assert gone.consent["withdrawn"]
        assert gone.size == 0
        with pytest.raises(ConsentWithdrawn):
            await served.call(door, kind, "swap", [], TARGET, source_id=id)


@kinds
async def test_a_track(served, kind):
    found = await alike(served, kind, "track", VIDEO, options={"residuals": True})
    assert len(found) == 3
    assert found.request_id


@kinds
async def test_libraries(served, kind):
    made = [
        await served.call(door, kind, "enrol_expressions", [SOURCE, saved(black())], name="B")
        for door in DOORS
    ]
    same = [dataclasses.replace(one, id="", created="") for one in made]
    assert same[0] == same[1]
    assert same[0].skipped
    ids = {library.id for library in await alike(served, kind, "expressions")}
    assert {one.id for one in made} <= ids
    await alike(served, kind, "expression", made[0].id)
    await alike(served, kind, "match_expression", made[0].id, {"jawOpen": 0.5}, last=0)
    for door, one in zip(DOORS, made, strict=True):
        assert await served.call(door, kind, "delete_expression", one.id) is None
        with pytest.raises(LibraryNotFound):
            await served.call(door, kind, "expression", one.id)


@kinds
async def test_identities(served, kind):
    made = [
        await served.call(
            door, kind, "enrol_identity", [SOURCE, SOURCE], consent=True, name="A", statement="Yes."
        )
        for door in DOORS
    ]
    same = [
        dataclasses.replace(one, id="", created="", consent=undated(one.consent)) for one in made
    ]
    assert same[0] == same[1]
    assert {one.id for one in made} <= {i.id for i in await alike(served, kind, "identities")}
    await alike(served, kind, "identity", made[0].id)
    for door, one in zip(DOORS, made, strict=True):
        assert await served.call(door, kind, "delete_identity", one.id) is None
        with pytest.raises(IdentityNotFound):
            await served.call(door, kind, "identity", one.id)


@kinds
async def test_jobs(served, kind, tmp_path):
    target = tmp_path / "video"
    target.write_bytes(TEXT * 20_000)  # several pieces
    asked = JobRequest(
        sources=[b"face"], target=target, priority="high", retention="6h", cancel_after="5m",
        key=f"key of {kind}",
    )  # fmt: skip
    made = [await served.call(door, kind, "submit_job", asked) for door in DOORS]
    assert made[0].id == made[1].id  # it is the same order, whoever brings it
    id = made[0].id
    for door in DOORS:
        seen = await served.call(door, kind, "watch_job", id)
        assert seen[-1].status == "succeeded"
        assert (await served.call(door, kind, "wait_for_job", id)).final
        path = tmp_path / door / "out"
        assert await served.call(door, kind, "save_job_output", id, path) == path
        assert path.read_bytes() == target.read_bytes().upper()
        assert [one.name for one in path.parent.iterdir()] == ["out"]
    job = await alike(served, kind, "job", id)
    assert job.document["priority"] == "high"
    assert id in {one.id for one in await alike(served, kind, "jobs", ["succeeded"])}
    await alike(served, kind, "jobs")
    await alike(served, kind, "cancel_job", id)
    for door in DOORS:
        with pytest.raises(JobNotResumable):
            await served.call(door, kind, "resume_job", id)
    assert await served.call("grpc", kind, "delete_job", id) is None
    for door in DOORS:
        for method in ("job", "cancel_job", "resume_job", "delete_job", "watch_job"):
            with pytest.raises(JobNotFound):
                await served.call(door, kind, method, id)


@kinds
async def test_more_jobs_than_a_page_has(served, kind, monkeypatch):
    monkeypatch.setattr("gateway.operations.jobs.MOST_LISTED", 200)
    ids = [await finished(served, kind) for _ in range(3)]
    monkeypatch.setattr("gateway.rpc.endpoints.list_jobs.page_size", lambda request: 2)
    found = [job.id for job in await served.call("grpc", kind, "jobs")]
    assert set(ids) <= set(found)
    assert len(found) == len(set(found))


@kinds
async def test_models(served, kind):
    found = await alike(served, kind, "models")
    assert {"name", "ready", "license"} <= set(found[0])


@kinds
@pytest.mark.parametrize(
    ("method", "arguments", "options", "error"),
    [
        ("swap", (SOURCE, b"text"), {}, NotAnImage),
        ("swap", (SOURCE, saved(black())), {}, NoFaceInTarget),
        ("swap", (SOURCE, TARGET), {"options": {"shape": 7}}, InvalidOptions),
        ("swap", (SOURCE, TARGET), {"options": {"shpe": 1}}, InvalidOptions),
        ("swap", (SOURCE, TARGET), {"options": {"color": "x"}}, InvalidOptions),
        ("swap", (SOURCE, TARGET), {"options": {"processors": "a"}}, InvalidOptions),
        ("swap", (SOURCE, TARGET), {"options": {"mapping": [{"x": 1}]}}, InvalidOptions),
        ("swap", (SOURCE, TARGET), {"options": {"expression": 3}}, InvalidOptions),
        ("swap", (SOURCE, TARGET), {"options": {"swapper_model": "x"}}, UnknownModel),
        ("swap", (SOURCE, TARGET), {"source_id": UNKNOWN["idn"]}, SemblantError),
        ("swap", ([], TARGET), {"source_id": UNKNOWN["idn"]}, IdentityNotFound),
        ("swap", (SOURCE, b""), {}, EmptyUpload),
        ("swap", (b"", TARGET), {}, EmptyUpload),
        ("faces", (b"",), {}, EmptyUpload),
        ("track", (b"",), {}, EmptyUpload),
        ("faces", (TARGET,), {"options": {"landmark": 1}}, InvalidOptions),
        ("track", (b"text",), {}, SemblantError),
        ("enrol_identity", (SOURCE,), {"consent": False}, ConsentRequired),
        ("enrol_expressions", (saved(black()),), {}, SemblantError),
        ("enrol_expressions", (SOURCE,), {"count": 0}, InvalidOptions),
        ("match_expression", (UNKNOWN["exp"], {}), {}, LibraryNotFound),
        ("submit_job", (JobRequest(target=TEXT, sources=b"f", priority="x"),), {}, InvalidRequest),
        ("submit_job", (JobRequest(target=TEXT, sources=b"f", retention="x"),), {}, InvalidRequest),
    ],
)  # fmt: skip
async def test_errors(served, kind, method, arguments, options, error):
    raised = []
    for door in DOORS:
        with pytest.raises(error) as one:
            await served.call(door, kind, method, *arguments, **options)
        raised.append(one.value)
    http, grpc = raised
    assert type(http) is type(grpc)
    assert grpc.detail == http.detail
    assert [e["pointer"] for e in grpc.errors] == [e["pointer"] for e in http.errors]
    assert [e["detail"] for e in grpc.errors] == [e["detail"] for e in http.errors]
    assert set(grpc.extra) - {"request_id"} == set(http.extra) - {"request_id"}


@kinds
async def test_a_format_that_cannot_be(served, kind):
    webp_and_png = {"media_type": "image/webp", "options": {"output": {"format": "png"}}}
    for door in DOORS:
        for asked in ({"media_type": "image/gif"}, webp_and_png):
            with pytest.raises(NotAcceptable):
                await served.call(door, kind, "swap", SOURCE, TARGET, **asked)


@kinds
@pytest.mark.parametrize("door", DOORS)
async def test_old_names_of_options_are_noted(served, kind, door):
    options = {"mapping": [{"source_id": UNKNOWN["idn"], "identity": UNKNOWN["idn"]}]}
    with (
        pytest.warns(DeprecationWarning, match="target_id"),
        pytest.raises(IdentityNotFound),
    ):
        await served.call(door, kind, "swap", [], TARGET, options=options)


@kinds
async def test_files_that_are_not_there(served, kind, tmp_path):
    nothing = tmp_path / "nothing"
    for door in DOORS:
        with pytest.raises(FileNotFoundError):
            await served.call(door, kind, "swap", nothing, TARGET)
        with pytest.raises(FileNotFoundError):
            await served.call(door, kind, "submit_job", JobRequest(sources=b"f", target=nothing))


def test_every_method_is_here():
    text = inspect.getsource(inspect.getmodule(comparable))
    methods = {n for n, _ in inspect.getmembers(AsyncClient, inspect.isfunction) if n[0] != "_"}
    assert [name for name in methods - {"close", "stream"} if f'"{name}"' not in text] == []


async def test_many_calls_of_one_client(served):
    async with AsyncClient(served.addresses["grpc"]) as client:
        found = await asyncio.gather(*(client.faces(TARGET) for _ in range(8)))
    assert {len(one.faces) for one in found} == {1}
