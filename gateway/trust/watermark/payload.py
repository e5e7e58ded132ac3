"""The number a mark carries ↔ the bits that are embedded: a checksum and an error-correcting code.

Convolutional, rate 1/4, constraint length 9, free distance 24 (K. J. Larsen, "Short convolutional
codes with maximal free distance for rates 1/2, 1/3 and 1/4", IEEE Trans. Inf. Theory 19(3), 1973),
decoded from soft values by A. Viterbi's algorithm with a list: of the likeliest sequences the first
counts whose checksum is right (N. Seshadri, C.-E. W. Sundberg, "List Viterbi decoding algorithms
with applications", IEEE Trans. Commun. 42(2), 1994).
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit

from gateway.arrays import F32, U8

ID_BITS: Final = 48
"""Bits of the number."""
_CHECK_BITS: Final = 20
_CHECK_POLYNOMIAL: Final = 0xB5827
"""Of a checksum that sees all errors of up to five bits."""
_GENERATORS: Final = (0o463, 0o535, 0o733, 0o745)
_MEMORY: Final = 8
"""Bits before one that have a say in what is sent for it."""
_STATES: Final = 1 << _MEMORY
_LISTED: Final = 16
"""Sequences that are tried."""
RIGHT_BY_CHANCE: Final = _LISTED / 2**_CHECK_BITS
"""Probability that one of the sequences has the right checksum where there is no mark."""
STEPS: Final = ID_BITS + _CHECK_BITS + _MEMORY
CODE_BITS: Final = len(_GENERATORS) * STEPS
"""Bits that are embedded."""


def _signs() -> F32:
    """Return float32 (512, 4): what is sent at each step, 1 for 0 and -1 for 1."""
    registers = np.arange(2 * _STATES)
    rows = [[int(r & g).bit_count() & 1 for g in _GENERATORS] for r in registers]
    return (1 - 2 * np.array(rows)).astype(np.float32)


_SIGNS: Final = _signs()


def encoded(number: int) -> F32:
    """Return what is embedded for a number: float32 (304,) of 1 and -1.

    Args:
        number: 0 to 2⁴⁸ - 1.

    Raises:
        ValueError: it has more bits.
    """
    if not 0 <= number < 1 << ID_BITS:
        raise ValueError(f"a mark carries {ID_BITS} bits")
    bits = [*_bits(number, ID_BITS), *_bits(_checksum(number), _CHECK_BITS), *[0] * _MEMORY]
    register, out = 0, []
    for bit in bits:
        register = ((register << 1) | bit) & (2 * _STATES - 1)
        out.append(_SIGNS[register])
    return np.concatenate(out)


def decoded(soft: F32) -> tuple[int | None, float]:
    """Return the likeliest number, and how well it fits.

    Args:
        soft: float32 (304,): each embedded bit as it was read, positive for 1; any scale.

    Returns:
        The number, None if its checksum is wrong, and the correlation with what is embedded for
        what was read, in standard deviations of a random guess: about 8.5 where there is no mark,
        √304 ≈ 17.4 where nothing disturbs it.
    """
    scale = float(np.linalg.norm(soft))
    if not scale > 0:
        return None, 0.0
    sequences, scores = _viterbi(np.ascontiguousarray(soft, np.float32), _SIGNS)
    for bits, score in zip(sequences, scores, strict=True):
        number = _number(bits[:ID_BITS])
        if _number(bits[ID_BITS : ID_BITS + _CHECK_BITS]) == _checksum(number):
            return number, float(score) / scale
    return None, float(scores[0]) / scale


def _bits(number: int, count: int) -> list[int]:
    return [(number >> n) & 1 for n in range(count - 1, -1, -1)]


def _number(bits: U8) -> int:
    return int("".join(map(str, bits.tolist())), 2)


def _checksum(number: int) -> int:
    register = (1 << _CHECK_BITS) - 1
    top = 1 << (_CHECK_BITS - 1)
    for bit in _bits(number, ID_BITS):
        over = bool(register & top) != bool(bit)
        register = (register << 1) & ((1 << _CHECK_BITS) - 1)
        if over:
            register ^= _CHECK_POLYNOMIAL & ((1 << _CHECK_BITS) - 1)
    return register


@njit(cache=True, nogil=True, error_model="numpy")
def _viterbi(soft, signs):  # noqa: ANN001, ANN202
    """Return the likeliest sequences from state 0 back to it: uint8 (16, 76), and their scores."""
    never = np.float32(-1e30)
    metric = np.full((_STATES, _LISTED), never)
    metric[0, 0] = np.float32(0)
    came_from = np.zeros((STEPS, _STATES, _LISTED), np.int16)
    for t in range(STEPS):
        following = np.full((_STATES, _LISTED), never)
        last = t >= STEPS - _MEMORY
        for to in range(_STATES):
            if last and to & 1:
                continue
            # Two states lead here, which differ in their oldest bit; both lists are sorted.
            one, two = to >> 1, (to >> 1) | (_STATES >> 1)
            first = np.float32(0)
            second = np.float32(0)
            for k in range(4):
                first += soft[4 * t + k] * signs[to, k]
                second += soft[4 * t + k] * signs[to | _STATES, k]
            i, j = 0, 0
            for n in range(_LISTED):
                if metric[one, i] + first >= metric[two, j] + second:
                    following[to, n] = metric[one, i] + first
                    came_from[t, to, n] = i
                    i += 1
                else:
                    following[to, n] = metric[two, j] + second
                    came_from[t, to, n] = _LISTED + j
                    j += 1
        metric = following
    bits = np.zeros((_LISTED, STEPS), np.uint8)
    for n in range(_LISTED):
        state, rank = np.int64(0), np.int64(n)
        for t in range(STEPS - 1, -1, -1):
            bits[n, t] = state & 1
            origin = came_from[t, state, rank]
            if origin < _LISTED:
                state, rank = state >> 1, np.int64(origin)
            else:
                state, rank = (state >> 1) | (_STATES >> 1), np.int64(origin - _LISTED)
    return bits, metric[0]
