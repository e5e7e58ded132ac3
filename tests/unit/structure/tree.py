"""The project's own files, and the modules among them."""

import ast
import fnmatch
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = {
    "gateway": ROOT / "gateway",
    "semblant": ROOT / "clients" / "python" / "semblant",
    "semblant_triton": ROOT / "triton" / "semblant_triton",
    "triton_backend": ROOT / "triton" / "backends" / "onnxruntime",
}
"""Import name and folder; the last one is run by Triton and has no name of its own."""
GENERATED = PACKAGES["semblant"] / "v1"
"""Modules that are written from the protos; another test shows that they are current."""


@dataclass(frozen=True, eq=False)
class Module:
    """A module of ours: its dotted name, text and syntax tree."""

    name: str
    path: Path
    text: str
    tree: ast.Module

    def imports(self) -> set[str]:
        """Return what it imports, modules of ours by their full names."""
        found = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{self.name} imports relatively"
                base = node.module or ""
                full = {f"{base}.{alias.name}" for alias in node.names}
                found |= {name if name in names() else base for name in full}
        return found


@cache
def modules() -> tuple[Module, ...]:
    found = []
    for package, folder in PACKAGES.items():
        for path in sorted(folder.rglob("*.py")):
            if path.parent == GENERATED:
                continue
            inner = path.relative_to(folder).with_suffix("").parts
            name = ".".join((package, *inner)).removesuffix(".__init__")
            text = path.read_text(encoding="utf-8")
            found.append(Module(name, path, text, ast.parse(text)))
    return tuple(found)


@cache
def names() -> frozenset[str]:
    return frozenset(module.name for module in modules())


def below(name: str, prefix: str) -> bool:
    """Return whether a dotted name is a prefix, or inside of it."""
    return name == prefix or name.startswith(f"{prefix}.")


def own_files() -> Iterator[Path]:
    """Yield the files that are the project's: those git would not ignore."""
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    patterns = [line.strip() for line in lines if line and not line.startswith("#")]

    def ignored(path: Path, *, folder: bool) -> bool:
        relative, found = path.relative_to(ROOT).as_posix(), False
        for line in [*patterns, ".git"]:  # the last one that fits decides
            pattern = line.removeprefix("!").rstrip("/")
            if line.endswith("/") and not folder:
                continue
            if fnmatch.fnmatch(relative if "/" in pattern else path.name, pattern):
                found = not line.startswith("!")
        return found

    for place, folders, files in os.walk(ROOT):
        here = Path(place)
        folders[:] = sorted(name for name in folders if not ignored(here / name, folder=True))
        yield from (here / name for name in sorted(files) if not ignored(here / name, folder=False))
