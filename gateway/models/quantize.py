"""A network in INT8: calibrated on real inputs, and compared with the original.

Static quantisation in ONNX Runtime's QDQ form: weights per channel and activations are symmetric
int8, as TensorRT expects them, from the smallest and largest values that calibration met. (Method
and form: H. Wu et al., "Integer quantization for deep learning inference", 2020.)
"""

from __future__ import annotations

import json
import math
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from gateway.disk import room_on_disk
from gateway.errors import CalibrationTooSmall, ModelFormatInvalid, ModelVerificationFailed
from gateway.models.onnx_check import graphs
from gateway.models.onnx_measure import session_of, short

Feed = Mapping[str, NDArray[Any]]
"""Inputs of one call, by name."""

HELD_BACK = 4
"""Every fourth picture is not calibrated with, but compared on."""
LEAST_ROWS = 6
"""Fewer rows calibrate nothing."""
_TIMED_ROUNDS = 3


class Rows:
    """Inputs of a network on disk, one row a file: memory holds one at a time."""

    def __init__(self, folder: Path, *, most: int) -> None:
        """Take an empty folder, and how many rows are kept; further ones are let go."""
        self._folder = folder
        self._most = most
        self._pictures = 0
        self._held_back: list[bool] = []

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(self._held_back)

    @property
    def full(self) -> bool:
        """Whether further rows are let go."""
        return len(self) >= self._most

    def next_picture(self) -> None:
        """Say that the rows to come are another picture's: all of one are on one side."""
        self._pictures += 1

    def add(self, row: Feed) -> None:
        """Keep a row.

        Raises:
            StorageFull: there is no room.
        """
        if self.full:
            return
        arrays: dict[str, Any] = dict(row)
        with room_on_disk():
            np.savez(self._path(len(self)), **arrays)
        self._held_back.append(self._pictures % HELD_BACK == 0)

    def number(self, *, held_back: bool) -> int:
        """Return how many rows are compared on, or the others."""
        return self._held_back.count(held_back)

    def read(self, *, held_back: bool) -> Iterator[dict[str, NDArray[Any]]]:
        """Yield the rows that are compared on, or the others, in their order."""
        for index, held in enumerate(self._held_back):
            if held == held_back:
                with np.load(self._path(index), allow_pickle=False) as row:
                    yield dict(row)

    def _path(self, index: int) -> Path:
        return self._folder / f"{index:06}.npz"


@dataclass(frozen=True, slots=True)
class OutputDifference:
    """How far an output in INT8 is from the same in single precision.

    Attributes:
        name: Of the output.
        max_abs: The largest difference.
        mean_abs: The mean one.
        psnr_db: Peak signal (the range of values in single precision) to noise; None where there
            is no noise.
        cosine: Cosine between the two, the least of all rows; None for a single number.
    """

    name: str
    max_abs: float
    mean_abs: float
    psnr_db: float | None
    cosine: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """A network in INT8 beside itself in single precision, on rows it was not calibrated with.

    Attributes:
        rows_calibrated: Rows it was calibrated with.
        rows_compared: Rows it was compared on.
        outputs: How far each output is off.
        fp32_bytes: Size of the file in single precision.
        int8_bytes: Size of the other one.
        fp32_ms: Median of one row's run on one core of this machine's CPU.
        int8_ms: The same in INT8.
    """

    rows_calibrated: int
    rows_compared: int
    outputs: tuple[OutputDifference, ...]
    fp32_bytes: int
    int8_bytes: int
    fp32_ms: float
    int8_ms: float

    @property
    def time_ratio(self) -> float:
        """The time in INT8 over that in single precision; below 1 it is faster here."""
        return self.int8_ms / self.fp32_ms

    def as_json(self) -> str:
        """Return all of it as JSON."""
        return json.dumps({**asdict(self), "time_ratio": self.time_ratio}, indent=2)


def quantize(source: Path, target: Path, rows: Rows) -> Comparison:
    """Write a network in INT8, and compare the two.

    Args:
        source: The ONNX file in single precision.
        target: Where the INT8 network is written, atomically; its folder is created.
        rows: The network's inputs. Of four pictures three calibrate, one is compared on.

    Raises:
        CalibrationTooSmall: there are too few rows of either kind.
        ModelFormatInvalid: the network cannot be quantised or run.
        ModelVerificationFailed: in INT8 it returns values that are not numbers.
        StorageFull: there is no room.
        OSError: a file cannot be read or written.
    """
    calibrating, comparing = (rows.number(held_back=held) for held in (False, True))
    if calibrating < LEAST_ROWS or not comparing:
        raise CalibrationTooSmall(
            f"The pictures give {calibrating} rows to calibrate with and {comparing} to compare "
            f"on; {LEAST_ROWS} and 1 are needed (every {HELD_BACK}th picture is compared on), and "
            "some hundreds are better."
        )
    with room_on_disk():
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".quantising-", dir=target.parent) as name:
            fresh = Path(name) / "int8.onnx"
            _write(source, fresh, rows)
            comparison = compare(source, fresh, rows)
            fresh.replace(target)
    return comparison


def _write(source: Path, target: Path, rows: Rows) -> None:
    prepared = target.with_name("prepared.onnx")
    try:
        # Batch norms become part of their convolutions; symbolic shapes would need sympy.
        quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
        quantize_static(
            prepared,
            target,
            _Reader(rows),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QInt8,
            weight_type=QuantType.QInt8,
            # Entropy keeps every activation of every row; the extremes are two numbers.
            calibrate_method=CalibrationMethod.MinMax,
            extra_options={"ActivationSymmetric": True, "WeightSymmetric": True},
        )
        _forget_unused_domains(target)
    except OSError:
        raise
    except Exception as error:  # ONNX Runtime's errors share no base class of their own
        raise ModelFormatInvalid(
            f"ONNX Runtime cannot quantise the network: {short(error)}"
        ) from None


def _forget_unused_domains(path: Path) -> None:
    """Take out of a file what ONNX Runtime declares and no node uses: others may not know it."""
    network = onnx.load(path)
    used = {node.domain for inner in graphs(network.graph) for node in inner.node}
    kept = [opset for opset in network.opset_import if opset.domain in used]
    del network.opset_import[:]
    network.opset_import.extend(kept)
    onnx.save(network, path)


class _Reader(CalibrationDataReader):  # type: ignore[misc]
    def __init__(self, rows: Rows) -> None:
        self._rows = rows.read(held_back=False)

    def get_next(self) -> dict[str, NDArray[Any]] | None:
        return next(self._rows, None)


class _Sums:
    """Statistics of one output, accumulated row by row."""

    def __init__(self) -> None:
        self.largest = self.absolute = self.squared = 0.0
        self.number = 0
        self.low, self.high = math.inf, -math.inf
        self.cosine: float | None = None

    def add(self, wanted: NDArray[Any], found: NDArray[Any]) -> None:
        wanted, found = (np.ravel(values).astype(np.float64) for values in (wanted, found))
        difference = np.abs(found - wanted)
        self.largest = max(self.largest, float(difference.max(initial=0)))
        self.absolute += float(difference.sum())
        self.squared += float(np.square(difference).sum())
        self.number += difference.size
        self.low = min(self.low, float(wanted.min(initial=math.inf)))
        self.high = max(self.high, float(wanted.max(initial=-math.inf)))
        if wanted.size > 1:
            lengths = float(np.linalg.norm(wanted) * np.linalg.norm(found))
            same = not wanted.any() and not found.any()
            cosine = float(wanted @ found) / lengths if lengths else float(same)
            self.cosine = cosine if self.cosine is None else min(self.cosine, cosine)

    def told(self, name: str) -> OutputDifference:
        count = max(self.number, 1)
        noise, peak = math.sqrt(self.squared / count), self.high - self.low
        # A constant output has no range: then its level is the signal.
        peak = peak or abs(self.high)
        psnr = 20 * math.log10(peak / noise) if noise and peak > 0 else None
        return OutputDifference(name, self.largest, self.absolute / count, psnr, self.cosine)


def compare(reference: Path, quantized: Path, rows: Rows) -> Comparison:
    """Compare two ONNX files of one network on the rows held back; see `Comparison`.

    Raises:
        ModelFormatInvalid: one cannot be run.
        ModelVerificationFailed: the second returns values that are not numbers.
    """
    sessions = [session_of(path, threads=1) for path in (reference, quantized)]
    names = [output.name for output in sessions[0].get_outputs()]
    sums = {name: _Sums() for name in names}
    times: tuple[list[float], list[float]] = ([], [])
    for row in rows.read(held_back=True):
        answers = [_timed(s, names, row, spent) for s, spent in zip(sessions, times, strict=True)]
        for name, wanted, found in zip(names, *answers, strict=True):
            if found.dtype.kind == "f" and not np.isfinite(found).all():
                raise ModelVerificationFailed(f"In INT8 the output '{name}' is not finite.")
            sums[name].add(wanted, found)
    fp32_ms, int8_ms = (median(spent) for spent in times)
    return Comparison(
        rows_calibrated=rows.number(held_back=False),
        rows_compared=rows.number(held_back=True),
        outputs=tuple(told.told(name) for name, told in sums.items()),
        fp32_bytes=reference.stat().st_size,
        int8_bytes=quantized.stat().st_size,
        fp32_ms=fp32_ms,
        int8_ms=int8_ms,
    )


def _timed(session: Any, names: list[str], row: Feed, spent: list[float]) -> list[NDArray[Any]]:
    """Run a row, side by side with the other network so that both see the same machine."""
    try:
        for _ in range(_TIMED_ROUNDS):
            begin = time.perf_counter()
            answers: list[NDArray[Any]] = session.run(names, dict(row))
            spent.append(1e3 * (time.perf_counter() - begin))
    except Exception as error:  # as above
        raise ModelFormatInvalid(f"ONNX Runtime cannot run the network: {short(error)}") from None
    return answers
