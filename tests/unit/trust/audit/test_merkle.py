"""Merkle trees: the roots of RFC 6962's test vectors, and proofs that show what they should."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.trust.audit.merkle import (
    EMPTY,
    Edge,
    consistency_proof,
    inclusion_proof,
    is_consistent,
    is_included,
    leaf_hash,
    root_of,
)

# The inputs and roots of Certificate Transparency's reference tests.
INPUTS = [
    b"",
    b"\x00",
    b"\x10",
    b"\x20\x21",
    b"\x30\x31",
    b"\x40\x41\x42\x43",
    b"\x50\x51\x52\x53\x54\x55\x56\x57",
    bytes(range(0x60, 0x70)),
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
SIZES = st.integers(1, 70)


def leaves(count):
    return [leaf_hash(str(n).encode()) for n in range(count)]


def test_roots_are_those_of_the_reference():
    hashes = [leaf_hash(data) for data in INPUTS]
    assert [root_of(hashes[:n]).hex() for n in range(1, 9)] == ROOTS
    assert root_of([]) == EMPTY == hashlib.sha256(b"").digest()


@given(SIZES, SIZES)
def test_a_tree_grows_as_it_would_have_been_made_at_once(one, two):
    every = leaves(one + two)
    assert Edge().added(every[:one]).added(every[one:]) == Edge().added(every)


@given(SIZES, st.data())
def test_every_leaf_is_proven_and_no_other_one(size, data):
    every, index = leaves(size), data.draw(st.integers(0, size - 1))
    proof, root = inclusion_proof(every, index), root_of(every)
    assert is_included(every[index], index, size, proof, root)
    assert not is_included(leaf_hash(b"other"), index, size, proof, root)
    assert not is_included(every[index], size, size, proof, root)
    if size > 1:
        assert not is_included(every[index], index, size, proof[:-1], root)
        assert not is_included(every[index], (index + 1) % size, size, proof, root)


@given(SIZES, st.data())
def test_growth_is_proven_and_nothing_else(size, data):
    every, first = leaves(size), data.draw(st.integers(1, size))
    proof = consistency_proof(every, first)
    one, two = root_of(every[:first]), root_of(every)
    assert is_consistent(first, size, one, two, proof)
    assert not is_consistent(first, size, leaf_hash(b"other"), two, proof)
    assert not is_consistent(first, size, one, leaf_hash(b"other"), proof)
    if proof:
        assert not is_consistent(first, size, one, two, proof[:-1])


def test_what_is_not_there_cannot_be_proven():
    for index in (-1, 3):
        with pytest.raises(IndexError):
            inclusion_proof(leaves(3), index)
    for size in (0, 4):
        with pytest.raises(IndexError):
            consistency_proof(leaves(3), size)
