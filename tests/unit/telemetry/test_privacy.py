"""Nothing that callers send is in a log, a metric or a span, whatever becomes of it.

Each thing that a caller can send has a canary of its own in it. Requests, calls and jobs are made
with them, those that succeed and those that fail, at the most talkative level and in both formats.
"""

import base64
import io
import itertools
import json
import logging
import warnings

import grpc
import httpx
import pydantic
import pytest
import sqlalchemy as sa
from PIL import Image
from semblant.v1 import expressions_pb2, fusion_pb2, identities_pb2, jobs_pb2, options_pb2

from gateway.access.authenticator import Authenticator, AuthMode
from gateway.access.entry import Entry
from gateway.access.keys import KeyStore
from gateway.database import JOBS, make_engine
from gateway.http.app import create_app
from gateway.jobs.job import Webhook
from gateway.jobs.testing import running_engine
from gateway.logs import OURS, formatter, set_levels
from gateway.serving.services import running
from gateway.serving.testing import fake_services
from tests.unit.http.app import photograph, saved
from tests.unit.http.jobs import ended, form
from tests.unit.jobs import orders
from tests.unit.media.clips import clip, grey
from tests.unit.rpc.door import door
from tests.unit.rpc.test_streams import frame, sent, start
from tests.unit.telemetry.collector import collecting, tracer_to

CANARY = "Qanary"
_numbers = itertools.count()


def canary() -> str:
    """Return a word that nobody else says."""
    return f"{CANARY}{next(_numbers)}"


@pytest.fixture(params=["text", "json"])
def logged(request):
    """Let everything be logged that a process logs at the level `debug`; gives what was."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter(request.param))
    names = ("", *OURS, "opentelemetry")
    before = {name: logging.getLogger(name).level for name in names}
    set_levels("debug")
    logging.getLogger().addHandler(handler)
    yield stream
    logging.getLogger().removeHandler(handler)
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


def clean(stream, *texts: str) -> None:
    """Check that no canary got out."""
    said = stream.getvalue()
    assert said
    for text in (said, *texts):
        for line in text.splitlines():
            assert CANARY.lower() not in line.lower(), line
            assert base64.b64encode(CANARY.encode()).decode()[:7] not in line, line


def told(collector) -> str:
    """Return everything that spans say."""
    return "\n".join(map(repr, [*collector.spans, collector.resource]))


def tagged(format: str = "JPEG") -> bytes:
    """Return a portrait with canaries in its metadata."""
    exif = Image.Exif()
    exif[0x010E], exif[0x013B], exif[0x8298] = canary(), canary(), canary()
    return saved(photograph(seed=1), format, exif=exif, comment=canary().encode())


def broken() -> list[bytes]:
    """Return pictures that are none, or not quite."""
    jpeg, png = tagged(), saved(photograph())
    tiff = saved(photograph(), "TIFF", description=canary(), artist=canary())
    return [
        canary().encode(),
        b"",
        jpeg[: len(jpeg) // 2],
        png[:100] + canary().encode() + png[100:],
        tiff,
        b"\xff\xd8\xff" + canary().encode() * 50,
        b"GIF89a" + canary().encode() * 20,
        b"RIFF\0\0\0\0WEBP" + canary().encode() * 20,
    ]


def part(field: str, data: bytes) -> tuple:
    return field, (f"{canary()}.png", data, "image/png")


def written(**options) -> tuple:
    return "options", (canary(), json.dumps(options).encode())


def bodies():
    """Yield requests: address, and arguments of the client."""
    face, video = tagged(), clip([grey(100 + n, 96, 128) for n in range(4)])
    fine = [part("source", face), part("target", saved(photograph()))]
    yield "/v1/swaps", {"files": fine}
    for picture in broken():
        yield "/v1/swaps", {"files": [part("source", picture), fine[1]]}
        yield "/v1/swaps", {"files": [fine[0], part("target", picture)]}
        yield "/v1/faces", {"files": [part("image", picture)]}
        yield "/v1/expression-libraries", {"files": [part("video", picture)]}
        yield "/v1/tracks", {"files": [part("video", picture)]}
    yield "/v1/jobs", {"files": [part("source", face), part("target", canary().encode())]}
    odd = (
        {canary(): canary()},
        {"face_swapper_model": canary()},
        {"quality": {canary(): {canary(): 1}}},
        {"source_id": canary()},
        {"face_selector": {"mode": canary()}},
    )
    for options in odd:
        yield "/v1/swaps", {"files": [*fine, written(**options)]}
        yield "/v1/jobs", {"files": form(options=options)}
    yield "/v1/swaps", {"files": [*fine, ("options", (None, f'{{"{canary()}'))]}
    yield "/v1/swaps", {"files": [*fine, part(canary(), face)]}
    yield "/v1/swaps", {"files": [*fine, ("source_id", (None, canary()))]}
    named = {"consent": True, "name": canary(), "statement": canary()}
    yield "/v1/identities", {"files": [part("source", face), written(**named)]}
    yield "/v1/identities", {"files": [part("source", face), written(**named, other=canary())]}
    yield "/v1/identities", {"files": [part("source", b""), written(**named)]}
    yield "/v1/expression-libraries", {"files": [part("frame", face), written(name=canary())]}
    yield "/v1/expression-libraries", {"files": [part("video", video), written(name=canary())]}
    for head in (canary(), "multipart/form-data", f"multipart/form-data; boundary={canary()}"):
        yield "/v1/swaps", {"content": canary().encode(), "headers": {"Content-Type": head}}
    edge = canary()
    cut = f'--{edge}\r\nContent-Disposition: form-data; name="{canary()}"; filename="{canary()}'
    head = {"Content-Type": f"multipart/form-data; boundary={edge}"}
    for body in (cut, f"{cut}\r\n", f'{cut}"\r\n\r\n{canary()}', f"{cut}\r\n{canary()}: 1\r\n\r\n"):
        yield "/v1/swaps", {"content": body.encode(), "headers": head}


HEADERS = {
    "Authorization": f"Bearer {CANARY}token",
    "X-API-Key": f"sk_{CANARY}",
    "Cookie": f"session={CANARY}",
    "User-Agent": f"{CANARY}/1.0",
    "Referer": f"https://{CANARY}/",
    "X-Forwarded-For": CANARY,
    "Forwarded": f"for={CANARY}",
    "Host": f"{CANARY}.example",
    "X-Request-Id": f"{CANARY} with a space is none",
    "Baggage": f"user={CANARY}",
    "Accept-Language": CANARY,
}


@pytest.mark.logs_errors
async def test_requests(logged, tmp_path):
    with collecting() as collector, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's, of pictures
        services = fake_services(
            tracer=tracer_to(collector.endpoint),
            job_execution="embedded",
            data_dir=tmp_path,
            max_identities=5,
        )
        statuses = set()
        async with running(services):
            transport = httpx.ASGITransport(app=create_app(services), raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
                for path, body in bodies():
                    headers = HEADERS | body.pop("headers", {})
                    url = f"{path}?{canary()}={canary()}"
                    statuses.add((await http.post(url, headers=headers, **body)).status_code)
                for method in ("GET", "DELETE", "PUT", canary()):
                    for path in ("/v1/identities", "/v1/jobs", "/v1/expression-libraries", ""):
                        url = f"{path}/{canary()}?{canary()}"
                        answer = await http.request(method, url, headers=HEADERS)
                        statuses.add(answer.status_code)
                for model in services.backend.models.values():
                    model.failures = [RuntimeError("nobody foresaw this")] * 2
                for path, body in itertools.islice(bodies(), 6):
                    statuses.add((await http.post(path, headers=HEADERS, **body)).status_code)
                await services.backend.close()  # from now on nothing works
                for path, body in bodies():
                    headers = HEADERS | body.pop("headers", {})
                    statuses.add((await http.post(path, headers=headers, **body)).status_code)
                exposed = [
                    (await http.get("/metrics", headers={"Accept": kind})).text
                    for kind in ("text/plain", "application/openmetrics-text")
                ]
    assert {200, 201, 202, 400, 404, 422, 500, 503} <= statuses
    assert "nobody foresaw this" in logged.getvalue()  # the trace of a fault is there
    clean(logged, told(collector), *exposed)


def calls(there):
    """Yield calls of gRPC that are under way."""
    face, target, metadata = (
        tagged(),
        saved(photograph()),
        (("authorization", f"Bearer {canary()}"),),
    )
    fusion = there.fusion
    for picture in (face, *broken()):
        request = fusion_pb2.SwapRequest(sources=[picture], target=target)
        yield fusion.Swap(request, metadata=metadata)
        yield fusion.Analyze(fusion_pb2.AnalyzeRequest(image=picture), metadata=metadata)
    named = identities_pb2.CreateIdentityRequest(
        sources=[face],
        options=options_pb2.IdentityOptions(consent=True, name=canary(), statement=canary()),
    )
    yield there.identities.CreateIdentity(named, metadata=metadata)
    named.sources[0] = b""
    yield there.identities.CreateIdentity(named, metadata=metadata)
    yield there.identities.GetIdentity(identities_pb2.GetIdentityRequest(id=canary()))
    yield there.jobs.GetJob(jobs_pb2.GetJobRequest(id=canary()))
    yield there.expressions.CreateLibrary(
        expressions_pb2.CreateLibraryRequest(
            frames=[face], options=options_pb2.EnrolOptions(name=canary())
        )
    )
    garbage = there.channel.unary_unary("/semblant.v1.FusionService/Swap")
    yield garbage(canary().encode())
    unknown = there.channel.unary_unary(f"/semblant.v1.FusionService/{canary()}")
    yield unknown(b"")


@pytest.mark.logs_errors
async def test_calls(logged):
    with collecting() as collector, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        services = fake_services(tracer=tracer_to(collector.endpoint))
        codes = set()
        async with door(services) as there:
            for closed in (False, True):
                if closed:
                    await services.backend.close()
                for call in calls(there):
                    try:
                        await call
                        codes.add("OK")
                    except grpc.aio.AioRpcError as error:
                        codes.add(error.code().name)
                if not closed:
                    bad = frame(1, canary().encode())
                    stream = there.fusion.SwapStream(sent(start(), frame(0), bad))
                    assert [answer async for answer in stream]
        exposed = services.metrics.render().decode()
    assert {"OK", "INVALID_ARGUMENT", "NOT_FOUND", "UNAVAILABLE", "UNIMPLEMENTED"} <= codes
    clean(logged, told(collector), exposed)


@pytest.mark.logs_errors
async def test_jobs_and_their_webhooks(logged, tmp_path):
    secret = "whsec_" + base64.b64encode(f"{CANARY}{'x' * 30}".encode()).decode()
    answers = itertools.cycle((500, 204))
    transport = httpx.MockTransport(lambda request: httpx.Response(next(answers)))
    url = f"https://127.0.0.1/{canary()}?token={canary()}"
    with collecting() as collector:
        tracer = tracer_to(collector.endpoint)
        tracer.start()
        async with running_engine(
            tmp_path,
            transport=transport,
            tracer=tracer,
            webhook_allow="127.0.0.1/32",
            webhook_secrets=secret,
        ) as engine:
            for fail in ("", "bug", "for_good"):
                asked = orders.order(
                    engine, text=canary().encode(), webhook=Webhook(url), fail=fail, fail_in="plan"
                )
                job = (await engine.submit(asked)).job
                await orders.settled(engine, await orders.ended(engine, job))
        tracer.close()
    assert collector.named("job plan")
    assert "something nobody foresaw" in logged.getvalue()  # the trace of a fault is there
    clean(logged, told(collector))


@pytest.mark.logs_errors
async def test_jobs_over_http(logged, tmp_path):
    with collecting() as collector:
        services = fake_services(
            tracer=tracer_to(collector.endpoint),
            job_execution="embedded",
            data_dir=tmp_path,
            videos=True,
        )
        async with running(services):
            transport = httpx.ASGITransport(app=create_app(services))
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
                video = clip([grey(100 + n, 96, 128) for n in range(4)])
                for target in (video, canary().encode(), video[:500] + canary().encode()):
                    parts = [part("source", tagged()), part("target", target)]
                    answer = await http.post(f"/v1/jobs?{canary()}", files=parts, headers=HEADERS)
                    if answer.is_success:
                        await ended(http, answer.json())
                about = f"filename {base64.b64encode(canary().encode()).decode()}"
                headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "5", "Upload-Metadata": about}
                await http.post("/v1/uploads", headers=HEADERS | headers)
    assert collector.named("job plan")
    clean(logged, told(collector), services.metrics.render().decode())


async def test_keys(logged, tmp_path):
    keys = KeyStore(make_engine(f"sqlite:///{tmp_path / 'keys.sqlite'}", connections=1))
    assert keys is not None
    services = fake_services()
    object.__setattr__(
        services, "entry", Entry(Authenticator(AuthMode.KEYS, keys=_NoKeys(), cache_s=0))
    )
    transport = httpx.ASGITransport(app=create_app(services))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        for headers in (
            {"X-API-Key": canary()},
            {"Authorization": f"Bearer {canary()}"},
            {"Authorization": canary()},
            HEADERS,
        ):
            assert (await http.get("/v1/models", headers=headers)).status_code == 401
    clean(logged)


class _NoKeys:
    """Keys of which there is none."""

    async def find(self, prefix: str) -> None:
        return None


def test_errors_of_the_database_do_not_repeat_its_values(tmp_path):
    engine = make_engine(f"sqlite:///{tmp_path / 'none.sqlite'}", connections=1)
    with pytest.raises(sa.exc.SQLAlchemyError) as error, engine.begin() as connection:
        connection.execute(sa.insert(JOBS).values(id=canary(), tenant=canary()))
    engine.dispose()
    assert CANARY not in str(error.value)


def _models(kind=pydantic.BaseModel):
    for one in kind.__subclasses__():
        yield one
        yield from _models(one)


OURS_TO_CHECK = sorted(
    {
        model
        for model in _models()
        if model.__module__.startswith(("gateway.operations", "gateway.pipeline"))
    },
    key=lambda model: model.__qualname__,
)


@pytest.mark.parametrize("model", OURS_TO_CHECK, ids=lambda model: model.__qualname__)
def test_errors_of_models_do_not_repeat_what_was_sent(model):
    with pytest.raises(pydantic.ValidationError) as error:
        model.model_validate(canary())
    assert CANARY not in str(error.value)
