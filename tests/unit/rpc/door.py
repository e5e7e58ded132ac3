"""The gRPC server over fake networks, and callers of it."""

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from semblant.v1 import (
    expressions_pb2_grpc,
    fusion_pb2_grpc,
    identities_pb2_grpc,
    jobs_pb2_grpc,
    models_pb2_grpc,
    trust_pb2_grpc,
)

from gateway.rpc.server import RpcServer
from gateway.serving.services import running
from gateway.serving.testing import fake_services

GENEROUS_S = 60


@dataclass
class Door:
    """Stubs of every service of one running server."""

    services: Any
    server: RpcServer
    channel: grpc.aio.Channel

    @property
    def fusion(self):
        return fusion_pb2_grpc.FusionServiceStub(self.channel)

    @property
    def jobs(self):
        return jobs_pb2_grpc.JobsServiceStub(self.channel)

    @property
    def identities(self):
        return identities_pb2_grpc.IdentitiesServiceStub(self.channel)

    @property
    def expressions(self):
        return expressions_pb2_grpc.ExpressionsServiceStub(self.channel)

    @property
    def trust(self):
        return trust_pb2_grpc.TrustServiceStub(self.channel)

    @property
    def models(self):
        return models_pb2_grpc.ModelsServiceStub(self.channel)


@asynccontextmanager
async def door(services=None, **settings):
    """Serve gRPC on a free port."""
    services = services or fake_services(**settings)
    async with running(services):
        server = RpcServer(services)
        await server.start()
        try:
            async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
                yield Door(services, server, channel)
        finally:
            await server.stop(0)


@dataclass
class Failure:
    """What a call that failed answered."""

    status: str
    reason: str
    message: str
    metadata: dict[str, str]
    violations: dict[str, str]
    retry_s: int | None


async def failed(call) -> Failure:
    """Return the failure of a call or stream; it must fail."""
    try:
        if hasattr(call, "__aiter__") and not hasattr(call, "__await__"):
            async for _ in call:
                pass
        else:
            await call
    except grpc.aio.AioRpcError as error:
        return failure_of(error)
    raise AssertionError("it did not fail")


def failure_of(error: grpc.aio.AioRpcError) -> Failure:
    status = rpc_status.from_call(error)
    assert status is not None, error
    found = Failure(error.code().name, "", status.message, {}, {}, None)
    for packed in status.details:
        info, bad, retry = (
            error_details_pb2.ErrorInfo(),
            error_details_pb2.BadRequest(),
            error_details_pb2.RetryInfo(),
        )
        if packed.Unpack(info):
            assert info.domain == "semblant"
            found.reason, found.metadata = info.reason, dict(info.metadata)
        if packed.Unpack(bad):
            found.violations = {one.field: one.description for one in bad.field_violations}
        if packed.Unpack(retry):
            found.retry_s = retry.retry_delay.seconds
    return found
