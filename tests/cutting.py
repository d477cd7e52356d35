"""Cuts programs into files: what is said of a program must not depend on how it is divided.

``python -m tests.cutting --count N --seed S [--family NAME]`` cuts random programs, and prints those of which something
else is said then.
"""

from __future__ import annotations

import argparse
import ast
import itertools
import random
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tfgradlint.analysis.guarded import judge
from tfgradlint.analysis.results import Analysis
from tfgradlint.files.running import Judged
from tfgradlint.files.together import together
from tfgradlint.project.resolver import Project

#: What is said of a program: of each request in their order the call and the verdict of each source, and the codes.
Said = tuple[list[tuple[str, tuple[str, ...]]], list[str]]
#: What asks for the module's own names or name: another module has others.
_OF_THE_MODULE = frozenset({"globals", "locals", "exec", "eval", "vars", "dir", "__name__", "__file__"})
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.GeneratorExp)


def cut(text: str, parts: int, chance: random.Random) -> dict[str, str] | None:
    """The program in so many files, ``main.py`` the last of them; None where that would change what it does."""
    body = ast.parse(text).body
    if any(_of_the_module(node) for statement in body for node in ast.walk(statement)):
        return None
    places = [at for at in range(1, len(body)) if _may_cut(body, at)]
    if len(places) < parts - 1:
        return None
    chosen = [0, *sorted(chance.sample(places, parts - 1)), len(body)]
    pieces = [body[start:end] for start, end in itertools.pairwise(chosen)]
    names = [f"part{number}" for number in range(parts - 1)]
    imports: list[ast.stmt] = []
    owner: dict[str, str] = {}
    files: dict[str, str] = {}
    for name, piece in zip([*names, "main"], pieces, strict=True):
        lines = [*(f"import {each}" for each in names[: len(files)]), *map(ast.unparse, imports)]
        read = {node.id for statement in piece for node in ast.walk(statement) if isinstance(node, ast.Name)}
        for module in names[: len(files)]:
            taken = sorted(each for each in read if owner.get(each) == module)
            lines += [f"from {module} import {', '.join(taken)}"] if taken else []
        files[f"{name}.py"] = "\n".join([*lines, *map(ast.unparse, piece), ""])
        imports += [each for each in piece if isinstance(each, (ast.Import, ast.ImportFrom))]
        owner |= dict.fromkeys(_bound(piece), name)
    return files


def _of_the_module(node: ast.AST) -> bool:
    if isinstance(node, (ast.Global, ast.Delete)):
        return True
    return isinstance(node, ast.Name) and node.id in _OF_THE_MODULE


def _may_cut(body: Sequence[ast.stmt], at: int) -> bool:
    """Whether no function before the place reads a name that is bound behind it."""
    later = {node.id for each in body[:at] for node in _deferred(each) if isinstance(node, ast.Name)}
    return later.isdisjoint(_bound(body[at:])) and not isinstance(body[at - 1], ast.ImportFrom | ast.Import)


def _deferred(node: ast.AST) -> Iterator[ast.AST]:
    """What runs later than the statement: the bodies of functions."""
    for each in ast.walk(node):
        if isinstance(each, _FUNCTIONS):
            yield from ast.walk(each)


def _bound(body: Sequence[ast.stmt]) -> set[str]:
    """The names that statements bind in the module, but for those of imports."""
    found: set[str] = set()
    waiting: list[ast.AST] = [*body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        if isinstance(node, ast.ExceptHandler) and node.name:
            found.add(node.name)
        if not isinstance(node, (*_FUNCTIONS, ast.ListComp, ast.SetComp, ast.DictComp)):
            waiting.extend(ast.iter_child_nodes(node))
    return found


def said(analyses: Sequence[Analysis]) -> Said:
    """What analyses of the files of one program say of it, in the order in which they run."""
    requests = [
        (each.call, tuple(source.verdict for source in each.sources))
        for analysis in analyses
        for each in analysis.predictions
    ]
    return requests, sorted(each.code for analysis in analyses for each in analysis.findings)


def said_of_files(files: Mapping[str, str], folder: Path) -> Said:
    """What is said of a program of several files."""
    judged = []
    for name, text in files.items():
        (folder / name).write_text(text)
    for name, text in files.items():
        path = str(folder / name)
        judged.append(Judged(path, text, judge(text, project=Project(path))))
    return said([each.analysis for each in together(judged)])


def differing(text: str, seed: int, folder: Path) -> tuple[dict[str, str], Said, Said] | None:
    """The files of a program of which something else is said than of it in one, with both; None where all is as it was.

    Raises:
        ValueError: it cannot be cut.
    """
    chance = random.Random(seed)
    files = cut(text, chance.choice((2, 3)), chance)
    if files is None:
        raise ValueError("it cannot be cut")
    whole = ast.unparse(ast.parse(text))
    one, many = said([judge(whole)]), said_of_files(files, folder)
    return None if one == many else (files, one, many)


def main() -> int:
    from hypothesis import HealthCheck, Phase, given, seed, settings

    from .random_programs.campaign import TAPES, of_family

    parser = argparse.ArgumentParser(prog="python -m tests.cutting", description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--family", default="")
    parser.add_argument("--show", type=int, default=3, help="how many programs to print (3)")
    options = parser.parse_args()
    kind = of_family(TAPES.families()[options.family]) if options.family else TAPES
    cuts = differ = 0

    with tempfile.TemporaryDirectory() as folder:

        @seed(options.seed)
        @settings(
            max_examples=3 * options.count,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        )
        @given(kind.programs())
        def one(text: str) -> None:
            nonlocal cuts, differ
            if cuts >= options.count:
                return
            try:
                found = differing(text, cuts, Path(folder))
            except ValueError:
                return
            cuts += 1
            if found is not None:
                differ += 1
                if differ <= options.show:
                    files, whole, parts = found
                    print(*(f"# {name}\n{each}" for name, each in files.items()), sep="\n")
                    print("in one:", whole, "\nin several:", parts, flush=True)

        one()
    print(f"{cuts} cuts, {differ} differ")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
