"""A track, from form to lines."""

import json

import pytest

from gateway.errors import InferenceFailed
from gateway.faces.morphable.expression import NAMES
from gateway.media.rgb_video import RgbVideo
from gateway.operations.schemas.examples import TRACK_LINES
from gateway.operations.schemas.faces import TrackLine
from gateway.serving.testing import fake_services
from tests.unit.http.app import client, photograph, saved
from tests.unit.http.problem import checked
from tests.unit.media.clips import clip, grey, sound

VIDEO = clip([grey(0), grey(120), grey(130), grey(0), grey(140)])
"""A face in the third of its five frames, and others."""


async def track(video=VIDEO, options=None, services=None, headers=None, **settings):
    async with client(services, **settings) as http:
        return await http.post(
            "/v1/tracks",
            files={"video": video},
            data={} if options is None else {"options": json.dumps(options)},
            headers=headers,
        )


def lines(answer) -> list[dict]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert answer.text.endswith("\n")
    return [json.loads(line) for line in answer.text.splitlines()]


async def test_every_frame_has_a_line():
    answer = await track()
    told = lines(answer)
    assert [line["frame"] for line in told] == [0, 1, 2, 3, 4]
    assert [line["time_s"] for line in told] == [0, 0.04, 0.08, 0.12, 0.16]
    assert [sorted(line) for line in (told[0], told[3])] == [["face", "frame", "time_s"]] * 2
    assert told[0]["face"] is None
    for line in (told[1], told[2], told[4]):
        assert list(line) == ["frame", "time_s", "box", "pose", "reliability", "controls"]
        assert tuple(line["controls"]) == NAMES
        assert all(0 <= value <= 1 for value in line["controls"].values())
        left, top, right, bottom = line["box"]
        assert left < 32 < right
        assert top < 24 < bottom
        assert line["pose"] == pytest.approx([0, 0, 0], abs=0.5)
        assert line["reliability"] > 0.8
    assert '": ' not in answer.text
    assert answer.headers["x-semblant-warnings"] == "none"
    stages = {item.split(";")[0] for item in answer.headers["server-timing"].split(", ")}
    assert stages == {"queue", "decode", "analyse", "track"}


async def test_options():
    told = lines(await track(options={"every": 2, "residuals": True}))
    assert [line["frame"] for line in told] == [0, 2, 4]
    assert len(told[1]["residuals"]) > 0
    assert "residuals" not in told[0]


async def test_the_lines_that_are_shown_are_such_lines():
    told = lines(await track())
    for shown, line in zip(TRACK_LINES, (told[0], told[1]), strict=True):
        assert list(shown) == list(line)
        assert json.loads(TrackLine(**shown).model_dump_json(exclude_unset=True)) == shown


async def test_the_good_part_of_a_video_is_used():
    video = clip([photograph(48, 64, seed=n) for n in range(20)], "matroska")
    answer = await track(video[: len(video) // 2])
    assert 0 < len(lines(answer)) < 20
    assert answer.headers["x-semblant-warnings"] == "damaged"


@pytest.mark.parametrize(
    ("code", "video", "settings"),
    [
        ("empty_upload", b"", {}),
        ("not_a_video", b"hello", {}),
        ("not_a_video", saved(photograph()), {}),
        ("not_a_video", sound(), {}),
        ("video_corrupt", VIDEO[:100], {}),
        ("video_too_long", VIDEO, {"max_video_frames": 4}),
        ("too_many_pixels", VIDEO, {"max_pixels": 3000}),
        ("deadline_exceeded", VIDEO, {"track_deadline_s": 1e-6}),
    ],
)
async def test_unusable_videos(code, video, settings):
    services = fake_services(**settings)
    problem = checked(await track(video, services=services), code)
    assert "private" not in json.dumps(problem)
    assert services.admission.admitted == 0


@pytest.mark.parametrize(
    ("options", "pointers"),
    [
        ({"every": 0, "x": 1}, {"/every", "/x"}),
        ({"every": 1.5}, {"/every"}),
        ({"detector": {"min_score": 2}}, {"/detector/min_score"}),
    ],
)
async def test_unusable_options(options, pointers):
    problem = checked(await track(options=options), "invalid_options")
    assert {error["pointer"] for error in problem["errors"]} == pointers


async def test_a_video_has_a_deadline_of_its_own():
    assert (await track(request_deadline_s=1e-6)).status_code == 200


async def test_the_form_and_the_answer():
    async with client() as http:
        missing = await http.post("/v1/tracks", files={"options": b"{}"})
    assert checked(missing, "missing_field")["errors"][0]["pointer"] == "/video"
    checked(await track(headers={"Accept": "text/html"}), "not_acceptable")


async def test_a_video_without_a_face_is_no_error():
    told = lines(await track(clip([grey(0)] * 3)))
    assert told == [{"frame": n, "time_s": n / 25, "face": None} for n in range(3)]


async def test_faces_seen_are_counted():
    services = fake_services()
    await track(services=services)
    assert 'semblant_faces_total{what="found"} 3.0' in services.metrics.render().decode()


async def test_the_video_is_let_go_whatever_happens(monkeypatch):
    closed, close = [], RgbVideo.close
    monkeypatch.setattr(RgbVideo, "close", lambda video: closed.append(video) or close(video))
    services = fake_services()
    lines(await track(services=services))
    services.backend.models["face_mesh"].failures.append(InferenceFailed("oh"))
    checked(await track(services=services), "inference_failed")
    assert len(closed) == 2
