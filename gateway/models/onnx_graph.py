"""A thin writer of ONNX graphs: named nodes, shared constants, the common front and heads."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from gateway.errors import ContractViolation
from gateway.models.catalog import CatalogTensor, ModelEntry

# The newest pair that ONNX Runtime of Triton's 24.10 release and TensorRT 10 both read.
OPSET = 17
IR_VERSION = 9
BATCH = "N"

_ELEMENT = {"uint8": TensorProto.UINT8, "float32": TensorProto.FLOAT}


class GraphWriter:
    """Collects the nodes and constants of one model.

    Names come from counters and from the caller, never from hashes or time, so that the same
    source gives the same bytes.
    """

    def __init__(self, entry: ModelEntry) -> None:
        self.entry = entry
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def constant(self, name: str, value: NDArray[Any]) -> str:
        """Store a constant under its name (once) and return the name."""
        if name not in self.constants:
            self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def node(
        self, kind: str, inputs: Sequence[str], output: str | None = None, **attributes: Any
    ) -> str:
        """Append a node with one output and return the output's name."""
        output = output or f"{kind.lower()}_{len(self.nodes)}"
        name = f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], name, **attributes))
        return output

    def reshape(self, value: str, shape: Sequence[int], output: str | None = None) -> str:
        """Reshape all axes of a tensor but the batch's, and return the output's name."""
        name = "shape_" + "_".join(map(str, shape))
        target = self.constant(name, np.array([-1, *shape], np.int64))
        return self.node("Reshape", [value, target], output)

    def split(self, value: str, sizes: Sequence[int]) -> list[str]:
        """Cut a tensor (N, …) along its second axis and return the names of the parts."""
        parts = self.constant("split_" + "_".join(map(str, sizes)), np.array(sizes, np.int64))
        count = len(self.nodes)
        outputs = [f"split_{count}_{i}" for i in range(len(sizes))]
        self.nodes.append(
            helper.make_node("Split", [value, parts], outputs, f"Split_{count}", axis=1)
        )
        return outputs

    def image_front(self, spec: CatalogTensor) -> str:
        """Turn a uint8 image (N, H, W, C) into the network's own float32 (N, C, H, W).

        The cast comes first because TensorRT reads uint8 only straight into a cast.
        """
        x = self.node("Cast", [spec.name], to=TensorProto.FLOAT)
        # Channels first before the arithmetic: broadcasting over whole planes is much faster.
        x = self.node("Transpose", [x], perm=[0, 3, 1, 2])
        if any(spec.mean):
            mean = np.array(spec.mean, np.float32).reshape(-1, 1, 1)
            x = self.node("Sub", [x, self.constant("image_mean", mean)])
        if spec.divisor != 1:
            divisor = np.array(spec.divisor, np.float32)
            x = self.node("Div", [x, self.constant("image_divisor", divisor)])
        if spec.graph_color != spec.color:
            order = self.constant("color_order", np.array([2, 1, 0], np.int64))
            x = self.node("Gather", [x, order], axis=1)
        return x

    def more_channels(self, value: str, depth: int, width: int, before: int = 0) -> str:
        """Write channels of zeros around those of a tensor (N, C, H, W), by a copying convolution.

        ONNX Runtime keeps pictures in a blocked layout as long as it can. A Pad would have them
        reordered before and after it; a convolution does not, and a sum behind it joins in.

        Args:
            value: The tensor.
            depth: Its channels.
            width: Channels wanted.
            before: How many of the new ones come first; those that do not fit are cut off.
        """
        kernel = np.eye(width, depth, -before, np.float32).reshape(width, depth, 1, 1)
        name = self.constant(f"widen_{before}_{depth}_{width}", kernel)
        return self.node("Conv", [value, name], kernel_shape=[1, 1])

    def head(self, spec: CatalogTensor, value: str, shape: Sequence[int]) -> None:
        """Give an output of the original network its contract's name, shape and activation.

        Args:
            spec: The output's contract.
            value: The original output, (N, …), channels last.
            shape: Its shape without the batch axis.

        Raises:
            ContractViolation: the contract's shape has another number of elements.
        """
        if math.prod(shape) != math.prod(spec.shape):
            raise ContractViolation(
                f"Output {spec.source!r} of {self.entry.name} has the shape {tuple(shape)}, "
                f"the catalogue says {spec.shape}."
            )
        # 0 keeps the batch axis as it is.
        target = self.constant(f"{spec.name}_shape", np.array([0, *spec.shape], np.int64))
        plain = spec.activation is None
        value = self.node("Reshape", [value, target], spec.name if plain else None)
        if spec.clip is not None:
            low = self.constant(f"{spec.name}_min", np.array(-spec.clip, np.float32))
            high = self.constant(f"{spec.name}_max", np.array(spec.clip, np.float32))
            value = self.node("Clip", [value, low, high])
        if spec.activation == "sigmoid":
            self.node("Sigmoid", [value], spec.name)

    def finish(self) -> bytes:
        """Check the model and return its bytes.

        Raises:
            ContractViolation: the graph is not valid ONNX, or its shapes are not the contract's.
        """
        graph = helper.make_graph(
            self.nodes,
            self.entry.name,
            [_value_info(spec) for spec in self.entry.inputs],
            [_value_info(spec) for spec in self.entry.outputs],
            list(self.constants.values()),
            doc_string=f"{self.entry.title}. {self.entry.credit}. {self.entry.license}.",
        )
        model = helper.make_model(
            graph,
            producer_name="semblant",
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
        )
        try:
            onnx.checker.check_model(model, full_check=True)
        except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
            raise ContractViolation(f"The export of {self.entry.name} failed: {error}") from None
        data: bytes = model.SerializeToString(deterministic=True)
        return data


def _value_info(spec: CatalogTensor) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(spec.name, _ELEMENT[spec.dtype], [BATCH, *spec.shape])
