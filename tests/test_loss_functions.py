"""TFG903 speaks of files that ask for no gradient, so the request is made here: each loss of its programs, on a tape.

A loss that the fixtures report gets ``None`` for the prediction, every other loss gets a gradient.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from tfgradlint.evidence.programs import Program
from tfgradlint.evidence.prove import examples
from tfgradlint.rules import rule

FIXTURES = Path(__file__).parent / "fixtures" / "tfg903"

Call = Callable[[dict[str, Any], Any, Any], Any]

TRUTH, GUESS = [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]], [[0.7, 0.2, 0.1], [0.4, 0.3, 0.1]]


def squared(y_true: Any, y_pred: Any) -> Any:
    return tf.reduce_mean(tf.square(y_true - y_pred), axis=-1)


def pictures(values: Any) -> Any:
    """One picture of four rows and columns with a given number in each of its quarters."""
    quarters = tf.reshape(values[:, :2], (1, 2, 2, 1))
    return tf.repeat(tf.repeat(quarters, 2, axis=1), 2, axis=2)


#: How the losses are called that are no functions of a module with the parameters (truth, prediction).
CALLS: dict[str, Call] = {
    "LabelSmoothing.call": lambda names, truth, guess: names["LabelSmoothing"]()(truth, guess),
    "MissRate.call": lambda names, truth, guess: names["MissRate"]()(truth, guess),
    "FocalLoss.__call__": lambda names, truth, guess: names["FocalLoss"]()(truth, guess),
    "make_iou_loss.loss": lambda names, truth, guess: names["iou_loss"](truth, guess),
    "make_boundary_loss.loss": lambda names, truth, guess: names["boundary_loss"](pictures(truth), pictures(guess)),
    "PerceptualLoss.compute_loss": lambda names, truth, guess: names["perceptual"].compute_loss(
        pictures(truth), pictures(guess)
    ),
    "LoggedLoss.call": lambda names, truth, guess: names["LoggedLoss"](names["log_line"])(truth, guess),
    "masked_loss": lambda names, truth, guess: names["masked_loss"](1 + tf.argmax(truth[:, 1:], axis=-1), guess),
    "weight_decay_loss": lambda names, truth, guess: names["weight_decay_loss"]([guess]),
    "total_loss": lambda names, truth, guess: names["total_loss"]([guess, 2.0 * guess], [0.5, 1.0]),
    "scaled_loss": lambda names, truth, guess: names["scaled_loss"](truth, guess, squared),
    "Balanced.loss": lambda names, truth, guess: names["Balanced"]([squared, squared]).loss(truth, guess),
}


def programs() -> list[Program]:
    return [Program(path.name, path.read_text(encoding="utf-8")) for path in sorted(FIXTURES.glob("*.py"))] + list(
        examples(rule("TFG903")) or ()
    )


def losses(program: Program) -> Iterator[tuple[str, bool]]:
    """The losses of a program that take a prediction, and whether a finding stands in them."""
    lines = program.specification().findings
    for path, node in functions(ast.parse(program.text), ()):
        name = ".".join(path)
        parameters = [argument.arg for argument in node.args.args]
        if name in CALLS or ("loss" in node.name and parameters[:2] in (["y_true", "y_pred"], ["labels", "scores"])):
            yield name, any(node.lineno <= line <= (node.end_lineno or 0) for line in lines)


def functions(node: ast.AST, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], ast.FunctionDef]]:
    for child in ast.iter_child_nodes(node):
        inner = (*path, child.name) if isinstance(child, ast.FunctionDef | ast.ClassDef) else path
        if isinstance(child, ast.FunctionDef):
            yield inner, child
        yield from functions(child, inner)


LOSSES = [
    pytest.param(program, name, reported, id=f"{program.name}-{name}")
    for program in programs()
    for name, reported in losses(program)
]


@pytest.mark.parametrize(("program", "name", "reported"), LOSSES)
def test_a_reported_loss_has_no_gradient_and_every_other_loss_has_one(
    program: Program, name: str, reported: bool
) -> None:
    names: dict[str, Any] = {"__name__": "losses"}
    exec(compile(program.text, program.name, "exec"), names)
    call: Call = CALLS.get(name, lambda names, truth, guess: names[name](truth, guess))
    guess = tf.constant(GUESS)
    with tf.GradientTape() as tape:
        tape.watch(guess)
        loss = call(names, tf.constant(TRUTH), guess)
    gradient = tape.gradient(loss, guess)
    assert (gradient is None) == reported
    assert reported or bool(tf.reduce_any(gradient != 0.0))


def test_every_reported_line_is_in_a_loss_that_was_run() -> None:
    for program in programs():
        reported = sum(there for _, there in losses(program))
        assert reported == len(program.specification().findings), program.name
