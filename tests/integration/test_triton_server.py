"""Starting and ending the embedded server: readiness, failures, and nothing left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from semblant_triton.launcher import EmbeddedTriton, Ports

from gateway.errors import InferenceUnavailable, SetupIncomplete
from gateway.paths import PROJECT_ROOT
from tests.integration.tiny_repository import write_repository
from tests.waiting import blocking_until

pytestmark = pytest.mark.server

VENV = PROJECT_ROOT / ".venv-triton"

# A program like ours: it starts the server, tells where it is, and lives on.
PROGRAM = """
import signal, sys
from pathlib import Path
from semblant_triton.launcher import EmbeddedTriton
with EmbeddedTriton(Path(sys.argv[1]), Path(sys.argv[2]), exit_timeout_s=1) as triton:
    print(triton.log_path, triton.server_pid, flush=True)
    signal.pause()
"""
SERVE = """
import sys
from pathlib import Path
from semblant_triton.serve import serve_triton
serve_triton(Path(sys.argv[1]), Path(sys.argv[2]), tell=lambda line: print(line, flush=True))
"""


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    return write_repository(tmp_path_factory.mktemp("models"), ("add",))


def processes_of(run_dir: Path) -> list[str]:
    """Return the command lines that mention a run directory: supervisor, server, models."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                if str(run_dir) in line:
                    found.append(f"{entry.name} {line}")
    return found


def shared_memory_of(pid: int) -> list[Path]:
    return list(Path("/dev/shm").glob(f"semblant_pb_{pid}_*"))


def wait_until_gone(run_dir: Path, parent: int) -> None:
    def left():
        return [*processes_of(run_dir), *shared_memory_of(parent)]

    blocking_until(lambda: not left(), otherwise=lambda: f"left behind: {left()}")


@contextlib.contextmanager
def program(code: str, repository: Path):
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(repository), str(VENV)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=PROJECT_ROOT,
        start_new_session=True,
    )
    try:
        yield child
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.communicate()


def started(child) -> Path:
    """Return the run directory a program has told of."""
    line = child.stdout.readline()
    assert line, child.stderr.read()
    return Path(line.split()[0]).parent


def test_it_serves_on_loopback_and_leaves_nothing(repository):
    with EmbeddedTriton(repository, VENV) as triton:
        assert triton.startup_s < 30
        assert triton.is_alive()
        with urllib.request.urlopen(triton.metrics_url, timeout=5) as answer:
            assert b"nv_inference_request_success" in answer.read()
        addresses = listening_addresses(triton.server_pid)
        assert addresses
        # 127.0.0.1 in the kernel's notation; gRPC writes it as an IPv6 address.
        assert all(address.endswith("0100007F") for address in addresses)
        run_dir = triton.log_path.parent
        assert len(processes_of(run_dir)) == 3  # supervisor, server, one model
    assert not triton.is_alive()
    assert triton.server_pid is None
    assert not run_dir.exists()
    wait_until_gone(run_dir, os.getpid())
    triton.stop()


def listening_addresses(pid: int) -> set[str]:
    """Return the addresses, as /proc writes them, a process accepts connections on."""
    inodes = set()
    for handle in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            target = os.readlink(handle)
            if target.startswith("socket:["):
                inodes.add(target[8:-1])
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in inodes:
                found.add(fields[1].partition(":")[0])
    return found


def test_a_broken_model_is_told_in_the_servers_words(repository, tmp_path):
    broken = write_repository(tmp_path / "models", ("add",))
    (broken / "add" / "1" / "model.onnx").write_bytes(b"not a graph")
    triton = EmbeddedTriton(broken, VENV, exit_timeout_s=0.5)
    with pytest.raises(InferenceUnavailable) as caught:
        triton.start()
    words = caught.value.detail
    assert "failed to load 'add'" in words
    assert "model.onnx" in words
    assert "CUDA" not in words
    assert "NVML" not in words
    assert str(triton.log_path) in words
    assert triton.log_path.exists()
    triton.stop()


def test_a_config_that_does_not_fit_the_graph_is_told(tmp_path):
    wrong = write_repository(tmp_path, ("add",))
    config = wrong / "add" / "config.pbtxt"
    config.write_text(config.read_text().replace('"twice"', '"thrice"'))
    triton = EmbeddedTriton(wrong, VENV, exit_timeout_s=0.5)
    with pytest.raises(InferenceUnavailable, match="thrice"):
        triton.start()
    triton.stop()


def test_a_taken_port_is_told(repository):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ports = Ports(Ports.free().http, taken.getsockname()[1], Ports.free().metrics)
        triton = EmbeddedTriton(repository, VENV, ports=ports, exit_timeout_s=0.5)
        with pytest.raises(InferenceUnavailable, match=str(ports.grpc)):
            triton.start()


def test_a_lost_race_for_a_port_is_run_again(repository, monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        good, bad = Ports.free(), taken.getsockname()[1]
        offers = [Ports(good.http, bad, good.metrics), good]
        monkeypatch.setattr(Ports, "free", lambda: offers.pop(0))
        with EmbeddedTriton(repository, VENV, exit_timeout_s=0.5) as triton:
            assert triton.ports == good


def test_not_ready_in_time_ends_everything(repository):
    triton = EmbeddedTriton(repository, VENV, ready_timeout_s=0.01, exit_timeout_s=0.5)
    with pytest.raises(InferenceUnavailable, match=r"not ready within 0.01 s"):
        triton.start()
    run_dir = triton.log_path.parent
    wait_until_gone(run_dir, os.getpid())
    triton.stop()
    assert not run_dir.exists()


def test_only_named_models_are_loaded(tmp_path):
    two = write_repository(tmp_path, ("add", "single"))
    (two / "single" / "1" / "model.onnx").write_bytes(b"not a graph")
    with EmbeddedTriton(two, VENV, models=["add"], exit_timeout_s=0.5) as triton:
        assert triton.is_alive()


def test_a_missing_environment_names_the_command(repository, tmp_path):
    with pytest.raises(SetupIncomplete, match="semblant setup"):
        EmbeddedTriton(repository, tmp_path).start()


def test_nothing_survives_kill_9_of_the_parent(repository):
    with program(PROGRAM, repository) as child:
        run_dir = started(child)
        assert len(processes_of(run_dir)) == 3
        child.kill()
        wait_until_gone(run_dir, child.pid)
    assert not run_dir.exists()


def test_nothing_survives_kill_9_of_the_supervisor(repository):
    triton = EmbeddedTriton(repository, VENV, exit_timeout_s=0.5)
    triton.start()
    run_dir = triton.log_path.parent
    triton._process.kill()
    blocking_until(lambda: not processes_of(run_dir), otherwise=lambda: processes_of(run_dir))
    triton.stop()
    assert not shared_memory_of(os.getpid())


def test_nothing_survives_ctrl_c(repository):
    with program(PROGRAM, repository) as child:
        run_dir = started(child)
        os.killpg(child.pid, signal.SIGINT)  # what a terminal sends
        child.wait(20)
        assert not processes_of(run_dir)
        assert not shared_memory_of(child.pid)
    assert not run_dir.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serving_prints_the_endpoints_and_ends_on_a_signal(repository, number):
    with program(SERVE, repository) as child:
        lines = [child.stdout.readline() for _ in range(5)]
        assert "ready" in lines[0], child.stderr.read()
        assert [line.split()[0] for line in lines[1:]] == ["gRPC", "HTTP", "metrics", "log"]
        run_dir = Path(lines[4].split()[1]).parent
        os.killpg(child.pid, number)
        assert child.wait(20) == 0
        assert not processes_of(run_dir)
