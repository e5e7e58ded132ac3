"""Who signs: a certificate chain and something that makes signatures with its key."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from gateway.errors import SignerUnavailable

Algorithm = Literal["es256", "ps256", "ed25519"]
Sign = Callable[[bytes], bytes]

_COORDINATE_BYTES: Final = 32
"""Of each number of a signature of ES256, which COSE has next to each other (RFC 9053, 2.1)."""


@dataclass(frozen=True, slots=True, eq=False)
class SigningIdentity:
    """Who signs.

    Attributes:
        chain_pem: Certificates, the signer's first, in PEM.
        algorithm: Of the signatures.
        sign: Returns the signature of bytes as COSE has it; raises what it likes.
        timestamp_url: Of an authority that stamps the time (RFC 3161); empty for none.
    """

    chain_pem: str
    algorithm: Algorithm
    sign: Sign
    timestamp_url: str = ""

    def require(self, now: datetime | None = None) -> None:
        """Check that the certificate is valid now.

        Raises:
            SignerUnavailable: it has expired, is not valid yet, or is none.
        """
        now = now or datetime.now(UTC)
        for certificate in self.certificates():
            name = certificate.subject.rfc4514_string()
            if now > certificate.not_valid_after_utc:
                ended = certificate.not_valid_after_utc.isoformat()
                raise SignerUnavailable(f"The certificate {name} expired at {ended}.")
            if now < certificate.not_valid_before_utc:
                begins = certificate.not_valid_before_utc.isoformat()
                raise SignerUnavailable(
                    f"The certificate {name} is valid from {begins}; it is {now.isoformat()} here."
                )

    def certificates(self) -> list[x509.Certificate]:
        """Return the certificates.

        Raises:
            SignerUnavailable: the chain is none.
        """
        try:
            return x509.load_pem_x509_certificates(self.chain_pem.encode())
        except ValueError as error:
            raise SignerUnavailable("The chain of certificates cannot be read.") from error


def from_files(
    chain: Path, key: Path, algorithm: Algorithm, timestamp_url: str = ""
) -> SigningIdentity:
    """Return who signs by a key in a file.

    Args:
        chain: Certificates in PEM, the signer's first.
        key: Its private key in PEM, without a password; nobody else may read the file.
        algorithm: Of the signatures.
        timestamp_url: See `SigningIdentity`.

    Raises:
        SignerUnavailable: a file cannot be read, or does not go with the others.
    """
    chain_pem = _text_of(chain)
    if key.exists() and key.stat().st_mode & 0o077:
        raise SignerUnavailable(f"{key} can be read by others; its mode must be 0600.")
    try:
        private = serialization.load_pem_private_key(_text_of(key).encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise SignerUnavailable(f"{key} is no private key that can be used.") from error
    identity = SigningIdentity(chain_pem, algorithm, _signs(private, algorithm), timestamp_url)
    public = identity.certificates()[0].public_key()
    if _told(public) != _told(private.public_key()):
        raise SignerUnavailable(f"{key} is not the key of the certificate in {chain}.")
    return identity


def from_command(
    chain: Path,
    command: Sequence[str],
    algorithm: Algorithm,
    *,
    timeout_s: float,
    timestamp_url: str = "",
) -> SigningIdentity:
    """Return who signs by a program, such as one that asks a key management service.

    Args:
        chain: Certificates in PEM, the signer's first.
        command: The program: it reads bytes on its standard input and writes their signature, as
            COSE has it, to its standard output.
        algorithm: Of the signatures.
        timeout_s: Seconds it may take.
        timestamp_url: See `SigningIdentity`.

    Raises:
        SignerUnavailable: the chain cannot be read.
    """

    def sign(data: bytes) -> bytes:
        try:
            done = subprocess.run(
                list(command), input=data, capture_output=True, timeout=timeout_s, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SignerUnavailable("The program that signs does not answer.") from error
        if done.returncode or not done.stdout:
            raise SignerUnavailable(f"The program that signs failed (status {done.returncode}).")
        return done.stdout

    return SigningIdentity(_text_of(chain), algorithm, sign, timestamp_url)


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise SignerUnavailable(f"{path} cannot be read.") from error


def _told(key: object) -> bytes:
    assert isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey)
    return key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _signs(key: object, algorithm: Algorithm) -> Sign:
    if algorithm == "es256" and isinstance(key, ec.EllipticCurvePrivateKey):
        if not isinstance(key.curve, ec.SECP256R1):
            raise SignerUnavailable("ES256 needs a key on the curve P-256.")

        def es256(data: bytes) -> bytes:
            r, s = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
            return r.to_bytes(_COORDINATE_BYTES, "big") + s.to_bytes(_COORDINATE_BYTES, "big")

        return es256
    if algorithm == "ps256" and isinstance(key, rsa.RSAPrivateKey):
        salted = padding.PSS(padding.MGF1(hashes.SHA256()), hashes.SHA256.digest_size)
        return lambda data: key.sign(data, salted, hashes.SHA256())
    if algorithm == "ed25519" and isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign
    raise SignerUnavailable(f"The key is none for {algorithm}.")
