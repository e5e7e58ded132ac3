"""Tensors in Triton's protocol: inside the message, or as offsets in a region."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tritonclient.grpc import service_pb2

from gateway.deadline import Deadline
from gateway.errors import ContractViolation
from gateway.inference.batching import Outputs
from gateway.inference.contracts import ModelContract
from gateway.inference.protocol import Tensors
from gateway.inference.shared_memory import SharedRegion

RegionSlice = tuple[int, int]
"""Offset and size in a region, bytes."""

_ALIGNMENT = 64


def new_request(contract: ModelContract, deadline: Deadline) -> Any:
    """Return a request for every output of a model, without its inputs."""
    request = service_pb2.ModelInferRequest(model_name=contract.name)
    # Lets the server drop the request from its queue once no caller waits for it. Heeded by models
    # whose queue policy has `allow_timeout_override`.
    request.parameters["timeout"].int64_param = max(1, int(deadline.remaining() * 1e6))
    # Heeded by models with `priority_levels`.
    request.parameters["priority"].uint64_param = deadline.priority
    for spec in contract.outputs:
        request.outputs.add(name=spec.name)
    return request


def _aligned(nbytes: int) -> int:
    return -(-nbytes // _ALIGNMENT) * _ALIGNMENT


def write_inline(request: Any, contract: ModelContract, inputs: Tensors) -> None:
    """Put the inputs into the request itself."""
    for spec in contract.inputs:
        array = inputs[spec.name]
        request.inputs.add(name=spec.name, datatype=spec.wire_dtype, shape=array.shape)
        request.raw_input_contents.append(array.tobytes())


def shared_bytes(contract: ModelContract, inputs: Tensors, rows: int) -> int | None:
    """Return the bytes of all tensors; None when an output's size is not known beforehand."""
    answer = contract.output_bytes(rows)
    if answer is None:
        return None
    return sum(map(_aligned, [*(array.nbytes for array in inputs.values()), *answer]))


def place_inputs(
    request: Any, region: SharedRegion, contract: ModelContract, inputs: Tensors
) -> int:
    """Copy the inputs into the region and refer to them; return where the next tensor goes."""
    offset = 0
    for spec in contract.inputs:
        array = inputs[spec.name]
        np.copyto(region.array(array.shape, array.dtype, offset), array)
        tensor = request.inputs.add(name=spec.name, datatype=spec.wire_dtype, shape=array.shape)
        _refer(tensor, region, offset, array.nbytes)
        offset += _aligned(array.nbytes)
    return offset


def place_outputs(
    request: Any, region: SharedRegion, contract: ModelContract, rows: int, offset: int
) -> dict[str, RegionSlice]:
    """Tell the server where each output goes, and return it."""
    places = {}
    sizes = contract.output_bytes(rows) or []
    for spec, tensor, nbytes in zip(contract.outputs, request.outputs, sizes, strict=True):
        _refer(tensor, region, offset, nbytes)
        places[spec.name] = (offset, nbytes)
        offset += _aligned(nbytes)
    return places


def _refer(tensor: Any, region: SharedRegion, offset: int, nbytes: int) -> None:
    tensor.parameters["shared_memory_region"].string_param = region.name
    tensor.parameters["shared_memory_byte_size"].int64_param = nbytes
    if offset:
        tensor.parameters["shared_memory_offset"].int64_param = offset


def read_shared(
    region: SharedRegion, contract: ModelContract, answer: Any, places: dict[str, RegionSlice]
) -> Outputs:
    """Return copies of the outputs in the region.

    Raises:
        ContractViolation: if a shape is not the expected one; its bytes might be a neighbour's.
    """
    shapes = {tensor.name: tuple(tensor.shape) for tensor in answer.outputs}
    outputs: dict[str, NDArray[Any]] = {}
    for spec in contract.outputs:
        offset, nbytes = places[spec.name]
        shape = shapes.get(spec.name, ())
        if math.prod(shape) * spec.dtype.itemsize != nbytes:
            raise ContractViolation(f"{contract.name}: output '{spec.name}' has shape {shape}")
        outputs[spec.name] = region.array(shape, spec.dtype, offset).copy()
    return outputs


def read_inline(contract: ModelContract, answer: Any, rows: int) -> Outputs:
    """Return the outputs of an answer.

    Raises:
        ContractViolation: if they do not match the contract.
    """
    contents = dict(
        zip((tensor.name for tensor in answer.outputs), answer.raw_output_contents, strict=False)
    )
    shapes = {tensor.name: tuple(tensor.shape) for tensor in answer.outputs}
    outputs: dict[str, NDArray[Any]] = {}
    for spec in contract.outputs:
        raw, shape = contents.get(spec.name, b""), shapes.get(spec.name, ())
        if len(raw) != math.prod(shape) * spec.dtype.itemsize:
            raise ContractViolation(
                f"{contract.name}: output '{spec.name}' holds {len(raw)} bytes for shape {shape}"
            )
        outputs[spec.name] = np.frombuffer(raw, spec.dtype).reshape(shape).copy()
    contract.check_outputs(outputs, rows)
    return outputs
