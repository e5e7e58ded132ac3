"""One known inference per model, right after start.

It finds what readiness does not: a server whose models load and whose answers are empty (as with
a NumPy its Python stub was not built for), not finite, or not those of the model.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gateway.deadline import Deadline
from gateway.errors import ContractViolation, SemblantError
from gateway.inference.contracts import ModelContract, TensorSpec
from gateway.inference.protocol import Inference, Tensors

_OPEN_SIZE = 64  # for a dimension the contract leaves open


@dataclass(frozen=True, slots=True)
class SelfTestFailure:
    """One model that did not pass.

    Attributes:
        model: Its name.
        problem: Description of the failure.
    """

    model: str
    problem: str


def known_inputs(contract: ModelContract, rows: int = 1) -> dict[str, NDArray[Any]]:
    """Return inputs that are the same on every machine: uniform in 0…1, or 0…255 for bytes."""
    return {spec.name: _known_array(spec, rows) for spec in contract.inputs}


async def self_test(
    inference: Inference,
    contracts: Iterable[ModelContract],
    *,
    reference: Inference | None = None,
    timeout_s: float = 30.0,
    tolerance: float = 1e-3,
) -> list[SelfTestFailure]:
    """Run every model once.

    Args:
        inference: The inference to test.
        contracts: The models, as the repository states them.
        reference: Another backend over the same repository, whose answers are the expected ones;
            without it answers must have the right shape and be finite.
        timeout_s: Seconds each model gets.
        tolerance: Largest difference, as a part of the largest expected value (at least 1).

    Returns:
        The models that did not pass; empty when all did.
    """
    findings = []
    for contract in contracts:
        problem = await _test_one(inference, contract, reference, timeout_s, tolerance)
        if problem:
            findings.append(SelfTestFailure(contract.name, problem))
    return findings


async def require_sound(
    inference: Inference,
    contracts: Iterable[ModelContract],
    *,
    reference: Inference | None = None,
    timeout_s: float = 30.0,
    tolerance: float = 1e-3,
) -> None:
    """Run `self_test` and raise an error when a model fails it.

    Raises:
        ContractViolation: naming every model that failed and why.
    """
    findings = await self_test(
        inference, contracts, reference=reference, timeout_s=timeout_s, tolerance=tolerance
    )
    if findings:
        told = "; ".join(f"{finding.model}: {finding.problem}" for finding in findings)
        raise ContractViolation(f"self-test failed: {told}")


async def _test_one(
    inference: Inference,
    contract: ModelContract,
    reference: Inference | None,
    timeout_s: float,
    tolerance: float,
) -> str:
    inputs = known_inputs(contract)
    try:
        got = await inference.infer(contract.name, inputs, deadline=Deadline.after(timeout_s))
        contract.check_outputs(got, rows=1)
        if problem := _unusable(contract, got):
            return problem
        if reference is None:
            return ""
        expected = await reference.infer(contract.name, inputs, deadline=Deadline.after(timeout_s))
    except SemblantError as error:
        return error.detail
    return _difference(contract, got, expected, tolerance)


def _unusable(contract: ModelContract, outputs: Tensors) -> str:
    for spec in contract.outputs:
        array = outputs[spec.name]
        if array.size == 0:
            return f"output '{spec.name}' is empty"
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            return f"output '{spec.name}' is not finite"
    return ""


def _difference(contract: ModelContract, got: Tensors, expected: Tensors, tolerance: float) -> str:
    for spec in contract.outputs:
        ours, theirs = (t[spec.name].astype(np.float64) for t in (got, expected))
        if ours.shape != theirs.shape:
            return f"output '{spec.name}' has shape {ours.shape}, expected {theirs.shape}"
        worst = float(np.abs(ours - theirs).max())
        if worst > tolerance * max(1.0, float(np.abs(theirs).max())):
            return f"output '{spec.name}' differs by {worst:.3g} from the expected values"
    return ""


def _known_array(spec: TensorSpec, rows: int) -> NDArray[Any]:
    shape = tuple(
        size if size > 0 else (rows if axis == 0 else _OPEN_SIZE)
        for axis, size in enumerate(spec.dims)
    )
    # Seeded by name: `hash` differs between runs.
    unit = np.random.default_rng(zlib.crc32(spec.name.encode())).random(shape)
    if spec.dtype == np.uint8:
        return (unit * 255).astype(np.uint8)
    return unit.astype(spec.dtype)
