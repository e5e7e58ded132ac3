"""One run of a bench: in full, or as a smoke test of every part at its smallest size.

A smoke test asserts no figure. It fails where a part raises, or where a figure is missing that
`keys.toml` lists; a full run fails there, too.
"""

from __future__ import annotations

import argparse
import itertools
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import data
from bench.figures import Figure, print_table, write_json
from bench.recogniser import installed
from gateway.paths import PROJECT_ROOT

KEYS = Path(__file__).with_name("keys.toml")
_SMOKE = PROJECT_ROOT / "out" / "smoke"


@dataclass(frozen=True)
class Run:
    """What is run, and how.

    Attributes:
        name: The bench's, of its results.
        smoke: At the smallest sizes, beside the real results.
        quick: Without the parts that take longest.
        parts: Those to be run; empty for all.
    """

    name: str
    smoke: bool = False
    quick: bool = False
    parts: tuple[str, ...] = ()

    def size(self, full: int, smallest: int) -> int:
        """Return the size to measure with."""
        return smallest if self.smoke else full

    @property
    def results(self) -> Path:
        """The file of the figures."""
        return (_SMOKE if self.smoke else KEYS.parent) / f"{self.name}.json"

    @property
    def sheets(self) -> Path:
        """The folder of contact sheets."""
        return (_SMOKE if self.smoke else _SMOKE.parent) / self.name

    def finish(self, figures: dict[str, Figure]) -> None:
        """Print and write the figures.

        Raises:
            SystemExit: a figure is missing that this run should have, or one is not listed.
        """
        if not self.smoke:
            print_table(figures)
        self.results.parent.mkdir(parents=True, exist_ok=True)
        write_json(figures, self.results)
        print(f"written to {self.results.relative_to(PROJECT_ROOT)}")
        if not self.quick and not self.parts and (wrong := differing(self.name, set(figures))):
            raise SystemExit("\n".join(wrong))


def started(name: str, *, quick: bool = False, parts: Sequence[str] = ()) -> Run:
    """Read the command line of a bench that may have a `--quick` and parts to choose from."""
    parser = argparse.ArgumentParser(prog=f"python -m bench [{name}]")
    parser.add_argument("--smoke", action="store_true", help="run every part at its smallest size")
    if quick:
        parser.add_argument("--quick", action="store_true", help="leave the longest part out")
    if parts:
        parser.add_argument("parts", nargs="*", help=f"of {', '.join(parts)}; all unless given")
    given = parser.parse_args(namespace=argparse.Namespace(quick=False, parts=[]))
    if unknown := set(given.parts) - set(parts):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    return Run(name, given.smoke, given.quick, tuple(given.parts))


def expected(name: str) -> set[str]:
    """Return the figures that a bench has with the data that is there."""
    meshes, head = data.MESHES.is_file(), data.TALKING_HEAD.is_file()
    portraits = data.PORTRAITS.is_file()
    there = {
        "always": True,
        "meshes": meshes,
        "talking_head": head,
        "both": meshes and head,
        "portraits": portraits,
        "people": portraits and data.LOOK.is_dir() and installed(),
    }
    listed: dict[str, list[str]] = tomllib.loads(KEYS.read_text())[name]
    return {
        key
        for group, keys in listed.items()
        if there[group]
        for each in keys
        for key in _each(each)
    }


def _each(pattern: str) -> list[str]:
    """Return the keys that a pattern with {alternatives} stands for."""
    parts = [part.split(",") for part in re.split(r"[{}]", pattern)]
    return ["".join(chosen) for chosen in itertools.product(*parts)]


def differing(name: str, found: set[str]) -> list[str]:
    """Return a line for each figure that is missing or not listed."""
    listed = expected(name)
    return [
        *(f"{name}: {key} is missing" for key in sorted(listed - found)),
        *(f"{name}: {key} is not listed in {KEYS.name}" for key in sorted(found - listed)),
    ]
