"""A model repository to measure with: stand-ins, and convolutional networks of their shapes."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from gateway.models.configure import zoo_config
from gateway.models.onnx_import import import_network
from gateway.models.profiles import PROFILES
from gateway.models.records import Installed
from gateway.models.zoo import ZooModel, load_zoo
from gateway.paths import PROJECT_ROOT
from tests import standins

MODES = ("off", "on", "wait")
"""Requests are not joined; are, whatever their size; are waited for, 2 ms long."""
WAIT_US = 2000
SHAPES = {"swapper": "inswapper_128", "enhancer": "gfpgan_1.4"}
KINDS = ("standin", "conv")
_BLOCK = re.compile(r"^dynamic_batching \{.*?^\}\n", re.MULTILINE | re.DOTALL)


def served(kind: str, shape: str, mode: str) -> str:
    """Return the name a network is served under."""
    return f"{kind}_{shape}_{mode}"


def repository(folder: Path) -> Path:
    """Write every network of every kind in every mode, and the chain of embeddings."""
    zoo = load_zoo(PROJECT_ROOT / "model_repository")
    for shape, name in SHAPES.items():
        model = zoo.model(name)
        for kind in KINDS:
            source = folder / "source.onnx"
            source.write_bytes(standins.build(name) if kind == "standin" else conv(model))
            for mode in MODES:
                target = folder / served(kind, shape, mode) / "1" / "model.onnx"
                target.parent.mkdir(parents=True)
                # A network of random weights has no matrix for embeddings.
                found = import_network(source, target, replace(model, emap=False))
                text = _config(model, found.max_batch_size, mode)
                text = text.replace(f'name: "{name}"', f'name: "{served(kind, shape, mode)}"')
                (target.parents[1] / "config.pbtxt").write_text(text)
            source.unlink()
    return folder


def _config(model: ZooModel, rows: int, mode: str) -> str:
    record = Installed(model.name, "", "", "", "", 0, rows, False, ())
    text = zoo_config(model, record, replace(PROFILES["cpu"], joined_bytes=None), "")
    if mode == "off":
        return _BLOCK.sub("", text)
    delay = WAIT_US if mode == "wait" else 0
    return re.sub(r"(max_queue_delay_microseconds: )\d+", rf"\g<1>{delay}", text)


def conv(model: ZooModel) -> bytes:
    """Return a network of a model's inputs and outputs: down, six convolutions, up."""
    image = model.inputs[0]
    side = image.shape[-1]
    down = side // 32
    width = 64
    rng = np.random.default_rng(0)
    nodes, weights = [], {}

    def weight(name: str, *shape: int) -> str:
        fan = float(np.prod(shape[1:]))
        weights[name] = (rng.normal(size=shape) / np.sqrt(fan)).astype(np.float32)
        return name

    nodes.append(
        helper.make_node(
            "Conv",
            [image.name, weight("w0", width, 3, down, down)],
            ["x0"],
            strides=[down, down],
        )
    )
    for i in range(6):
        nodes += [
            helper.make_node(
                "Conv",
                [f"x{i}", weight(f"w{i + 1}", width, width, 3, 3)],
                [f"y{i}"],
                pads=[1, 1, 1, 1],
            ),
            helper.make_node("Relu", [f"y{i}"], [f"x{i + 1}"]),
        ]
    nodes.append(
        helper.make_node(
            "ConvTranspose",
            ["x6", weight("up", width, 3, down, down)],
            ["z"],
            strides=[down, down],
        )
    )
    last = "z"
    if len(model.inputs) > 1:  # who the face is to become moves the colours
        nodes += [
            helper.make_node(
                "MatMul", [model.inputs[1].name, weight("m", model.inputs[1].shape[0], 3)], ["c"]
            ),
            helper.make_node("Unsqueeze", ["c", "axes"], ["cc"]),
            helper.make_node("Add", ["z", "cc"], ["zc"]),
        ]
        weights["axes"] = np.array([2, 3], np.int64)
        last = "zc"
    nodes.append(helper.make_node("Tanh", [last], ["output"]))
    graph = helper.make_graph(
        nodes,
        "conv",
        [
            helper.make_tensor_value_info(t.name, TensorProto.FLOAT, ["N", *t.shape])
            for t in model.inputs
        ],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["N", *image.shape])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    opset = [helper.make_opsetid("", 17)]
    return bytes(helper.make_model(graph, opset_imports=opset, ir_version=9).SerializeToString())


def conv_gflop(model: ZooModel) -> float:
    """Return the floating-point operations of `conv` for one row, in 10⁹."""
    network = onnx.load_from_string(conv(model))
    values = {w.name: tuple(w.dims) for w in network.graph.initializer}
    grid = 32 * 32
    ends = [values["w0"], values["up"]]
    macs = sum(float(np.prod(shape)) * grid for shape in ends)
    macs += sum(float(np.prod(values[f"w{i}"])) * grid for i in range(1, 7))
    return 2 * macs / 1e9


CHAIN = "chain"


def chain(folder: Path) -> Path:
    """Write ArcFace's and a converter's stand-ins, and both as one ensemble."""
    names = ("arcface_w600k_r50", "crossface_ghost")
    standins.repository(folder, names)
    inner = [standins.STANDINS[name] for name in names]
    (folder / CHAIN / "1").mkdir(parents=True)
    (folder / CHAIN / "config.pbtxt").write_text(
        f'name: "{CHAIN}"\nplatform: "ensemble"\nmax_batch_size: {standins.MOST_ROWS}\n'
        'input [ { name: "input" data_type: TYPE_FP32 dims: [ 3, 112, 112 ] } ]\n'
        'output [ { name: "output" data_type: TYPE_FP32 dims: [ 512 ] } ]\n'
        "ensemble_scheduling { step [\n"
        f'{{ model_name: "{names[0]}" model_version: -1\n'
        f'input_map {{ key: "{inner[0].inputs[0].name}" value: "input" }}\n'
        f'output_map {{ key: "{inner[0].outputs[0].name}" value: "raw" }} }},\n'
        f'{{ model_name: "{names[1]}" model_version: -1\n'
        f'input_map {{ key: "{inner[1].inputs[0].name}" value: "raw" }}\n'
        f'output_map {{ key: "{inner[1].outputs[0].name}" value: "output" }} }}\n'
        "] }\n"
    )
    return folder
