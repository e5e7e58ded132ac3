"""Jobs by the SDK and the command line, at a real server over fake work."""

import asyncio
import json

import httpx
import pytest
from semblant import AsyncClient, Client, Job, JobRequest

from gateway.errors import DeadlineExceeded, InternalError, JobNotFinished, JobNotFound
from gateway.serving.testing import fake_services
from tests.unit.http.app import server
from tests.unit.http.jobs import TEXT
from tests.waiting import LIMIT_S

NOBODY = "job_" + 32 * "0"


@pytest.fixture
async def service(tmp_path):
    """The address of a server that takes jobs."""
    services = fake_services(job_execution="embedded", data_dir=tmp_path / "data", port=0)
    await services.jobs.start()
    try:
        async with server(services) as http:
            yield str(http.base_url)
    finally:
        services.health.leave()
        await services.jobs.close()


@pytest.fixture
def video(tmp_path):
    path = tmp_path / "video"
    path.write_bytes(TEXT)
    return path


async def test_a_job_by_an_event_loop(service, video, tmp_path):
    async with AsyncClient(service) as client:
        job = await client.submit_job(JobRequest(sources=b"face", target=video, key="k"))
        again = await client.submit_job(JobRequest(sources=b"face", target=TEXT, key="k"))
        assert again.id == job.id
        seen = [job async for job in client.watch_job(job.id)]
        assert seen[-1].status == "succeeded"
        assert (await client.wait_for_job(job.id)).percent == 100
        path = await client.save_job_output(job.id, tmp_path / "new" / "out.txt")
        assert path.read_bytes() == TEXT.upper()
        assert [job.id async for job in client.jobs()] == [job.id]
        assert [job async for job in client.jobs(["failed"])] == []
        await client.delete_job(job.id)
        for call in (client.job, client.cancel_job, client.resume_job, client.delete_job):
            with pytest.raises(JobNotFound):
                await call(job.id)


async def test_a_job_by_a_thread(service, video, tmp_path):
    def work():
        with Client(service, tenant="mine") as client:
            job = client.submit_job(JobRequest(sources=[b"face"], target=video, priority="high"))
            assert client.wait_for_job(job.id, timeout_s=30).status == "succeeded"
            path = client.save_job_output(job.id, tmp_path / "out.txt")
            assert path.read_bytes() == TEXT.upper()
            assert [job.id for job in client.jobs()] == [job.id]
            options = {"fail": "for_good", "fail_times": 1, "fails_file": str(tmp_path / "n")}
            job = client.submit_job(JobRequest(sources=b"f", target=video, options=options))
            assert client.wait_for_job(job.id).error["code"] == "no_face_in_target"
            with pytest.raises(JobNotFinished):
                client.save_job_output(job.id, tmp_path / "none.txt")
            client.resume_job(job.id)
            assert client.wait_for_job(job.id).status == "succeeded"
            assert client.cancel_job(job.id).status == "succeeded"
            client.delete_job(job.id)
        with Client(service) as other:
            assert list(other.jobs()) == []

    await asyncio.to_thread(work)
    assert not (tmp_path / "none.txt").exists()


@pytest.fixture
async def idle(tmp_path, monkeypatch):
    """The address of a server that executes no jobs: whoever watches one gets heartbeats only."""
    monkeypatch.setattr("gateway.http.endpoints.job_events.HEARTBEAT_S", 0.02)
    services = fake_services(job_execution="external", data_dir=tmp_path / "data", port=0)
    await services.jobs.start()
    try:
        async with server(services) as http:
            yield str(http.base_url)
    finally:
        services.health.leave()
        await services.jobs.close()


async def test_waiting_has_an_end_in_an_event_loop(idle, video):
    async with AsyncClient(idle) as client:
        job = await client.submit_job(JobRequest(sources=b"face", target=video))
        async with asyncio.timeout(LIMIT_S):
            with pytest.raises(DeadlineExceeded):
                await client.wait_for_job(job.id, timeout_s=0.1)


async def test_waiting_has_an_end_in_a_thread(idle, video):
    def work():
        with Client(idle) as client:
            job = client.submit_job(JobRequest(sources=b"face", target=video))
            with pytest.raises(DeadlineExceeded):
                client.wait_for_job(job.id, timeout_s=0.1)

    # The thread cannot be cancelled, but a wait without an end fails with the server's.
    async with asyncio.timeout(LIMIT_S):
        await asyncio.to_thread(work)


def test_a_server_that_is_none_of_ours():
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json={"x": 1}))
    with Client(transport=transport) as client:
        for call in (lambda: client.job(NOBODY), lambda: list(client.jobs())):
            with pytest.raises(InternalError):
                call()


async def test_the_command_line(service, video, tmp_path, semblant):
    def run(*arguments):
        return semblant("jobs", *arguments, "--server", service)

    def work():
        portrait = tmp_path / "portrait"
        portrait.write_bytes(b"face")
        done = run("submit", portrait, video, "--watch", "--key", "k")
        assert (done.code, done.out.startswith("job_")) == (0, True)
        assert "succeeded" in done.err
        id = done.out.strip()
        assert id in run("list").out
        assert json.loads(run("show", id).out)["status"] == "succeeded"
        saved = run("output", id, "-o", tmp_path / "out.txt")
        assert saved.code == 0
        assert (tmp_path / "out.txt").read_bytes() == TEXT.upper()
        assert "succeeded" in run("cancel", id).err
        assert run("resume", id).code == 3
        assert run("delete", id).code == 0
        assert run("show", id).code == 3
        failing = ("submit", portrait, video, "--options", '{"fail": "for_good"}', "--watch")
        failed = run(*failing)
        assert failed.code == 1
        assert "no_face_in_target" in failed.err
        refused = run("submit", portrait, video, "--webhook", "https://example.com/hook")
        assert refused.code == 3
        assert "SEMBLANT_WEBHOOK_SECRETS" in refused.words

    await asyncio.to_thread(work)


def test_a_job_knows_whether_it_has_ended():
    body = {"id": NOBODY, "stage": "done", "percent": 0.0, "created": "", "error": None}
    ended = [Job(**body, status=s, report=None, document={}).final for s in ("failed", "queued")]
    assert ended == [True, False]
