"""Images as containers: a read-only root of their own files, their user, a first process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.waiting import blocking_until
from tools.images.__main__ import version
from tools.images.build import name_of
from tools.images.buildah import configuration, exists, missing

DATA = "/var/lib/semblant"


def why_not(part: str) -> str:
    """Return why an image cannot be run here; empty if it can."""
    if reason := missing():
        return reason
    if os.geteuid() != 0:
        return "only root may enter an image"
    if subprocess.run(("unshare", "--mount", "--pid", "--fork", "true"), check=False).returncode:
        return "this machine allows no namespaces"
    image = name_of(part, version())
    return "" if exists(image) else f"{image} is not built: `make images`"


@cache
def config(part: str) -> dict[str, Any]:
    return configuration(name_of(part, version()))


@dataclass
class Container:
    """A running container: the process that waits for it, and what it prints."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def first(self) -> int:
        """The machine's number of the container's first process."""

        def child() -> int | None:
            assert self.process.poll() is None, self.log.read_text()
            pid = self.process.pid
            found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            return int(found[0]) if found else None

        pid: int = blocking_until(child)
        return pid

    def processes(self) -> list[int]:
        """Return the machine's numbers of all processes inside."""
        inside = os.readlink(f"/proc/{self.first}/ns/pid")
        found = []
        for entry in Path("/proc").iterdir():
            with suppress(OSError):  # it may end while it is looked at
                if entry.name.isdigit() and os.readlink(entry / "ns/pid") == inside:
                    found.append(int(entry.name))
        return found

    def zombies(self) -> list[int]:
        return [pid for pid in self.processes() if status(pid).get("State", "").startswith("Z")]

    def memory_mb(self) -> float:
        """Return the memory of all processes inside; of shared pages each counts its part."""
        found = 0
        for pid in self.processes():
            with suppress(OSError):
                for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                    if line.startswith("Pss:"):
                        found += int(line.split()[1])
        return found * 1024 / 1e6

    def stop(self, limit_s: float = 90) -> int:
        """Ask the first process to end, as an engine does; return the exit status."""
        if self.process.poll() is None:
            os.kill(self.first, signal.SIGTERM)
        return self.process.wait(limit_s)


def status(pid: int) -> dict[str, str]:
    """Return a process's entries in /proc; none once it has ended."""
    with suppress(OSError):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return {}


@contextmanager
def container(
    part: str,
    root: Path,
    log: Path,
    *,
    command: Sequence[str] | None = None,
    environment: Mapping[str, str] | None = None,
    data: Path | None = None,
) -> Iterator[Container]:
    """Run an image for the time of the block: its entrypoint, with its own or another command.

    Its files in `root` are not changed, so several containers may share them.
    """
    settings = config(part)
    user, group = map(int, settings["User"].split(":"))
    own = dict(entry.split("=", 1) for entry in settings["Env"])
    with tempfile.TemporaryDirectory() as folder:
        spec = {
            "root": str(root),
            "binds": {str(data): DATA} if data else {},
            "folder": settings["WorkingDir"],
            "user": user,
            "group": group,
            "environment": own | dict(environment or {}),
            "command": [*settings["Entrypoint"], *(command or settings["Cmd"])],
        }
        path = Path(folder) / "spec.json"
        path.write_text(json.dumps(spec))
        enter = (sys.executable, "-I", str(Path(__file__).with_name("enter.py")), str(path))
        with log.open("ab") as stream:
            process = subprocess.Popen(
                ("unshare", "--mount", "--pid", "--fork", "--kill-child", *enter),
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
            )
        made = Container(process, log)
        try:
            yield made
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
