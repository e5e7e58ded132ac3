"""The TypeScript client's files against the project's; its tests need Node and are elsewhere."""

import hashlib
import json
import tomllib

from tests.unit.structure.tree import ROOT

CLIENT = ROOT / "clients" / "typescript"
PACKAGE = json.loads((CLIENT / "package.json").read_text(encoding="utf-8"))
LOCK = json.loads((CLIENT / "package-lock.json").read_text(encoding="utf-8"))


def test_its_version_and_license_are_those_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert PACKAGE["version"] == LOCK["version"] == project["version"]
    assert PACKAGE["license"] == project["license"]


def test_its_types_were_written_from_the_reviewed_document():
    """Otherwise run `npm run schema` in its folder."""
    document = (ROOT / "tests" / "unit" / "http" / "openapi.json").read_text(encoding="utf-8")
    digest = hashlib.sha256(document.encode()).hexdigest()
    assert digest in (CLIENT / "src" / "schema.ts").read_text(encoding="utf-8")[:400]


def test_its_dependencies_have_digests_and_no_addresses():
    for name, entry in LOCK["packages"].items():
        assert "resolved" not in entry, name
        assert name == "" or entry["integrity"].startswith("sha512-"), name


def test_its_dependencies_are_named_with_version_and_license():
    text = (ROOT / "THIRD_PARTY.md").read_text(encoding="utf-8")
    for name, version in (PACKAGE["dependencies"] | PACKAGE["devDependencies"]).items():
        entry = LOCK["packages"][f"node_modules/{name}"]
        assert entry["version"] == version
        assert f"| {name} | {version} | {entry['license']} |" in text


def test_its_modules_are_short():
    for path in (CLIENT / "src").glob("*.ts"):
        if path.name != "schema.ts":
            assert len(path.read_text(encoding="utf-8").splitlines()) < 200, path.name
