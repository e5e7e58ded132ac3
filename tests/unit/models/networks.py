"""Tiny networks and zoos for tests."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from gateway.models.zoo import Zoo, load_zoo

FLOAT, INT64, DOUBLE, HALF = (
    TensorProto.FLOAT,
    TensorProto.INT64,
    TensorProto.DOUBLE,
    TensorProto.FLOAT16,
)

ZOO = """
[hosts]
one = "https://one.test/{base}/{file}"
two = "https://two.test/{base}/{file}"
[licenses.MIT]
url = "https://mit.test/"
commercial = true
[licenses.strict]
url = "https://strict.test/"
commercial = false
[families.plain]
task = "t"
max_batch_size = 8
[families.plain.inputs]
x = { dtype = "float32", shape = [4], meaning = "numbers" }
[families.plain.outputs]
y = { dtype = "float32", shape = [4], meaning = "numbers" }
[families.two]
task = "t"
max_batch_size = 8
spare_outputs = true
[families.two.inputs]
x = { dtype = "float32", shape = [4], meaning = "numbers" }
z = { dtype = "float32", shape = [2], meaning = "numbers" }
[families.two.outputs]
first = { dtype = "float32", shape = [4], meaning = "numbers" }
second = { dtype = "float32", shape = [2, 2], loose = true, meaning = "numbers" }
[families.whole]
task = "t"
batch = "none"
open_sizes = [2, 4, 8]
[families.whole.inputs]
x = { dtype = "float32", shape = [1, -1], meaning = "numbers" }
[families.whole.outputs]
y = { dtype = "float32", shape = [-1, 1], meaning = "numbers" }
[models.plain]
title = "Plain"
family = "plain"
license = "MIT"
credit = "me"
base = "b"
file = "plain.onnx"
[models.single]
title = "Single"
family = "plain"
max_batch_size = 1
license = "strict"
credit = "me"
base = "b"
file = "single.onnx"
[models.plain_fp16]
title = "Half"
family = "plain"
license = "MIT"
credit = "me"
twin = "plain"
fp16 = true
base = "b"
file = "half.onnx"
[models.pair]
title = "Pair"
family = "two"
license = "MIT"
credit = "me"
needs = ["single", "plain"]
base = "b"
file = "pair.onnx"
[models.own]
title = "Own"
family = "plain"
license = "MIT"
credit = "me"
[models.whole]
title = "Whole"
family = "whole"
license = "MIT"
credit = "me"
base = "b"
file = "whole.onnx"
[models.emapped]
title = "Emapped"
family = "plain"
license = "MIT"
credit = "me"
emap = true
base = "b"
file = "emapped.onnx"
"""


def make_zoo(folder: Path, text: str = ZOO) -> Zoo:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "zoo.toml").write_text(text, encoding="utf-8")
    return load_zoo(folder)


def write(
    path: Path,
    nodes,
    inputs=(("x", FLOAT, [1, 4]),),
    outputs=(("out", FLOAT, [1, 4]),),
    constants=None,
    *,
    opset: int = 17,
    domains=(),
) -> Path:
    """Write a network; sizes may be numbers, names or None, and None instead of a list is open."""
    graph = helper.make_graph(
        list(nodes),
        "g",
        [helper.make_tensor_value_info(*value) for value in inputs],
        [helper.make_tensor_value_info(*value) for value in outputs],
        [numpy_helper.from_array(v, k) for k, v in (constants or {}).items()],
    )
    imports = [helper.make_opsetid(domain, 1) for domain in domains]
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset), *imports])
    model.ir_version = 8
    path.write_bytes(model.SerializeToString())
    return path


def node(kind, inputs, outputs, **attributes):
    return helper.make_node(kind, inputs.split(), outputs.split(), **attributes)


def plain(path: Path, **changes) -> Path:
    """Write y = 2x for one row."""
    return write(path, [node("Add", "x x", "out")], **changes)


def whole_numbers(*values):
    return np.array(values, np.int64)


def load(path: Path) -> onnx.ModelProto:
    return onnx.load(path)
