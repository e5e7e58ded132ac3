"""Enrolled people: what goes over the wire and comes back, for both clients."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from gateway.errors import InternalError
from semblant.calls import (
    FOREIGN,
    JSON,
    File,
    headers_for,
    json_object,
    kept_request,
    raise_for_problem,
    read,
    several,
)

IDENTITIES = "/v1/identities"


@dataclass(frozen=True, slots=True)
class Identity:
    """An enrolled person.

    Attributes:
        id: `idn_` and 32 hexadecimal digits.
        name: The name given at enrolment.
        created: When, ISO 8601, UTC.
        size: Number of portraits.
        consent: The record of the consent, as the API documents it.
        protected: Whether the face must not be replaced in targets.
        portraits: One mapping per portrait, as the API documents it; none in a list of identities.
        inconsistent_portraits: Indices of portraits that seem to show another person.
    """

    id: str
    name: str
    created: str
    size: int
    consent: Mapping[str, Any]
    portraits: Sequence[Mapping[str, Any]] = ()
    inconsistent_portraits: tuple[int, ...] = ()
    protected: bool = False


def identify_request(
    sources: File | Sequence[File],
    *,
    consent: bool,
    name: str,
    statement: str | None,
    further: Mapping[str, Any] | None = None,
    timeout_s: float,
) -> dict[str, Any]:
    """Return httpx's arguments for enrolling a person."""
    files = [("source", ("source", read(s), "application/octet-stream")) for s in several(sources)]
    options: dict[str, Any] = {"name": name, "consent": consent, **(further or {})}
    if statement is not None:
        options["statement"] = statement
    # As a part with a type, so that the body is a form of parts even without a file.
    files.append(("options", ("options", json.dumps(options).encode(), JSON)))
    return {
        "method": "POST",
        "url": IDENTITIES,
        "files": files,
        "headers": headers_for(JSON, timeout_s),
        "timeout": timeout_s + 5,
    }


def identity_request(method: str, id: str | None = None, *, timeout_s: float) -> dict[str, Any]:
    """Return httpx's arguments for one identity, or for all without an id."""
    return kept_request(method, IDENTITIES, id, timeout_s=timeout_s)


def identity_result(response: httpx.Response) -> Identity:
    """Read the answer about one identity.

    Raises:
        SemblantError: the error the server reported, as the matching class.
        InternalError: if it is not one, as from a foreign server.
    """
    raise_for_problem(response)
    try:
        return read_identity(json_object(response))
    except (KeyError, TypeError):
        raise InternalError(FOREIGN) from None


def identities_result(response: httpx.Response) -> list[Identity]:
    """Read the answer about all identities; raises as `identity_result`."""
    raise_for_problem(response)
    try:
        return [read_identity(identity) for identity in json_object(response)["identities"]]
    except (KeyError, TypeError):
        raise InternalError(FOREIGN) from None


def read_identity(body: Mapping[str, Any]) -> Identity:
    """Return an identity of its object; raises `KeyError` if it is none."""
    return Identity(
        id=body["id"],
        name=body["name"],
        created=body["created"],
        size=body["size"],
        consent=body["consent"],
        portraits=body.get("portraits", ()),
        inconsistent_portraits=tuple(body.get("inconsistent_portraits", ())),
        protected=bool(body.get("protected", False)),
    )
