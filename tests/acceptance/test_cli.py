"""The command line as a user calls it: the installed program, real networks, real portraits."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from gateway.paths import PROJECT_ROOT
from tests.integration.portraits import FACES, paths
from tests.unit.http.app import black, saved
from tests.waiting import blocking_until

pytestmark = pytest.mark.models

PROGRAM = Path(sys.executable).with_name("semblant")


def semblant(*arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    command = [str(argument) for argument in (PROGRAM, *arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done


@contextmanager
def started(log: Path, *arguments: object, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """Run a command meanwhile; stdout is a pipe, stderr goes to a file."""
    command = [str(argument) for argument in (PROGRAM, *arguments)]
    with (
        log.open("w") as stderr,
        subprocess.Popen(
            command,
            cwd=PROJECT_ROOT,
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        ) as process,
    ):
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(30)


def changed(path: Path) -> np.ndarray:
    """Return how much each pixel of the astronaut's portrait has changed."""
    with Image.open(paths()["astronaut"]) as before, Image.open(path) as after:
        assert after.size == before.size
        pixels = [np.asarray(picture.convert("RGB")).astype(int) for picture in (before, after)]
    return np.abs(pixels[1] - pixels[0]).mean(2)


def check_swapped(path: Path) -> None:
    (x, y), width = FACES["astronaut"]
    reach = round(width / 4)
    difference = changed(path)
    assert difference[y - reach : y + reach, x - reach : x + reach].mean() > 5
    assert difference[-100:].max() == 0


@pytest.fixture
def pair() -> list[Path]:
    """A source and a target."""
    return [paths()["hopper"], paths()["astronaut"]]


def test_a_swap_here(pair, tmp_path):
    output = tmp_path / "new" / "result.png"
    done = semblant("swap", *pair, "--output", output)
    assert done.stdout == f"{output}\n"
    assert "1 of 1 faces swapped" in done.stderr
    check_swapped(output)


def test_the_faces_of_a_picture(pair, tmp_path):
    drawn = tmp_path / "drawn.png"
    done = semblant("faces", pair[0], "--json", "--draw", drawn)
    (face,) = json.loads(done.stdout)["faces"]
    (x, y), width = FACES["hopper"]
    assert face["box"]["left"] < x < face["box"]["right"]
    assert face["box"]["top"] < y < face["box"]["bottom"]
    assert face["quality"]["width_px"] == pytest.approx(width, abs=5)
    with Image.open(drawn) as drawing, Image.open(pair[0]) as picture:
        assert drawing.size == picture.size


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _wait_until_ready(process: subprocess.Popen[str], address: str, log: Path) -> None:
    def ready() -> bool:
        assert process.poll() is None, log.read_text()
        try:
            return httpx.get(f"{address}/readyz").status_code == 200
        except httpx.TransportError:
            return False

    blocking_until(ready, otherwise=log.read_text)


def test_a_swap_by_a_server_of_ours(pair, tmp_path):
    log, port, output = tmp_path / "log", _free_port(), tmp_path / "result.png"
    address = f"http://127.0.0.1:{port}"
    serve = ("serve", "--backend", "local", "--port", port)
    with started(log, *serve, SEMBLANT_SHUTDOWN_GRACE_S="0") as process:
        _wait_until_ready(process, address, log)
        done = semblant("swap", *pair, "-q", "-o", output, "--server", address)
        assert (done.stdout, done.stderr) == (f"{output}\n", "")
        check_swapped(output)
        (tmp_path / "black.png").write_bytes(saved(black()))
        told = semblant(
            "swap", pair[0], tmp_path / "black.png", "-o", output, "--server", address, code=3
        )
        assert "no_face_in_target" in told.stderr
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0, log.read_text()
    assert "Traceback" not in log.read_text()


def _descendants(pid: int) -> set[int]:
    found = set()
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (task / "children").read_text().split()):
            found |= {child} | _descendants(child)
    return found


@pytest.mark.server
def test_triton_by_itself_leaves_nothing_when_interrupted(tmp_path):
    with started(tmp_path / "log", "triton") as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("Triton is ready"), (
            tmp_path / "log"
        ).read_text()
        told = dict(process.stdout.readline().split() for _ in range(4))
        assert httpx.get(f"{told['HTTP']}/v2/health/ready").status_code == 200
        children = _descendants(process.pid)
        assert children
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0, (tmp_path / "log").read_text()
    assert not [pid for pid in children if Path(f"/proc/{pid}").exists()]
    assert (tmp_path / "log").read_text() == ""
