"""Processing of every call: an id, one log line, metrics, error handling."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from types import MappingProxyType
from typing import Any

import grpc
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from grpc_status import rpc_status

from gateway.access.caller import Scope
from gateway.errors import RequestCanceled
from gateway.operations.exchange import Exchange, request_id_of
from gateway.rpc.call import REQUEST_ID_KEY, Call, credentials_of, parsed, parsed_all
from gateway.rpc.status import known_error, status_of
from gateway.serving.services import Services
from gateway.telemetry.attributes import Attribute
from gateway.telemetry.log_scope import log_scope
from gateway.telemetry.spans import NO_SPAN, Kind, Span, current, entered

log = logging.getLogger("gateway.requests")

SCOPES = MappingProxyType({
    "FusionService": Scope.SWAP,
    "JobsService": Scope.JOBS,
    "IdentitiesService": Scope.IDENTITIES,
    "ExpressionsService": Scope.IDENTITIES,
    "ModelsService": Scope.MODELS,
    "TrustService": Scope.SWAP,
})  # fmt: skip
"""What callers of each service must be allowed to use."""
_W3C = ("traceparent", "tracestate")
_SERVERS_FAULTS = frozenset((
    "UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS",
))  # fmt: skip
"""Status codes of which OpenTelemetry's conventions make a failed span of a server."""
Context = Any
Endpoint = Callable[..., Any]
"""Of a call and its request, or of a call and the stream of its requests: an answer, or a stream of
answers."""


def handler(
    services: Services, method: MethodDescriptor, endpoint: Endpoint
) -> grpc.RpcMethodHandler:
    """Return what gRPC calls for a method."""
    edge = _Edge(services, method, endpoint)
    make = {
        (False, False): grpc.unary_unary_rpc_method_handler,
        (False, True): grpc.unary_stream_rpc_method_handler,
        (True, False): grpc.stream_unary_rpc_method_handler,
        (True, True): grpc.stream_stream_rpc_method_handler,
    }[method.client_streaming, method.server_streaming]
    # Bytes come in as they are: what cannot be parsed is the caller's fault, not ours.
    return make(edge.stream if method.server_streaming else edge.unary)


async def _written(context: Context, data: bytes) -> None:
    """Send an answer of a stream.

    Raises:
        RequestCanceled: the caller has left; nothing else makes sending fail.
    """
    try:
        await context.write(data)
    except asyncio.CancelledError:
        raise
    except Exception as error:
        log.debug("an answer could not be sent: %s", error)
        raise RequestCanceled() from error


class _Edge:
    def __init__(self, services: Services, method: MethodDescriptor, endpoint: Endpoint) -> None:
        self._services, self._endpoint = services, endpoint
        self._takes = GetMessageClass(method.input_type)
        self._many = method.client_streaming
        self._scope = SCOPES[method.containing_service.name]
        self._service, self._name = method.containing_service.full_name, method.name
        self._kind = {
            (False, False): "unary",
            (False, True): "server_stream",
            (True, False): "client_stream",
            (True, True): "bidi_stream",
        }[method.client_streaming, method.server_streaming]

    async def unary(self, request: Any, context: Context) -> bytes:
        """Answer once."""
        answer: Message = await self._accounted(context, self._answered, request)
        return answer.SerializeToString()

    async def stream(self, request: Any, context: Context) -> None:
        """Answer as often as the endpoint does."""
        await self._accounted(context, self._streamed, request)

    async def _answered(self, call: Call, request: Any) -> Message:
        answering: Awaitable[Message] = self._endpoint(call, self._request(request))
        return await answering

    async def _streamed(self, call: Call, request: Any) -> None:
        answers: AsyncIterator[Message] = self._endpoint(call, self._request(request))
        async with aclosing(answers) as coming:  # type: ignore[type-var]
            async for answer in coming:
                await _written(call.context, answer.SerializeToString())

    def _request(self, request: Any) -> Any:
        return parsed_all(self._takes, request) if self._many else parsed(self._takes, request)

    async def _accounted(
        self, context: Context, work: Callable[[Call, Any], Awaitable[Any]], request: Any
    ) -> Any:
        metadata = dict(context.invocation_metadata() or ())
        exchange = Exchange(request_id_of(str(metadata.get(REQUEST_ID_KEY, ""))))
        with log_scope(request_id=exchange.request_id):
            with entered(self._span(metadata)):
                answer, refusal = await self._done(context, work, request, metadata, exchange)
            if refusal is not None:
                # It raises, which is how gRPC has it, and no error of the span's.
                await context.abort_with_status(refusal)
            return answer

    def _span(self, metadata: Mapping[str, str | bytes]) -> Span:
        tracer = self._services.tracer
        if not tracer.active:
            return NO_SPAN
        method = f"{self._service}/{self._name}"
        told = {Attribute.RPC_SYSTEM: "grpc", Attribute.RPC_METHOD: method}
        caller = {name: str(metadata[name]) for name in _W3C if name in metadata}
        return tracer.root(method, Kind.SERVER, told, caller=caller)

    async def _done(
        self,
        context: Context,
        work: Callable[[Call, Any], Awaitable[Any]],
        request: Any,
        metadata: Mapping[str, str | bytes],
        exchange: Exchange,
    ) -> tuple[Any, Any]:
        """Return the answer, or else the status to end the call with."""
        began, code = time.perf_counter(), "CANCELLED"
        metrics = self._services.metrics
        metrics.rpc_started(self._service, self._name, self._kind)
        try:
            context.set_trailing_metadata(((REQUEST_ID_KEY, exchange.request_id),))
            call = await self._entered(context, metadata, exchange)
            answer = await work(call, request)
            code = "OK"
            return answer, None
        except Exception as error:
            if isinstance(error, grpc.aio.AbortError | grpc.aio.UsageError):
                raise
            known = known_error(error, exchange.request_id)
            exchange.code, code = known.spec.code, known.spec.grpc
            status = status_of(known, exchange.request_id)
            return None, rpc_status.to_status(status)
        finally:
            self._account(exchange, code, time.perf_counter() - began)

    async def _entered(
        self, context: Context, metadata: Mapping[str, str | bytes], exchange: Exchange
    ) -> Call:
        """Return the call of a caller who may make it.

        Raises:
            AccessError, InvalidRequest, QuotaExceeded, JobsUnavailable: it may not.
        """
        credentials = credentials_of(metadata, context.peer())
        entered = await self._services.entry.enter(credentials, self._scope)
        if entered.standing is not None:
            headers = entered.standing.headers()
            limits = ((name.lower(), value) for name, value in headers.items())
            context.set_trailing_metadata(((REQUEST_ID_KEY, exchange.request_id), *limits))
        caller = entered.caller
        exchange.tenant, exchange.actor = caller.tenant, caller.name
        return Call(self._services, context, exchange, caller, credentials, self._scope)

    def _account(self, exchange: Exchange, code: str, seconds: float) -> None:
        metrics = self._services.metrics
        metrics.rpc_answered(self._service, self._name, self._kind, code, seconds)
        metrics.stages(exchange.timings)
        if exchange.code:
            metrics.failed(exchange.code)
        if exchange.faces_found:
            metrics.faces(found=exchange.faces_found, swapped=exchange.faces_swapped)
        line = {
            "request_id": exchange.request_id,
            "route": f"/{self._service}/{self._name}",
            "status": code,
            "code": exchange.code or None,
            "ms": round(1e3 * seconds, 1),
            "stages_ms": exchange.timings.milliseconds() or None,
        }
        fields = {key: value for key, value in line.items() if value is not None}
        log.info("request", extra={"fields": fields})
        _describe(current(), exchange, code)


def _describe(span: Span, exchange: Exchange, code: str) -> None:
    """Tell the span of a call what became of it, as OpenTelemetry's conventions have it."""
    if not span.sampled:
        return
    span.set({Attribute.RPC_STATUS: code})
    if exchange.faces_found:
        span.set(
            {
                Attribute.FACES_FOUND: exchange.faces_found,
                Attribute.FACES_SWAPPED: exchange.faces_swapped,
            }
        )
    if exchange.code:
        span.set({Attribute.ERROR_TYPE: exchange.code})
        if code in _SERVERS_FAULTS:
            span.fail(exchange.code)
