"""The zoo's list: complete, and told when it is faulty."""

import re

import pytest

from gateway.errors import ContractViolation, SetupIncomplete, UnknownModel
from gateway.models.catalog import load_catalog
from gateway.models.zoo import load_zoo
from gateway.paths import PROJECT_ROOT

REPOSITORY = PROJECT_ROOT / "model_repository"
ZOO = load_zoo(REPOSITORY)
MODELS = list(ZOO.models.values())

SMALL = """
[hosts]
one = "https://one.test/{base}/{file}"
[licenses.MIT]
url = "https://mit.test/"
commercial = true
[licenses.strict]
url = "https://strict.test/"
commercial = false
[families.f]
task = "t"
max_batch_size = 4
[families.f.inputs]
x = { dtype = "float32", shape = [3, "side", "side"], meaning = "picture" }
[families.f.outputs]
y = { dtype = "float32", shape = [2], meaning = "answer" }
[models.m]
title = "M"
family = "f"
sizes = { side = 8 }
license = "MIT"
credit = "c"
needs = ["n"]
base = "b"
file = "m.onnx"
[models.n]
title = "N"
family = "f"
sizes = { side = 4 }
license = "strict"
credit = "c"
"""


def load(folder, text=SMALL):
    (folder / "zoo.toml").write_text(text, encoding="utf-8")
    return load_zoo(folder)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_every_model_is_complete(model):
    assert model.title
    assert model.credit
    assert model.task
    assert all(spec.meaning for spec in (*model.inputs, *model.outputs))
    assert re.fullmatch("([0-9a-f]{64})?", model.sha256)
    assert bool(model.size_bytes) or not model.sha256
    assert (model.max_batch_size == 0) == (model.batch == "none")


def test_what_swaps_by_an_embedding_needs_who_makes_it():
    for model in MODELS:
        shapes = [spec.shape for spec in model.inputs if spec.name == "source"]
        if model.task == "face swap" and shapes == [(512,)]:
            names = {needed.name for needed in ZOO.with_needs(model.name)}
            assert "arcface_w600k_r50" in names
            assert not model.usable_commercially
    assert ZOO.models["ghost_1_256"].commercial


def test_no_name_is_used_twice():
    assert not ZOO.models.keys() & load_catalog(REPOSITORY).models.keys()


def test_a_half_precision_model_has_a_twin_of_the_same_family():
    for model in MODELS:
        assert model.name.endswith("_fp16") == bool(model.twin)
        if model.twin:
            twin = ZOO.models[model.twin]
            assert (twin.inputs, twin.outputs) == (model.inputs, model.outputs)


def test_sizes_are_filled_in_and_needs_looked_through(tmp_path):
    zoo = load(tmp_path)
    assert zoo.model("m").inputs[0].shape == (3, 8, 8)
    assert zoo.model("m").commercial
    assert not zoo.model("m").usable_commercially
    assert zoo.model("m").pulled
    assert not zoo.model("n").pulled
    assert [model.name for model in zoo.with_needs("m")] == ["n", "m"]
    assert zoo.folder("m") == tmp_path / "m" / "1"
    with pytest.raises(UnknownModel, match="'x'; `semblant models list` lists them"):
        zoo.model("x")
    with pytest.raises(UnknownModel, match=r"'M1'; did you mean m\?"):
        zoo.model("M1")


def test_no_zoo(tmp_path):
    with pytest.raises(SetupIncomplete, match="no zoo"):
        load_zoo(tmp_path)
    with pytest.raises(SetupIncomplete, match="cannot be read"):
        load(tmp_path, "models = [")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('title = "M"\n', "", r"zoo.toml, \[models.m\]: 'title' is missing"),
        ('family = "f"', 'family = "g"', "families has no 'g'"),
        ('license = "MIT"', 'license = "GPL"', "licenses has no 'GPL'"),
        ("sizes = { side = 8 }", "", "inputs.x.shape: sizes has no 'side'"),
        ('needs = ["n"]', 'needs = ["o"]', "no 'o' to need"),
        ('needs = ["n"]', 'needs = ["m"]', "needs itself"),
        ('base = "b"', "", "belong together"),
        ('"m.onnx"', '"../m.onnx"', "plain name"),
        ('"m.onnx"', '"m.onnx"\nsha256 = "0"', "not a SHA-256"),
        ('"m.onnx"', '"m.onnx"\ntwin = "o"', "no twin 'o'"),
        ('"m.onnx"', '"m.onnx"\ncolor = "red"', "unknown: color"),
        ("[models.m]", '[models."m/n"]', "single dots"),
        ("[models.m]", '[models."m..n"]', "single dots"),
        ("max_batch_size = 4", "max_batch_size = 0", "at least 1"),
        ("max_batch_size = 4", "max_batch_size = 4\nsize = 4", "unknown: size"),
        ("max_batch_size = 4", 'batch = "none"\nmax_batch_size = 4', "with a batch"),
        ("max_batch_size = 4", 'batch = "all"', "batch must be one of"),
        ("max_batch_size = 4", "max_batch_size = 4\nopen_sizes = [1, 2, 3]", "open_sizes belong"),
        ("shape = [2]", "shape = [0]", "positive"),
        ("shape = [2]", "shape = [-1], loose = true", "loose"),
        ('dtype = "float32", shape = [2]', 'dtype = "int4", shape = [2]', "y.dtype must be one"),
        ("{base}/", "", r"\[hosts\]"),
        ("https://mit.test/", "http://mit.test/", "https://"),
    ],
)
def test_a_faulty_entry_is_named(tmp_path, old, new, message):
    assert old in SMALL
    with pytest.raises(ContractViolation, match=message):
        load(tmp_path, SMALL.replace(old, new))
