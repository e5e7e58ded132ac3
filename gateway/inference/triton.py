"""The adapter to a Triton Inference Server: KServe v2 over gRPC."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

import grpc
from tritonclient.grpc import service_pb2, service_pb2_grpc

from gateway.deadline import Deadline
from gateway.errors import (
    ContractViolation,
    InferenceError,
    InferenceUnavailable,
    SemblantError,
)
from gateway.inference.batching import Outputs, run_in_pieces
from gateway.inference.contracts import ModelContract, contract_from_config
from gateway.inference.protocol import ModelState, Tensors
from gateway.inference.shared_memory import RegionPool, SharedRegion
from gateway.inference.status import error_from_status, is_lost_connection, is_lost_region
from gateway.inference.wire import (
    new_request,
    place_inputs,
    place_outputs,
    read_inline,
    read_shared,
    shared_bytes,
    write_inline,
)
from gateway.telemetry.attributes import Attribute, Attributes
from gateway.telemetry.spans import detailed

SharedMemory = Literal["auto", "on", "off"]

SHM_THRESHOLD = 128 * 1024
"""Bytes, inputs and outputs together, from which shared memory pays.

Medians of 200 calls in ms on two cores, a model that adds, embedded server, inline / shared:
2×49 kB 1.5 / 1.3, 2×110 kB 1.7 / 1.6, 2×196 kB 1.9 / 1.2, 2×0.79 MB 4.1 / 1.9, 2×3.1 MB 11 / 4.6.
"""

_STATES_TIMEOUT_S = 2.0
_LOOPBACK = ("127.", "localhost", "[::1]", "unix:")

_CHANNEL_OPTIONS = (
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    # A server that comes back is noticed within a second, and a connection attempt that
    # meets silence is given up.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 1000),
    ("grpc.max_reconnect_backoff_ms", 1000),
    # A dead peer behind a live network is noticed while calls wait for it. Servers with
    # default settings punish more frequent pings.
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 0),
    # Several clients in one process must not share one connection's fate.
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.enable_http_proxy", 0),
)


class TritonInference:
    """Runs models on a Triton server.

    Belongs to the event loop of its first call. The server may stop, restart or change its models
    at any time: calls during that time fail with the matching error, later ones reconnect.

    Args:
        url: host:port of the gRPC endpoint.
        shared_memory: Whether large tensors travel through system shared memory; auto: when the
            address is of this host. Where the server refuses it, they travel inline.
        shm_threshold: Bytes from which they do.
    """

    def __init__(
        self,
        url: str,
        *,
        shared_memory: SharedMemory = "auto",
        shm_threshold: int = SHM_THRESHOLD,
    ) -> None:
        self._url = url
        self._use_shm = shared_memory == "on" or (
            shared_memory == "auto" and url.startswith(_LOOPBACK)
        )
        self._shm_threshold = shm_threshold
        self._channel: grpc.aio.Channel | None = None
        self._stub: Any = None
        self._regions: RegionPool | None = None
        self._contracts: dict[str, ModelContract] = {}
        self._seen: list[str] = []
        self._closed = False

    async def infer(self, model: str, inputs: Tensors, *, deadline: Deadline) -> Outputs:
        """Run one batch through a model; see `Inference.infer`."""
        deadline.check()
        self._connect()
        if (here := detailed()) is not None:
            here.set(_place_of(self._url))
        contract, rows = await self._checked(model, inputs, deadline)

        async def run(piece: Tensors, count: int) -> Outputs:
            return await self._infer_piece(contract, piece, count, deadline)

        return await run_in_pieces(contract, inputs, rows, run)

    async def contract(self, model: str, *, deadline: Deadline) -> ModelContract:
        """Return a model's contract as the server states it.

        Raises:
            SemblantError: as `infer`.
        """
        self._connect()
        cached = self._contracts.get(model)
        return cached or await self._fetch_contract(model, deadline)

    async def model_states(self) -> list[ModelState]:
        """Return every model of the repository with its state; see `Inference.model_states`."""
        try:
            self._connect()
            answer = await self._stub.RepositoryIndex(
                service_pb2.RepositoryIndexRequest(), timeout=_STATES_TIMEOUT_S
            )
        except (grpc.aio.AioRpcError, SemblantError) as error:
            reason = str(
                self._translate(error, "server") if isinstance(error, grpc.RpcError) else error
            )
            return [ModelState(name, "", False, reason) for name in self._seen]
        states = _merge_versions(answer.models)
        self._seen = [state.name for state in states]
        return states

    async def load(self, model: str, *, deadline: Deadline) -> None:
        """Have the server load a model; see `ModelControl.load`."""
        if any(state.name == model and state.ready for state in await self.model_states()):
            return  # servers that select their models themselves reject this request
        self._connect()
        self._contracts.pop(model, None)
        request = service_pb2.RepositoryModelLoadRequest(model_name=model)
        await self._call(self._stub.RepositoryModelLoad, request, model, deadline)

    async def unload(self, model: str, *, deadline: Deadline) -> None:
        """Have the server unload a model; see `ModelControl.unload`."""
        self._connect()
        self._contracts.pop(model, None)
        request = service_pb2.RepositoryModelUnloadRequest(model_name=model)
        await self._call(self._stub.RepositoryModelUnload, request, model, deadline)

    async def close(self) -> None:
        """Unregister shared memory and close the connection; calling it twice is fine."""
        self._closed = True
        regions, self._regions = self._regions, None
        channel, self._channel = self._channel, None
        if regions is not None:
            await regions.close()
        if channel is not None:
            await channel.close()

    def _connect(self) -> None:
        """Open the channel on first use, inside the loop it will belong to."""
        if self._closed:
            raise InferenceUnavailable("The connection to the inference server is closed.")
        if self._channel is None:
            self._channel = grpc.aio.insecure_channel(self._url, options=_CHANNEL_OPTIONS)
            self._stub = service_pb2_grpc.GRPCInferenceServiceStub(self._channel)
            self._regions = RegionPool(self._stub) if self._use_shm else None

    async def _checked(
        self, model: str, inputs: Tensors, deadline: Deadline
    ) -> tuple[ModelContract, int]:
        """Return the model's contract and the batch's rows, or raise an error."""
        cached = self._contracts.get(model)
        if cached is not None:
            try:
                return cached, cached.check_inputs(inputs)
            except ContractViolation:
                del self._contracts[model]  # the model may have changed: request it again
        contract = await self._fetch_contract(model, deadline)
        return contract, contract.check_inputs(inputs)

    async def _fetch_contract(self, model: str, deadline: Deadline) -> ModelContract:
        request = service_pb2.ModelConfigRequest(name=model)
        answer = await self._call(self._stub.ModelConfig, request, model, deadline)
        contract = contract_from_config(answer.config)
        self._contracts[model] = contract
        return contract

    async def _infer_piece(
        self, contract: ModelContract, inputs: Tensors, rows: int, deadline: Deadline
    ) -> Outputs:
        region = await self._region_for(contract, inputs, rows, deadline)
        if region is not None:
            try:
                return await self._infer_shared(region, contract, inputs, rows, deadline)
            except _LostRegion:
                self._forget_server()  # it was restarted; this request goes inline
        request = new_request(contract, deadline)
        write_inline(request, contract, inputs)
        answer = await self._call(self._stub.ModelInfer, request, contract.name, deadline)
        return read_inline(contract, answer, rows)

    async def _region_for(
        self, contract: ModelContract, inputs: Tensors, rows: int, deadline: Deadline
    ) -> SharedRegion | None:
        if self._regions is None:
            return None
        total = shared_bytes(contract, inputs, rows)
        if total is None or total < self._shm_threshold:
            return None
        return await self._regions.acquire(total, timeout_s=deadline.check())

    async def _infer_shared(
        self,
        region: SharedRegion,
        contract: ModelContract,
        inputs: Tensors,
        rows: int,
        deadline: Deadline,
    ) -> Outputs:
        regions = self._regions
        assert regions is not None
        try:
            request = new_request(contract, deadline)
            offset = place_inputs(request, region, contract, inputs)
            places = place_outputs(request, region, contract, rows, offset)
            answer = await self._call(self._stub.ModelInfer, request, contract.name, deadline)
            outputs = read_shared(region, contract, answer, places)
            contract.check_outputs(outputs, rows)
        except InferenceError:
            regions.release(region)  # the server has answered, if with an error
            raise
        except BaseException:
            regions.retire(region)  # the server may still be writing
            raise
        regions.release(region)
        return outputs

    async def _call(self, method: Any, request: Any, model: str, deadline: Deadline) -> Any:
        """Make one RPC.

        Raises:
            SemblantError: by the status, see `status.py`.
        """
        try:
            here = detailed()
            # Triton's own spans, where it makes any, are within ours.
            metadata = None if here is None else tuple(here.headers().items())
            return await method(request, timeout=deadline.check(), metadata=metadata)
        except grpc.aio.AioRpcError as error:
            raise self._translate(error, model) from error
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if self._closed and task is not None and not task.cancelling():
                # Not our caller, but `close` ended the call.
                raise InferenceUnavailable("The connection was closed meanwhile.") from None
            raise

    def _translate(self, error: grpc.aio.AioRpcError, model: str) -> Exception:
        code, details = error.code(), error.details()
        if is_lost_region(details):
            return _LostRegion()
        if is_lost_connection(code, details):
            self._forget_server()
        elif code in (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND):
            self._contracts.pop(model, None)
        return error_from_status(code, details, model)

    def _forget_server(self) -> None:
        """Drop all we know of the server: when it is there again it may be another."""
        self._contracts.clear()
        if self._regions is not None:
            self._regions.forget()


class _LostRegion(Exception):
    """The server does not know a registered region: it has been restarted or replaced."""


def _place_of(url: str) -> Attributes:
    """Return what a span says of where a server is."""
    host, _, port = url.rpartition(":")
    if not port.isdigit():
        return {Attribute.SERVER_ADDRESS: url}
    return {Attribute.SERVER_ADDRESS: host.strip("[]"), Attribute.SERVER_PORT: int(port)}


def _merge_versions(entries: Any) -> list[ModelState]:
    """Return one state per model: its newest ready version, else its newest."""
    best: dict[str, ModelState] = {}
    for entry in entries:
        state = ModelState(
            name=entry.name,
            version=entry.version,
            ready=entry.state == "READY",
            reason="" if entry.state == "READY" else entry.reason or "not loaded",
        )
        known = best.get(entry.name)
        if known is None or _rank(state) > _rank(known):
            best[entry.name] = state
    return [best[name] for name in sorted(best)]


def _rank(state: ModelState) -> tuple[bool, int]:
    return state.ready, int(state.version) if state.version.isdigit() else 0
