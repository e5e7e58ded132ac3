"""Processes as a user starts them, and what is asked of them."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx

from gateway.paths import PROJECT_ROOT
from tests.waiting import blocking_until

T = TypeVar("T")

PROGRAM = Path(sys.executable).with_name("semblant")


@dataclass
class Gateway:
    """A running service."""

    process: subprocess.Popen[bytes]
    http: httpx.Client
    log: Path

    @property
    def triton_pid(self) -> int:
        """The `tritonserver` process: our process's only grandchild of that name."""
        found = self.find_triton()
        assert found is not None, "there is no server"
        return found

    def find_triton(self) -> int | None:
        """Return the process id of the `tritonserver`; None while there is none."""
        with suppress(OSError):  # a process may end while it is looked at
            for child in children(self.process.pid):
                for grandchild in children(child):
                    if b"tritonserver" in Path(f"/proc/{grandchild}/cmdline").read_bytes():
                        return grandchild
        return None

    def wait_until_ready(self, timeout_s: float = 60) -> None:
        """Wait until requests may be sent."""

        def ready() -> bool:
            assert self.process.poll() is None, self.log.read_text()
            try:
                return self.http.get("/readyz").status_code == 200
            except httpx.TransportError:
                return False

        until(ready, timeout_s, self.log)


def until(holds: Callable[[], T], timeout_s: float = 60, log: Path | None = None) -> T:
    """Return what a condition gives as soon as it holds."""
    found: T = blocking_until(holds, timeout_s, otherwise=lambda: log.read_text() if log else "")
    return found


def children(pid: int) -> list[int]:
    """Return the processes that a process has started."""
    return [
        int(child)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text().split()
    ]


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def running_gateway(folder: Path, *, port: int = 0, **settings: str) -> Iterator[Gateway]:
    """Run the service for the time of the block; it is ready."""
    log, port = folder / "log", port or free_port()
    environment = os.environ | {
        "SEMBLANT_PORT": str(port),
        "SEMBLANT_SHUTDOWN_GRACE_S": "0.5",
        "SEMBLANT_DATA_DIR": str(folder / "data"),
        "SEMBLANT_HEALTH_INTERVAL_S": "0.2",
        **settings,
    }
    with log.open("ab") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway.main"],
            cwd=PROJECT_ROOT,
            env=environment,
            stderr=stream,
        )
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as http:
        made = Gateway(process, http, log)
        try:
            made.wait_until_ready()
            yield made
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(40)
