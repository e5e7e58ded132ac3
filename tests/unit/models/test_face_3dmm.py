"""The fit's network against the fit."""

import dataclasses

import numpy as np
import onnx
import onnxruntime
import pytest

from gateway.errors import ContractViolation
from gateway.faces.morphable.fit import Fit, fit_landmarks, polar_rotation
from gateway.faces.morphable.model import face_model
from gateway.inference.contracts import read_contract
from gateway.inference.self_test import known_inputs
from gateway.models.build import build_models, verify_models
from gateway.models.catalog import load_catalog
from gateway.models.face_3dmm import face_3dmm_to_onnx
from gateway.paths import PROJECT_ROOT
from tests.synthetic_faces import synthetic_faces
from tests.tolerances import AFFINE, FIT_COEFFICIENTS, FIT_POSE

REPOSITORY = PROJECT_ROOT / "model_repository"
ENTRY = load_catalog(REPOSITORY).model("face_3dmm")
WEIGHTS = (PROJECT_ROOT / ENTRY.weights.path).read_bytes()
MEAN = face_model().mean * 200 + np.array([300, 300, 0])
TOLERANCE = {
    "identity": FIT_COEFFICIENTS,
    "expression": FIT_COEFFICIENTS,
    "rotation": FIT_POSE,
    "translation": FIT_POSE,
    "scale": FIT_POSE,
    "residual": FIT_POSE,
}


@pytest.fixture(scope="module")
def graph():
    return face_3dmm_to_onnx(WEIGHTS, ENTRY)


@pytest.fixture(scope="module")
def fit(graph):
    """Run the network; returns a `Fit`."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    names = [field.name for field in dataclasses.fields(Fit)]
    return lambda inputs: Fit(*session.run(names, inputs))


def reference(inputs):
    return fit_landmarks(inputs["landmarks"], inputs["size"])


def one(landmarks, size=(600, 600)):
    return {"landmarks": np.float32(landmarks)[None], "size": np.float32(size)[None]}


def same(ours, theirs, part=1.0):
    for name, tolerance in TOLERANCE.items():
        difference = np.abs(getattr(ours, name) - getattr(theirs, name))
        if name in ("translation", "scale"):
            difference = difference / theirs.scale
        assert difference.max() <= part * tolerance, f"{name}: {difference.max():.2e}"


@pytest.mark.parametrize("scale_px", [20, 200, 900])
@pytest.mark.parametrize("noise", [0, 0.02, 0.1])
def test_it_gives_the_numbers_of_the_fit(fit, scale_px, noise):
    inputs = synthetic_faces(64, scale_px=scale_px, noise=noise)
    same(fit(inputs), reference(inputs))


def test_a_batch_answers_as_its_faces_do_alone(fit):
    inputs = synthetic_faces(9, seed=1)
    together = fit(inputs)
    for n in range(9):
        alone = fit({name: array[n : n + 1] for name, array in inputs.items()})
        same(alone, together.of(n), part=0.1)


def test_the_picture_s_size_is_only_a_unit(fit):
    inputs = synthetic_faces(4)
    same(fit({**inputs, "size": inputs["size"] / 3}), fit(inputs))


@pytest.mark.parametrize("axes", [(1, 1, 0), (1, 1, -1)], ids=["flat", "mirrored"])
def test_landmarks_without_true_depth_still_turn_like_a_solid(fit, axes):
    inputs = one(MEAN * axes)
    same(fit(inputs), reference(inputs))
    assert np.linalg.det(fit(inputs).rotation[0]) == pytest.approx(1, abs=FIT_POSE)


EXTREME = {
    "nothing": one(np.zeros((478, 3))),
    "one point": one(np.full((478, 3), 333.3)),
    "huge": one(MEAN * 1e30),
    "largest": one(np.where(np.arange(1434).reshape(478, 3) % 5 < 2, 3e38, -3e38)),
    "far irises": one(np.concatenate([np.full((468, 3), 100.0), np.full((10, 3), 1e30)])),
}


@pytest.mark.parametrize("calculate", ["network", "reference"])
@pytest.mark.parametrize("name", EXTREME)
def test_what_is_no_face_has_a_large_residual_and_finite_numbers(fit, calculate, name):
    found = (fit if calculate == "network" else reference)(EXTREME[name])
    assert all(np.isfinite(getattr(found, field)).all() for field in TOLERANCE)
    assert found.residual[0, 0] > 0.1


@pytest.mark.parametrize("size", [(0, 0), (-5, 600), (1, 1)])
def test_a_picture_without_area_counts_as_one_pixel_at_least(fit, size):
    same(fit(one(MEAN, size)), fit(one(MEAN)))


def test_the_self_test_s_inputs_tell_right_from_wrong(fit):
    inputs = known_inputs(read_contract(REPOSITORY / ENTRY.name))
    ours, theirs = fit(inputs), reference(inputs)
    for name in TOLERANCE:
        wanted = getattr(theirs, name)
        largest = max(1, np.abs(wanted).max())
        assert np.abs(getattr(ours, name) - wanted).max() <= 1e-4 * largest, name


def test_the_rotation_of_a_face_is_the_nearest_one():
    rng = np.random.default_rng(0)
    turned = np.linalg.qr(rng.normal(size=(50, 3, 3)))[0]
    turned *= np.linalg.det(turned)[:, None, None]
    spread = turned @ np.diag([0.22, 0.2, 0.05]) + 0.01 * rng.normal(size=(50, 3, 3))
    u, _, v = np.linalg.svd(spread)
    assert np.abs(polar_rotation(spread) - u @ v).max() < AFFINE


def test_it_is_a_plain_graph_of_few_nodes(graph):
    nodes = onnx.load_from_string(graph).graph.node
    assert len(nodes) < 300
    # All of these are in TensorRT, and none has a graph inside.
    assert {node.op_type for node in nodes} <= {
        *("Add", "Clip", "Concat", "Div", "Gemm", "HardSigmoid", "Identity", "MatMul", "Max"),
        *("Mul", "Pad", "ReduceL2", "ReduceMax", "ReduceSum", "Reshape", "Split", "Sqrt", "Sub"),
        "Transpose",
    }


def test_the_same_weights_give_the_same_bytes(graph):
    assert face_3dmm_to_onnx(WEIGHTS, ENTRY) == graph


def test_other_dimensions_are_refused():
    identity, *rest = ENTRY.outputs
    wrong = dataclasses.replace(identity, shape=(44,))
    entry = dataclasses.replace(ENTRY, outputs=(wrong, *rest))
    with pytest.raises(ContractViolation, match="face_3dmm failed"):
        face_3dmm_to_onnx(WEIGHTS, entry)


@pytest.mark.parametrize("data", [b"", b"nonsense", WEIGHTS[:1000]])
def test_other_files_are_refused(data):
    with pytest.raises(ContractViolation, match="not a face model"):
        face_3dmm_to_onnx(data, ENTRY)


def test_it_is_built_without_the_registry(tmp_path):
    (tmp_path / "catalog.toml").write_bytes((REPOSITORY / "catalog.toml").read_bytes())

    def no_network(package, folder):
        pytest.fail(f"{package.name} was fetched")

    build_models(tmp_path, tmp_path, ["face_3dmm"], download=no_network)
    (check,) = verify_models(tmp_path, ["face_3dmm"])
    assert check.findings == ()
