"""Settings of what results say of themselves, and of who signs that."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator
from pydantic_settings import NoDecode


class TrustSettings(BaseModel):
    """What metadata and content credentials need to know."""

    producer: str = Field(
        "Semblant",
        min_length=1,
        max_length=200,
        description="Name or code of who runs the service, as the metadata of results name it "
        "(`ContentProducer` of GB 45438-2025).",
    )
    consent: Literal["off", "attested", "required"] = Field(
        "attested",
        description="What is asked before a face is used. `off`: nothing but that no consent was "
        "withdrawn; `attested`: an enrolled person's consent has to cover the use, and what the "
        "caller states on pictures (`consent.basis`) is recorded; `required`: every source has to "
        "show an enrolled person whose consent covers the use.",
    )
    consent_max_distance: float = Field(
        0.6,
        gt=0,
        le=2,
        description="Greatest distance of descriptors up to which a source shows the person whose "
        "consent is claimed, and a face of a target one who is protected.",
    )
    consent_cache_s: float = Field(
        5.0, ge=0, description="Seconds for which it is remembered who is protected."
    )
    content: Literal["off", "report", "refuse"] = Field(
        "refuse",
        description="Whether sources and results are looked at for sexual content: `refuse` it, "
        "and everything while the network is away; only `report` the score; `off`.",
    )
    content_threshold_pct: float = Field(
        85.0,
        gt=0,
        le=100,
        description="Score of the network, in percent, from which on a request is refused.",
    )
    audit: Literal["auto", "on", "off"] = Field(
        "auto",
        description="Whether what is done is logged, in the database of jobs; nothing is delivered "
        "that could not be logged. `auto`: where there are jobs.",
    )
    audit_head_entries: int = Field(
        1000, ge=1, description="Entries of the log after which its head is signed."
    )
    credentials: Literal["off", "on", "required"] = Field(
        "on",
        description="Content credentials (C2PA): `off`; `on`, where there is a signer; `required`: "
        "without a signer, and in a format that holds none, nothing is made.",
    )
    credentials_chain: Path | None = Field(
        None, description="File of the signer's certificates, PEM, the signer's own first."
    )
    credentials_key: Path | None = Field(
        None,
        description="File of the signer's private key, PEM, which nobody else may read; or else "
        "`SEMBLANT_CREDENTIALS_COMMAND`.",
    )
    credentials_command: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Program that signs what it gets on its standard input, such as one that asks "
        "a key management service, and its arguments, separated by blanks.",
    )
    credentials_algorithm: Literal["es256", "ps256", "ed25519"] = Field(
        "es256", description="Algorithm of signatures."
    )
    credentials_timeout_s: float = Field(
        10.0, gt=0, description="Seconds that the program that signs may take."
    )
    credentials_timestamp_url: str = Field(
        "",
        description="Address of a time stamping authority (RFC 3161), whose stamp keeps "
        "credentials valid when the certificate has expired; empty: none.",
    )
    credentials_anchors: Path | None = Field(
        None,
        description="File of certificates, PEM, whose signers are trusted where credentials are "
        "verified.",
    )

    @model_validator(mode="after")
    def _one_signer(self) -> Self:
        ways = [way for way in (self.credentials_key, self.credentials_command) if way]
        if len(ways) > 1:
            raise ValueError("`credentials_key` and `credentials_command` exclude each other")
        if bool(ways) != (self.credentials_chain is not None):
            raise ValueError(
                "a signer needs `credentials_chain`, and a key or a command (credentials_key, "
                "credentials_command)"
            )
        return self
