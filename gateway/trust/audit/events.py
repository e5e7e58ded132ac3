"""What is logged: one event, its text in the log, and what of it is about a person."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Action = Literal[
    "swap",
    "job_accepted",
    "job_succeeded",
    "job_canceled",
    "job_deleted",
    "stream",
    "identity_created",
    "consent_withdrawn",
    "identity_deleted",
    "refused",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """Something that was done.

    Attributes:
        action: What.
        tenant: In whose name.
        actor: Id of the API key or subject of the token; empty if nobody had to authenticate.
        reference: Id of the job, request or identity.
        provenance_id: Of the result; empty if there is none.
        output_sha256: Of the result's file.
        consent: On what grounds: mode, basis, digests of the records.
        models: Names of the networks.
        verdicts: What checks found, by name.
        subject: Whose face it is about: an identity's id; empty if nobody is enrolled.
        personal: What is about that person, such as their name: encrypted, so that it can be
            forgotten.
    """

    action: Action
    tenant: str
    actor: str = ""
    reference: str = ""
    provenance_id: str = ""
    output_sha256: str = ""
    consent: Mapping[str, Any] = field(default_factory=dict)
    models: tuple[str, ...] = ()
    verdicts: Mapping[str, Any] = field(default_factory=dict)
    subject: str = ""
    personal: Mapping[str, Any] = field(default_factory=dict)

    def facts(self) -> dict[str, Any]:
        """Return what is logged in the clear."""
        return {
            "action": self.action,
            "tenant": self.tenant,
            "actor": self.actor,
            "reference": self.reference,
            "provenance_id": self.provenance_id,
            "output_sha256": self.output_sha256,
            "consent": dict(self.consent),
            "models": list(self.models),
            "verdicts": dict(self.verdicts),
        }


def canonical(document: Mapping[str, Any]) -> str:
    """Return the text of a document whose numbers are integers, as RFC 8785 has it."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def pseudonym(secret: bytes, tenant: str, subject: str) -> str:
    """Return what stands for a person in the log: nobody without the secret can guess whom."""
    text = f"semblant subject 1\0{tenant}\0{subject}".encode()
    return hmac.digest(secret, text, "sha256").hex()[:32]


def told(data: bytes) -> str:
    """Return bytes as JSON has them."""
    return base64.b64encode(data).decode()


def heard(text: str) -> bytes:
    """Return the bytes of a text.

    Raises:
        ValueError: it is none.
    """
    return base64.b64decode(text, validate=True)
