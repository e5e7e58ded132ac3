"""Which engine of jobs the settings make, and that it begins and ends with the service."""

from gateway.jobs.testing import FakeWork
from gateway.serving.jobs import make_jobs
from gateway.serving.services import running
from gateway.serving.testing import fake_services
from gateway.settings import Settings
from tests.unit.http.app import client
from tests.unit.http.jobs import TEXT, ended, form


async def test_jobs_begin_and_end_with_the_service(tmp_path):
    services = fake_services(job_execution="embedded", data_dir=tmp_path)
    async with running(services), client(services) as http:
        job = await ended(http, (await http.post("/v1/jobs", files=form())).json())
        assert (await http.get(job["urls"]["output"])).content == TEXT.upper()
    assert services.intake.admitted == 0


def test_nothing_is_made_before_the_start(tmp_path):
    services = fake_services()
    assert make_jobs(Settings(job_execution="disabled"), FakeWork(), services.metrics) is None
    made = make_jobs(Settings(data_dir=tmp_path / "new"), FakeWork(), services.metrics)
    assert made is not None
    assert not (tmp_path / "new").exists()
