"""Videos read in parts: what they are, and their frames with exact times."""

import io
import weakref
from fractions import Fraction
from itertools import pairwise

import av
import numpy as np
import pytest

from gateway.errors import EmptyUpload, NotAVideo, TooManyPixels, VideoCorrupt, VideoSizeChanges
from gateway.imaging.geometry.warp import Region
from gateway.media.pixels import Colors
from gateway.media.video import TimeSpan, VideoSource
from tests.unit.http.app import photograph
from tests.unit.media.clips import clip, sound
from tests.unit.media.videos import CLOCK, NTSC, frames_of, planes, saved, video

VARYING = [0, 3003, 3100, 9009, 9500, 20000, 20001, 26000, 40000, 41000, 42000, 60000]
CONTAINERS = [("mp4", "libx264"), ("mov", "libx264"), ("matroska", "libx264"), ("avi", "mpeg4")]
CONTAINERS += [("webm", "libvpx-vp9"), ("mpegts", "libx264"), ("mp4", "libx265")]
CONTAINERS += [("mpeg", "mpeg2video"), ("asf", "wmv2"), ("flv", "flv"), ("mxf", "mpeg2video")]


# What it is


def test_a_video_tells_what_it_is(tmp_path):
    source = saved(
        tmp_path,
        video(
            turned=(90, False, False),
            aspect=Fraction(4, 3),
            sound_at=Fraction(0),
            subtitles=True,
            metadata={"title": "A walk"},
            chapters=[{"id": 1, "start": 0, "end": 200, "time_base": Fraction(1, 1000)}],
        ),
    )
    probe = source.probe()
    assert (probe.container, probe.codec, probe.pixel_format) == ("mp4", "h264", "yuv420p")
    assert (probe.size, probe.shape) == ((48, 64), (64, 48))
    assert probe.sample_aspect == Fraction(4, 3)
    assert probe.colors == Colors(False, 1, 1, 1)
    assert probe.colors.hdr == "none"
    assert probe.metadata["title"] == "A walk"
    assert probe.chapters == 1
    assert [(s.kind, s.codec) for s in probe.others] == [("audio", "aac"), ("subtitle", "mov_text")]
    assert probe.others[1].language == "eng"
    assert not probe.damaged
    assert not probe.reformatted
    timing = probe.timing
    assert (timing.time_base, timing.frames, timing.rate) == (CLOCK, 12, NTSC)
    assert timing.duration_s == 12 / NTSC
    assert timing.key_times_s == (0, 5 / NTSC, 10 / NTSC)


@pytest.mark.parametrize(
    ("container", "codec", "kind"),
    [
        ("mp4", "libx264", "mp4"),
        ("mov", "libx264", "mov"),
        ("matroska", "libx264", "mkv"),
        ("webm", "libvpx-vp9", "webm"),
        ("avi", "mpeg4", "avi"),
        ("mpegts", "libx264", "mpegts"),
        ("mpeg", "mpeg2video", "mpegps"),
        ("asf", "wmv2", "asf"),
        ("flv", "flv", "flv"),
        ("mxf", "mpeg2video", "mxf"),
    ],
)
def test_containers_are_told_apart(tmp_path, container, codec, kind):
    data = video(3, container, codec, time_base=Fraction(1, 25), ticks=range(3))
    assert saved(tmp_path, data).probe().container == kind


def test_high_dynamic_range_is_told_by_the_transfer(tmp_path):
    for transfer, kind in ((16, "pq"), (18, "hlg"), (1, "none")):
        data = video(2, pixel_format="yuv420p10le", colors=(1, 9, 9, transfer))
        probe = saved(tmp_path, data).probe()
        assert (probe.colors.hdr, probe.coding.depth) == (kind, 10)
        assert probe.coding.matrix == "bt2020"


# Its frames


@pytest.mark.parametrize(("container", "codec"), CONTAINERS)
@pytest.mark.parametrize("cuts", [(), (4,), (1, 5, 6), (3, 7, 11)])
def test_parts_together_are_the_whole(tmp_path, container, codec, cuts):
    source = saved(tmp_path, video(12, container, codec, time_base=1 / NTSC, ticks=range(12)))
    probe = source.probe()
    whole = frames_of(source)
    times = [frame.time_s for frame in whole]
    assert len(whole) == 12
    ends = [Fraction(0), *(times[cut] for cut in cuts), None]
    parts = [frame for a, b in pairwise(ends) for frame in read(source, probe, TimeSpan(a, b))]
    assert [frame.time_s for frame in parts] == times
    for one, other in zip(whole, parts, strict=True):
        assert all((a == b).all() for a, b in zip(planes(one), planes(other), strict=True))


def read(source, probe, span, **more) -> list:
    with source.read(probe, span, **more) as reader:
        return list(reader)


@pytest.mark.parametrize("container", ["mp4", "mov"])
def test_a_varying_rate_keeps_every_time(tmp_path, container):
    source = saved(tmp_path, video(12, container, ticks=VARYING))
    assert [frame.time_s for frame in frames_of(source)] == [t * CLOCK for t in VARYING]


def test_frames_before_the_part_are_marked_as_such(tmp_path):
    source = saved(tmp_path, video(ticks=VARYING))
    span = TimeSpan(VARYING[7] * CLOCK, VARYING[9] * CLOCK)
    frames = frames_of(source, span, since_s=VARYING[5] * CLOCK)
    assert [frame.time_s / CLOCK for frame in frames] == VARYING[5:9]
    assert [frame.lead_in for frame in frames] == [True, True, False, False]


@pytest.mark.parametrize(
    ("turned", "corner"),
    [
        ((0, False, False), (0, 0)),
        ((90, False, False), (1, 0)),
        ((-90, False, False), (0, 1)),
        ((180, False, False), (1, 1)),
        ((0, True, False), (0, 1)),
        ((0, False, True), (1, 0)),
        ((90, True, False), (1, 1)),
    ],
)
def test_frames_are_upright_in_every_view(tmp_path, turned, corner):
    marked = np.full((48, 64, 3), 40, np.uint8)
    marked[:24, :32] = 220
    (frame,) = frames_of(saved(tmp_path, clip([marked], turned=turned)))
    height, width = frame.shape
    rgb = frame.rgb(Region(0, 0, width, height))
    for picture in (rgb, frame.small(32)):
        h, w = (n // 2 * 2 for n in picture.shape[:2])
        quarters = picture[:h, :w].reshape(2, h // 2, 2, w // 2, 3).mean((1, 3, 4))
        assert np.unravel_index(quarters.argmax(), (2, 2)) == corner
    assert frame.small(32).shape[:2] == (height // 2, width // 2)


def test_writing_into_a_frame_does_not_change_the_next_ones(tmp_path):
    source = saved(tmp_path, video(gop=12))
    clean = [planes(frame) for frame in frames_of(source)]
    region = Region(10, 10, 40, 40)
    with source.read(source.probe(), TimeSpan()) as reader:
        for number, frame in enumerate(reader):
            assert all((a == b).all() for a, b in zip(planes(frame), clean[number], strict=True))
            old = frame.rgb(region)
            frame.write(region, old, 255 - old)
            assert (frame.rgb(region) != old).any()


def test_few_frames_are_alive_at_a_time(tmp_path):
    source = saved(tmp_path, video(40))
    alive, most = weakref.WeakSet(), 0
    with source.read(source.probe(), TimeSpan()) as reader:
        for frame in reader:
            alive.add(frame)
            most = max(most, len(alive))
    assert most <= 2


# Pixel formats


@pytest.mark.parametrize(
    ("codec", "pixel_format", "worked_on"),
    [
        ("libx264", "yuv422p", "yuv422p"),
        ("libx264", "yuv444p10le", "yuv444p10le"),
        ("libx264", "yuvj420p", "yuv420p"),
        ("ffv1", "yuva420p", "yuva420p"),
        ("ffv1", "gray", "gray"),
        ("ffv1", "gray12le", "gray12le"),
        ("ffv1", "gbrp10le", "gbrp10le"),
        ("ffv1", "bgr0", "gbrp"),
        ("ffv1", "yuv411p", "yuv422p"),
        ("rawvideo", "pal8", "gbrp"),
        ("rawvideo", "yuyv422", "yuv422p"),
        ("rawvideo", "bgr24", "gbrp"),
    ],
)
@pytest.mark.parametrize("size", [(48, 64), (47, 61)])
def test_frames_of_every_kind_are_read_and_changed(tmp_path, codec, pixel_format, worked_on, size):
    if size[1] % 2 and codec != "ffv1":
        size = (48, 62)
    container = "avi" if codec == "rawvideo" and pixel_format != "yuyv422" else "matroska"
    rgb = np.broadcast_to(np.array([180, 90, 60], np.uint8), (*size, 3))
    source = saved(tmp_path, colored(rgb, container, codec, pixel_format))
    probe = source.probe()
    assert probe.planar.name == worked_on
    (frame,) = frames_of(source)
    assert frame.picture.format.name.replace("yuvj", "yuv") == worked_on
    region = Region(5, 3, 40, 36)
    old = frame.rgb(region)
    grey = worked_on.startswith("gray")
    wanted = old[0, 0] if grey else [180, 90, 60]
    assert np.abs(old.astype(int) - wanted).max() <= 4
    new = old.copy()
    new[10:20, 10:20] = [100, 100, 100]
    frame.write(region, old, new)
    assert np.abs(frame.rgb(region)[12:18, 12:18].astype(int) - 100).max() <= 3
    if "a420" in worked_on:
        assert (planes(frame)[3] == 200).all()


def colored(rgb, container: str, codec: str, pixel_format: str) -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format=container) as made:
        stream = made.add_stream(codec, rate=25)
        stream.height, stream.width, stream.pix_fmt = *rgb.shape[:2], pixel_format
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb))
        if pixel_format == "pal8":
            frame = palette(*rgb.shape[:2], rgb[0, 0])
        else:
            frame = frame.reformat(format=pixel_format)
        if "a420" in pixel_format:
            alpha = np.frombuffer(frame.planes[3], np.uint8)
            alpha[:] = 200
        frame.pts, frame.time_base = 0, Fraction(1, 25)
        made.mux(stream.encode(frame))
        made.mux(stream.encode())
    return out.getvalue()


def palette(height: int, width: int, color) -> av.VideoFrame:
    frame = av.VideoFrame(width, height, "pal8")
    np.frombuffer(frame.planes[0], np.uint8)[:] = 7
    entries = np.frombuffer(frame.planes[1], np.uint8).reshape(256, 4)
    entries[:] = [*color[::-1], 255]
    return frame


# What is odd


@pytest.mark.parametrize("rate", [Fraction(1, 3), Fraction(1), Fraction(1000)])
def test_slow_and_fast_videos(tmp_path, rate):
    source = saved(tmp_path, video(4, rate=rate))
    assert [frame.time_s for frame in frames_of(source)] == [n / rate for n in range(4)]
    assert source.probe().timing.duration_s == 4 / rate


@pytest.mark.parametrize("size", [(47, 63), (1, 1), (240, 16)])
def test_a_single_frame_of_an_odd_size(tmp_path, size):
    source = saved(tmp_path, video(1, "matroska", "ffv1", size=size))
    (frame,) = frames_of(source)
    assert (frame.shape, frame.time_s) == (size, 0)
    assert max(frame.small(16).shape) <= 16
    assert source.probe().timing.key_times_s == (0,)


def test_a_video_that_changes_its_size_is_refused_with_its_reason(tmp_path):
    """Two streams of one codec, one after the other, as some recorders write them."""
    parts = [video(4, "mpegts", size=size) for size in ((48, 64), (64, 96))]
    source = saved(tmp_path, b"".join(parts))
    with pytest.raises(VideoSizeChanges, match="from 64×48 to 96×64"):
        frames_of(source)


@pytest.mark.parametrize("container", ["matroska", "avi", "mpegts", "mp4"])
def test_the_good_part_of_a_video_is_read_and_the_damage_told(tmp_path, container):
    options = {"movflags": "frag_keyframe+empty_moov"} if container == "mp4" else {}
    noise = [photograph(48, 64, seed=n) for n in range(20)]
    whole = clip(noise, container, **options)
    source = saved(tmp_path, whole[: len(whole) * 7 // 10])
    assert source.probe().damaged or container == "mpegts"  # which may end anywhere
    assert 0 < len(frames_of(source)) < 20


def test_what_was_lost_is_counted_in_its_part_only(tmp_path):
    data = bytearray(video(40, size=(96, 128), gop=10, qp="10"))
    middle = len(data) // 2
    data[middle : middle + 900] = bytes(900)
    source = saved(tmp_path, bytes(data))
    probe = source.probe()
    counts = []
    for start in range(0, 40, 10):
        span = TimeSpan(start / NTSC, (start + 10) / NTSC)
        with source.read(probe, span) as reader:
            frames = list(reader)
        counts.append((len(frames), reader.lost))
    assert sum(lost for _, lost in counts) > 0
    assert sum(lost == 0 and seen == 10 for seen, lost in counts) >= 2
    assert len({frame.time_s for frame in frames_of(source)}) == sum(n for n, _ in counts)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", EmptyUpload),
        (b"hello", NotAVideo),
        (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n", NotAVideo),
        (b"ffconcat version 1.0\nfile /etc/hostname\n", NotAVideo),
        (b'<?xml version="1.0"?><MPD><BaseURL>file:///etc/hostname</BaseURL></MPD>', NotAVideo),
        (sound(), NotAVideo),
        (video(5)[:200], VideoCorrupt),
        (video(5, "mpegts")[:700], VideoCorrupt),
    ],
)
def test_what_cannot_be_used(tmp_path, data, kind):
    source = saved(tmp_path, data, "video.mp4")
    with pytest.raises(kind):
        source.probe()


def test_a_video_of_an_unknown_codec_is_refused(tmp_path):
    data = video(3).replace(b"avc1", b"xyz9")
    with pytest.raises((NotAVideo, VideoCorrupt)):
        saved(tmp_path, data).probe()


def test_frames_that_are_too_large_are_refused_unseen(tmp_path):
    source = saved(tmp_path, video(1))
    with pytest.raises(TooManyPixels):
        VideoSource(source.path, max_pixels=48 * 64 - 1).probe()


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv420p10le", "gray"])
def test_planes_are_changed_in_place_and_no_other_frame_with_them(tmp_path, pixel_format):
    source = saved(tmp_path, video(6, "matroska", "ffv1", pixel_format=pixel_format))
    probe = source.probe()

    def luma(frame, *, change):
        # Rows are padded as their decoder likes.
        return frame.planes(change=change).y[:, : probe.size[1]]

    with source.read(probe, TimeSpan()) as reader:
        untouched = [luma(frame, change=False).copy() for frame in reader]
    with source.read(probe, TimeSpan()) as reader:
        for n, frame in enumerate(reader):
            assert (luma(frame, change=False) == untouched[n]).all()
            luma(frame, change=True)[3, 5] += 1
            assert (np.argwhere(luma(frame, change=False) != untouched[n]) == [3, 5]).all()
