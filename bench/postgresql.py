"""A PostgreSQL of one's own: in a temporary folder, on a socket in it, as nobody special."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

_USER = "postgres"


class NotInstalled(RuntimeError):
    """PostgreSQL's programs are not there."""


class PostgreSQL:
    """A server that can be stopped and started.

    Raises:
        NotInstalled: its programs are not there.
    """

    def __init__(self) -> None:
        programs = _programs()
        if programs is None:
            raise NotInstalled("PostgreSQL's programs are not installed")
        self._programs = programs
        # The server refuses to run as root, and whoever it runs as must get to its folder.
        self._as: dict[str, Any] = {"user": _USER} if os.geteuid() == 0 else {}
        self._folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
        if self._as:
            shutil.chown(self._folder, _USER)
        self._data = self._folder / "data"
        self._run("initdb", "-D", self._data, "-U", _USER, "-A", "trust", "-E", "UTF8")
        self.start()

    @property
    def url(self) -> str:
        """Of its database `postgres`."""
        return f"postgresql://{_USER}@/postgres?host={self._folder}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-k {self._folder} -c listen_addresses= -c max_connections=200"
        log = self._folder / "log"
        self._run("pg_ctl", "-D", self._data, "-o", options, "-l", log, "-w", "start")

    def stop(self, mode: str = "immediate") -> None:
        """Stop it, without a farewell unless another mode is asked for."""
        self._run("pg_ctl", "-D", self._data, "-m", mode, "-w", "stop")

    def remove(self) -> None:
        """Stop it and remove its files."""
        self.stop()
        shutil.rmtree(self._folder)

    def new_database(self, name: str) -> str:
        """Make an empty database; return its URL."""
        self._run("createdb", "-h", self._folder, "-U", _USER, name)
        return self.url.replace("/postgres?", f"/{name}?")

    def copied(self, url: str, name: str) -> str:
        """Save a database and restore it under another name; return the URL of that."""
        file = self._folder / f"{name}.dump"
        self._run("pg_dump", "--format=custom", f"--file={file}", url)
        made = self.new_database(name)
        self._run("pg_restore", "--exit-on-error", "--no-owner", f"--dbname={made}", file)
        return made

    def _run(self, program: str, *arguments: object) -> None:
        command = [str(self._programs / program), *map(str, arguments)]
        done = subprocess.run(
            command,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd="/",
            timeout=60,
            **self._as,
        )
        assert done.returncode == 0, done.stderr.decode()


def _programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    path = str(found[0]) if found else shutil.which("initdb")
    return Path(path).parent if path else None
