"""Signed tree heads: what the log was at a time, for anybody to hold against it later."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.trust.audit.events import canonical, heard, told


@dataclass(frozen=True, slots=True)
class SignedHead:
    """The head of the log's tree.

    Attributes:
        size: Number of entries.
        root: Of the tree, 32 bytes.
        made_ms: When it was signed, milliseconds since 1970.
        key: The public key, 32 bytes (Ed25519, RFC 8032).
        signature: Of the rest, 64 bytes.
    """

    size: int
    root: bytes
    made_ms: int
    key: bytes
    signature: bytes

    def valid(self) -> bool:
        """Return whether its own key has signed it."""
        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(self.signature, self._text())
        except (InvalidSignature, ValueError):
            return False
        return True

    def facts(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "size": self.size,
            "root": told(self.root),
            "made_ms": self.made_ms,
            "key": told(self.key),
            "signature": told(self.signature),
        }

    @classmethod
    def of_facts(cls, facts: Mapping[str, Any]) -> SignedHead:
        """Return it from what `facts` returned.

        Raises:
            ValueError: it is none.
        """
        try:
            return cls(
                int(facts["size"]),
                heard(facts["root"]),
                int(facts["made_ms"]),
                heard(facts["key"]),
                heard(facts["signature"]),
            )
        except (KeyError, TypeError) as error:
            raise ValueError("it is no signed head") from error

    def _text(self) -> bytes:
        return canonical(
            {"size": self.size, "root": told(self.root), "made_ms": self.made_ms}
        ).encode()


class HeadSigner:
    """Signs heads by a key that follows from the service's secret."""

    def __init__(self, secret: bytes) -> None:
        """Derive the key."""
        seed = hmac.digest(secret, b"semblant audit log 1\0key", "sha256")
        self._key = Ed25519PrivateKey.from_private_bytes(seed)

    @property
    def public(self) -> bytes:
        """The public key, 32 bytes."""
        return self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def signed(self, size: int, root: bytes, made_ms: int) -> SignedHead:
        """Return a head, signed."""
        bare = SignedHead(size, root, made_ms, self.public, b"")
        return SignedHead(size, root, made_ms, self.public, self._key.sign(bare._text()))
