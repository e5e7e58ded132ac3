"""A person's consent to the use of their face: what it covers, and whether it covers a use."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, Literal, get_args

from gateway.errors import ConsentRequired, ConsentWithdrawn

Medium = Literal["picture", "video", "live"]
"""What a face is put into."""
MEDIA: Final[tuple[Medium, ...]] = get_args(Medium)
Mode = Literal["off", "attested", "required"]
_TIMES: Final = ("given", "begins", "ends", "withdrawn")


@dataclass(frozen=True, slots=True)
class Consent:
    """The consent of a person, with the fields of ISO/IEC TS 27560 that apply here.

    Attributes:
        given: When it was stated, UTC.
        statement: What was agreed to, in words.
        subject: Reference of the person in the caller's own records; never a name.
        purposes: What their face may be used for, in the caller's words; empty: whatever the
            statement says.
        media: What it may be put into.
        begins: From when on; None: from the beginning.
        ends: Until when; None: for ever.
        evidence_sha256: Digest of a signed form, a recording or the like; empty if there is none.
        withdrawn: When it was withdrawn; None if it was not.
    """

    given: datetime
    statement: str
    subject: str = ""
    purposes: tuple[str, ...] = ()
    media: tuple[Medium, ...] = MEDIA
    begins: datetime | None = None
    ends: datetime | None = None
    evidence_sha256: str = ""
    withdrawn: datetime | None = None

    def refusal(self, medium: Medium, purpose: str, now: datetime | None = None) -> str | None:
        """Return why it does not cover a use; None if it does.

        Args:
            medium: What the face is put into.
            purpose: In the caller's words; empty if none is stated.
            now: When; None is now.
        """
        now = now or datetime.now(UTC)
        if self.withdrawn is not None:
            return "it was withdrawn"
        if self.begins is not None and now < self.begins:
            return f"it begins at {self.begins.isoformat()}"
        if self.ends is not None and now >= self.ends:
            return f"it ended at {self.ends.isoformat()}"
        if medium not in self.media:
            return f"it is for {', '.join(self.media)}, not for {medium}"
        if self.purposes and purpose not in self.purposes:
            return "it is for other purposes" if purpose else "it is for stated purposes only"
        return None

    def withdraw(self, now: datetime | None = None) -> Consent:
        """Return it withdrawn, or as it is if it already was."""
        return self if self.withdrawn else replace(self, withdrawn=now or datetime.now(UTC))

    def facts(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        facts = asdict(self)
        for name in _TIMES:
            facts[name] = facts[name] and facts[name].isoformat()
        return facts | {"purposes": list(self.purposes), "media": list(self.media)}

    @classmethod
    def of_facts(cls, facts: dict[str, Any]) -> Consent:
        """Return it from what `facts` returned; fields of later versions are left alone."""
        known = {name: facts[name] for name in cls.__dataclass_fields__ if name in facts}
        for name in _TIMES:
            if known.get(name):
                known[name] = datetime.fromisoformat(known[name])
        for name in ("purposes", "media"):
            if name in known:
                known[name] = tuple(known[name])
        return cls(**known)

    def digest(self) -> str:
        """Return the SHA-256 of the record as it was given: of its facts in sorted JSON."""
        facts = self.facts() | {"withdrawn": None}
        text = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class ConsentRules:
    """What is asked before a face is used.

    Attributes:
        mode: `off`: nothing but that no consent is used that was withdrawn; `attested`: consents
            have to cover the use, and the caller states on what grounds other pictures are used;
            `required`: every face has to be that of somebody whose consent covers the use.
        medium: What faces are put into.
    """

    mode: Mode
    medium: Medium

    def require(self, consent: Consent, purpose: str) -> None:
        """Check that a consent covers a use.

        Raises:
            ConsentWithdrawn: it was withdrawn.
            ConsentRequired: it does not cover it.
        """
        if consent.withdrawn is not None:
            raise ConsentWithdrawn()
        if self.mode == "off":
            return
        refusal = consent.refusal(self.medium, purpose)
        if refusal is not None:
            raise ConsentRequired(f"The person's consent does not cover this: {refusal}.")

    def require_claims(self, *, sent: int, claimed: int) -> None:
        """Check that somebody's consent is claimed for pictures that were sent.

        Args:
            sent: Number of pictures whose faces are used.
            claimed: Number of people that they are said to show.

        Raises:
            ConsentRequired: nobody's is, though it is required.
        """
        if self.mode == "required" and sent and not claimed:
            raise ConsentRequired(
                "Whose faces the sources show has to be stated: `consent.identities`, or use "
                "`source_id`.",
                errors=[{"pointer": "/consent/identities", "detail": "required"}],
            )
