"""Jobs from files to files, over fake networks."""

import asyncio
import errno
import io
import json
import os
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from gateway.compute import Compute
from gateway.errors import (
    ConsentWithdrawn,
    IdentityNotFound,
    InvalidOptions,
    InvalidRequest,
    MissingField,
    NoFaceInTarget,
    NoMatchingFace,
    NotAVideo,
    RequestCanceled,
    VideoCorrupt,
    VideoTooLong,
)
from gateway.jobs.work import Made, Task
from gateway.networks.open_nsfw import OpenNsfw
from gateway.pipeline.content import ContentGate
from gateway.pipeline.selection.models import ModelSelector
from gateway.pipeline.toolkit import Toolkit
from gateway.rendering.event_loop_threads import EventLoopThreadPool
from gateway.rendering.inputs import RenderLimits, Tools
from gateway.rendering.work import RenderWork
from gateway.serving.audit import Audit
from gateway.serving.consent import IdentityGuard
from gateway.serving.trust import TrustPolicy
from gateway.settings import Settings
from gateway.storage.identities import EnrolledIdentity, KeptPortrait
from gateway.storage.testing import MemoryExpressionStore, MemoryIdentityStore
from gateway.testing_faces import fake_face_inference
from gateway.trust.consent import Consent
from gateway.trust.provenance import id_of, job_provenance
from gateway.trust.watermark.detect import find_in_frames
from gateway.trust.xmp import stated_in
from tests.unit.http.app import photograph
from tests.unit.media.clips import clip
from tests.unit.media.videos import video
from tests.unit.pipeline.people import face_of, person
from tests.waiting import LIMIT_S

SIZE = (120, 160)


class Watched:
    """A control that counts, and stops when it is told to, or goes on only when it may."""

    def __init__(self, stop_after=None) -> None:
        self.frames, self.checks, self.stop_after = 0, 0, stop_after
        self.begun, self.may_go_on = threading.Event(), threading.Event()
        self.may_go_on.set()

    def advance(self, frames) -> None:
        self.frames += frames
        self.begun.set()
        assert self.may_go_on.wait(LIMIT_S)

    def check(self) -> None:
        self.checks += 1
        if self.stop_after is not None and self.frames >= self.stop_after:
            raise RequestCanceled()


@pytest.fixture
def work():
    yield from working(Settings())


@pytest.fixture
def marking_work():
    yield from working(Settings(watermark="frame"))


def working(settings):
    """Yield the work over fake networks, with what settings say of trust."""
    inference, compute, studio = fake_face_inference(), Compute(1), EventLoopThreadPool(1)

    kit = Toolkit.of(ModelSelector(inference, compute))
    identities = MemoryIdentityStore()

    def fuser(coding, home):
        return kit.over(inference, Compute(inline=True)).video_fuser(reading=coding)

    yield RenderWork(
        Tools(
            kit,
            fuser,
            studio,
            kit.image_fuser(),
            identities,
            MemoryExpressionStore(),
            TrustPolicy(settings),
            IdentityGuard(settings, identities),
            ContentGate(OpenNsfw(inference, compute), "off", 1.0),
            Audit(),
        ),
        RenderLimits(max_pixels=10**6, max_video_s=60, call_s=30, max_picture_bytes=10**6),
    )
    studio.close()
    compute.close()


def portrait() -> bytes:
    pixels = np.random.default_rng(1).integers(60, 220, (*SIZE, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def task(tmp_path, work, target: bytes, options=None, *, sources=1, name="job") -> Task:
    files = {"target": [tmp_path / "target"], "source": []}
    files["target"][0].write_bytes(target)
    for n in range(sources):
        path = tmp_path / f"source-{n}"
        path.write_bytes(portrait())
        files["source"].append(path)
    return Task(name, "default", files, work.accept(json.dumps(options or {})))


async def done(work, todo, out, control=None):
    """Carry a task out; return what was finished."""
    control = control or Watched()
    plan = await work.plan(todo, control)
    # As a database would keep it.
    plan = type(plan)(plan.segments, plan.frames, json.loads(json.dumps(plan.facts)))
    parts = []
    for index in range(plan.segments):
        path = out.with_name(f"part-{index}")
        made = await work.segment(todo, plan, index, path, control)
        parts.append((path, Made(made.frames, json.loads(json.dumps(made.facts)))))
    finished = await work.finish(todo, plan, parts, out, control)
    json.dumps(finished.report)
    return finished


def frames_of(path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


async def test_a_video_from_end_to_end(work, tmp_path):
    control = Watched()
    target = video(20, size=SIZE, crf="10")
    finished = await done(work, task(tmp_path, work, target), tmp_path / "out", control)
    assert (finished.media_type, finished.suffix) == ("video/mp4", ".mp4")
    assert finished.report["frames"] == finished.report["changed_frames"] == control.frames == 20
    assert finished.report["people"] == 1
    assert control.checks > 20
    assert len(frames_of(tmp_path / "out")) == 20


async def test_without_loss_all_beside_the_face_stays_as_it_was(work, tmp_path):
    target = video(8, "matroska", "ffv1", size=SIZE)
    options = {"video": {"encoder": "ffv1"}}
    finished = await done(work, task(tmp_path, work, target, options), tmp_path / "out")
    assert finished.suffix == ".mkv"
    (tmp_path / "before").write_bytes(target)
    before, after = frames_of(tmp_path / "before"), frames_of(tmp_path / "out")
    for one, other in zip(before, after, strict=True):
        changed = (one != other).any(-1)
        assert changed.any()
        assert not changed[:8].any()
        assert not changed[-8:].any()
        assert changed.mean() < 0.7


async def test_done_again_it_is_the_same(work, tmp_path):
    todo = task(tmp_path, work, video(8, size=SIZE), {"video": {"encoder": "ffv1"}})
    results = []
    for name in ("one", "other"):
        folder = tmp_path / name
        folder.mkdir()
        await done(work, todo, folder / "out")
        results.append(frames_of(folder / "out"))
    assert all(np.array_equal(a, b) for a, b in zip(*results, strict=True))


async def test_done_again_it_bears_the_same_mark(marking_work, tmp_path):
    """As after a crash: parts that are made again go with those that were there."""
    size, work = (240, 320), marking_work
    options = {"video": {"encoder": "ffv1"}, "marks": {"label": {"shown": "beginning"}}}
    todo = task(tmp_path, work, video(8, size=size), options, name="job_1")
    results = []
    for name in ("one", "other"):
        folder = tmp_path / name
        folder.mkdir()
        finished = await done(work, todo, folder / "out")
        results.append(frames_of(folder / "out"))
    assert all(np.array_equal(a, b) for a, b in zip(*results, strict=True))
    assert finished.report["provenance_id"] == job_provenance("job_1")
    key = TrustPolicy(Settings()).key(todo.tenant)
    (found,) = find_in_frames(results[0], (key,))
    assert id_of(found.number) == job_provenance("job_1")
    stated = stated_in((tmp_path / "one" / "out").read_bytes())
    assert stated.label.produce_id == job_provenance("job_1")


async def test_outside_the_face_a_video_can_stay_as_it_was(marking_work, tmp_path):
    options = {"video": {"encoder": "ffv1"}, "marks": {"watermark": "face"}}
    target = video(4, size=SIZE, crf="0")
    todo = task(tmp_path, marking_work, target, options)
    await done(marking_work, todo, tmp_path / "out")
    before, after = frames_of(tmp_path / "target"), frames_of(tmp_path / "out")
    same = [(a == b).all(2).mean() for a, b in zip(before, after, strict=True)]
    assert min(same) > 0.2  # the face fills most of these small frames


async def test_a_consent_that_ends_meanwhile_stops_the_job(work, tmp_path):
    todo = task(tmp_path, work, video(4, size=SIZE), sources=0)
    consent = Consent(datetime.now(UTC), "Yes.")
    rng = np.random.default_rng(0)
    face = face_of(person(0), {}, scale_px=20)
    pixels = rng.integers(0, 256, (90, 70, 3), np.uint8)
    shown = KeptPortrait(pixels, face, np.zeros(128, np.float32))
    kept = EnrolledIdentity.new("Ann", consent, [shown])
    store = work._tools.identities
    store.add("default", kept)
    todo = replace(todo, source_id=kept.id)
    control = Watched()
    plan = await work.plan(todo, control)
    store.replace("default", kept.withdrawn())
    with pytest.raises(ConsentWithdrawn):
        await work.segment(todo, plan, 0, tmp_path / "part", control)
    with pytest.raises(ConsentWithdrawn):
        await work.finish(todo, plan, [], tmp_path / "out", control)


async def test_a_picture_is_a_job_too(work, tmp_path):
    finished = await done(work, task(tmp_path, work, portrait()), tmp_path / "out")
    assert (finished.media_type, finished.suffix) == ("image/png", ".png")
    assert finished.report["changed_faces"] == 1
    with Image.open(tmp_path / "out") as made:
        assert made.size == SIZE[::-1]


async def test_restoring_needs_no_source(work, tmp_path):
    options = {"processors": ["face_enhancer"], "enhancer_model": "classical"}
    todo = task(tmp_path, work, video(4, size=SIZE), options, sources=0)
    work.require(todo.options, {"target": 1}, None)
    assert (await done(work, todo, tmp_path / "out")).report["changed_frames"] == 4


async def test_a_video_is_made_clearer_though_nobody_is_in_it(work, tmp_path):
    target = video(6, "matroska", "ffv1", size=SIZE)
    (tmp_path / "before").write_bytes(target)
    before = frames_of(tmp_path / "before")
    for steps in (["frame_enhancer"], ["face_enhancer", "frame_enhancer"]):
        # Somebody who is not there is meant; with the first, nobody is looked for at all.
        options = {
            "processors": steps,
            "face_selector": {"position": 3},
            "video": {"encoder": "ffv1"},
        }
        todo = task(tmp_path, work, target, options, sources=0, name="-".join(steps))
        work.require(todo.options, {"target": 1}, None)
        report = (await done(work, todo, tmp_path / "out")).report
        assert report["frame_enhancer"] == "classical"
        assert (report["frames"], report["changed_faces"], report["people"]) == (6, 0, 0)
        assert len(frames_of(tmp_path / "out")) == len(before)


async def test_a_report_says_where_no_frame_was_enhanced(work, tmp_path):
    report = (await done(work, task(tmp_path, work, video(2, size=SIZE)), tmp_path / "out")).report
    assert report["frame_enhancer"] is None


async def test_a_picture_as_a_job_is_made_clearer_though_it_shows_nobody(work, tmp_path):
    options = {"processors": ["frame_enhancer"]}
    todo = task(tmp_path, work, portrait(), options, sources=0)
    report = (await done(work, todo, tmp_path / "out")).report
    assert (report["kind"], report["faces"]) == ("picture", 0)
    assert report["frame_enhancer"] == "classical"


async def test_sound_comes_along(work, tmp_path):
    target = video(10, size=SIZE, sound_at=0)
    report = (await done(work, task(tmp_path, work, target), tmp_path / "out")).report
    (sound,) = [one for one in report["companions"] if one["kind"] == "audio"]
    assert sound["how"] == "copied"
    assert len(sound["sha256"]) == 64


async def test_a_part_of_a_video(work, tmp_path):
    options = {"video": {"start_s": 0.2, "end_s": 0.5}}
    report = (
        await done(work, task(tmp_path, work, video(30, size=SIZE), options), tmp_path / "out")
    ).report
    assert report["frames"] == 9
    with pytest.raises(InvalidOptions, match="seconds long"):
        await work.plan(
            task(tmp_path, work, video(10, size=SIZE), {"video": {"start_s": 9}}, name="late"),
            Watched(),
        )


@pytest.mark.parametrize("after", [0, 3])
async def test_told_to_stop_it_stops_and_leaves_nothing(work, tmp_path, after):
    todo = task(tmp_path, work, video(40, size=SIZE))
    plan = await work.plan(todo, Watched())
    control = Watched(stop_after=after)
    with pytest.raises(RequestCanceled):
        await work.segment(todo, plan, 0, tmp_path / "part", control)
    assert control.frames < 40
    assert {path.name for path in tmp_path.iterdir()} == {"target", "source-0"}


async def test_canceled_it_ends(work, tmp_path):
    todo = task(tmp_path, work, video(40, size=SIZE))
    plan, control = await work.plan(todo, Watched()), Watched()
    control.may_go_on.clear()
    making = asyncio.create_task(work.segment(todo, plan, 0, tmp_path / "part", control))
    assert await asyncio.to_thread(control.begun.wait, LIMIT_S)
    making.cancel()
    control.may_go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await making
    assert {path.name for path in tmp_path.iterdir()} == {"target", "source-0"}


@pytest.mark.parametrize(
    ("target", "error"),
    [
        (video(4, size=SIZE)[:300], VideoCorrupt),
        (b"RIFF\0\0\0\0AVI " + bytes(300), (NotAVideo, VideoCorrupt)),
    ],
)
async def test_what_cannot_be_read_is_told_before_any_work(work, tmp_path, target, error):
    with pytest.raises(error):
        await work.plan(task(tmp_path, work, target), Watched())


class SmallDisk(io.FileIO):
    """A file that has room for so many bytes."""

    room = 0

    def write(self, data) -> int:
        if self.tell() + len(data) > self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(data)


@pytest.mark.parametrize("room", [0, 1000, 100_000])
async def test_a_full_disk_is_told_as_one_and_leaves_nothing(work, tmp_path, monkeypatch, room):
    target = clip([photograph(*SIZE, seed=n) for n in range(20)])  # more than there is room for
    todo = task(tmp_path, work, target, {"video": {"encoder": "ffv1"}})
    plan = await work.plan(todo, Watched())
    before, usual = {path.name for path in tmp_path.iterdir()}, Path.open

    def opened(path, *arguments, **named):
        if path.suffix == ".part":
            return SmallDisk(path, "w")
        return usual(path, *arguments, **named)

    with monkeypatch.context() as patched:
        patched.setattr(SmallDisk, "room", room)
        patched.setattr(Path, "open", opened)
        with pytest.raises(OSError, match="No space left") as caught:
            await work.segment(todo, plan, 0, tmp_path / "part", Watched())
    assert caught.value.errno == errno.ENOSPC
    assert {path.name for path in tmp_path.iterdir()} == before

    made = await work.segment(todo, plan, 0, tmp_path / "part", Watched())
    (tmp_path / "out.part").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left") as caught:
        await work.finish(todo, plan, [(tmp_path / "part", made)], tmp_path / "out", Watched())
    assert caught.value.errno == errno.ENOSPC
    assert {path.name for path in tmp_path.iterdir()} == before | {"part"}


async def test_a_video_may_be_too_long(work, tmp_path):
    ticks = [n * 90000 * 8 for n in range(12)]
    with pytest.raises(VideoTooLong) as caught:
        await work.plan(task(tmp_path, work, video(12, size=SIZE, ticks=ticks)), Watched())
    assert caught.value.extra == {"max_video_s": 60}


async def test_limits_are_for_pictures(work, tmp_path):
    options = {"quality": {"limits": {"max_seam_ratio": 2}}}
    with pytest.raises(InvalidOptions):
        await work.plan(task(tmp_path, work, video(4, size=SIZE), options), Watched())


async def test_nobody_there_fails_the_job(work, tmp_path):
    options = {"face_selector": {"position": 3}}
    with pytest.raises((NoMatchingFace, NoFaceInTarget)):
        await work.plan(task(tmp_path, work, video(4, size=SIZE), options), Watched())


def test_files_are_checked_against_the_options(work):
    usual = work.accept(None)
    work.require(usual, {"source": 1, "target": 1}, None)
    for counts in ({"source": 1}, {"target": 1}, {}):
        with pytest.raises(MissingField):
            work.require(usual, counts, None)
    with pytest.raises(IdentityNotFound):
        work.require(usual, {"target": 1}, "nobody")
    with pytest.raises(InvalidRequest):
        work.require(usual, {"target": 1, "source": 1}, "nobody")
    with pytest.raises(InvalidRequest):
        work.require(usual, {"target": 1, "source": 1, "reference": 2}, None)
    mapped = work.accept(json.dumps({"mapping": [{"sources": [1], "position": 0}]}))
    with pytest.raises(InvalidOptions):
        work.require(mapped, {"target": 1, "source": 1}, None)


@pytest.mark.parametrize(
    "options", ['{"video": {"encoder": "h265"}}', "{", '{"video": {"crf": 1}}']
)
def test_options_are_checked_when_a_job_is_taken_on(work, options):
    with pytest.raises(InvalidOptions):
        work.accept(options)


def test_options_are_kept_in_full(work):
    kept = work.accept('{"video": {"encoder": "libx265"}}')
    assert kept["video"]["encoder"] == "libx265"
    assert kept["video"]["audio"] == "copy"
    assert kept["color"] == "adaptive"
    assert work.accept(json.dumps(kept)) == kept


async def test_who_enhances_is_decided_once_for_all_parts(work, tmp_path):
    options = {"processors": ["face_enhancer"], "enhancer_model": "auto"}
    plan = await work.plan(task(tmp_path, work, video(4, size=SIZE), options, sources=0), Watched())
    assert plan.facts["models"]["enhancer_model"] == "classical"
