"""Jobs accepted, canceled and deleted, each with an entry of the log."""

from __future__ import annotations

from typing import Literal

from gateway.errors import AuditUnavailable
from gateway.jobs.job import JobRecord, JobSubmission
from gateway.jobs.protocol import JobEngine, SubmitResult
from gateway.operations.exchange import Exchange
from gateway.operations.identities import used_identities
from gateway.operations.quotas import submit_within_quotas
from gateway.serving.services import Services
from gateway.trust.audit.events import AuditEvent
from gateway.trust.provenance import job_provenance


async def accept(
    services: Services, exchange: Exchange, engine: JobEngine, order: JobSubmission
) -> SubmitResult:
    """Submit an order within its tenant's quotas, and log it; what is not logged is not done.

    Raises:
        QuotaExceeded, AuditUnavailable: it is not accepted.
        SemblantError: from submitting.
    """
    services.audit.require()
    taken = await submit_within_quotas(services, engine, order)
    if not taken.replayed:
        try:
            await _log(services, exchange, "job_accepted", taken.job)
        except AuditUnavailable:
            await engine.delete(order.tenant, taken.job.id)
            raise
    return taken


async def cancel(services: Services, exchange: Exchange, engine: JobEngine, id: str) -> JobRecord:
    """Cancel a job, and log it.

    Raises:
        JobNotFound, AuditUnavailable: by name.
    """
    job = await engine.cancel(exchange.tenant, id)
    await _log(services, exchange, "job_canceled", job)
    return job


async def delete(services: Services, exchange: Exchange, engine: JobEngine, id: str) -> None:
    """Delete a job and all that is kept of it, and log it.

    Raises:
        JobNotFound, AuditUnavailable: by name.
    """
    services.audit.require()
    job = await engine.get(exchange.tenant, id)
    await engine.delete(exchange.tenant, id)
    await _log(services, exchange, "job_deleted", job)


async def _log(
    services: Services,
    exchange: Exchange,
    action: Literal["job_accepted", "job_canceled", "job_deleted"],
    job: JobRecord,
) -> None:
    stated = job.options.get("consent") or {}
    used = used_identities(job)
    event = AuditEvent(
        action=action,
        tenant=exchange.tenant,
        actor=exchange.actor,
        reference=job.id,
        provenance_id=job_provenance(job.id),
        consent={"mode": services.settings.consent, "basis": stated.get("basis", "")},
        subject=used[0] if len(used) == 1 else "",
    )
    await services.audit.record(services.compute, event)
