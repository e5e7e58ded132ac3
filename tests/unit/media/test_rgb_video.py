"""Videos that are whole, turned, broken, or none."""

import threading
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from gateway.errors import EmptyUpload, NotAVideo, TooManyPixels, VideoCorrupt, VideoTooLong
from gateway.media.rgb_video import RgbVideo
from tests.unit.http.app import photograph, saved
from tests.unit.media.clips import clip, grey, greys, sound

CONTAINERS = [("mp4", "mpeg4"), ("mov", "libx264"), ("matroska", "libx264"), ("webm", "libvpx")]
CONTAINERS += [("avi", "mpeg4"), ("mpegts", "libx264")]


def opened(data, *, max_pixels=10**6, max_frames=100) -> RgbVideo:
    return RgbVideo(data, max_pixels=max_pixels, max_frames=max_frames)


def read(data, *, every=1, gap_s=Fraction(0), **limits):
    with opened(data, **limits) as video:
        return list(video.frames(every=every, gap_s=gap_s)), video.damaged


def levels(frames) -> list[int]:
    """Return the numbers that `greys` wrote into frames."""
    return [round((float(frame.rgb.mean()) - 20) / 10) for frame in frames]


# Whole videos


@pytest.mark.parametrize(("container", "codec"), CONTAINERS)
def test_every_frame_comes_in_its_order_with_its_time(container, codec):
    frames, damaged = read(clip(greys(12), container, codec))
    assert not damaged
    assert [frame.index for frame in frames] == levels(frames) == list(range(12))
    assert [frame.time_s for frame in frames] == [Fraction(n, 25) for n in range(12)]
    assert {frame.rgb.shape for frame in frames} == {(48, 64, 3)}


def test_a_video_may_be_a_file(tmp_path):
    (tmp_path / "video").write_bytes(clip(greys(2)))
    assert len(read(tmp_path / "video")[0]) == 2


@pytest.mark.parametrize("size", [(47, 63), (1, 1), (240, 2)])
def test_a_single_frame_of_an_odd_size(size):
    ((frame,), damaged) = read(clip([grey(90, *size)], "matroska"))
    assert (frame.rgb.shape, damaged) == ((*size, 3), False)
    assert frame.rgb == pytest.approx(90, abs=2)


def test_colors_are_rgb():
    red = np.broadcast_to(np.array([200, 60, 40], np.uint8), (48, 64, 3))
    ((frame,), _) = read(clip([red], codec="libx264", qp="1"))
    assert frame.rgb[20, 20] == pytest.approx([200, 60, 40], abs=4)


@pytest.mark.parametrize(
    ("turned", "corner"),
    [
        ((0, False, False), (0, 0)),
        ((90, False, False), (1, 0)),  # counter-clockwise
        ((-90, False, False), (0, 1)),
        ((180, False, False), (1, 1)),
        ((0, True, False), (0, 1)),
        ((0, False, True), (1, 0)),
        ((90, True, False), (1, 1)),
    ],
)
def test_frames_are_upright_as_the_display_matrix_says(turned, corner):
    marked = grey(40)
    marked[:24, :32] = 220
    ((frame,), _) = read(clip([marked], turned=turned))
    height, width = (48, 64) if turned[0] % 180 == 0 else (64, 48)
    assert frame.rgb.shape == (height, width, 3)
    quarters = frame.rgb.reshape(2, height // 2, 2, width // 2, 3).mean((1, 3, 4))
    assert np.unravel_index(quarters.argmax(), (2, 2)) == corner


def test_a_part_of_the_frames():
    video = clip(greys(20))
    assert levels(read(video, every=7)[0]) == [0, 7, 14]
    assert levels(read(video, gap_s=Fraction(1, 10))[0]) == [0, 3, 6, 9, 12, 15, 18]
    assert [frame.index for frame in read(video, every=7)[0]] == [0, 7, 14]


# Broken videos


@pytest.mark.parametrize("container", ["matroska", "avi", "mpegts", "mp4"])
def test_the_good_part_of_a_video_is_used_and_the_rest_is_told(container):
    options = {"movflags": "frag_keyframe+empty_moov"} if container == "mp4" else {}
    noise = [photograph(48, 64, seed=n) for n in range(20)]
    whole = clip(noise, container, **options)
    frames, damaged = read(whole[: len(whole) * 7 // 10])
    assert 0 < len(frames) < 20
    assert damaged or container == "mpegts"  # which may end anywhere


def test_a_hole_is_told():
    whole = bytearray(clip([photograph(48, 64, seed=n) for n in range(20)], codec="libx264"))
    middle = len(whole) // 2
    whole[middle : middle + 3000] = bytes(3000)
    frames, damaged = read(bytes(whole))
    assert damaged
    assert len(frames) > 1
    assert all(a.time_s < b.time_s for a, b in pairwise(frames))


@pytest.mark.parametrize(
    ("data", "kind", "told"),
    [
        (b"", EmptyUpload, "is empty"),
        (b"hello", NotAVideo, "not a video"),
        (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n", NotAVideo, "not a video"),
        (b"ffconcat version 1.0\nfile /etc/hostname\n", NotAVideo, "not a video"),
        (saved(photograph()), NotAVideo, "not a video"),
        (saved(photograph(), "WEBP"), NotAVideo, "not a video"),
        (sound(), NotAVideo, "only sound"),
        (sound("matroska"), NotAVideo, "only sound"),
        (clip(greys(5))[:200], VideoCorrupt, "header"),
        (clip(greys(5), "avi")[:200], VideoCorrupt, "header"),
        (clip(greys(5), "matroska")[:40], VideoCorrupt, "header"),
        (clip(greys(5), "mpegts")[:400], VideoCorrupt, "header"),
        (clip(greys(5), "mpegts")[:700], VideoCorrupt, "no frame"),
    ],
)
def test_what_cannot_be_used(data, kind, told):
    with pytest.raises(kind, match=told):
        read(data)


# Limits


def test_a_video_that_is_too_large_is_refused_unseen():
    with pytest.raises(TooManyPixels) as raised:
        opened(clip(greys(1)), max_pixels=48 * 64 - 1)
    assert raised.value.extra == {"width": 64, "height": 48, "max_pixels": 48 * 64 - 1}


@pytest.mark.parametrize("container", ["mp4", "matroska"])  # the one tells its length beforehand
def test_a_video_that_is_too_long(container):
    video = clip(greys(6), container)
    assert len(read(video, max_frames=6)[0]) == 6
    with pytest.raises(VideoTooLong, match="more than 5 frames"):
        read(video, max_frames=5)
    with pytest.raises(VideoTooLong):
        read(video, max_frames=5, every=100)


def test_one_frame_is_held_at_a_time():
    video = opened(clip(greys(20)))
    frames = video.frames()
    assert next(frames).index == 0
    video.close()
    assert list(frames) == []
    video.close()


def test_a_video_is_closed_between_two_frames_of_another_thread():
    video = opened(clip(greys(20)))
    begun, seen = threading.Event(), []

    def read_on():
        for frame in video.frames():
            seen.append(frame.index)
            begun.set()

    reading = threading.Thread(target=read_on)
    reading.start()
    begun.wait(5)
    video.close()
    reading.join(5)
    assert not reading.is_alive()
    assert seen == list(range(len(seen)))
