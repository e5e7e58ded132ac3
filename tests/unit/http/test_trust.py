"""Trust over HTTP: marks, verification, consents, protected faces, the content gate, the log."""

import dataclasses
import hashlib
import json

import numpy as np
import pytest

from gateway.errors import AuditUnavailable, InferenceUnavailable
from gateway.inference.contracts import ModelContract, TensorSpec
from gateway.serving.audit import Audit
from gateway.serving.testing import fake_services
from gateway.testing import FakeModel
from gateway.testing_faces import fake_face_inference
from gateway.trust.credentials.trial import CHAIN, KEY, ROOT, write_test_certificates
from tests.unit.http.app import client, files, photograph, saved
from tests.unit.http.problem import checked

FACE = saved(photograph(96, 128, seed=1))
LARGE = saved((photograph(480, 640) // 16 + np.arange(640)[None, :, None] // 8).astype(np.uint8))
MARKED = {"watermark": "frame", "watermark_least": "off"}


async def swapped(services, options=None, **sent):
    data = {"options": json.dumps(options or {})}
    async with client(services) as http:
        return await http.post("/v1/swaps", files=files(**sent), data=data)


async def verified(services, data):
    async with client(services) as http:
        return (await http.post("/v1/verify", files={"file": ("found", data)})).json()


async def enrolled(services, **options):
    form = [("source", ("a.png", FACE))]
    form.append(("options", ("o", json.dumps({"consent": True, **options}).encode())))
    async with client(services) as http:
        return (await http.post("/v1/identities", files=form)).json()["id"]


async def test_a_result_says_what_it_is(tmp_path):
    write_test_certificates(tmp_path)
    chain, key = tmp_path / CHAIN, tmp_path / KEY
    services = fake_services(
        **MARKED,
        credentials_chain=chain,
        credentials_key=key,
        credentials_anchors=tmp_path / ROOT,
        producer="Acme",
    )
    answer = await swapped(services, {"consent": {"basis": "contract 12"}}, target=LARGE)
    told = await verified(services, answer.content)
    assert (told["verdict"], told["synthetic"]) == ("intact", True)
    assert told["credentials"]["consent"] == "contract 12"
    assert told["metadata"]["producer"] == "Acme"
    assert {one["state"] for one in told["findings"]} == {"intact"}
    assert told["watermarks"][0]["provenance_id"] == told["provenance_id"]
    assert "sign" in answer.headers["server-timing"]


async def test_a_picture_without_marks_is_no_error():
    told = await verified(fake_services(), FACE)
    assert (told["verdict"], told["synthetic"], told["watermarks"]) == ("unmarked", False, [])


@pytest.mark.parametrize(("data", "code"), [(b"", "empty_upload"), (b"text", "not_an_image")])
async def test_what_cannot_be_verified_is_told(data, code):
    async with client(fake_services()) as http:
        checked(await http.post("/v1/verify", files={"file": ("a", data)}), code)


async def test_less_marks_than_the_service_allows_are_refused():
    services = fake_services(watermark="frame", watermark_least="face")
    problem = checked(await swapped(services, {"marks": {"watermark": "off"}}), "invalid_options")
    assert problem["errors"][0]["pointer"] == "/marks/watermark"


async def test_marks_are_of_the_tenant():
    services = fake_services(**MARKED)
    async with client(services) as http:
        sent = files(target=LARGE)
        made = await http.post("/v1/swaps", files=sent, headers={"X-Semblant-Tenant": "acme"})
    told = await verified(services, made.content)  # by another one
    assert {one["state"] for one in told["findings"] if one["mark"] == "watermark"} <= {
        "unreadable",
        "absent",
        "intact",
    }


async def test_an_expired_consent_is_refused():
    services = fake_services()
    id = await enrolled(services, valid_until="2020-01-01T00:00:00Z")
    async with client(services) as http:
        sent = {**dict([files(source=...)[0]]), "source_id": (None, id)}
        checked(await http.post("/v1/swaps", files=sent), "consent_required")


async def test_a_purpose_that_was_not_agreed_to_is_refused():
    services = fake_services()
    id = await enrolled(services, purposes=["dubbing"])
    for purpose, status in (("advertising", 403), ("dubbing", 200)):
        async with client(services) as http:
            options = json.dumps({"consent": {"purpose": purpose}})
            sent = {**dict([files(source=...)[0]]), "source_id": (None, id)}
            answer = await http.post("/v1/swaps", files=sent, data={"options": options})
        assert answer.status_code == status


async def test_where_consent_is_required_sources_have_to_show_somebody():
    services = fake_services(consent="required")
    checked(await swapped(services), "consent_required")
    id = await enrolled(services)
    options = {"consent": {"identities": [id]}}
    assert (await swapped(services, options, source=FACE)).status_code == 200


async def test_a_protected_face_is_not_replaced():
    services = fake_services(consent_cache_s=0)
    assert (await swapped(services)).status_code == 200
    await enrolled(services, protect=True)  # the fake network takes everybody for one person
    checked(await swapped(services), "face_protected")


def nsfw(score):
    """Return a network that takes every picture for so sexual."""
    contract = ModelContract(
        "open_nsfw",
        inputs=(TensorSpec("image", "uint8", (-1, 224, 224, 3)),),
        outputs=(TensorSpec("probability", "float32", (-1, 2)),),
        max_batch_size=16,
    )

    def answer(inputs):
        rows = len(inputs["image"])
        return {"probability": np.tile(np.float32([1 - score, score]), (rows, 1))}

    return FakeModel(contract, answer)


def gated(score, **settings):
    inference = fake_face_inference()
    network = nsfw(score)
    inference.models["open_nsfw"] = network
    inference._running["open_nsfw"] = 0
    return fake_services(inference=inference, content="refuse", **settings), network


async def test_the_gate_lets_harmless_pictures_pass_and_reports_them():
    services, _ = gated(0.1)
    async with client(services) as http:
        sent = files(target=saved(photograph()))
        told = (
            await http.post("/v1/swaps", files=sent, headers={"Accept": "application/json"})
        ).json()
    assert told["content"] == {"source": 0.1, "result": 0.1}


async def test_the_gate_refuses_others():
    problem = checked(await swapped(gated(0.95)[0]), "content_refused")
    assert problem["picture"] == "source"


async def test_a_gate_that_is_away_lets_nothing_pass():
    services, network = gated(0.1)
    network.failures = [InferenceUnavailable("gone")]
    checked(await swapped(services), "content_unchecked")
    checked(await swapped(fake_services(content="refuse")), "content_unchecked")  # not installed


class Sink:
    """A log that can be broken."""

    def __init__(self):
        self.events, self.broken = [], False

    def require(self):
        if self.broken:
            raise AuditUnavailable()

    def append(self, event):
        self.require()
        self.events.append(event)
        return len(self.events)

    def forget(self, tenant, subject):
        return True

    def close(self):
        pass


def logging_services(sink, **settings):
    return dataclasses.replace(fake_services(**settings), audit=Audit(sink))


async def test_what_is_done_is_logged():
    sink = Sink()
    services = logging_services(sink)
    id = await enrolled(services, name="Alice")
    answer = await swapped(services, {"consent": {"basis": "contract 12"}})
    async with client(services) as http:
        await http.post(f"/v1/identities/{id}/withdrawal")
        await http.delete(f"/v1/identities/{id}")
    created, swap, withdrawn, deleted = sink.events
    assert [e.action for e in sink.events] == [
        "identity_created",
        "swap",
        "consent_withdrawn",
        "identity_deleted",
    ]
    assert created.personal["name"] == "Alice"
    assert swap.consent["basis"] == "contract 12"
    assert swap.output_sha256 == hashlib.sha256(answer.content).hexdigest()
    assert withdrawn.reference == deleted.reference == id


async def test_what_cannot_be_logged_is_not_done():
    sink = Sink()
    services = logging_services(sink)
    sink.broken = True
    checked(await swapped(services), "audit_unavailable")
    assert not sink.events
