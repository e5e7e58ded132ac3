"""What is said of a result, in its metadata and credentials: no word of it is about a person."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from gateway.trust.watermark.payload import ID_BITS

SOURCE_TYPE: Final = (
    "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
)
"""IPTC NewsCodes, Digital Source Type: a composite of captured and synthetic elements."""
WATERMARK_ALGORITHM: Final = "org.semblant.watermark.1"
"""Name of our watermark in soft bindings."""


@dataclass(frozen=True, slots=True)
class ConsentClaim:
    """On what grounds faces were used.

    Attributes:
        mode: `off`, `attested` or `required`, as the service was set.
        basis: What the caller stated; empty if nothing.
        records: SHA-256 of the consent records, one for each enrolled identity.
    """

    mode: str = "off"
    basis: str = ""
    records: tuple[str, ...] = ()

    def facts(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {"mode": self.mode, "basis": self.basis, "records": list(self.records)}


NOTHING_CLAIMED: Final = ConsentClaim()


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What a result is and what it was made by.

    Attributes:
        id: 12 hexadecimal digits: what its watermark carries.
        made: When, UTC.
        reference: Id of the job or request.
        version: Of Semblant.
        models: Names of the networks, and SHA-256 of their files as far as known.
        sources: SHA-256 of the pictures that faces were taken from.
        consent: On what grounds.
        watermark: Whether it bears a watermark.
    """

    id: str
    reference: str
    version: str
    made: datetime = field(default_factory=lambda: datetime.now(UTC))
    models: Mapping[str, str | None] = field(default_factory=dict)
    sources: Sequence[str] = ()
    consent: ConsentClaim = NOTHING_CLAIMED
    watermark: bool = True

    def assertion(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "id": self.id,
            "reference": self.reference,
            "made": self.made.isoformat(timespec="seconds"),
            "generator": f"Semblant {self.version}",
            "models": [
                {"name": name} | ({} if digest is None else {"sha256": digest})
                for name, digest in sorted(self.models.items())
            ],
            "consent": self.consent.facts(),
        }


@dataclass(frozen=True, slots=True)
class AigcLabel:
    """The implicit label of GB 45438-2025, annex E.

    Attributes:
        producer: Name or code of who runs the service.
        produce_id: Number of the result.
        label: `1` is generated, `2` possibly, `3` suspected.
    """

    producer: str
    produce_id: str
    label: str = "1"

    def text(self) -> str:
        """Return the JSON text of the field `AIGC`, with all of its fields."""
        return json.dumps(
            {
                "Label": self.label,
                "ContentProducer": self.producer,
                "ProduceID": self.produce_id,
                "ReservedCode1": "",
                "ContentPropagator": self.producer,
                "PropagateID": self.produce_id,
                "ReservedCode2": "",
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )

    @classmethod
    def read(cls, text: str) -> AigcLabel | None:
        """Return the label of a JSON text; None if it is none."""
        try:
            found = json.loads(text)
            return cls(str(found["ContentProducer"]), str(found["ProduceID"]), str(found["Label"]))
        except (ValueError, KeyError, TypeError, RecursionError):
            return None


def new_provenance() -> str:
    """Return the provenance id of a result that is made once."""
    return secrets.token_hex(ID_BITS // 8)


def job_provenance(job_id: str) -> str:
    """Return the provenance id of a job's result, the same however often it is made."""
    return hashlib.sha256(job_id.encode()).hexdigest()[: ID_BITS // 4]


def number_of(provenance_id: str) -> int:
    """Return the number that stands for a provenance id: 12 hexadecimal digits."""
    return int(provenance_id, 16)


def id_of(number: int) -> str:
    """Return the provenance id of a watermark's number."""
    return f"{number:0{ID_BITS // 4}x}"
