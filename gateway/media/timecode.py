"""Timecodes of a picture (SMPTE ST 12-1): which frame of a recording it begins with."""

from __future__ import annotations

import re
from fractions import Fraction

from gateway.media.opening import OpenVideo

_FORM = re.compile(r"(\d\d):(\d\d):(\d\d)([:;.])(\d\d)")
_MINUTE, _TEN_MINUTES = 60, 600


def timecode_of(video: OpenVideo) -> str | None:
    """Return the timecode of a video's first frame, as hh:mm:ss:ff; None if it has none."""
    told = [video.stream.metadata, *(s.metadata for s in video.container.streams.data)]
    for metadata in (*told, video.container.metadata):
        if _FORM.fullmatch(metadata.get("timecode", "")):
            return metadata["timecode"]
    return None


def later(timecode: str, time_s: Fraction, rate: Fraction) -> str:
    """Return the timecode of the frame that is shown some seconds after another one.

    Args:
        timecode: Of that one, hh:mm:ss:ff; with a `;` some numbers are left out (drop frame).
        time_s: Seconds.
        rate: Frames a second.
    """
    found = _FORM.fullmatch(timecode)
    if found is None:
        return timecode
    hours, minutes, seconds, frames = (int(found[n]) for n in (1, 2, 3, 5))
    fps = max(round(rate), 1)
    drop = (
        0 if found[4] == ":" else round(fps / 15)
    )  # numbers left out in all but each tenth minute
    whole = 60 * hours + minutes
    number = (60 * whole + seconds) * fps + frames - drop * (whole - whole // 10)
    number += round(time_s * rate)
    tens, rest = divmod(number, _TEN_MINUTES * fps - 9 * drop)
    extra = max(rest - drop, 0) // (_MINUTE * fps - drop) if drop else 0
    number += drop * (9 * tens + extra)
    seconds, frames = divmod(number, fps)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours % 24:02}:{minutes:02}:{seconds:02}{found[4]}{frames:02}"
