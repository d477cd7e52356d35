"""Training functions of programs, and what they look like where all that they use comes from outside."""

from __future__ import annotations

import ast
import copy
import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tfgradlint.evidence.programs import Program

_WEIGHTS = frozenset({"trainable_variables", "trainable_weights", "weights", "variables"})
_REQUESTS = frozenset({"gradient", "jacobian"})


@dataclass(frozen=True)
class Training:
    """A function of a program that asks for gradients of weights, with what it finds in its module.

    ``owners`` are what it asks for their weights; ``outside`` the names of the module that it reads.
    """

    origin: str
    program: ast.Module
    function: ast.FunctionDef
    owners: frozenset[str]
    outside: tuple[str, ...]

    @property
    def name(self) -> str:
        """What it is called in reports."""
        return f"{self.origin}: {self.function.name}"

    @property
    def compiled(self) -> bool:
        """Whether its Python is traced, so that no numbers can be taken out."""
        return bool(self.function.decorator_list)

    def with_function(self, function: ast.FunctionDef) -> Training:
        """The same with another function in its place."""
        return Training(self.origin, self.program, function, self.owners, self.outside)

    def handed_in(self) -> str:
        """The program with a function that is handed all it uses, called under its name with the real things."""
        inner = _with_parameters(self.function, self.outside)
        inner.name = f"{self.function.name}_of_others"
        given = ", ".join(f"{name}={name}" for name in self.outside)
        call = f"return {inner.name}(*args, **kwargs, {given})"
        outer = ast.parse(f"def {self.function.name}(*args, **kwargs):\n    {call}").body
        body = [each for statement in self.program.body for each in self._replaced(statement, [inner, *outer])]
        return ast.unparse(ast.fix_missing_locations(ast.Module(body, [])))

    def _replaced(self, statement: ast.stmt, others: Sequence[ast.stmt]) -> Sequence[ast.stmt]:
        same = isinstance(statement, ast.FunctionDef) and statement.name == self.function.name
        return others if same else [statement]

    def request_lines(self, text: str) -> list[int]:
        """The lines of a text on which the function asks for gradients."""
        return [
            each.lineno
            for function in ast.walk(ast.parse(text))
            if isinstance(function, ast.FunctionDef) and function.name.removesuffix("_of_others") == self.function.name
            for each in ast.walk(function)
            if is_request(each)
        ]


def trainings(folders: Sequence[Path]) -> Iterator[Training]:
    """The training functions of the sound programs below the folders."""
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            if not path.name.startswith("sound_") and not path.stem.endswith("_repaired"):
                continue
            program = Program.load(path)
            if not program.legacy_keras:  # a process has one Keras
                yield from _in_program(f"{path.parent.name}/{path.name}", ast.parse(program.text))


def _in_program(origin: str, program: ast.Module) -> Iterator[Training]:
    defined = {name for statement in program.body for name in _defined(statement)}
    for function in program.body:
        if not isinstance(function, ast.FunctionDef) or not any(map(is_request, ast.walk(function))):
            continue
        nodes = list(ast.walk(function))
        bound = {each.arg for each in nodes if isinstance(each, ast.arg)}
        bound |= {each.id for each in nodes if isinstance(each, ast.Name) and not isinstance(each.ctx, ast.Load)}
        read = {each.id: None for each in nodes if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load)}
        owners = frozenset(
            each.value.id
            for each in nodes
            if isinstance(each, ast.Attribute) and each.attr in _WEIGHTS and isinstance(each.value, ast.Name)
        )
        decorators = {
            each.id for part in function.decorator_list for each in ast.walk(part) if isinstance(each, ast.Name)
        }
        outside = tuple(sorted(name for name in read if name in defined and name not in bound))
        declares = any(isinstance(each, (ast.Global, ast.Nonlocal, ast.Yield)) for each in nodes)
        if owners and not declares and not decorators & set(outside):
            yield Training(origin, program, function, owners, outside)


def is_request(node: ast.AST) -> bool:
    """Whether it is a call of ``tape.gradient`` or the like."""
    called = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _REQUESTS
    return called and len(node.args) > 1  # type: ignore[attr-defined]


def _defined(statement: ast.stmt) -> Iterator[str]:
    """The names that a statement of the module binds, but for imports."""
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        yield statement.name
    else:
        for each in ast.walk(statement):
            if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
                yield each.id


# -- ways to hand in what a function uses


def _with_parameters(function: ast.FunctionDef, names: Sequence[str]) -> ast.FunctionDef:
    changed = copy.deepcopy(function)
    changed.args.kwonlyargs += [ast.arg(name) for name in names]
    changed.args.kw_defaults += [None] * len(names)
    return changed


def by_parameters(training: Training) -> str:
    """Each is a parameter."""
    return _module(training, [_with_parameters(training.function, training.outside)])


def by_imports(training: Training) -> str:
    """Each is imported, from a module of its own."""
    imports = [ast.parse(f"from given.{name} import {name}").body[0] for name in training.outside]
    return _module(training, [*imports, training.function])


def by_attributes(training: Training) -> str:
    """Each is an attribute that an object was given."""
    method = copy.deepcopy(training.function)
    method.args.args.insert(0, ast.arg("self"))
    _OfSelf(frozenset(training.outside)).visit(method)
    names = ", ".join(training.outside)
    lines = "".join(f"        self.{name} = {name}\n" for name in training.outside) or "        pass\n"
    (cls,) = ast.parse(f"class Trainer:\n    def __init__(self, {names}):\n{lines}").body
    assert isinstance(cls, ast.ClassDef)
    cls.body.append(method)
    return _module(training, [cls])


class _OfSelf(ast.NodeTransformer):
    def __init__(self, names: frozenset[str]) -> None:
        self._names = names

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id not in self._names:
            return node
        return ast.Attribute(ast.Name("self", ast.Load()), node.id, ast.Load())


def _module(training: Training, body: Sequence[ast.stmt]) -> str:
    imports = [each for each in training.program.body if isinstance(each, (ast.Import, ast.ImportFrom))]
    return ast.unparse(ast.fix_missing_locations(ast.Module([*imports, *body], [])))


WAYS: dict[str, Callable[[Training], str]] = {
    "parameters": by_parameters,
    "imports": by_imports,
    "attributes": by_attributes,
}


@functools.cache
def of_this_project() -> tuple[Training, ...]:
    """Those of the fixtures and the examples."""
    tests = Path(__file__).resolve().parents[1]
    return tuple(trainings([tests / "fixtures", tests.parent / "examples"]))
