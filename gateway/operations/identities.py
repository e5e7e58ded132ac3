"""Enrolling people whose faces may be used."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.deadline import Deadline
from gateway.errors import ConsentRequired
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
    kept = EnrolledIdentity.new(options.name, options.statement, found)
    await services.compute.run(services.identities.add, exchange.tenant, kept)
    exchange.faces_found = len(found)
    return identity_report(kept)
