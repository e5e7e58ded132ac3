"""How the service logs: lines of text for people, or one JSON object a line for machines.

A record's own fields are given as `extra={"fields": {...}}`, so that both formats can show them.
"""

from __future__ import annotations

import logging
from typing import Any, Literal

from gateway.telemetry.log_scope import scope_fields

LogFormat = Literal["text", "json"]
_TEXT = "%(asctime)s %(levelname)s %(name)s %(message)s"


def configure(level: str, format: LogFormat) -> None:
    """Let the process log to its standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(formatter(format))
    logging.basicConfig(level=level.upper(), handlers=[handler])
    logging.getLogger("alembic").setLevel(logging.WARNING)  # each revision is not news


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
