"""A form's pictures against the mapping that names them, before any work."""

from __future__ import annotations

from gateway.errors import InvalidOptions, InvalidRequest
from gateway.http.forms import Form
from gateway.pipeline.options import SwapOptions


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


def _finding(pointer: str, detail: str) -> dict[str, str]:
    return {"pointer": f"/mapping{pointer}", "detail": detail}
