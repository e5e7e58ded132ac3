"""Animations: read as videos, and written as animations again."""

import io

import numpy as np
import pytest
from PIL import Image

from gateway.errors import NotAVideo, TooManyPixels, VideoCorrupt, VideoTooLong
from gateway.media import animation as animation_module
from gateway.media.animation import plays_of
from gateway.media.containers import moves
from gateway.media.video import TimeSpan, VideoSource
from tests.unit.media.animations import TIMES_MS, animation, pictures
from tests.unit.media.test_join import remade, times_of
from tests.unit.media.videos import frames_of, saved, video

FORMATS = ["GIF", "PNG", "WEBP", "AVIF"]


def read_back(path) -> tuple[list[np.ndarray], list[int], int | None]:
    """Return an animation's frames as RGBA, their milliseconds, and its loop."""
    frames, times = [], []
    with Image.open(path) as image:
        for n in range(image.n_frames):
            image.seek(n)
            frames.append(np.asarray(image.convert("RGBA")))
            times.append(int(image.info["duration"]))
        return frames, times, image.info.get("loop")


@pytest.mark.parametrize("format", FORMATS)
def test_an_animation_is_read_as_a_video_with_its_times(tmp_path, format):
    source = saved(tmp_path, animation(format))
    probe = source.probe()
    assert probe.container == {"PNG": "apng"}.get(format, format.lower())
    assert [float(t) * 1000 for t in times_of(source)] == [0, 100, 150, 350, 420]
    assert float(probe.timing.duration_s) * 1000 == sum(TIMES_MS)
    near = {"GIF": 12, "AVIF": 6}.get(format, 1)
    for picture, frame in zip(pictures(), frames_of(source), strict=True):
        error = np.abs(frame.small(64).astype(int) - np.asarray(picture))
        assert error.mean() <= near


@pytest.mark.parametrize("start", [2, 4])
def test_a_part_of_an_animation_has_what_was_painted_before(tmp_path, start):
    frames = [Image.new("RGB", (64, 48), (200, 40, 40))]
    for n in range(1, 5):  # each changes a corner only, so files hold nothing else
        frames.append(frames[-1].copy())
        frames[-1].paste((0, 50 * n, 200), (8 * n, 0, 8 * n + 8, 8))
    source = saved(tmp_path, animation("GIF", frames))
    whole = frames_of(source)
    at = times_of(source)[start]
    part = frames_of(source, TimeSpan(at))
    assert (part[0].small(64) == whole[start].small(64)).all()
    assert (part[0].small(64)[40, 60] == (200, 40, 40)).all()


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("container", ["gif", "webp"])
def test_an_animation_is_written_with_its_times(tmp_path, format, container):
    loops = {} if format == "AVIF" else {"loop": 3}
    source = saved(tmp_path, animation(format, **loops))
    made, report = remade(
        source, tmp_path, [times_of(source)[2]], container=container, encoder=container, quality=100
    )
    frames, times, loop = read_back(made.path)
    assert times == list(TIMES_MS)
    plays = 0 if format == "AVIF" else plays_of(source.path)
    assert plays_of(made.path) == plays
    assert loop == (plays - 1 if container == "gif" and plays else plays)
    for old, new in zip(frames_of(source), frames, strict=True):
        assert np.abs(old.small(64).astype(int) - new[..., :3]).mean() < 12
    assert ("colors_reduced" in report.notes) == (container == "gif")
    assert report.frames == 5


@pytest.mark.parametrize("container", ["gif", "webp"])
def test_what_is_transparent_stays_so(tmp_path, container):
    source = saved(tmp_path, animation("WEBP", pictures(alpha=True)))
    made, report = remade(source, tmp_path, container=container, encoder=container, quality=100)
    for picture, new in zip(pictures(alpha=True), read_back(made.path)[0], strict=True):
        assert ((new[..., 3] > 128) == (np.asarray(picture)[..., 3] > 128)).mean() > 0.99
    assert "opacity_lost" not in report.notes


def test_a_video_becomes_a_gif_that_is_as_long(tmp_path):
    source = saved(tmp_path, video(30))
    made, report = remade(source, tmp_path, container="gif", encoder="gif")
    _, times, loop = read_back(made.path)
    assert abs(sum(times) - 1000 * report.duration_s) <= 10
    assert min(times) >= 20
    assert loop == 0


def test_frames_that_follow_too_soon_for_a_gif_are_left_out_and_it_is_told(tmp_path):
    source = saved(tmp_path, video(40, rate=100))
    made, report = remade(source, tmp_path, container="gif", encoder="gif")
    assert report.frames == 20 == len(read_back(made.path)[0])
    assert "frames_left_out" in report.notes


@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP"])
def test_a_still_picture_does_not_move(format):
    out = io.BytesIO()
    pictures()[0].save(out, format)
    assert not moves(out)
    assert moves(io.BytesIO(animation(format)))


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("length", [0, 5, 7, 11, 14, 20, 40])
def test_the_beginning_of_a_file_may_be_all_there_is(format, length):
    assert moves(io.BytesIO(animation(format)[:length])) in (True, False)


def test_an_animation_that_would_not_fit_in_memory_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(animation_module, "MOST_PIXELS", 48 * 64 * 4)
    with pytest.raises(VideoTooLong):
        saved(tmp_path, animation("WEBP")).probe()


@pytest.mark.parametrize("format", ["WEBP", "AVIF"])
def test_a_broken_animation_is_told_as_one(tmp_path, format):
    data = animation(format, lossless=False) if format == "WEBP" else animation(format)
    with pytest.raises((VideoCorrupt, NotAVideo)):
        saved(tmp_path, data[: len(data) // 3]).probe()
    source = saved(tmp_path, animation(format))
    with pytest.raises(TooManyPixels):
        VideoSource(source.path, 100).probe()
