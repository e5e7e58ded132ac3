"""dlib's own serialisation, as far as its networks use it.

Integers are one control byte (bit 7: negative; low bits: number of bytes) and that many
little-endian bytes. Reals are two integers, mantissa and binary exponent. Truth values are the
characters 0 and 1. Texts and tensors give their length or shape first; tensor data is raw
little-endian float32.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gateway.errors import ContractViolation

_SIGN = 0x80
_LONGEST_INTEGER = 8
_LARGEST_EXPONENT = 1023  # beyond it dlib writes infinities and not-a-number
_TENSOR_VERSION = 2
_ALIAS_VERSION = 1


class DlibReader:
    """Reads one value after the other; each kind is a method.

    Every method raises `ContractViolation` when the bytes are not of its kind.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def finished(self) -> bool:
        """Whether every byte has been read."""
        return self._at == len(self._data)

    def integer(self) -> int:
        """Read an integer."""
        control = self._take(1)[0]
        size = control & 0x0F
        if not 1 <= size <= _LONGEST_INTEGER or control & 0x70:
            raise self._error("an integer")
        value = int.from_bytes(self._take(size), "little")
        return -value if control & _SIGN else value

    def real(self) -> float:
        """Read a real number."""
        mantissa, exponent = self.integer(), self.integer()
        if abs(exponent) > _LARGEST_EXPONENT:
            raise self._error("a finite real number")
        return mantissa * 2.0**exponent

    def boolean(self) -> bool:
        """Read a truth value."""
        value = self._take(1)
        if value not in (b"0", b"1"):
            raise self._error("a truth value")
        return value == b"1"

    def text(self) -> str:
        """Read a text."""
        size = self.integer()
        try:
            return self._take(size).decode("ascii")
        except UnicodeDecodeError:
            raise self._error("a text") from None

    def expect(self, text: str) -> None:
        """Read a text that must be this one."""
        if (found := self.text()) != text:
            raise ContractViolation(f"The dlib file has {found!r} where {text!r} belongs.")

    def expect_version(self, version: int, what: str) -> None:
        """Read a version number that must be this one."""
        if (found := self.integer()) != version:
            raise ContractViolation(f"The dlib file holds version {found} of {what}.")

    def tensor(self) -> NDArray[np.float32]:
        """Read a tensor, (samples, channels, rows, columns)."""
        self.expect_version(_TENSOR_VERSION, "a tensor")
        shape = [self.integer() for _ in range(4)]
        if min(shape) < 0:
            raise self._error("a tensor")
        size = int(np.prod(shape, dtype=np.int64))
        return np.frombuffer(self._take(4 * size), "<f4").astype(np.float32).reshape(shape)

    def alias_shape(self) -> tuple[int, ...]:
        """Read the shape of a view into a tensor."""
        self.expect_version(_ALIAS_VERSION, "a tensor view")
        return tuple(self.integer() for _ in range(4))

    def _take(self, size: int) -> bytes:
        if size < 0 or self._at + size > len(self._data):
            raise ContractViolation("The dlib file ends too early.")
        part = self._data[self._at : self._at + size]
        self._at += size
        return part

    def _error(self, kind: str) -> ContractViolation:
        return ContractViolation(f"The dlib file does not hold {kind} before byte {self._at}.")
