"""Every gRPC status means something to us."""

import grpc
import pytest

from gateway.errors import ERROR_TABLE, SemblantError
from gateway.inference.status import (
    STATUS_TABLE,
    error_from_status,
    is_lost_connection,
    is_lost_region,
)

S = grpc.StatusCode


def test_every_status_is_mapped_to_an_error_of_the_table():
    assert set(STATUS_TABLE) == set(S)
    assert all(ERROR_TABLE[kind.spec.code] is kind.spec for kind in STATUS_TABLE.values())


# What the server was seen to say (2.51), and what it means.
@pytest.mark.parametrize(
    ("code", "words", "expected"),
    [
        (S.UNAVAILABLE, "[request id: 1] Exceeds maximum queue size", "inference_overloaded"),
        (S.UNAVAILABLE, "Request timeout expired", "deadline_exceeded"),
        (S.UNAVAILABLE, "failed to connect to all addresses", "inference_unavailable"),
        (S.UNAVAILABLE, "Socket closed", "inference_unavailable"),
        (S.UNAVAILABLE, None, "inference_unavailable"),
        (
            S.UNAVAILABLE,
            "Request for unknown model: 'x' has no available versions",
            "model_not_ready",
        ),
        (S.NOT_FOUND, "Request for unknown model: 'x' is not found", "unknown_model"),
        (S.INVALID_ARGUMENT, "unexpected shape for input 'a'", "inference_rejected"),
        (S.INTERNAL, "indices element out of data bounds", "inference_failed"),
        (S.INTERNAL, "onnx runtime error 6: CUDA error: out of memory", "model_out_of_memory"),
        (
            S.INTERNAL,
            "Failed to allocate memory for requested buffer of size 9",
            "model_out_of_memory",
        ),
        (S.DEADLINE_EXCEEDED, "Deadline Exceeded", "deadline_exceeded"),
        (S.RESOURCE_EXHAUSTED, "Received message larger than max", "inference_rejected"),
        (S.RESOURCE_EXHAUSTED, "", "inference_overloaded"),
    ],
)
def test_triton_words_are_understood(code, words, expected):
    assert error_from_status(code, words, "x").spec.code == expected


@pytest.mark.parametrize("code", list(S))
def test_the_servers_words_are_never_shown(code):
    error = error_from_status(code, "secret", "face_mesh")
    assert isinstance(error, SemblantError)
    assert error.detail.startswith("face_mesh: ")
    assert "secret" not in str(error)


def test_only_an_absent_server_is_a_lost_connection():
    assert is_lost_connection(S.UNAVAILABLE, "Connection refused")
    assert not is_lost_connection(S.UNAVAILABLE, "Exceeds maximum queue size")
    assert not is_lost_connection(S.INTERNAL, "")


def test_a_forgotten_region_is_recognised():
    assert is_lost_region("Unable to find shared memory region: 'r1'")
    assert not is_lost_region("Invalid offset + byte size for shared memory region: 'r1'")
    assert not is_lost_region(None)
