"""Triton's configuration beside each model says the same as the catalogue."""

import math

import numpy as np
import pytest
from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2 as pb

from gateway.models.catalog import load_catalog
from gateway.settings import PROJECT_ROOT

REPOSITORY = PROJECT_ROOT / "model_repository"
CATALOG = load_catalog(REPOSITORY)
ALONE = "face_3dmm"
"""Whose rows depend on each other in their last bits: its requests are not joined."""
DTYPES = {"uint8": pb.TYPE_UINT8, "float32": pb.TYPE_FP32}


@pytest.fixture(params=sorted(CATALOG.models))
def entry(request):
    return CATALOG.models[request.param]


@pytest.fixture
def config(entry):
    text = (REPOSITORY / entry.name / "config.pbtxt").read_text(encoding="utf-8")
    return text_format.Parse(text, pb.ModelConfig())


def signature(tensors):
    return [(t.name, t.data_type, tuple(t.dims)) for t in tensors]


def test_same_contract(entry, config):
    assert config.name == entry.name
    assert config.max_batch_size == entry.max_batch_size
    for specs, tensors in ((entry.inputs, config.input), (entry.outputs, config.output)):
        wanted = [(s.name, DTYPES[s.dtype], s.shape) for s in specs]
        assert signature(tensors) == wanted
        assert all(not t.HasField("reshape") for t in tensors if hasattr(t, "reshape"))


def test_runs_on_any_server(config):
    assert config.backend == "onnxruntime"
    assert [group.kind for group in config.instance_group] == [pb.ModelInstanceGroup.KIND_AUTO]
    threads = ("intra_op_thread_count", "inter_op_thread_count")
    assert {name: config.parameters[name].string_value for name in threads} == dict.fromkeys(
        threads, "1"
    )


def test_the_queue_is_bounded_and_late_requests_are_refused(entry, config):
    if entry.name == ALONE:
        assert not config.HasField("dynamic_batching")
        return
    assert config.dynamic_batching.max_queue_delay_microseconds <= 500
    policy = config.dynamic_batching.default_queue_policy
    assert policy.timeout_action == pb.ModelQueuePolicy.REJECT
    assert policy.allow_timeout_override
    assert 0 < policy.max_queue_size <= 256
    assert 0 < policy.default_timeout_microseconds <= 5_000_000


def test_the_warm_up_fits_the_contract(entry, config):
    sizes = [warmup.batch_size for warmup in config.model_warmup]
    assert sizes[0] == 1
    assert 1 < sizes[1] <= entry.max_batch_size
    for warmup in config.model_warmup:
        assert set(warmup.inputs) == {spec.name for spec in entry.inputs}
        for spec in entry.inputs:
            given = warmup.inputs[spec.name]
            assert (given.data_type, tuple(given.dims)) == (DTYPES[spec.dtype], spec.shape)


def test_a_full_batch_fits_a_message(entry):
    row = sum(np.dtype(spec.dtype).itemsize * math.prod(spec.shape) for spec in entry.inputs)
    assert entry.max_batch_size * row < 64 * 2**20
