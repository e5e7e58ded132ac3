"""Which engine of jobs the settings make, and that it begins and ends with the service."""

import subprocess
import sys

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
    make_jobs(Settings(data_dir=tmp_path / "new"), FakeWork(), fake_services().metrics)
    assert not (tmp_path / "new").exists()


def test_pictures_alone_need_no_database():
    """Importing databases and migrations takes most of a second of every command."""
    code = (
        "import semblant.in_process, sys; print({'sqlalchemy', 'dbos', 'alembic'} & {*sys.modules})"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"
