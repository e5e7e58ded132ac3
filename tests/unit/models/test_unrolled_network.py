"""The graphs of the networks that look at unrolled faces against their layers, calculated here."""

import dataclasses

import numpy as np
import onnx
import onnxruntime
import pytest

from gateway.errors import ContractViolation
from gateway.models.catalog import load_catalog
from gateway.models.unrolled_network import KNOWN_PLACES, unrolled_to_onnx
from gateway.paths import PROJECT_ROOT
from tests.tolerances import NETWORK_PROBABILITY

REPOSITORY = PROJECT_ROOT / "model_repository"
CATALOG = load_catalog(REPOSITORY)
ENTRY = CATALOG.model("face_occlusion")
FILE = PROJECT_ROOT / ENTRY.weights.path
RNG = np.random.default_rng(0)


def sheets(entry, count: int) -> np.ndarray:
    """Return inputs that a face might give: smooth, with something else in it."""
    out = np.full((count, *entry.inputs[0].shape), 128.0)
    out += RNG.normal(0, 6, out.shape)
    for n in range(count):
        y, x = RNG.integers(10, 50), RNG.integers(10, 40)
        out[n, y : y + 15, x : x + 12, :3] = RNG.uniform(0, 255, 3)
    return np.clip(np.rint(out), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module", params=list(KNOWN_PLACES))
def entry(request):
    return CATALOG.model(request.param)


@pytest.fixture(scope="module")
def graph(entry):
    return unrolled_to_onnx((PROJECT_ROOT / entry.weights.path).read_bytes(), entry)


@pytest.fixture(scope="module")
def network(entry, graph):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    (given,), (answer,) = entry.inputs, entry.outputs
    return lambda levels: session.run([answer.name], {given.name: levels})[0]


class Layers:
    """A network as `tools/unet.py` states it, of one picture, in float64."""

    def __init__(self, entry) -> None:
        self.sigmoid = entry.outputs[0].activation == "sigmoid"
        self.places = KNOWN_PLACES[entry.name]()
        with np.load(PROJECT_ROOT / entry.weights.path) as arrays:
            self.weights = {name: arrays[name].astype(float) for name in arrays if "_" in name}
            self.means, self.scales = arrays["means"], arrays["scales"]

    def convolved(self, name, planes, step=1):
        weight, bias = self.weights[f"{name}_weight"], self.weights[f"{name}_bias"]
        padded = np.pad(planes, ((0, 0), (1, 1), (1, 1)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (1, 2))
        out = np.tensordot(weight, windows, ([1, 2, 3], [0, 3, 4]))
        return (out + bias[:, None, None])[:, ::step, ::step]

    def step(self, name, planes, step=1):
        return np.maximum(self.convolved(name, planes, step), 0)

    def __call__(self, levels):
        x = np.moveaxis((levels.astype(float) - self.means) * self.scales, -1, 0)
        x = unshuffled(np.concatenate([x, self.places]))
        one = self.step("in2", self.step("in", x))
        two = self.step("mid1", self.step("down1", one, 2))
        three = self.step("mid2", self.step("down2", two, 2))
        four = self.step("mid3", self.step("down3", three, 2))
        back = self.step("up3", joined(four, three))
        back = self.step("up2", joined(back, two))
        back = self.step("up1", joined(back, one))
        out = shuffled(self.convolved("out", back))
        return 1 / (1 + np.exp(-out[..., 0])) if self.sigmoid else out


def unshuffled(planes):
    """Halve the size: the channel comes first, then the row in a block, then the column."""
    out = [planes[c, y::2, x::2] for c in range(len(planes)) for y in (0, 1) for x in (0, 1)]
    return np.stack(out)


def shuffled(planes):
    """Spread each four of planes (4c, h, w) over the pixels of a block: (2h, 2w, c)."""
    count, height, width = planes.shape
    out = np.empty((2 * height, 2 * width, count // 4))
    for n, plane in enumerate(planes):
        out[n % 4 // 2 :: 2, n % 2 :: 2, n // 4] = plane
    return out


def joined(coarse, fine):
    large = coarse.repeat(2, axis=1).repeat(2, axis=2)
    return np.concatenate([large[:, : fine.shape[1], : fine.shape[2]], fine])


def test_it_gives_the_numbers_of_its_layers(entry, network):
    levels = sheets(entry, 2)
    levels[1] = RNG.integers(0, 256, levels[1].shape)
    layers = Layers(entry)
    for one, got in zip(levels, network(levels), strict=True):
        wanted = layers(one)
        assert np.abs(got - wanted).max() <= NETWORK_PROBABILITY * max(1, np.abs(wanted).max())


def test_it_answers_every_place(entry, network):
    for levels in (sheets(entry, 1), *(np.full_like(sheets(entry, 1), n) for n in (0, 255))):
        answer = network(levels)
        assert answer.shape == (1, *entry.outputs[0].shape)
        assert answer.dtype == np.float32
        assert np.isfinite(answer).all()
        if entry.outputs[0].activation == "sigmoid":
            assert (answer >= 0).all()
            assert (answer <= 1).all()


def test_a_batch_answers_as_its_faces_do_alone(entry, network):
    levels = sheets(entry, 5)
    together = network(levels)
    for n in range(5):
        alone = network(levels[n : n + 1])[0]
        assert np.abs(alone - together[n]).max() <= NETWORK_PROBABILITY / 10


def test_it_is_a_plain_graph_of_few_nodes(graph):
    nodes = onnx.load_from_string(graph).graph.node
    assert len(nodes) < 60
    # All of these are in TensorRT, and none has a graph inside.
    assert {node.op_type for node in nodes} <= {
        *("Add", "Cast", "Concat", "Conv", "DepthToSpace", "Identity", "Mul", "Relu", "Reshape"),
        *("Resize", "Sigmoid", "Slice", "SpaceToDepth", "Squeeze", "Sub", "Transpose"),
    }


def test_the_same_weights_give_the_same_bytes(entry, graph):
    assert unrolled_to_onnx((PROJECT_ROOT / entry.weights.path).read_bytes(), entry) == graph


# Damage


def repacked(tmp_path, **changed) -> bytes:
    """Return the file with some arrays replaced, or left out if None."""
    with np.load(FILE) as arrays:
        held = {name: arrays[name] for name in arrays.files} | changed
    np.savez(tmp_path / "made.npz", **{n: a for n, a in held.items() if a is not None})
    return (tmp_path / "made.npz").read_bytes()


@pytest.mark.parametrize("data", [b"", b"nonsense", FILE.read_bytes()[:2000]])
def test_other_files_are_refused(data):
    with pytest.raises(ContractViolation):
        unrolled_to_onnx(data, ENTRY)


def test_a_flipped_byte_is_noticed():
    data = bytearray(FILE.read_bytes())
    data[len(data) // 2] ^= 0xFF
    with pytest.raises(ContractViolation):
        unrolled_to_onnx(bytes(data), ENTRY)


@pytest.mark.parametrize("name", ["in_weight", "means", "out_bias", "down2_weight"])
def test_a_layer_that_is_missing_is_noticed(tmp_path, name):
    with pytest.raises(ContractViolation):
        unrolled_to_onnx(repacked(tmp_path, **{name: None}), ENTRY)


@pytest.mark.parametrize(
    "changed",
    [
        {"in_weight": np.zeros((16, 40, 3, 3))},
        {"scales": np.ones(4)},
        {"in2_weight": np.zeros((16, 15, 3, 3))},
        {"mid2_bias": np.zeros(3)},
        {"out_weight": np.zeros((3, 16, 3, 3)), "out_bias": np.zeros(3)},
        {"out_weight": np.zeros((4, 16, 5, 5))},
        {"mid1_weight": np.array("text")},
        {"mid1_weight": np.array([{}], dtype=object)},
    ],
    ids="+".join,
)
def test_a_layer_of_other_numbers_is_noticed(tmp_path, changed):
    with pytest.raises(ContractViolation):
        unrolled_to_onnx(repacked(tmp_path, **changed), ENTRY)


def test_another_contract_is_refused():
    (departures,) = ENTRY.inputs
    other = dataclasses.replace(departures, shape=(*departures.shape[:2], departures.shape[2] + 1))
    with pytest.raises(ContractViolation):
        unrolled_to_onnx(FILE.read_bytes(), dataclasses.replace(ENTRY, inputs=(other,)))
