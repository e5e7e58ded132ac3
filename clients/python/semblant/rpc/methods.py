"""The methods of the service by name, with their messages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import grpc
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from semblant.access import Access
from semblant.v1 import expressions_pb2, fusion_pb2, identities_pb2, jobs_pb2, models_pb2, trust_pb2

_FILES = (fusion_pb2, jobs_pb2, identities_pb2, expressions_pb2, models_pb2, trust_pb2)


@dataclass(frozen=True, slots=True)
class Method:
    """How a method is called.

    Attributes:
        path: `/package.Service/Method`.
        shape: The channel's function for calls of its kind, such as `unary_stream`.
        answer: Reads an answer.
    """

    path: str
    shape: str
    answer: Callable[[bytes], Message]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call answered.

    Attributes:
        message: The answer.
        request_id: For the operator's log.
    """

    message: Message
    request_id: str


@cache
def methods() -> Mapping[str, Method]:
    """Return every method by its name, which no two services share."""
    found = {}
    for file in _FILES:
        for service in file.DESCRIPTOR.services_by_name.values():
            for name, method in service.methods_by_name.items():
                sends = "stream" if method.client_streaming else "unary"
                takes = "stream" if method.server_streaming else "unary"
                found[name] = Method(
                    path=f"/{service.full_name}/{name}",
                    shape=f"{sends}_{takes}",
                    answer=GetMessageClass(method.output_type).FromString,
                )
    return found


OPTIONS = (
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    # A line that has gone is noticed also while nothing is sent, as when a job is watched.
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.http2.max_pings_without_data", 0),
)
"""Of every channel."""


def request_id_of(trailing: Iterable[tuple[str, Any]] | None) -> str:
    """Return the id of a request from the metadata that end its call."""
    return next((str(value) for name, value in trailing or () if name == "x-request-id"), "")


def metadata(access: Access) -> tuple[tuple[str, str], ...]:
    """Return the metadata of every call."""
    return tuple((name.lower(), value) for name, value in access.headers().items())


def credentials(access: Access) -> Any:
    """Return what secures a channel; None if nothing does.

    Raises:
        ValueError: the certificates are none.
    """
    if access.tls is None:
        return None
    tls = access.tls
    return grpc.ssl_channel_credentials(tls.roots, tls.key, tls.certificate)


def serialized(message: Message) -> bytes:
    """Return a message's bytes."""
    return message.SerializeToString()
