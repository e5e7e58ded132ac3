"""What is written next to the code, against the code."""

import re
import tomllib
from pathlib import Path

import pytest

from gateway.models.catalog import load_catalog
from gateway.paths import PROJECT_ROOT
from gateway.settings import Settings
from tests.unit.structure.tree import ROOT, own_files

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
UNIT = re.compile(
    r"second|byte|pixel|thread|request|port\b|portrait|frame|entries|libraries|"
    r"jobs|attempts|hours|uploads|calls|streams|distances? between the eyes|"
    r"ratio of|CIEDE2000|distance of descriptors|degrees",
    re.IGNORECASE,
)
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+)(?: ; .+?)? \\$", re.MULTILINE)
FILES = sorted((ROOT / "requirements").glob("*.txt"))

MACHINE_PATH = re.compile(
    r"(?<![\w.:])/(?:home|Users)/\w|(?<![\w.:/])/(?:root|work)/[\w.]|[A-Z]:\\\\?Users\b"
)


def direct_dependencies() -> list[str]:
    project = PROJECT["project"]
    groups = [
        project["dependencies"],
        *project["optional-dependencies"].values(),
        *PROJECT["dependency-groups"].values(),
    ]
    names = {re.split(r"[\[<>=]", line)[0] for group in groups for line in group}
    return sorted(names - {"semblant"})  # an extra may include another


def pins(path: Path) -> dict[str, set[str]]:
    """Return the versions of each package that a requirement file names."""
    found: dict[str, set[str]] = {}
    for name, version in PIN.findall(path.read_text(encoding="utf-8")):
        found.setdefault(name, set()).add(version)
    return found


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_described_and_numbers_with_their_unit(name):
    field = Settings.model_fields[name]
    assert field.description, name
    assert field.description.endswith(".")
    if field.annotation in (int, float):
        assert UNIT.search(field.description), f"{name}: {field.description}"


LINK = re.compile(r"\]\((?!https?://|#)([^)\s#]+)(#[^)\s]+)?\)")
PAGES_OF_OURS = [path for path in own_files() if path.suffix == ".md"]


@pytest.mark.parametrize("page", PAGES_OF_OURS, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page):
    for target, anchor in LINK.findall(page.read_text(encoding="utf-8")):
        path = (page.parent / target).resolve()
        assert path.exists(), target
        if anchor and path.suffix == ".md":
            heads = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            slugs = {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}
            assert anchor.removeprefix("#") in slugs, f"{target}{anchor}"


def test_the_readme_is_a_front_page():
    """What is longer belongs into docs/."""
    assert len((ROOT / "README.md").read_bytes()) <= 9 * 1024


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_requirements_are_pinned_with_digests_and_no_addresses(path):
    text = path.read_text(encoding="utf-8")
    # A requirement and its digests are one statement, its lines joined by backslashes.
    joined = re.sub(r"\\\n\s*", "", text)
    statements = [line for line in joined.splitlines() if line.strip() and line.strip()[0] != "#"]
    assert statements
    for statement in statements:
        assert re.fullmatch(
            r"[a-z0-9._-]+==\S+ (?:; .+? )?(?:--hash=sha256:[0-9a-f]{64}\s*)+", statement
        ), statement
    assert "://" not in text
    assert "--index" not in text


def test_third_parties_are_named_with_their_versions():
    text = (ROOT / "THIRD_PARTY.md").read_text(encoding="utf-8")
    rows: dict[str, str] = {}
    for line in text.splitlines():
        if line.startswith("|"):
            _, name, version, *_ = (cell.strip().strip("`") for cell in line.split("|"))
            rows[name] = rows.get(name, "") + version
    dev = pins(ROOT / "requirements" / "dev.txt")
    for name in direct_dependencies():
        assert name in rows, f"THIRD_PARTY.md does not name {name}"
        for version in dev.get(name, ()):
            assert version in rows[name], f"THIRD_PARTY.md: {name} is {version}"


def test_direct_dependencies_are_pinned():
    pinned = set().union(*(pins(path) for path in FILES))
    assert set(direct_dependencies()) <= pinned


def test_third_party_models_and_pictures_are_named_with_their_licenses():
    text = (ROOT / "THIRD_PARTY.md").read_text(encoding="utf-8")
    catalog = load_catalog(ROOT / "model_repository")
    for entry in (*catalog.models.values(), *catalog.samples.values()):
        (row,) = [
            line
            for line in text.splitlines()
            if line.startswith("|") and re.search(rf"\b{entry.name}\b", line.split("|")[1])
        ]
        assert entry.license in row, row


def test_no_file_of_ours_holds_a_path_of_one_machine():
    found = []
    for path in own_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if MACHINE_PATH.search(text) or str(PROJECT_ROOT) in text:
            found.append(path.relative_to(ROOT).as_posix())
    assert found == []
