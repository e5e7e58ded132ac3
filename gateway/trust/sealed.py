"""Encryption of what is kept of people: AES-256-GCM (NIST SP 800-38D), a key for each record."""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES: Final = 12


@dataclass(frozen=True, slots=True)
class Cipher:
    """Encrypts records by a key that follows from a secret and the record's id.

    Attributes:
        secret: Returns what keys follow from.
    """

    secret: Callable[[], bytes]

    def sealed(self, id: str, data: bytes) -> bytes:
        """Return data encrypted, bound to the id of its record."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + AESGCM(self._key(id)).encrypt(nonce, data, id.encode())

    def opened(self, id: str, data: bytes) -> bytes:
        """Return what was encrypted.

        Raises:
            ValueError: it was changed, is another record's, or was encrypted by another secret.
        """
        nonce, text = data[:_NONCE_BYTES], data[_NONCE_BYTES:]
        try:
            return AESGCM(self._key(id)).decrypt(nonce, text, id.encode())
        except (InvalidTag, ValueError) as error:
            raise ValueError("it cannot be decrypted by this service's secret") from error

    def __repr__(self) -> str:
        """Return nothing that is secret."""
        return "Cipher(…)"

    def _key(self, id: str) -> bytes:
        return hmac.digest(self.secret(), f"semblant record 1\0{id}".encode(), "sha256")
