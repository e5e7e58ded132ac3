"""Errors as statuses."""

import logging

import grpc
import pytest
from google.rpc import code_pb2
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo

from gateway.errors import (
    ERROR_TABLE,
    InternalError,
    InvalidOptions,
    Overloaded,
    PayloadTooLarge,
    error_class,
)
from gateway.rpc.status import known_error, status_of


def detail(status, kind):
    found = kind()
    for packed in status.details:
        if packed.Unpack(found):
            return found
    return None


@pytest.mark.parametrize("code", ERROR_TABLE)
def test_every_error_has_a_status(code):
    error = error_class(code)()
    status = status_of(error, "id")
    assert code_pb2.Code.Name(status.code) == error.spec.grpc
    assert error.spec.grpc in grpc.StatusCode.__members__
    info = detail(status, ErrorInfo)
    assert (info.reason, info.domain) == (code, "semblant")
    assert info.metadata["request_id"] == "id"
    assert (detail(status, RetryInfo) is not None) == error.spec.retryable


def test_findings_are_field_violations():
    errors = [
        {"pointer": "/masks/types/0", "detail": "unknown"},
        {"pointer": "/controls/a~1b", "detail": "unknown control"},
        {"pointer": "", "detail": "not JSON"},
    ]
    found = detail(status_of(InvalidOptions(errors=errors), "id"), BadRequest)
    fields = [one.field for one in found.field_violations]
    assert fields == ["masks.types[0]", "controls.a/b", ""]


def test_advice_when_to_come_again_is_in_whole_seconds_and_rounded_up():
    advice = detail(status_of(Overloaded(retry_after_s=2.1), "id"), RetryInfo)
    assert advice.retry_delay.seconds == 3


def test_extras_are_metadata():
    status = status_of(PayloadTooLarge(extra={"max_bytes": 7}), "id")
    assert detail(status, ErrorInfo).metadata["max_bytes"] == "7"


def test_internal_errors_keep_their_details_to_themselves():
    status = status_of(InternalError("/secret/path"), "id")
    assert "secret" not in str(status)


@pytest.mark.logs_errors
def test_unexpected_errors_are_told_to_the_log_only(caplog):
    with caplog.at_level(logging.ERROR):
        known = known_error(ZeroDivisionError("in /secret/path"), "id")
    assert isinstance(known, InternalError)
    assert "request id failed" in caplog.text
