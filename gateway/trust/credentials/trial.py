"""Certificates to try credentials with: a root of one's own, and a signer below it.

Nobody else trusts them. Certificates that others trust come from an authority on the C2PA trust
list.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ROOT, CHAIN, KEY = "root.pem", "chain.pem", "key.pem"
"""Names of the files."""
_ORGANIZATION: Final = "Semblant test certificates"


def write_test_certificates(
    folder: Path, *, days: float = 365.0, now: datetime | None = None, force: bool = False
) -> None:
    """Write a root, a signer's chain and its key (for ES256) to a folder.

    The profile is C2PA's (Technical Specification 2.2, 14.5): signing e-mail as extended key usage,
    digital signatures as only key usage.

    Args:
        folder: Made if it is not there.
        days: For which the signer is valid.
        now: From when; None is now.
        force: Whether files may be replaced.

    Raises:
        FileExistsError: one is there.
        OSError: one cannot be written.
    """
    begins = (now or datetime.now(UTC)) - timedelta(minutes=5)
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name = _name("Semblant test root")
    root = (
        _begun(root_name, root_name, root_key.public_key(), begins, 3650)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(_subject(root_key), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    leaf = (
        _begun(_name("Semblant test signer"), root_name, key.public_key(), begins, days)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False
        )
        .add_extension(_subject(key), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()),
            critical=False,
        )
        .sign(root_key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    pem = serialization.Encoding.PEM
    files = {
        ROOT: root.public_bytes(pem),
        CHAIN: leaf.public_bytes(pem) + root.public_bytes(pem),
        KEY: private,
    }
    folder.mkdir(parents=True, exist_ok=True)
    if not force:
        for name in files:
            if (folder / name).exists():
                raise FileExistsError(f"{folder / name} is there already")
    for name, content in files.items():
        path = folder / name
        path.unlink(missing_ok=True)
        mode = 0o600 if name == KEY else 0o644
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(handle, "wb") as file:
            file.write(content)


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, _ORGANIZATION),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _begun(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    begins: datetime,
    days: float,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=days))
    )


def _subject(key: ec.EllipticCurvePrivateKey) -> x509.SubjectKeyIdentifier:
    return x509.SubjectKeyIdentifier.from_public_key(key.public_key())


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
