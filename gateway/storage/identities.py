"""Enrolled people, one file each in a folder: portraits, their analysis, the consent."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gateway.arrays import F32, U8
from gateway.errors import IdentityLimit, IdentityNotFound, SemblantError
from gateway.faces.face import Face, FaceQuality, FaceWarning, HeadPose
from gateway.faces.morphable.fit import Fit
from gateway.media.image import Picture, decode_image, encode_image
from gateway.storage.folder import FolderStore, RecordCodec, Store, id_pattern, new_id
from gateway.trust.consent import Consent
from gateway.trust.sealed import Cipher

PREFIX = "idn_"
ID = id_pattern(PREFIX)
"""The format of an id."""
_FORMAT = 1
_SEALED = "sealed"
_MAX_PIXELS = 2**24
_FIT = ("identity", "expression", "rotation", "translation", "scale", "residual")


@dataclass(frozen=True, slots=True, eq=False)
class KeptPortrait:
    """One portrait and its analysis.

    Attributes:
        image: uint8 (h, w, 3) RGB, the face and a little around it.
        face: The face, in the image's pixels.
        descriptor: float32 (128,), the identity embedding.
    """

    image: U8
    face: Face
    descriptor: F32


@dataclass(frozen=True, slots=True)
class IdentityInfo:
    """An identity without its portraits.

    Attributes:
        id: `idn_` and 32 hexadecimal digits.
        name: The name given at enrolment.
        created: When, UTC.
        size: Number of portraits.
        consent: The person's.
        protected: Whether their face must not be replaced in targets.
    """

    id: str
    name: str
    created: datetime
    size: int
    consent: Consent
    protected: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class EnrolledIdentity:
    """A person whose face may be used.

    Attributes:
        id: `idn_` and 32 hexadecimal digits.
        name: The name given at enrolment.
        created: When, UTC.
        consent: The person's.
        portraits: At least one, unless the consent was withdrawn.
        protected: Whether their face must not be replaced in targets.
    """

    id: str
    name: str
    created: datetime
    consent: Consent
    portraits: tuple[KeptPortrait, ...]
    protected: bool = False

    @classmethod
    def new(
        cls,
        name: str,
        consent: Consent,
        portraits: Sequence[KeptPortrait],
        *,
        protected: bool = False,
    ) -> EnrolledIdentity:
        """Return a new identity with an unguessable id."""
        now = datetime.now(UTC)
        return cls(new_id(PREFIX), name, now, consent, tuple(portraits), protected)

    def withdrawn(self) -> EnrolledIdentity:
        """Return what is kept once the consent was withdrawn: that it was, and nothing of a face.

        Nobody is protected by it any more, as nobody could be recognised.
        """
        return replace(self, consent=self.consent.withdraw(), portraits=(), protected=False)

    @property
    def descriptor(self) -> F32:
        """float32 (128,), the identity embedding: the mean over the portraits."""
        found = np.stack([portrait.descriptor for portrait in self.portraits])
        return np.asarray(found.mean(0), np.float32)

    @property
    def info(self) -> IdentityInfo:
        """The identity without its portraits."""
        size = len(self.portraits)
        return IdentityInfo(self.id, self.name, self.created, size, self.consent, self.protected)


def pack(identity: EnrolledIdentity, cipher: Cipher | None = None) -> dict[str, NDArray[Any]]:
    """Return an identity as arrays to save; portraits as PNG files, one by one.

    Args:
        identity: What is kept.
        cipher: Encrypts all that is of a face; None: nothing is encrypted.
    """
    arrays = {
        "format": np.array(_FORMAT),
        "id": np.array(identity.id),
        "name": np.array(identity.name),
        "created": np.array(identity.created.isoformat()),
        "consent_given": np.array(identity.consent.given.isoformat()),
        "consent_statement": np.array(identity.consent.statement),
        "consent": np.array(json.dumps(identity.consent.facts())),
        "protected": np.array(identity.protected),
        "size": np.array(len(identity.portraits)),
    }
    of_faces: dict[str, NDArray[Any]] = {}
    for n, portrait in enumerate(identity.portraits):
        kept = {"descriptor": portrait.descriptor, **_packed_face(portrait.face)}
        kept["png"] = np.frombuffer(encode_image(Picture(portrait.image), "png"), np.uint8)
        of_faces |= {f"{name}_{n}": array for name, array in kept.items()}
    if cipher is None or not of_faces:
        return arrays | of_faces
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **of_faces)
    sealed = cipher.sealed(identity.id, buffer.getvalue())
    return arrays | {_SEALED: np.frombuffer(sealed, np.uint8)}


def _packed_face(face: Face) -> dict[str, NDArray[Any]]:
    return {
        "box_xyxy": face.box_xyxy,
        "landmarks_5": face.landmarks_5,
        "landmarks": face.landmarks,
        "score": np.array(face.score, np.float64),
        "presence": np.array(face.presence, np.float64),
        "pose": np.array(list(asdict(face.pose).values()), np.float64),
        "quality": np.array(list(asdict(face.quality).values()), np.float64),
        "warnings": np.array([str(warning) for warning in face.warnings], np.str_),
        **{f"fit_{name}": getattr(face.fit, name) for name in _FIT},
    }


def _unpack_info(data: Mapping[str, NDArray[Any]]) -> IdentityInfo:
    if "consent" in data:
        consent = Consent.of_facts(json.loads(str(data["consent"])))
    else:
        given = datetime.fromisoformat(str(data["consent_given"]))
        consent = Consent(given, str(data["consent_statement"]))
    created = datetime.fromisoformat(str(data["created"]))
    return IdentityInfo(
        str(data["id"]),
        str(data["name"]),
        created,
        int(data["size"]),
        consent,
        bool(data["protected"]) if "protected" in data else False,
    )


def _unpack(data: Mapping[str, NDArray[Any]], cipher: Cipher | None) -> EnrolledIdentity:
    info = _unpack_info(data)
    if _SEALED in data:
        if cipher is None:
            raise ValueError("it is encrypted, and there is no secret")
        opened = cipher.opened(info.id, data[_SEALED].tobytes())
        with np.load(io.BytesIO(opened), allow_pickle=False) as of_faces:
            portraits = tuple(_unpacked(of_faces, n) for n in range(info.size))
    else:
        portraits = tuple(_unpacked(data, n) for n in range(info.size))
    return EnrolledIdentity(
        info.id, info.name, info.created, info.consent, portraits, info.protected
    )


def _unpacked(data: Mapping[str, NDArray[Any]], n: int) -> KeptPortrait:
    def array(name: str) -> NDArray[Any]:
        found = data[f"{name}_{n}"]
        found.setflags(write=False)  # it is shared by all callers
        return found

    try:
        image = decode_image(array("png").tobytes(), max_pixels=_MAX_PIXELS).rgb
    except SemblantError as error:
        raise ValueError("a portrait is damaged") from error
    image = np.ascontiguousarray(image)
    image.setflags(write=False)
    face = Face(
        box_xyxy=array("box_xyxy"),
        landmarks_5=array("landmarks_5"),
        landmarks=array("landmarks"),
        score=float(array("score")),
        presence=float(array("presence")),
        pose=HeadPose(*array("pose").tolist()),
        quality=FaceQuality(*array("quality").tolist()),
        warnings=tuple(FaceWarning(warning) for warning in array("warnings").tolist()),
        fit=Fit(**{name: array(f"fit_{name}") for name in _FIT}),
    )
    return KeptPortrait(image, face, array("descriptor"))


def _describe_info(info: IdentityInfo) -> dict[str, Any]:
    return asdict(info) | {"created": info.created.isoformat(), "consent": info.consent.facts()}


def _read_info(data: dict[str, Any]) -> IdentityInfo:
    return IdentityInfo(
        data["id"],
        data["name"],
        datetime.fromisoformat(data["created"]),
        data["size"],
        Consent.of_facts(data["consent"]),
        data.get("protected", False),
    )


def _full(most: int) -> IdentityLimit:
    return IdentityLimit(extra={"max_identities": most})


def identities_codec(
    cipher: Cipher | None = None,
) -> RecordCodec[EnrolledIdentity, IdentityInfo]:
    """Return how identities are written and read; by a cipher, all that is of a face encrypted."""
    return RecordCodec(
        "identity",
        PREFIX,
        lambda identity: pack(identity, cipher),
        lambda data: _unpack(data, cipher),
        _unpack_info,
        _describe_info,
        _read_info,
        IdentityNotFound,
        _full,
    )


IDENTITIES = identities_codec()
"""How identities are written without encryption."""

IdentityStore = Store[EnrolledIdentity, IdentityInfo]
"""The store of identities."""


class FolderIdentityStore(FolderStore[EnrolledIdentity, IdentityInfo]):
    """Identities as files in a folder.

    Args:
        folder: Storage folder.
        most: Identities that may be kept for each tenant.
        cipher: Encrypts all that is of a face; None: nothing is encrypted.
    """

    def __init__(self, folder: Path, *, most: int, cipher: Cipher | None = None) -> None:
        super().__init__(folder, identities_codec(cipher), most=most)
