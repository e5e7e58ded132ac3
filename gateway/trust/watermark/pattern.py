"""The keyed pattern of a mark: one tile, repeated over the picture, in one band of frequencies.

A quarter of the tile's frequencies is the same for all marks of a service: by them a reader finds
scale, turn and offset. The others carry the bits, in an order and with signs that follow from the
tenant's key.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.arrays import F32
from gateway.trust.watermark.payload import CODE_BITS, encoded

C64 = NDArray[np.complex64]
I64 = NDArray[np.int64]

TILE: Final = 128
"""Side of the tile, units of the grid."""
LOWEST, HIGHEST = 0.04, 0.18
"""Frequencies that are used, cycles per unit of the grid."""
_SLOPE: Final = 0.5
"""How amplitudes fall with frequency: f^-slope."""
_SYNC: Final = 0.25
"""Share of the frequencies by which a mark is found."""
_SHAPE: Final = (TILE, TILE // 2 + 1)
# A mark's number decides where its tile begins, so that two marks do not lie in step.
_STEP: Final = 0x9E3779B97F4A7C15


@dataclass(frozen=True, slots=True)
class WatermarkKey:
    """What a mark can be read by.

    Attributes:
        service: 32 bytes, common to all marks of a service: by them one is found.
        tenant: 32 bytes, of those who made it: by them it is read.
    """

    service: bytes
    tenant: bytes

    @classmethod
    def of(cls, secret: bytes, tenant: str) -> WatermarkKey:
        """Derive a tenant's key from the secret of the service."""
        return cls(_derived(secret, "service", ""), _derived(secret, "tenant", tenant))

    def __repr__(self) -> str:
        """Return nothing that is secret."""
        return "WatermarkKey(…)"


def _derived(secret: bytes, purpose: str, name: str) -> bytes:
    text = f"semblant watermark 1\0{purpose}\0{name}".encode()
    return hmac.digest(secret, text, "sha256")


def _stream(key: bytes, label: str, count: int) -> NDArray[np.uint64]:
    data = hashlib.shake_256(key + label.encode()).digest(8 * count)
    return np.frombuffer(data, "<u8").astype(np.uint64)


@dataclass(frozen=True, slots=True)
class _Band:
    """The frequencies that are used.

    Attributes:
        bins: int (n,), places in a flattened half spectrum.
        weight: float32 (2n,), amplitudes of their real and imaginary parts.
        rings: int (n,), in which of a few rings around 0 each lies.
    """

    bins: I64
    weight: F32
    rings: I64


@lru_cache
def _band() -> _Band:
    down, across = np.fft.fftfreq(TILE)[:, None], np.fft.rfftfreq(TILE)[None]
    radius = np.hypot(down, across)
    # The column of horizontal frequency 0 holds each vertical one twice.
    used = (radius >= LOWEST) & (radius <= HIGHEST) & (across > 0)
    bins = np.flatnonzero(used.ravel())
    at = radius.ravel()[bins]
    weight = at**-_SLOPE
    weight /= np.sqrt(np.mean(weight**2))
    rings = np.digitize(at, np.linspace(LOWEST, HIGHEST, 9)[1:-1])
    return _Band(bins, np.tile(weight, 2).astype(np.float32), rings)


class Pattern:
    """The pattern of one key. Make it by `pattern_of`, which keeps it."""

    def __init__(self, key: WatermarkKey) -> None:
        """Draw the order and the signs of all frequencies."""
        count = 2 * len(_band().bins)
        order = np.argsort(_stream(key.service, "order", count), kind="stable")
        found, carrying = np.split(order, [round(_SYNC * count)])
        self._found = found
        self._signs = _signs(key.service, len(found))
        mixed = np.argsort(_stream(key.tenant, "order", len(carrying)), kind="stable")
        self._carrying = carrying[mixed]
        self._code_signs = _signs(key.tenant, len(carrying))
        self._bit = np.arange(len(carrying)) % CODE_BITS

    @cached_property
    def sync(self) -> C64:
        """complex64 (128, 65): the conjugate spectrum of the part by which a mark is found."""
        parts = np.zeros(2 * len(_band().bins), np.float32)
        parts[self._found] = self._signs
        return np.conj(_spectrum(parts * _band().weight))

    def tile(self, number: int) -> F32:
        """Return the tile of a number: float32 (128, 128), mean 0, standard deviation 1."""
        parts = np.zeros(2 * len(_band().bins), np.float32)
        parts[self._found] = self._signs
        parts[self._carrying] = self._code_signs * encoded(number)[self._bit]
        tile = np.fft.irfft2(_spectrum(parts * _band().weight), s=(TILE, TILE))
        tile = np.roll(tile, offset_of(number), (0, 1))
        return np.ascontiguousarray(tile / tile.std(), np.float32)

    def soft(self, spectrum: C64, offset: tuple[int, int]) -> F32:
        """Return each embedded bit as it can be read: float32 (304,).

        Args:
            spectrum: complex64 (128, 65), flattened noise (`level`).
            offset: Rows and columns by which the tile lies further down and right.
        """
        down, across = np.fft.fftfreq(TILE)[:, None], np.fft.rfftfreq(TILE)[None]
        turned = spectrum * np.exp(2j * np.pi * (down * offset[0] + across * offset[1]))
        at = turned.ravel()[_band().bins]
        parts = np.concatenate([at.real, at.imag]) * _band().weight
        read = parts[self._carrying] * self._code_signs
        return np.bincount(self._bit, read, CODE_BITS).astype(np.float32)


@lru_cache(maxsize=64)
def pattern_of(key: WatermarkKey) -> Pattern:
    """Return the pattern of a key."""
    return Pattern(key)


def offset_of(number: int) -> tuple[int, int]:
    """Return by how many rows and columns the tile of a number is moved."""
    mixed = (number * _STEP) % (1 << 64) >> (64 - 14)
    return mixed >> 7, mixed & 127


def level(spectrum: C64) -> C64:
    """Return a tile's spectrum with the same noise power at all frequencies that are used.

    Pictures have much more of low frequencies. The power of each ring is taken for its noise, and
    frequencies count by signal over noise.

    Args:
        spectrum: complex64 (128, 65).
    """
    band = _band()
    power = np.abs(spectrum.ravel()[band.bins]) ** 2
    counts = np.bincount(band.rings)
    rings = np.bincount(band.rings, power) / counts
    out = np.zeros(spectrum.size, np.complex64)
    out[band.bins] = spectrum.ravel()[band.bins] / np.maximum(rings, 1e-12)[band.rings]
    return out.reshape(_SHAPE)


def _signs(key: bytes, count: int) -> F32:
    return (1 - 2 * (_stream(key, "signs", count) & np.uint64(1)).astype(np.float32)).astype(
        np.float32
    )


def _spectrum(parts: F32) -> C64:
    """Return complex64 (128, 65) with the real parts, then the imaginary ones, of the band."""
    real, imaginary = np.split(parts, 2)
    out = np.zeros(_SHAPE[0] * _SHAPE[1], np.complex64)
    out[_band().bins] = real + 1j * imaginary
    return out.reshape(_SHAPE)
