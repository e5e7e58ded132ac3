"""This machine's settings of pip, for builds: as a secret and as folders, never in a layer."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

_LINE = re.compile(r"^(?P<section>:env:|[\w-]+)\.(?P<name>[\w.-]+)=(?P<value>'.*'|\".*\")$")
_ADDRESSES = ("index-url", "extra-index-url", "find-links")


def pip_settings(listing: str | None = None) -> dict[str, str]:
    """Return pip's settings, files and environment together.

    Args:
        listing: What `pip config list` prints; pip is asked if None.
    """
    if listing is None:
        command = (sys.executable, "-m", "pip", "config", "list")
        listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    files, environment = {}, {}
    for found in filter(None, map(_LINE.match, listing.splitlines())):
        value = str(ast.literal_eval(found["value"]))
        if found["section"] == ":env:":
            environment[found["name"]] = value
        elif found["section"] in ("global", "install", "download", "site"):
            files[found["name"]] = value
    return files | environment  # as pip has it, variables go first


def as_file(settings: Mapping[str, str]) -> str:
    """Return the text of a pip.conf with these settings."""
    rows = [f"{name} = {' '.join(value.split())}" for name, value in sorted(settings.items())]
    return "\n".join(("[global]", *rows, ""))


def mounts(settings: Mapping[str, str]) -> list[str]:
    """Return the files and folders of this machine that the settings name, sorted."""
    return sorted({str(path) for value in settings.values() for path in _paths(value)})


def traces(settings: Mapping[str, str]) -> list[str]:
    """Return what must not be found in an image: hosts and folders of package indexes."""
    found = set()
    for name in _ADDRESSES:
        for word in settings.get(name, "").split():
            address = urlsplit(word)
            found.add(address.hostname or unquote(address.path))
    return sorted(found - {"pypi.org", ""})


def _paths(value: str) -> Iterator[Path]:
    for word in value.split():
        address = urlsplit(word)
        if address.scheme not in ("", "file") or not address.path.startswith("/"):
            continue
        path = Path(unquote(address.path))
        # An index refers to files beside it.
        path = path.parent if path.name == "simple" else path
        if path.exists():
            yield path
