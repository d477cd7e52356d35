"""Breaks put into training functions: behind a model, at the loss, before the tape, in the way of one of two models."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .opening import Training, is_request

#: Breaks that a compiled function may hold as well, and others.
_ALWAYS = ("tf.stop_gradient({})", "tf.round({})")
_EAGERLY = ("tf.constant(({}).numpy())", "np.clip({}, -9.0, 9.0)")
BEHIND, ONE_OF_TWO, AT_THE_LOSS, BEFORE = "behind the model", "behind one of two", "at the loss", "before the tape"


@dataclass(frozen=True)
class Seeded:
    """A function with a break in it."""

    kind: str
    told: str
    training: Training


def seeded(training: Training) -> Iterator[Seeded]:
    """The function with each break that can be put into it."""
    breaks = _ALWAYS if training.compiled else _ALWAYS + _EAGERLY
    behind = BEHIND if len(training.owners) == 1 else ONE_OF_TWO
    calls = len(_calls(training.function, training.owners))
    for number in range(calls):
        for each in breaks:
            yield _wrapped(training, behind, each, lambda function, n=number: _calls(function, training.owners)[n])  # type: ignore[misc]
    losses = len(_losses(training.function))
    for number in range(losses):
        for each in breaks:
            yield _wrapped(training, AT_THE_LOSS, each, lambda function, n=number: _losses(function)[n])  # type: ignore[misc]
    moved = _moved(training)
    if moved is not None:
        yield moved


def _wrapped(
    training: Training, kind: str, broken: str, place: Callable[[ast.FunctionDef], tuple[ast.AST, str, int | None]]
) -> Seeded:
    function = copy.deepcopy(training.function)
    holder, field, index = place(function)
    old = getattr(holder, field) if index is None else getattr(holder, field)[index]
    new = ast.parse(broken.format(ast.unparse(old)), mode="eval").body
    if index is None:
        setattr(holder, field, new)
    else:
        getattr(holder, field)[index] = new
    return Seeded(kind, ast.unparse(new), training.with_function(function))


def _tapes(function: ast.FunctionDef) -> list[ast.With]:
    return [
        each
        for each in ast.walk(function)
        if isinstance(each, ast.With) and any("GradientTape" in ast.unparse(item) for item in each.items)
    ]


def _calls(function: ast.FunctionDef, owners: frozenset[str]) -> list[tuple[ast.AST, str, int | None]]:
    """Where under a tape an owner is called: the node that holds the call, its field, and the place in a list."""
    found: list[tuple[ast.AST, str, int | None]] = []
    for tape in _tapes(function):
        for statement in tape.body:
            for holder in ast.walk(statement):
                for field, value in ast.iter_fields(holder):
                    values = value if isinstance(value, list) else [value]
                    for index, each in enumerate(values):
                        if isinstance(each, ast.Call) and isinstance(each.func, ast.Name) and each.func.id in owners:
                            found.append((holder, field, index if isinstance(value, list) else None))
    return found


def _losses(function: ast.FunctionDef) -> list[tuple[ast.AST, str, int | None]]:
    """Where under a tape the target of a request is assigned."""
    targets = {
        each.args[0].id
        for each in ast.walk(function)
        if isinstance(each, ast.Call) and is_request(each) and isinstance(each.args[0], ast.Name)
    }
    return [
        (each, "value", None)
        for tape in _tapes(function)
        for statement in tape.body
        for each in ast.walk(statement)
        if isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Name) and each.targets[0].id in targets
        if not isinstance(each.value, ast.Constant)
    ]


def _moved(training: Training) -> Seeded | None:
    """The first statement under a tape, which calls a model, moved before the tape."""
    function = copy.deepcopy(training.function)
    for block in ast.walk(function):
        for _, body in ast.iter_fields(block):
            if not isinstance(body, list):
                continue
            for place, tape in enumerate(body):
                if tape not in _tapes(function) or len(tape.body) < 2:
                    continue
                first = tape.body[0]
                names = {
                    each.func.id
                    for each in ast.walk(first)
                    if isinstance(each, ast.Call) and isinstance(each.func, ast.Name)
                }
                if isinstance(first, ast.Assign) and names & training.owners:
                    body.insert(place, tape.body.pop(0))
                    kind = BEFORE if len(training.owners) == 1 else ONE_OF_TWO
                    return Seeded(kind, f"before the tape: {ast.unparse(first)}", training.with_function(function))
    return None
