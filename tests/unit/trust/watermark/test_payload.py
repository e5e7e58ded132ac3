"""The code of a mark: what is read of bits that were disturbed."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.trust.watermark import payload
from gateway.trust.watermark.payload import CODE_BITS, ID_BITS, decoded, encoded

NUMBERS = st.integers(0, 2**ID_BITS - 1)


@given(NUMBERS)
def test_a_number_comes_back(number):
    found, fit = decoded(encoded(number))
    assert found == number
    assert fit == pytest.approx(np.sqrt(CODE_BITS))


@given(NUMBERS, st.floats(0.01, 1e4))
def test_scale_does_not_matter(number, scale):
    assert decoded((scale * encoded(number)).astype(np.float32))[0] == number


@given(NUMBERS, st.integers(0, 2**32))
def test_a_fifth_of_the_bits_may_be_turned_over(number, seed):
    rng = np.random.default_rng(seed)
    soft = encoded(number)
    soft[rng.choice(CODE_BITS, CODE_BITS // 8, replace=False)] *= -1
    assert decoded(soft)[0] == number


def test_noise_is_no_number_and_fits_as_chance_does():
    rng = np.random.default_rng(1)
    read = [decoded(rng.normal(size=CODE_BITS).astype(np.float32)) for _ in range(200)]
    assert all(number is None for number, _ in read)
    assert np.mean([fit for _, fit in read]) == pytest.approx(8.5, abs=0.1)


def test_nothing_is_no_number():
    assert decoded(np.zeros(CODE_BITS, np.float32)) == (None, 0.0)


def test_numbers_have_a_size():
    for number in (-1, 2**ID_BITS):
        with pytest.raises(ValueError, match="48 bits"):
            encoded(number)


def test_the_checksum_sees_errors_of_up_to_five_bits():
    # A linear checksum misses an error where the changes by its bits cancel each other out.
    none = payload._checksum(0)
    places = [payload._checksum(1 << n) ^ none for n in range(ID_BITS)]
    places += [1 << n for n in range(payload._CHECK_BITS)]
    two = {a ^ b for a, b in combinations(places, 2)}
    three = {a ^ b ^ c for a, b, c in combinations(places, 3)}
    assert len(two) == len(places) * (len(places) - 1) // 2  # none of four cancels
    assert 0 not in {*places, *two, *three}
    assert not three & two  # none of five does
