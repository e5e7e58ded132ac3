"""Stored data that a request names by id: enrolled people, and a library of expressions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.arrays import F32
from gateway.compute import Compute
from gateway.errors import ConsentWithdrawn
from gateway.pipeline.options.swap import SwapOptions
from gateway.storage.expressions import ID, ExpressionStore, LibraryEntry
from gateway.storage.identities import EnrolledIdentity, IdentityStore
from gateway.trust.consent import Consent, ConsentRules, Medium


@dataclass(frozen=True, slots=True, eq=False)
class StoredInputs:
    """Stored data that a request names.

    Attributes:
        identities: Enrolled people by their ids.
        library: Entries to match expressions with; none unless a library is named.
        consent: What covers the use of faces: whose consents, whom sources have to look like, and
            whose faces in targets are protected.
    """

    identities: Mapping[str, EnrolledIdentity]
    library: Sequence[LibraryEntry]
    consent: UsedConsents


@dataclass(frozen=True, slots=True, eq=False)
class UsedConsents:
    """What covers the use of faces.

    Attributes:
        used: Consents of the enrolled people whose faces are used.
        claimed: float32 (128,) each: descriptors of people whom sources that are sent have to look
            like; none: they may show anybody.
        protected: float32 (128,) each: of people whose faces must not be replaced.
        farthest: Distance of descriptors up to which two are of one person.
    """

    used: Sequence[Consent] = ()
    claimed: Sequence[F32] = ()
    protected: Sequence[F32] = ()
    farthest: float = 0.6


NO_CONSENTS = UsedConsents()


class ConsentGuard(Protocol):
    """Decides whose faces may be used, and whose are protected."""

    def rules(self, medium: Medium) -> ConsentRules:
        """Return what is asked before a face is put into something."""
        ...

    def protected(self, tenant: str) -> Sequence[F32]:
        """Return the descriptors of a tenant's protected people; may block."""
        ...

    @property
    def farthest(self) -> float:
        """Distance of descriptors up to which two are of one person."""
        ...


async def read_stored(
    options: SwapOptions,
    source_id: str | None,
    *,
    tenant: str,
    identities: IdentityStore,
    expressions: ExpressionStore,
    compute: Compute,
    guard: ConsentGuard,
    medium: Medium,
) -> StoredInputs:
    """Return what options and `source_id` name, if the people's consents cover it.

    Args:
        options: Of a swap.
        source_id: The identity that takes the sources' place.
        tenant: Whose they must be.
        identities: Where people are kept.
        expressions: Where libraries are kept.
        compute: Threads to read in.
        guard: Decides whose faces may be used.
        medium: What they are put into.

    Raises:
        IdentityNotFound, LibraryNotFound: something is not there, or another tenant's.
        ConsentRequired, ConsentWithdrawn: a consent does not cover this.
    """
    own = () if source_id is None else (source_id,)
    lent = dict.fromkeys((*options.lent, *own, *options.consent.identities))
    named = dict.fromkeys((*options.identities, *lent))
    infos = {id: await compute.run(identities.info, tenant, id) for id in named}
    rules = guard.rules(medium)
    if options.uses_faces:
        for id in lent:
            rules.require(infos[id].consent, options.consent.purpose)
    for info in infos.values():
        if info.consent.withdrawn is not None:
            raise ConsentWithdrawn()
    found = {id: await compute.run(identities.get, tenant, id) for id in named}
    library: Sequence[LibraryEntry] = ()
    if isinstance(options.expression, str) and ID.fullmatch(options.expression):
        library = (await compute.run(expressions.get, tenant, options.expression)).entries
    consents = NO_CONSENTS
    if options.uses_faces:
        consents = UsedConsents(
            [infos[id].consent for id in lent],
            [found[id].descriptor for id in options.consent.identities],
            await compute.run(guard.protected, tenant),
            guard.farthest,
        )
    return StoredInputs(found, library, consents)


def require_claims(rules: ConsentRules, options: SwapOptions, sent: int) -> None:
    """Check, before anything is read, that somebody's consent is claimed where it has to be.

    Args:
        rules: Of the service.
        options: What is asked for.
        sent: Number of source pictures.

    Raises:
        ConsentRequired: nobody's is.
    """
    if options.uses_faces:
        rules.require_claims(sent=sent, claimed=len(options.consent.identities))
