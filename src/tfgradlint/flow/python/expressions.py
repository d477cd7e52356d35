"""Expressions: each node type of the syntax tree has one method."""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable
from typing import Any

import libcst as cst

from tfgradlint.flow.graph import origins
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.machine.prescan import OF_TAPES
from tfgradlint.flow.python.coroutines import awaited
from tfgradlint.flow.python.displays import Displays
from tfgradlint.flow.python.operators import Operators
from tfgradlint.flow.python.strings import NotConstant, constant_text
from tfgradlint.flow.values.base import FALSE, NONE, TRUE, Const, Scalar, Symbol, Value
from tfgradlint.flow.values.containers import DictContent, Items, Repeated, Slice
from tfgradlint.flow.values.functions import Function, Method, Scope
from tfgradlint.flow.values.objects import Class, Instance


def _of_no_tape(callee: Value) -> bool:
    """Whether this certainly is no method of a tape: a function, or a method of a class that is all in the module."""
    if isinstance(callee, Method):
        owner = callee.receiver.cls if isinstance(callee.receiver, Instance) else callee.receiver
        return isinstance(owner, Class) and all(isinstance(each, Class) for each in owner.lineage())
    return isinstance(callee, (Function, Class, Symbol))


class Expressions:
    """Evaluates expressions."""

    def __init__(self, interp: Context) -> None:
        self._interp = interp
        self.operators = Operators(interp)
        self.displays = Displays(interp)
        self.binary = self.operators.binary
        self.unary = self.operators.unary
        self.truth = self.operators.truth
        self.tested = self.operators.tested
        self._constants: dict[int, Value] = {}
        self._dispatch: dict[type, Callable[[Any], Value]] = {
            cst.Name: self._name,
            cst.Attribute: self._attribute,
            cst.Call: self._call,
            cst.Integer: self._literal,
            cst.Float: self._literal,
            cst.Imaginary: self._literal,
            cst.SimpleString: self._literal,
            cst.ConcatenatedString: self._literal,
            cst.FormattedString: self._formatted,
            cst.Ellipsis: lambda node: Const(...),
            cst.BinaryOperation: self.operators.evaluate_binary,
            cst.UnaryOperation: self.operators.evaluate_unary,
            cst.BooleanOperation: self.operators.evaluate_boolean,
            cst.Comparison: self.operators.evaluate_comparison,
            cst.Subscript: self._subscript,
            cst.IfExp: self._conditional,
            cst.Tuple: self.displays.tuple_,
            cst.List: self.displays.list_,
            cst.Set: self.displays.list_,
            cst.Dict: self.displays.dict_,
            cst.Lambda: lambda node: interp.calls.function(node, "<lambda>"),
            cst.ListComp: self.displays.list_comprehension,
            cst.SetComp: self.displays.list_comprehension,
            cst.GeneratorExp: self.displays.generator,
            cst.DictComp: self.displays.dict_comprehension,
            cst.NamedExpr: self.displays.walrus,
            cst.Await: lambda node: awaited(interp, self.eval(node.expression)),
            cst.Yield: self.displays.yield_,
        }

    def eval(self, node: cst.BaseExpression) -> Value:
        """The value of an expression."""
        interp = self._interp
        interp.steps -= 1
        if interp.steps < 0:
            interp.draw()
        method = self._dispatch.get(type(node))
        return method(node) if method is not None else interp.unknown(origins.expression(type(node).__name__))

    # -- names and constants

    def _name(self, node: cst.Name) -> Value:
        name = node.value
        scope: Scope | None = self._interp.frames[-1].scope
        first = scope
        while scope is not None:
            declared = scope.declared.get(name) if scope.declared else None
            if declared is not None:
                scope = declared
            if name in scope.fields and (scope is first or scope.kind != "class"):
                value: Value = scope.fields[name]
                return value
            if scope.owner and self._interp.prescan.assigns(scope.owner, name):
                # A local name that is not bound yet hides the outer one.
                return self._interp.unknown(origins.UNBOUND_LOCAL)
            scope = scope.parent
        if name in self._interp.module.pending:
            return self._interp.imports.get(self._interp.module, name)
        if name in ("True", "False", "None"):
            return {"True": TRUE, "False": FALSE, "None": NONE}[name]
        if name == "__file__":
            return Scalar(self._interp.recorder.leaf(), "str")
        if name == "__doc__":
            return self._interp.unknown(origins.ATTRIBUTE)
        found = self._interp.libraries.builtin(name)
        if found is not None and not self._interp.star_import:
            return found
        if self._interp.prescan.names.nowhere(name) and not _in_class(first):
            self._interp.program_ends(node)
        return self._interp.unknown(origins.UNDEFINED_NAME)

    def _literal(self, node: cst.CSTNode) -> Value:
        known = self._constants.get(id(node))
        if known is None:
            try:
                known = Const(_literal_value(node))
            except (ValueError, SyntaxError, MemoryError, RecursionError):
                known = Scalar(self._interp.recorder.leaf(), "str")
            self._constants[id(node)] = known
        return known

    def _formatted(self, node: cst.FormattedString) -> Value:
        parts: list[Callable[[], str]] = []
        for part in node.parts:
            if isinstance(part, cst.FormattedStringExpression):
                value = self.eval(part.expression)
                plain = part.format_spec is None and part.conversion is None and part.equal is None
                parts.append(lambda value=value, plain=plain: _shown(value, plain))  # type: ignore[misc]
            elif isinstance(part, cst.FormattedStringText):
                parts.append(lambda text=part.value: _unescaped(text))  # type: ignore[misc]
        return constant_text(self._interp, lambda: "".join(part() for part in parts))

    # -- attributes, subscripts, calls

    def _attribute(self, node: cst.Attribute) -> Value:
        chain: list[cst.Attribute] = [node]
        while isinstance(chain[-1].value, cst.Attribute):
            chain.append(chain[-1].value)
        value = self.eval(chain[-1].value)
        for part in reversed(chain):
            self._interp.recorder.site = self._interp.here(part)
            value = self.attribute(value, part.attr.value)
        return value

    def attribute(self, receiver: Value, name: str) -> Value:
        """``receiver.name``."""
        return self._interp.attributes.get(receiver, name)

    def _call(self, node: cst.Call) -> Value:
        interp = self._interp
        callee = self.eval(node.func)
        args: list[Value] = []
        kwargs: dict[str, Value] = {}
        for arg in node.args:
            value = self.eval(arg.value)
            if arg.star == "*":
                content = interp.iteration.iterate(value)
                if isinstance(content, Items):
                    args.extend(content.items)
                else:
                    args.append(Repeated(interp.state.element(content), "star"))
            elif arg.star == "**":
                entries = value.structure
                if isinstance(entries, DictContent) and entries.complete:
                    kwargs.update({key: each for key, each in entries.entries.items() if isinstance(key, str)})
                else:
                    kwargs["**"] = value
            elif arg.keyword is not None:
                kwargs[arg.keyword.value] = value
            else:
                args.append(value)
        site = interp.recorder.site = interp.here(node)
        if type(node.func) is cst.Attribute and node.func.attr.value in OF_TAPES and _of_no_tape(callee):
            interp.reports.no_requests.add(site)
        return interp.calls.call(callee, args, kwargs)

    def _subscript(self, node: cst.Subscript) -> Value:
        value = self.eval(node.value)
        index = self.index(node)
        self._interp.recorder.site = self._interp.here(node)
        return self._interp.elements.get(value, index)

    def index(self, node: cst.Subscript) -> Value:
        """The value between the brackets: a tuple where there are commas."""
        parts: list[Value] = []
        for element in node.slice:
            piece = element.slice
            if isinstance(piece, cst.Index):
                parts.append(self.eval(piece.value))
            elif isinstance(piece, cst.Slice):
                parts.append(
                    Slice(
                        tuple(
                            NONE if bound is None else self.eval(bound)
                            for bound in (piece.lower, piece.upper, piece.step)
                        )
                    )
                )
        commas = len(node.slice) > 1 or isinstance(node.slice[0].comma, cst.Comma)
        return Items(tuple(parts)) if commas else parts[0]

    def _conditional(self, node: cst.IfExp) -> Value:
        # A chain of conditional expressions nests to the right: collect it without recursion.
        results: list[Value] = []
        runs: list[Callable[[], bool]] = []
        negated: list[cst.BaseExpression] = []
        current: cst.BaseExpression = node
        while isinstance(current, cst.IfExp):
            truth = self.tested(self.eval(current.test))
            if truth is None:
                self._interp.branches()
            if truth is not False:
                runs.append(self._alternative(current.test, negated[-3:], current.body, results))
            if truth is True:
                break
            negated.append(current.test)
            current = current.orelse
        else:
            runs.append(self._alternative(None, negated[-3:], current, results))
        if len(runs) == 1:
            runs[0]()
        else:
            self._interp.alternatives(runs)
        return self._interp.join(results)

    def _alternative(
        self,
        test: cst.BaseExpression | None,
        negated: list[cst.BaseExpression],
        part: cst.BaseExpression,
        results: list[Value],
    ) -> Callable[[], bool]:
        def run() -> bool:
            for other in negated:
                self._interp.statements.narrow(other, False)
            if test is not None:
                self._interp.statements.narrow(test, True)
            results.append(self.eval(part))
            return True

        return run


def _shown(value: Value, plain: bool) -> str:
    if not plain or not isinstance(value, Const) or not isinstance(value.value, (str, int)):
        raise NotConstant
    return str(value.value)


def _unescaped(text: str) -> str:
    if "\\" in text:
        raise NotConstant
    return text.replace("{{", "{").replace("}}", "}")


def _in_class(scope: Scope | None) -> bool:
    """Whether the names of a class body are in sight, into which a metaclass may put what it likes."""
    while scope is not None and scope.kind == "comprehension":
        scope = scope.parent
    return scope is not None and scope.kind == "class"


_evaluated: Callable[[str], Any] = functools.cache(ast.literal_eval)


def _literal_value(node: cst.CSTNode) -> Any:
    if isinstance(node, (cst.Integer, cst.Float, cst.Imaginary, cst.SimpleString)):
        return _evaluated(node.value)
    if isinstance(node, cst.ConcatenatedString):
        text = ""
        while isinstance(node, cst.ConcatenatedString):
            text += str(_literal_value(node.left))
            node = node.right
        return text + str(_literal_value(node))
    raise ValueError(type(node).__name__)
