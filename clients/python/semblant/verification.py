"""The marks of files: what goes over the wire and comes back, for both clients."""

from __future__ import annotations

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
    raise_for_problem,
    read,
)


@dataclass(frozen=True, slots=True)
class Verification:
    """What the marks of a file say.

    Attributes:
        verdict: `intact`, `altered`, `mismatched`, `stripped`, `marked` or `unmarked`.
        meaning: The verdict in words.
        synthetic: Whether any mark says that the file is synthetic.
        provenance_id: Of the result that they name; None if none does.
        findings: One mapping for each kind of mark: `mark`, `state`, `detail`.
        report: All of it, as the API documents it.
    """

    verdict: str
    meaning: str
    synthetic: bool
    provenance_id: str | None
    findings: Sequence[Mapping[str, Any]]
    report: Mapping[str, Any]


def verification(report: Mapping[str, Any]) -> Verification:
    """Return what a report says.

    Raises:
        InternalError: it is none.
    """
    try:
        return Verification(
            verdict=report["verdict"],
            meaning=report["meaning"],
            synthetic=bool(report["synthetic"]),
            provenance_id=report.get("provenance_id"),
            findings=report["findings"],
            report=report,
        )
    except (KeyError, TypeError):
        raise InternalError(FOREIGN) from None


def verify_result(response: httpx.Response) -> Verification:
    """Read the answer about a file's marks; raises as `faces_result`."""
    raise_for_problem(response)
    return verification(json_object(response))


def verify_request(file: File, *, timeout_s: float) -> dict[str, Any]:
    """Return httpx's arguments for reading a file's marks."""
    return {
        "method": "POST",
        "url": "/v1/verify",
        "files": [("file", ("file", read(file), "application/octet-stream"))],
        "headers": headers_for(JSON, timeout_s),
        "timeout": timeout_s + 5,
    }
