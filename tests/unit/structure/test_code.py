"""How the code is written: what a linter does not say."""

import ast
import re

import pytest

from tests.unit.structure.tree import ROOT, below, modules

MOST_LINES = 400
MOST_SUPPRESSIONS = 5  # per 1000 lines

SUPPRESSION = re.compile(r"# ?(?:ruff: )?noqa|# ?type: ?ignore")
NAMED_SUPPRESSION = re.compile(r"noqa: [A-Z]+\d+|type: ignore\[[\w-]+")

ARRAY = re.compile(r"\b(NDArray|AnyFloat|Mask|U8|F32|F64)\b")
AXIS = r"[\w…]+(?: \+ \w+)*"
SHAPE = re.compile(rf"\({AXIS}(?:, ?{AXIS})*,?\)|\d×\d")
"""Such as (H, W, 3), (478, 2), (…, 3), (N,), (K + C,) or 2×3."""
SHAPELESS = {
    "smoothstep",  # works on each number by itself
}

MODULES = pytest.mark.parametrize("module", modules(), ids=lambda module: module.name)


@MODULES
def test_nothing_is_global_and_no_module_is_long(module):
    assert not [node.lineno for node in ast.walk(module.tree) if isinstance(node, ast.Global)]
    assert len(module.text.splitlines()) <= MOST_LINES


def test_suppressions_are_few_and_say_what_they_suppress():
    lines = [(module, line) for module in modules() for line in module.text.splitlines()]
    found = [(module, line) for module, line in lines if SUPPRESSION.search(line)]
    for module, line in found:
        assert NAMED_SUPPRESSION.search(line), f"{module.name}: {line.strip()}"
    assert len(found) <= MOST_SUPPRESSIONS * len(lines) / 1000


def public(body):
    """Yield the public functions and classes of a module, and the methods of the latter."""
    named = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    for node in body:
        if isinstance(node, named) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public(node.body)


def annotations(node):
    """Return a function's, or a class's, annotations as text."""
    if isinstance(node, ast.ClassDef):
        told = [field.annotation for field in node.body if isinstance(field, ast.AnnAssign)]
    else:
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        told = [argument.annotation for argument in arguments] + [node.returns]
    return " ".join(ast.unparse(annotation) for annotation in told if annotation is not None)


ON_ARRAYS = ("gateway.imaging", "gateway.faces", "gateway.networks")
ARRAY_MODULES = [m for m in modules() if any(below(m.name, part) for part in ON_ARRAYS)]


@pytest.mark.parametrize("module", ARRAY_MODULES, ids=lambda module: module.name)
def test_functions_on_arrays_state_their_shapes(module):
    for node in public(module.tree.body):
        docstring = ast.get_docstring(node)
        assert docstring, f"{module.name}.{node.name} has no docstring"
        if ARRAY.search(annotations(node)) and node.name not in SHAPELESS:
            assert SHAPE.search(docstring), f"{module.name}.{node.name}: of what shape?"


TESTS = sorted((ROOT / "tests").rglob("*.py"))
SLEEPING = ROOT / "tests" / "waiting.py"


def sleeps(path):
    """Return the lines of a file that sleep for longer than the loop's next turn."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in ("time", "asyncio", "anyio")
        for alias in node.names
        if alias.name == "sleep"
    }

    def called(node):
        if isinstance(node, ast.Attribute):
            return ast.unparse(node) in ("time.sleep", "asyncio.sleep", "anyio.sleep")
        return isinstance(node, ast.Name) and node.id in imported

    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and called(n.func)]
    return [n.lineno for n in calls if [ast.unparse(a) for a in n.args] != ["0"]]


@pytest.mark.parametrize("path", TESTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_test_orders_events_by_sleeping(path):
    assert path == SLEEPING or not sleeps(path)


def test_where_tests_sleep_is_noticed():
    assert len(sleeps(SLEEPING)) == 3
