"""Reading the server's log for the lines that say why it failed."""

from __future__ import annotations

import re
from pathlib import Path

# Said on every machine without a GPU; never the reason of a failure there.
_NOISE = re.compile(
    r"CUDA driver|CudaDriverHelper|\bNVML\b|\bDCGM\b|pinned (?:system )?memory|CUDA memory|"
    r"GPU metrics|compute capability"
)
_LEVEL = re.compile(r"^[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+ \d+ ")
_ERROR = re.compile(r"^[EF]\d{4} |^error: |Error\b|^Traceback|loading shared libraries")
_PORT_TAKEN = re.compile(r"already in use|failed to start (?:GRPC|HTTP|Metrics) service", re.I)

_MOST_LINES = 12
_MOST_BYTES = 256 * 1024


def read_tail(path: Path) -> str:
    """Return the end of the log, at most 256 kB; empty when there is none."""
    try:
        with path.open("rb") as log:
            log.seek(0, 2)
            log.seek(max(0, log.tell() - _MOST_BYTES))
            return log.read().decode("utf-8", "replace")
    except OSError:
        return ""


def error_lines(text: str) -> str:
    """Return what the server itself said about its failure.

    Args:
        text: The log, or its end.

    Returns:
        At most twelve lines, oldest first, without time stamps, harmless messages about a missing
        GPU and repetitions; the plain end of the log when no line looks like an error.
    """
    entries = _entries(text)
    errors = [entry for entry in entries if _ERROR.search(entry) and not _NOISE.search(entry)]
    chosen = errors or [entry for entry in entries if not _NOISE.search(entry)]
    plain = dict.fromkeys(_without_prefix(entry) for entry in chosen)
    lines = "\n".join(plain).splitlines()
    return "\n".join(lines[-_MOST_LINES:])


def port_was_taken(text: str) -> bool:
    """Return whether the log says that another program got the port first."""
    return bool(_PORT_TAKEN.search(text))


def _entries(text: str) -> list[str]:
    """Join continuation lines (tracebacks, quoted messages) with the line they belong to."""
    entries: list[str] = []
    for line in text.splitlines():
        if not line.strip() or line.startswith(("+-", "| ")):
            continue
        continues = entries and not _LEVEL.match(line) and not line.startswith("error: ")
        if continues:
            entries[-1] += "\n" + line
        else:
            entries.append(line)
    return entries


def _without_prefix(entry: str) -> str:
    """Drop `E1123 12:00:00.000000 123 file.cc:1] ` and the quotes around the message."""
    message = _LEVEL.sub("", entry).partition("] ")[2] if _LEVEL.match(entry) else entry
    return message.strip().strip('"')
