"""Frames encoded in segments: which format they get, and what a segment is like."""

import os
from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest
from pydantic import ValidationError

from gateway.errors import EncoderUnavailable
from gateway.imaging.geometry.warp import Region
from gateway.media.encoders import HOLDERS, container_for, format_for, plan, rate_factor
from gateway.media.pixels import PixelFormat
from gateway.media.segment import FIRST_TICK, SegmentWriter
from gateway.media.side_data import ContentLight, Mastering
from gateway.media.video import TimeSpan
from gateway.pipeline.options.video import VideoOutput
from tests.unit.media.videos import NTSC, planes, saved, video

FAST = {"preset": "ultrafast"}
SOFTWARE = ["libx264", "libx265", "libsvtav1", "libvpx-vp9", "ffv1", "prores_ks"]


def segment(source, path, span=None, *, change=None, **wish):
    """Encode a part of a video; `change` is told of each frame."""
    probe = source.probe()
    with (
        source.read(probe, span or TimeSpan()) as reader,
        SegmentWriter(path, probe, VideoOutput(**FAST | wish), threads=1) as writer,
    ):
        for frame in reader:
            if change:
                change(frame)
            writer.write(frame)
        return writer.close()


def decoded(path):
    with av.open(str(path)) as made:
        stream = made.streams.video[0]
        return [(f.pts * stream.time_base, f) for f in made.decode(stream)]


@pytest.mark.parametrize("encoder", SOFTWARE)
def test_a_segment_begins_with_a_key_frame_and_keeps_the_clock(tmp_path, encoder):
    ticks = [7, 3010, 6013, 9016, 9900, 15000, 18000, 21000]
    source = saved(tmp_path, video(8, size=(64, 96), ticks=ticks))
    start = source.probe().timing.time_base * (9016 - 7)
    made = segment(source, tmp_path / "part", TimeSpan(start), encoder=encoder)
    assert made.frames == 5
    with av.open(str(made.path)) as container:
        assert container.metadata[FIRST_TICK] == str(9016 - 7)
        packets = [p for p in container.demux(container.streams.video[0]) if p.size]
    assert packets[0].is_keyframe
    assert packets[0].pts == min(p.pts for p in packets)
    times = [time for time, _ in decoded(made.path)]
    assert times == [Fraction(t - 9016, 90000) for t in ticks[3:]]


@pytest.mark.parametrize("encoder", SOFTWARE)
def test_segments_of_one_video_are_encoded_alike(tmp_path, encoder):
    source = saved(tmp_path, video(12, size=(64, 96)))
    extra = set()
    for k in range(2):
        span = TimeSpan(6 * k / NTSC, 6 * (k + 1) / NTSC)
        made = segment(source, tmp_path / f"part{k}", span, encoder=encoder)
        with av.open(str(made.path)) as container:
            extra.add(container.streams.video[0].codec_context.extradata)
    assert len(extra) == 1


@pytest.mark.parametrize(
    ("pixel_format", "size"),
    [
        ("yuv420p", (48, 64)),
        ("yuv420p", (47, 61)),
        ("yuv422p10le", (47, 61)),
        ("yuv444p", (47, 61)),
        ("yuva420p", (48, 64)),
        ("gray", (47, 61)),
        ("gray12le", (48, 64)),
        ("gbrp10le", (47, 61)),
        ("bgr0", (48, 64)),
    ],
)
def test_without_loss_all_is_equal_but_what_was_written(tmp_path, pixel_format, size):
    source = saved(tmp_path, video(6, "matroska", "ffv1", pixel_format=pixel_format, size=size))
    region = Region(11, 9, 38, 30)

    def change(frame):
        old = frame.rgb(region)
        new = old.copy()
        new[6:15, 8:20] = 255 - new[6:15, 8:20]
        frame.write(region, old, new)

    made = segment(source, tmp_path / "part", encoder="ffv1", change=change)
    with source.read(source.probe(), TimeSpan()) as reader:
        before = [planes(frame) for frame in reader]
    after = [
        planes(f if pixel_format != "bgr0" else f.reformat(format="gbrp"))
        for _, f in decoded(made.path)
    ]
    assert len(after) == 6
    for old, new in zip(before, after, strict=True):
        assert (old[0] != new[0]).any()
        for a, b in zip(old, new, strict=True):
            changed = np.argwhere(a != b)
            scale = np.array(size) / a.shape
            if len(changed):
                low, high = changed.min(0) * scale, (changed.max(0) + 1) * scale
                assert (low > np.array([15, 19]) - 2).all()
                assert (high < np.array([24, 31]) + 2.1).all()


def test_the_sources_key_frames_are_not_repeated(tmp_path):
    made = segment(saved(tmp_path, video(12, gop=1)), tmp_path / "part")
    with av.open(str(made.path)) as container:
        keys = [p.is_keyframe for p in container.demux(video=0) if p.size]
    assert sum(keys) == 1


def test_tags_and_aspect_are_kept(tmp_path):
    data = video(3, pixel_format="yuv420p10le", colors=(1, 9, 9, 16), aspect=Fraction(4, 3))
    for encoder in ("libx265", "libx264"):
        made = segment(saved(tmp_path, data), tmp_path / "part", encoder=encoder)
        ((_, frame), *_) = decoded(made.path)
        assert frame.format.name == "yuv420p10le"
        assert (frame.color_range, frame.colorspace) == (1, 9)
        assert (frame.color_primaries, frame.color_trc) == (9, 16)
        with av.open(str(made.path)) as container:
            assert container.streams.video[0].sample_aspect_ratio == Fraction(4, 3)


# Formats and options


@pytest.mark.parametrize(
    ("encoder", "source", "size", "wanted"),
    [
        ("libx264", "yuv420p", (48, 64), "yuv420p"),
        ("libx264", "yuv422p10le", (48, 64), "yuv422p10le"),
        ("libx264", "yuv420p12le", (48, 64), "yuv420p10le"),
        ("libx264", "yuv440p", (48, 64), "yuv444p"),
        ("libx264", "gray", (48, 64), "yuv420p"),
        ("libx264", "gbrp", (48, 64), "yuv420p"),
        ("libx264", "yuva420p", (48, 64), "yuv420p"),
        ("libx264", "yuv420p", (47, 64), "yuv422p"),
        ("libx264", "yuv420p", (47, 61), "yuv444p"),
        ("libx265", "gbrp12le", (48, 64), "gbrp12le"),
        ("libx265", "gray10le", (48, 64), "yuv420p10le"),
        ("libsvtav1", "yuv444p10le", (64, 64), "yuv420p10le"),
        ("libvpx-vp9", "yuva420p", (47, 61), "yuva420p"),
        ("libvpx-vp9", "yuv420p10le", (48, 64), "yuv420p"),
        ("ffv1", "gbrp", (48, 64), "bgr0"),
        ("ffv1", "gbrap", (48, 64), "bgra"),
        ("ffv1", "gray12le", (48, 64), "gray12le"),
        ("ffv1", "yuva444p12le", (48, 64), "yuva444p12le"),
        ("prores_ks", "yuv420p", (48, 64), "yuv422p10le"),
        ("prores_ks", "yuva444p10le", (48, 64), "yuva444p10le"),
        ("hevc_nvenc", "yuv420p10le", (48, 64), "p010le"),
        ("h264_nvenc", "yuv420p10le", (48, 64), "yuv420p"),
    ],
)
def test_frames_get_the_nearest_format_that_an_encoder_takes(encoder, source, size, wanted):
    assert format_for(encoder, PixelFormat.of(source), size) == wanted


@pytest.mark.parametrize("encoder", HOLDERS)
def test_more_quality_is_a_smaller_factor(encoder):
    factors = [rate_factor(encoder, quality) for quality in range(0, 101, 5)]
    assert factors == sorted(factors, reverse=True)
    assert len(set(factors)) == len(factors)


def test_a_video_stays_in_its_container_where_it_can():
    assert container_for(VideoOutput(), "mkv") == "mkv"
    assert container_for(VideoOutput(), "webm") == "mp4"
    assert container_for(VideoOutput(encoder="libvpx-vp9"), "webm") == "webm"
    assert container_for(VideoOutput(encoder="libsvtav1", container="webm"), "mp4") == "webm"


@pytest.mark.parametrize(
    "wish",
    [
        {"encoder": "libx264", "container": "webm"},
        {"encoder": "ffv1", "container": "mp4"},
        {"start_s": 3, "end_s": 3},
        {"encoder": "mjpeg"},
        {"quality": 101},
    ],
)
def test_impossible_wishes_are_refused(wish):
    with pytest.raises(ValidationError):
        VideoOutput(**wish)


@pytest.mark.parametrize("encoder", ["h264_nvenc", "hevc_nvenc", "av1_nvenc"])
def test_an_encoder_that_does_not_open_is_named(tmp_path, encoder):
    probe = saved(tmp_path, video(1, size=(16, 16))).probe()  # too small for any GPU
    with pytest.raises(EncoderUnavailable, match=encoder) as raised:
        SegmentWriter(tmp_path / "part", probe, VideoOutput(encoder=encoder))
    assert raised.value.extra == {"encoder": encoder}
    assert os.listdir(tmp_path) == ["video"]


def test_nothing_is_left_of_a_segment_that_failed(tmp_path):
    source = saved(tmp_path, video(3))

    def fail(frame):
        raise RuntimeError("no face")

    with pytest.raises(RuntimeError, match="no face"):
        segment(source, tmp_path / "part", change=fail)
    assert os.listdir(tmp_path) == ["video"]


def test_a_segment_without_frames_is_no_file(tmp_path):
    made = segment(saved(tmp_path, video(3)), tmp_path / "part", TimeSpan(Fraction(100)))
    assert made.frames == 0
    assert os.listdir(tmp_path) == ["video"]


def test_the_display_a_video_was_mastered_on_is_told_to_the_encoder(tmp_path):
    def points(*values):
        return tuple((Fraction(x, 50000), Fraction(y, 50000)) for x, y in values)

    where = points((34000, 16000), (13250, 34500), (7500, 3000), (15635, 16450))
    display = Mastering(where, (Fraction(1, 10000), Fraction(1000)))
    source = saved(tmp_path, video(2, pixel_format="yuv420p10le", colors=(1, 9, 9, 16)))
    bare = source.probe()
    probe = replace(bare, mastering=display, light=ContentLight(800, 200))
    for encoder in ("libx264", "libx265", "libsvtav1"):
        wish = VideoOutput(encoder=encoder, **FAST)
        assert plan(probe, wish).options != plan(bare, wish).options
        path = tmp_path / encoder
        with source.read(probe, TimeSpan()) as reader, SegmentWriter(path, probe, wish) as writer:
            for frame in reader:
                writer.write(frame)
            writer.close()
        again = type(source)(path, source.max_pixels).probe()
        assert again.light == ContentLight(800, 200), encoder
        assert again.mastering is not None
        got = [float(v) for point in again.mastering.primaries for v in point]
        assert got == pytest.approx([float(v) for point in where for v in point], abs=2e-5)
        assert float(again.mastering.luminance[1]) == 1000


@pytest.mark.parametrize("encoder", SOFTWARE)
def test_the_environment_is_the_callers(tmp_path, encoder):
    before = dict(os.environ)
    source = saved(tmp_path, video(3, size=(64, 96)))
    segment(source, tmp_path / "part", TimeSpan(), preset="ultrafast", encoder=encoder)
    assert dict(os.environ) == before
