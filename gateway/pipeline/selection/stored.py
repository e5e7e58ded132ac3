"""Stored data that a request names by id: enrolled people, and a library of expressions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.compute import Compute
from gateway.pipeline.options.swap import SwapOptions
from gateway.storage.expressions import ID, ExpressionStore, LibraryEntry
from gateway.storage.identities import EnrolledIdentity, IdentityStore


@dataclass(frozen=True, slots=True, eq=False)
class StoredInputs:
    """Stored data that a request names.

    Attributes:
        identities: Enrolled people by their ids.
        library: Entries to match expressions with; none unless a library is named.
    """

    identities: Mapping[str, EnrolledIdentity]
    library: Sequence[LibraryEntry]


async def read_stored(
    options: SwapOptions,
    source_id: str | None,
    *,
    tenant: str,
    identities: IdentityStore,
    expressions: ExpressionStore,
    compute: Compute,
) -> StoredInputs:
    """Return what options and `source_id` name.

    Args:
        options: Of a swap.
        source_id: The identity that takes the sources' place.
        tenant: Whose they must be.
        identities: Where people are kept.
        expressions: Where libraries are kept.
        compute: Threads to read in.

    Raises:
        IdentityNotFound, LibraryNotFound: something is not there, or another tenant's.
    """
    named = dict.fromkeys((*options.identities, *(() if source_id is None else (source_id,))))
    found = {id: await compute.run(identities.get, tenant, id) for id in named}
    library: Sequence[LibraryEntry] = ()
    if isinstance(options.expression, str) and ID.fullmatch(options.expression):
        library = (await compute.run(expressions.get, tenant, options.expression)).entries
    return StoredInputs(found, library)
