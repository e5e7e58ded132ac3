"""`semblant swap` of videos, really made, over fake networks."""

import json

import av
import pytest
import semblant.cli.video as video_command
from rich.console import Console
from semblant.cli import console

from gateway.errors import InferenceUnavailable
from gateway.jobs.database.upgrade import latest_revision
from gateway.serving.services import stores_of
from gateway.serving.stores import folder_stores
from gateway.settings import Settings
from tests.unit.http.app import black, photograph, saved
from tests.unit.media.clips import clip
from tests.unit.media.videos import video
from tests.unit.storage.libraries import library

SIZE = (120, 160)


@pytest.fixture
def videos(semblant, tmp_path):
    """Let videos be made over fake networks; return a portrait, a video, and a path to write."""
    semblant.over_fakes(videos=True, data_dir=tmp_path / "data")
    (tmp_path / "portrait.png").write_bytes(saved(photograph(seed=1)))
    (tmp_path / "video.mp4").write_bytes(video(6, size=SIZE))
    return tmp_path / "portrait.png", tmp_path / "video.mp4", tmp_path / "new" / "result.mkv"


def codec_of(path) -> str:
    with av.open(str(path)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 6
        return container.streams.video[0].codec_context.codec.canonical_name


def test_a_video_is_made_and_told_of(semblant, videos):
    portrait, target, output = videos
    done = semblant("swap", portrait, target, "-o", output)
    assert (done.code, done.out) == (0, f"{output}\n"), done.err
    assert done.err == "6 of 6 frames changed, mkv/h264\n"
    assert codec_of(output) == "h264"
    assert [settings.job_execution for settings in semblant.made] == ["embedded"]


def test_quietly(semblant, videos):
    portrait, target, output = videos
    done = semblant("swap", portrait, target, "-o", output, "-q")
    assert (done.code, done.out, done.err) == (0, f"{output}\n", "")


def test_options_are_those_of_pictures_and_of_videos(semblant, videos):
    portrait, target, output = videos
    options = json.dumps({"video": {"encoder": "ffv1"}})
    done = semblant("swap", portrait, target, "-o", output, "--options", options, "--shape", 0.5)
    assert done.code == 0, done.err
    assert codec_of(output) == "ffv1"


def test_restoring_needs_no_source(semblant, videos):
    _, target, output = videos
    done = semblant("swap", target, "-o", output, "--only-enhance")
    assert done.code == 0, done.err
    assert done.err.startswith("6 of 6 frames changed")


def test_the_same_command_again_makes_nothing_anew(semblant, videos, monkeypatch):
    portrait, target, output = videos
    semblant("swap", portrait, target, "-o", output)
    output.unlink()
    done = semblant("swap", portrait, target, "-o", output)
    assert done.code == 0, done.err
    assert codec_of(output) == "h264"


def test_what_could_not_be_read_is_told(semblant, videos):
    portrait, target, output = videos
    whole = clip([photograph(*SIZE, seed=n) for n in range(20)], codec="libx264")
    middle = len(whole) // 2
    target.write_bytes(whole[:middle] + bytes(2000) + whole[middle + 2000 :])
    done = semblant("swap", portrait, target, "-o", output)
    assert done.code == 0, done.err
    assert "warning" in done.err
    assert "frames could not be read" in done.err


@pytest.mark.parametrize(
    ("target", "code"),
    [(clip([black(*SIZE)] * 3), "no_face_in_target"), (b"hello", "not_a_video")],
)
def test_what_is_wrong_with_a_video(semblant, videos, target, code):
    portrait, path, output = videos
    path.write_bytes(target)
    done = semblant("swap", portrait, path, "-o", output.with_suffix(".mp4"))
    assert (done.code, done.out) == (3, "")
    assert code in done.err


def test_an_ending_nobody_knows(semblant, videos):
    portrait, target, output = videos
    done = semblant("swap", portrait, target, "-o", output.with_suffix(".avi"))
    assert (done.code, semblant.made) == (2, [])
    assert ".mkv" in done.words


@pytest.mark.parametrize(
    ("server", "told"),
    [((), "What is done is kept"), (("--server", "http://test"), "The server continues")],
)
def test_who_interrupts_it_is_told_how_to_go_on(semblant, videos, monkeypatch, server, told):
    async def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(video_command, "make_video", interrupted)
    portrait, target, output = videos
    done = semblant("swap", portrait, target, "-o", output, *server)
    assert (done.code, done.out) == (130, "")
    assert f"{told}: the same command resumes it." in done.err


def test_networks_that_do_not_answer(semblant, videos, monkeypatch):
    async def failing(*_, **__):
        raise InferenceUnavailable()

    monkeypatch.setattr(video_command, "make_video", failing)
    portrait, target, output = videos
    done = semblant("swap", portrait, target, "-o", output)
    assert (done.code, done.out) == (5, "")


# The database


def test_the_schema_of_the_database_is_upgraded(semblant, monkeypatch, tmp_path):
    monkeypatch.setenv("SEMBLANT_DATA_DIR", str(tmp_path))
    for _ in range(2):
        done = semblant("database", "upgrade")
        assert (done.code, done.err) == (0, "")
        assert done.out == f"The schema of the database of jobs is at {latest_revision()}.\n"
    assert (tmp_path / "jobs" / "jobs.sqlite").exists()


def test_what_lies_in_a_folder_is_copied_into_the_database_once(semblant, monkeypatch, tmp_path):
    monkeypatch.setenv("SEMBLANT_DATA_DIR", str(tmp_path))
    settings = Settings(data_dir=tmp_path)
    kept = {tenant: library(tenant) for tenant in ("default", "acme", "other")}
    for tenant, thing in kept.items():
        folder_stores(settings).expressions.add(tenant, thing)
    assert semblant("database", "import").code == 6  # there is none to copy to
    url = f"sqlite:///{tmp_path}/shared.sqlite"
    monkeypatch.setenv("SEMBLANT_JOBS_DATABASE_URL", url)
    for count in (2, 0):
        done = semblant("database", "import", "--tenant", "default", "--tenant", "acme")
        assert (done.code, done.err) == (0, "")
        assert done.out == f"{count} identities and libraries were copied.\n"
    stores = stores_of(Settings(data_dir=tmp_path, jobs_database_url=url))
    for tenant, copied in (("default", True), ("acme", True), ("other", False)):
        assert stores.expressions.infos(tenant) == [kept[tenant].info] * copied
    stores.close()


def test_a_database_that_cannot_be_used_is_told(semblant, monkeypatch):
    monkeypatch.setenv("SEMBLANT_JOBS_DATABASE_URL", "mysql://localhost/x")
    done = semblant("database", "upgrade")
    assert done.code == 6
    assert "mysql" in done.words


def test_in_a_terminal_a_bar_shows_how_far_it_is(semblant, videos, monkeypatch):
    portrait, video, output = videos
    terminal = Console(stderr=True, force_terminal=True)
    monkeypatch.setattr(console._err, "_console", terminal)
    done = semblant("swap", portrait, video, "-o", output)
    assert done.code == 0, done.err
    assert "frames changed" in done.err
