"""Foreign ONNX files: what is wrong with them is told, and what is right is brought into form."""

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from gateway.errors import ModelFormatInvalid, ModelVerificationFailed
from gateway.models.onnx_import import import_network, verify_network
from gateway.models.zoo import load_zoo
from gateway.paths import PROJECT_ROOT
from tests.unit.models.networks import (
    DOUBLE,
    FLOAT,
    INT64,
    load,
    make_zoo,
    node,
    plain,
    whole_numbers,
    write,
)

SHARED = PROJECT_ROOT.parent / "shared" / "models"
X = ("x", FLOAT, [1, 4])
TWO_INPUTS = (X, ("z", FLOAT, [1, 2]))
TWICE = [node("Add", "x x", "out")]


@pytest.fixture
def zoo(tmp_path):
    return make_zoo(tmp_path / "zoo")


@pytest.fixture
def bring(tmp_path, zoo):
    """Import a file as a model, into `out.onnx`."""

    def bring(path, name="plain", twin=None):
        return import_network(path, tmp_path / "out.onnx", zoo.model(name), twin=twin)

    return bring


def run(path, **feeds):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(None, {k: np.asarray(v, np.float32) for k, v in feeds.items()})


def faults(error):
    return [finding["detail"] for finding in error.value.errors] or [error.value.detail]


def test_a_network_for_one_row_takes_many(tmp_path, bring, zoo):
    found = bring(plain(tmp_path / "in.onnx"))
    assert (found.max_batch_size, found.notes, found.emap) == (8, (), None)
    graph = load(tmp_path / "out.onnx").graph
    assert [value.name for value in graph.output] == ["y"]
    assert graph.input[0].type.tensor_type.shape.dim[0].dim_param == "N"
    rows = np.arange(12).reshape(3, 4)
    np.testing.assert_array_equal(run(tmp_path / "out.onnx", x=rows)[0], 2 * rows)
    assert verify_network(tmp_path / "out.onnx", zoo.model("plain")) == []


def test_a_one_inside_the_network_is_opened(tmp_path, bring):
    nodes = [node("Reshape", "x s", "r"), node("Add", "r r", "a"), node("Reshape", "a t", "out")]
    constants = {"s": whole_numbers(1, 2, 2), "t": whole_numbers(1, 4)}
    found = bring(write(tmp_path / "in.onnx", nodes, constants=constants))
    assert found.max_batch_size == 8
    assert "opened" in found.notes[0]
    rows = np.arange(12).reshape(3, 4)
    np.testing.assert_array_equal(run(tmp_path / "out.onnx", x=rows)[0], 2 * rows)
    assert {path.name for path in tmp_path.iterdir()} == {"in.onnx", "out.onnx", "zoo"}


def test_a_shape_made_by_a_node_is_opened_too(tmp_path, bring):
    shape = numpy_helper.from_array(whole_numbers(1, 4))
    nodes = [node("Constant", "", "s", value=shape), node("Reshape", "x s", "r")]
    found = bring(write(tmp_path / "in.onnx", [*nodes, node("Add", "r r", "out")]))
    assert found.max_batch_size == 8


def test_another_one_than_a_batchs_stays(tmp_path, bring):
    # The weights' own axis of one: with it opened, the network would not run.
    nodes = [
        node("Reshape", "w s", "v"),
        node("Reshape", "x t", "r"),
        node("Add", "r v", "out"),
    ]
    constants = {
        "w": np.arange(4, dtype=np.float32),
        "s": whole_numbers(1, 4),
        "t": whole_numbers(1, 4),
    }
    found = bring(write(tmp_path / "in.onnx", nodes, constants=constants))
    assert found.max_batch_size == 1
    assert "one row at a time" in found.notes[0]
    np.testing.assert_array_equal(run(tmp_path / "out.onnx", x=[[1, 1, 1, 1]])[0], [[1, 2, 3, 4]])


def test_rows_that_see_each_other_run_alone(tmp_path, bring):
    nodes = [node("ReduceMean", "x", "m", axes=[0], keepdims=1), node("Sub", "x m", "d")]
    found = bring(write(tmp_path / "in.onnx", [*nodes, node("Add", "d m", "e"), *mean_last()]))
    assert found.max_batch_size == 1


def mean_last():
    return [
        node("ReduceMean", "e", "f", axes=[0], keepdims=1),
        node("Sub", "e f", "g"),
        node("Add", "g f", "h"),
        node("Mul", "h f", "out"),
    ]


def test_a_model_for_one_row_is_not_tried_with_more(tmp_path, bring):
    found = bring(plain(tmp_path / "in.onnx"), "single")
    assert (found.max_batch_size, found.notes) == (1, ())


def test_a_model_without_a_batch_keeps_its_shape(tmp_path, bring):
    path = write(
        tmp_path / "in.onnx",
        [node("Transpose", "x", "out", perm=[1, 0])],
        [("x", FLOAT, [1, "w"])],
        [("out", FLOAT, ["w", 1])],
    )
    assert bring(path, "whole").max_batch_size == 0
    assert run(tmp_path / "out.onnx", x=np.zeros((1, 7)))[0].shape == (7, 1)


def test_open_sizes_become_the_contracts(tmp_path, bring):
    bring(
        plain(tmp_path / "in.onnx", inputs=[("x", FLOAT, ["b", "n"])], outputs=[("out", 1, None)])
    )
    shape = load(tmp_path / "out.onnx").graph.input[0].type.tensor_type.shape
    assert [axis.dim_param or axis.dim_value for axis in shape.dim] == ["N", 4]


def test_old_files_list_their_weights_as_inputs(tmp_path, bring):
    path = write(
        tmp_path / "in.onnx",
        [node("Add", "x w", "out")],
        [X, ("w", FLOAT, [4])],
        constants={"w": np.ones(4, np.float32)},
    )
    assert bring(path).max_batch_size == 8
    assert len(load(tmp_path / "out.onnx").graph.input) == 1


def pair(tmp_path, first, second, *more):
    """Write a network of outputs of these names: 2x, then z twice, then x as often as asked."""
    nodes = [
        node("Add", "x x", first),
        node("Concat", "z z", "c", axis=1),
        node("Reshape", "c s", second),
        *(node("Identity", "x", name) for name in more),
    ]
    outputs = [(first, FLOAT, [1, 4]), (second, FLOAT, [1, 1, 1, 4])]
    outputs += [(name, FLOAT, [1, 4]) for name in more]
    constants = {"s": whole_numbers(1, 1, 1, 4)}
    return write(tmp_path / "in.onnx", nodes, TWO_INPUTS, outputs, constants)


@pytest.mark.parametrize(
    "names",
    [
        ("first", "second"),
        ("second", "first"),
        ("p", "q", "first"),
        ("p", "first", "second"),
        ("third", "second", "q"),
    ],
)
def test_outputs_get_our_names_by_their_place_whatever_they_were_called(tmp_path, bring, names):
    assert bring(pair(tmp_path, *names), "pair").max_batch_size == 8
    path = tmp_path / "out.onnx"
    assert [value.name for value in load(path).graph.output] == ["first", "second"]
    x, z = np.arange(8).reshape(2, 4), np.arange(4).reshape(2, 2)
    first, second = run(path, x=x, z=z)
    np.testing.assert_array_equal(first, 2 * x)
    np.testing.assert_array_equal(second, np.stack([z, z], 1))


def test_an_output_may_be_an_input_or_there_twice(tmp_path, bring):
    outputs = [("x", FLOAT, [1, 4]), ("x", FLOAT, [1, 4])]
    nodes = [node("Neg", "z", "unused")]
    bring(write(tmp_path / "in.onnx", nodes, TWO_INPUTS, outputs), "pair")
    first, second = run(tmp_path / "out.onnx", x=[[1, 2, 3, 4]], z=[[0, 0]])
    np.testing.assert_array_equal(first, [[1, 2, 3, 4]])
    np.testing.assert_array_equal(second, [[[1, 2], [3, 4]]])


def test_names_inside_of_loops_follow(tmp_path, bring):
    body = helper.make_graph(
        [node("Add", "out x", "r")], "then", [], [helper.make_tensor_value_info("r", 1, None)]
    )
    rest = helper.make_graph(
        [node("Identity", "out", "q")], "else", [], [helper.make_tensor_value_info("q", 1, None)]
    )
    nodes = [*TWICE, node("If", "yes", "sum", then_branch=body, else_branch=rest)]
    path = write(
        tmp_path / "in.onnx",
        [*nodes, node("Add", "sum x", "y")],
        outputs=[("out", FLOAT, [1, 4])],
        constants={"yes": np.array(True)},
    )
    assert bring(path).max_batch_size == 8
    np.testing.assert_array_equal(run(tmp_path / "out.onnx", x=[[1, 2, 3, 4]])[0], [[2, 4, 6, 8]])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"opset": 6}, "operators of version 6; 7 to 21"),
        ({"opset": 25}, "operators of version 25"),
        ({"inputs": [("a", FLOAT, [1, 4])]}, "Input 'x' is missing; there are: 'a'."),
        ({"inputs": [X, ("b", FLOAT, [1])]}, "Input 'b' is needed, which plain is not given."),
        ({"inputs": [("x", DOUBLE, [1, 4])]}, "Input 'x' is float64, not float32."),
        ({"inputs": [("x", FLOAT, [1, 5])]}, "Input 'x' is 1×5, not ?×4."),
        ({"inputs": [("x", FLOAT, [1, 4, 1])]}, "Input 'x' is 1×4×1, not ?×4."),
        ({"inputs": [("x", FLOAT, [2, 4])]}, "Input 'x' is always 2 rows"),
        ({"outputs": [("out", INT64, [1, 4])]}, "Output 1 ('y') is int64, not float32."),
        ({"outputs": [("out", FLOAT, [1, 3])]}, "Output 1 ('y') is 1×3, not ?×4."),
        (
            {"outputs": [("out", FLOAT, [1, 4]), ("x", FLOAT, [1, 4])]},
            "There are more outputs than 1: 'x'.",
        ),
    ],
)
def test_what_differs_is_told(tmp_path, bring, changes, message):
    with pytest.raises(ModelFormatInvalid, match="is not plain") as error:
        bring(plain(tmp_path / "in.onnx", **changes))
    assert any(message in fault for fault in faults(error)), faults(error)
    assert not (tmp_path / "out.onnx").exists()


def test_all_differences_are_told_at_once(tmp_path, bring):
    path = plain(tmp_path / "in.onnx", inputs=[("a", DOUBLE, [1, 5])], opset=6)
    with pytest.raises(ModelFormatInvalid) as error:
        bring(path, "pair")
    assert len(faults(error)) == 5  # version, x, z, a, second


def test_a_size_that_is_needed_open(tmp_path, bring):
    path = write(
        tmp_path / "in.onnx",
        [node("Transpose", "x", "out", perm=[1, 0])],
        [("x", FLOAT, [1, 7])],
        [("out", FLOAT, [7, 1])],
    )
    with pytest.raises(ModelFormatInvalid) as error:
        bring(path, "whole")
    assert "any size is needed" in faults(error)[0]


def test_loose_outputs_need_the_number(tmp_path, bring):
    outputs = [("out", FLOAT, [1, 4]), ("z", FLOAT, [1, 3])]
    with pytest.raises(ModelFormatInvalid) as error:
        bring(write(tmp_path / "in.onnx", TWICE, TWO_INPUTS, outputs), "pair")
    assert "not 4 numbers" in faults(error)[0]


def test_foreign_operators_are_named(tmp_path, bring):
    odd = helper.make_node("Magic", ["x"], ["out"], domain="test.magic")
    with pytest.raises(ModelFormatInvalid) as error:
        bring(write(tmp_path / "in.onnx", [odd], domains=["test.magic"]))
    assert faults(error) == ["The file uses operators that are not ONNX's: test.magic."]


def test_weights_have_to_be_in_the_file(tmp_path, bring):
    path = write(
        tmp_path / "in.onnx", [node("Add", "x w", "out")], constants={"w": np.ones(4, np.float32)}
    )
    network = load(path)
    weight = network.graph.initializer[0]
    weight.data_location = TensorProto.EXTERNAL
    weight.ClearField("raw_data")
    weight.external_data.add(key="location", value="/etc/hostname")
    path.write_bytes(network.SerializeToString())
    with pytest.raises(ModelFormatInvalid) as error:
        bring(path)
    assert "another file" in faults(error)[0]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS"),
        (b"no network at all", "not an ONNX file"),
        (b"\x08\x08", "holds no network"),
    ],
)
def test_what_is_no_network(tmp_path, bring, data, message):
    (tmp_path / "in.onnx").write_bytes(data)
    with pytest.raises(ModelFormatInvalid, match=message):
        bring(tmp_path / "in.onnx")


@given(part=st.floats(0, 1, exclude_max=True))
def test_a_file_cut_short_is_no_network(tmp_path_factory, part):
    folder = tmp_path_factory.mktemp("cut")
    zoo = make_zoo(folder)
    weights = {"w": np.ones((4, 4), np.float32)}
    path = write(folder / "in.onnx", [node("MatMul", "x w", "out")], constants=weights)
    data = path.read_bytes()
    path.write_bytes(data[: int(part * len(data))])
    with pytest.raises(ModelFormatInvalid):
        import_network(path, folder / "out.onnx", zoo.model("plain"))


def test_what_onnx_runtime_cannot_load(tmp_path, bring):
    with pytest.raises(ModelFormatInvalid, match="cannot load"):
        bring(write(tmp_path / "in.onnx", [node("NoSuchThing", "x", "out")]))


def test_outputs_are_checked_by_running(tmp_path, bring):
    path = write(
        tmp_path / "in.onnx",
        [node("Reshape", "x s", "out")],
        outputs=[("out", FLOAT, None)],
        constants={"s": whole_numbers(1, 2, 2)},
    )
    with pytest.raises(ModelFormatInvalid) as error:
        bring(path)
    assert faults(error) == ["Output 'y' is 1×2×2, not 1×4."]


def test_numbers_that_are_not_finite(tmp_path, bring):
    nodes = [node("Sub", "x x", "zero"), node("Div", "x zero", "out")]
    with pytest.raises(ModelVerificationFailed, match="not finite"):
        bring(write(tmp_path / "in.onnx", nodes))


# Half precision


def scaled(path, factor):
    return write(path, [node("Mul", "x f", "out")], constants={"f": np.array(factor, np.float32)})


@pytest.mark.parametrize(("factor", "agrees"), [(2.02, True), (2.1, False), (0.0, False)])
def test_half_precision_has_to_agree_with_its_twin(tmp_path, bring, zoo, factor, agrees):
    twin = tmp_path / "twin.onnx"
    import_network(scaled(tmp_path / "in.onnx", 2), twin, zoo.model("plain"))
    path = scaled(tmp_path / "half.onnx", factor)
    if agrees:
        assert bring(path, "plain_fp16", twin).half_agrees
    else:
        with pytest.raises(ModelVerificationFailed, match="differs from that of plain"):
            bring(path, "plain_fp16", twin)


def test_half_precision_without_a_twin_must_not_be_constant(tmp_path, bring):
    assert not bring(scaled(tmp_path / "in.onnx", 2), "plain_fp16").half_agrees
    with pytest.raises(ModelVerificationFailed, match="the same number everywhere"):
        bring(scaled(tmp_path / "in.onnx", 0), "plain_fp16")


# The matrix of embeddings


def with_weights(path, **constants):
    nodes = [node("Add", "x x", "out")]
    if "used" in constants:
        nodes.append(node("Neg", "used", "unread"))
    return write(path, nodes, constants=constants)


def matrix(value, dtype=np.float32):
    return np.full((512, 512), value, dtype)


@pytest.mark.parametrize(
    ("weights", "value"),
    [
        ({"spare": matrix(3), "used": matrix(4)}, 3),
        ({"other": np.ones(3, np.float32), "used": matrix(4)}, 4),
        ({"spare": matrix(3, np.float16), "used": matrix(4)}, 3),
    ],
)
def test_the_matrix_is_the_one_nobody_reads_else_the_last(tmp_path, bring, weights, value):
    emap = bring(with_weights(tmp_path / "in.onnx", **weights), "emapped").emap
    assert (emap.shape, emap.dtype) == ((512, 512), np.float32)
    assert (emap == value).all()
    names = {w.name for w in load(tmp_path / "out.onnx").graph.initializer}
    assert "spare" not in names


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({}, "does not carry"),
        ({"used": matrix(4), "last": np.ones(3, np.float32)}, "does not carry"),
        ({"spare": matrix(np.nan)}, "not finite"),
        ({"spare": matrix(0)}, "or zero"),
    ],
)
def test_a_matrix_that_is_none(tmp_path, bring, weights, message):
    with pytest.raises(ModelFormatInvalid, match=message):
        bring(with_weights(tmp_path / "in.onnx", **weights), "emapped")


# Files of the field


@pytest.mark.parametrize(("file", "name", "rows"), [("yunet_n_640_640.onnx", "yunet", 8)])
def test_real_files_are_taken(tmp_path, file, name, rows):
    if not (SHARED / file).is_file():
        pytest.skip("the file is not here")
    model = load_zoo(PROJECT_ROOT / "model_repository").model(name)
    found = import_network(SHARED / file, tmp_path / "out.onnx", model)
    assert found.max_batch_size == rows
    assert verify_network(tmp_path / "out.onnx", model) == []
    onnx.checker.check_model(load(tmp_path / "out.onnx"), full_check=True)
