"""How videos are divided: without gaps, at key frames where there are any."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.media.probe import Timing
from gateway.media.video import TimeSpan
from gateway.rendering.plan import (
    FEWEST,
    LONGEST,
    SEGMENT_S,
    SHORTEST_S,
    sample_times,
    segment_length,
    spans_from_json,
    spans_to_json,
    split_into_segments,
)


def timing(length_s, keys_s) -> Timing:
    return Timing(
        time_base=Fraction(1, 90000),
        start_s=Fraction(0),
        duration_s=Fraction(length_s),
        last_s=Fraction(1, 30),
        rate=Fraction(30),
        frames=max(1, round(30 * length_s)),
        key_times_s=tuple(map(Fraction, keys_s)),
        regular=True,
    )


seconds = st.fractions(0, 200, max_denominator=30)


@given(st.fractions(Fraction(1, 30), 200, max_denominator=30), st.lists(seconds), seconds)
def test_parts_follow_each_other_without_gaps(length_s, keys_s, start_s):
    whole = TimeSpan(min(start_s, length_s / 2))
    parts = split_into_segments(timing(length_s, sorted({Fraction(0), *keys_s})), whole)
    assert parts[0].start_s == whole.start_s
    assert parts[-1].end_s == whole.end_s
    for one, following in pairwise(parts):
        assert one.end_s == following.start_s
        assert one.start_s < one.end_s
        assert one.end_s - one.start_s <= (LONGEST + 1) * SEGMENT_S


@pytest.mark.parametrize("gop_s", [Fraction(1, 2), 2, 3, 5])
def test_parts_begin_at_key_frames(gop_s):
    keys = [n * gop_s for n in range(int(80 / gop_s))]
    parts = split_into_segments(timing(80, keys), TimeSpan())
    assert all(part.start_s in keys for part in parts)
    assert all(part.end_s - part.start_s >= SEGMENT_S for part in parts[:-1])


@pytest.mark.parametrize("length_s", [1, 5, 17, 20, 40, 64])
def test_a_short_video_has_short_parts(length_s):
    parts = split_into_segments(timing(length_s, [0]), TimeSpan())
    ends = [part.end_s or Fraction(length_s) for part in parts]
    lengths = [end - part.start_s for part, end in zip(parts, ends, strict=True)]
    part_s = segment_length(Fraction(length_s), Fraction(30))
    assert max(lengths) <= LONGEST * part_s
    assert part_s == SHORTEST_S or FEWEST - 1 <= len(parts) <= FEWEST + 1


@pytest.mark.parametrize(
    ("length_s", "rate", "part_s"),
    [(1, 30, 2), (20, 30, Fraction(5, 2)), (64, 30, 8), (7200, 30, 8), (20, 2, 4), (20, 0.5, 8)],
)
def test_parts_are_long_enough_for_what_leads_in_and_short_enough_to_lose(length_s, rate, part_s):
    assert segment_length(Fraction(length_s), Fraction(rate)) == part_s


def test_without_key_frames_parts_are_made_all_the_same():
    parts = split_into_segments(timing(100, [0]), TimeSpan())
    assert len(parts) > 10


def test_a_short_video_is_one_part():
    assert split_into_segments(timing(Fraction(12, 5), [0, 1, 2]), TimeSpan()) == [TimeSpan()]
    assert split_into_segments(timing(Fraction(1, 25), [0]), TimeSpan()) == [TimeSpan()]


def test_only_what_is_asked_for_is_divided():
    parts = split_into_segments(timing(60, range(0, 60, 2)), TimeSpan(Fraction(11), Fraction(31)))
    assert parts[0].start_s == 11
    assert parts[-1].end_s == 31


def test_spans_are_written_down_exactly():
    spans = [TimeSpan(Fraction(1001, 30000), Fraction(7, 3)), TimeSpan(Fraction(7, 3))]
    assert spans_from_json(spans_to_json(spans)) == spans


@given(st.fractions(Fraction(1, 30), 500, max_denominator=30), st.integers(1, 100))
def test_looks_are_inside_and_no_more_than_asked(length_s, count):
    times = sample_times(timing(length_s, range(0, int(length_s) + 1, 4)), TimeSpan(), count)
    assert 1 <= len(times) <= count
    assert all(0 <= time_s < length_s for time_s in times)
    assert times == sorted(set(times))


def test_looks_may_be_at_every_frame():
    times = sample_times(timing(2, [0]), TimeSpan(), 384, Fraction(1, 30))
    assert len({int(30 * time_s) for time_s in times}) == 60


def test_looks_prefer_key_frames():
    keys = [Fraction(n) for n in range(100)]
    assert set(sample_times(timing(100, keys), TimeSpan(), 10)) <= set(keys)


@pytest.mark.parametrize("count", [1, 3, 24])
def test_a_first_look_takes_key_frames_alone_where_there_are_enough(count):
    keys = [Fraction(25 * n, 3) for n in range(8)]
    times = sample_times(timing(60, keys), TimeSpan(), count)
    assert len(times) == min(count, 8)
    assert set(times) <= set(keys)
    assert sample_times(timing(60, keys[:2]), TimeSpan(), 24) != sample_times(
        timing(60, keys), TimeSpan(), 24
    )
