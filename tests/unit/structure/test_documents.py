"""What is written next to the code, against the code."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from gateway.errors import ERROR_TABLE
from gateway.http.routing.routes import ROUTES
from gateway.models.catalog import load_catalog
from gateway.pipeline.options.swap import SwapOptions
from gateway.pipeline.options.video import VideoOutput
from gateway.settings import PROJECT_ROOT, Settings
from tests.unit.structure.tree import ROOT, own_files

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
UNIT = re.compile(
    r"second|byte|pixel|thread|request|port\b|portrait|frame|entries|libraries|"
    r"jobs|attempts|hours|uploads|calls|distances? between the eyes|"
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
    return sorted({re.split(r"[\[<>=]", line)[0] for group in groups for line in group})


def pins(path: Path) -> dict[str, set[str]]:
    """Return the versions of each package that a requirement file names."""
    found: dict[str, set[str]] = {}
    for name, version in PIN.findall(path.read_text(encoding="utf-8")):
        found.setdefault(name, set()).add(version)
    return found


def test_the_error_table_of_the_architecture_page_is_the_real_one():
    page = ROOT / "docs" / "ARCHITECTURE.md"
    if not page.exists():
        pytest.skip("there is no such page")
    head, _, table = page.read_text(encoding="utf-8").partition(
        "| code | HTTP | gRPC | retryable | title |\n"
    )
    assert table, head[-200:]
    rows = [
        tuple(cell.strip().strip("`") for cell in line.strip("|").split("|"))
        for line in table.partition("\n\n")[0].splitlines()[1:]
    ]
    yes = {True: "yes", False: "no"}
    assert rows == [
        (s.code, str(s.http), s.grpc, yes[s.retryable], s.title) for s in ERROR_TABLE.values()
    ]


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_described_and_numbers_with_their_unit(name):
    field = Settings.model_fields[name]
    assert field.description, name
    assert field.description.endswith(".")
    if field.annotation in (int, float):
        assert UNIT.search(field.description), f"{name}: {field.description}"


def table(page: str, head: str) -> dict[str, list[str]]:
    """Return a table of the README by the first cell of each row."""
    _, _, rest = page.partition(f"{head}\n")
    assert rest, head
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in rest.partition("\n\n")[0].splitlines()[1:]
    ]
    return {name.strip("`"): cells for name, *cells in rows}


def test_the_readme_tells_every_setting():
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = table(page, "| variable | default | unit | meaning |")
    assert list(rows) == [f"SEMBLANT_{name.upper()}" for name in Settings.model_fields]
    for name, field in Settings.model_fields.items():
        default, _, meaning = rows[f"SEMBLANT_{name.upper()}"]
        assert meaning.startswith(field.description), name
        if isinstance(field.default, Path):
            assert default == f"`{field.default.name}` in the project"
        elif isinstance(field.default, int | float | str):
            assert default == f"`{str(field.default).removesuffix('.0')}`", name


def options(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Yield the options of a model by their names, those of groups with a dot."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from options(field.annotation, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", field


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("option", list(options(SwapOptions))),
        ("video option", list(options(VideoOutput, "video."))),
    ],
)
def test_the_readme_tells_every_option(kind, told):
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = table(page, f"| {kind} | default | allowed | meaning |")
    assert list(rows) == [name for name, _ in told]
    for name, field in told:
        default, _, meaning = rows[name]
        assert default == f"`{json.dumps(field.default)}`", name
        assert meaning == field.description, name


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_the_readme_names_every_address(route):
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    calls = "".join(table(page, "| call | meaning |"))
    assert route.path in calls
    assert route.method in calls


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
