"""Enrolled people, one file each in a folder: portraits, their analysis, the consent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
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

PREFIX = "idn_"
ID = id_pattern(PREFIX)
"""The format of an id."""
_FORMAT = 1
_MAX_PIXELS = 2**24
_FIT = ("identity", "expression", "rotation", "translation", "scale", "residual")


@dataclass(frozen=True, slots=True)
class Consent:
    """The consent of the person.

    Attributes:
        given: When it was stated, UTC.
        statement: The text of the statement.
    """

    given: datetime
    statement: str


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
    """

    id: str
    name: str
    created: datetime
    size: int
    consent: Consent


@dataclass(frozen=True, slots=True, eq=False)
class EnrolledIdentity:
    """A person whose face may be used.

    Attributes:
        id: `idn_` and 32 hexadecimal digits.
        name: The name given at enrolment.
        created: When, UTC.
        consent: The person's.
        portraits: At least one.
    """

    id: str
    name: str
    created: datetime
    consent: Consent
    portraits: tuple[KeptPortrait, ...]

    @classmethod
    def new(cls, name: str, statement: str, portraits: Sequence[KeptPortrait]) -> EnrolledIdentity:
        """Return a new identity with an unguessable id."""
        now = datetime.now(UTC)
        return cls(new_id(PREFIX), name, now, Consent(now, statement), tuple(portraits))

    @property
    def descriptor(self) -> F32:
        """float32 (128,), the identity embedding: the mean over the portraits."""
        found = np.stack([portrait.descriptor for portrait in self.portraits])
        return np.asarray(found.mean(0), np.float32)

    @property
    def info(self) -> IdentityInfo:
        """The identity without its portraits."""
        return IdentityInfo(self.id, self.name, self.created, len(self.portraits), self.consent)


def pack(identity: EnrolledIdentity) -> dict[str, NDArray[Any]]:
    """Return an identity as arrays to save; portraits as PNG files, one by one."""
    arrays = {
        "format": np.array(_FORMAT),
        "id": np.array(identity.id),
        "name": np.array(identity.name),
        "created": np.array(identity.created.isoformat()),
        "consent_given": np.array(identity.consent.given.isoformat()),
        "consent_statement": np.array(identity.consent.statement),
        "size": np.array(len(identity.portraits)),
    }
    for n, portrait in enumerate(identity.portraits):
        kept = {"descriptor": portrait.descriptor, **_packed_face(portrait.face)}
        kept["png"] = np.frombuffer(encode_image(Picture(portrait.image), "png"), np.uint8)
        arrays |= {f"{name}_{n}": array for name, array in kept.items()}
    return arrays


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
    consent = Consent(
        datetime.fromisoformat(str(data["consent_given"])), str(data["consent_statement"])
    )
    created = datetime.fromisoformat(str(data["created"]))
    return IdentityInfo(str(data["id"]), str(data["name"]), created, int(data["size"]), consent)


def _unpack(data: Mapping[str, NDArray[Any]]) -> EnrolledIdentity:
    info = _unpack_info(data)
    portraits = tuple(_unpacked(data, n) for n in range(info.size))
    return EnrolledIdentity(info.id, info.name, info.created, info.consent, portraits)


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
    consent = asdict(info.consent) | {"given": info.consent.given.isoformat()}
    return asdict(info) | {"created": info.created.isoformat(), "consent": consent}


def _read_info(data: dict[str, Any]) -> IdentityInfo:
    stated = data["consent"]
    consent = Consent(datetime.fromisoformat(stated["given"]), stated["statement"])
    created = datetime.fromisoformat(data["created"])
    return IdentityInfo(data["id"], data["name"], created, data["size"], consent)


def _full(most: int) -> IdentityLimit:
    return IdentityLimit(extra={"max_identities": most})


IDENTITIES = RecordCodec(
    "identity",
    PREFIX,
    pack,
    _unpack,
    _unpack_info,
    _describe_info,
    _read_info,
    IdentityNotFound,
    _full,
)

IdentityStore = Store[EnrolledIdentity, IdentityInfo]
"""The store of identities."""


class FolderIdentityStore(FolderStore[EnrolledIdentity, IdentityInfo]):
    """Identities as files in a folder.

    Args:
        folder: Storage folder.
        most: Identities that may be kept for each tenant.
    """

    def __init__(self, folder: Path, *, most: int) -> None:
        super().__init__(folder, IDENTITIES, most=most)
