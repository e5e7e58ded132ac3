"""Division of a video into independently rendered parts, and their serialised form."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from gateway.errors import InvalidOptions
from gateway.media.probe import Probe, Timing
from gateway.media.video import TimeSpan
from gateway.pipeline.options.video import VideoOptions

SEGMENT_S = Fraction(8)
"""Seconds of a part: short enough to lose little by a fault, long enough for what leads in."""
SHORTEST_S = Fraction(2)
"""Seconds of a part of a short video, of which a fault would take much otherwise."""
FEWEST = 8
"""Parts that a video is divided into, as long as they do not become too short."""
FEWEST_FRAMES = 8
"""Frames of a part, at least, as long as it does not become too long."""
LONGEST = Fraction(7, 4)
"""Lengths of a part from which on it is divided where no key frame is."""
LEAD_IN_S = Fraction(1, 2)
"""Seconds analysed before a part, so that it continues seamlessly from the previous one."""
LEAD_OUT_S = Fraction(1, 4)
"""Seconds analysed after a part: later frames influence its last ones."""
FIRST_LOOK, CLOSEST_LOOK = 24, 384
"""Number of frames a survey samples at first, and at most until it finds a person."""
ENOUGH_KEYS = 3
"""Number of key frames from which on a survey's first pass samples no others."""
SURVEY_S = Fraction(2)
"""Minimum seconds between two frames of a survey's first pass."""


def segment_length(length_s: Fraction, rate: Fraction) -> Fraction:
    """Return how many seconds a part of a span of so many is to have, at least.

    Args:
        length_s: Of the span, in seconds.
        rate: Frames a second.
    """
    quarters = Fraction(int(4 * length_s / FEWEST), 4)
    return min(max(quarters, SHORTEST_S, FEWEST_FRAMES / rate), SEGMENT_S)


def split_into_segments(timing: Timing, whole: TimeSpan) -> list[TimeSpan]:
    """Return the parts of a span of a video, in order, without gaps.

    They begin at key frames, where decoding can begin, as long as these come often enough.
    """
    end_s = timing.duration_s if whole.end_s is None else min(whole.end_s, timing.duration_s)
    part_s = segment_length(end_s - whole.start_s, timing.rate)
    starts = [whole.start_s]
    keys = [key for key in timing.key_times_s if whole.start_s < key < end_s]
    for key in [*keys, end_s]:
        while key - starts[-1] > LONGEST * part_s:
            starts.append(starts[-1] + part_s)
        if key != end_s and key - starts[-1] >= part_s:
            starts.append(key)
    # A short remainder at the end is merged into the previous part.
    if len(starts) > 1 and end_s - starts[-1] < part_s / 4:
        starts.pop()
    return [
        TimeSpan(start, following)
        for start, following in zip(starts, [*starts[1:], whole.end_s], strict=True)
    ]


def sample_times(
    timing: Timing, whole: TimeSpan, count: int, apart_s: Fraction = SURVEY_S
) -> list[Fraction]:
    """Return the times of up to `count` frames spread over a span, key frames where they are near.

    There are two more at most than fit in if they are `apart_s`, in seconds.

    Decoding a key frame costs one frame; a frame between key frames costs all those before it.
    """
    end_s = timing.duration_s if whole.end_s is None else min(whole.end_s, timing.duration_s)
    length = max(end_s - whole.start_s, Fraction(0))
    count = max(1, min(count, int(length / apart_s) + 2))
    keys = [key for key in timing.key_times_s if whole.start_s <= key < end_s]
    if apart_s >= SURVEY_S and len(keys) >= ENOUGH_KEYS:
        count = min(count, len(keys))
        return [keys[(2 * n + 1) * len(keys) // (2 * count)] for n in range(count)]
    step = length / count
    times = []
    for n in range(count):
        wanted = whole.start_s + (n + Fraction(1, 2)) * step
        key = timing.key_before(wanted)
        near = key if key >= whole.start_s and wanted - key <= step / 2 else wanted
        times.append(max(near, whole.start_s))
    return sorted(set(times))


def spans_to_json(spans: Iterable[TimeSpan]) -> list[list[str | None]]:
    """Return spans as JSON has them, exactly."""
    return [[str(s.start_s), None if s.end_s is None else str(s.end_s)] for s in spans]


def spans_from_json(spans: Iterable[Sequence[str | None]]) -> list[TimeSpan]:
    """Return the spans that `spans_to_json` wrote."""
    return [
        TimeSpan(Fraction(str(start)), None if end is None else Fraction(end))
        for start, end in spans
    ]


def is_trimmed(options: VideoOptions) -> bool:
    """Return whether only a part of the video is wanted."""
    return options.video.start_s > 0 or options.video.end_s is not None


def whole_of(options: VideoOptions, probe: Probe) -> TimeSpan:
    """Return the requested part of the video.

    Raises:
        InvalidOptions: the video is over before it begins.
    """
    video = options.video
    start_s = Fraction(str(video.start_s))
    if start_s and start_s >= probe.timing.duration_s:
        raise InvalidOptions(
            f"The video is {float(probe.timing.duration_s):.3f} seconds long.",
            errors=[{"pointer": "/video/start_s", "detail": "lies beyond the video's end"}],
        )
    return TimeSpan(start_s, None if video.end_s is None else Fraction(str(video.end_s)))
