"""Starting, watching and ending an embedded Triton server."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from gateway.errors import InferenceUnavailable
from semblant_triton.environment import TritonEnvironment, find_environment
from semblant_triton.log import error_lines, port_was_taken, read_tail

_HOST = "127.0.0.1"
_POLL_S = 0.025
_PORT_ATTEMPTS = 4
_SUPERVISOR = Path(__file__).with_name("supervisor.py")


@dataclass(frozen=True, slots=True)
class Ports:
    """TCP ports on the loopback address.

    Attributes:
        http: KServe v2 over HTTP.
        grpc: KServe v2 over gRPC.
        metrics: Prometheus text under /metrics.
    """

    http: int
    grpc: int
    metrics: int

    @classmethod
    def free(cls) -> Ports:
        """Return three ports that are free now; another program may still bind them first."""
        with contextlib.ExitStack() as held:
            numbers = []
            for _ in range(3):
                listener = held.enter_context(socket.socket())
                listener.bind((_HOST, 0))
                numbers.append(listener.getsockname()[1])
            return cls(*numbers)


class EmbeddedTriton:
    """A Triton server on this machine, as a context manager.

    It listens on the loopback address only, in processes that end with ours, however ours ends.
    Entering blocks until every model is ready; call it from a thread where an event loop is
    running. One instance can be started again after `stop`, on the same ports.

    Args:
        model_repository: Folder of the models.
        environment: Virtual environment created from `requirements/triton.txt`.
        models: Names to load; None loads every folder of the repository.
        ports: Fixed ports; None chooses free ones.
        ready_timeout_s: Seconds until every model must be ready.
        exit_timeout_s: Seconds running requests get when stopping; then the server is killed.
        auto_complete: Let the server start each model once more to complete its configuration;
            off, as our configurations are complete and it doubles the start-up time.
        log_verbose: Triton's verbose log level, 0 = off.
    """

    def __init__(
        self,
        model_repository: Path,
        environment: Path,
        *,
        models: Sequence[str] | None = None,
        ports: Ports | None = None,
        ready_timeout_s: float = 60.0,
        exit_timeout_s: float = 5.0,
        auto_complete: bool = False,
        log_verbose: int = 0,
    ) -> None:
        self._repository = model_repository
        self._venv = environment
        self._models = models
        self._ports = ports
        self._ports_are_fixed = ports is not None
        self._ready_timeout_s = ready_timeout_s
        self._exit_timeout_s = exit_timeout_s
        self._auto_complete = auto_complete
        self._log_verbose = log_verbose
        self._run_dir: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self.startup_s = 0.0
        """Seconds the last start took."""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def ports(self) -> Ports:
        """The ports the server listens on; known once started."""
        if self._ports is None:
            raise RuntimeError("the server has not been started")
        return self._ports

    @property
    def grpc_url(self) -> str:
        """host:port of the gRPC endpoint."""
        return f"{_HOST}:{self.ports.grpc}"

    @property
    def http_url(self) -> str:
        """URL of the HTTP endpoint."""
        return f"http://{_HOST}:{self.ports.http}"

    @property
    def metrics_url(self) -> str:
        """URL of the Prometheus metrics."""
        return f"http://{_HOST}:{self.ports.metrics}/metrics"

    @property
    def log_path(self) -> Path | None:
        """The server's log while it runs, or after it failed."""
        return self._run_dir / "triton.log" if self._run_dir else None

    @property
    def server_pid(self) -> int | None:
        """Process (and process group) id of `tritonserver`; None when it does not run."""
        if not self.is_alive() or self._run_dir is None:
            return None
        with contextlib.suppress(OSError, ValueError):
            return int((self._run_dir / "pid").read_text())
        return None

    def is_alive(self) -> bool:
        """Return whether the server's processes are there; they may still not answer."""
        return self._process is not None and self._process.poll() is None

    def error_text(self) -> str:
        """Return the server's own last words; empty when it said nothing wrong."""
        return error_lines(read_tail(self.log_path)) if self.log_path else ""

    def start(self, *, give_up: threading.Event | None = None) -> None:
        """Start the server and wait until every model is ready.

        Args:
            give_up: Ends the waiting when set, as a signal handler does.

        Raises:
            PlatformUnsupported: if the packaged server cannot run here.
            SetupIncomplete: if its environment or a file of it is missing.
            InferenceUnavailable: if it failed or was not ready in time; holds its own error text
                and the path of its log.
        """
        if self.is_alive():
            return
        self.stop()
        began = time.monotonic()
        environment = find_environment(self._venv)
        for attempt in range(1, _PORT_ATTEMPTS + 1):
            if self._ports is None or not self._ports_are_fixed:
                self._ports = Ports.free()
            try:
                self._launch(environment)
                self._wait_until_ready(began + self._ready_timeout_s, give_up)
                break
            except _PortTaken as taken:
                self.stop()
                if self._ports_are_fixed or attempt == _PORT_ATTEMPTS:
                    raise InferenceUnavailable(str(taken)) from None
            except BaseException:
                # Also on Ctrl-C while waiting. The log stays for the reader of the error.
                self._end_processes()
                if self._run_dir is not None:
                    shutil.rmtree(self._run_dir / "backends", ignore_errors=True)
                raise
        # A restart must find the server where its clients know it.
        self._ports_are_fixed = True
        self.startup_s = time.monotonic() - began

    def stop(self) -> None:
        """End the server and remove its files; calling it again is fine."""
        self._end_processes()
        if self._run_dir is not None:
            shutil.rmtree(self._run_dir, ignore_errors=True)
            self._run_dir = None

    def restart(self) -> None:
        """Stop all remaining server processes and start the server on the same ports.

        Raises:
            SemblantError: as `start`.
        """
        self.stop()
        self.start()

    def _launch(self, environment: TritonEnvironment) -> None:
        self._run_dir = run_dir = Path(tempfile.mkdtemp(prefix="semblant-triton-"))
        environment.lay_out_backends(run_dir / "backends")
        shm_prefix = f"semblant_pb_{os.getpid()}_{secrets.token_hex(4)}_"
        spec = {
            "command": self._command(environment, run_dir, shm_prefix),
            "log": str(run_dir / "triton.log"),
            "pid_file": str(run_dir / "pid"),
            "run_dir": str(run_dir),
            "shm_prefix": shm_prefix,
            "exit_timeout_s": self._exit_timeout_s,
            "parent": os.getpid(),
        }
        (run_dir / "spec.json").write_text(json.dumps(spec))
        with (run_dir / "supervisor.log").open("wb") as complaints:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_SUPERVISOR), str(run_dir / "spec.json")],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=complaints,
                env=environment.variables(),
                start_new_session=True,  # Ctrl-C in a terminal is for us; we then stop it
            )

    def _command(self, environment: TritonEnvironment, run_dir: Path, shm_prefix: str) -> list[str]:
        ports = self.ports
        command = [
            str(environment.binary),
            f"--model-repository={self._repository.resolve()}",
            f"--backend-directory={run_dir / 'backends'}",
            # Python-based backends read the settings of the Python backend under either name.
            f"--backend-config=python,shm-region-prefix-name={shm_prefix}",
            f"--backend-config=onnxruntime,shm-region-prefix-name={shm_prefix}",
            f"--http-address={_HOST}",
            f"--http-port={ports.http}",
            f"--grpc-address={_HOST}",
            f"--grpc-port={ports.grpc}",
            f"--metrics-address={_HOST}",
            f"--metrics-port={ports.metrics}",
            "--reuse-http-port=false",
            "--reuse-grpc-port=false",
            # Clients ping idle connections to notice a dead peer; by default that is punished.
            "--grpc-keepalive-permit-without-calls=1",
            "--grpc-http2-min-recv-ping-interval-without-data=5000",
            "--model-load-thread-count=4",
            f"--exit-timeout-secs={max(1, round(self._exit_timeout_s))}",
            f"--log-verbose={self._log_verbose}",
        ]
        if self._models is None:
            command.append("--model-control-mode=none")
        else:
            command.append("--model-control-mode=explicit")
            command += [f"--load-model={name}" for name in self._models]
        if not self._auto_complete:
            command.append("--disable-auto-complete-config")
        return command

    def _wait_until_ready(self, until: float, give_up: threading.Event | None) -> None:
        assert self._process is not None
        while not self._answers_ready():
            if self._process.poll() is not None:
                raise self._failure(f"Triton ended with status {self._process.returncode}")
            if time.monotonic() > until:
                raise self._failure(f"Triton was not ready within {self._ready_timeout_s:g} s")
            if give_up is not None and give_up.is_set():
                raise InferenceUnavailable("Triton was stopped before it was ready")
            time.sleep(_POLL_S)

    def _answers_ready(self) -> bool:
        connection = http.client.HTTPConnection(_HOST, self.ports.http, timeout=1.0)
        try:
            connection.request("GET", "/v2/health/ready")
            if connection.getresponse().status != http.HTTPStatus.OK:
                return False
            # Of the three services the metrics come last, some 50 ms after HTTP.
            socket.create_connection((_HOST, self.ports.metrics), timeout=1.0).close()
        except (OSError, http.client.HTTPException):
            return False
        else:
            return True
        finally:
            connection.close()

    def _failure(self, what: str) -> Exception:
        log = read_tail(self.log_path) if self.log_path else ""
        text = f"{what}: {error_lines(log) or 'it said nothing'} (log: {self.log_path})"
        return _PortTaken(text) if port_was_taken(log) else InferenceUnavailable(text)

    def _end_processes(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        with contextlib.suppress(OSError):  # it may have ended already
            process.stdin.write(b"q")
            process.stdin.flush()
        try:
            # The supervisor kills after the exit timeout; beyond that it is stuck itself.
            process.wait(self._exit_timeout_s + 10)
        except subprocess.TimeoutExpired:
            process.kill()  # its death kills the server
            process.wait()
        finally:
            with contextlib.suppress(OSError):
                process.stdin.close()


class _PortTaken(Exception):
    """Another program got one of the chosen ports first."""
