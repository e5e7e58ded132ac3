"""Jobs over HTTP of files that are odd, broken or none: what becomes of each, and what is left."""

import tempfile
from fractions import Fraction

import pytest

from tests.unit.http.app import black, photograph, saved
from tests.unit.http.jobs import ended, form, jobs_service
from tests.unit.http.problem import checked
from tests.unit.media.clips import clip, sound
from tests.unit.media.videos import video

SIZE = (120, 160)
LIMITS = {"max_video_s": 60, "max_pixels": 10**6, "max_upload_bytes": 2**20}
PORTRAIT = saved(photograph(seed=1))
NOBODY = "idn_" + 32 * "0"


def noise(count: int, container: str = "mp4", codec: str = "libx264") -> bytes:
    """Return a video in which any byte matters."""
    return clip([photograph(*SIZE, seed=n) for n in range(count)], container, codec)


def holed(data: bytes, start: float, length: int = 2000) -> bytes:
    """Return a video with zeros in it from a share of its length on."""
    at = round(len(data) * start)
    return data[:at] + bytes(length) + data[at + length :]


def without_pictures(data: bytes) -> bytes:
    """Return an MP4 whose header is whole, and nothing else."""
    start = data.index(b"mdat") + 4
    end = data.index(b"moov") - 4
    return data[:start] + bytes(end - start) + data[end:]


def seldom_seen(count: int, seen: int) -> bytes:
    """Return a video with a face in one of its frames only."""
    return clip([photograph(*SIZE) if n == seen else black(*SIZE) for n in range(count)])


@pytest.fixture
async def service(tmp_path, monkeypatch):
    """A service that makes videos over fake networks; whatever comes, nothing is left of it."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    data = tmp_path / "data"
    async with jobs_service(data, videos=True, **LIMITS) as (http, services):
        yield http
        for job in (await http.get("/v1/jobs")).json()["jobs"]:
            await http.delete(job["urls"]["get"])
        assert services.jobs.objects.objects("jobs") == []
        left = [*data.glob("jobs/scratch/*/*/*"), *data.glob("jobs/spool/*")]
        assert [*left, *temporary.iterdir()] == []


async def made(http, target, options=None, source=PORTRAIT, **fields):
    """Return a job once it has ended."""
    sent = form(target=target, source=source, options=options, **fields)
    answer = await http.post("/v1/jobs", files=sent)
    assert answer.status_code == 202, answer.text
    return await ended(http, answer.json())


@pytest.mark.parametrize(
    ("target", "code"),
    [
        pytest.param(b"hello", "not_a_video", id="text"),
        pytest.param(
            b"#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n", "not_a_video", id="HLS list of a file"
        ),
        pytest.param(
            b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:1/x.ts\n",
            "not_a_video",
            id="HLS list of an address",
        ),
        pytest.param(b"ffconcat version 1.0\nfile /etc/hostname\n", "not_a_video", id="ffconcat"),
        pytest.param(b"concat:/etc/hostname|/etc/hostname", "not_a_video", id="concat protocol"),
        pytest.param(
            b"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n", "not_a_video", id="SDP"
        ),
        pytest.param(noise(3, "flv", "flv")[:200], "video_corrupt", id="cut flv"),
        pytest.param(bytes(2**20 + 1), "payload_too_large", id="too large"),
        pytest.param(PORTRAIT[:5000], "image_truncated", id="cut picture"),
        pytest.param(b"RIFF\0\0\0\0AVI " + bytes(300), "video_corrupt", id="AVI without frames"),
        pytest.param(sound(), "not_a_video", id="sound as mp4"),
        pytest.param(sound("matroska"), "not_a_video", id="sound as matroska"),
        pytest.param(noise(4).replace(b"avc1", b"xvc9"), "not_a_video", id="unknown codec"),
        pytest.param(noise(4)[:3000], "video_corrupt", id="cut before its frames"),
        pytest.param(without_pictures(noise(4)), "video_corrupt", id="header alone"),
        pytest.param(video(4, size=(1000, 1002)), "too_many_pixels", id="too many pixels"),
        pytest.param(
            video(12, size=SIZE, ticks=[n * 90000 * 8 for n in range(12)]),
            "video_too_long",
            id="long by its times",
        ),
        pytest.param(
            video(2, size=SIZE, rate=Fraction(1, 1000)), "video_too_long", id="long by its rate"
        ),
        pytest.param(clip([black(*SIZE)] * 30), "no_face_in_target", id="without a face"),
    ],
)
async def test_what_cannot_be_made_fails_before_any_frame_is_made(service, target, code):
    job = await made(service, target)
    assert (job["status"], job["error"]["code"]) == ("failed", code)
    assert (job["frames"], job["total"]) == (0, None)
    assert not job["error"]["retryable"]
    assert (await service.get("/livez")).status_code == 200


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"source": PORTRAIT[:5000]}, "image_truncated"),
        ({"source": b"hello"}, "not_an_image"),
        ({"source": saved(black())}, "no_face_in_source"),
        ({"source": bytes(2**20 + 1)}, "payload_too_large"),
        ({"source": ..., "source_id": NOBODY}, "identity_not_found"),
        ({"options": {"video": {"encoder": "h264_nvenc"}}}, "encoder_unavailable"),
        ({"options": {"video": {"start_s": 100}}}, "invalid_options"),
        ({"options": {"quality": {"limits": {"max_seam_ratio": 1}}}}, "invalid_options"),
        ({"options": {"expression": "exp_" + 32 * "0"}}, "library_not_found"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_is_wrong_beside_the_video_fails_as_early(service, asked, code):
    job = await made(service, video(4, size=SIZE), **asked)
    assert (job["status"], job["error"]["code"]) == ("failed", code)
    assert (job["frames"], job["total"]) == (0, None)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"target": b""}, "empty_upload"),
        ({"source": b""}, "empty_upload"),
        ({"target": ...}, "missing_field"),
        ({"source": ...}, "missing_field"),
        ({"source": ..., "source_id": "../../x"}, "identity_not_found"),
        ({"options": {"video": {"encoder": "h265"}}}, "invalid_options"),
        ({"options": {"video": {"encoder": "ffv1", "container": "mp4"}}}, "invalid_options"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_can_be_seen_at_once_is_no_job(service, asked, code):
    sent = form(**{"target": video(4, size=SIZE), "source": PORTRAIT, **asked})
    checked(await service.post("/v1/jobs", files=sent), code)
    assert (await service.get("/v1/jobs")).json()["jobs"] == []


async def test_a_picture_is_put_into_no_container(service):
    job = await made(service, PORTRAIT, {"video": {"container": "mp4"}})
    assert (job["status"], job["error"]["code"]) == ("failed", "invalid_options")


@pytest.mark.parametrize(
    "target",
    [
        video(6, size=(121, 161), pixel_format="yuv444p"),
        video(6, "matroska", "ffv1", size=(121, 161)),
        video(6, size=SIZE, pixel_format="yuv422p"),
        video(6, size=SIZE, pixel_format="yuv420p10le"),
        video(6, "mov", "prores_ks", size=SIZE, pixel_format="yuva444p10le"),
        video(6, "webm", "libvpx-vp9", size=SIZE, pixel_format="yuva420p"),
        video(6, size=SIZE, rate=Fraction(1000)),
        video(6, size=SIZE, rate=Fraction(1, 5)),
        video(6, size=SIZE, rate=Fraction(1, 10)),  # there are parts without a frame
        video(6, "mpegts", "libx264", size=SIZE),
        noise(6, "avi", "mpeg4"),
        video(6, size=SIZE, turned=(90, False, False)),
    ],
    ids="",
)
async def test_odd_videos_are_made_all_the_same(service, target):
    job = await made(service, target)
    assert job["status"] == "succeeded", job["error"]
    report = job["report"]
    assert report["frames"] == report["changed_frames"] == job["frames"] == 6
    assert report["lost_frames"] == 0
    assert not report["source"]["damaged"]


async def test_a_video_of_one_frame(service):
    job = await made(service, video(1, size=SIZE))
    assert job["status"] == "succeeded", job["error"]
    assert job["report"]["frames"] == 1


@pytest.mark.parametrize("seen", [0, 11, 39])
async def test_who_is_seldom_seen_is_found(service, seen):
    report = (await made(service, seldom_seen(40, seen)))["report"]
    assert (report["frames"], report["changed_frames"]) == (40, 1)


@pytest.mark.parametrize("container", ["matroska", "avi", "mpegts"])
async def test_of_a_video_that_is_cut_off_the_rest_is_made(service, container):
    whole = noise(20, container)
    job = await made(service, whole[: len(whole) * 7 // 10])
    assert job["status"] == "succeeded", job["error"]
    report = job["report"]
    assert 0 < report["frames"] == report["changed_frames"] < 20
    assert report["source"]["damaged"] or container == "mpegts"


@pytest.mark.parametrize("container", ["mp4", "avi"])
async def test_what_is_lost_of_a_video_is_counted(service, container):
    job = await made(service, holed(noise(20, container), 0.5))
    assert job["status"] == "succeeded", job["error"]
    report = job["report"]
    assert report["frames"] + report["lost_frames"] == 20
    assert report["lost_frames"] > 0


async def test_a_hole_in_a_container_that_does_not_tell_leaves_the_rest(service):
    job = await made(service, holed(noise(20, "matroska"), 0.5))
    assert job["status"] == "succeeded", job["error"]
    assert 0 < job["report"]["frames"] < 20
