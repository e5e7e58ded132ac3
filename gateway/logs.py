"""How the service logs: lines of text for people, or one JSON object a line for machines.

A record's own fields are given as `extra={"fields": {...}}`, so that both formats can show them.
"""

from __future__ import annotations

import logging
from typing import Any, Literal

from gateway.telemetry.log_scope import scope_fields

LogFormat = Literal["text", "json"]
_TEXT = "%(asctime)s %(levelname)s %(name)s %(message)s"


OURS = ("gateway", "semblant", "semblant_triton", "uvicorn")
"""Loggers that may say all they have to say."""
_SILENT = ("opentelemetry", "python_multipart")
"""One complains of every batch that a collector does not take, as `ComplainingExporter` does at
times; the other quotes bytes of bodies, whose faults are their senders'."""


def configure(level: str, format: LogFormat) -> None:
    """Let the process log to its standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(formatter(format))
    logging.basicConfig(handlers=[handler])
    set_levels(level)


def set_levels(level: str) -> None:
    """Let our loggers say what is at least that severe, and those of libraries only warnings.

    Below that, libraries tell what they are given: Pillow what is written in a picture, httpx whole
    addresses, httpcore headers. That is our callers', and for no log.
    """
    least = logging.getLevelNamesMapping()[level.upper()]
    logging.getLogger().setLevel(max(least, logging.WARNING))
    for name in OURS:
        logging.getLogger(name).setLevel(least)
    for name in _SILENT:
        logging.getLogger(name).setLevel(logging.CRITICAL)


def formatter(format: LogFormat) -> logging.Formatter:
    """Return the formatter of a format."""
    if format == "text":
        return TextFormatter(_TEXT)
    from pythonjsonlogger.json import JsonFormatter  # noqa: PLC0415 - a client needs none

    class Fields(JsonFormatter):
        """JSON with the record's own fields at the top level."""

        def add_fields(
            self,
            log_data: dict[str, Any],
            record: logging.LogRecord,
            message_dict: dict[str, Any],
        ) -> None:
            """Add the fields of a record."""
            super().add_fields(log_data, record, message_dict)
            log_data.pop("color_message", None)  # uvicorn's, for terminals
            own = log_data.pop("fields", None) or {}
            log_data.update(scope_fields() | own)

    return Fields(
        "%(asctime)s %(levelname)s %(name)s %(message)s",
        rename_fields={"asctime": "time", "levelname": "level", "name": "logger"},
        datefmt="%Y-%m-%dT%H:%M:%S%z",
    )


class TextFormatter(logging.Formatter):
    """Text, followed by the record's own fields as `name=value`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines of a record."""
        fields: dict[str, Any] = getattr(record, "fields", {})
        line = super().format(record)
        if not fields:
            return line
        head, newline, trace = line.partition("\n")
        return " ".join((head, *(f"{k}={_shown(v)}" for k, v in fields.items()))) + newline + trace


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return ",".join(f"{name}:{one}" for name, one in value.items())
    return str(value)
