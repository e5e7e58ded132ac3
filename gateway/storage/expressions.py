"""Libraries of expressions, one file each in a folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gateway.arrays import F32, U8
from gateway.errors import LibraryLimit, LibraryNotFound
from gateway.storage.folder import FolderStore, RecordCodec, Store, id_pattern, new_id

PREFIX = "exp_"
ID = id_pattern(PREFIX)
"""The format of an id."""
_FORMAT = 1


@dataclass(frozen=True, slots=True, eq=False)
class LibraryEntry:
    """One expression, and the picture it comes from.

    Attributes:
        expression: float32 (K + C,), named controls and residual coefficients.
        landmarks: float32 (478, 3), in the crop's pixels; z on x's scale.
        crop: uint8 (h, w, 3) RGB, the face and a little around it.
        reliability: Reliability of these values, 0–1.
    """

    expression: F32
    landmarks: F32
    crop: U8
    reliability: float


@dataclass(frozen=True, slots=True)
class LibraryInfo:
    """A library without its entries.

    Attributes:
        id: `exp_` and 32 hexadecimal digits.
        name: The name given by its creator.
        created: When, UTC.
        size: Number of entries.
    """

    id: str
    name: str
    created: datetime
    size: int


@dataclass(frozen=True, slots=True, eq=False)
class ExpressionLibrary:
    """One person's expressions.

    Attributes:
        id: `exp_` and 32 hexadecimal digits.
        name: The name given by its creator.
        created: When, UTC.
        entries: At least one.
    """

    id: str
    name: str
    created: datetime
    entries: tuple[LibraryEntry, ...]

    @classmethod
    def new(cls, name: str, entries: Sequence[LibraryEntry]) -> ExpressionLibrary:
        """Return a new library with an unguessable id."""
        return cls(new_id(PREFIX), name, datetime.now(UTC), tuple(entries))

    @property
    def expressions(self) -> F32:
        """float32 (N, K + C), those of all entries."""
        return np.stack([entry.expression for entry in self.entries])

    @property
    def info(self) -> LibraryInfo:
        """The library without its entries."""
        return LibraryInfo(self.id, self.name, self.created, len(self.entries))


def pack(library: ExpressionLibrary) -> dict[str, NDArray[Any]]:
    """Return a library as arrays to save: (N, K + C), (N, 478, 3), (N,), and crops one by one."""
    entries = library.entries
    return {
        "format": np.array(_FORMAT),
        "id": np.array(library.id),
        "name": np.array(library.name),
        "created": np.array(library.created.isoformat()),
        "size": np.array(len(entries)),
        "expressions": library.expressions,
        "landmarks": np.stack([entry.landmarks for entry in entries]),
        "reliability": np.array([entry.reliability for entry in entries], np.float32),
        **{f"crop_{n}": entry.crop for n, entry in enumerate(entries)},
    }


def _unpack_info(data: Mapping[str, NDArray[Any]]) -> LibraryInfo:
    return LibraryInfo(
        str(data["id"]),
        str(data["name"]),
        datetime.fromisoformat(str(data["created"])),
        int(data["size"]),
    )


def _unpack(data: Mapping[str, NDArray[Any]]) -> ExpressionLibrary:
    info = _unpack_info(data)
    arrays = data["expressions"], data["landmarks"], data["reliability"]
    entries = []
    for n, (expression, landmarks, reliability) in enumerate(zip(*arrays, strict=True)):
        crop = data[f"crop_{n}"]
        for array in (expression, landmarks, crop):
            array.setflags(write=False)  # they are shared by all callers
        entries.append(LibraryEntry(expression, landmarks, crop, float(reliability)))
    return ExpressionLibrary(info.id, info.name, info.created, tuple(entries))


def _describe_info(info: LibraryInfo) -> dict[str, Any]:
    return asdict(info) | {"created": info.created.isoformat()}


def _read_info(data: dict[str, Any]) -> LibraryInfo:
    return LibraryInfo(**data | {"created": datetime.fromisoformat(data["created"])})


def _full(most: int) -> LibraryLimit:
    return LibraryLimit(extra={"max_libraries": most})


LIBRARIES = RecordCodec(
    "library",
    PREFIX,
    pack,
    _unpack,
    _unpack_info,
    _describe_info,
    _read_info,
    LibraryNotFound,
    _full,
)

ExpressionStore = Store[ExpressionLibrary, LibraryInfo]
"""The store of libraries."""


class FolderExpressionStore(FolderStore[ExpressionLibrary, LibraryInfo]):
    """Libraries as files in a folder.

    Args:
        folder: Storage folder.
        most: Libraries that may be kept for each tenant.
    """

    def __init__(self, folder: Path, *, most: int) -> None:
        super().__init__(folder, LIBRARIES, most=most)
