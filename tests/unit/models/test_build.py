"""Build, list, verify and samples, on a repository of one tiny model made here."""

import hashlib
import io
import json
import zipfile

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from gateway.errors import ContractViolation, NotFound, UnknownModel
from gateway.models.build import build_models, list_models, verify_models
from gateway.models.samples import fetch_samples

CATALOG = """
[packages.pkg]
name = "pkg"
version = "1"
kind = "wheel"
filename = "pkg-1-py3-none-any.whl"
sha256 = "{archive}"
python_version = "3.11"
implementation = "py"
abi = "none"
platforms = ["any"]
[models.tiny]
title = "Tiny"
task = "test"
license = "CC0-1.0"
credit = "us"
commercial = true
package = "pkg"
member = "pkg/tiny.onnx"
member_sha256 = "{network}"
exporter = "onnx"
max_batch_size = 4
[models.tiny.inputs.image]
dtype = "uint8"
shape = [4, 4, 3]
meaning = "picture"
source = "input:0"
color = "RGB"
graph_color = "BGR"
mean = [1.0, 2.0, 3.0]
[models.tiny.outputs.probability]
dtype = "float32"
shape = [3]
meaning = "means of blue, green and red, as probabilities"
source = "outputs"
[samples.face]
title = "Nobody"
license = "public domain"
credit = "us"
package = "pkg"
member = "pkg/face.png"
member_sha256 = "{picture}"
"""
PICTURE = b"not really a picture"


def original(middle="AveragePool", opset=9):
    """A channels-last network: the means of the three channels, then softmax."""
    nodes = [
        helper.make_node("Transpose", ["input:0"], ["t"], perm=[0, 3, 1, 2]),
        helper.make_node(middle, ["t"], ["p"], kernel_shape=[4, 4]),
        helper.make_node("Reshape", ["p", "shape"], ["flat"]),
        helper.make_node("Softmax", ["flat"], ["outputs"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("input:0", TensorProto.FLOAT, ["n", 4, 4, 3])],
        [helper.make_tensor_value_info("outputs", TensorProto.FLOAT, ["n", 3])],
        [numpy_helper.from_array(np.array([-1, 3], np.int64), "shape")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=4)
    return model.SerializeToString()


class Workplace:
    """A repository, a cache and a registry that counts its downloads."""

    def __init__(self, root, network):
        self.repository, self.cache, self.downloads = root / "repository", root / "cache", 0
        self.repository.mkdir()
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("pkg/tiny.onnx", network)
            archive.writestr("pkg/face.png", PICTURE)
        self.archive = buffer.getvalue()
        parts = {"archive": self.archive, "network": network, "picture": PICTURE}
        digests = {name: hashlib.sha256(data).hexdigest() for name, data in parts.items()}
        self.write(CATALOG.format(**digests))

    def write(self, text):
        (self.repository / "catalog.toml").write_text(text, encoding="utf-8")

    def edit(self, old, new):
        text = (self.repository / "catalog.toml").read_text(encoding="utf-8")
        assert old in text
        self.write(text.replace(old, new))

    def download(self, package, folder):
        self.downloads += 1
        (folder / package.filename).write_bytes(self.archive)

    def build(self, **options):
        return build_models(self.repository, self.cache, download=self.download, **options)

    def state(self):
        (status,) = list_models(self.repository)
        return status.state

    def findings(self):
        (check,) = verify_models(self.repository)
        assert check.ok == (not check.findings)
        return " ".join(check.findings)


@pytest.fixture
def place(tmp_path):
    return Workplace(tmp_path, original())


def test_building_once_is_enough(place):
    told = []
    assert place.state() == "missing"
    (first,) = place.build(on_progress=lambda *step: told.append(step))
    (second,) = place.build(on_progress=lambda *step: told.append(step))
    assert (first.built, second.built, place.downloads) == (True, False, 1)
    assert [stage for _, stage in told] == ["fetch", "export", "built", "kept"]
    assert place.state() == "ready"
    assert place.findings() == ""


def test_the_front_swaps_colors_and_takes_the_mean(place):
    (result,) = place.build()
    images = np.random.default_rng(0).integers(0, 9, (3, 4, 4, 3), dtype=np.uint8)
    ours = onnxruntime.InferenceSession(result.path).run(None, {"image": images})[0]
    x = (images.astype(np.float32) - np.float32([1, 2, 3]))[..., ::-1]
    theirs = onnxruntime.InferenceSession(original()).run(None, {"input:0": x})[0]
    assert np.allclose(ours, theirs, atol=1e-6)


def test_building_again_gives_the_same_bytes(place):
    (first,) = place.build()
    data = first.path.read_bytes()
    (again,) = place.build(force=True)
    assert again.built
    assert again.path.read_bytes() == data
    assert sorted(p.name for p in first.path.parent.iterdir()) == ["build.json", "model.onnx"]


def test_the_record_tells_the_origin(place):
    (result,) = place.build()
    record = json.loads((result.path.parent / "build.json").read_text())
    assert record["source_sha256"] == hashlib.sha256(original()).hexdigest()
    assert record["onnx_sha256"] == hashlib.sha256(result.path.read_bytes()).hexdigest()


def test_another_recipe_is_built_again(place):
    place.build()
    place.edit("mean = [1.0, 2.0, 3.0]", "mean = [1.0, 2.0, 4.0]")
    assert place.state() == "outdated"
    assert "another recipe" in place.findings()
    assert place.build()[0].built


def test_a_changed_file_is_noticed_and_built_again(place):
    (result,) = place.build()
    result.path.write_bytes(b"damaged")
    assert place.state() == "outdated"
    assert "not the one that was built" in place.findings()
    assert "cannot load" in place.findings()
    assert place.build()[0].built


def test_a_missing_record_counts_as_outdated(place):
    (result,) = place.build()
    (result.path.parent / "build.json").write_text("[]")
    assert place.state() == "outdated"


def test_a_model_that_is_not_there(place):
    assert place.findings() == "The model has not been built."


def test_another_contract_in_the_file_is_found(place):
    (result,) = place.build()
    model = onnx.load(result.path)
    model.graph.output[0].type.tensor_type.shape.dim[0].dim_value = 1
    model.graph.input[0].name = "picture"
    model.graph.node[0].input[0] = "picture"
    onnx.save(model, result.path)
    assert "inputs are {'picture'" in place.findings()
    assert "batch axis of the model's outputs is fixed" in place.findings()


def test_unknown_names(place):
    with pytest.raises(UnknownModel, match="there are: tiny"):
        place.build(names=["huge"])
    with pytest.raises(UnknownModel, match="there are: tiny"):
        verify_models(place.repository, ["huge"])
    assert place.build(names=[]) == []


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (b"nonsense", "not an ONNX file"),
        (original(opset=11), r"versions \[11\]"),
        (original(middle="LpPool"), "uses the operator LpPool"),
    ],
)
def test_a_network_the_exporter_does_not_know(tmp_path, network, message):
    with pytest.raises(ContractViolation, match=message):
        Workplace(tmp_path, network).build()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"input:0"', '"data"', "does not begin with its image"),
        ('"outputs"', '"answers"', "no output 'answers'"),
        ("shape = [3]", "shape = [2]", "the catalogue says"),
    ],
)
def test_a_contract_the_network_does_not_fit(place, old, new, message):
    place.edit(old, new)
    with pytest.raises(ContractViolation, match=message):
        place.build()


def test_samples_are_put_into_a_folder(place, tmp_path):
    fetch = {"download": place.download}
    paths = fetch_samples(place.repository, place.cache, tmp_path / "out", **fetch)
    assert paths == {"face": tmp_path / "out" / "face.png"}
    assert paths["face"].read_bytes() == PICTURE
    with pytest.raises(NotFound, match="'cat'; there are: face"):
        fetch_samples(place.repository, place.cache, tmp_path, ["cat"], **fetch)
