"""The processes of a small cluster on this machine, each of which may be killed or frozen."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import httpx
from semblant_triton.launcher import EmbeddedTriton, Ports

from bench.figures import Figure
from bench.postgresql import NotInstalled, PostgreSQL
from bench.running import Run, started
from gateway.errors import InferenceUnavailable
from gateway.paths import PROJECT_ROOT
from gateway.settings import Settings

GATEWAYS, WORKERS, TRITONS = 2, 3, 2
BUCKET = "semblant-bench"
ATTEMPTS = 10
"""Of starting an inference server: where all cores are busy, one may take too long."""


class Victim(Protocol):
    """Something that faults happen to.

    Attributes:
        kind: What it is.
        freezes: Whether it can be frozen.
    """

    kind: str
    freezes: bool

    def kill(self, away_s: float) -> None:
        """End it as a crash does, and start it again after a while."""
        ...

    def freeze(self, seconds: float) -> None:
        """Let it do nothing for a while."""
        ...


class Process:
    """A process of the product."""

    freezes = True

    def __init__(self, kind: str, command: list[str], environment: dict[str, str]) -> None:
        self.kind, self._command, self._environment = kind, command, environment
        self._process = self._started()

    def kill(self, away_s: float) -> None:
        """End it as a crash does, and start it again after a while."""
        self._process.kill()
        self._process.wait()
        time.sleep(away_s)
        self._process = self._started()

    def freeze(self, seconds: float) -> None:
        """Let it do nothing for a while."""
        self._process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        self._process.send_signal(signal.SIGCONT)

    def restart(self) -> int:
        """Stop it as a rolling update does, and start it; return its exit status."""
        self._process.terminate()
        status = self._process.wait(120)
        self._process = self._started()
        return status

    def end(self) -> None:
        """Stop it for good."""
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _started(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "semblant", *self._command]
        return subprocess.Popen(command, cwd=PROJECT_ROOT, env=self._environment)


class Triton:
    """An inference server."""

    kind, freezes = "triton", True

    def __init__(self, settings: Settings, ports: Ports) -> None:
        self._triton = EmbeddedTriton(
            settings.model_repository, settings.triton_environment, ports=ports
        )
        self._triton.start()

    @property
    def url(self) -> str:
        """Of gRPC."""
        return self._triton.grpc_url

    def kill(self, away_s: float) -> None:
        """End it as a crash does, and start it again after a while."""
        os.kill(self._pid, signal.SIGKILL)
        time.sleep(away_s)
        self.restart()

    def freeze(self, seconds: float) -> None:
        """Let it do nothing for a while."""
        os.kill(self._pid, signal.SIGSTOP)
        time.sleep(seconds)
        os.kill(self._pid, signal.SIGCONT)

    def restart(self) -> None:
        """Stop it, and start it, again where it does not come up, as a cluster does."""
        for _ in range(ATTEMPTS):
            with suppress(InferenceUnavailable):
                self._triton.restart()
                return
        raise SystemExit("an inference server does not come back")

    def end(self) -> None:
        """Stop it for good."""
        self._triton.stop()

    @property
    def _pid(self) -> int:
        pid = self._triton.server_pid
        assert pid is not None
        return pid


class Database:
    """The database's server."""

    kind, freezes = "database", False

    def __init__(self, server: PostgreSQL) -> None:
        self._server = server

    def kill(self, away_s: float) -> None:
        """Stop it without a farewell, and start it again after a while."""
        self._server.stop("immediate")
        time.sleep(away_s)
        self._server.start()

    def freeze(self, seconds: float) -> None:
        """It is never frozen: it is many processes."""
        raise NotImplementedError


class Cluster:
    """Gateways, workers and inference servers over one database and one store."""

    def __init__(
        self,
        folder: Path,
        database: PostgreSQL,
        *,
        gateways: int = GATEWAYS,
        workers: int = WORKERS,
        tritons: int = TRITONS,
    ) -> None:
        self._folder, self._database = folder, database
        self._counts = gateways, workers, tritons
        self.addresses: list[str] = []
        """Of the gateways."""
        self.gateways: list[Process] = []
        self.workers: list[Process] = []
        self.tritons: list[Triton] = []

    def __enter__(self) -> Self:
        gateways, workers, tritons = self._counts
        settings = Settings()
        self.tritons = [Triton(settings, Ports.free()) for _ in range(tritons)]
        environment = (
            os.environ
            | {
                "SEMBLANT_LOG_LEVEL": "error",
                "SEMBLANT_SHUTDOWN_GRACE_S": "1",
                "SEMBLANT_BACKEND": "triton",
                "SEMBLANT_TRITON_URL": ",".join(one.url for one in self.tritons),
                "SEMBLANT_TRITON_ATTEMPT_S": "2",
                "SEMBLANT_TRITON_SHARED_MEMORY": "off",
                "SEMBLANT_JOBS_DATABASE_URL": self._database.url,
                "SEMBLANT_JOB_EXECUTION": "external",
                "SEMBLANT_SEGMENTS_CONCURRENCY": "1",
                # Results are held against each other, and each has a watermark of its own.
                "SEMBLANT_WATERMARK": "off",
                "SEMBLANT_WATERMARK_LEAST": "off",
                "SEMBLANT_TRUST_SECRET": secrets.token_hex(),
            }
            | self._store()
        )
        for _ in range(gateways):
            port = _free_port()
            self.addresses.append(f"http://127.0.0.1:{port}")
            command = ["serve", "--port", str(port)]
            self.gateways.append(Process("gateway", command, self._own(environment)))
            _wait_until_ready(self.addresses[-1])
        for _ in range(workers):
            self.workers.append(Process("worker", ["worker"], self._own(environment)))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        everybody: list[Process | Triton] = [*self.gateways, *self.workers, *self.tritons]
        ending = [threading.Thread(target=one.end) for one in everybody]
        for thread in ending:
            thread.start()
        for thread in ending:
            thread.join()

    @property
    def database_url(self) -> str:
        """Of the jobs' database."""
        return self._database.url

    @property
    def victims(self) -> list[Victim]:
        """All to whom faults may happen."""
        return [*self.gateways, *self.workers, *self.tritons, Database(self._database)]

    def _own(self, environment: dict[str, str]) -> dict[str, str]:
        """Give a process a folder of its own: nothing may be shared but database and store."""
        number = len(self.gateways) + len(self.workers)
        return environment | {"SEMBLANT_DATA_DIR": str(self._folder / f"data-{number}")}

    def _store(self) -> dict[str, str]:
        endpoint = os.environ.get("SEMBLANT_BENCH_S3")
        if not endpoint:
            store = self._folder / "store"
            store.mkdir()
            return {"SEMBLANT_OBJECT_STORE_URL": store.as_uri()}
        httpx.put(f"{endpoint}/{BUCKET}").raise_for_status()
        return {
            "SEMBLANT_OBJECT_STORE_URL": f"s3://{BUCKET}",
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
        }


@contextmanager
def cluster(
    *, gateways: int = GATEWAYS, workers: int = WORKERS, tritons: int = TRITONS
) -> Iterator[Cluster]:
    """Give a cluster with a database and folders of its own.

    Raises:
        NotInstalled: PostgreSQL's programs are not there.
    """
    counts = {"gateways": gateways, "workers": workers, "tritons": tritons}
    with tempfile.TemporaryDirectory() as folder:
        database = PostgreSQL()
        try:
            with Cluster(Path(folder), database, **counts) as made:
                yield made
        finally:
            database.remove()


def finish(name: str, measure: Callable[[Run], dict[str, Figure]]) -> None:
    """Run a bench on a cluster; leave it out where there is no PostgreSQL."""
    run = started(name)
    try:
        run.finish(measure(run))
    except NotInstalled as missing:
        print(f"left out: {missing}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_ready(address: str, limit_s: float = 120.0) -> None:
    until = time.monotonic() + limit_s
    while time.monotonic() < until:
        try:
            if httpx.get(f"{address}/readyz").is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise SystemExit("a gateway does not become ready")
