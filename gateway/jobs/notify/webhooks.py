"""Telling others of jobs: signed as Standard Webhooks says, and only to addresses outside."""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
from collections.abc import Callable
from datetime import UTC, datetime

import httpx
from standardwebhooks import Webhook as Signer

from gateway.errors import JobsUnavailable, SetupIncomplete, WebhookRefused
from gateway.jobs.job import Event, JobRecord, Webhook
from gateway.jobs.notify.addresses import Guard, WebhookAddress
from gateway.telemetry.log_scope import log_scope

log = logging.getLogger(__name__)

_LEAST_KEY = 24  # bytes, as Standard Webhooks requires
_GONE = 410
"""A receiver's request for no further notifications."""


class Webhooks:
    """Calls webhooks.

    Args:
        secrets: To sign with, `whsec_…`, all of them each time, so that they can be changed while
            calls are under way. None: there are no webhooks.
        guard: Checks which addresses may be called.
        timeout_s: Seconds a call may take.
        job: Returns a job, None if it is there no more.
        render: Makes a call's body of it.
        transport: In place of the network, for tests.

    Raises:
        SetupIncomplete: a secret is none, or too short to be one.
    """

    def __init__(
        self,
        secrets: tuple[str, ...],
        guard: Guard,
        *,
        timeout_s: float,
        job: Callable[[str], JobRecord | None],
        render: Callable[[JobRecord], bytes],
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._signers = [Signer(_key(secret)) for secret in secrets]
        self._guard = guard
        self._timeout_s = timeout_s
        self._job = job
        self._render = render
        self._transport = transport

    def check(self, webhook: Webhook) -> None:
        """Check that a webhook may be called, as far as possible without network access.

        Raises:
            WebhookRefused: it may not.
        """
        if not self._signers:
            raise WebhookRefused(
                "This service has no secret to sign webhooks with: set SEMBLANT_WEBHOOK_SECRETS, "
                "and restart it."
            )
        self._guard.check(webhook.url)

    def tell(self, message_id: str, job_id: str, event: str) -> bool:
        """Call a job's webhook; return whether delivery is settled, or else is to be retried."""
        with log_scope(job_id=job_id):
            return self._tell(message_id, job_id, event)

    def _tell(self, message_id: str, job_id: str, event: str) -> bool:
        try:
            job = self._job(job_id)
        except JobsUnavailable:
            return False
        if job is None or job.webhook is None:
            return True
        try:
            place = self._guard.vet(job.webhook.url)
            status = asyncio.run(self._call(place, message_id, Event(event), job))
        except (WebhookRefused, httpx.HTTPError, TimeoutError, OSError) as error:
            log.info("job %s: its webhook was not reached: %s", job_id, type(error).__name__)
            return False
        log.info("job %s: its webhook answered %d", job_id, status)
        return 200 <= status < 300 or status == _GONE

    async def _call(
        self, place: WebhookAddress, message_id: str, event: Event, job: JobRecord
    ) -> int:
        """Send a request and return the response status; the rest of the response is not read."""
        body = self._render(job)
        headers = self._headers(place, message_id, event, body)
        if job.traceparent is not None:
            # Of the request that made the job: what it leads to is part of its caller's trace.
            headers["traceparent"] = job.traceparent
        url = httpx.URL(scheme=place.scheme, host=place.address, port=place.port)
        request = httpx.Request(
            "POST",
            url.copy_with(raw_path=place.target.encode()),
            content=body,
            headers=headers,
            extensions={"sni_hostname": place.host},
        )
        client = httpx.AsyncClient(
            transport=self._transport,
            timeout=self._timeout_s,
            follow_redirects=False,
            trust_env=False,
        )
        async with asyncio.timeout(self._timeout_s), client:
            request.extensions["timeout"] = client.timeout.as_dict()
            answer = await client.send(request, stream=True)
            await answer.aclose()
            return answer.status_code

    def _headers(
        self, place: WebhookAddress, message_id: str, event: Event, body: bytes
    ) -> dict[str, str]:
        now = datetime.now(UTC)
        signatures = [signer.sign(message_id, now, body.decode()) for signer in self._signers]
        return {
            "Host": place.authority,
            "Content-Type": "application/json",
            "User-Agent": "semblant",
            "X-Semblant-Event": event.value,
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(signatures),
        }


def _key(secret: str) -> bytes:
    """Return the bytes that a secret stands for."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        key = b""
    if len(key) < _LEAST_KEY:
        raise SetupIncomplete(
            f"A secret for webhooks must be base64 of at least {_LEAST_KEY} bytes."
        )
    return key
