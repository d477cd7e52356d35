"""Terms without a gradient, seeded into the fixtures' own losses: each is found, and none where nothing was seeded."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator

from programs import PROGRAMS

from tfgradlint.analysis.guarded import judge

#: What adds a term that depends on a weight, and carries no gradient of it.
SEEDS = (
    "{loss} = {loss} + 0.5 * float(tf.reduce_sum({weight} * {weight}))",
    "{loss} += tf.reduce_mean(tf.abs({weight})).numpy()",
    "import numpy; {loss} = {loss} - 0.1 * numpy.sum({weight}.numpy() ** 2)",
)
CODES = ("TFG308", "TFG908")


def losses(text: str) -> Iterator[tuple[int, str, str]]:
    """The line of each loss that a block under a tape ends in, its name and the weight that its gradient is asked for.

    Only where the request is the next statement, in a program that compiles nothing.
    """
    if "tf.function" in text or "jit_compile" in text or "numpy_behavior" in text:
        return
    for body in _bodies(ast.parse(text)):
        for block, request in itertools.pairwise(body):
            if not isinstance(block, ast.With) or not isinstance(block.body[-1], ast.Assign):
                continue
            last = block.body[-1]
            call = request.value if isinstance(request, (ast.Assign, ast.Expr, ast.Return)) else None
            if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
                continue
            if call.func.attr != "gradient" or len(call.args) != 2 or call.keywords:
                continue
            loss, weight = call.args
            if not isinstance(loss, ast.Name) or not isinstance(weight, ast.Name):
                continue
            if ast.unparse(last.targets[0]) == loss.id and f"{weight.id} = tf.Variable(" in text:
                yield last.end_lineno or last.lineno, loss.id, weight.id


def _bodies(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            yield body


def seeded(text: str, line: int, statement: str) -> str:
    """The text with a statement behind a line, as deep as that."""
    lines = text.split("\n")
    indent = lines[line - 1][: len(lines[line - 1]) - len(lines[line - 1].lstrip())]
    return "\n".join([*lines[:line], indent + statement, *lines[line:]])


def test_seeded_terms_are_found_and_nothing_else() -> None:
    tried, missed = 0, []
    for name, program in sorted(PROGRAMS.items()):
        text = program.text
        if not any(losses(text)):
            continue
        before = judge(text)
        if any(each.code in CODES or each.code == "TFG001" for each in before.findings):
            continue
        flowing = {each.line for each in before.predictions if each.verdict == "flows" and len(each.sources) == 1}
        for line, loss, weight in losses(text):
            if not any(line < request <= line + 2 for request in flowing):
                continue
            for seed in SEEDS:
                after = judge(seeded(text, line, seed.format(loss=loss, weight=weight)))
                found = [each.position.line for each in after.findings if each.code == "TFG308"]
                tried += 1
                if found != [line + 1]:
                    missed.append((name, line, seed, found))
    assert tried > 100
    assert len(missed) <= tried // 10, missed
