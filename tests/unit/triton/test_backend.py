"""Our `onnxruntime` backend, outside the server: grouping, joining, and whose fault it is."""

import importlib.util
import json
import sys
import types
from dataclasses import dataclass, field

import numpy as np
import pytest

from gateway.paths import triton_backends

CONFIG = {
    "max_batch_size": 4,
    "input": [{"name": "x", "data_type": "TYPE_FP32", "dims": ["-1"]}],
    "output": [
        {"name": "y", "data_type": "TYPE_FP32", "dims": ["-1"]},
        {"name": "z", "data_type": "TYPE_FP32", "dims": ["-1"]},
    ],
}


class TritonError(Exception):
    CANCELLED, INVALID_ARG, INTERNAL = "canceled", "invalid", "internal"

    def __init__(self, text, code):
        super().__init__(text)
        self.code = code


@dataclass
class Tensor:
    name: str
    array: np.ndarray

    def as_numpy(self):
        return self.array


@dataclass
class Response:
    output_tensors: list = field(default_factory=list)
    error: TritonError | None = None

    def arrays(self):
        assert self.error is None, self.error
        return {tensor.name: tensor.array.tolist() for tensor in self.output_tensors}


@dataclass
class Request:
    tensors: dict
    outputs: tuple = ()
    cancelled: bool = False

    def is_cancelled(self):
        return self.cancelled

    def requested_output_names(self):
        return list(self.outputs)


class Session:
    """Doubles and negates; fails on 13, and writes down the batches it was given."""

    def __init__(self, *_, **__):
        self.batches = []

    def get_inputs(self):
        return [types.SimpleNamespace(name="x")]

    def get_outputs(self):
        return [types.SimpleNamespace(name="y"), types.SimpleNamespace(name="z")]

    def run(self, wanted, feeds):
        x = feeds["x"]
        self.batches.append(x.shape[0])
        if (x == 13).any():
            raise RuntimeError("unlucky")
        return [{"y": 2 * x, "z": -x}[name] for name in wanted]


@pytest.fixture
def load(monkeypatch):
    """Return a function that makes an initialised model from a configuration."""
    utils = types.ModuleType("triton_python_backend_utils")
    utils.TritonError, utils.Tensor, utils.InferenceResponse = TritonError, Tensor, Response
    utils.TritonModelException = type("TritonModelException", (Exception,), {})
    utils.triton_string_to_numpy = {"TYPE_FP32": np.float32}.__getitem__
    utils.get_input_tensor_by_name = lambda request, name: request.tensors.get(name)
    monkeypatch.setitem(sys.modules, "triton_python_backend_utils", utils)
    path = triton_backends() / "onnxruntime" / "model.py"
    spec = importlib.util.spec_from_file_location("onnxruntime_backend", path)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "onnxruntime_backend", module)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module.ort, "InferenceSession", Session)

    def make(numpy="1.26.4", **changes):
        monkeypatch.setattr(module.np, "__version__", numpy)
        model = module.TritonPythonModel()
        config = json.dumps({**CONFIG, **changes})
        model.initialize(
            {
                "model_config": config,
                "model_name": "m",
                "model_repository": "/r/m",
                "model_version": "1",
            }
        )
        return model

    return make


def request(*rows, **options):
    return Request({"x": Tensor("x", np.array(rows, np.float32))}, **options)


def test_requests_of_one_shape_are_run_as_one(load):
    model = load()
    answers = model.execute([request([1, 2]), request([3, 4], [5, 6])])
    assert model._session.batches == [3]
    assert answers[0].arrays()["y"] == [[2, 4]]
    assert answers[1].arrays()["z"] == [[-3, -4], [-5, -6]]


def test_requests_of_other_shapes_are_run_apart(load):
    model = load()
    answers = model.execute([request([1, 2]), request([3]), request([4, 5])])
    assert sorted(model._session.batches) == [1, 2]
    assert answers[1].arrays()["y"] == [[6]]


def test_a_joined_batch_stays_within_the_limit(load):
    model = load()
    model.execute([request([1], [1], [1]) for _ in range(3)])
    assert model._session.batches == [3, 3, 3]


def test_only_the_guilty_request_fails(load):
    model = load()
    answers = model.execute([request([1]), request([13]), request([2])])
    assert model._session.batches == [3, 1, 1, 1]
    assert answers[1].error.code == TritonError.INTERNAL
    assert "unlucky" in str(answers[1].error)
    assert [answers[i].arrays()["y"] for i in (0, 2)] == [[[2]], [[4]]]


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (Request({}), "'x' is missing"),
        (Request({"x": Tensor("x", np.ones((1, 2)))}), "is float64, not float32"),
        (Request({"x": Tensor("x", np.ones((1, 2, 2), np.float32))}), "has shape"),
        (Request({"x": Tensor("x", np.ones((0, 2), np.float32))}), "batch of 0"),
        (Request({"x": Tensor("x", np.ones((5, 2), np.float32))}), "batch of 5, not 1 to 4"),
    ],
)
def test_a_malformed_request_is_refused_and_its_neighbour_answered(load, bad, words):
    answers = load().execute([bad, request([1])])
    assert answers[0].error.code == TritonError.INVALID_ARG
    assert words in str(answers[0].error)
    assert answers[1].arrays()["y"] == [[2]]


def test_a_canceled_request_is_not_run(load):
    model = load()
    answers = model.execute([request([1], cancelled=True), request([2])])
    assert model._session.batches == [1]
    assert answers[0].error.code == TritonError.CANCELLED


def test_only_requested_outputs_are_returned(load):
    answers = load().execute([request([1], outputs=("z",)), request([2], outputs=("y",))])
    assert [sorted(answer.arrays()) for answer in answers] == [["z"], ["y"]]


def test_without_batching_each_request_is_run_alone(load):
    model = load(max_batch_size=0)
    answers = model.execute([Request({"x": Tensor("x", np.ones(3, np.float32))}) for _ in range(2)])
    assert len(model._session.batches) == 2
    assert answers[0].arrays()["y"] == [2, 2, 2]


def test_an_output_that_lost_its_batch_is_an_error(load, monkeypatch):
    model = load()
    monkeypatch.setattr(model._session, "run", lambda *_: [np.ones(7), np.ones(7)])
    answers = model.execute([request([1]), request([2])])
    assert all(answer.error.code == TritonError.INTERNAL for answer in answers)


def test_numpy_2_is_refused_in_plain_words(load):
    with pytest.raises(Exception, match=r"NumPy 2\.2\.1 in Triton's environment"):
        load(numpy="2.2.1")


def test_a_name_the_graph_does_not_know_is_refused(load):
    wrong = [{"name": "w", "data_type": "TYPE_FP32", "dims": ["-1"]}]
    with pytest.raises(Exception, match=r"names output \['w'\]"):
        load(output=wrong)


def test_thread_counts_come_from_the_parameters_of_nvidias_backend(load):
    load()
    options = sys.modules["onnxruntime_backend"]._session_options(
        {
            "parameters": {
                "intra_op_thread_count": {"string_value": "3"},
                "execution_mode": {"string_value": "1"},
            },
            "optimization": {"graph": {"level": 2}},
        }
    )
    ort = pytest.importorskip("onnxruntime")
    assert options.intra_op_num_threads == 3
    assert options.execution_mode == ort.ExecutionMode.ORT_PARALLEL
    assert options.graph_optimization_level == ort.GraphOptimizationLevel.ORT_DISABLE_ALL
