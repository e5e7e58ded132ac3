"""Videos as a user meets them: real processes and networks, and whatever may happen to them."""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from gateway.database import make_engine
from gateway.jobs.database.segments import SegmentStore
from tests.acceptance.service import PROGRAM, Gateway, running_gateway, until
from tests.acceptance.videos import FRAMES, SEGMENTS, frames_of, portrait_video, sound_of
from tests.integration.portraits import paths
from tests.stopping import stop_between_writes
from tests.unit.http.test_job_events import events

pytestmark = pytest.mark.server

OPTIONS = {"video": {"encoder": "ffv1"}}
TUS = {"Tus-Resumable": "1.0.0"}


@pytest.fixture(scope="module")
def video() -> bytes:
    return portrait_video()


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("gateway")


@pytest.fixture(scope="module")
def gateway(folder) -> Iterator[Gateway]:
    with running_gateway(folder) as made:
        yield made


@pytest.fixture(scope="module")
def undisturbed(gateway, video) -> bytes:
    """What is made of the video if nothing happens."""
    return output(gateway, ended(gateway, submitted(gateway, video)))


def submitted(gateway: Gateway, video: bytes | None, **fields: str) -> dict[str, Any]:
    """Return the job that was taken on; without a video a field names one."""
    told = {"options": json.dumps(OPTIONS), **fields}
    parts = [("source", ("source", paths()["hopper"].read_bytes()))]
    parts += [("target", ("target", video))] if video is not None else []
    files = [*parts, *((name, (None, text)) for name, text in told.items())]
    answer = gateway.http.post("/v1/jobs", files=files)
    assert answer.status_code == 202, answer.text
    job: dict[str, Any] = answer.json()
    return job


def seen(gateway: Gateway, job: dict[str, Any]) -> dict[str, Any]:
    now: dict[str, Any] = gateway.http.get(job["urls"]["get"]).json()
    return now


def ended(gateway: Gateway, job: dict[str, Any]) -> dict[str, Any]:
    """Return the job once it has succeeded."""

    def final() -> dict[str, Any] | None:
        now = seen(gateway, job)
        return None if now["status"] in ("queued", "processing") else now

    done = until(final, 60, gateway.log)
    assert done["status"] == "succeeded", done["error"]
    return done


def output(gateway: Gateway, job: dict[str, Any]) -> bytes:
    return gateway.http.get(job["urls"]["output"]).content


def under_way(gateway: Gateway, job: dict[str, Any]) -> None:
    """Wait until a job is in the middle of something."""

    def some() -> bool:
        now = seen(gateway, job)
        assert now["status"] in ("queued", "processing"), now["error"]
        return bool(now["frames"])

    until(some, 30, gateway.log)


def check_undisturbed(made: bytes, undisturbed: bytes) -> None:
    assert frames_of(made) == frames_of(undisturbed)
    assert sound_of(made) == sound_of(undisturbed)


def luma(video: bytes) -> np.ndarray:
    with av.open(io.BytesIO(video)) as opened:
        frames = [frame.to_ndarray(format="gray") for frame in opened.decode(video=0)]
    return np.stack(frames).astype(int)


def test_a_video_from_end_to_end(gateway, video):
    job = submitted(gateway, video)
    with gateway.http.stream("GET", job["urls"]["events"]) as stream:
        told = events(stream.read().decode())
    percents = [now["percent"] for _, _, now in told]
    assert percents == sorted(percents)
    assert len(percents) > 3
    assert told[-1][1] == "completed"
    job = told[-1][2]
    assert (job["status"], job["frames"], job["total"]) == ("succeeded", FRAMES, FRAMES)
    report = job["report"]
    assert report["frames"] == report["changed_frames"] == FRAMES
    assert (report["segments"], report["people"], report["lost_frames"]) == (SEGMENTS, 1, 0)
    assert [(one["codec"], one["how"]) for one in report["companions"]] == [("opus", "copied")]

    made = output(gateway, job)
    assert (len(made), hashlib.sha256(made).hexdigest()) == (
        job["output"]["size"],
        job["output"]["sha256"],
    )
    assert [time for time, _ in frames_of(made)] == [time for time, _ in frames_of(video)]
    assert sound_of(made) == sound_of(video)
    difference = np.abs(luma(made) - luma(video))
    assert difference[:, 90:150, 130:190].mean() > 2  # the face
    assert difference[:, 225:].max() == 0


def test_the_output_is_answered_in_ranges(gateway, undisturbed):
    (job, *_) = gateway.http.get("/v1/jobs?status=succeeded&limit=1").json()["jobs"]
    url, whole = job["urls"]["output"], output(gateway, job)
    some = gateway.http.get(url, headers={"Range": "bytes=100-1099"})
    assert (some.status_code, some.content) == (206, whole[100:1100])
    assert some.headers["content-range"] == f"bytes 100-1099/{len(whole)}"
    tag = {"If-None-Match": some.headers["etag"]}
    assert gateway.http.get(url, headers=tag).status_code == 304
    past = gateway.http.get(url, headers={"Range": f"bytes={len(whole)}-"})
    assert past.status_code == 416


def test_an_upload_in_pieces_becomes_a_video(gateway, video, undisturbed):
    begun = gateway.http.post("/v1/uploads", headers=TUS | {"Upload-Length": str(len(video))})
    middle = len(video) // 2
    for start, piece in ((0, video[:middle]), (middle, video[middle:])):
        headers = {"Upload-Offset": str(start), "Content-Type": "application/offset+octet-stream"}
        sent = gateway.http.patch(begun.headers["location"], content=piece, headers=TUS | headers)
        assert sent.status_code == 204, sent.text
    job = ended(gateway, submitted(gateway, None, target_upload=begun.json()["id"]))
    check_undisturbed(output(gateway, job), undisturbed)


def files_below(folder):
    """Return the files below a folder whose own folders may be removed meanwhile."""
    return [name for _, _, names in os.walk(folder) for name in names]


def test_called_off_in_the_middle_it_stops_and_leaves_nothing(gateway, folder, video):
    job = submitted(gateway, video)
    under_way(gateway, job)
    jobs = folder / "data" / "jobs"
    canceled = gateway.http.post(job["urls"]["cancel"]).json()
    assert canceled["status"] == "canceled"
    for left in (jobs / "scratch", jobs / "objects" / "jobs" / job["id"]):
        until(lambda left=left: not files_below(left), 10, gateway.log)
    # It did not end by being done: not all frames were made, and none any more.
    assert canceled["frames"] < FRAMES
    assert seen(gateway, job)["frames"] == canceled["frames"]
    assert gateway.http.get(job["urls"]["output"]).status_code == 409


def test_triton_killed_in_the_middle_of_a_video(gateway, video, undisturbed):
    job = submitted(gateway, video)
    under_way(gateway, job)
    os.kill(gateway.triton_pid, signal.SIGKILL)
    check_undisturbed(output(gateway, ended(gateway, job)), undisturbed)


def test_the_whole_service_killed_in_the_middle_of_a_video(gateway, folder, video, undisturbed):
    job = submitted(gateway, video)
    under_way(gateway, job)
    triton = gateway.triton_pid
    gateway.process.kill()
    gateway.process.wait()
    with running_gateway(folder) as another:
        check_undisturbed(output(another, ended(another, job)), undisturbed)
        assert not Path(f"/proc/{triton}").exists()


# By themselves, without Triton


@contextmanager
def started(log: Path, *arguments: object, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command for the time of the block."""
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [str(argument) for argument in (PROGRAM, *arguments)],
            env=os.environ | settings,
            stdout=stream,
            stderr=stream,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.terminate()
            process.wait(30)


def test_a_worker_that_was_away_changes_nothing_any_more(tmp_path, video, undisturbed):
    data = {"SEMBLANT_DATA_DIR": str(tmp_path / "data")}
    worker = ("worker", "--backend", "local")
    with ExitStack() as stack:
        idempotency_lock = {
            "SEMBLANT_BACKEND": "local",
            "SEMBLANT_JOB_EXECUTION": "external",
            **data,
        }
        away = stack.enter_context(started(tmp_path / "away.log", *worker, **data))
        gateway = stack.enter_context(running_gateway(tmp_path, **idempotency_lock))
        job = submitted(gateway, video)
        under_way(gateway, job)
        stop_between_writes(away, tmp_path / "data" / "jobs" / "jobs.sqlite")
        log = tmp_path / "next.log"
        stack.enter_context(started(log, *worker, **data))
        until(lambda: "taking over from" in log.read_text(), 60, log)
        until(lambda: list((tmp_path / "data" / "jobs" / "scratch").glob("*/*/*")), 20, log)
        away.send_signal(signal.SIGCONT)
        check_undisturbed(output(gateway, ended(gateway, job)), undisturbed)
        assert away.poll() is None


def test_the_command_line_goes_on_where_it_was_interrupted(tmp_path, video, undisturbed):
    target, result, data = tmp_path / "video.mkv", tmp_path / "result.mkv", tmp_path / "data"
    target.write_bytes(video)
    settings = {"SEMBLANT_DATA_DIR": str(data)}
    command = ("swap", paths()["hopper"], target, "-o", result, "--options", json.dumps(OPTIONS))

    def segments() -> list[Path]:
        return list(data.glob("jobs/objects/jobs/*/seg/*/*"))

    with started(tmp_path / "log", *command, **settings) as process:
        until(segments, 40, tmp_path / "log")
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
    assert "the same command resumes it" in (tmp_path / "log").read_text()
    assert not result.exists()
    (made, *_) = segments()
    with started(tmp_path / "log", *command, **settings) as process:
        assert process.wait(60) == 0, (tmp_path / "log").read_text()
    check_undisturbed(result.read_bytes(), undisturbed)
    engine = make_engine(f"sqlite:///{data / 'jobs' / 'jobs.sqlite'}", connections=1)
    joined = SegmentStore(engine).made(made.parents[2].name)
    engine.dispose()
    assert made.name in [Path(segment.file.key).name for segment in joined]
