"""Calls of buildah, which needs neither daemon nor kernel namespaces with these flags."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

PROGRAM = ("buildah", "--storage-driver=vfs")


class BuildFailed(Exception):
    """A program failed; the message is the end of what it printed."""


class NoBase(BuildFailed):
    """Nothing to build on: no mirror of Debian answers, or what asks it is not installed."""


def missing() -> str:
    """Return why images cannot be built here; empty if they can."""
    return "" if shutil.which("buildah") else "buildah is not installed"


def run(command: Sequence[str], *, log: Path | None = None) -> str:
    """Run a program and return its output.

    Args:
        command: Program and arguments.
        log: File that output and errors are appended to.

    Raises:
        BuildFailed: it ended with another status than 0.
    """
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if log is not None:
        with log.open("a", encoding="utf-8") as stream:
            stream.write(done.stdout + done.stderr)
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines()[-15:]
        raise BuildFailed("\n".join((f"{command[0]} failed:", *words)))
    return done.stdout


def buildah(*arguments: str, log: Path | None = None) -> str:
    """Run buildah and return its output, without white space around it.

    Raises:
        BuildFailed: it ended with another status than 0.
    """
    return run((*PROGRAM, *arguments), log=log).strip()


def exists(image: str) -> bool:
    """Return whether an image of this name is in the local store."""
    command = (*PROGRAM, "inspect", "--type=image", image)
    done = subprocess.run(command, capture_output=True, check=False)
    return done.returncode == 0


def identity(image: str) -> str:
    """Return the store's identifier of the image of this name; empty if there is none."""
    return buildah("images", "--quiet", "--no-trunc", image) if exists(image) else ""


def configuration(image: str) -> dict[str, Any]:
    """Return the image's configuration (`User`, `Entrypoint`, `Cmd`, `Env`, `Labels`)."""
    inspected = json.loads(buildah("inspect", "--type=image", image))
    found: dict[str, Any] = inspected["OCIv1"]["config"]
    return found
