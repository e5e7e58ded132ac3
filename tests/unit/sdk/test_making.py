"""Videos from files to files, over a service that makes something simpler."""

import asyncio
import dataclasses

import httpx
import pytest
from semblant import AsyncClient, Job, JobRequest
from semblant.local_jobs import (
    CONTAINERS,
    is_video,
    key_of,
    make_video,
    picture_type,
    reason_of,
    with_container,
)

from gateway.errors import InternalError, InvalidOptions, NoFaceInTarget, NoMatchingFace
from gateway.http.app import create_app
from gateway.serving.testing import fake_services
from tests.unit.http.app import black, saved
from tests.unit.http.jobs import TEXT
from tests.unit.media.animations import animation
from tests.unit.media.videos import video
from tests.waiting import until

HELD = {"segments": 1, "fail_at": 0}


@pytest.fixture
async def service(tmp_path):
    """A service that takes jobs, and a client of it."""
    services = fake_services(job_execution="embedded", data_dir=tmp_path / "data")
    await services.jobs.start()
    transport = httpx.ASGITransport(create_app(services))
    try:
        async with AsyncClient("http://test", transport=transport) as client:
            yield services, client
    finally:
        await services.jobs.close()


def asked(**options) -> JobRequest:
    return JobRequest(sources=b"face", target=TEXT, options=options)


async def test_a_result_is_saved_and_its_making_told(service, tmp_path):
    _, client = service
    told, output = [], tmp_path / "new" / "out.mp4"
    job = await make_video(client, asked(frame_s=0.1), output, on_progress=told.append)
    assert output.read_bytes() == TEXT.upper()
    assert [path.name for path in output.parent.iterdir()] == ["out.mp4"]
    assert told[-1] == job
    assert len(told) > 1
    percents = [seen.percent for seen in told]
    assert percents == sorted(percents)


async def test_the_same_again_is_not_made_again(service, tmp_path):
    services, client = service
    first = await make_video(client, asked(), tmp_path / "one.mp4")
    again = await make_video(client, asked(), tmp_path / "other.mp4")
    assert again.id == first.id
    assert (tmp_path / "other.mp4").read_bytes() == TEXT.upper()
    assert len(services.jobs.work.made) == 3
    other = await make_video(client, asked(frames=5), tmp_path / "third.mp4")
    assert other.id != first.id


async def test_what_failed_goes_on(service, tmp_path):
    services, client = service
    failing = {"fail": "for_good", "fail_times": 1, "fail_at": 2, "frame_s": 0.01}
    request = asked(**failing, fails_file=str(tmp_path / "n"))
    with pytest.raises(NoFaceInTarget):
        await make_video(client, request, tmp_path / "out.mp4")
    assert not (tmp_path / "out.mp4").exists()
    job = await make_video(client, request, tmp_path / "out.mp4")
    assert (tmp_path / "out.mp4").read_bytes() == TEXT.upper()
    assert services.jobs.work.made.count((job.id, 2)) == 2
    assert len(services.jobs.work.made) < 6


async def test_what_failed_for_good_fails_again(service, tmp_path):
    for _ in range(2):
        with pytest.raises(NoMatchingFace):
            await make_video(service[1], asked(fail="other"), tmp_path / "out.mp4")


async def only_job(client):
    """Return the job that there is, None as long as there is none."""
    return next((job for job in [job async for job in client.jobs()]), None)


async def test_what_was_called_off_is_tried_again(service, tmp_path):
    _, client = service
    hold = tmp_path / "hold"
    hold.touch()
    request = asked(hold_file=str(hold), **HELD)
    making = asyncio.create_task(make_video(client, request, tmp_path / "out.mp4"))
    job = await until(lambda: only_job(client))
    await client.cancel_job(job.id)
    with pytest.raises(InternalError, match="canceled"):
        await making
    hold.unlink()
    assert (await make_video(client, request, tmp_path / "out.mp4")).id == job.id
    assert (tmp_path / "out.mp4").read_bytes() == TEXT.upper()


async def test_who_goes_away_finds_it_later(service, tmp_path):
    _, client = service
    hold = tmp_path / "hold"
    hold.touch()
    request = asked(hold_file=str(hold), **HELD)
    making = asyncio.create_task(make_video(client, request, tmp_path / "out.mp4"))
    begun = await until(lambda: only_job(client))
    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making
    hold.unlink()
    assert (await make_video(client, request, tmp_path / "out.mp4")).id == begun.id


async def test_what_is_refused_is_told_by_its_class(service, tmp_path):
    with pytest.raises(InvalidOptions):
        await make_video(service[1], asked(unknown=1), tmp_path / "out.mp4")
    request = JobRequest(sources=b"face", target=tmp_path / "nothing")
    with pytest.raises(FileNotFoundError):
        await make_video(service[1], request, tmp_path / "out.mp4")


@pytest.mark.parametrize(
    ("error", "kind", "told"),
    [
        ({"code": "no_face_in_target", "detail": "Nobody."}, NoFaceInTarget, "Nobody"),
        ({"code": "from_the_future", "detail": "What?"}, InternalError, "What"),
        (None, InternalError, "ended as aborted"),
    ],
)
def test_a_reason_is_of_its_class(error, kind, told):
    job = Job("job_", "aborted", "done", 0.0, "", error, None, {})
    reason = reason_of(job)
    assert type(reason) is kind
    assert told in reason.detail


# Keys

USUAL = JobRequest(sources=[b"a", b"b"], target=b"video", reference=b"c", options={"x": 1, "y": 2})
OTHERS = {
    "sources": [b"b", b"a"],
    "target": b"another",
    "target_upload": "upl_1",
    "reference": [b"c", b"d"],
    "source_id": "idn_1",
    "options": {"x": 2},
    "webhook": {"url": "https://example.com"},
    "priority": "high",
    "retention": "6h",
    "cancel_after": "5m",
}


@pytest.mark.parametrize(
    "name", [f.name for f in dataclasses.fields(JobRequest) if f.name != "key"]
)
def test_a_key_tells_requests_apart(name):
    assert key_of(dataclasses.replace(USUAL, **{name: OTHERS[name]})) != key_of(USUAL)


def test_a_key_is_one_that_may_be_sent():
    key = key_of(USUAL)
    assert 1 <= len(key) <= 255
    assert key.isalnum()


def test_a_key_is_of_what_files_hold_not_of_where_they_lie(tmp_path):
    paths = [tmp_path / name for name in ("one", "other")]
    for path in paths:
        path.write_bytes(b"video")
    keys = {key_of(dataclasses.replace(USUAL, target=where)) for where in (b"video", *paths)}
    assert keys == {key_of(USUAL)}


def test_a_key_does_not_depend_on_the_order_of_options():
    assert key_of(dataclasses.replace(USUAL, options={"y": 2, "x": 1})) == key_of(USUAL)


def test_a_key_knows_who_is_source_and_who_is_meant():
    moved = dataclasses.replace(USUAL, sources=[b"a"], reference=[b"b", b"c"])
    assert key_of(moved) != key_of(USUAL)


# Endings


@pytest.mark.parametrize("ending", CONTAINERS)
def test_an_ending_says_what_holds_a_video(ending):
    for name in (f"video{ending}", f"video{ending.upper()}"):
        moving = animation("WEBP") if ending == ".webp" else None
        assert is_video(name, moving)
        assert picture_type(name, moving) is None
        assert with_container({}, name) == {"video": {"container": CONTAINERS[ending]}}


def test_what_is_asked_for_counts_more_than_an_ending():
    options = {"shape": 1, "video": {"container": "mkv", "quality": 90}}
    assert with_container(options, "video.mp4") == options
    assert with_container({"video": {"quality": 90}}, "video.mov") == {
        "video": {"container": "mov", "quality": 90}
    }


def test_other_endings_are_pictures_or_none():
    assert picture_type("a.JPG") == "image/jpeg"
    assert not is_video("a.png")
    for name in ("video.avi", "video"):
        with pytest.raises(ValueError, match=r"ends in .*\.png.*\.mp4"):
            picture_type(name)


@pytest.mark.parametrize(
    ("name", "target", "wrong"),
    [
        ("out.png", video, "the target is a video, but the result ends in .png"),
        (
            "out.mp4",
            lambda: saved(black(8, 8)),
            "the target is a picture, but the result ends in .mp4",
        ),
    ],
)
def test_a_result_that_does_not_suit_its_target(name, target, wrong):
    with pytest.raises(ValueError, match=wrong):
        picture_type(name, target())
