"""Triton's `config.pbtxt` of every model, for a CPU or a GPU server.

The contract is the catalogue's or the zoo's; the largest batch is the one measured when a
model was installed.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from gateway.models.catalog import Catalog, CatalogTensor, ModelEntry
from gateway.models.packages import write_atomically
from gateway.models.profiles import LARGE_BYTES, LIVE, PICTURE, QUEUES, VIDEO, Profile, Queue
from gateway.models.records import Installed
from gateway.models.served import is_quantized
from gateway.models.zoo import ZooModel, ZooTensor

CONFIG_FILE = "config.pbtxt"

ALONE = frozenset(("face_3dmm",))
"""Models whose last bits depend on the rest of the batch."""

_DTYPES = {
    "uint8": "TYPE_UINT8",
    "bool": "TYPE_BOOL",
    "int32": "TYPE_INT32",
    "int64": "TYPE_INT64",
    "float16": "TYPE_FP16",
    "float32": "TYPE_FP32",
    "float64": "TYPE_FP64",
}
_WIDTH = 100


@dataclass(frozen=True, slots=True)
class _Tensor:
    name: str
    dtype: str
    dims: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Facts:
    """All of a model that its configuration depends on."""

    name: str
    about: str
    contract: str
    max_batch_size: int
    inputs: tuple[_Tensor, ...]
    outputs: tuple[_Tensor, ...]
    alone: bool
    large: bool
    half: bool
    int8: bool
    open_sizes: tuple[int, int, int] | None
    apart: bool = False

    @property
    def batched(self) -> bool:
        """Whether requests may be joined."""
        return self.max_batch_size > 1 and not self.alone


def catalog_config(
    entry: ModelEntry, profile: Profile, engine_cache: str, *, int8: bool = False
) -> str:
    """Return the configuration of one of the models that Semblant comes with.

    Args:
        entry: The catalogue's entry.
        profile: The hardware profile it runs on.
        engine_cache: Folder on the server where TensorRT caches its engines.
        int8: Whether it is served in INT8.
    """
    facts = _Facts(
        name=entry.name,
        about=f"{entry.title}: {entry.task}. {entry.license}, {entry.credit}.",
        contract="catalog.toml",
        max_batch_size=entry.max_batch_size,
        inputs=_tensors(entry.inputs),
        outputs=_tensors(entry.outputs),
        alone=entry.name in ALONE,
        large=False,
        half=False,  # positions and identities have to be exact
        int8=int8,
        open_sizes=None,
    )
    return _render(facts, profile, engine_cache)


def zoo_config(
    model: ZooModel,
    record: Installed,
    profile: Profile,
    engine_cache: str,
    *,
    int8: bool = False,
) -> str:
    """Return the configuration of an installed model of the zoo.

    Args:
        model: The zoo's entry.
        record: Measurements taken on installation.
        profile: The hardware profile it runs on.
        engine_cache: As for `catalog_config`.
        int8: Whether it is served in INT8.
    """
    rows = _rows(model, record, profile)
    facts = _Facts(
        name=model.name,
        about=f"{model.title}: {model.task}. {model.license}, {model.credit}.",
        contract="zoo.toml",
        max_batch_size=rows,
        inputs=_tensors(model.inputs),
        outputs=_tensors(model.outputs),
        alone=False,
        large=record.onnx_bytes >= LARGE_BYTES,
        half=model.fp16 and (not model.twin or record.half_agrees),
        int8=int8,
        open_sizes=model.open_sizes,
        apart=rows < record.max_batch_size,
    )
    return _render(facts, profile, engine_cache)


def _rows(model: ZooModel, record: Installed, profile: Profile) -> int:
    """Return how many rows a call may have: fewer than it could where joining them costs time."""
    most = record.max_batch_size
    if profile.joined_bytes is None or most < 2:
        return most
    row = sum(np.dtype(t.dtype).itemsize * t.elements for t in model.inputs)
    return min(most, max(1, profile.joined_bytes // row))


def configure_catalog(
    catalog: Catalog, names: Sequence[str], profile: Profile, engine_cache: str
) -> None:
    """Write the configurations of models that Semblant comes with.

    Raises:
        UnknownModel: the catalogue has no such model.
        OSError: one cannot be written.
    """
    for name in names:
        int8 = is_quantized(catalog.onnx_path(name))
        text = catalog_config(catalog.model(name), profile, engine_cache, int8=int8)
        write_atomically(catalog.repository / name / CONFIG_FILE, text.encode())


def _tensors(specs: Sequence[CatalogTensor] | Sequence[ZooTensor]) -> tuple[_Tensor, ...]:
    return tuple(_Tensor(spec.name, spec.dtype, spec.shape) for spec in specs)


def _render(facts: _Facts, profile: Profile, engine_cache: str) -> str:
    parts = [
        _head(facts, profile),
        _batching(facts, profile),
        _instances(facts, profile),
        _engine(facts, profile, engine_cache),
        _warm_up(facts, profile),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(facts: _Facts, profile: Profile) -> str:
    lines = [
        *_comment(facts.about),
        *_comment(
            f"For `{profile.name}`, by `semblant models configure`; "
            f"the contract is {facts.contract}'s."
        ),
        f'name: "{facts.name}"',
        'backend: "onnxruntime"',
        f"max_batch_size: {facts.max_batch_size}",
    ]
    for kind, tensors in (("input", facts.inputs), ("output", facts.outputs)):
        entries = [
            f'  {{ name: "{t.name}" data_type: {_DTYPES[t.dtype]} dims: {_dims(t.dims)} }}'
            for t in tensors
        ]
        lines += [f"{kind} [", ",\n".join(entries), "]"]
    return "\n".join(lines)


def _batching(facts: _Facts, profile: Profile) -> str:
    if facts.alone:
        return "\n".join(
            _comment(
                "Requests are not joined: the last bits of a matrix product depend on how many "
                "rows it has, and what is made of a video must not depend on what else is asked at "
                "the moment. All other networks are convolutions, which work on each row as if it "
                "were alone. It takes less than a millisecond, so that a queue of its own, with "
                "bounds, is not missed."
            )
        )
    joined = (
        "Requests of one moment run as one batch."
        if facts.batched
        else "Requests run one by one: several rows as large would fall out of a core's cache."
        if facts.apart
        else "Requests run one by one: the network takes one row at a time."
    )
    wait = (
        "A batch is not waited for: one row keeps a core busy, and what comes meanwhile is joined."
        if profile.delay_us == 0
        else "A batch is waited for shortly: many rows take a GPU hardly longer than one."
    )
    lines = _comment(
        f"{joined} {wait if facts.batched else ''} Queues are bounded, and a request that waits "
        "longer than it may is refused instead of being computed for nobody. Live requests go "
        "first, then pictures, then videos."
    )
    lines += [
        "dynamic_batching {",
        f"  max_queue_delay_microseconds: {profile.delay_us if facts.batched else 0}",
        f"  priority_levels: {len(QUEUES)}",
        f"  default_priority_level: {PICTURE}",
        f"  # {QUEUES[PICTURE].meaning}",
        "  default_queue_policy {",
        *_policy(QUEUES[PICTURE], "    "),
        "  }",
    ]
    for level in (LIVE, VIDEO):
        lines += [
            f"  # {QUEUES[level].meaning}",
            "  priority_queue_policy {",
            f"    key: {level}",
            "    value {",
            *_policy(QUEUES[level], "      "),
            "    }",
            "  }",
        ]
    return "\n".join([*lines, "}"])


def _policy(queue: Queue, indent: str) -> list[str]:
    return [
        f"{indent}timeout_action: REJECT",
        f"{indent}default_timeout_microseconds: {queue.timeout_us}",
        f"{indent}allow_timeout_override: true",
        f"{indent}max_queue_size: {queue.size}",
    ]


def _instances(facts: _Facts, profile: Profile) -> str:
    count = profile.large_instances if facts.large else profile.small_instances
    if not profile.gpu:
        why = (
            "No kind: on the GPU where the server has one, else on the CPU. Two of them, because "
            "server 2.51 wakes nobody for a request that meets one busy instance and an empty, "
            "bounded queue: it would wait there for half a second."
        )
        group = f"{{ count: {count} }}"
    elif facts.alone:
        why = "On the CPU: it takes less than a millisecond there, and no time of the GPU."
        group = f"{{ kind: KIND_CPU count: {count} }}"
    elif count == 1:
        why = "One of them: a batch keeps the GPU busy, and weights are in its memory once."
        group = f"{{ kind: KIND_GPU count: {count} }}"
    else:
        why = f"{count} of them: one computes while another's rows are carried to and fro."
        group = f"{{ kind: KIND_GPU count: {count} }}"
    lines = [*_comment(why), f"instance_group [ {group} ]"]
    if not profile.gpu or facts.alone:
        lines += [
            "",
            *_comment(
                "One core per call: throughput comes from batches and from several models at a "
                "time."
            ),
            *(
                f'parameters {{ key: "{key}" value {{ string_value: "1" }} }}'
                for key in ("intra_op_thread_count", "inter_op_thread_count")
            ),
        ]
    return "\n".join(lines)


def _engine(facts: _Facts, profile: Profile, engine_cache: str) -> str:
    if not profile.gpu or facts.alone:
        return ""
    parameters = {
        "precision_mode": "INT8" if facts.int8 else "FP16" if facts.half else "FP32",
        "max_workspace_size_bytes": str(profile.workspace_bytes),
        "trt_engine_cache_enable": "1",
        "trt_engine_cache_path": f"{engine_cache}/{facts.name}",
        "trt_timing_cache_enable": "1",
        "trt_timing_cache_path": engine_cache,
    }
    if facts.half:
        parameters["trt_layer_norm_fp32_fallback"] = "1"
    if facts.max_batch_size or facts.open_sizes:
        for point, batch, size in _points(facts, profile):
            parameters[f"trt_profile_{point}_shapes"] = ",".join(
                f"{t.name}:{_shape(t.dims, batch if facts.max_batch_size else 0, size)}"
                for t in facts.inputs
            )
    why = (
        "TensorRT builds an engine for these sizes when the model is loaded, which takes minutes, "
        "and keeps it, for this kind of GPU and this version of TensorRT. "
    )
    why += (
        "What the file has in INT8 is computed so."
        if facts.int8
        else "Half precision is good enough for this network."
        if facts.half
        else "Single precision: nobody has shown that half of it is good enough."
    )
    lines = [
        *_comment(why),
        "optimization { execution_accelerators { gpu_execution_accelerator [ {",
        '  name: "tensorrt"',
        *(f'  parameters {{ key: "{key}" value: "{value}" }}' for key, value in parameters.items()),
        "} ] } }",
    ]
    return "\n".join(lines)


def _points(facts: _Facts, profile: Profile) -> Iterator[tuple[str, int, int]]:
    """Yield the smallest, usual and largest batch and open size, by TensorRT's names."""
    low, usual, high = facts.open_sizes or (0, 0, 0)
    most = max(facts.max_batch_size, 1)
    yield "min", 1, low
    yield "opt", min(profile.usual_batch, most), usual
    yield "max", most, high


def _warm_up(facts: _Facts, profile: Profile) -> str:
    """Return samples of each size that the model is to be ready for."""
    samples = [(batch, size) for _, batch, size in _points(facts, profile)]
    if not profile.gpu:
        usual = facts.open_sizes[1] if facts.open_sizes else 0
        samples = [(1, usual)] if facts.large else [(1, usual), (_several(facts), usual)]
    entries = []
    for index, (batch, size) in enumerate(dict.fromkeys(samples)):
        data = "random_data" if index else "zero_data"
        inputs = "\n".join(
            f'    inputs {{ key: "{t.name}" value {{ data_type: {_DTYPES[t.dtype]} '
            f"dims: {_dims(_filled(t.dims, size))} {data}: true }} }}"
            for t in facts.inputs
        )
        name = ("one", "several", "most")[index]
        # Where there is no batch, one sample is one call.
        count = batch if facts.max_batch_size else 1
        entries.append(f'  {{\n    name: "{name}"\n    batch_size: {count}\n{inputs}\n  }}')
    return "\n".join(["model_warmup [", ",\n".join(entries), "]"])


def _several(facts: _Facts) -> int:
    most = max(facts.max_batch_size, 1)
    return min(8 if most >= 32 else 4, most)


def _filled(dims: tuple[int, ...], size: int) -> tuple[int, ...]:
    return tuple(size if n == -1 else n for n in dims)


def _shape(dims: tuple[int, ...], batch: int, size: int) -> str:
    return "x".join(map(str, ((batch,) if batch else ()) + _filled(dims, size)))


def _dims(dims: tuple[int, ...]) -> str:
    return f"[ {', '.join(map(str, dims))} ]"


def _comment(text: str) -> list[str]:
    return textwrap.wrap(
        " ".join(text.split()), _WIDTH, initial_indent="# ", subsequent_indent="# "
    )
