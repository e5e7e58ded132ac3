"""A collector of spans: a real receiver of OpenTelemetry's protocol over HTTP, on this machine."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from gateway.telemetry.otlp import OtlpTracer


@dataclass
class Seen:
    """A span as it arrived."""

    name: str
    kind: str
    trace_id: str
    span_id: str
    parent_id: str
    failed: bool
    attributes: dict[str, Any]
    events: list[tuple[str, dict[str, Any]]]
    links: list[str]
    start_ns: int
    end_ns: int


@dataclass
class Collector:
    """What has arrived.

    Attributes:
        endpoint: Where spans are to be sent.
        spans: Those that arrived, in the order in which they ended.
        resource: Attributes of the last resource.
        requests: How many requests came.
        status: What is answered.
        hang: Set: answers are given. Cleared: they are waited for.
    """

    endpoint: str = ""
    spans: list[Seen] = field(default_factory=list)
    resource: dict[str, Any] = field(default_factory=dict)
    requests: int = 0
    status: int = 200
    hang: threading.Event = field(default_factory=threading.Event)

    def named(self, name: str) -> list[Seen]:
        return [span for span in self.spans if span.name == name]

    def one(self, name: str) -> Seen:
        (found,) = self.named(name)
        return found

    def children(self, parent: Seen) -> list[Seen]:
        return [span for span in self.spans if span.parent_id == parent.span_id]

    def above(self, span: Seen) -> list[str]:
        """Return the names of the spans around one, from within."""
        by_id = {one.span_id: one for one in self.spans}
        names = []
        while span.parent_id in by_id:
            span = by_id[span.parent_id]
            names.append(span.name)
        return names

    def take(self, data: bytes) -> None:
        self.requests += 1
        for of_resource in ExportTraceServiceRequest.FromString(data).resource_spans:
            self.resource = _dict(of_resource.resource.attributes)
            for scope in of_resource.scope_spans:
                self.spans += [_seen(span) for span in scope.spans]


def _seen(span: Any) -> Seen:
    return Seen(
        span.name,
        type(span).SpanKind.Name(span.kind).removeprefix("SPAN_KIND_").lower(),
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        span.status.code == span.status.STATUS_CODE_ERROR,
        _dict(span.attributes),
        [(event.name, _dict(event.attributes)) for event in span.events],
        [link.trace_id.hex() for link in span.links],
        span.start_time_unix_nano,
        span.end_time_unix_nano,
    )


def _dict(attributes: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in attributes}


@contextmanager
def collecting() -> Iterator[Collector]:
    """Receive spans during the block."""
    found = Collector()
    found.hang.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            data = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                data = gzip.decompress(data)
            found.hang.wait()
            found.take(data)
            answer = ExportTraceServiceResponse().SerializeToString()
            self.send_response(found.status)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(answer)))
            with suppress(ConnectionError):  # the sender has given up
                self.end_headers()
                self.wfile.write(answer)

        def log_message(self, *args: object) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    serving.start()
    found.endpoint = f"http://127.0.0.1:{server.server_address[1]}/v1/traces"
    try:
        yield found
    finally:
        found.hang.set()
        server.shutdown()
        serving.join()
        server.server_close()


def tracer_to(endpoint: str, *, share: float = 1.0, timeout_s: float = 5.0) -> OtlpTracer:
    return OtlpTracer(
        endpoint,
        sample_share=share,
        resource={"service.name": "semblant-test"},
        timeout_s=timeout_s,
    )
