"""One service behind both of its doors, and callers by every kind of client."""

import asyncio
import inspect
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from semblant import AsyncClient, Client

from gateway.models.catalog import load_catalog
from gateway.paths import PROJECT_ROOT
from gateway.rpc.server import RpcServer
from gateway.serving.services import Services, running
from gateway.serving.testing import fake_services
from tests.unit.http.app import server

KINDS = ("sync", "async")
DOORS = ("http", "grpc")


@dataclass
class Served:
    """A running service.

    Attributes:
        services: Its parts.
        addresses: Of its doors, by protocol.
    """

    services: Services
    addresses: dict[str, str]

    async def call(self, door: str, kind: str, method: str, *arguments, **options) -> Any:
        """Return what a client's method does; a list of what it yields."""
        return await called(self.addresses[door], kind, method, *arguments, **options)


@asynccontextmanager
async def serving(services=None, **settings):
    """Serve HTTP and gRPC on free ports."""
    services = services or fake_services(**settings)
    async with running(services), server(services) as http:
        rpc = RpcServer(services)
        await rpc.start()
        try:
            addresses = {"http": str(http.base_url), "grpc": f"grpc://127.0.0.1:{rpc.port}"}
            yield Served(services, addresses)
        finally:
            await rpc.stop(0)


@asynccontextmanager
async def serving_all(folder, **settings):
    """Serve what there is of operations, jobs of fake work included."""
    catalog = load_catalog(PROJECT_ROOT / "model_repository")
    given = {"job_execution": "embedded", "data_dir": folder, **settings}
    async with serving(fake_services(models=catalog.models, **given)) as served:
        yield served


async def called(address: str, kind: str, method: str, *arguments, client=None, **options) -> Any:
    """Return what a client's method does, by a client of a kind: see `KINDS`."""
    more = {"timeout_s": 30, **(client or {})}

    def in_thread():
        with Client(address, **more) as each:
            found = getattr(each, method)(*arguments, **options)
            return list(found) if inspect.isgenerator(found) else found

    if kind == "sync":
        return await asyncio.to_thread(in_thread)
    async with AsyncClient(address, **more) as each:
        found = getattr(each, method)(*arguments, **options)
        return [one async for one in found] if inspect.isasyncgen(found) else await found
