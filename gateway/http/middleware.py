"""Processing of every request: an id, safe headers, one log line, metrics, error handling."""

from __future__ import annotations

import logging
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.deprecations import collected, note, renames
from gateway.http.request_context import begin_exchange
from gateway.http.response.problems import answer_error
from gateway.operations.exchange import Exchange
from gateway.serving.metrics import Metrics
from gateway.telemetry.attributes import Attribute
from gateway.telemetry.log_scope import log_scope
from gateway.telemetry.spans import NO_SPAN, Kind, Span, Tracer, entered

log = logging.getLogger("gateway.requests")

_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_PROBES = frozenset(("/livez", "/readyz", "/metrics"))
_W3C = ("traceparent", "tracestate")
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}


class RenamedAddresses:
    """Middleware that serves addresses which were renamed under their old names as well.

    Args:
        app: The routes.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._renames = renames("address")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, at the address it means now."""
        if scope["type"] == "http":
            for old, rename in self._renames.items():
                path = scope["path"]
                if path == old or path.startswith(f"{old}/"):
                    note(rename)
                    moved = rename.new + path.removeprefix(old)
                    scope.update(path=moved, raw_path=moved.encode())
        await self._app(scope, receive, send)


class Edge:
    """Middleware around all routes.

    Args:
        app: The routes; exceptions come out of them and end here.
        metrics: Told of every request.
        tracer: Traces all requests but probes.
    """

    def __init__(self, app: ASGIApp, *, metrics: Metrics, tracer: Tracer) -> None:
        self._app = app
        self._metrics = metrics
        self._tracer = tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = begin_exchange(scope)
        with log_scope(request_id=exchange.request_id), entered(self._span(scope)) as span:
            await self._served(scope, receive, send, exchange, span)

    def _span(self, scope: Scope) -> Span:
        """Return the span of a request, whose name is known once its route is."""
        if not self._tracer.active or scope["path"] in _PROBES:
            return NO_SPAN
        headers = Headers(scope=scope)
        caller = {name: headers[name] for name in _W3C if name in headers}
        told = {
            Attribute.HTTP_METHOD: _method(scope),
            Attribute.URL_SCHEME: scope.get("scheme", "http"),
        }
        return self._tracer.root(_method(scope), Kind.SERVER, told, caller=caller)

    async def _served(
        self, scope: Scope, receive: Receive, send: Send, exchange: Exchange, span: Span
    ) -> None:
        began = time.perf_counter()
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = exchange.request_id
                if deprecated:
                    headers["X-Semblant-Deprecated"] = "; ".join(map(str, deprecated))
                for name, value in (exchange.headers | _HEADERS).items():
                    headers.setdefault(name, value)
            await send(message)

        with collected() as deprecated:
            try:
                await self._app(scope, receive, send_with_headers)
            except Exception as error:
                if status:
                    raise  # half an answer is out; only the server can end the connection
                answer = answer_error(error, exchange, scope["path"])
                await answer(scope, receive, send_with_headers)
            finally:
                self._account(scope, exchange, status, time.perf_counter() - began)
                _describe(span, scope, exchange, status)

    def _account(self, scope: Scope, exchange: Exchange, status: int, seconds: float) -> None:
        # Only known values: an arbitrary method or path must not become a label.
        route = getattr(scope.get("route"), "path", "unmatched")
        method = _method(scope)
        self._metrics.answered(method=method, route=route, status=status, seconds=seconds)
        self._metrics.stages(exchange.timings)
        if exchange.code:
            self._metrics.failed(exchange.code)
        if exchange.faces_found:
            self._metrics.faces(found=exchange.faces_found, swapped=exchange.faces_swapped)
        line = {
            "request_id": exchange.request_id,
            "method": method,
            "route": route,
            "status": status,
            "code": exchange.code or None,
            "ms": round(1e3 * seconds, 1),
            "stages_ms": exchange.timings.milliseconds() or None,
        }
        # Probes come every few seconds; only their failures are news.
        level = logging.DEBUG if route in _PROBES and status < 400 else logging.INFO
        fields = {key: value for key, value in line.items() if value is not None}
        log.log(level, "request", extra={"fields": fields})


def _method(scope: Scope) -> str:
    method: str = scope["method"]
    return method if method in _METHODS else "other"


def _describe(span: Span, scope: Scope, exchange: Exchange, status: int) -> None:
    """Tell the span of a request what became of it, as OpenTelemetry's conventions have it."""
    if not span.sampled:
        return
    route = getattr(scope.get("route"), "path", None)
    if route is not None:
        span.rename(f"{_method(scope)} {route}")
        span.set({Attribute.HTTP_ROUTE: route})
    if exchange.faces_found:
        span.set(
            {
                Attribute.FACES_FOUND: exchange.faces_found,
                Attribute.FACES_SWAPPED: exchange.faces_swapped,
            }
        )
    if status:
        span.set({Attribute.HTTP_STATUS: status})
    if exchange.code and status < 500:
        span.set(
            {Attribute.ERROR_TYPE: exchange.code}
        )  # the caller's fault is none of the server's
    elif exchange.code:
        span.fail(exchange.code)
