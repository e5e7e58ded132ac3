"""Small ONNX graphs in the place of networks whose weights nobody may pass on.

Each has its network's inputs to the letter (names, shapes, types, ranges) and is a function
simple enough to be told in NumPy, but such that a wrong order of channels, scale, template or
transpose shows. A family is a module with `STANDINS`, and functions that say what is to come out,
written without looking at the adaptors.

A new one: write the module, name it in `_FAMILIES`, and add its check in `checks` and what must
not pass it in `mutants`.
"""

from __future__ import annotations

from pathlib import Path

from tests.standins import (
    classifiers,
    detectors,
    live_portrait,
    parsers,
    points,
    recognition,
    restorers,
    swappers,
    upscalers,
)
from tests.standins.graph import StandIn, Tensor

_FAMILIES = (
    classifiers,
    detectors,
    parsers,
    recognition,
    swappers,
    restorers,
    upscalers,
    live_portrait,
    points,
)
STANDINS: dict[str, StandIn] = {
    name: standin for family in _FAMILIES for name, standin in family.STANDINS.items()
}
NAMES = tuple(STANDINS)
MOST_ROWS = 8


def build(name: str, rows: int | None = None) -> bytes:
    """Return a stand-in's ONNX file, for any number of rows or just for so many."""
    return STANDINS[name].build(name, rows)


def repository(folder: Path, names: tuple[str, ...] = NAMES, rows: int | None = None) -> Path:
    """Write a model repository of stand-ins, for any number of rows or, as many are, for one."""
    for name in names:
        (folder / name / "1").mkdir(parents=True)
        (folder / name / "1" / "model.onnx").write_bytes(build(name, rows))
        (folder / name / "config.pbtxt").write_text(config(name, rows))
    return folder


def config(name: str, rows: int | None = None) -> str:
    """Return the configuration of a stand-in, without batches where an input has no rows."""
    standin = STANDINS[name]
    most = (rows or MOST_ROWS) if standin.batched else 0

    def entries(tensors: tuple[Tensor, ...]) -> str:
        return ",\n  ".join(_entry(tensor, rows, batched=standin.batched) for tensor in tensors)

    return (
        f'backend: "onnxruntime"\nmax_batch_size: {most}\n'
        f"input [\n  {entries(standin.inputs)}\n]\noutput [\n  {entries(standin.outputs)}\n]\n"
        "instance_group [ { count: 1 kind: KIND_CPU } ]\n"
        + ("dynamic_batching { }\n" if standin.batched else "")
    )


def _entry(tensor: Tensor, rows: int | None, *, batched: bool) -> str:
    kind = {"float32": "TYPE_FP32", "float64": "TYPE_FP64", "int64": "TYPE_INT64"}[
        tensor.dtype.name
    ]
    dims = list(tensor.shape) if batched else [d if d != "N" else -1 for d in tensor.dims(rows)]
    return f'{{ name: "{tensor.name}" data_type: {kind} dims: {dims} }}'
