"""Running the service."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING, Any

import uvicorn

from gateway.access.authenticator import AuthMode
from gateway.access.exposure import refuse_open_door
from gateway.compute import share_heaps
from gateway.http.app import create_app, create_probes
from gateway.logs import configure
from gateway.serving.jobs import jobs_database
from gateway.serving.services import Services, build_services, running
from gateway.settings import Settings

if TYPE_CHECKING:
    from gateway.rpc.server import RpcServer

log = logging.getLogger(__name__)

_LOOK_S = 0.05
SWITCH_S = 0.0005
"""Seconds after which a thread that runs Python lets others do so. Array work returns from kernels
that need no lock all the time; with Python's 5 ms it mostly waits for it (a live stream: 4 %)."""


def serve(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM, then turn unready, wait, finish what runs, and end.

    Raises:
        SemblantError: the service could not be started, by name.
        OSError: the port is taken.
    """
    _prepare_process(settings)
    hosts = [settings.host, settings.grpc_host or settings.host]
    anywhere = settings.auth_off_anywhere
    refuse_open_door(AuthMode(settings.auth), hosts, anywhere=anywhere)
    if settings.protocols != "grpc":
        _check_port(settings.host, settings.port)
    with suppress(asyncio.CancelledError):  # asked to stop while still starting
        asyncio.run(_serve(build_services(settings)))


def work(settings: Settings) -> None:
    """Carry jobs out until SIGINT or SIGTERM, then finish segments for a while, and end.

    What there is to do is found in the database. Probes and metrics are answered on
    `worker_probe_port`.

    Raises:
        SemblantError: the worker could not be started, by name.
        OSError: the port is taken.
    """
    _prepare_process(settings)
    if settings.worker_probe_port is not None:
        _check_port(settings.host, settings.worker_probe_port)
    with suppress(asyncio.CancelledError):
        services = build_services(settings.model_copy(update={"job_execution": "embedded"}))
        asyncio.run(until_stopped(services))


async def until_stopped(services: Services) -> None:
    """Run services until SIGINT or SIGTERM."""
    loop, running_it = asyncio.get_running_loop(), asyncio.current_task()
    assert running_it is not None
    stopped = asyncio.Event()
    started = False

    def stop() -> None:
        stopped.set()
        if not started:
            running_it.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    async with running(services), answering_probes(services):
        started = True
        log.info("carrying jobs out")
        await stopped.wait()


@asynccontextmanager
async def answering_probes(services: Services) -> AsyncIterator[None]:
    """Answer probes and metrics during the block, if the settings name a port for them."""
    port = services.settings.worker_probe_port
    if port is None:
        yield
        return
    door = Server(services, app=create_probes(services), port=port, grace_s=0.0)
    serving = asyncio.create_task(door.serve(), name="probes")
    try:
        yield
    finally:
        door.should_exit = True
        await serving


def _prepare_process(settings: Settings) -> None:
    """Set what holds for the whole process, which is ours, and log what it works on."""
    share_heaps()
    sys.setswitchinterval(SWITCH_S)
    configure(settings.log_level, settings.log_format)
    log.info("data in %s, models in %s", settings.data_dir, settings.model_repository)
    if settings.job_execution != "disabled":
        store = settings.object_store_url or settings.data_dir
        log.info("jobs in %s, their files in %s", jobs_database(settings), store)


def _check_port(host: str, port: int) -> None:
    """Bind a port once: that it is taken should be known before models are loaded."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError as error:
            where = f"{host}:{port}"
            raise OSError(error.errno, f"{error.strerror}; see --port", where) from error


async def _serve(services: Services) -> None:
    settings = services.settings
    doors = [Server(services)] if settings.protocols != "grpc" else []
    rpc = await _rpc_server(services) if settings.protocols != "http" else None
    loop, starting = asyncio.get_running_loop(), asyncio.current_task()
    assert starting is not None
    stop, at_once = asyncio.Event(), asyncio.Event()
    serving = False

    def asked_to_stop() -> None:
        if not serving:
            starting.cancel()
        elif stop.is_set():
            at_once.set()  # second signal: stop at once
        stop.set()
        for door in doors:
            door.force_exit = at_once.is_set()
            door.should_exit = True

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked_to_stop)
    async with running(services), asyncio.TaskGroup() as together:
        for door in doors:
            together.create_task(door.serve())
        if rpc is not None:
            await rpc.start()
            together.create_task(_rpc_until(rpc, services, stop, at_once))
        serving = True


async def _rpc_server(services: Services) -> RpcServer:
    # gRPC takes a while to import: only where it is served.
    from gateway.rpc.server import RpcServer  # noqa: PLC0415

    server = RpcServer(services)
    settings = services.settings
    log.info("gRPC on %s:%d", settings.grpc_host or settings.host, server.port)
    return server


async def _rpc_until(
    server: RpcServer, services: Services, stop: asyncio.Event, at_once: asyncio.Event
) -> None:
    """Serve gRPC until asked to stop: turn unready, serve on for the drain time, then end."""
    await stop.wait()
    services.health.leave()
    await server.leave()
    settings = services.settings
    with suppress(TimeoutError):
        await asyncio.wait_for(at_once.wait(), settings.shutdown_grace_s)
    await server.stop(0 if at_once.is_set() else settings.request_deadline_s)


class Server(uvicorn.Server):
    """uvicorn, with a pause between turning unready and closing the door.

    Args:
        services: Already running, for as long as the server does.
        app: What is served; the whole service by default.
        port: TCP port, 0 = any; that of the settings by default.
        grace_s: Seconds of the pause; those of the settings by default.
    """

    def __init__(
        self,
        services: Services,
        *,
        app: Callable[..., Any] | None = None,
        port: int | None = None,
        grace_s: float | None = None,
    ) -> None:
        self._services = services
        settings = services.settings
        self._grace_s = settings.shutdown_grace_s if grace_s is None else grace_s
        config = uvicorn.Config(
            app or create_app(services),
            host=settings.host,
            port=settings.port if port is None else port,
            log_config=None,
            access_log=False,  # one line per request is written by `gateway.http.middleware`
            server_header=False,
            ws="none",
            lifespan="off",
            # Requests being served may finish; uvicorn's own limit for that is whole seconds.
            timeout_graceful_shutdown=round(settings.request_deadline_s) + 1,
        )
        super().__init__(config)

    @property
    def port(self) -> int:
        """The TCP port that is listened on, also where the settings say 0."""
        port: int = self.servers[0].sockets[0].getsockname()[1]
        return port

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave signals to the calling process: uvicorn would raise them again and end us."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Turn unready, serve on for the drain time, then stop; a second signal cuts it short."""
        self._services.health.leave()
        loop = asyncio.get_running_loop()
        until = loop.time() + self._grace_s
        while loop.time() < until and not self.force_exit:
            await asyncio.sleep(_LOOK_S)
        await super().shutdown(sockets)


if __name__ == "__main__":
    serve(Settings())
