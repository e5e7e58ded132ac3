"""The gRPC server: methods, health, reflection, limits, TLS, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType

import grpc
from google.protobuf.descriptor import ServiceDescriptor
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from semblant.v1 import (
    expressions_pb2,
    fusion_pb2,
    identities_pb2,
    jobs_pb2,
    models_pb2,
    trust_pb2,
)

from gateway.errors import SemblantError, SetupIncomplete
from gateway.rpc.endpoints.analyze import analyze
from gateway.rpc.endpoints.cancel_job import cancel_job
from gateway.rpc.endpoints.create_identity import create_identity
from gateway.rpc.endpoints.create_job import create_job
from gateway.rpc.endpoints.create_library import create_expression_library
from gateway.rpc.endpoints.delete_identity import delete_identity
from gateway.rpc.endpoints.delete_job import delete_job
from gateway.rpc.endpoints.delete_library import delete_library
from gateway.rpc.endpoints.download_job import download_job
from gateway.rpc.endpoints.get_identity import get_identity
from gateway.rpc.endpoints.get_job import get_job
from gateway.rpc.endpoints.get_library import get_library
from gateway.rpc.endpoints.list_identities import list_identities
from gateway.rpc.endpoints.list_jobs import list_jobs
from gateway.rpc.endpoints.list_libraries import list_libraries
from gateway.rpc.endpoints.list_models import list_served_models
from gateway.rpc.endpoints.match_expression import match_expression
from gateway.rpc.endpoints.resume_job import resume_job
from gateway.rpc.endpoints.swap import swap_face
from gateway.rpc.endpoints.swap_stream import swap_stream
from gateway.rpc.endpoints.track import track_expressions
from gateway.rpc.endpoints.verify import verify_file
from gateway.rpc.endpoints.watch_job import watch_job
from gateway.rpc.endpoints.withdraw_consent import withdraw_consent
from gateway.rpc.serve_call import Endpoint, handler
from gateway.serving.services import Services
from gateway.settings import Settings

_FILES = (fusion_pb2, jobs_pb2, identities_pb2, expressions_pb2, models_pb2, trust_pb2)
SERVICES: tuple[ServiceDescriptor, ...] = tuple(
    service for file in _FILES for service in file.DESCRIPTOR.services_by_name.values()
)
ENDPOINTS: Mapping[str, Endpoint] = MappingProxyType({
    "Swap": swap_face,
    "Analyze": analyze,
    "SwapStream": swap_stream,
    "CreateJob": create_job,
    "GetJob": get_job,
    "ListJobs": list_jobs,
    "WatchJob": watch_job,
    "CancelJob": cancel_job,
    "ResumeJob": resume_job,
    "DeleteJob": delete_job,
    "DownloadJob": download_job,
    "CreateIdentity": create_identity,
    "GetIdentity": get_identity,
    "ListIdentities": list_identities,
    "WithdrawConsent": withdraw_consent,
    "DeleteIdentity": delete_identity,
    "CreateLibrary": create_expression_library,
    "GetLibrary": get_library,
    "ListLibraries": list_libraries,
    "DeleteLibrary": delete_library,
    "MatchExpression": match_expression,
    "Track": track_expressions,
    "ListModels": list_served_models,
    "Verify": verify_file,
})  # fmt: skip
"""What answers each method."""
MARGIN_BYTES = 2**20
"""Of a message beside the files in it."""
_LOOK_S = 0.5


class RpcServer:
    """Serves gRPC over services that its creator starts and stops."""

    def __init__(self, services: Services) -> None:
        """Make the server; nothing is listened on yet.

        Raises:
            SetupIncomplete: a file of TLS cannot be read.
        """
        settings = services.settings
        self._services = services
        self._server = grpc.aio.server(
            options=_options(settings),
            compression=grpc.Compression.NoCompression,  # pictures are compressed already
            maximum_concurrent_rpcs=settings.grpc_max_calls,
        )
        handlers = [
            grpc.method_handlers_generic_handler(
                service.full_name,
                {
                    name: handler(services, method, ENDPOINTS[name])
                    for name, method in service.methods_by_name.items()
                },
            )
            for service in SERVICES
        ]
        self._server.add_generic_rpc_handlers(handlers)
        self._health = health.aio.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        names = (
            *(service.full_name for service in SERVICES),
            health.SERVICE_NAME,
            reflection.SERVICE_NAME,
        )
        reflection.enable_server_reflection(names, self._server)
        self._watching: asyncio.Task[None] | None = None
        self.port = self._listen(settings)
        """The TCP port that is listened on, also where the settings say 0."""

    async def start(self) -> None:
        """Begin to serve, and to say how the service is."""
        await self._tell()
        await self._server.start()
        self._watching = asyncio.create_task(self._watch(), name="grpc-health")

    async def leave(self) -> None:
        """Say to every client that no more calls are wanted; those that come are still served."""
        await self._health.enter_graceful_shutdown()

    async def stop(self, grace_s: float) -> None:
        """End: calls that run may finish for so many seconds."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        await self._server.stop(grace_s)

    def _listen(self, settings: Settings) -> int:
        address = f"{settings.grpc_host or settings.host}:{settings.grpc_port}"
        credentials = _credentials(settings)
        try:
            if credentials is None:
                return int(self._server.add_insecure_port(address))
            return int(self._server.add_secure_port(address, credentials))
        except RuntimeError as error:
            reason = "the port is taken, or the TLS files are none; see --grpc-port"
            raise OSError(None, reason, address) from error

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_S)
            with suppress(Exception):  # a client that has left is no reason to stop looking
                await self._tell()

    async def _tell(self) -> None:
        """Say whether calls may be sent, as `/readyz` does."""
        kinds = health_pb2.HealthCheckResponse
        try:
            self._services.health.require()
            status = kinds.SERVING
        except SemblantError:
            status = kinds.NOT_SERVING
        for name in ("", *(service.full_name for service in SERVICES)):
            await self._health.set(name, status)


def _options(settings: Settings) -> list[tuple[str, int]]:
    most = settings.max_upload_bytes + MARGIN_BYTES
    keepalive_ms = round(1000 * settings.grpc_keepalive_s)
    return [
        ("grpc.max_receive_message_length", most),
        ("grpc.max_send_message_length", -1),
        ("grpc.max_metadata_size", settings.grpc_max_metadata_bytes),
        ("grpc.absolute_max_metadata_size", 2 * settings.grpc_max_metadata_bytes),
        ("grpc.keepalive_time_ms", keepalive_ms),
        ("grpc.keepalive_timeout_ms", round(1000 * settings.grpc_keepalive_timeout_s)),
        ("grpc.http2.min_ping_interval_without_data_ms", keepalive_ms // 2),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.max_concurrent_streams", settings.grpc_max_calls),
        ("grpc.so_reuseport", 0),
    ]


def _credentials(settings: Settings) -> grpc.ServerCredentials | None:
    """Return the server's certificate and key, and whose certificates callers need (mTLS)."""
    key, certificate = settings.grpc_tls_key, settings.grpc_tls_certificate
    if key is None or certificate is None:
        if key is not certificate:
            raise SetupIncomplete(
                "TLS needs both SEMBLANT_GRPC_TLS_CERTIFICATE and SEMBLANT_GRPC_TLS_KEY."
            )
        return None
    authorities = settings.grpc_tls_client_ca
    return grpc.ssl_server_credentials(
        [(_read(key), _read(certificate))],
        root_certificates=None if authorities is None else _read(authorities),
        require_client_auth=authorities is not None,
    )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SetupIncomplete(f"The file {path} cannot be read: {error.strerror}.") from error
