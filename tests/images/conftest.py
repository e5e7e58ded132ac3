"""A service of containers: gateway, worker and Triton on CPUs."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from gateway.paths import PROJECT_ROOT
from tests.acceptance.service import free_port
from tests.images.containers import DATA, Container, config, container, why_not
from tests.waiting import blocking_until
from tools.images.__main__ import version
from tools.images.build import IMAGES, mounted, name_of

READY_S = 180  # the first start compiles kernels


@dataclass
class Service:
    """The parts of a service, which share a folder."""

    roots: dict[str, Path]
    data: Path
    ports: dict[str, int]
    figures: dict[str, float] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "NUMBA_CACHE_DIR": f"{DATA}/kernels",  # those of the gateway are the worker's, too
            "SEMBLANT_AUTH": "keys",
            "SEMBLANT_CPU_THREADS": "2",
            "SEMBLANT_GRPC_PORT": str(self.ports["rpc"]),
            "SEMBLANT_JOB_EXECUTION": "external",
            "SEMBLANT_PORT": str(self.ports["http"]),
            "SEMBLANT_PROTOCOLS": "both",
            "SEMBLANT_SHUTDOWN_GRACE_S": "1",
            "SEMBLANT_TRITON_URL": f"127.0.0.1:{self.ports['grpc']}",
            # Results are held against each other, and each has a watermark of its own.
            "SEMBLANT_WATERMARK": "off",
            "SEMBLANT_WATERMARK_LEAST": "off",
            "SEMBLANT_WORKER_PROBE_PORT": str(self.ports["probes"]),
        }

    @contextmanager
    def running(self, name: str, *command: str) -> Iterator[Container]:
        """Run the gateway's image with a command for the time of the block."""
        log = self.data.parent / f"{name}.log"
        given = {"command": command, "environment": self.environment, "data": self.data}
        with container("gateway", self.roots["gateway"], log, **given) as made:
            yield made

    def wait(self, made: Container, name: str, address: str) -> None:
        """Wait until a container answers that it is ready; note how long it took."""
        began = time.monotonic()

        def ready() -> bool:
            assert made.process.poll() is None, made.log.read_text()
            try:
                return httpx.get(address, timeout=5).status_code == 200
            except httpx.TransportError:
                return False

        blocking_until(ready, READY_S, otherwise=made.log.read_text)
        self.figures[f"{name}_ready_s"] = round(time.monotonic() - began, 1)
        self.figures[f"{name}_rest_mb"] = round(made.memory_mb())

    def key(self) -> str:
        """Return a new key, made by the image's command line."""
        command = ("semblant", "keys", "create", "--scope", "swap", "--scope", "jobs", "--json")
        with self.running("keys", *command) as made:
            assert made.process.wait(60) == 0, made.log.read_text()
            found: str = json.loads(made.log.read_text())["key"]
            return found


@pytest.fixture(scope="session")
def images() -> Iterator[dict[str, Path]]:
    """The folder of each image's files."""
    for part in IMAGES:
        if reason := why_not(part):
            pytest.skip(f"images cannot be run: {reason}")
    with ExitStack() as mounts:
        yield {part: mounts.enter_context(mounted(name_of(part, version()))) for part in IMAGES}


@pytest.fixture(scope="session")
def service(images, tmp_path_factory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("containers")
    data = folder / "data"
    data.mkdir()
    os.chown(data, 10001, 10001)
    names = ("http", "rpc", "probes", "triton", "grpc", "metrics")
    made = Service(images, data, {name: free_port() for name in names})
    yield made
    out = PROJECT_ROOT / "out" / "images"
    out.mkdir(parents=True, exist_ok=True)
    (out / "running.json").write_text(json.dumps(made.figures, indent=2, sort_keys=True) + "\n")


@pytest.fixture(scope="session")
def triton(service) -> Iterator[Container]:
    """Triton on CPUs, by its own command but for the ports."""
    ports = {8000: "triton", 8001: "grpc", 8002: "metrics"}

    def moved(found: re.Match[str]) -> str:
        return f"-port={service.ports[ports[int(found[1])]]}"

    command = [re.sub(r"-port=(\d+)$", moved, word) for word in config("triton-cpu")["Cmd"]]
    log = service.data.parent / "triton.log"
    with container("triton-cpu", service.roots["triton-cpu"], log, command=command) as made:
        address = f"http://127.0.0.1:{service.ports['triton']}/v2/health/ready"
        service.wait(made, "triton", address)
        yield made


@pytest.fixture(scope="session")
def gateway(service, triton) -> Iterator[Container]:
    """The gateway, by its own command."""
    with service.running("gateway") as made:
        service.wait(made, "gateway", f"http://127.0.0.1:{service.ports['http']}/readyz")
        yield made


@pytest.fixture(scope="session")
def key(service, gateway) -> str:
    found: str = service.key()
    return found
