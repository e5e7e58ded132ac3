"""Models of the zoo on a real server, under the configurations that are written for them."""

import asyncio
from dataclasses import replace

import numpy as np
import pytest
from semblant_triton.launcher import EmbeddedTriton

from gateway.deadline import CallPriority, Deadline
from gateway.inference.triton import TritonInference
from gateway.models.profiles import PROFILES
from gateway.models.store import ModelStore
from gateway.paths import PROJECT_ROOT
from tests.unit.models.networks import FLOAT, make_zoo, node, plain, write

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """Serve one model that batches and one that has no batch."""
    folder = tmp_path_factory.mktemp("zoo")
    make_zoo(folder / "models")
    store = ModelStore(folder / "models", folder / "cache", PROFILES["cpu"], "/cache")
    turned = [node("Transpose", "x", "out", perm=[1, 0])]
    whole = write(folder / "w.onnx", turned, [("x", FLOAT, [1, "w"])], [("out", FLOAT, ["w", 1])])
    for name, file in (("plain", plain(folder / "p.onnx")), ("whole", whole)):
        store.accept(store.zoo.model(name))
        store.add(file, name)
    with EmbeddedTriton(folder / "models", PROJECT_ROOT / ".venv-triton") as server:
        yield server.grpc_url


async def test_they_answer_at_every_priority(url):
    client = TritonInference(url)
    try:
        for priority in CallPriority:
            deadline = replace(Deadline.after(20), priority=priority)
            rows = np.arange(12, dtype=np.float32).reshape(3, 4)
            answer = await client.infer("plain", {"x": rows}, deadline=deadline)
            np.testing.assert_array_equal(answer["y"], 2 * rows)
            answer = await client.infer("whole", {"x": rows[:1]}, deadline=deadline)
            np.testing.assert_array_equal(answer["y"], rows[:1].T)
    finally:
        await client.close()


async def test_many_at_once_are_each_answered(url):
    client = TritonInference(url)
    try:
        deadline = Deadline.after(30)
        inputs = [np.full((1, 4), n, np.float32) for n in range(40)]
        calls = (client.infer("plain", {"x": x}, deadline=deadline) for x in inputs)
        for x, answer in zip(inputs, await asyncio.gather(*calls), strict=True):
            np.testing.assert_array_equal(answer["y"], 2 * x)
        calls = (client.infer("whole", {"x": x}, deadline=deadline) for x in inputs)
        for x, answer in zip(inputs, await asyncio.gather(*calls), strict=True):
            np.testing.assert_array_equal(answer["y"], x.T)
    finally:
        await client.close()
