"""Contracts: read from config.pbtxt, checked before and after a call."""

import numpy as np
import pytest

from gateway.errors import ContractViolation, SetupIncomplete, UnknownModel
from gateway.inference.contracts import (
    ModelContract,
    TensorSpec,
    latest_version,
    read_contract,
)

CONFIG = """
backend: "onnxruntime"
max_batch_size: 8
input [{ name: "image" data_type: TYPE_UINT8 dims: [ 3, -1, -1 ] }]
output [
  { name: "score" data_type: TYPE_FP32 dims: [ 1 ] },
  { name: "boxes" data_type: TYPE_FP32 dims: [ 896, 4 ] }
]
dynamic_batching { default_queue_policy { max_queue_size: 64 } }
parameters { key: "intra_op_thread_count" value: { string_value: "1" } }
"""


@pytest.fixture
def model_dir(tmp_path):
    folder = tmp_path / "detector"
    folder.mkdir()
    (folder / "config.pbtxt").write_text(CONFIG)
    return folder


def outputs(rows, **changed):
    sound = {
        "score": np.zeros((rows, 1), np.float32),
        "boxes": np.zeros((rows, 896, 4), np.float32),
    }
    return {**sound, **changed}


def test_the_batch_is_the_first_axis(model_dir):
    contract = read_contract(model_dir)
    assert contract.name == "detector"
    assert contract.max_batch_size == 8
    assert contract.inputs == (TensorSpec("image", np.dtype(np.uint8), (-1, 3, -1, -1)),)
    assert [spec.wire_dtype for spec in contract.outputs] == ["FP32", "FP32"]


def test_without_batching_the_dims_are_the_shape(model_dir):
    (model_dir / "config.pbtxt").write_text(CONFIG.replace("max_batch_size: 8", ""))
    contract = read_contract(model_dir)
    assert contract.inputs[0].dims == (3, -1, -1)
    assert contract.check_inputs({"image": np.zeros((3, 5, 5), np.uint8)}) == 1


def test_a_missing_folder_is_an_unknown_model(tmp_path):
    with pytest.raises(UnknownModel, match="ghost"):
        read_contract(tmp_path / "ghost")


def test_a_damaged_config_is_incomplete_setup(model_dir):
    (model_dir / "config.pbtxt").write_text("input [")
    with pytest.raises(SetupIncomplete, match=r"config\.pbtxt"):
        read_contract(model_dir)


def test_a_type_the_product_does_not_use_is_refused(model_dir):
    (model_dir / "config.pbtxt").write_text(CONFIG.replace("TYPE_UINT8", "TYPE_STRING"))
    with pytest.raises(ContractViolation, match="TYPE_STRING"):
        read_contract(model_dir)


def test_rows_are_counted(model_dir):
    assert read_contract(model_dir).check_inputs({"image": np.zeros((5, 3, 9, 7), np.uint8)}) == 5


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"score": np.zeros((0, 1), np.float32)}, "0 rows, not 2"),
        ({"score": np.zeros((2, 1), np.float64)}, "float64, not float32"),
        ({"boxes": np.zeros((2, 895, 4), np.float32)}, r"\(2, 895, 4\), not \(-1, 896, 4\)"),
        ({"boxes": np.zeros(0, np.float32)}, "has shape"),
    ],
)
def test_wrong_outputs_are_named(model_dir, changed, words):
    with pytest.raises(ContractViolation, match=words):
        read_contract(model_dir).check_outputs(outputs(2, **changed), 2)


def test_a_missing_output_is_named(model_dir):
    with pytest.raises(ContractViolation, match="'boxes' is missing"):
        read_contract(model_dir).check_outputs({"score": np.zeros((1, 1), np.float32)}, 1)


def test_output_bytes_are_known_when_the_shape_is(model_dir):
    assert read_contract(model_dir).output_bytes(3) == [3 * 4, 3 * 896 * 4 * 4]
    open_ended = ModelContract("m", 0, (), (TensorSpec("y", np.dtype(np.float32), (-1, 4)),))
    assert open_ended.output_bytes(3) is None


def test_the_newest_built_version_counts(model_dir):
    assert latest_version(model_dir) == ""
    for version in ("1", "9", "10", "draft"):
        (model_dir / version).mkdir()
        (model_dir / version / "model.onnx").touch()
    (model_dir / "11").mkdir()
    assert latest_version(model_dir) == "10"
