"""Records are one line of text, or one JSON object, with the same fields."""

import json
import logging
import sys

import pytest

from gateway.logs import formatter, set_levels


def record(message="request", **fields):
    made = logging.LogRecord("gateway.requests", logging.INFO, "", 0, message, (), None)
    made.fields = fields
    return made


def test_text_ends_in_the_fields():
    line = formatter("text").format(record(status=200, stages_ms={"swap": 4.5, "fuse": 6}))
    assert line.endswith("INFO gateway.requests request status=200 stages_ms=swap:4.5,fuse:6")


def test_json_has_the_fields_at_the_top():
    line = json.loads(formatter("json").format(record(status=200, code=None)))
    assert line.pop("time")
    assert line == {
        "level": "INFO",
        "logger": "gateway.requests",
        "message": "request",
        "status": 200,
        "code": None,
    }


def test_a_trace_stays_part_of_its_record():
    try:
        raise ValueError("odd")
    except ValueError:
        made = record("failed", request_id="1")
        made.exc_info = sys.exc_info()
    first, *_, last = formatter("text").format(made).splitlines()
    assert first.endswith("failed request_id=1")
    assert last == "ValueError: odd"
    assert "ValueError: odd" in json.loads(formatter("json").format(made))["exc_info"]


def test_records_without_fields_are_as_ever():
    made = logging.LogRecord("gateway", logging.WARNING, "", 0, "%s is slow", ("Triton",), None)
    assert formatter("text").format(made).endswith("WARNING gateway Triton is slow")
    assert json.loads(formatter("json").format(made))["message"] == "Triton is slow"


@pytest.mark.parametrize(("level", "ours", "theirs"), [
    ("debug", logging.DEBUG, logging.WARNING),
    ("info", logging.INFO, logging.WARNING),
    ("error", logging.ERROR, logging.ERROR),
])  # fmt: skip
def test_libraries_only_warn(level, ours, theirs):
    loggers = [logging.getLogger(name) for name in ("", "gateway", "semblant", "opentelemetry")]
    loggers += [logging.getLogger(name) for name in ("semblant_triton", "uvicorn")]
    before = [logger.level for logger in loggers]
    try:
        set_levels(level)
        for name in ("gateway.jobs", "semblant.cli", "semblant_triton.launcher", "uvicorn.error"):
            assert logging.getLogger(name).getEffectiveLevel() == ours
        for name in ("PIL.TiffImagePlugin", "httpx", "httpcore.http11", "alembic.runtime"):
            assert logging.getLogger(name).getEffectiveLevel() == theirs
    finally:
        for logger, one in zip(loggers, before, strict=True):
            logger.setLevel(one)
