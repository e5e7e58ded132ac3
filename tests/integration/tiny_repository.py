"""A model repository of tiny networks, written by the tests themselves.

add     two inputs, two outputs: total = a + b, twice = 2a; batches of at most 4
image   y = 2x over 3×128×128, large enough for shared memory
picky   y = table[index] over ten entries; any other index fails while computing
slow    multiplies matrices `rounds` times, 0.3 ms or so each; at most 2 requests wait
single  y = 2x without batching, any number of rows
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

_ELEMENT = {"TYPE_FP32": TensorProto.FLOAT, "TYPE_INT64": TensorProto.INT64}
Tensor = tuple[str, str, list[int]]

MODELS = ("add", "image", "picky", "single", "slow")


def write_repository(root: Path, models: tuple[str, ...] = MODELS) -> Path:
    """Write the models into `root` and return it."""
    for name in models:
        _WRITERS[name](root)
    return root


def write_model(
    root: Path,
    name: str,
    *,
    nodes: list[Any],
    inputs: list[Tensor],
    outputs: list[Tensor],
    constants: dict[str, np.ndarray] | None = None,
    max_batch_size: int = 4,
    extra: str = "dynamic_batching { max_queue_delay_microseconds: 30000 }",
) -> Path:
    """Write one model folder: `1/model.onnx` and `config.pbtxt`."""
    folder = root / name
    (folder / "1").mkdir(parents=True)
    first = ["N"] if max_batch_size else []

    def info(tensor: Tensor) -> Any:
        return helper.make_tensor_value_info(
            tensor[0], _ELEMENT[tensor[1]], first + [d if d >= 0 else None for d in tensor[2]]
        )

    graph = helper.make_graph(
        nodes,
        name,
        [info(t) for t in inputs],
        [info(t) for t in outputs],
        [onnx.numpy_helper.from_array(v, k) for k, v in (constants or {}).items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, folder / "1" / "model.onnx")

    def entries(tensors: list[Tensor]) -> str:
        return ", ".join(f'{{ name: "{n}" data_type: {t} dims: {d} }}' for n, t, d in tensors)

    (folder / "config.pbtxt").write_text(
        f'backend: "onnxruntime"\nmax_batch_size: {max_batch_size}\n'
        f"input [ {entries(inputs)} ]\noutput [ {entries(outputs)} ]\n"
        f"instance_group [ {{ count: 1 kind: KIND_CPU }} ]\n{extra}\n"
    )
    return folder


def _add(root: Path) -> None:
    write_model(
        root,
        "add",
        nodes=[
            helper.make_node("Add", ["a", "b"], ["total"]),
            helper.make_node("Add", ["a", "a"], ["twice"]),
        ],
        inputs=[("a", "TYPE_FP32", [4]), ("b", "TYPE_FP32", [4])],
        outputs=[("total", "TYPE_FP32", [4]), ("twice", "TYPE_FP32", [4])],
    )


def _image(root: Path) -> None:
    write_model(
        root,
        "image",
        nodes=[helper.make_node("Add", ["x", "x"], ["y"])],
        inputs=[("x", "TYPE_FP32", [3, 128, 128])],
        outputs=[("y", "TYPE_FP32", [3, 128, 128])],
        extra="dynamic_batching { }",
    )


def _single(root: Path) -> None:
    write_model(
        root,
        "single",
        nodes=[helper.make_node("Add", ["x", "x"], ["y"])],
        inputs=[("x", "TYPE_FP32", [-1, 4])],
        outputs=[("y", "TYPE_FP32", [-1, 4])],
        max_batch_size=0,
        extra="",
    )


def _picky(root: Path) -> None:
    write_model(
        root,
        "picky",
        nodes=[helper.make_node("Gather", ["table", "index"], ["y"])],
        inputs=[("index", "TYPE_INT64", [1])],
        outputs=[("y", "TYPE_FP32", [1])],
        constants={"table": np.arange(10, dtype=np.float32) * 10},
        max_batch_size=8,
        extra="dynamic_batching { max_queue_delay_microseconds: 100000 }",
    )


def _slow(root: Path) -> None:
    value = helper.make_tensor_value_info
    square = [256, 256]
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["go_on"]),
            helper.make_node("MatMul", ["state", "eye"], ["next"]),
        ],
        "body",
        [
            value("i", TensorProto.INT64, []),
            value("go", TensorProto.BOOL, []),
            value("state", TensorProto.FLOAT, square),
        ],
        [value("go_on", TensorProto.BOOL, []), value("next", TensorProto.FLOAT, square)],
    )
    write_model(
        root,
        "slow",
        nodes=[
            helper.make_node("ReduceMax", ["rounds"], ["trips"], keepdims=0),
            helper.make_node("Loop", ["trips", "", "eye"], ["last"], body=body),
            helper.make_node("ReduceMax", ["last"], ["one"], keepdims=0),
            helper.make_node("Cast", ["rounds"], ["as_float"], to=TensorProto.FLOAT),
            helper.make_node("Mul", ["as_float", "one"], ["done"]),
        ],
        inputs=[("rounds", "TYPE_INT64", [1])],
        outputs=[("done", "TYPE_FP32", [1])],
        constants={"eye": np.eye(256, dtype=np.float32)},
        max_batch_size=1,
        extra="dynamic_batching { default_queue_policy { timeout_action: REJECT "
        "allow_timeout_override: true default_timeout_microseconds: 60000000 max_queue_size: 2 } }",
    )


_WRITERS = {"add": _add, "image": _image, "picky": _picky, "single": _single, "slow": _slow}
