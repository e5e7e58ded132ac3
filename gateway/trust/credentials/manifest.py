"""Credentials into and out of files, by the library of the Content Authenticity Initiative.

A result's manifest says (C2PA Technical Specification 2.2): it was edited by a trained model
(`c2pa.actions.v2`), what it was made from (`parentOf`, with the credentials that had), that faces
came from other pictures (`componentOf`, of which it holds no pixel but a digest), by which job and
models and on what grounds (`org.semblant.provenance`), how to find it again once it was stripped
(`c2pa.soft-binding`: our watermark), and that nobody may learn from it (`cawg.training-mining`).
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

import c2pa

from gateway.errors import SignerUnavailable
from gateway.trust.credentials.records import Credentials, Original, Validity
from gateway.trust.credentials.signing import SigningIdentity
from gateway.trust.provenance import SOURCE_TYPE, WATERMARK_ALGORITHM, Provenance

OWN_ASSERTION: Final = "org.semblant.provenance"
SIGNED: Final = frozenset(
    (
        *("image/jpeg", "image/png", "image/webp", "image/avif", "image/gif", "image/tiff"),
        *("video/mp4", "video/quicktime"),
    )
)
"""Media types of files that can hold credentials."""
_ALGORITHMS: Final = {
    "es256": c2pa.C2paSigningAlg.ES256,
    "ps256": c2pa.C2paSigningAlg.PS256,
    "ed25519": c2pa.C2paSigningAlg.ED25519,
}
_STATES: Final[dict[str, Validity]] = {"Trusted": "trusted", "Valid": "valid"}
_MISSING: Final = ("ManifestNotFound", "JumbfNotFound", "NoManifest")


def signed(
    data: bytes,
    media_type: str,
    provenance: Provenance,
    identity: SigningIdentity,
    original: Original,
) -> bytes:
    """Return a picture's file with credentials.

    Args:
        data: The file, complete with all other marks.
        media_type: One of `SIGNED`.
        provenance: What is said of it.
        identity: Who signs.
        original: What it was made from.

    Raises:
        SignerUnavailable: it was not signed.
    """
    out = io.BytesIO()
    _sign(io.BytesIO(data), out, media_type, provenance, identity, original)
    return out.getvalue()


def sign_file(
    source: Path,
    out: Path,
    media_type: str,
    provenance: Provenance,
    identity: SigningIdentity,
    original: Original,
) -> None:
    """Write a film's file with credentials to another one; see `signed`.

    Raises:
        SignerUnavailable: it was not signed; there is no other file then.
        OSError: a file cannot be read or written.
    """
    try:
        with source.open("rb") as file, out.open("w+b") as target:
            _sign(file, target, media_type, provenance, identity, original)
    except BaseException:
        out.unlink(missing_ok=True)
        raise


def credentials_in(
    file: bytes | Path, media_type: str, *, anchors_pem: str = ""
) -> Credentials | None:
    """Return the credentials of a file; None if it has none that can be found.

    Nothing is fetched: what lies elsewhere is not looked at.

    Args:
        file: Its bytes, or where it is.
        media_type: What it is.
        anchors_pem: Certificates whose signers are trusted, in PEM.
    """
    if media_type not in SIGNED or file == b"":
        return None
    try:
        with (
            _opened(file) as stream,
            _context(anchors_pem) as context,
            c2pa.Reader(media_type, stream, context=context) as reader,
        ):
            return _told(reader)
    except c2pa.C2paError as error:
        if any(text in repr(error) for text in _MISSING):
            return None
        return Credentials("invalid", (type(error).__name__,))


@contextmanager
def _opened(file: bytes | Path) -> Iterator[BinaryIO]:
    if isinstance(file, bytes):
        yield io.BytesIO(file)
        return
    with file.open("rb") as stream:
        yield stream


@contextmanager
def _context(anchors_pem: str) -> Iterator[c2pa.Context]:
    settings: dict[str, Any] = {
        "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_trust": True},
        "builder": {"thumbnail": {"enabled": False}},
    }
    if anchors_pem:
        settings["trust"] = {"user_anchors": anchors_pem}
    with c2pa.Context.from_dict(settings) as context:
        yield context


def _sign(
    source: BinaryIO,
    out: BinaryIO,
    media_type: str,
    provenance: Provenance,
    identity: SigningIdentity,
    original: Original,
) -> None:
    failed: list[BaseException] = []

    def sign(data: bytes) -> bytes:
        try:
            return identity.sign(data)
        except BaseException as error:
            failed.append(error)
            raise

    try:
        with _context("") as context:
            signer = c2pa.Signer.from_callback(
                sign,
                _ALGORITHMS[identity.algorithm],
                identity.chain_pem,
                identity.timestamp_url or None,
            )
            with signer, c2pa.Builder(_definition(provenance, media_type), context) as builder:
                builder.set_intent(c2pa.C2paBuilderIntent.EDIT)
                _add_original(builder, original)
                for number, digest in enumerate(provenance.sources):
                    _add_source(builder, number, digest)
                builder.sign(signer, media_type, source, out)
    except c2pa.C2paError as error:
        if failed and isinstance(failed[0], SignerUnavailable):
            raise failed[0] from error
        raise SignerUnavailable(f"The result was not signed ({type(error).__name__}).") from error


def _add_original(builder: c2pa.Builder, original: Original) -> None:
    ingredient = {"title": "target", "relationship": "parentOf", "label": "target"}
    try:
        with _opened(original.file) as stream:
            builder.add_ingredient(ingredient, original.media_type, stream)
    except c2pa.C2paError:
        # Of a kind that holds no credentials, or with credentials beyond reading: named only.
        builder.add_ingredient(ingredient, "application/octet-stream", io.BytesIO(b"\0"))


def _add_source(builder: c2pa.Builder, number: int, digest: str) -> None:
    """Name a picture that a face came from, by its digest alone: nothing of it is passed on."""
    ingredient = {
        "title": f"source {number}",
        "relationship": "componentOf",
        "description": f"sha256 {digest}",
        "instance_id": f"urn:sha256:{digest}:{number}",
    }
    builder.add_ingredient(ingredient, "application/octet-stream", io.BytesIO(digest.encode()))


def _definition(provenance: Provenance, media_type: str) -> dict[str, Any]:
    action = {
        "action": "c2pa.edited",
        "digitalSourceType": SOURCE_TYPE,
        "softwareAgent": {"name": "Semblant", "version": provenance.version},
        "when": provenance.made.isoformat(timespec="seconds"),
        "description": "Faces were replaced or changed by trained models.",
    }
    assertions: list[dict[str, Any]] = [
        {"label": "c2pa.actions.v2", "data": {"actions": [action]}},
        {"label": OWN_ASSERTION, "data": provenance.assertion(), "kind": "Json"},
        {
            "label": "cawg.training-mining",
            "data": {
                "entries": {
                    f"cawg.{use}": {"use": "notAllowed"}
                    for use in ("ai_generative_training", "ai_training", "data_mining")
                }
            },
        },
    ]
    if provenance.watermark:
        value = base64.b64encode(bytes.fromhex(provenance.id)).decode()
        binding = {"alg": WATERMARK_ALGORITHM, "blocks": [{"scope": {}, "value": value}]}
        assertions.append({"label": "c2pa.soft-binding", "data": binding})
    return {
        "claim_generator_info": [{"name": "Semblant", "version": provenance.version}],
        "title": f"result {provenance.id}",
        "format": media_type,
        "assertions": assertions,
    }


def _told(reader: c2pa.Reader) -> Credentials:
    store = json.loads(reader.json())
    manifest = store["manifests"][store["active_manifest"]]
    results = reader.get_validation_results() or {}
    failures = (results.get("activeManifest") or {}).get("failure") or []
    problems = tuple(dict.fromkeys(str(one.get("code")) for one in failures))
    validity = _STATES.get(str(reader.get_validation_state()), "invalid")
    signature = manifest.get("signature_info") or {}
    stamped = signature.get("time")
    generators = manifest.get("claim_generator_info") or [{}]
    return Credentials(
        validity,
        problems,
        signature.get("issuer") or signature.get("common_name"),
        datetime.fromisoformat(stamped) if stamped else None,
        generators[0].get("name"),
        _assertion(manifest, OWN_ASSERTION),
        _soft_binding(manifest),
        tuple(str(one.get("title")) for one in manifest.get("ingredients") or ()),
    )


def _assertion(manifest: dict[str, Any], label: str) -> dict[str, Any] | None:
    for one in manifest.get("assertions") or ():
        if one.get("label") == label and isinstance(one.get("data"), dict):
            return dict(one["data"])
    return None


def _soft_binding(manifest: dict[str, Any]) -> str | None:
    data = _assertion(manifest, "c2pa.soft-binding")
    if data is None or data.get("alg") != WATERMARK_ALGORITHM:
        return None
    try:
        return base64.b64decode(data["blocks"][0]["value"], validate=True).hex()
    except (LookupError, TypeError, ValueError):
        return None
