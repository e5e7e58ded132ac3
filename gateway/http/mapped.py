"""Who a form names: its pictures against the mapping, and enrolled identities."""

from __future__ import annotations

from gateway.errors import IdentityNotFound, InvalidOptions, InvalidRequest
from gateway.http.exchange import Exchange
from gateway.http.forms import Form
from gateway.pipeline.options import SwapOptions
from gateway.serving.services import Services
from gateway.storage.identities import ID, Identity


def require_mapped(form: Form, options: SwapOptions) -> None:
    """Check that a mapping names the pictures that are there, and all of them.

    Raises:
        InvalidOptions: it names one that is not there, or leaves one out.
        InvalidRequest: there are several references, and no mapping.
    """
    references = form.count("reference")
    if not options.mapping:
        if references > 1:
            raise InvalidRequest(
                "Several reference pictures need a `mapping`.",
                errors=[{"pointer": "/reference", "detail": "may be there once"}],
            )
        return
    named_references: set[int] = set()
    named_sources: set[int] = set()
    found = []
    for n, entry in enumerate(options.mapping):
        named_sources.update(entry.sources)
        for place, index in enumerate(entry.sources):
            if index >= form.count("source"):
                found.append(_finding(f"/{n}/sources/{place}", f"there is no source {index}"))
        if entry.reference is not None:
            named_references.add(entry.reference)
            if entry.reference >= references:
                found.append(
                    _finding(f"/{n}/reference", f"there is no reference {entry.reference}")
                )
    for name, named in (("source", named_sources), ("reference", named_references)):
        found += [
            _finding("", f"no entry names {name} {index}")
            for index in range(form.count(name))
            if index not in named
        ]
    if found:
        raise InvalidOptions("The mapping does not fit the pictures.", errors=found)


async def source_identity(form: Form, options: SwapOptions) -> str | None:
    """Return the id of the identity that takes the sources' place; None if there is none.

    Raises:
        InvalidRequest: there are sources, too, or a mapping that says whose face it is.
        IdentityNotFound: it is no id.
    """
    given = await form.text("source_id")
    if not given:
        return None
    others = [name for name in ("source",) if form.has(name)] + ["mapping"] * bool(options.mapping)
    if others:
        detail = f"is an alternative to `{others[0]}`"
        raise InvalidRequest(
            f"The field `source_id` {detail}.", errors=[{"pointer": "/source_id", "detail": detail}]
        )
    id = given if isinstance(given, str) else given.decode("ascii", "replace")
    if not ID.fullmatch(id):
        raise IdentityNotFound()
    return id


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


def _finding(pointer: str, detail: str) -> dict[str, str]:
    return {"pointer": f"/mapping{pointer}", "detail": detail}
