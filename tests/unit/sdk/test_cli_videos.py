"""`semblant track`, `semblant expressions` and `faces --expression` over fake networks."""

import json

import pytest
from semblant.cli.console import shown

from gateway.storage.testing import MemoryExpressionStore
from tests.unit.http.app import black, photograph, saved
from tests.unit.media.clips import clip, grey


@pytest.fixture
def video(tmp_path):
    path = tmp_path / "video.mp4"
    path.write_bytes(clip([grey(0), grey(100), grey(110)]))
    return path


@pytest.fixture
def library(semblant):
    """Keep libraries from one command to the next."""
    store = MemoryExpressionStore()
    semblant.over_fakes(expressions=store)
    return store


# track


@pytest.mark.parametrize("output", [(), ("-o", "-")])
def test_lines_go_to_standard_output(semblant, video, output):
    done = semblant("track", video, *output)
    assert done.code == 0, done.err
    lines = [json.loads(line) for line in done.out.splitlines()]
    assert [line["frame"] for line in lines] == [0, 1, 2]
    assert lines[0]["face"] is None
    assert done.err == "a face in 2 of 3 frames\n"


def test_lines_go_to_a_file(semblant, video, tmp_path):
    path = tmp_path / "new" / "track.jsonl"
    done = semblant("track", video, "-o", path, "--every", 2, "--residuals")
    assert (done.code, done.out) == (0, "")
    assert f"written to {path}\n" in done.err
    first, last = [json.loads(line) for line in path.read_text().splitlines()]
    assert (first["frame"], last["frame"]) == (0, 2)
    assert last["residuals"]


def test_switches_join_the_options_of_a_track(semblant, video):
    done = semblant("track", video, "--options", '{"detector": {"min_score": 0.99}}', "--every", 3)
    assert [json.loads(line)["frame"] for line in done.out.splitlines()] == [0]
    assert "a face in 0 of 1 frames" in done.err


def test_a_damaged_video_is_told(semblant, video):
    data = clip([photograph(48, 64, seed=n) for n in range(20)], "matroska")
    video.write_bytes(data[: len(data) // 2])
    done = semblant("track", video)
    assert done.code == 0
    assert "warning the video is damaged\n" in done.err


def test_what_is_no_video(semblant, video):
    video.write_bytes(b"hello")
    done = semblant("track", video)
    assert (done.code, done.out) == (3, "")
    assert "error not_a_video" in done.err


def test_a_video_is_granted_the_time_asked_for(semblant, video):
    semblant("track", video, "--timeout", 75)
    semblant("track", video)
    assert [settings.track_deadline_s for settings in semblant.made] == [75, 600]


# expressions


def test_a_library_from_its_making_to_its_end(semblant, library, pictures, video):
    _, target, _ = pictures
    done = semblant("expressions", "add", target, target, "--video", video, "--name", "[b]Ann")
    assert done.code == 0, done.err
    id = done.out.strip()
    assert library.get("default", id).name == "[b]Ann"
    assert "expressions, 1 frames left out" in done.err

    head, row = semblant("expressions", "list").out.splitlines()
    assert head.split() == ["id", "name", "created", "entries"]
    assert row.split()[:2] == [id, "[b]Ann"]

    head, *rows = semblant("expressions", "show", id).out.splitlines()
    assert head.split() == ["#", "reliability", "controls"]
    assert len(rows) == len(library.get("default", id).entries)

    done = semblant("expressions", "delete", id)
    assert (done.code, done.out, done.err) == (0, "", f"deleted {id}\n")
    assert library.infos("default") == []


def test_pictures_that_were_left_out_are_told(semblant, library, pictures):
    source, target, _ = pictures
    target.write_bytes(saved(black()))
    done = semblant("expressions", "add", source, target, "--count", 1)
    assert done.code == 0, done.err
    assert "1 expressions, 1 frames left out" in done.err
    assert "  picture 1: no_face\n" in done.err


def test_a_library_needs_something(semblant, library):
    done = semblant("expressions", "add")
    assert (done.code, done.out, semblant.made) == (2, "", [])
    assert "pictures or --video are needed" in done.words


@pytest.mark.parametrize("command", ["show", "delete"])
def test_a_library_that_is_none(semblant, library, command):
    done = semblant("expressions", command, "exp_" + "0" * 32)
    assert (done.code, done.out) == (3, "")
    assert "library_not_found" in done.err


# faces


def test_what_faces_do_is_listed_on_request(semblant, pictures):
    plain = semblant("faces", pictures[1]).out
    told = semblant("faces", pictures[1], "--expression").out
    assert told.startswith(plain)
    head, *rows = told.removeprefix(plain).splitlines()
    assert head.split() == ["#", "reliability", "control", "value"]
    assert all(float(row.split()[-1]) >= 0.05 for row in rows)


def test_only_what_is_not_at_rest_is_listed_the_strongest_first():
    told = shown({"jawOpen": 0.3, "jawLeft": 0.05, "cheekPuff": 0.9, "jawRight": 0.0})
    assert told == [("cheekPuff", 0.9), ("jawOpen", 0.3)]
