"""A face followed through a video, and what becomes known of it."""

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest

from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.errors import DeadlineExceeded
from gateway.faces.detect import DetectOptions
from gateway.faces.face import FaceWarning
from gateway.faces.morphable.expression import named
from gateway.pipeline.expressions.track import ENOUGH_FRAMES, ExpressionTracker, Follower, ahead
from gateway.pipeline.timings import Timings
from tests.unit.pipeline.people import SHAPE, Analyser, face_of, person
from tests.waiting import until

RATE = 25


def follow(frames, follower=None, *, start=0, rate=RATE):
    """Show faces, one list a frame; returns what was seen."""
    follower = follower or Follower()
    return [
        follower.follow(faces, Fraction(start + n, rate), SHAPE) for n, faces in enumerate(frames)
    ]


# Which face


def test_the_largest_is_followed_even_when_a_larger_one_comes():
    small, large = face_of(scale_px=30, at=(80, 120)), face_of(scale_px=45, at=(240, 120))
    assert follow([[large, small]])[0].face is large
    seen = follow([[small], [large, small], [small, large]])
    assert [s.face for s in seen] == [small, small, small]


def test_a_face_lost_for_long_is_forgotten():
    small, large = face_of(scale_px=30, at=(80, 120)), face_of(scale_px=45, at=(240, 120))
    half = RATE // 2
    (*_, seen) = follow([[small], *[[]] * (half - 1), [large, small]])
    assert seen.face is small
    (*lost, seen) = follow([[small], *[[]] * (half + 1), [large, small]])
    assert lost[1:] == [None] * (half + 1)
    assert seen.face is large


# Who it is


def test_identity_gathers_over_frames_and_is_forgotten_when_lost():
    somebody = face_of(person(1))
    follower = Follower()
    follow([[somebody]] * 5, follower)
    assert follower.person.frames == 5
    follow([[somebody]], follower, start=5 + RATE)
    assert follower.person.frames == 1


@pytest.mark.parametrize("place", [(160, 120), (60, 60)])
def test_somebody_else_starts_afresh(place):
    follower = Follower()
    follow([[face_of(person(1))]] * 9, follower)
    follow([[face_of(person(3), at=place)]], follower, start=9)
    assert follower.person.frames == 1


@pytest.mark.parametrize("place", [(160, 120), (60, 60)])
def test_the_same_person_stays_known_wherever_the_cut_leads(place):
    follower = Follower()
    follow([[face_of(person(1))]] * 9, follower)
    follow([[face_of(person(1), {"jawOpen": 0.7}, at=place)]], follower, start=9)
    assert follower.person.frames == 10


def test_turned_and_unreliable_faces_say_nothing_about_who_it_is():
    turned, none = face_of(yaw_deg=50), face_of(noise=0.3)
    assert FaceWarning.PROFILE in turned.warnings
    assert FaceWarning.UNRELIABLE in none.warnings
    follower = Follower()
    seen = follow([[turned], [none]], follower)
    assert follower.person.frames == 0
    assert (seen[1].expression == none.expression).all()


# What it does


def test_the_first_frames_tell_what_they_show_by_themselves():
    frames = [face_of(person(1), noise=0.005, seed=n) for n in range(ENOUGH_FRAMES)]
    *first, last = follow([[face] for face in frames])
    for face, seen in zip(frames, first, strict=False):
        assert (seen.expression == face.expression).all()
    assert (last.expression != frames[-1].expression).any()


def test_a_known_identity_steadies_the_expression():
    does = {"jawOpen": 0.4, "mouthSmileLeft": 0.5, "mouthSmileRight": 0.5}
    faces = [face_of(person(3), does, noise=0.005, seed=n) for n in range(60)]
    seen = follow([[face] for face in faces])[20:]
    alone = np.array([list(named(face.expression).values()) for face in faces[20:]])
    known = np.array([list(named(s.expression).values()) for s in seen])
    assert known.std(0).mean() < alone.std(0).mean()


# Over a video


@dataclass(frozen=True)
class Still:
    index: int
    time_s: Fraction
    rgb: np.ndarray


def video(count: int):
    picture = np.zeros((*SHAPE, 3), np.uint8)
    return (Still(n, Fraction(n, RATE), picture) for n in range(count))


async def tracked(analyser, frames, *, deadline_s=5.0, timings=None, options=None, inline=True):
    tracker = ExpressionTracker(analyser, Compute(1, inline=inline))
    found = tracker.track(
        frames,
        deadline=Deadline.after(deadline_s),
        timings=timings or Timings(),
        options=options,
    )
    async with aclosing(found) as coming:
        return [(frame.index, seen) async for frame, seen in coming]


@pytest.mark.parametrize("inline", [True, False])
async def test_every_frame_is_told(inline):
    face, timings, options = face_of(), Timings(), DetectOptions(min_score=0.2)
    analyser = Analyser([face], [], [face])
    seen = await tracked(analyser, video(3), timings=timings, options=options, inline=inline)
    assert [(n, s and s.face) for n, s in seen] == [(0, face), (1, None), (2, face)]
    assert set(timings.seconds) == {"decode", "analyse", "track"}
    assert analyser.asked == [options] * 3


async def test_a_video_without_frames():
    assert await tracked(Analyser(), video(0)) == []


async def test_time_is_over():
    with pytest.raises(DeadlineExceeded):
        await tracked(Analyser([]), video(3), deadline_s=-1)


async def test_what_reading_raises_comes_through():
    def broken():
        yield from video(2)
        raise DeadlineExceeded("oh")

    with pytest.raises(DeadlineExceeded, match="oh"):
        await tracked(Analyser([], [], []), broken())


async def test_only_one_frame_is_read_ahead():
    read = []

    def items():
        for n in range(10):
            read.append(n)
            yield n

    compute = Compute(1)
    async with aclosing(ahead(items(), compute, Timings())) as coming:
        async for n in coming:
            await until(lambda n=n: len(read) >= min(n + 2, 10))
            await compute.run(int)  # by the only thread, after whatever else it was to read
            assert len(read) == min(n + 2, 10)


async def test_nobody_reads_any_more_once_it_is_left():
    reading = asyncio.Event()
    loop = asyncio.get_running_loop()
    done = []

    def items():
        yield 0
        loop.call_soon_threadsafe(reading.set)
        for _ in range(100_000):
            pass
        done.append(True)
        yield 1

    async with aclosing(ahead(items(), Compute(1), Timings())) as coming:
        await anext(coming)
        await reading.wait()
    assert done == [True]
