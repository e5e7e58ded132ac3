import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import ContractViolation
from gateway.models.dlib_format import DlibReader


def integer(value: int) -> bytes:
    size = max(1, (abs(value).bit_length() + 7) // 8)
    return bytes([size | (0x80 if value < 0 else 0)]) + abs(value).to_bytes(size, "little")


def real(value: float) -> bytes:
    mantissa, exponent = np.frexp(value)
    return integer(int(mantissa * 2**53)) + integer(int(exponent) - 53)


@given(st.integers(-(2**63) + 1, 2**63 - 1))
def test_integers(value):
    reader = DlibReader(integer(value))
    assert reader.integer() == value
    assert reader.finished


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e200, max_value=1e200))
def test_reals(value):
    if abs(value) < 1e-200:
        value = 0.0
    assert DlibReader(real(value)).real() == value


def test_a_real_as_dlib_wrote_it():
    data = bytes.fromhex("036290f58111")  # the red mean in the published network
    assert DlibReader(data).real() == pytest.approx(122.782, abs=1e-5)


def test_a_tensor():
    values = np.arange(6, dtype="<f4")
    data = b"".join(integer(n) for n in (2, 1, 2, 3, 1)) + values.tobytes()
    tensor = DlibReader(data).tensor()
    assert tensor.dtype == np.float32
    assert tensor.tolist() == values.reshape(1, 2, 3, 1).tolist()


def test_texts_and_truth():
    reader = DlibReader(integer(4) + b"con_" + b"10")
    assert (reader.text(), reader.boolean(), reader.boolean()) == ("con_", True, False)


@pytest.mark.parametrize(
    ("method", "data", "message"),
    [
        ("integer", b"\x00", "hold an integer"),
        ("integer", b"\x09" + bytes(9), "hold an integer"),
        ("integer", b"\x12\x01\x01", "hold an integer"),
        ("integer", b"\x02\x01", "ends too early"),
        ("integer", b"", "ends too early"),
        ("real", integer(1) + integer(32000), "finite real"),
        ("boolean", b"2", "truth value"),
        ("text", integer(-1), "ends too early"),
        ("text", integer(1) + b"\xff", "hold a text"),
        ("tensor", integer(1), "version 1 of a tensor"),
        ("tensor", integer(2) + integer(-1) * 4, "hold a tensor"),
        ("tensor", integer(2) + integer(9) * 4 + struct.pack("<f", 1), "ends too early"),
        ("alias_shape", integer(2), "version 2 of a tensor view"),
    ],
)
def test_damage_is_named(method, data, message):
    with pytest.raises(ContractViolation, match=message):
        getattr(DlibReader(data), method)()


def test_another_text_than_expected():
    with pytest.raises(ContractViolation, match="'fc_2' where 'con_4' belongs"):
        DlibReader(integer(4) + b"fc_2").expect("con_4")
