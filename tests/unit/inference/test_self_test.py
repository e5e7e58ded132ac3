"""The start-up self-test finds servers that answer nonsense."""

import numpy as np
import pytest
from tritonclient.grpc import service_pb2

from gateway.errors import ContractViolation
from gateway.inference.contracts import ModelContract, TensorSpec
from gateway.inference.self_test import known_inputs, require_sound, self_test
from gateway.inference.triton import TritonInference
from gateway.inference.wire import read_inline
from gateway.testing import FakeInference, FakeModel

F32 = np.dtype(np.float32)
CONTRACT = ModelContract(
    "mesh", 4, (TensorSpec("x", F32, (-1, 3, 8, 8)),), (TensorSpec("y", F32, (-1, 2)),)
)


def fake(function):
    return FakeInference([FakeModel(CONTRACT, function)])


def sound(inputs):
    mean = inputs["x"].mean(axis=(1, 2, 3))
    return {"y": np.stack([mean, mean], axis=1).astype(np.float32)}


def off_by(amount):
    return lambda inputs: {"y": sound(inputs)["y"] + np.float32(amount)}


def test_the_known_inputs_are_always_the_same():
    one, two = known_inputs(CONTRACT)["x"], known_inputs(CONTRACT)["x"]
    np.testing.assert_array_equal(one, two)
    assert one.shape == (1, 3, 8, 8)
    assert one.dtype == np.float32


def test_open_dimensions_and_bytes_get_values_too():
    spec = TensorSpec("image", np.dtype(np.uint8), (-1, 3, -1, -1))
    image = known_inputs(ModelContract("m", 8, (spec,), ()))["image"]
    assert image.shape == (1, 3, 64, 64)
    assert image.max() > 200


async def test_sound_models_pass():
    assert await self_test(fake(sound), [CONTRACT], reference=fake(sound)) == []
    await require_sound(fake(sound), [CONTRACT])


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda t: {"y": np.empty((0, 2), np.float32)}, "0 rows"),
        (lambda t: {"y": np.empty(0, np.float32)}, "has shape"),
        (lambda t: {"y": np.full((1, 2), np.nan, np.float32)}, "not finite"),
        (off_by(0.1), "differs by 0.1"),
    ],
    ids=["empty", "empty-flat", "nan", "values"],
)
async def test_nonsense_is_found_and_named(function, words):
    findings = await self_test(fake(function), [CONTRACT], reference=fake(sound))
    assert [finding.model for finding in findings] == ["mesh"]
    assert words in findings[0].problem


async def test_small_differences_between_machines_pass():
    assert await self_test(fake(off_by(1e-5)), [CONTRACT], reference=fake(sound)) == []


async def test_a_failed_self_test_names_every_model():
    with pytest.raises(ContractViolation, match=r"mesh: .*; ghost: "):
        await require_sound(
            fake(off_by(np.nan)), [CONTRACT, ModelContract("ghost", 0, (), ())], timeout_s=1
        )


def test_the_empty_tensors_of_a_wrong_numpy_are_noticed_on_the_wire():
    # What the server answers when its stub meets NumPy 2: right shape, no bytes.
    answer = service_pb2.ModelInferResponse()
    answer.outputs.add(name="y", datatype="FP32", shape=[1, 2])
    answer.raw_output_contents.append(b"")
    with pytest.raises(ContractViolation, match="0 bytes"):
        read_inline(CONTRACT, answer, 1)


async def test_a_server_that_is_away_is_a_finding():
    client = TritonInference("127.0.0.1:9", shared_memory="off")
    findings = await self_test(client, [CONTRACT], timeout_s=2)
    assert "not reachable" in findings[0].problem
    await client.close()
