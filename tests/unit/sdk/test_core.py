"""`run`: pictures and videos in one call, really made, over fake networks."""

import asyncio
import inspect
import os
import threading

import av
import cv2
import numpy as np
import pytest
import semblant
import semblant.core
from semblant import Job, SwapResult, run
from semblant.core import outputs

from gateway.errors import InvalidOptions, NoFaceInTarget, NoMatchingFace
from gateway.serving.testing import fake_services
from tests.unit.http.app import black, opened, photograph, saved, server
from tests.unit.media.clips import clip
from tests.unit.media.videos import video
from tests.waiting import blocking_until

SIZE = (120, 160)


@pytest.fixture
def here(semblant, tmp_path):
    """Make videos in this process over fake networks; gives the settings it was made with."""
    semblant.over_fakes(videos=True, data_dir=tmp_path / "data")
    return semblant.made


@pytest.fixture
def folder(tmp_path):
    """A folder with portraits, pictures and videos."""
    folder = tmp_path / "given"
    folder.mkdir()
    (folder / "portrait.png").write_bytes(saved(photograph(seed=1)))
    (folder / "photo.png").write_bytes(saved(photograph()))
    (folder / "nobody.png").write_bytes(saved(black()))
    (folder / "video.mp4").write_bytes(video(6, size=SIZE))
    (folder / "video.mkv").write_bytes(video(5, "matroska", "ffv1", size=SIZE))
    return folder


def frames_in(path) -> int:
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


def test_the_signature_is_the_promised_one():
    assert semblant.run is semblant.core.run
    parameters = inspect.signature(run).parameters
    assert all(parameter.kind is parameter.KEYWORD_ONLY for parameter in parameters.values())
    assert list(parameters)[:6] == [
        "source",
        "targets",
        "output",
        "frame_processors",
        "execution_threads",
        "execution_providers",
    ]


def test_a_video(here, folder, tmp_path):
    told = []
    (job,) = run(
        source=folder / "portrait.png",
        targets=folder / "video.mp4",
        output=tmp_path / "new" / "result.mkv",
        execution_threads=3,
        execution_providers=["cuda", "cpu"],
        timeout_s=7,
        on_progress=lambda path, job: told.append((path.name, job.status)),
    )
    assert isinstance(job, Job)
    assert job.report["container"] == "mkv"
    assert job.report["changed_frames"] == frames_in(tmp_path / "new" / "result.mkv") == 6
    assert told[-1] == ("video.mp4", "succeeded")
    (settings,) = here
    assert (settings.backend, settings.cpu_threads) == ("local", 3)
    assert settings.execution_providers == ("CUDAExecutionProvider", "CPUExecutionProvider")
    assert settings.request_deadline_s == 7


def test_pictures_and_videos_together(here, folder, tmp_path):
    names = ["photo.png", "video.mp4", "video.mkv"]
    results = run(
        source=[folder / "portrait.png"],
        targets=[folder / name for name in names],
        output=tmp_path / "results",
        options={"video": {"quality": 90}},
    )
    assert [type(result) for result in results] == [SwapResult, Job, Job]
    assert results[1].document["options"]["video"]["quality"] == 90
    assert sorted(path.name for path in (tmp_path / "results").iterdir()) == sorted(names)
    pixels = np.asarray(opened((tmp_path / "results" / "photo.png").read_bytes()))
    assert (pixels != photograph()).any()
    assert [frames_in(tmp_path / "results" / name) for name in names[1:]] == [6, 5]


def test_pictures_need_no_jobs(here, folder, tmp_path):
    run(source=folder / "portrait.png", targets=folder / "photo.png", output=tmp_path / "x.png")
    assert here[0].job_execution == "disabled"


def test_restoring_needs_no_source(here, folder, tmp_path):
    (job,) = run(
        targets=folder / "video.mp4",
        output=tmp_path / "clear.mp4",
        frame_processors=["face_enhancer"],
        options={"video": {"quality": 90}},
    )
    assert job.report["changed_frames"] == 6
    assert job.document["options"]["video"]["quality"] == 90


async def test_inside_an_event_loop(here, folder, tmp_path):
    (job,) = run(
        source=folder / "portrait.png", targets=folder / "video.mp4", output=tmp_path / "out.mp4"
    )
    assert job.status == "succeeded"


async def test_by_a_server(folder, tmp_path):
    services = fake_services(
        job_execution="embedded", videos=True, data_dir=tmp_path / "data", port=0
    )
    async with server(services) as http:
        await services.jobs.start()
        try:
            results = await asyncio.to_thread(
                run,
                source=folder / "portrait.png",
                targets=[folder / "photo.png", folder / "video.mp4"],
                output=tmp_path / "results",
                server=str(http.base_url),
            )
        finally:
            await services.jobs.close()
    assert [type(result) for result in results] == [SwapResult, Job]


def test_what_was_done_before_an_error_stays(here, folder, tmp_path):
    with pytest.raises(NoFaceInTarget):
        run(
            source=folder / "portrait.png",
            targets=[folder / name for name in ("video.mp4", "nobody.png", "video.mkv")],
            output=tmp_path / "results",
        )
    assert [path.name for path in (tmp_path / "results").iterdir()] == ["video.mp4"]


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"face_selector": {"position": 3}}, NoMatchingFace),
        ({"video": {"encoder": "none"}}, InvalidOptions),
        ({"video": {"encoder": "ffv1"}}, InvalidOptions),  # not into an MP4
    ],
)
def test_errors_come_by_their_class(here, folder, tmp_path, options, kind):
    with pytest.raises(kind):
        run(
            source=folder / "portrait.png",
            targets=folder / "video.mp4",
            output=tmp_path / "out.mp4",
            options=options,
        )
    assert not (tmp_path / "out.mp4").exists()


def test_a_picture_does_not_become_a_video(here, folder, tmp_path):
    with pytest.raises(ValueError, match="is a picture"):
        run(source=folder / "portrait.png", targets=folder / "photo.png", output=tmp_path / "x.mp4")


def test_nobody_in_a_video(here, folder, tmp_path):
    (folder / "empty.mp4").write_bytes(clip([black(*SIZE)] * 3))
    with pytest.raises(NoFaceInTarget):
        run(source=folder / "portrait.png", targets=folder / "empty.mp4", output=tmp_path / "x.mp4")


# What is left in the caller's process


@pytest.fixture
def opencv_threads():
    """Let OpenCV have as many threads as a caller may have set."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(3)
    yield 3
    cv2.setNumThreads(before)


@pytest.mark.parametrize("name", ["video.mp4", "photo.png"])
def test_the_callers_process_stays_as_it_was(here, folder, tmp_path, opencv_threads, name):
    seen = []

    def look(target, job):
        seen.append(cv2.getNumThreads())

    environment, threads = dict(os.environ), set(threading.enumerate())
    output = tmp_path / f"result{semblant.core.Path(name).suffix}"
    options = {"video": {"encoder": "libsvtav1"}} if "video" in name else {}
    run(
        source=folder / "portrait.png",
        targets=folder / name,
        output=output,
        options=options,
        on_progress=look,
    )
    assert output.exists()
    assert set(seen) <= {1}
    assert cv2.getNumThreads() == opencv_threads
    assert dict(os.environ) == environment
    blocking_until(
        lambda: set(threading.enumerate()) <= threads,
        otherwise=lambda: str(set(threading.enumerate()) - threads),
    )


def test_an_error_leaves_nothing_either(here, folder, tmp_path, opencv_threads):
    threads = set(threading.enumerate())
    with pytest.raises(NoFaceInTarget):
        run(
            source=folder / "portrait.png", targets=folder / "nobody.png", output=tmp_path / "x.png"
        )
    assert cv2.getNumThreads() == opencv_threads
    assert set(threading.enumerate()) <= threads


# Where results go


def test_one_target_goes_where_it_is_said_or_into_a_folder(tmp_path):
    video = tmp_path / "video.mp4"
    assert outputs(video, "out.webm") == [(video, semblant.core.Path("out.webm"))]
    assert outputs(str(video), tmp_path / "results") == [
        (video, tmp_path / "results" / "video.mp4")
    ]
    assert outputs([video], "out.mov") == [(video, semblant.core.Path("out.mov"))]


def test_several_go_into_a_folder_whatever_its_name(tmp_path):
    pairs = outputs([tmp_path / "a.mp4", tmp_path / "b.png"], tmp_path / "v1.2")
    assert [out for _, out in pairs] == [tmp_path / "v1.2" / "a.mp4", tmp_path / "v1.2" / "b.png"]


@pytest.mark.parametrize(
    ("targets", "told"),
    [
        ([], "no target"),
        (["a/video.mp4", "b/video.mp4"], "same name"),
        (["a.mp4", "b.avi"], r"\.avi: a result ends in"),
        (["a.mp4", "b"], "no ending"),
    ],
)
def test_what_has_nowhere_to_go(here, targets, told):
    with pytest.raises(ValueError, match=told):
        run(source=b"face", targets=targets, output="results")
    assert here == []
