"""What is told of the call or operator under the cursor, as Markdown."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from dataclasses import dataclass

from tfgradlint.analysis.results import Assumed, Prediction, SourcePrediction
from tfgradlint.analysis.wording import under_assumptions
from tfgradlint.reports.rule_page import link
from tfgradlint.server.judging import Judged

_WIDTH = 80
_LIBRARIES = ("tensorflow", "numpy", "keras")
#: The methods that stand behind Python's operators.
_OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.MatMult: "matmul",
    ast.Div: "truediv",
    ast.FloorDiv: "floordiv",
    ast.Mod: "mod",
    ast.Pow: "pow",
    ast.BitAnd: "and",
    ast.BitOr: "or",
    ast.BitXor: "xor",
    ast.Lt: "lt",
    ast.LtE: "le",
    ast.Gt: "gt",
    ast.GtE: "ge",
    ast.Eq: "eq",
    ast.NotEq: "ne",
}

Span = tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Subject:
    """What stands under the cursor, from ``span``'s start to its end, lines and columns from 1.

    ``call`` is the call, ``operation`` the name under which its gradient may be known.
    """

    span: Span
    call: ast.Call | None = None
    operation: str | None = None


def told(judged: Judged, line: int, column: int) -> tuple[Span, str] | None:
    """What is told of a place, and of which part of the text it is told."""
    found = subject(judged, line, column)
    words = text(judged, found) if found is not None else None
    return (found.span, words) if found is not None and words is not None else None


def subject(judged: Judged, line: int, column: int) -> Subject | None:
    """The innermost call whose name, or operator whose sign, covers a place."""
    if judged.tree is None:
        return None
    lines = judged.document.lines
    names = _imported(judged.tree)
    found: Subject | None = None
    for each in _subjects(judged.tree, names, lines):
        (start, end) = each.span
        if start <= (line, column) <= end and (found is None or found.span[0] <= start):
            found = each
    return found


def text(judged: Judged, subject: Subject) -> str | None:
    """What is told of it: a request's outcome, or what an operation does to gradients."""
    if subject.call is not None:
        request = _request(judged, subject.call)
        if request is not None:
            return "\n".join(_told(request))
    return _known(subject.operation, judged.tensorflow_version) if subject.operation is not None else None


def _request(judged: Judged, call: ast.Call) -> Prediction | None:
    (line, column), _ = _span(call, judged.document.lines)
    start = (*judged.document.place(line), column)
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    for prediction in judged.analysis.predictions:
        if (prediction.cell, prediction.line, prediction.column) == start and prediction.call == name:
            return prediction
    return None


def _told(request: Prediction) -> Iterator[str]:
    yield f"`{request.call}`: **{request.verdict}**"
    yield ""
    for source in request.sources:
        yield f"- `{source.source}`: **{source.verdict}**{_why(source)}{_assumed(source)}"


def _assumed(source: SourcePrediction) -> str:
    assumed = source.assumed
    if assumed is None:
        return ""
    return f" ({_escaped(under_assumptions(assumed, source.source))}){_why(assumed)}"


def _why(source: SourcePrediction | Assumed) -> str:
    if source.code is None:
        told = source.reason or (source.missing if isinstance(source, SourcePrediction) else None)
        return f": {_escaped(told)}" if told else ""
    code = f"[{source.code}]({link(source.code)})"
    where = f", line {source.line}" if source.line is not None else ""
    where += f" of cell {source.cell}" if source.cell else ""
    return f" ({code}{where}){': ' + _escaped(source.reason) if source.reason else ''}"


def _escaped(reason: str) -> str:
    return "".join(f"\\{character}" if character in "\\`*_[]<>#|~" else character for character in reason)


@functools.lru_cache(maxsize=256)
def _known(name: str, version: str | None) -> str | None:
    from tfgradlint.knowledge import load
    from tfgradlint.knowledge.lookup import look_up
    from tfgradlint.reports.operation import pages

    if load(version).get(name) is None:  # looking for similar names takes its time
        return None
    found, _ = look_up([name], version)
    return "\n".join(["```text", *pages(found, _WIDTH), "```"]) if found else None


def _subjects(tree: ast.Module, names: dict[str, str], lines: list[str]) -> Iterator[Subject]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield Subject(_name_span(node.func, lines), node, _resolved(node.func, names))
        elif isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS and names:
            yield _operator(node.left, node.op, node.right, lines)
        elif isinstance(node, ast.Compare) and names:
            operands = [node.left, *node.comparators]
            for left, sign, right in zip(operands, node.ops, node.comparators, strict=False):
                if type(sign) in _OPERATORS:
                    yield _operator(left, sign, right, lines)
        elif isinstance(node, ast.Attribute) and (name := _resolved(node, names)) is not None:
            yield Subject(_name_span(node, lines), None, name)  # handed on: tf.map_fn(tf.round, x)


def _operator(left: ast.expr, sign: ast.AST, right: ast.expr, lines: list[str]) -> Subject:
    between = _span(left, lines)[1], _span(right, lines)[0]
    return Subject(between, None, f"tf.Tensor.__{_OPERATORS[type(sign)]}__")


def _name_span(function: ast.expr, lines: list[str]) -> Span:
    """Where the name stands by which a call goes: all of ``tf.math.sin``, only the end of ``f(x).gradient``."""
    start, end = _span(function, lines)
    node = function
    while isinstance(node, ast.Attribute):
        node = node.value
    if isinstance(function, ast.Attribute) and not isinstance(node, ast.Name):
        start = _span(function.value, lines)[1]
    return start, end


def _span(node: ast.expr, lines: list[str]) -> Span:
    def place(line: int | None, offset: int | None) -> tuple[int, int]:
        assert line is not None
        before = lines[line - 1].encode("utf-8", "surrogatepass")[:offset]
        return line, len(before.decode("utf-8", "replace")) + 1

    return place(node.lineno, node.col_offset), place(node.end_lineno, node.end_col_offset)


def _imported(tree: ast.Module) -> dict[str, str]:
    """The names that imports bind anywhere in a module, of the libraries whose operations are known."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                bound = alias.asname or alias.name.partition(".")[0]
                names[bound] = alias.name if alias.asname else bound
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return {bound: name for bound, name in names.items() if name.partition(".")[0] in _LIBRARIES}


def _resolved(node: ast.expr, names: dict[str, str]) -> str | None:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id not in names:
        return None
    return ".".join([names[node.id], *reversed(parts)])
