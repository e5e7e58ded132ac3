"""What is done to a finished file: metadata when it is encoded, credentials last of all."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from gateway.errors import CredentialsUnsupported, SignerUnavailable
from gateway.trust.provenance import AigcLabel, Provenance
from gateway.trust.xmp import packet

if TYPE_CHECKING:
    from gateway.trust.credentials.records import Original
    from gateway.trust.credentials.signing import SigningIdentity

NO_CREDENTIALS: Final = "without_credentials"
"""Note: the format holds no content credentials."""
_UNSIGNED: Final = ("video/matroska", "video/webm", "video/x-matroska")
Credentials = Literal["off", "on", "required"]


@dataclass(frozen=True, slots=True, eq=False)
class Sealer:
    """Adds to files what they say of themselves.

    Attributes:
        producer: Name or code of who runs the service.
        version: Of Semblant.
        credentials: Whether files get credentials.
        identity: Who signs; None if nobody can.
    """

    producer: str
    version: str
    credentials: Credentials
    identity: SigningIdentity | None

    @property
    def signs(self) -> bool:
        """Whether files get credentials, where their format holds them."""
        return self.credentials != "off" and self.identity is not None

    def require(self) -> None:
        """Check that files can be signed, before any work is done.

        Raises:
            SignerUnavailable: nobody can though it is required, or a certificate is not valid.
        """
        if self.credentials == "off":
            return
        if self.identity is not None:
            self.identity.require()
        elif self.credentials == "required":
            raise SignerUnavailable("Results have to be signed, and there is no signer.")

    def require_format(self, media_type: str) -> None:
        """Check that a format holds what has to be in it.

        Raises:
            CredentialsUnsupported: it holds no credentials, which are required.
        """
        if self.credentials == "required" and media_type in _UNSIGNED:
            raise CredentialsUnsupported(f"{media_type} holds no content credentials.")

    def packet(self, provenance: Provenance) -> bytes:
        """Return the XMP packet of a result."""
        return packet(self._label(provenance), f"Semblant {self.version}")

    def tags(self, provenance: Provenance) -> dict[str, str]:
        """Return the tags of a film's container."""
        return {"AIGC": self._label(provenance).text()}

    def picture(
        self, data: bytes, media_type: str, provenance: Provenance, original: Original
    ) -> bytes:
        """Return a picture's file, complete with its metadata, with credentials.

        Raises:
            SignerUnavailable: it was not signed.
        """
        if not self.signs:
            return data
        assert self.identity is not None
        from gateway.trust.credentials.manifest import signed  # noqa: PLC0415 - 50 MB

        return signed(data, media_type, provenance, self.identity, original)

    def film(
        self, path: Path, media_type: str, provenance: Provenance, original: Original
    ) -> tuple[str, ...]:
        """Sign a film's file in place; return a note where its format holds no credentials.

        Raises:
            SignerUnavailable: it was not signed; the file is as it was.
            OSError: it cannot be written.
        """
        self.require_format(media_type)
        if not self.signs:
            return ()
        if media_type in _UNSIGNED:
            return (NO_CREDENTIALS,)
        assert self.identity is not None
        from gateway.trust.credentials.manifest import sign_file  # noqa: PLC0415

        part = path.with_name(path.name + ".signed")
        sign_file(path, part, media_type, provenance, self.identity, original)
        os.replace(part, path)
        return ()

    def _label(self, provenance: Provenance) -> AigcLabel:
        return AigcLabel(self.producer, provenance.id)
