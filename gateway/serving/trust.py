"""What makes results trustworthy, by the settings and by what is asked for."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.errors import InvalidOptions, SetupIncomplete
from gateway.pipeline.options.consent import ConsentOptions
from gateway.pipeline.options.marks import LabelOptions, MarkOptions
from gateway.serving.secret import trust_secret
from gateway.settings import Settings
from gateway.trust.consent import Consent
from gateway.trust.label import WORDS, Label
from gateway.trust.marking import Marks, Watermark
from gateway.trust.provenance import NOTHING_CLAIMED, ConsentClaim, Provenance, number_of
from gateway.trust.sealing import Sealer
from gateway.trust.watermark.pattern import WatermarkKey

if TYPE_CHECKING:
    from gateway.trust.credentials.signing import SigningIdentity

_ORDER: tuple[Watermark, ...] = ("off", "face", "frame")


class TrustPolicy:
    """Decides what results are marked with, and what is said of them."""

    def __init__(self, settings: Settings) -> None:
        """Take the settings of the service."""
        self._settings = settings

    @cached_property
    def _secret(self) -> bytes:
        return trust_secret(self._settings)

    def require(self) -> None:
        """Check that results can be marked and signed.

        Raises:
            SetupIncomplete: several processes share a database and no secret.
            SignerUnavailable: results cannot be signed, though they have to be.
        """
        self.sealer.require()
        if self.sealer.signs:  # what signs takes a tenth of a second to load
            importlib.import_module("gateway.trust.credentials.manifest")
        _ = self._secret

    def claim(self, options: ConsentOptions, used: Iterable[Consent]) -> ConsentClaim:
        """Return on what grounds faces are used.

        Args:
            options: What the caller states.
            used: Consents of the enrolled people whose faces are.
        """
        records = tuple(sorted({consent.digest() for consent in used}))
        return ConsentClaim(self._settings.consent, options.basis, records)

    def check(self, options: MarkOptions) -> None:
        """Check what is asked for.

        Raises:
            InvalidOptions: it is less than the service allows, or a label cannot be written.
        """
        least, asked = self._settings.watermark_least, options.watermark
        if asked is not None and _ORDER.index(asked) < _ORDER.index(least):
            raise InvalidOptions(
                "This service marks more of its results.",
                errors=[{"pointer": "/marks/watermark", "detail": f"at least `{least}`"}],
            )
        label = self._label(options)
        if label is not None:
            label.check()

    def marks(self, options: MarkOptions, *, tenant: str, provenance_id: str) -> Marks:
        """Return what a result is marked with.

        Args:
            options: What is asked for, which was checked.
            tenant: Whose result it is.
            provenance_id: 12 hexadecimal digits.
        """
        watermark = options.watermark or self._settings.watermark
        key = None if watermark == "off" else self.key(tenant)
        return Marks(number_of(provenance_id), key, watermark, self._label(options))

    @cached_property
    def sealer(self) -> Sealer:
        """What adds metadata and credentials to files.

        Raises:
            SignerUnavailable: the signer of the settings cannot be used.
        """
        settings = self._settings
        return Sealer(
            settings.producer, version("semblant"), settings.credentials, _signer(settings)
        )

    def provenance(
        self,
        id: str,
        reference: str,
        *,
        models: Iterable[str],
        sources: Sequence[str] = (),
        consent: ConsentClaim = NOTHING_CLAIMED,
        watermark: bool,
    ) -> Provenance:
        """Return what is said of a result.

        Args:
            id: 12 hexadecimal digits.
            reference: Id of the job or request.
            models: Names of the networks.
            sources: SHA-256 of the pictures that faces were taken from.
            consent: On what grounds.
            watermark: Whether it bears a watermark.
        """
        repository = self._settings.model_repository
        return Provenance(
            id=id,
            reference=reference,
            version=version("semblant"),
            models={name: _digest(repository / name / "1" / "model.onnx") for name in models},
            sources=sources,
            consent=consent,
            watermark=watermark,
        )

    def anchors(self) -> str:
        """Return the certificates, PEM, whose signers are trusted; empty for none.

        Raises:
            SetupIncomplete: their file cannot be read.
        """
        path = self._settings.credentials_anchors
        if path is None:
            return ""
        try:
            return path.read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as error:
            raise SetupIncomplete(f"The trust anchors {path} cannot be read.") from error

    def key(self, tenant: str) -> WatermarkKey:
        """Return the key of a tenant's watermarks."""
        return WatermarkKey.of(self._secret, tenant)

    def _label(self, options: MarkOptions) -> Label | None:
        settings, asked = self._settings, options.label
        if asked is None:
            if settings.label == "on_request":
                return None
            asked = LabelOptions(language=settings.label_language)
        text = asked.text or settings.label_text or WORDS[asked.language]
        return Label(
            text,
            asked.corner,
            asked.height_pct / 100,
            settings.label_s if asked.shown == "beginning" else None,
            settings.label_font,
        )


def _signer(settings: Settings) -> SigningIdentity | None:
    """Return who signs; None if the settings name nobody."""
    chain = settings.credentials_chain
    if chain is None or settings.credentials == "off":
        return None
    # The library of cryptography takes a tenth of a second to import.
    from gateway.trust.credentials.signing import from_command, from_files  # noqa: PLC0415

    algorithm, stamps = settings.credentials_algorithm, settings.credentials_timestamp_url
    if settings.credentials_key is not None:
        return from_files(chain, settings.credentials_key, algorithm, stamps)
    return from_command(
        chain,
        settings.credentials_command,
        algorithm,
        timeout_s=settings.credentials_timeout_s,
        timestamp_url=stamps,
    )


@lru_cache(maxsize=256)
def _digest(path: Path) -> str | None:
    """Return the SHA-256 of a network's file; None where it is not here."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
