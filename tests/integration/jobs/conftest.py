"""Processes that carry jobs out, and a database of each kind for them."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from bench.postgresql import NotInstalled, PostgreSQL
from gateway.jobs.execution.intervals import Intervals
from gateway.paths import PROJECT_ROOT


class Workers:
    """Worker processes of one test; none outlives it."""

    def __init__(self, folder: Path, url: str, pace: Intervals) -> None:
        self.folder, self.url, self.pace = folder, url, pace
        self._processes: list[subprocess.Popen] = []

    def start(self, **settings) -> subprocess.Popen:
        """Start one and wait until it takes jobs."""
        told = {"jobs_database_url": self.url, **settings}
        log = (self.folder / f"worker-{len(self._processes)}.log").open("wb")
        process = subprocess.Popen(
            [
                sys.executable,
                str(Path(__file__).with_name("worker.py")),
                str(self.folder),
                json.dumps(asdict(self.pace)),
                json.dumps(told),
            ],
            cwd=PROJECT_ROOT,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            stdout=subprocess.PIPE,
            stderr=log,
        )
        log.close()
        self._processes.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == b"running\n", self.logs()
        return process

    def logs(self) -> str:
        """Return what all of them have said."""
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("worker-*.log")))

    def end(self) -> None:
        """End all of them."""
        for process in self._processes:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait()
            process.stdout.close()


def kill(process: subprocess.Popen) -> None:
    """End a process as a crash does."""
    process.kill()
    process.wait()


@pytest.fixture(scope="session")
def server() -> Iterator[PostgreSQL]:
    try:
        made = PostgreSQL()
    except NotInstalled as missing:
        pytest.skip(str(missing))
    yield made
    made.remove()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path) -> str:
    """The URL of an empty database."""
    if request.param == "sqlite":
        return ""
    name = f"t{os.urandom(4).hex()}"
    return request.getfixturevalue("server").new_database(name)
