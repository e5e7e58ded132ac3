"""Timecodes (SMPTE ST 12-1)."""

from fractions import Fraction

import pytest

from gateway.media.timecode import later

NTSC = Fraction(30000, 1001)


@pytest.mark.parametrize(
    ("first", "frames", "rate", "wanted"),
    [
        ("01:00:00:00", 0, Fraction(25), "01:00:00:00"),
        ("01:00:00:20", 10, Fraction(25), "01:00:01:05"),
        ("23:59:59:24", 1, Fraction(25), "00:00:00:00"),
        ("00:00:59;29", 1, NTSC, "00:01:00;02"),
        ("00:09:59;29", 1, NTSC, "00:10:00;00"),
        ("00:00:00;00", 107892, NTSC, "01:00:00;00"),
        ("00:00:59;59", 1, 2 * NTSC, "00:01:00;04"),
        ("00:00:59:29", 1, NTSC, "00:01:00:00"),
    ],
)
def test_a_later_frame_has_a_later_timecode(first, frames, rate, wanted):
    assert later(first, frames / rate, rate) == wanted


def test_steps_add_up():
    at = "00:58:00;02"
    for _ in range(500):
        at = later(at, 7 / NTSC, NTSC)
    assert at == later("00:58:00;02", 3500 / NTSC, NTSC)
