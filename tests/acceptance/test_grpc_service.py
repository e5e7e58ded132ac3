"""Both doors of the service as a user starts it: real Triton, keys made by the command line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import httpx
import numpy as np
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from semblant.v1 import fusion_pb2, fusion_pb2_grpc, models_pb2, models_pb2_grpc

from gateway.models.samples import fetch_samples
from gateway.settings import Settings
from tests.acceptance.service import PROGRAM, Gateway, free_port, running_gateway, until
from tests.pixels import pixels_of
from tests.unit.http.app import opened

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def portraits(tmp_path_factory) -> dict[str, bytes]:
    settings = Settings()
    folder = tmp_path_factory.mktemp("samples")
    paths = fetch_samples(settings.model_repository, settings.cache_dir, folder)
    return {name: path.read_bytes() for name, path in paths.items()}


@pytest.fixture
def served(tmp_path) -> Iterator[tuple[Gateway, str, str]]:
    """Give a running service, the address of its gRPC, and a key made by the command line."""
    rpc_port = free_port()
    settings = {
        "SEMBLANT_AUTH": "keys",
        "SEMBLANT_PROTOCOLS": "both",
        "SEMBLANT_GRPC_PORT": str(rpc_port),
        "SEMBLANT_SHUTDOWN_GRACE_S": "2",
    }
    with running_gateway(tmp_path, **settings) as gateway:
        made = subprocess.run(
            [PROGRAM, "keys", "create", "--tenant", "acme", "--scope", "swap", "--json"],
            env=os.environ | {"SEMBLANT_DATA_DIR": str(tmp_path / "data")},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        yield gateway, f"127.0.0.1:{rpc_port}", json.loads(made.stdout)["key"]


def test_both_doors_give_the_same_picture_to_holders_of_a_key(served, portraits):
    gateway, address, key = served
    form = {"source": portraits["hopper"], "target": portraits["astronaut"]}
    assert gateway.http.post("/v1/swaps", files=form).status_code == 401
    headers = {"Authorization": f"Bearer {key}", "Accept": "image/png"}
    by_http = gateway.http.post("/v1/swaps", files=form, headers=headers)
    assert by_http.status_code == 200
    metadata = (("authorization", f"Bearer {key}"),)
    with grpc.insecure_channel(address) as channel:
        stub = fusion_pb2_grpc.FusionServiceStub(channel)
        asked = fusion_pb2.SwapRequest(sources=[form["source"]], target=form["target"])
        with pytest.raises(grpc.RpcError) as refused:
            stub.Swap(asked, timeout=60)
        assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
        by_grpc = stub.Swap(asked, timeout=60, metadata=metadata)
        models = models_pb2_grpc.ModelsServiceStub(channel)
        with pytest.raises(grpc.RpcError) as refused:
            models.ListModels(models_pb2.ListModelsRequest(), metadata=metadata, timeout=60)
        assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
    assert pixels_of(by_grpc.picture) == pixels_of(by_http.content)
    log = gateway.log.read_text()
    assert "/semblant.v1.FusionService/Swap" in log
    assert key not in log


def test_told_to_stop_it_says_so_tells_streams_and_leaves_nothing(served, portraits):
    gateway, address, key = served
    pixels = np.asarray(opened(portraits["astronaut"]).convert("RGB"))
    metadata = (("authorization", f"Bearer {key}"),)
    sent = 0

    def frames() -> Iterator[fusion_pb2.SwapStreamRequest]:
        nonlocal sent
        start = fusion_pb2.StreamStart(
            sources=[portraits["hopper"]],
            format=fusion_pb2.PIXEL_FORMAT_RGB24,
            width=pixels.shape[1],
            height=pixels.shape[0],
            window=2,
        )
        yield fusion_pb2.SwapStreamRequest(start=start)
        while True:
            frame = fusion_pb2.StreamFrame(timestamp_us=sent * 40_000, data=pixels.tobytes())
            yield fusion_pb2.SwapStreamRequest(frame=frame)
            sent += 1

    with grpc.insecure_channel(address) as channel, ThreadPoolExecutor(1) as threads:
        health = health_pb2_grpc.HealthStub(channel)
        watching = health.Watch(health_pb2.HealthCheckRequest(service="semblant.v1.FusionService"))
        kinds = health_pb2.HealthCheckResponse
        assert next(watching).status == kinds.SERVING
        stream = fusion_pb2_grpc.FusionServiceStub(channel).SwapStream(frames(), metadata=metadata)
        answers = [next(stream) for _ in range(5)]
        assert [one.index for one in answers] == list(range(5))
        assert all(one.frame.faces_swapped == 1 for one in answers)

        def to_the_end() -> grpc.StatusCode:
            try:
                for _ in stream:
                    pass
            except grpc.RpcError as error:
                return error.code()
            return grpc.StatusCode.OK

        ending = threads.submit(to_the_end)
        gateway.process.send_signal(signal.SIGTERM)
        assert next(watching).status == kinds.NOT_SERVING
        assert ending.result(30) is grpc.StatusCode.UNAVAILABLE
    until(lambda: gateway.process.poll() is not None, 40, gateway.log)
    assert gateway.process.returncode == 0
    with pytest.raises(httpx.TransportError):
        gateway.http.get("/livez")
