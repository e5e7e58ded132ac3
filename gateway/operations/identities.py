"""Enrolling people whose faces may be used."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from gateway.deadline import Deadline
from gateway.errors import ConsentRequired, ConsentWithdrawn, IdentityNotFound
from gateway.jobs.job import FINAL, JobQuery, JobRecord, Status
from gateway.jobs.protocol import JobEngine
from gateway.operations.exchange import Exchange
from gateway.operations.pictures import decode_pictures
from gateway.operations.quotas import require_bytes
from gateway.operations.schemas.identities import (
    IdentityOptions,
    IdentityReport,
    identity_report,
)
from gateway.serving.services import Services
from gateway.storage.identities import EnrolledIdentity
from gateway.trust.audit.events import AuditEvent

_PAGE = 100


def require_consent(options: IdentityOptions) -> None:
    """Check that a person's consent was stated.

    Raises:
        ConsentRequired: it was not.
    """
    if not options.consent:
        raise ConsentRequired(errors=[{"pointer": "/consent", "detail": "must be true"}])


async def enrol(
    services: Services,
    exchange: Exchange,
    portraits: Sequence[bytes],
    options: IdentityOptions,
    deadline: Deadline,
) -> IdentityReport:
    """Decode a person's portraits, analyse and keep them, and describe what is kept.

    Raises:
        QuotaExceeded, ImageError, FaceError, IdentityLimit, InferenceError, DeadlineExceeded: by
            name.
    """
    await require_bytes(services, exchange.tenant, sum(map(len, portraits)))
    files = [(f"Source {n}", data) for n, data in enumerate(portraits)]
    pictures = await decode_pictures(services, exchange, files)
    found = await services.identifier.enrol(
        [picture.rgb for picture in pictures], deadline=deadline, timings=exchange.timings
    )
    consent = options.record(datetime.now(UTC))
    kept = EnrolledIdentity.new(options.name, consent, found, protected=options.protect)
    await services.compute.run(services.identities.add, exchange.tenant, kept)
    services.guard.forget(exchange.tenant)
    event = AuditEvent(
        action="identity_created",
        tenant=exchange.tenant,
        actor=exchange.actor,
        reference=kept.id,
        consent={"records": [consent.digest()]},
        subject=kept.id,
        personal={"name": kept.name, "subject": consent.subject, "statement": consent.statement},
    )
    await services.audit.record(services.compute, event)
    exchange.faces_found = len(found)
    return identity_report(kept)


async def delete(services: Services, exchange: Exchange, id: str) -> None:
    """Delete an identity, and make unreadable what is logged of the person.

    Raises:
        IdentityNotFound: the tenant has none of that id.
        AuditUnavailable: it cannot be logged.
    """
    tenant = exchange.tenant
    services.audit.require()
    await services.compute.run(services.identities.delete, tenant, id)
    services.guard.forget(tenant)
    await services.audit.record(
        services.compute,
        AuditEvent(
            action="identity_deleted",
            tenant=tenant,
            actor=exchange.actor,
            reference=id,
            subject=id,
        ),
    )
    await services.compute.run(services.audit.forget, tenant, id)


async def withdraw(services: Services, exchange: Exchange, id: str) -> IdentityReport:
    """Withdraw a person's consent: from now on their face is used no more.

    Portraits and descriptors are removed at once; what is left is the record of the consent and of
    its end. Jobs that use the face are canceled, and their outputs cannot be downloaded any more.

    Raises:
        IdentityNotFound: the tenant has none of that id.
        AuditUnavailable: it cannot be logged.
    """
    tenant = exchange.tenant
    services.audit.require()

    def change() -> EnrolledIdentity:
        gone = services.identities.get(tenant, id).withdrawn()
        services.identities.replace(tenant, gone)
        return gone

    gone = await services.compute.run(change)
    services.guard.forget(tenant)
    if services.jobs is not None:
        for job in await _running(services.jobs, tenant):
            if id in used_identities(job):
                await services.jobs.cancel(tenant, job.id)
    await services.audit.record(
        services.compute,
        AuditEvent(
            action="consent_withdrawn",
            tenant=tenant,
            actor=exchange.actor,
            reference=id,
            consent={"records": [gone.consent.digest()]},
            subject=id,
        ),
    )
    return identity_report(gone)


async def require_live(services: Services, tenant: str, job: JobRecord) -> None:
    """Check that nobody whose face a job used has withdrawn the consent since.

    Identities that were deleted do not count: whoever deletes one does not say that it was misused.

    Raises:
        ConsentWithdrawn: somebody has.
    """
    for id in used_identities(job):
        try:
            info = await services.compute.run(services.identities.info, tenant, id)
        except IdentityNotFound:
            continue
        if info.consent.withdrawn is not None:
            raise ConsentWithdrawn()


def used_identities(job: JobRecord) -> list[str]:
    """Return the ids of the enrolled people whose faces a job uses."""
    mapping = job.options.get("mapping") or ()
    claimed = (job.options.get("consent") or {}).get("identities") or ()
    named = [job.source_id, *(entry.get("source_id") for entry in mapping), *claimed]
    return list(dict.fromkeys(id for id in named if id))


async def _running(jobs: JobEngine, tenant: str) -> list[JobRecord]:
    """Return all jobs of a tenant that have not ended."""
    going = tuple(status for status in Status if status not in FINAL)
    found: list[JobRecord] = []
    after = None
    while True:
        page = await jobs.page(tenant, JobQuery(going, after, _PAGE))
        found += page
        if len(page) < _PAGE:
            return found
        after = (page[-1].created, page[-1].id)
