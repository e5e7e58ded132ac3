"""Who may call: the same at both doors."""

import dataclasses
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import pytest
from semblant.v1 import fusion_pb2, identities_pb2, jobs_pb2, models_pb2

from gateway.access.authenticator import Authenticator, AuthMode
from gateway.access.caller import Scope
from gateway.access.entry import Entry
from gateway.access.issuer import Issuer
from gateway.access.key_set import KeySet
from gateway.access.keys import KeyStore
from gateway.access.tokens import TokenRules, Tokens
from gateway.http.app import create_app
from gateway.serving.testing import fake_services
from tests.unit.access.issuers import AUDIENCE, URL, FakeIssuer, Signer
from tests.unit.http.app import photograph, saved
from tests.unit.media.clips import clip, grey
from tests.unit.rpc.door import Door, door, failed
from tests.unit.rpc.test_parity import orders
from tests.unit.rpc.test_streams import frame, held_open, start

TARGET = saved(photograph())


@dataclass
class Refusal:
    """What a door answers: status of HTTP, code of the error, and headers or metadata."""

    http: int
    reason: str
    extra: dict[str, str]


class HttpDoor:
    """Calls over HTTP, with credentials."""

    def __init__(self, http: httpx.AsyncClient, rpc: Door) -> None:
        self.http = http

    async def _asked(self, method, path, headers, **more):
        answer = await self.http.request(method, path, headers=headers, **more)
        if answer.status_code < 400:
            return answer
        problem = answer.json()
        return Refusal(answer.status_code, problem["code"], dict(answer.headers))

    async def models(self, headers):
        return await self._asked("GET", "/v1/models", headers)

    async def analyze(self, headers):
        return await self._asked("POST", "/v1/faces", headers, files={"image": TARGET})

    async def jobs(self, headers):
        return await self._asked("GET", "/v1/jobs", headers)

    async def identities(self, headers):
        return await self._asked("GET", "/v1/identities", headers)

    async def limits(self, headers):
        return (await self.models(headers)).headers


STATUSES = {
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "RESOURCE_EXHAUSTED": 429,
    "INVALID_ARGUMENT": 400,
    "UNAVAILABLE": 503,
}  # fmt: skip
"""HTTP's of gRPC's."""


class RpcDoor:
    """Calls over gRPC, with credentials."""

    def __init__(self, http: httpx.AsyncClient, rpc: Door) -> None:
        self.rpc = rpc

    async def _asked(self, method, request, headers):
        metadata = tuple((name.lower(), value) for name, value in headers.items())
        call = method(request, metadata=metadata)
        code = await call.code()
        if code.name == "OK":
            return await call
        found = await failed(call)
        return Refusal(STATUSES[found.status], found.reason, found.metadata)

    async def models(self, headers):
        return await self._asked(
            self.rpc.models.ListModels, models_pb2.ListModelsRequest(), headers
        )

    async def analyze(self, headers):
        asked = fusion_pb2.AnalyzeRequest(image=TARGET)
        return await self._asked(self.rpc.fusion.Analyze, asked, headers)

    async def jobs(self, headers):
        return await self._asked(self.rpc.jobs.ListJobs, jobs_pb2.ListJobsRequest(), headers)

    async def identities(self, headers):
        asked = identities_pb2.ListIdentitiesRequest()
        return await self._asked(self.rpc.identities.ListIdentities, asked, headers)

    async def limits(self, headers):
        metadata = tuple((name.lower(), value) for name, value in headers.items())
        call = self.rpc.models.ListModels(models_pb2.ListModelsRequest(), metadata=metadata)
        await call
        return dict(await call.trailing_metadata())


DOORS = pytest.mark.parametrize("kind", [HttpDoor, RpcDoor], ids=["http", "grpc"])


@asynccontextmanager
async def locked(folder, kind=None, **settings):
    """Serve with authentication; gives a door of a kind, the key store, and both doors' service."""
    wanted = {"auth": "keys", "data_dir": folder, "job_execution": "external", **settings}
    services = fake_services(**wanted)
    async with door(services) as rpc:
        transport = httpx.ASGITransport(app=create_app(services))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
            keys = KeyStore(services.access.engine)
            yield (kind and kind(http, rpc)), keys, rpc, http


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def key(keys, *scopes, tenant="acme", **more):
    made = keys.create(tenant, scopes or tuple(Scope), name="test", **more)
    return made.record, made.secret


@DOORS
async def test_without_a_key_nobody_comes_in(kind, tmp_path):
    async with locked(tmp_path, kind) as (at, *_):
        for call in (at.models, at.analyze, at.jobs, at.identities):
            refused = await call({})
            assert (refused.http, refused.reason) == (401, "unauthenticated")


@DOORS
@pytest.mark.parametrize(
    "headers",
    [
        bearer("smb_aaaaaaaa_wrong"),
        bearer("eyJhbGciOiJub25lIn0.e30."),
        {"Authorization": "Basic eDp5"},
        {"Authorization": ""},
        {"X-API-Key": "x" * 20_000},
        {"X-API-Key": "smb_"},
    ],
    ids=["no key of ours", "a token", "basic", "empty", "long", "short"],
)
async def test_what_is_no_key_is_refused(kind, headers, tmp_path):
    async with locked(tmp_path, kind, grpc_max_metadata_bytes=65536) as (at, *_):
        refused = await at.models(headers)
        assert (refused.http, refused.reason) == (401, "unauthenticated")


@DOORS
@pytest.mark.parametrize("header", ["Authorization", "X-API-Key"])
async def test_a_key_opens_what_its_scopes_say(kind, header, tmp_path):
    async with locked(tmp_path, kind) as (at, keys, *_):
        _, secret = key(keys, Scope.MODELS)
        headers = {header: f"Bearer {secret}" if header == "Authorization" else secret}
        assert not isinstance(await at.models(headers), Refusal)
        for call in (at.analyze, at.jobs, at.identities):
            refused = await call(headers)
            assert (refused.http, refused.reason) == (403, "permission_denied")


@DOORS
async def test_admin_opens_all(kind, tmp_path):
    async with locked(tmp_path, kind) as (at, keys, *_):
        headers = bearer(key(keys, Scope.ADMIN)[1])
        for call in (at.models, at.analyze, at.jobs, at.identities):
            assert not isinstance(await call(headers), Refusal)


@DOORS
async def test_a_revoked_key_is_no_key(kind, tmp_path):
    async with locked(tmp_path, kind, auth_cache_s=0) as (at, keys, *_):
        record, secret = key(keys)
        assert not isinstance(await at.models(bearer(secret)), Refusal)
        keys.revoke(record.id)
        assert (await at.models(bearer(secret))).reason == "unauthenticated"


@DOORS
async def test_an_expired_key_is_no_key(kind, tmp_path):
    async with locked(tmp_path, kind) as (at, keys, *_):
        _, secret = key(keys, lifetime_s=1e-6)
        assert (await at.models(bearer(secret))).reason == "unauthenticated"


@DOORS
async def test_another_tenant_may_not_be_named(kind, tmp_path):
    async with locked(tmp_path, kind) as (at, keys, *_):
        headers = {**bearer(key(keys)[1]), "X-Semblant-Tenant": "other"}
        assert (await at.models(headers)).reason == "permission_denied"


@DOORS
async def test_more_requests_than_a_minute_may_have_are_refused(kind, tmp_path):
    async with locked(tmp_path, kind, quota_requests_per_minute=3) as (at, keys, *_):
        headers = bearer(key(keys)[1])
        limits = await at.limits(headers)
        told = {name.lower(): value for name, value in limits.items()}
        assert "r=2" in told["ratelimit"]
        assert "q=3" in told["ratelimit-policy"]
        answers = [await at.models(headers) for _ in range(4)]
        refused = [one for one in answers if isinstance(one, Refusal)]
        assert refused
        assert {(one.http, one.reason) for one in refused} == {(429, "quota_exceeded")}


@DOORS
async def test_with_auth_off_everybody_is_a_tenant(kind, tmp_path):
    services = fake_services(data_dir=tmp_path)
    async with door(services) as rpc:
        transport = httpx.ASGITransport(app=create_app(services))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
            at = kind(http, rpc)
            assert not isinstance(await at.models({"X-Semblant-Tenant": "acme"}), Refusal)
            assert (await at.models({"X-Semblant-Tenant": "a/b"})).reason == "invalid_request"


@DOORS
async def test_what_one_tenant_makes_another_does_not_see(kind, tmp_path):
    async with locked(tmp_path, kind) as (at, keys, rpc, http):
        mine, others = (bearer(key(keys, tenant=name)[1]) for name in ("acme", "other"))
        consent = {"options": '{"name": "A", "consent": true}'}
        made = await http.post(
            "/v1/identities", files={"source": TARGET}, data=consent, headers=mine
        )
        assert made.status_code == 201
        lists = [await at.identities(headers) for headers in (mine, others)]
        found = [
            len(one.json()["identities"] if kind is HttpDoor else one.identities) for one in lists
        ]
        assert found == [1, 0]
        id = made.json()["id"]
        form = {"source_id": (None, id), "target": TARGET}
        used = [(await http.post("/v1/swaps", files=form, headers=h)) for h in (mine, others)]
        assert [one.status_code for one in used] == [200, 404]
        asked = fusion_pb2.SwapRequest(source_id=id, target=TARGET)
        metadata = (("authorization", others["Authorization"]),)
        assert (await failed(rpc.fusion.Swap(asked, metadata=metadata))).status == "NOT_FOUND"


async def test_a_stream_ends_when_its_key_is_revoked(tmp_path, monkeypatch):
    monkeypatch.setattr("gateway.rpc.streams.CHECK_S", 0.05)
    async with locked(tmp_path, auth_cache_s=0) as (_, keys, rpc, _http):
        record, secret = key(keys)
        metadata = (("authorization", f"Bearer {secret}"),)
        async with held_open(start(), frame(0)) as sender:
            coming = rpc.fusion.SwapStream(sender, metadata=metadata)
            assert (await coming.read()).HasField("frame")
            keys.revoke(record.id)
            found = await failed(coming.read())
        assert (found.status, found.reason) == ("UNAUTHENTICATED", "unauthenticated")


@DOORS
@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({}, None),
        ({"scope": "swap"}, "permission_denied"),
        ({"aud": "others"}, "unauthenticated"),
        ({"iss": "https://other.test"}, "unauthenticated"),
        ({"exp": 1}, "unauthenticated"),
    ],
    ids=["good", "scope", "audience", "issuer", "expired"],
)
async def test_tokens_of_the_issuer_are_read_alike(kind, claims, reason, tmp_path):
    signer = Signer("k1")
    fetching = Issuer(URL, transport=FakeIssuer(signer).transport)
    keys = KeySet(fetching.keys, max_age_s=60, refetch_s=60, grace_s=60)
    tokens = Tokens(TokenRules(URL, AUDIENCE), fetching, keys)
    entry = Entry(Authenticator(AuthMode.OIDC, tokens=tokens))
    services = dataclasses.replace(fake_services(data_dir=tmp_path), entry=entry)
    async with door(services) as rpc:
        transport = httpx.ASGITransport(app=create_app(services))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
            token = signer.sign(**{"scope": "models swap", **claims})
            answer = await kind(http, rpc).models(bearer(token))
    assert (answer.reason if isinstance(answer, Refusal) else None) == reason
    await fetching.close()


SECOND = clip([grey(120)] * 25)
SENT = len(TARGET) + len(SECOND)


def video_form():
    return {"source": TARGET, "target": SECOND}


async def test_uploads_and_identities_count_as_bytes_kept(tmp_path):
    async with locked(tmp_path, quota_bytes=2 * len(TARGET)) as (_, keys, _, http):
        headers = bearer(key(keys)[1]) | {"Tus-Resumable": "1.0.0"}

        async def begin(length):
            told = {**headers, "Upload-Length": str(length)}
            return await http.post("/v1/uploads", headers=told)

        async def enrol():
            form = {"options": '{"name": "A", "consent": true}'}
            return await http.post(
                "/v1/identities", headers=headers, files={"source": TARGET}, data=form
            )

        begun = await begin(2 * len(TARGET))
        assert begun.status_code == 201
        assert (await begin(1)).status_code == 429
        library = await http.post(
            "/v1/expression-libraries", headers=headers, files={"frame": TARGET}
        )
        for refused in (library, await enrol()):
            assert (refused.status_code, refused.json()["quota"]) == (429, "bytes")
        await http.delete(begun.headers["location"], headers=headers)
        enrolled = await enrol()
        assert enrolled.status_code == 201, enrolled.text
        assert (await begin(2 * len(TARGET))).status_code == 429


@pytest.mark.parametrize(
    ("limits", "quota"),
    [
        ({"quota_jobs": 1}, "jobs"),
        ({"quota_video_minutes_per_day": 1.5 / 60}, "video_seconds"),
        ({"quota_bytes": SENT * 3 // 2}, "bytes"),
    ],
    ids=["jobs", "video", "bytes"],
)
async def test_jobs_beyond_a_quota_are_refused_and_not_charged(limits, quota, tmp_path):
    async with locked(tmp_path, **limits) as (_, keys, rpc, http):
        headers = bearer(key(keys)[1])
        keyed = {**headers, "Idempotency-Key": "k"}
        first = await http.post("/v1/jobs", files=video_form(), headers=keyed)
        assert first.status_code == 202, first.text
        for _ in range(2):
            refused = await http.post("/v1/jobs", files=video_form(), headers=headers)
            problem = refused.json()
            assert (refused.status_code, problem["code"]) == (429, "quota_exceeded")
            assert problem["quota"] == quota
        again = await http.post("/v1/jobs", files=video_form(), headers=keyed)
        assert again.headers["idempotent-replayed"] == "true"
        messages = orders(source=TARGET, target=SECOND)
        call = rpc.jobs.CreateJob(messages, metadata=(("authorization", headers["Authorization"]),))
        over = await failed(call)
        assert (over.status, over.reason) == ("RESOURCE_EXHAUSTED", "quota_exceeded")
        assert over.metadata["quota"] == quota
        assert not list(rpc.services.jobs.spool.iterdir())
        await http.delete(f"/v1/jobs/{first.json()['id']}", headers=headers)
        freed = await http.post("/v1/jobs", files=video_form(), headers=headers)
        assert freed.status_code == (429 if quota == "video_seconds" else 202)
