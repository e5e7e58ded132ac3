"""A small process between us and Triton, so that nothing of Triton outlives us.

Run as a script with nothing but the standard library. It starts the server in a process group
of its own, becomes the reaper of its orphaned processes (each Python model is a process), and ends
all of them on request, when our process has ended (for any reason), or when the server itself dies.
Then it removes the shared memory files the server may have left.

Protocol: argv[1] names a JSON file (see `Spec` in launcher.py); a byte on standard input, or
its end, means stop. The exit status is the server's.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_ORPHAN_GRACE_S = 2.0  # when our process is gone, no one waits for an answer any more
_REAP_S = 5.0


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def _die_with_supervisor() -> None:
    # The last line of defence: this process itself may be killed. It has one thread, so
    # running code between fork and exec is safe here (it would not be in the gateway).
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Supervisor:
    """Owns the server's process group from start to the last process."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self._spec = spec
        self._server = 0
        self._status: int | None = None
        self._kill_at: float | None = None
        self._orphaned = False

    def run(self) -> int:
        """Start the server, wait until it or our process ends; return its exit status."""
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)
        wake = self._listen_to_signals()
        parent = self._watch_parent()
        self._start()
        watched = [sys.stdin.fileno(), wake, *parent]
        while self._status is None:
            ready, _, _ = select.select(watched, [], [], self._patience())
            if wake in ready:
                self._heed_signals(os.read(wake, 64))
            for source in {*ready} - {wake}:
                deliberate = source == sys.stdin.fileno() and bool(os.read(source, 1))
                watched.remove(source)
                self._stop(orphaned=not deliberate)
            if self._kill_at is not None and time.monotonic() >= self._kill_at:
                self._kill_group()
            self._reap()
        self._sweep()
        return self._status if self._status >= 0 else 128 - self._status

    def _listen_to_signals(self) -> int:
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        signal.set_wakeup_fd(writing)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        return reading

    def _heed_signals(self, numbers: bytes) -> None:
        if signal.SIGTERM in numbers or signal.SIGINT in numbers:
            self._stop(orphaned=False)

    def _watch_parent(self) -> list[int]:
        # The end of standard input signals our process's death too, but not while a child
        # it forked still holds the other end.
        try:
            watch = [os.pidfd_open(self._spec["parent"])]
        except OSError:
            watch = []
        if os.getppid() != self._spec["parent"]:
            self._orphaned = True
        return watch

    def _start(self) -> None:
        if self._orphaned:
            self._status = 0
            return
        with open(self._spec["log"], "ab") as log:
            server = subprocess.Popen(
                self._spec["command"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                process_group=0,
                preexec_fn=_die_with_supervisor,  # noqa: PLW1509 - explained there
            )
        self._server = server.pid
        server.returncode = 0  # reaped below with all other descendants, not by `Popen`
        Path(self._spec["pid_file"]).write_text(str(server.pid))

    def _patience(self) -> float | None:
        return None if self._kill_at is None else max(0.0, self._kill_at - time.monotonic())

    def _stop(self, *, orphaned: bool) -> None:
        self._orphaned |= orphaned
        grace = _ORPHAN_GRACE_S if orphaned else self._spec["exit_timeout_s"]
        kill_at = time.monotonic() + grace
        if self._kill_at is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._server, signal.SIGTERM)
        self._kill_at = kill_at if self._kill_at is None else min(self._kill_at, kill_at)

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._server, signal.SIGKILL)
        self._kill_at = time.monotonic() + 1.0

    def _reap(self) -> bool:
        """Collect ended descendants; return whether any are left."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            if pid == self._server:
                self._status = os.waitstatus_to_exitcode(status)

    def _sweep(self) -> None:
        """End the server's remaining processes, and remove its files."""
        end = time.monotonic() + _REAP_S
        while self._server and self._reap() and time.monotonic() < end:
            self._kill_group()
            for pid in _children_of(os.getpid()):  # those that left the group
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)
        for region in Path("/dev/shm").glob(self._spec["shm_prefix"] + "*"):
            with contextlib.suppress(OSError):
                region.unlink()
        if self._orphaned:
            shutil.rmtree(self._spec["run_dir"], ignore_errors=True)


def _children_of(parent: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                # The second field, the program's name in brackets, may itself hold spaces.
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(fields[1]) == parent:
                    found.append(int(entry.name))
    return found


if __name__ == "__main__":
    sys.exit(Supervisor(json.loads(Path(sys.argv[1]).read_text())).run())
