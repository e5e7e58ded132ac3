"""Merkle trees of RFC 9162 (Certificate Transparency 2.0), section 2.1: roots and proofs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

EMPTY = hashlib.sha256(b"").digest()
"""Root of a tree without leaves."""


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf, 32 bytes."""
    return hashlib.sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node, 32 bytes."""
    return hashlib.sha256(b"\1" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Edge:
    """What has to be known of a tree to add leaves: its complete subtrees, the largest first.

    Attributes:
        size: Number of leaves.
        peaks: Hashes of the subtrees, 32 bytes each, one for each bit of the size that is 1.
    """

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def added(self, leaves: Iterable[bytes]) -> Edge:
        """Return it with further leaves' hashes, in logarithmic time for each."""
        size, peaks = self.size, list(self.peaks)
        for leaf in leaves:
            peaks.append(leaf)
            full = size
            while full & 1:
                right = peaks.pop()
                peaks.append(node_hash(peaks.pop(), right))
                full >>= 1
            size += 1
        return Edge(size, tuple(peaks))

    def root(self) -> bytes:
        """Return the tree's root, 32 bytes."""
        if not self.peaks:
            return EMPTY
        *others, found = self.peaks
        for peak in reversed(others):
            found = node_hash(peak, found)
        return found


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the root of a tree of leaves' hashes."""
    return Edge().added(leaves).root()


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Return the proof that a leaf is in a tree (2.1.3.1), from the leaf upwards.

    Raises:
        IndexError: there is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(index)
    if len(leaves) == 1:
        return []
    half = _half(len(leaves))
    if index < half:
        return [*inclusion_proof(leaves[:half], index), root_of(leaves[half:])]
    return [*inclusion_proof(leaves[half:], index - half), root_of(leaves[:half])]


def is_included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Return whether a proof shows that a leaf is in a tree (2.1.3.2)."""
    if not 0 <= index < size:
        return False
    at, last, found = index, size - 1, leaf
    for other in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node_hash(other, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, other)
        at, last = at >> 1, last >> 1
    return last == 0 and found == root


def consistency_proof(leaves: Sequence[bytes], size: int) -> list[bytes]:
    """Return the proof that a tree has grown from its first `size` leaves (2.1.4.1).

    Raises:
        IndexError: it has fewer, or `size` is none.
    """
    if not 0 < size <= len(leaves):
        raise IndexError(size)
    return _consistency(leaves, size, whole=True)


def _consistency(leaves: Sequence[bytes], size: int, *, whole: bool) -> list[bytes]:
    if size == len(leaves):
        return [] if whole else [root_of(leaves)]
    half = _half(len(leaves))
    if size <= half:
        return [*_consistency(leaves[:half], size, whole=whole), root_of(leaves[half:])]
    return [*_consistency(leaves[half:], size - half, whole=False), root_of(leaves[:half])]


def is_consistent(
    first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Return whether a proof shows that one tree has grown from another (2.1.4.2)."""
    if not 0 < first <= second:
        return False
    if first == second:
        return not proof and first_root == second_root
    path = list(proof)
    if first & (first - 1) == 0:
        path.insert(0, first_root)
    if not path:
        return False
    at, last = first - 1, second - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    one = two = path[0]
    for other in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            one, two = node_hash(other, one), node_hash(other, two)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            two = node_hash(two, other)
        at, last = at >> 1, last >> 1
    return last == 0 and one == first_root and two == second_root


def _half(size: int) -> int:
    """Return the largest power of two that is less than a size of two or more."""
    return 1 << ((size - 1).bit_length() - 1)
