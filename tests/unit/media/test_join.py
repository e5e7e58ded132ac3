"""Videos made of segments: nothing but the picture may differ, and that only where it was meant."""

import os
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import av
import numpy as np
import pytest

from gateway.errors import OutputInvalid, SemblantError
from gateway.media import companions
from gateway.media.join import join, rehearse
from gateway.media.pixels import Colors
from gateway.media.segment import SegmentWriter
from gateway.media.verify import verify
from gateway.media.video import TimeSpan, VideoSource
from gateway.pipeline.options.video import VideoOutput
from tests.unit.media.test_segment import SOFTWARE, decoded, segment
from tests.unit.media.videos import CLOCK, NTSC, frames_of, planes, remuxed, saved, video

VARYING = [0, 3003, 3100, 9009, 9500, 20000, 20001, 26000, 40000, 41000, 42000, 60000]
TICK = Fraction(1, 1000)


def remade(source, folder, cuts=(), *, span=None, change=None, **wish):
    """Make a video anew in segments, and look at it; return where it is, and the report."""
    wish = {"preset": "ultrafast"} | wish
    probe, whole = source.probe(), span or TimeSpan()
    ends = [whole.start_s, *cuts, whole.end_s]
    paths = []
    for number, (a, b) in enumerate(pairwise(ends)):
        made = segment(source, folder / f"part{number}", TimeSpan(a, b), change=change, **wish)
        if made.frames:
            paths.append(made.path)
    out, output = folder / "made", VideoOutput(**wish)
    report = join(source, paths, out, probe=probe, wish=output, span=span)
    verify(out, report, probe)
    return VideoSource(out, source.max_pixels), report


def times_of(source) -> list[Fraction]:
    return [frame.time_s for frame in frames_of(source)]


def packets_of(path, kind: str) -> list[tuple[Fraction, bytes]]:
    """Return times after the picture's first frame, and bytes, of a stream's packets."""
    with av.open(str(path)) as container:
        stream = next(s for s in container.streams if s.type == kind)
        picture = container.streams.video[0]
        begin = picture.start_time * picture.time_base
        packets = [p for p in container.demux(stream) if p.size]
        return [(p.pts * p.time_base - begin, bytes(p)) for p in packets]


# The picture


@pytest.mark.parametrize("encoder", SOFTWARE)
@pytest.mark.parametrize("cuts", [(), (5,), (1, 4, 9)])
def test_joined_segments_have_the_times_of_the_video_in_one_go(tmp_path, encoder, cuts):
    source = saved(tmp_path, video(12, size=(64, 96)))
    made, report = remade(source, tmp_path, [cut / NTSC for cut in cuts], encoder=encoder)
    exact = report.container in ("mp4", "mov")
    wanted = [n / NTSC if exact else round(n / NTSC, 3) for n in range(12)]
    assert [t if exact else round(t, 3) for t in times_of(made)] == wanted
    assert report.frames == 12
    if exact:
        assert made.probe().timing.duration_s == 12 / NTSC


@pytest.mark.parametrize("encoder", SOFTWARE)
@pytest.mark.parametrize("rate", [Fraction(1, 3), Fraction(1000), Fraction(14999999, 500000)])
def test_odd_rates_are_kept_by_every_encoder(tmp_path, encoder, rate):
    source = saved(tmp_path, video(5, size=(64, 96), rate=rate))
    made, _ = remade(source, tmp_path, [times_of(source)[2]], encoder=encoder)
    apart = zip(times_of(source), times_of(made), strict=True)
    assert all(abs(old - new) <= TICK / 2 for old, new in apart)


@pytest.mark.parametrize("preset", ["medium", "ultrafast"])  # with B-frames, and without
@pytest.mark.parametrize("encoder", ["libx264", "libx265"])
@pytest.mark.parametrize("cuts", [(), (3, 7), (2, 3, 4, 5, 10)])
def test_a_varying_rate_is_kept_tick_by_tick(tmp_path, encoder, cuts, preset):
    source = saved(tmp_path, video(12, ticks=VARYING))
    at = [VARYING[cut] * CLOCK for cut in cuts]
    made, _ = remade(source, tmp_path, at, encoder=encoder, preset=preset)
    assert times_of(made) == [t * CLOCK for t in VARYING]
    with av.open(str(made.path)) as container:
        packets = [p for p in container.demux(video=0) if p.size]
    assert all(a.dts < b.dts for a, b in pairwise(packets))
    assert all(p.dts <= p.pts for p in packets)
    assert preset == "ultrafast" or any(p.dts < p.pts for p in packets)
    durations = {p.pts: p.duration for p in packets}
    assert set(durations) >= {packets[0].pts}


@pytest.mark.parametrize(
    ("pixel_format", "size"),
    [("yuv420p", (48, 64)), ("yuv422p10le", (47, 61)), ("yuv444p", (47, 61)), ("gray", (31, 45))],
)
def test_without_loss_every_pixel_comes_back(tmp_path, pixel_format, size):
    source = saved(tmp_path, video(9, "matroska", "ffv1", pixel_format=pixel_format, size=size))
    made, report = remade(source, tmp_path, [Fraction(1, 10)], encoder="ffv1")
    assert report.container == "mkv"
    assert report.pixel_format == pixel_format
    for old, new in zip(frames_of(source), frames_of(made), strict=True):
        assert all((a == b).all() for a, b in zip(planes(old), planes(new), strict=True))


@pytest.mark.parametrize(
    "turned",
    [
        (90, False, False),
        (180, False, False),
        (-90, False, False),
        (0, True, False),
        (90, True, False),
    ],
)
@pytest.mark.parametrize("container", ["mp4", "mov", "mkv", "webm"])
def test_a_turned_video_stays_turned(tmp_path, turned, container):
    source = saved(tmp_path, video(3, size=(64, 96), turned=turned))
    encoder = "libvpx-vp9" if container == "webm" else "libx264"
    made, _ = remade(source, tmp_path, container=container, encoder=encoder)
    before, after = source.probe(), made.probe()
    assert after.orientation == before.orientation
    assert after.shape == before.shape
    old, new = frames_of(source)[0].small(96), frames_of(made)[0].small(96)
    assert np.abs(old.astype(int) - new).mean() < 12


@pytest.mark.parametrize("encoder", ["libx264", "libx265", "libsvtav1"])
def test_a_high_dynamic_range_is_kept_with_its_tags(tmp_path, encoder):
    data = video(4, size=(64, 96), pixel_format="yuv420p10le", colors=(1, 9, 9, 16))
    source = saved(tmp_path, data)
    made, report = remade(source, tmp_path, encoder=encoder)
    assert report.pixel_format == "yuv420p10le"
    assert made.probe().colors == source.probe().colors
    assert made.probe().colors.hdr == "pq"


@pytest.mark.parametrize("transfer", [16, 18])
def test_a_high_dynamic_range_is_given_up_if_asked_for(tmp_path, transfer):
    data = video(4, size=(64, 96), pixel_format="yuv420p10le", colors=(1, 9, 9, transfer))
    source = saved(tmp_path, data)
    probe, wish = source.probe().tone_mapped(), VideoOutput(preset="ultrafast", hdr="tone_map")
    with (
        source.read(probe, TimeSpan()) as reader,
        SegmentWriter(tmp_path / "a", probe, wish) as writer,
    ):
        frames = list(reader)
        for frame in frames:
            writer.write(frame)
        writer.close()
    assert {frame.picture.format.name for frame in frames} == {"yuv420p"}
    out = tmp_path / "made"
    verify(out, join(source, [tmp_path / "a"], out, probe=probe, wish=wish), probe)
    made = VideoSource(out, source.max_pixels).probe()
    assert made.colors == Colors(full=False, space=1, primaries=1, transfer=1)
    assert made.pixel_format == "yuv420p"


def test_what_has_no_high_range_is_not_mapped(tmp_path):
    probe = saved(tmp_path, video(1)).probe()
    assert probe.tone_mapped() is probe


def test_aspect_and_tags_are_kept(tmp_path):
    data = video(3, aspect=Fraction(64, 45), colors=(1, 6, 5, 6))
    for container in ("mp4", "mkv"):
        source = saved(tmp_path, data)
        made, _ = remade(source, tmp_path, container=container)
        assert made.probe().sample_aspect == Fraction(64, 45)
        assert made.probe().colors == source.probe().colors


def test_full_range_stays_full(tmp_path):
    source = saved(tmp_path, video(3, pixel_format="yuvj420p", colors=(2, 1, 1, 1)))
    made, _ = remade(source, tmp_path, quality=100)
    assert made.probe().coding.full
    old, new = frames_of(source)[0], frames_of(made)[0]
    assert np.abs(planes(old)[0].astype(int) - planes(new)[0]).mean() < 3


def opacity(source) -> list[np.ndarray]:
    out = []
    for frame in frames_of(source):
        rows = frame.picture.planes[3]
        out.append(np.frombuffer(rows, np.uint8).reshape(rows.height, -1)[:, : rows.width].copy())
    return out


@pytest.mark.parametrize("source_encoder", ["ffv1", "libvpx", "libvpx-vp9"])
@pytest.mark.parametrize("container", ["webm", "mkv"])
def test_opacity_is_kept(tmp_path, source_encoder, container):
    held = "matroska" if source_encoder == "ffv1" else "webm"
    alpha = {} if source_encoder == "ffv1" else {"crf": "4", "b": "2000000", "auto-alt-ref": "0"}
    data = video(9, held, source_encoder, pixel_format="yuva420p", size=(64, 96), **alpha)
    source = saved(tmp_path, data)
    assert source.probe().pixel_format == "yuva420p"
    cuts = [times_of(source)[4]]
    wish = {"container": container, "encoder": "libvpx-vp9", "quality": 90}
    made, report = remade(source, tmp_path, cuts, **wish)
    assert report.pixel_format == made.probe().pixel_format == "yuva420p"
    assert report.notes == ()
    apart = zip(times_of(source), times_of(made), strict=True)
    assert all(abs(old - new) <= TICK for old, new in apart)
    for old, new in zip(opacity(source), opacity(made), strict=True):
        assert np.abs(old.astype(int) - new).mean() < 6


@pytest.mark.parametrize(
    ("pixel_format", "wish", "notes"),
    [
        ("yuv420p", {}, ()),
        ("yuva420p", {"encoder": "libx264"}, ("opacity_lost",)),
        ("yuva420p", {"encoder": "libvpx-vp9", "container": "mp4"}, ("opacity_lost",)),
        ("yuva444p", {"encoder": "prores_ks"}, ()),
        ("yuv420p10le", {"encoder": "libvpx-vp9"}, ("depth_reduced",)),
        ("yuv420p10le", {"encoder": "libx264"}, ()),
        ("yuv444p", {"encoder": "libsvtav1"}, ("chroma_reduced",)),
        ("gray", {"encoder": "libx264"}, ()),
    ],
)
def test_what_cannot_be_held_is_reported(tmp_path, pixel_format, wish, notes):
    source = saved(tmp_path, video(3, "matroska", "ffv1", pixel_format=pixel_format, size=(64, 96)))
    made, report = remade(source, tmp_path, **wish)
    assert report.notes == notes
    assert report.pixel_format == made.probe().pixel_format or pixel_format == "yuva444p"


# What goes along


@pytest.mark.parametrize("start", [Fraction(0), Fraction(1, 8), Fraction(2)])
@pytest.mark.parametrize("container", ["mp4", "mov", "mkv"])
def test_sound_is_copied_bit_for_bit_and_stays_in_step(tmp_path, start, container):
    source = saved(tmp_path, video(30, sound_at=start))
    made, report = remade(source, tmp_path, [Fraction(1, 2)], container=container)
    assert [(c.kind, c.how) for c in report.companions] == [("audio", "copied")]
    before, after = packets_of(source.path, "audio"), packets_of(made.path, "audio")
    assert [data for _, data in before] == [data for _, data in after]
    assert all(abs(a - b) <= TICK for (a, _), (b, _) in zip(before, after, strict=True))
    if container != "mkv":  # which cannot tell what a decoder of AAC is to leave out
        old, new = (first_sound(path) for path in (source.path, made.path))
        assert abs(old - new) <= TICK


@pytest.mark.parametrize(
    ("container", "codecs", "kind"),
    [
        ("mov", ("pcm_s16le", "aac"), "mov"),
        ("matroska", ("flac", "libopus"), "mkv"),
        ("matroska", ("pcm_s16le", "libmp3lame"), "mkv"),
        ("mp4", ("libopus", "aac"), "mp4"),
        ("mp4", ("alac", "flac"), "mp4"),
        ("avi", ("libmp3lame",), "mp4"),
        ("mpegts", ("mp2", "aac"), "mp4"),
    ],
)
def test_every_usual_sound_is_copied_with_its_language(tmp_path, container, codecs, kind):
    data = video(
        30,
        container,
        "mpeg4" if container == "avi" else "libx264",
        rate=Fraction(25),
        time_base=Fraction(1, 25),
        ticks=range(30),
        sound_at=Fraction(0),
        sound_codecs=codecs,
    )
    source = saved(tmp_path, data)
    made, report = remade(source, tmp_path, [Fraction(1, 2)])
    assert report.container == kind
    assert [c.how for c in report.companions] == ["copied"] * len(codecs)
    before, after = source.probe().others, made.probe().others
    if container != "mpegts":  # where MP2 is told from MP3, as it is not in MP4
        assert [s.codec for s in before] == [s.codec for s in after]
    if container != "avi":
        assert [s.language for s in before] == [s.language for s in after]
        assert before[0].language == "ger"


def first_sound(path) -> Fraction:
    """Return when a decoder lets sound be heard first, after the first frame."""
    with av.open(str(path)) as container:
        frame = next(container.decode(audio=0))
        picture = container.streams.video[0]
        return frame.pts * frame.time_base - picture.start_time * picture.time_base


def test_sound_of_another_container_is_copied_without_its_headers(tmp_path):
    source = saved(tmp_path, video(30, "mpegts", sound_at=Fraction(0)))
    made, report = remade(source, tmp_path)
    assert report.container == "mp4"
    assert report.companions[0].how == "copied"
    # Its own clock begins where it likes; here it begins with the first of both.
    assert abs(min(made.probe().timing.start_s, Fraction(1)) - 0) <= Fraction(1, 5)
    assert len(packets_of(source.path, "audio")) == len(packets_of(made.path, "audio"))


def test_a_broken_packet_of_sound_is_left_out_and_counted(tmp_path):
    data = bytearray(video(30, "mpegts", sound_at=Fraction(0)))
    at = data.index(b"\xff\xf1", len(data) // 2)
    data[at + 2 : at + 6] = b"\xff" * 4
    made, report = remade(saved(tmp_path, bytes(data)), tmp_path)
    (sound,) = report.companions
    assert sound.lost > 0
    assert len(packets_of(made.path, "audio")) == sound.packets > 0


def test_sound_that_does_not_fit_is_encoded_and_it_is_told(tmp_path):
    source = saved(tmp_path, video(30, size=(64, 96), sound_at=Fraction(1, 8)))
    made, report = remade(source, tmp_path, encoder="libvpx-vp9", container="webm")
    assert [(c.kind, c.codec, c.how) for c in report.companions] == [("audio", "aac", "encoded")]
    assert made.probe().others[0].codec == "opus"
    assert abs(first_sound(source.path) - first_sound(made.path)) <= Fraction(1, 100)


def timecodes(path) -> list[str]:
    with av.open(str(path)) as container:
        told = [dict(s.metadata) for s in container.streams if s.type in ("video", "data")]
    return [t for one in told for name, t in one.items() if name.lower() == "timecode"]


@pytest.mark.parametrize(("container", "tracks"), [("mov", 2), ("mp4", 2), ("mkv", 1)])
def test_the_timecode_is_kept(tmp_path, container, tracks):
    data = video(30, "mov", timecode="01:00:00;00", sound_at=Fraction(0))
    source = saved(tmp_path, data)
    made, report = remade(source, tmp_path, container=container)
    assert timecodes(made.path) == ["01:00:00;00"] * tracks
    hows = {c.kind: c.how for c in report.companions}
    assert hows == {"audio": "copied", "data": "encoded"}
    begins = made.path.rename(tmp_path / "whole") and 15 / NTSC
    made, _ = remade(source, tmp_path, container=container, span=TimeSpan(begins))
    assert timecodes(made.path) == ["01:00:00;15"] * tracks


def test_a_track_that_cannot_be_written_costs_no_video(tmp_path, monkeypatch):
    """As the copy of a timecode, which QuickTime's writer refuses only at the end."""
    monkeypatch.setattr(companions, "_is_timecode", lambda stream: False)
    source = saved(tmp_path, video(30, "mov", timecode="01:00:00:00", sound_at=Fraction(0)))
    rehearse(source, tmp_path, probe=source.probe(), wish=VideoOutput(), threads=0)
    made, report = remade(source, tmp_path, container="mov")
    assert {c.kind: c.how for c in report.companions} == {"audio": "copied", "data": "dropped"}
    assert report.frames == len(times_of(made)) == 30
    assert not list(tmp_path.glob("rehearsal*"))


def test_sound_may_be_left_out(tmp_path):
    source = saved(tmp_path, video(6, sound_at=Fraction(0)))
    made, report = remade(source, tmp_path, audio="drop")
    assert report.companions[0].how == "dropped"
    assert made.probe().others == ()


@pytest.mark.parametrize("container", ["mp4", "matroska"])
def test_words_chapters_title_and_attachments_are_kept(tmp_path, container):
    chapters = [
        {"id": n, "start": 400 * n, "end": 400 * (n + 1), "time_base": TICK}
        | {"metadata": {"title": f"part {n}"}}
        for n in range(2)
    ]
    more = {"attachment": container == "matroska", "chapters": chapters}
    data = video(30, container, subtitles=True, metadata={"title": "A walk"}, **more)
    source = saved(tmp_path, data)
    made, report = remade(source, tmp_path)
    assert packets_of(made.path, "subtitle") == packets_of(source.path, "subtitle")
    assert all(c.how == "copied" for c in report.companions)
    probe = made.probe()
    assert probe.metadata["title"] == "A walk"
    assert report.chapters == probe.chapters == 2
    assert [s.language for s in probe.others if s.kind == "subtitle"] == ["eng"]
    with av.open(str(made.path)) as container:
        told = [(c["start"] * c["time_base"], c["metadata"]["title"]) for c in container.chapters()]
        assert told == [(0, "part 0"), (Fraction(2, 5), "part 1")]
        held = [a.data for a in container.streams.attachments]
    assert held == ([b"letters" * 9] if more["attachment"] else [])


def test_other_pictures_do_not_come_along(tmp_path):
    path = tmp_path / "video"
    with av.open(str(path), "w", format="matroska") as made:
        streams = [made.add_stream("libx264", rate=25) for _ in range(2)]
        for stream in streams:
            stream.height, stream.width = 48, 64
        for stream in streams:
            frame = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8))
            made.mux([*stream.encode(frame), *stream.encode()])
    out, report = remade(VideoSource(path, 10**6), tmp_path)
    assert [(c.kind, c.how) for c in report.companions] == [("video", "dropped")]
    assert out.probe().others == ()


# Parts


@pytest.mark.parametrize("container", ["mp4", "mkv"])
def test_a_part_begins_at_zero_and_its_sound_with_it(tmp_path, container):
    source = saved(tmp_path, video(60, sound_at=Fraction(0), subtitles=True))
    span = TimeSpan(Fraction(1, 2), Fraction(3, 2))
    made, report = remade(source, tmp_path, [Fraction(1)], span=span, container=container)
    inside = [t for t in times_of(source) if span.holds(t)]
    got = times_of(made)
    assert len(got) == report.frames == len(inside)
    assert all(abs(t - (wanted - inside[0])) <= TICK for t, wanted in zip(got, inside, strict=True))
    old = [(t, data) for t, data in packets_of(source.path, "audio")]
    new = packets_of(made.path, "audio")
    (at,) = [k for k, (_, data) in enumerate(old) if data == new[0][1]]
    assert [data for _, data in new] == [data for _, data in old[at : at + len(new)]]
    length = Fraction(1024, 8000)
    assert span.start_s - length < old[at][0] <= span.start_s
    assert span.end_s - length <= old[at + len(new) - 1][0] < span.end_s
    for (t, _), (wanted, _) in zip(new, old[at:], strict=False):
        assert abs(t - (wanted - inside[0])) <= 2 * TICK


def test_chapters_are_cut_with_the_part(tmp_path):
    chapters = [
        {"id": n, "start": 400 * n, "end": 400 * (n + 1), "time_base": TICK, "metadata": {}}
        for n in range(5)
    ]
    source = saved(tmp_path, video(60, chapters=chapters))
    made, report = remade(source, tmp_path, span=TimeSpan(Fraction(1, 2), Fraction(1)))
    assert report.chapters == 2
    with av.open(str(made.path)) as container:
        told = [c["start"] * c["time_base"] for c in container.chapters()]
    assert told == [0, Fraction(3, 10)]


# What goes wrong


def test_segments_that_do_not_belong_together_are_refused(tmp_path):
    source = saved(tmp_path, video(12))
    probe, wish = source.probe(), VideoOutput(preset="ultrafast")
    one = segment(source, tmp_path / "one", TimeSpan(Fraction(0), 6 / NTSC)).path
    two = segment(source, tmp_path / "two", TimeSpan(6 / NTSC)).path
    other = segment(source, tmp_path / "other", TimeSpan(6 / NTSC), preset="medium").path
    broken = tmp_path / "broken"
    broken.write_bytes(two.read_bytes()[:100])
    out = tmp_path / "out"
    for parts in ([], [two, one], [one, one], [one, other], [one, broken], [source.path]):
        with pytest.raises(OutputInvalid):
            join(source, parts, out, probe=probe, wish=wish)
    assert not [name for name in os.listdir(tmp_path) if name.startswith("out")]


def test_a_video_that_is_not_what_was_joined_is_found_out(tmp_path):
    source = saved(tmp_path, video(30, sound_at=Fraction(0)))
    made, report = remade(source, tmp_path)
    probe = source.probe()
    sound = report.companions[0]
    wrong = [
        (replace(report, frames=29), "29"),
        (replace(report, duration_s=report.duration_s + 1), "last"),
        (replace(report, companions=(replace(sound, sha256="0" * 64),)), "Sound track 1"),
        (replace(report, companions=(replace(sound, offset_s=Fraction(1)),)), "off by"),
        (replace(report, companions=()), "sound tracks"),
    ]
    for told, what in wrong:
        with pytest.raises(OutputInvalid, match=what):
            verify(made.path, told, probe)
    with pytest.raises(OutputInvalid, match="turned"):
        verify(made.path, report, replace(probe, size=(64, 48)))
    data = made.path.read_bytes()
    made.path.write_bytes(data[:200])
    with pytest.raises(OutputInvalid, match=r"opened|no picture"):
        verify(made.path, report, probe)


def test_hevc_is_tagged_for_all_players_and_mp4_starts_fast(tmp_path):
    made, _ = remade(saved(tmp_path, video(4)), tmp_path, encoder="libx265")
    data = made.path.read_bytes()
    assert b"hvc1" in data
    assert data.index(b"moov") < data.index(b"mdat")


def test_a_video_without_times_gets_some(tmp_path):
    """AVI has no times of its own, and frames that change places have none at all there."""
    data = video(12, "avi", "mpeg4", time_base=Fraction(1, 25), rate=Fraction(25), ticks=range(12))
    source = saved(tmp_path, data)
    made, _ = remade(source, tmp_path, [Fraction(1, 5)])
    assert times_of(made) == times_of(source) == [Fraction(n, 25) for n in range(12)]


def test_writer_and_reader_agree_on_what_a_decoder_sees(tmp_path):
    source = saved(tmp_path, video(5))
    probe, wish = source.probe(), VideoOutput(preset="ultrafast", quality=100)
    with (
        source.read(probe, TimeSpan()) as reader,
        SegmentWriter(tmp_path / "a", probe, wish) as writer,
    ):
        for frame in reader:
            writer.write(frame)
        writer.close()
    old = [planes(f)[0].astype(int) for f in frames_of(source)]
    new = [planes(f)[0] for _, f in decoded(tmp_path / "a")]
    assert max(np.abs(a - b).mean() for a, b in zip(old, new, strict=True)) < 2


def test_a_video_that_begins_between_two_key_frames(tmp_path):
    """As cutting without encoding leaves it: an edit list skips what is only decoded."""
    cut = remuxed(video(20, gop=10), "mp4", later=-4 * 3003)
    source = saved(tmp_path, cut)
    timing = source.probe().timing
    assert (timing.frames, timing.key_times_s) == (16, (6 / NTSC,))
    whole = frames_of(source)
    assert [frame.time_s for frame in whole] == [n / NTSC for n in range(16)]
    made, _ = remade(source, tmp_path, [3 / NTSC, 8 / NTSC])
    assert times_of(made) == [n / NTSC for n in range(16)]


@pytest.mark.parametrize("first", [1, 3, 6])
def test_a_recording_that_begins_anywhere(tmp_path, first):
    cut = remuxed(video(30, "mp4", gop=10, bf="2"), "mpegts", first=first)
    source = saved(tmp_path, cut)
    times = times_of(source)
    assert len(times) >= 20
    made, report = remade(source, tmp_path, [times[5], times[9]])
    assert report.frames == len(times)
    assert times_of(made) == [time - times[0] for time in times]


def test_recordings_put_together_go_on_where_their_clock_turns_back(tmp_path):
    part = video(30, "mpegts", sound_at=Fraction(0))
    source = saved(tmp_path, part + part)
    probe = source.probe()
    assert not probe.timing.regular
    times = times_of(source)
    assert len(times) >= 55
    assert all(Fraction(1, 40) < b - a < Fraction(1, 8) for a, b in pairwise(times))
    made, report = remade(source, tmp_path, [times[20], times[40]])
    assert report.frames == len(times)
    sound = [time for time, _ in packets_of(made.path, "audio")]
    assert abs(sound[-1] - sound[0] - (times[-1] - times[0])) < Fraction(1, 3)


def test_whatever_is_broken_there_is_a_video_or_an_error_with_a_name(tmp_path):
    rng = np.random.default_rng(0)
    whole = [
        video(8, "mp4", sound_at=Fraction(0), subtitles=True),
        video(8, "matroska", sound_at=Fraction(0), attachment=True),
        video(8, "mpegts", sound_at=Fraction(0)),
    ]
    made = 0
    for number in range(24):
        data = bytearray(whole[number % 3])
        for at in rng.integers(0, len(data), 1 + number % 7):
            data[at] = rng.integers(0, 256)
        source = saved(tmp_path, bytes(data))
        try:
            remade(source, tmp_path, [Fraction(1, 10)])
            made += 1
        except SemblantError:
            continue
    assert made > 8
    assert not [name for name in os.listdir(tmp_path) if name.endswith(".part")]
