"""Which files options need, and which of them they name."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.errors import IdentityNotFound, InvalidOptions, InvalidRequest, MissingField
from gateway.pipeline.options.swap import SwapOptions
from gateway.storage.identities import ID


def require_pictures(
    options: SwapOptions, counts: Mapping[str, int], source_id: str | None
) -> None:
    """Check that the files that were sent are those that the options need.

    Args:
        options: The requested options.
        counts: How many files each of the fields `source`, `target` and `reference` has.
        source_id: The enrolled identity that takes the sources' place, as the caller names it.

    Raises:
        MissingField: naming the missing field.
        InvalidOptions: a mapping names a file that is not there, or leaves one out.
        InvalidRequest: `source_id` stands beside its alternative; or there are
            several references, and no mapping.
        IdentityNotFound: `source_id` is no id.
    """
    if source_id is not None:
        _require_alone(options, counts, source_id)
    sourceless = source_id is not None or not options.needs_source
    needed = ["target"] if sourceless else ["source", "target"]
    missing = [name for name in needed if not counts.get(name)]
    if missing:
        raise MissingField(
            f"Missing: {', '.join(missing)}.",
            errors=[{"pointer": f"/{name}", "detail": "required"} for name in missing],
        )
    if options.mapping:
        _require_mapped(options, counts)
    elif counts.get("reference", 0) > 1:
        raise InvalidRequest(
            "Several reference pictures need a `mapping`.",
            errors=[{"pointer": "/reference", "detail": "may be there once"}],
        )


def _require_alone(options: SwapOptions, counts: Mapping[str, int], source_id: str) -> None:
    others = ["source"] * bool(counts.get("source")) + ["mapping"] * bool(options.mapping)
    if others:
        detail = f"is an alternative to `{others[0]}`"
        raise InvalidRequest(
            f"The field `source_id` {detail}.", errors=[{"pointer": "/source_id", "detail": detail}]
        )
    if not ID.fullmatch(source_id):
        raise IdentityNotFound()


def _require_mapped(options: SwapOptions, counts: Mapping[str, int]) -> None:
    """Check that a mapping names the pictures that are there, and all of them."""
    named: dict[str, set[int]] = {"source": set(), "reference": set()}
    found = []
    for n, entry in enumerate(options.mapping):
        named["source"].update(entry.sources)
        for place, index in enumerate(entry.sources):
            if index >= counts.get("source", 0):
                found.append(_finding(f"/{n}/sources/{place}", f"there is no source {index}"))
        if entry.reference is not None:
            named["reference"].add(entry.reference)
            if entry.reference >= counts.get("reference", 0):
                detail = f"there is no reference {entry.reference}"
                found.append(_finding(f"/{n}/reference", detail))
    for name, indices in named.items():
        found += [
            _finding("", f"no entry names {name} {index}")
            for index in range(counts.get(name, 0))
            if index not in indices
        ]
    if found:
        raise InvalidOptions("The mapping does not fit the pictures.", errors=found)


def _finding(pointer: str, detail: str) -> dict[str, str]:
    return {"pointer": f"/mapping{pointer}", "detail": detail}
