"""Data runs one way: no module imports what stands above it, annotations included, and no imports run in a circle."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "src" / "tfgradlint"
#: From the ground up. A module may import from its own floor and from those below it.
FLOORS = (
    "tfgradlint.flow.graph",
    "tfgradlint.flow.facts",
    "tfgradlint.flow.values",
    "tfgradlint.flow.tape",
    "tfgradlint.flow.verdict",
    "tfgradlint.flow.machine",
    "tfgradlint.flow.python",
    "tfgradlint.libraries",
    "tfgradlint.analysis",
)

Imports = Mapping[str, frozenset[str]]


def imports_of(package: Path) -> Imports:
    """What each module of a package imports of the package, wherever in its text: in functions and for types too."""
    files = {_name(package, path): path for path in package.rglob("*.py")}
    return {
        module: frozenset(_imported(module, path.read_text(encoding="utf-8"), frozenset(files)))
        for module, path in files.items()
    }


def _name(package: Path, path: Path) -> str:
    parts = [package.name, *path.relative_to(package).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imported(module: str, text: str, modules: frozenset[str]) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module} imports relatively"
            inside = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (each if each in modules else node.module or "" for each in inside)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def circles(imports: Imports) -> list[list[str]]:
    """The groups of modules each of which leads to every other one by imports (Tarjan's components of two or more)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(module: str) -> None:
        index[module] = low[module] = len(index)
        stack.append(module)
        for other in sorted(imports.get(module, ())):
            if other not in imports:
                continue
            if other not in index:
                visit(other)
                low[module] = min(low[module], low[other])
            elif other in stack:
                low[module] = min(low[module], index[other])
        if low[module] == index[module]:
            group = stack[stack.index(module) :]
            del stack[stack.index(module) :]
            if len(group) > 1 or module in imports.get(module, ()):
                found.append(sorted(group))

    for module in sorted(imports):
        if module not in index:
            visit(module)
    return found


def running_up(imports: Imports) -> list[str]:
    """The imports from a floor of one above it."""
    return sorted(
        f"{module} imports {other}"
        for module, others in imports.items()
        for other in others
        if -1 < _floor(module) < _floor(other)
    )


def _floor(module: str) -> int:
    return next((height for height, floor in enumerate(FLOORS) if f"{module}.".startswith(f"{floor}.")), -1)


def test_no_imports_run_in_a_circle() -> None:
    assert circles(imports_of(PACKAGE)) == []


def test_no_import_runs_up_the_floors() -> None:
    assert running_up(imports_of(PACKAGE)) == []


def test_every_floor_is_there() -> None:
    imports = imports_of(PACKAGE)
    assert len(imports) > 200
    assert [floor for floor in FLOORS if floor not in imports] == []


@pytest.mark.parametrize(
    "line",
    [
        "from package.above import thing",
        "from package import above",
        "import package.above",
        "def later() -> None:\n    from package.above import thing",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from package.above import thing",
    ],
)
def test_a_circle_is_seen_wherever_the_import_stands(tmp_path: Path, line: str) -> None:
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "above.py").write_text("from package.below import other\n")
    (package / "below.py").write_text(line + "\n")
    assert circles(imports_of(package)) == [["package.above", "package.below"]]


def test_an_import_up_the_floors_is_seen() -> None:
    imports = {"tfgradlint.flow.graph.nodes": frozenset({"tfgradlint.flow.values.base", "tfgradlint.flow.graph.site"})}
    assert running_up(imports) == ["tfgradlint.flow.graph.nodes imports tfgradlint.flow.values.base"]
