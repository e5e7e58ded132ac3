"""Measurement of a network's behaviour on ONNX Runtime's CPU provider."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from gateway.errors import ModelFormatInvalid, ModelVerificationFailed
from gateway.models.onnx_check import shape_text
from gateway.models.zoo import ZooModel, ZooTensor

NamedArrays = dict[str, NDArray[Any]]

ROWS = 3
MOST_ROW_DIFFERENCE = 1e-3
"""Of the largest value: by so much a row may come out otherwise beside others."""
MOST_TWIN_DIFFERENCE = 0.02
"""Root mean square, relative: by so much half precision may come out otherwise."""
_LOG_FATAL = 4


@dataclass(frozen=True, slots=True)
class Measured:
    """A network's outputs for a few synthetic rows.

    Attributes:
        alone: Per row, the network's output for it alone, (1, …) each.
        together: Its output for all rows at once, (N, …); None if unsupported, or not run.
    """

    alone: tuple[NamedArrays, ...]
    together: NamedArrays | None

    @property
    def rows_independent(self) -> bool:
        """Whether each row comes out the same alone and beside others."""
        if self.together is None:
            return False
        for name, joined in self.together.items():
            single = np.concatenate([row[name] for row in self.alone])
            if single.shape != joined.shape:
                return False
            largest = float(np.abs(single.astype(np.float64)).max(initial=0.0))
            difference = np.abs(joined.astype(np.float64) - single).max(initial=0.0)
            if not difference <= MOST_ROW_DIFFERENCE * largest:
                return False
        return True


def sample_rows(model: ZooModel, rows: int) -> list[NamedArrays]:
    """Return synthetic inputs, always the same, one row each: (1, …), from 0 to 1."""
    rng = np.random.default_rng(20260101)
    usual = model.open_sizes[1] if model.open_sizes else 0
    first = (1,) if model.batch == "rows" else ()

    def values(spec: ZooTensor) -> NDArray[Any]:
        shape = first + tuple(usual if size == -1 else size for size in spec.shape)
        return rng.random(shape).astype(spec.dtype)

    return [{spec.name: values(spec) for spec in model.inputs} for _ in range(rows)]


def measure(path: Path, model: ZooModel, *, together: bool) -> Measured:
    """Run a normalised network on synthetic rows.

    Args:
        path: The ONNX file, its outputs named as the model's.
        model: The expected model.
        together: Whether to run several rows, alone and at once; else one row is run.

    Raises:
        ModelFormatInvalid: ONNX Runtime cannot run it, or its outputs are not the model's.
        ModelVerificationFailed: its outputs are not finite.
    """
    session = session_of(path)
    rows = sample_rows(model, ROWS if together else 1)
    alone = []
    for row in rows:
        try:
            alone.append(_run(session, model, row))
        except Exception as error:  # ONNX Runtime's errors share no base class of their own
            raise ModelFormatInvalid(
                f"ONNX Runtime cannot run the network: {short(error)}"
            ) from None
    if faults := _output_faults(alone[0], model):
        raise _invalid(model.name, faults)
    for outputs in alone:
        _check_finite(model.name, outputs)
    if not together:
        return Measured(tuple(alone), None)
    joined = {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}
    try:
        return Measured(tuple(alone), _run(session, model, joined))
    except Exception:  # as above: it cannot, which is an answer
        return Measured(tuple(alone), None)


def check_half(model: ZooModel, outputs: NamedArrays, twin: Path | None) -> bool:
    """Check a network in half precision, and return whether a twin was there to compare with.

    Args:
        model: The network in half precision.
        outputs: Its output for the first synthetic row.
        twin: The ONNX file of the same network in single precision, if it is installed.

    Raises:
        ModelVerificationFailed: the two do not agree, or without a twin: an output is constant.
    """
    if twin is None:
        for name, values in outputs.items():
            if values.size > 1 and float(np.ptp(values)) == 0:
                raise ModelVerificationFailed(
                    f"{model.name}: output '{name}' is the same number everywhere."
                )
        return False
    wanted = measure(twin, model, together=False).alone[0]
    for name, values in wanted.items():
        truth = values.astype(np.float64)
        difference = _rms(outputs[name] - truth) / max(_rms(truth), 1e-12)
        if not difference <= MOST_TWIN_DIFFERENCE:
            raise ModelVerificationFailed(
                f"{model.name}: output '{name}' differs from that of {model.twin} by "
                f"{difference:.1%}, more than {MOST_TWIN_DIFFERENCE:.0%}; half precision "
                "does not work here."
            )
    return True


def _invalid(name: str, faults: Sequence[str]) -> ModelFormatInvalid:
    return ModelFormatInvalid(
        f"The file is not {name}.",
        errors=[{"pointer": "/", "detail": fault} for fault in faults],
    )


def session_of(path: Path, *, threads: int = 0) -> Any:
    """Return a session of ONNX Runtime's CPU provider.

    Args:
        path: The ONNX file.
        threads: Cores one run may use; 0: all.

    Raises:
        ModelFormatInvalid: ONNX Runtime cannot load it.
    """
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _LOG_FATAL
    options.intra_op_num_threads = threads
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's errors share no base class of their own
        reason = short(error).replace(str(path), "the file")
        raise ModelFormatInvalid(f"ONNX Runtime cannot load the network: {reason}") from None


def _run(session: Any, model: ZooModel, feeds: Mapping[str, NDArray[Any]]) -> NamedArrays:
    names = [spec.name for spec in model.outputs]
    return dict(zip(names, session.run(names, dict(feeds)), strict=True))


def _output_faults(outputs: NamedArrays, model: ZooModel) -> list[str]:
    faults = []
    for spec in model.outputs:
        values = outputs[spec.name]
        wanted = (1, *spec.shape) if model.batch == "rows" else spec.shape
        if values.dtype != np.dtype(spec.dtype):
            faults.append(f"Output '{spec.name}' is {values.dtype}, not {spec.dtype}.")
        fits = len(values.shape) == len(wanted) and all(
            wish in (-1, size) for size, wish in zip(values.shape, wanted, strict=True)
        )
        if not fits:
            faults.append(
                f"Output '{spec.name}' is {shape_text(values.shape)}, not {shape_text(wanted)}."
            )
    return faults


def _check_finite(name: str, outputs: NamedArrays) -> None:
    for output, values in outputs.items():
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            raise ModelVerificationFailed(f"{name}: output '{output}' is not finite.")


def _rms(values: NDArray[Any]) -> float:
    return float(np.sqrt(np.mean(np.square(values.astype(np.float64)))))


def short(error: Exception) -> str:
    """Return the message of an ONNX Runtime error, on one line and truncated."""
    return " ".join(str(error).split())[:500]
