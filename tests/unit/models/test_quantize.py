"""INT8 on small graphs: the form is right, the report is true, and bad input is refused."""

import errno
import json

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from gateway.errors import CalibrationTooSmall, ModelFormatInvalid, StorageFull
from gateway.models import quantize as module
from gateway.models.quantize import (
    HELD_BACK,
    LEAST_ROWS,
    Comparison,
    OutputDifference,
    Rows,
    compare,
    quantize,
)

SIDE = 12


def conv(path, *, scale=1.0, name="planes"):
    """A network (N, 3, 12, 12) → (N, 4, 12, 12): one convolution, and its rectified answer."""
    rng = np.random.default_rng(0)
    weights = (scale * rng.normal(size=(4, 3, 3, 3))).astype(np.float32)
    weights *= np.array([1, 0.1, 10, 0.01], np.float32)[:, None, None, None]
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["input", "w"], ["c"], pads=[1, 1, 1, 1]),
            helper.make_node("Relu", ["c"], [name]),
        ],
        "conv",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", 3, SIDE, SIDE])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 4, SIDE, SIDE])],
        [numpy_helper.from_array(weights, "w")],
    )
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=9), path)
    return path


def rows_in(folder, pictures, *, each=1, most=1000):
    folder.mkdir()
    rows = Rows(folder, most=most)
    rng = np.random.default_rng(1)
    for _ in range(pictures):
        rows.next_picture()
        for _ in range(each):
            rows.add({"input": rng.random((1, 3, SIDE, SIDE), np.float32)})
    return rows


def test_activations_and_weights_are_symmetric_int8_and_weights_per_channel(tmp_path):
    found = quantize(conv(tmp_path / "n.onnx"), tmp_path / "q.onnx", rows_in(tmp_path / "r", 12))
    graph = onnx.load(tmp_path / "q.onnx").graph
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    pairs = [node for node in graph.node if node.op_type == "QuantizeLinear"]
    assert pairs
    for node in pairs:
        assert values[node.input[2]].dtype == np.int8
        assert not values[node.input[2]].any()
    scales = [
        values[node.input[1]]
        for node in graph.node
        if node.op_type == "DequantizeLinear" and values.get(node.input[0], pairs) is not pairs
    ]
    assert (4,) in {scale.shape for scale in scales}
    assert [opset.domain for opset in onnx.load(tmp_path / "q.onnx").opset_import] == [""]
    assert found.int8_bytes == (tmp_path / "q.onnx").stat().st_size
    assert (found.rows_calibrated, found.rows_compared) == (9, 3)


def test_int8_is_near_and_the_report_says_how_near(tmp_path):
    found = quantize(conv(tmp_path / "n.onnx"), tmp_path / "q.onnx", rows_in(tmp_path / "r", 12))
    (output,) = found.outputs
    assert output.name == "planes"
    assert 0 < output.mean_abs < output.max_abs
    assert output.psnr_db > 35
    assert 0.99 < output.cosine < 1
    assert found.fp32_ms > 0
    assert found.time_ratio == found.int8_ms / found.fp32_ms
    assert '"time_ratio"' in found.as_json()


def test_a_network_is_no_different_from_itself(tmp_path):
    path = conv(tmp_path / "n.onnx")
    (output,) = compare(path, path, rows_in(tmp_path / "r", 4)).outputs
    assert (output.max_abs, output.mean_abs, output.psnr_db) == (0, 0, None)
    assert output.cosine == pytest.approx(1)


def test_the_report_agrees_with_what_is_known(tmp_path):
    one, two = conv(tmp_path / "1.onnx"), conv(tmp_path / "2.onnx", scale=1.1)
    rows = rows_in(tmp_path / "r", 4)
    (output,) = compare(one, two, rows).outputs
    (row,) = rows.read(held_back=True)
    wanted = module.session_of(one).run(None, row)[0].astype(np.float64)
    assert output.max_abs == pytest.approx(0.1 * wanted.max(), rel=1e-4)
    assert output.mean_abs == pytest.approx(0.1 * wanted.mean(), rel=1e-4)
    noise = 0.1 * np.sqrt(np.square(wanted).mean())
    assert output.psnr_db == pytest.approx(20 * np.log10(np.ptp(wanted) / noise), abs=1e-3)
    assert output.cosine == pytest.approx(1)


def test_rows_of_a_picture_stay_together(tmp_path):
    rows = rows_in(tmp_path / "r", HELD_BACK, each=3)
    assert rows.number(held_back=True) == 3
    kept = [row["input"] for row in rows.read(held_back=False)]
    held = [row["input"] for row in rows.read(held_back=True)]
    assert (len(kept), len(held)) == (9, 3)
    assert not any((a == b).all() for a in kept for b in held)


def test_no_more_rows_are_kept_than_asked_for(tmp_path):
    rows = rows_in(tmp_path / "r", 9, most=5)
    assert rows.full
    assert len(rows) == len(list((tmp_path / "r").iterdir())) == 5


@pytest.mark.parametrize("pictures", [0, LEAST_ROWS, HELD_BACK - 1])
def test_too_few_rows_are_refused_before_anything_is_written(tmp_path, pictures):
    rows = rows_in(tmp_path / "r", pictures)
    with pytest.raises(CalibrationTooSmall, match=f"{rows.number(held_back=False)} rows"):
        quantize(tmp_path / "none.onnx", tmp_path / "out" / "q.onnx", rows)
    assert not (tmp_path / "out").exists()


def test_a_network_that_takes_other_rows_is_told_and_nothing_is_left(tmp_path):
    rows = Rows(tmp_path, most=99)
    for _ in range(12):
        rows.next_picture()
        rows.add({"other": np.zeros((1, 2), np.float32)})
    with pytest.raises(ModelFormatInvalid, match="cannot quantise"):
        quantize(conv(tmp_path / "n.onnx"), tmp_path / "out" / "q.onnx", rows)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_full_disk_is_named_and_the_old_file_stays(tmp_path, monkeypatch):
    def full(*given, **more):
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(module, "quantize_static", full)
    (tmp_path / "q.onnx").write_bytes(b"old")
    with pytest.raises(StorageFull):
        quantize(conv(tmp_path / "n.onnx"), tmp_path / "q.onnx", rows_in(tmp_path / "r", 12))
    assert (tmp_path / "q.onnx").read_bytes() == b"old"
    assert not list(tmp_path.glob(".quant*"))


@pytest.mark.parametrize(
    ("wanted", "found", "cosine"),
    [
        ([1.0], [0.0], None),
        ([1.0, 0.0], [0.0, 0.0], 0),
        ([0.0, 0.0], [0.0, 0.0], 1),
        ([1.0, 0.0], [0.0, 1.0], 0),
        ([1.0, 2.0], [2.0, 4.0], 1),
    ],
)
def test_a_cosine_is_told_of_what_has_a_direction(wanted, found, cosine):
    sums = module._Sums()
    sums.add(np.array(wanted), np.array(found))
    assert sums.told("a").cosine == pytest.approx(cosine)


def test_the_report_is_json():
    outputs = (OutputDifference("a", 1.0, 0.5, None, 1.0),)
    told = json.loads(Comparison(9, 3, outputs, 4, 1, 2.0, 1.0).as_json())
    assert told["outputs"][0]["psnr_db"] is None
    assert told["time_ratio"] == 0.5
