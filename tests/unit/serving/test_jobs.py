"""Which engine of jobs the settings make, and that it begins and ends with the service."""

from gateway.serving.jobs import make_jobs, make_work
from gateway.serving.services import running
from gateway.serving.testing import fake_services
from gateway.settings import Settings
from tests.unit.http.app import client
from tests.unit.http.jobs import TEXT, ended, form
from tests.unit.http.problem import checked


async def test_jobs_begin_and_end_with_the_service(tmp_path):
    services = fake_services(jobs="inside", data_dir=tmp_path)
    async with running(services), client(services) as http:
        job = await ended(http, (await http.post("/v1/jobs", files=form())).json())
        assert (await http.get(job["urls"]["output"])).content == TEXT.upper()
    assert services.intake.admitted == 0


async def test_as_long_as_there_is_nothing_to_make_orders_are_refused(tmp_path):
    services = fake_services(jobs="outside", data_dir=tmp_path, work=make_work())
    async with running(services), client(services) as http:
        checked(await http.post("/v1/jobs", files=form()), "setup_incomplete")


def test_nothing_is_made_before_the_start(tmp_path):
    services = fake_services()
    assert make_jobs(Settings(jobs="off"), make_work(), services.metrics) is None
    made = make_jobs(Settings(data_dir=tmp_path / "new"), make_work(), services.metrics)
    assert made is not None
    assert not (tmp_path / "new").exists()
