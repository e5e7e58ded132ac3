"""The command line in this process, as a shell would see it."""

import re
import sys
from dataclasses import dataclass

import pytest
import semblant.in_process
from semblant.cli import main

from gateway.serving.testing import fake_services

FRAME = re.compile(r"[\s│╭╮╰╯─]+")


@dataclass(frozen=True)
class Done:
    """What a command left: exit code, stdout, stderr."""

    code: int
    out: str
    err: str

    @property
    def words(self) -> str:
        """Everything that was said, without frames and line ends."""
        return FRAME.sub(" ", self.out + self.err)


class CommandLine:
    """Runs commands."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        self.made = []
        monkeypatch.setenv("NO_COLOR", "1")

    def __call__(self, *arguments: object) -> Done:
        self._monkeypatch.setattr(sys, "argv", ["semblant", *map(str, arguments)])
        self._capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
        return Done(code, *self._capsys.readouterr())

    def said_so_far(self) -> str:
        """Return what a command that still runs has written to the standard error."""
        return self._capsys.readouterr().err

    def over_fakes(self, **settings: object) -> None:
        """Let the commands that run here use fake networks; `made` keeps their settings."""

        def build(asked):
            self.made.append(asked)
            kept = {"request_deadline_s": asked.request_deadline_s}
            if settings.get("videos"):
                kept["job_execution"] = asked.job_execution
            return fake_services(**kept, **settings)

        self._monkeypatch.setattr(semblant.in_process, "build_services", build)
