"""Enrolled identities that a request names."""

from __future__ import annotations

from gateway.http.request.forms import Form
from gateway.http.request_context import Exchange
from gateway.pipeline.options.swap import SwapOptions
from gateway.serving.services import Services
from gateway.storage.identities import Identity


async def source_identity(form: Form) -> str | None:
    """Return the id of the identity that takes the sources' place, as sent; None without one."""
    given = await form.text("source_id")
    if not given:
        return None
    return given if isinstance(given, str) else given.decode("ascii", "replace")


async def kept_identities(
    services: Services, exchange: Exchange, options: SwapOptions, source_id: str | None
) -> dict[str, Identity]:
    """Return the enrolled identities that a request names, by their ids.

    Raises:
        IdentityNotFound: one is not there.
    """
    named = [*options.identities, *([] if source_id is None else [source_id])]
    found: dict[str, Identity] = {}
    if named:
        with exchange.timings.stage("decode"):
            for id in named:
                found[id] = await services.compute.run(services.identities.get, id)
    return found
