"""Webhooks are told once things have happened, signed, and again until they listen."""

import base64
import json
from contextlib import asynccontextmanager

import httpx
import pytest
from standardwebhooks import Webhook as Verifier

from gateway.errors import SetupIncomplete, WebhookRefused
from gateway.jobs.job import Event, Status, Webhook
from gateway.jobs.testing import running_engine
from gateway.telemetry.otlp import OtlpTracer
from gateway.telemetry.spans import Kind, entered
from tests.unit.jobs.orders import ended, order, settled
from tests.waiting import until

NEW, OLD = (base64.b64encode(bytes([n] * 24)).decode() for n in range(2))
SECRETS = [f"whsec_{NEW}", OLD]
URL = "https://127.0.0.1/hook?token=1"


@asynccontextmanager
async def listening(folder, *statuses, secrets=SECRETS, **settings):
    """Run an engine whose webhooks reach a receiver; gives it and what was received."""
    answers = iter(statuses)
    received = []

    def answer(request):
        received.append(request)
        return httpx.Response(next(answers, 204), headers={"Location": "https://elsewhere/"})

    settings = {"webhook_allow": "127.0.0.1/32", "webhook_secrets": ",".join(secrets), **settings}
    transport = httpx.MockTransport(answer)
    async with running_engine(folder, transport=transport, **settings) as engine:
        yield engine, received


async def test_they_tell_of_beginning_and_end_with_the_jobs_own_object(tmp_path):
    async with listening(tmp_path) as (engine, received):
        webhook = Webhook(URL, (Event.START, Event.COMPLETED))
        job = await ended(engine, (await engine.submit(order(engine, webhook=webhook))).job)
        await until(lambda: len(received) == 2)
        by_event = {request.headers["x-semblant-event"]: request for request in received}
        body = json.loads(by_event["completed"].content)
        assert body["id"] == job.id
        assert body["status"] == "succeeded"
        assert body.keys() == (await engine.describe(job)).keys()
        assert len({request.headers["webhook-id"] for request in received}) == 2
        assert str(received[0].url) == URL
        assert received[0].extensions["sni_hostname"] == "127.0.0.1"


async def test_they_are_signed_with_every_secret(tmp_path):
    async with listening(tmp_path) as (engine, received):
        await engine.submit(order(engine, webhook=Webhook(URL)))
        await until(lambda: received)
        (request,) = received
        for secret in SECRETS:
            Verifier(secret).verify(request.content, dict(request.headers))
        assert len(request.headers["webhook-signature"].split()) == 2


async def test_they_are_called_again_by_the_same_name_until_they_take_it(tmp_path):
    async with listening(tmp_path, 500, 302, 204) as (engine, received):
        job = (await engine.submit(order(engine, webhook=Webhook(URL)))).job
        await until(lambda: len(received) == 3)
        await settled(engine, await ended(engine, job))
        assert len({request.headers["webhook-id"] for request in received}) == 1
        assert {request.url.host for request in received} == {"127.0.0.1"}  # no redirect taken
        assert len(received) == 3


async def test_they_are_given_up_after_some_calls_or_when_they_are_gone(tmp_path):
    async with listening(tmp_path, *[500] * 9, webhook_attempts=2) as (engine, received):
        job = (await engine.submit(order(engine, webhook=Webhook(URL)))).job
        await until(lambda: len(received) == 2)
        await settled(engine, await ended(engine, job))
        assert len(received) == 2


async def test_a_receiver_that_is_gone_is_told_no_more(tmp_path):
    async with listening(tmp_path, 410) as (engine, received):
        job = (await engine.submit(order(engine, webhook=Webhook(URL)))).job
        await until(lambda: received)
        await settled(engine, await ended(engine, job))
        assert len(received) == 1


async def test_they_tell_of_jobs_that_are_called_off(tmp_path):
    async with listening(tmp_path) as (engine, received):
        hold = tmp_path / "hold"
        hold.touch()
        job = (await engine.submit(order(engine, hold_file=str(hold), webhook=Webhook(URL)))).job
        await engine.cancel(job.tenant, job.id)
        await until(lambda: received)
        assert json.loads(received[0].content)["status"] == Status.CANCELED


async def test_without_a_secret_there_are_none(tmp_path):
    async with running_engine(tmp_path, carry_out=False) as engine:
        with pytest.raises(WebhookRefused):
            engine.check_webhook(order(engine, webhook=Webhook("https://example.com/")))
        engine.check_webhook(order(engine))


@pytest.mark.parametrize("secret", ["whsec_", "no base64!", "whsec_AAAA"])
async def test_a_secret_that_is_none(tmp_path, secret):
    with pytest.raises(SetupIncomplete):
        async with listening(tmp_path, secrets=[secret]):
            pass


PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


async def test_they_carry_the_trace_of_the_request_that_made_the_job(tmp_path):
    tracer = OtlpTracer("", sample_share=1, resource={}, timeout_s=1)
    async with listening(tmp_path) as (engine, received):
        span = tracer.root("POST /v1/jobs", Kind.SERVER, {}, caller={"traceparent": PARENT})
        with entered(span):
            job = (await engine.submit(order(engine, webhook=Webhook(URL)))).job
        await until(lambda: received)
        await settled(engine, await ended(engine, job))
    assert received[0].headers["traceparent"] == span.headers()["traceparent"]
    assert received[0].headers["traceparent"].split("-")[1] == PARENT.split("-")[1]


async def test_without_a_trace_they_carry_none(tmp_path):
    async with listening(tmp_path) as (engine, received):
        await engine.submit(order(engine, webhook=Webhook(URL)))
        await until(lambda: received)
    assert "traceparent" not in received[0].headers
