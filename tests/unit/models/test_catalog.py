import hashlib
import re
from pathlib import Path

import pytest

from gateway.errors import ContractViolation, SetupIncomplete, UnknownModel
from gateway.models.catalog import OwnFile, load_catalog
from gateway.models.zoo import load_zoo
from gateway.paths import PROJECT_ROOT

REPOSITORY = PROJECT_ROOT / "model_repository"
CATALOG = load_catalog(REPOSITORY)
MODELS = sorted(CATALOG.models.values(), key=lambda entry: entry.name)
OWN = [entry for entry in MODELS if isinstance(entry.weights, OwnFile)]
OF_PICTURES = [entry for entry in MODELS if any(spec.color for spec in entry.inputs)]

# Licenses whose text we ship in THIRD_PARTY.md; a new one is a decision, not an edit.
LICENCES = {"Apache-2.0", "BSD-2-Clause", "CC0-1.0"}

SMALL = """
[packages.p]
name = "p"
version = "1"
kind = "sdist"
filename = "p-1.tar.gz"
sha256 = "{zeros}"
[models.m]
title = "M"
task = "t"
license = "MIT"
credit = "c"
commercial = true
package = "p"
member = "a/b.onnx"
member_sha256 = "{zeros}"
exporter = "onnx"
max_batch_size = 4
[models.m.inputs.image]
dtype = "uint8"
shape = [2, 2, 3]
meaning = "picture"
source = "input"
color = "RGB"
graph_color = "RGB"
mean = [0, 0, 0]
[models.m.outputs.y]
dtype = "float32"
shape = [2]
meaning = "answer"
source = "y"
""".format(zeros="0" * 64)


IN_PACKAGE = 'package = "p"\nmember = "a/b.onnx"\nmember_sha256'
OWN_FILE = 'file = "gateway/a/b.npz"\nfile_sha256'


def load(tmp_path: Path, text: str):
    (tmp_path / "catalog.toml").write_text(text, encoding="utf-8")
    return load_catalog(tmp_path)


def test_the_models_are_those_the_product_uses():
    assert {entry.name for entry in MODELS} == {
        "blazeface_short",
        "blazeface_full",
        "face_mesh",
        "iris",
        "face_embedding",
        "open_nsfw",
        "face_3dmm",
        "face_occlusion",
        "face_refiner",
        "glasses_remover",
        "face_delighter",
    }
    assert set(CATALOG.samples) == {"astronaut", "hopper"}


@pytest.mark.parametrize("entry", MODELS, ids=lambda entry: entry.name)
def test_every_model_is_complete(entry):
    assert entry.title
    assert entry.credit
    assert entry.license in LICENCES
    assert entry.commercial
    assert re.fullmatch("[0-9a-f]{64}", entry.weights.sha256)
    for spec in (*entry.inputs, *entry.outputs):
        assert spec.meaning
        assert spec.source
    assert all(spec.dtype == "float32" for spec in entry.outputs)


@pytest.mark.parametrize("entry", OWN, ids=lambda entry: entry.name)
def test_our_own_weights_are_the_pinned_ones(entry):
    found = hashlib.sha256((PROJECT_ROOT / entry.weights.path).read_bytes()).hexdigest()
    assert entry.weights.sha256 == found, (
        f"{entry.weights.path} has changed. If it was meant to, write into [models.{entry.name}] "
        f'of model_repository/catalog.toml: file_sha256 = "{found}"'
    )


@pytest.mark.parametrize("entry", OF_PICTURES, ids=lambda entry: entry.name)
def test_images_travel_as_square_rgb_bytes(entry):
    (image,) = entry.inputs
    assert (image.name, image.dtype, image.color) == ("image", "uint8", "RGB")
    height, width, channels = image.shape
    assert (height, channels) == (width, 3)


def test_every_model_folder_is_in_the_catalogue():
    folders = {path.parent.name for path in REPOSITORY.glob("*/config.pbtxt")}
    assert folders - set(load_zoo(REPOSITORY).models) == set(CATALOG.models)


def test_git_keeps_the_configuration_of_every_model_of_the_catalogue():
    lines = (PROJECT_ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    kept = {line for line in lines if line.startswith("!model_repository/")}
    assert kept == {f"!model_repository/{name}/" for name in CATALOG.models}


def test_a_model_is_found_by_name(tmp_path):
    catalog = load(tmp_path, SMALL)
    assert catalog.model("m").title == "M"
    assert catalog.onnx_path("m") == tmp_path / "m" / "1" / "model.onnx"
    with pytest.raises(UnknownModel, match="'x'; there are: m"):
        catalog.model("x")


def test_weights_may_be_a_file_of_our_own(tmp_path):
    weights = load(tmp_path, SMALL.replace(IN_PACKAGE, OWN_FILE)).model("m").weights
    assert weights == OwnFile("gateway/a/b.npz", "0" * 64)


def test_no_catalogue(tmp_path):
    with pytest.raises(SetupIncomplete, match="no catalogue"):
        load_catalog(tmp_path)


def test_no_toml(tmp_path):
    with pytest.raises(SetupIncomplete, match="cannot be read"):
        load(tmp_path, "models = [")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('license = "MIT"\n', "", r"catalog.toml, \[models.m\]: 'license' is missing"),
        ("0" * 64, "0" * 63, "not a SHA-256"),
        ("0" * 64, "A" * 64, "not a SHA-256"),
        ('"sdist"', '"egg"', "kind must be one of"),
        ('"sdist"', '"wheel"', "needs its pip tags"),
        ('package = "p"', 'package = "q"', "no package 'q'"),
        ('"a/b.onnx"', '"../b.onnx"', "inside the archive"),
        (IN_PACKAGE, OWN_FILE.replace("gateway/", "gateway/../"), "inside gateway/"),
        (IN_PACKAGE, OWN_FILE.replace("gateway/", "tests/"), "inside gateway/"),
        (IN_PACKAGE, OWN_FILE.replace("_sha256", "_md5"), "'file_sha256' is missing"),
        (IN_PACKAGE, f'package = "p"\n{OWN_FILE}', "not both"),
        ('"p-1.tar.gz"', '"../p-1.tar.gz"', "plain file name"),
        ('exporter = "onnx"', 'exporter = "magic"', "exporter must be one of"),
        ("max_batch_size = 4", "max_batch_size = 0", "at least 1"),
        ("[models.m", "[models.M", "lower-case"),
        ('"uint8"', '"int4"', "image.dtype must be one of"),
        ("shape = [2]", "shape = [0]", r"outputs.y.shape.0 must be at least 1"),
        ("mean = [0, 0, 0]", "mean = [0]", "needs shape"),
        ('meaning = "answer"', 'meening = "answer"', "'outputs.y.meaning' is missing; unknown"),
    ],
)
def test_a_faulty_entry_is_named(tmp_path, old, new, message):
    assert old in SMALL
    with pytest.raises(ContractViolation, match=message):
        load(tmp_path, SMALL.replace(old, new))
