"""Building images: settings of pip, the search for what is left, the list of components."""

from __future__ import annotations

import importlib.util
import json
import re

import pytest

from gateway.paths import PROJECT_ROOT
from tools.images.build import IMAGES, findings
from tools.images.pip_settings import as_file, mounts, pip_settings, traces

LISTING = """\
:env:.find-links='/srv/more'
:env:.timeout='180'
freeze.user='true'
global.find-links='/srv/wheels'
global.index-url='https://user:secret@index.example.com/simple'
install.constraint='/etc/constraints.txt'
"""


def test_settings_of_files_and_environment_are_taken_together():
    assert pip_settings(LISTING) == {
        "find-links": "/srv/more",
        "timeout": "180",
        "index-url": "https://user:secret@index.example.com/simple",
        "constraint": "/etc/constraints.txt",
    }


def test_a_file_of_settings_says_the_same():
    settings = {"find-links": "/a\n/b", "timeout": "180"}
    assert as_file(settings) == "[global]\nfind-links = /a /b\ntimeout = 180\n"


def test_folders_of_this_machine_are_named_once(tmp_path):
    index = tmp_path / "index" / "simple"
    index.mkdir(parents=True)
    settings = {
        "index-url": "https://pypi.org/simple",
        "extra-index-url": f"file://{index} file://{tmp_path}/missing",
        "find-links": f"{tmp_path}/index",
        "timeout": "180",
    }
    assert mounts(settings) == [f"{tmp_path}/index"]


def test_traces_are_hosts_and_folders_but_the_public_index():
    settings = {
        "index-url": "https://user:secret@index.example.com/simple",
        "extra-index-url": "https://pypi.org/simple file:///srv/simple",
        "timeout": "180",
    }
    assert traces(settings) == ["/srv/simple", "index.example.com"]


@pytest.mark.parametrize(
    ("path", "text", "words"),
    [
        ("root/.cache/pip/x", "", "root/.cache is left"),
        ("var/cache/apt/archives/a.deb", "", "is left"),
        ("usr/bin/gcc", "", "/usr/bin/gcc is there"),
        ("opt/semblant/bin/pip", "", "/opt/semblant/bin/pip is there"),
        ("etc/pip.conf", "index-url = https://index.example.com/", "names a package index"),
    ],
)
def test_what_should_not_be_in_an_image_is_found(tmp_path, path, text, words):
    settings = {"index-url": "https://index.example.com/simple"}
    kept = tmp_path / "etc" / "passwd"
    kept.parent.mkdir()
    kept.write_text("root")
    assert findings(tmp_path, settings) == []
    left = tmp_path / path
    left.parent.mkdir(parents=True, exist_ok=True)
    left.write_text(text)
    (found,) = findings(tmp_path, settings)
    assert words in found
    assert str(tmp_path) not in found


def sbom():
    spec = importlib.util.spec_from_file_location("sbom", PROJECT_ROOT / "docker" / "sbom.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_components_are_debians_packages_and_the_models(tmp_path):
    (package,) = sbom().debian("libc6\t2.36-9+deb12u9\tamd64\n")
    assert package["purl"] == "pkg:deb/debian/libc6@2.36-9%2Bdeb12u9?arch=amd64"
    catalog = (PROJECT_ROOT / "model_repository" / "catalog.toml").read_text()
    (tmp_path / "catalog.toml").write_text(catalog)
    built = tmp_path / "face_mesh" / "1"
    built.mkdir(parents=True)
    (built / "build.json").write_text(json.dumps({"model": "face_mesh", "onnx_sha256": "ab"}))
    (model,) = sbom().models(tmp_path)
    assert model["name"] == "face_mesh"
    assert model["hashes"] == [{"alg": "SHA-256", "content": "ab"}]
    assert model["licenses"] == [{"expression": "Apache-2.0"}]
    whole = sbom().completed({"components": [model], "bomFormat": "CycloneDX"}, {}, [package])
    assert whole["components"] == [model, package]
    assert whole["bomFormat"] == "CycloneDX"


def dockerfile(part):
    return (PROJECT_ROOT / "docker" / f"Dockerfile.{part}").read_text(encoding="utf-8")


def test_both_images_have_one_base_by_digest():
    defaults = {re.search(r"^ARG BASE=(.*)$", dockerfile(part), re.M)[1] for part in IMAGES}
    (base,) = defaults
    assert re.fullmatch(r"[\w./:-]+:[\w.-]+@sha256:[0-9a-f]{64}", base)


@pytest.mark.parametrize("part", [*IMAGES, "triton"])
def test_images_run_as_a_numeric_user_who_is_not_root(part):
    users = re.findall(r"^USER (.*)$", dockerfile(part), re.M)
    assert users == ["10001:10001"]
    assert "HEALTHCHECK" not in dockerfile(part)
