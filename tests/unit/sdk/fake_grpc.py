"""A gRPC server that does as it is told, and remembers how it was called."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import grpc
from grpc_status import rpc_status
from semblant.rpc.methods import methods

from gateway.rpc.status import status_of


@dataclass
class FakeServer:
    """Fails with the errors that are left, then answers.

    Attributes:
        failures: Errors of ours, or gRPC's codes without any detail.
        answers: What each method answers, several for a stream, or a function of its request; a
            stream breaks with a code among its answers.
        calls: The names of the methods that were called.
        metadata: Of the last call.
        requests: Of the last call, as bytes.
        left_s: Seconds that the last call had.
    """

    failures: list = field(default_factory=list)
    answers: dict = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    metadata: dict[str, str] = field(default_factory=dict)
    requests: list[bytes] = field(default_factory=list)
    left_s: float | None = None
    address: str = ""

    def service(self, details):
        *_, name = details.method.split("/")
        sends, takes = methods()[name].shape.split("_")

        def answer(request, context):
            self.calls.append(name)
            self.metadata = dict(context.invocation_metadata())
            self.left_s = context.time_remaining()
            self.requests = [request] if sends == "unary" else list(request)
            if self.failures:
                self._fail(self.failures.pop(0), context)
            found = self.answers[name]
            found = found(self.requests[0]) if callable(found) else found
            context.set_trailing_metadata((("x-request-id", "r1"),))
            return found if takes == "unary" else self._streamed(found, context)

        return getattr(grpc, f"{sends}_{takes}_rpc_method_handler")(
            answer, response_serializer=lambda message: message.SerializeToString()
        )

    def _streamed(self, answers, context):
        for answer in answers:
            if isinstance(answer, grpc.StatusCode):
                context.abort(answer, "of somebody else")
            yield answer

    def _fail(self, failure, context):
        if isinstance(failure, grpc.StatusCode):
            context.abort(failure, "of somebody else")
        context.abort_with_status(rpc_status.to_status(status_of(failure, "r1")))


@contextmanager
def fake_server(*failures, credentials=None, **answers):
    """Serve for the time of the block."""
    fake = FakeServer(list(failures), answers)

    class Handler(grpc.GenericRpcHandler):
        def service(self, details):
            return fake.service(details)

    server = grpc.server(ThreadPoolExecutor(4), handlers=[Handler()])
    if credentials is None:
        port = server.add_insecure_port("127.0.0.1:0")
    else:
        port = server.add_secure_port("localhost:0", credentials)
    host = "127.0.0.1" if credentials is None else "localhost"
    fake.address = f"grpc{'' if credentials is None else 's'}://{host}:{port}"
    server.start()
    try:
        yield fake
    finally:
        server.stop(0).wait()
