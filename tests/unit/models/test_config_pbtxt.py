"""Triton's configurations: those beside the models, and those of every profile."""

import math
import os
from pathlib import Path

import numpy as np
import pytest
from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2 as pb

from gateway.models.catalog import load_catalog
from gateway.models.configure import ALONE, catalog_config, configure_catalog, zoo_config
from gateway.models.profiles import LARGE_BYTES, PROFILES
from gateway.models.records import Installed
from gateway.models.zoo import ZooModel, load_zoo
from gateway.paths import PROJECT_ROOT

REPOSITORY = PROJECT_ROOT / "model_repository"
CATALOG = load_catalog(REPOSITORY)
ZOO = load_zoo(REPOSITORY)
FAMILIES = {model.family: model for model in reversed(ZOO.models.values())}
CACHE = "/cache/trt"
DTYPES = {
    "uint8": pb.TYPE_UINT8,
    "float32": pb.TYPE_FP32,
    "float64": pb.TYPE_FP64,
    "int64": pb.TYPE_INT64,
}
GOLDEN = Path(__file__).with_name("golden")


def record_of(model, rows=None, size=1000, *, half_agrees=False):
    rows = model.max_batch_size if rows is None else rows
    return Installed(model.name, "", "file", "", "", size, rows, half_agrees, ())


def rendered(entry, profile, **facts):
    if entry.name in CATALOG.models:
        return catalog_config(entry, PROFILES[profile], CACHE)
    return zoo_config(entry, record_of(entry, **facts), PROFILES[profile], CACHE)


def parsed(text):
    return text_format.Parse(text, pb.ModelConfig())


@pytest.fixture(params=[*sorted(CATALOG.models), *sorted(m.name for m in FAMILIES.values())])
def entry(request):
    return CATALOG.models.get(request.param) or ZOO.models[request.param]


@pytest.fixture(params=PROFILES)
def profile(request):
    return request.param


@pytest.fixture
def config(entry, profile):
    return parsed(rendered(entry, profile))


def signature(tensors):
    return [(t.name, t.data_type, tuple(t.dims)) for t in tensors]


@pytest.mark.parametrize("name", CATALOG.models)
def test_what_lies_beside_the_models_is_what_is_rendered(name):
    text = (REPOSITORY / name / "config.pbtxt").read_text(encoding="utf-8")
    assert text == rendered(CATALOG.models[name], "cpu"), "run `semblant models configure`"


def test_it_is_written_where_it_belongs(tmp_path):
    for file in ("catalog.toml",):
        (tmp_path / file).write_bytes((REPOSITORY / file).read_bytes())
    catalog = load_catalog(tmp_path)
    configure_catalog(catalog, ["iris"], PROFILES["gpu"], CACHE)
    found = (tmp_path / "iris" / "config.pbtxt").read_text(encoding="utf-8")
    assert found == rendered(CATALOG.models["iris"], "gpu")


def test_the_profiles_are_as_they_were(profile):
    entries = [*CATALOG.models.values(), *FAMILIES.values()]
    text = "\n".join(rendered(entry, profile) for entry in entries)
    path = GOLDEN / f"{profile}.pbtxt"
    if os.environ.get("SEMBLANT_UPDATE_SNAPSHOTS"):
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text


def test_same_contract(entry, config, profile):
    assert config.name == entry.name
    assert config.max_batch_size <= entry.max_batch_size
    if profile != "cpu" or not isinstance(entry, ZooModel):
        assert config.max_batch_size == entry.max_batch_size
    for specs, tensors in ((entry.inputs, config.input), (entry.outputs, config.output)):
        wanted = [(s.name, DTYPES[s.dtype], s.shape) for s in specs]
        assert signature(tensors) == wanted
        assert all(not t.HasField("reshape") for t in tensors if hasattr(t, "reshape"))


def test_on_a_cpu_it_runs_on_any_server(entry):
    config = parsed(rendered(entry, "cpu"))
    assert config.backend == "onnxruntime"
    assert [group.kind for group in config.instance_group] == [pb.ModelInstanceGroup.KIND_AUTO]
    # One would not be woken, see docs/TRITON.md.
    assert [group.count for group in config.instance_group] == [2]
    threads = ("intra_op_thread_count", "inter_op_thread_count")
    assert {name: config.parameters[name].string_value for name in threads} == dict.fromkeys(
        threads, "1"
    )
    assert not config.HasField("optimization")


def test_queues_are_bounded_and_late_requests_are_refused(entry, config):
    if entry.name in ALONE:
        assert not config.HasField("dynamic_batching")
        return
    batching = config.dynamic_batching
    assert batching.max_queue_delay_microseconds <= 500
    assert (batching.priority_levels, batching.default_priority_level) == (3, 2)
    live, video = (batching.priority_queue_policy[level] for level in (1, 3))
    picture = batching.default_queue_policy
    for policy in (live, picture, video):
        assert policy.timeout_action == pb.ModelQueuePolicy.REJECT
        assert policy.allow_timeout_override
        assert 0 < policy.max_queue_size <= 256
    assert live.default_timeout_microseconds < picture.default_timeout_microseconds <= 5_000_000
    assert picture.default_timeout_microseconds < video.default_timeout_microseconds
    assert live.max_queue_size < picture.max_queue_size <= video.max_queue_size


def test_the_warm_up_fits_the_contract(entry, config):
    sizes = [warmup.batch_size for warmup in config.model_warmup]
    assert sizes[0] == 1
    assert sizes == sorted(sizes)
    assert sizes[-1] <= max(config.max_batch_size, 1)
    assert sizes[-1] > 1 or config.max_batch_size <= 1
    for warmup in config.model_warmup:
        assert set(warmup.inputs) == {spec.name for spec in entry.inputs}
        for spec in entry.inputs:
            sample = warmup.inputs[spec.name]
            assert sample.data_type == DTYPES[spec.dtype]
            pairs = zip(sample.dims, spec.shape, strict=True)
            assert all(size == wish if wish > 0 else size > 0 for size, wish in pairs)


def engine(config):
    (accelerator,) = config.optimization.execution_accelerators.gpu_execution_accelerator
    assert accelerator.name == "tensorrt"
    return accelerator.parameters


@pytest.mark.parametrize("profile", ["gpu", "a100"])
def test_every_open_input_has_a_tensorrt_profile(entry, config, profile):
    if entry.name in ALONE:
        assert not config.HasField("optimization")
        assert config.instance_group[0].kind == pb.ModelInstanceGroup.KIND_CPU
        return
    assert config.instance_group[0].kind == pb.ModelInstanceGroup.KIND_GPU
    told = engine(config)
    shapes = {
        point: dict(part.split(":") for part in told[f"trt_profile_{point}_shapes"].split(","))
        for point in ("min", "opt", "max")
        if f"trt_profile_{point}_shapes" in told
    }
    if entry.max_batch_size == 0 and all(-1 not in spec.shape for spec in entry.inputs):
        assert not shapes
        return
    for spec in entry.inputs:
        low, usual, high = (
            [int(n) for n in shapes[point][spec.name].split("x")] for point in ("min", "opt", "max")
        )
        batch = [1] if entry.max_batch_size else []
        assert len(low) == len(spec.shape) + len(batch)
        assert all(a <= b <= c for a, b, c in zip(low, usual, high, strict=True))
        if batch:
            assert (low[0], high[0]) == (1, entry.max_batch_size)
    assert told["trt_engine_cache_path"] == f"{CACHE}/{entry.name}"


def test_a_full_batch_fits_a_message(entry):
    row = sum(np.dtype(spec.dtype).itemsize * abs(math.prod(spec.shape)) for spec in entry.inputs)
    assert max(entry.max_batch_size, 1) * row < 64 * 2**20


@pytest.mark.parametrize(
    ("name", "rows"), [("inswapper_128", 5), ("arcface_w600k_r50", 6), ("gfpgan_1.4", 1)]
)
def test_on_a_cpu_large_rows_are_not_joined(name, rows):
    assert parsed(rendered(ZOO.models[name], "cpu")).max_batch_size == rows
    assert parsed(rendered(ZOO.models[name], "a100")).max_batch_size > rows


def test_what_was_measured_counts():
    model = ZOO.models["hyperswap_1a_256"]
    config = parsed(rendered(model, "a100", rows=1))
    assert config.max_batch_size == 1
    assert engine(config)["trt_profile_max_shapes"] == "target:1x3x256x256,source:1x512"
    assert config.dynamic_batching.max_queue_delay_microseconds == 0


@pytest.mark.parametrize(
    ("name", "agrees", "precision"),
    [
        ("hyperswap_1a_256", False, "FP16"),
        ("arcface_w600k_r50", False, "FP32"),
        ("inswapper_128_fp16", False, "FP32"),
        ("inswapper_128_fp16", True, "FP16"),
    ],
)
def test_half_precision_only_where_it_may(name, agrees, precision):
    config = parsed(rendered(ZOO.models[name], "gpu", half_agrees=agrees))
    assert engine(config)["precision_mode"] == precision


def test_large_networks_are_fewer():
    model = ZOO.models["arcface_w600k_r50"]
    small, large = (
        parsed(rendered(model, "a100", size=size)) for size in (LARGE_BYTES - 1, LARGE_BYTES)
    )
    assert (small.instance_group[0].count, large.instance_group[0].count) == (2, 1)
    assert len(parsed(rendered(model, "cpu", size=LARGE_BYTES)).model_warmup) == 1
