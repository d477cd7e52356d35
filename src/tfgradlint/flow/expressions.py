"""Expressions: each node type of the syntax tree has one method."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import libcst as cst

from tfgradlint.flow.containers import listing, mapping
from tfgradlint.flow.graph import Edge, Effect, Site
from tfgradlint.flow.state import MISSING
from tfgradlint.flow.values import (
    FALSE,
    NONE,
    TRUE,
    Array,
    Choice,
    Class,
    Const,
    Deferred,
    Entries,
    Function,
    Instance,
    Items,
    Listing,
    Mapping,
    Method,
    Noded,
    Scalar,
    Scope,
    Several,
    Slice,
    Symbol,
    Tensor,
    Unknown,
    Value,
    Variable,
    nodes_of,
)

if TYPE_CHECKING:
    from tfgradlint.flow.interpreter import Interpreter

BINARY = {
    cst.Add: "__add__",
    cst.Subtract: "__sub__",
    cst.Multiply: "__mul__",
    cst.Divide: "__truediv__",
    cst.FloorDivide: "__floordiv__",
    cst.Modulo: "__mod__",
    cst.Power: "__pow__",
    cst.MatrixMultiply: "__matmul__",
    cst.BitAnd: "__and__",
    cst.BitOr: "__or__",
    cst.BitXor: "__xor__",
    cst.LeftShift: "__lshift__",
    cst.RightShift: "__rshift__",
}
COMPARISONS = {
    cst.LessThan: "__lt__",
    cst.LessThanEqual: "__le__",
    cst.GreaterThan: "__gt__",
    cst.GreaterThanEqual: "__ge__",
    cst.Equal: "__eq__",
    cst.NotEqual: "__ne__",
}
UNARY = {cst.Minus: "__neg__", cst.Plus: "__pos__", cst.BitInvert: "__invert__"}
_PYTHON: dict[str, Callable[..., Any]] = {
    name: getattr(operator, name)
    for name in (*BINARY.values(), *COMPARISONS.values(), *UNARY.values())
}
_SMALL = 1 << 40


class Expressions:
    """Evaluates expressions."""

    def __init__(self, interp: Interpreter) -> None:
        self._interp = interp
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
            cst.BinaryOperation: self._binary,
            cst.UnaryOperation: self._unary,
            cst.BooleanOperation: self._boolean,
            cst.Comparison: self._comparison,
            cst.Subscript: self._subscript,
            cst.IfExp: self._conditional,
            cst.Tuple: self._tuple,
            cst.List: self._list,
            cst.Set: self._list,
            cst.Dict: self._dict,
            cst.Lambda: self._lambda,
            cst.ListComp: self._list_comprehension,
            cst.SetComp: self._list_comprehension,
            cst.GeneratorExp: self._generator,
            cst.DictComp: self._dict_comprehension,
            cst.NamedExpr: self._walrus,
            cst.Await: lambda node: self.eval(node.expression),
            cst.Yield: self._yield,
        }

    def eval(self, node: cst.BaseExpression) -> Value:
        """The value of an expression."""
        interp = self._interp
        interp.steps -= 1
        if interp.steps < 0:
            interp.step()
        method = self._dispatch.get(type(node))
        return method(node) if method is not None else interp.unknown(type(node).__name__)

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
            scope = scope.parent
        if name in ("True", "False", "None"):
            return {"True": TRUE, "False": FALSE, "None": NONE}[name]
        found = self._interp.libraries.builtin(name)
        if found is not None and not self._interp.star_import:
            return found
        return self._interp.unknown("undefined name")

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
        for part in node.parts:
            if isinstance(part, cst.FormattedStringExpression):
                self.eval(part.expression)
        return Scalar(self._interp.recorder.leaf(), "str")

    # -- operators

    def _binary(self, node: cst.BinaryOperation) -> Value:
        # A sum of hundreds of terms nests to the left: walk down that side without recursion.
        chain = [node]
        while isinstance(chain[-1].left, cst.BinaryOperation):
            chain.append(chain[-1].left)
        value = self.eval(chain[-1].left)
        for operation in reversed(chain):
            right = self.eval(operation.right)
            value = self.binary(BINARY.get(type(operation.operator), ""), value, right, operation)
        return value

    def binary(self, name: str, left: Value, right: Value, node: cst.CSTNode) -> Value:
        """``left <op> right``."""
        interp = self._interp
        if isinstance(left, Const) and isinstance(right, Const):
            return self._constant(name, [left.value, right.value])
        interp.recorder.site = interp.here(node)
        if isinstance(left, Choice) or isinstance(right, Choice):
            return self._distributed(name, left, right, node)
        containers = self._container_operator(name, left, right)
        if containers is not None:
            return containers
        if isinstance(left, Instance) or isinstance(right, Instance):
            return self._instance_operator(name, left, right)
        return self._operator(name, [left, right])

    def _operator(self, name: str, operands: list[Value]) -> Value:
        interp = self._interp
        if any(isinstance(operand, (Tensor, Variable, Unknown)) for operand in operands):
            found = interp.libraries.operator(interp, name, operands)
            return found if found is not None else interp.unknown(f"operator {name}", *operands)
        edges = [Edge(node, Effect.PLAIN) for operand in operands for node in nodes_of(operand)]
        node = interp.recorder.op(edges)
        if any(isinstance(operand, Array) for operand in operands):
            return Array(node)
        if all(isinstance(operand, (Scalar, Const)) for operand in operands):
            return Scalar(node, "bool" if name in COMPARISONS.values() else "")
        return interp.unknown(f"operator {name}", *operands)

    def _distributed(self, name: str, left: Value, right: Value, node: cst.CSTNode) -> Value:
        """An operator on one of several values; alternatives that Python refuses are left out."""
        lefts = left.values if isinstance(left, Choice) else (left,)
        rights = right.values if isinstance(right, Choice) else (right,)
        results = [
            self.binary(name, one, other, node)
            for one in lefts
            for other in rights
            if not _is_none(one) and not _is_none(other)
        ]
        return self._interp.join(results)

    def _container_operator(self, name: str, left: Value, right: Value) -> Value | None:
        interp = self._interp
        one = left.fields["content"] if isinstance(left, Listing) else left
        other = right.fields["content"] if isinstance(right, Listing) else right
        sequences = (Items, Several)
        if name == "__add__" and isinstance(one, sequences) and isinstance(other, sequences):
            if isinstance(one, Items) and isinstance(other, Items):
                joined: Value = Items(one.items + other.items, one.type)
            else:
                joined = Several(interp.join([interp.state.element(one), interp.state.element(other)]), one.type)
            return Listing(joined) if isinstance(left, Listing) else joined
        if name == "__mul__" and isinstance(one, sequences) and isinstance(other, (Const, Scalar)):
            count = other.value if isinstance(other, Const) else None
            if isinstance(one, Items) and isinstance(count, int) and len(one.items) * max(count, 0) <= 64:
                repeated: Value = Items(one.items * max(count, 0), one.type)
            else:
                repeated = Several(interp.state.element(one), one.type)
            return Listing(repeated) if isinstance(left, Listing) else repeated
        if name == "__mul__" and isinstance(other, sequences) and isinstance(one, (Const, Scalar)):
            return self._container_operator(name, right, left)
        if name in ("__eq__", "__ne__", "__mod__") and (
            isinstance(one, (*sequences, Mapping)) or isinstance(other, (*sequences, Mapping))
        ):
            if any(isinstance(value, (Tensor, Variable, Unknown, Array)) for value in (one, other)):
                return None
            return Scalar(interp.recorder.leaf(), "bool" if name != "__mod__" else "str")
        return None

    def _instance_operator(self, name: str, left: Value, right: Value) -> Value:
        interp = self._interp
        reflected = "__r" + name[2:]
        for receiver, method, argument in ((left, name, right), (right, reflected, left)):
            if isinstance(receiver, Instance):
                function = interp.calls.class_attribute(receiver.cls, method)
                if function is not None:
                    return interp.calls.call(Method(function, receiver), [argument], {})
        return interp.unknown("operator of an object", left, right)

    def _constant(self, name: str, values: list[Any]) -> Value:
        kind = "bool" if name in COMPARISONS.values() else ""
        if name in ("__pow__", "__lshift__", "__mul__") and not all(
            isinstance(value, float) or (isinstance(value, int) and abs(value) < _SMALL) for value in values
        ):
            return Scalar(self._interp.recorder.leaf(), kind)
        if name in ("__pow__", "__lshift__") and isinstance(values[1], int) and abs(values[1]) > 64:
            return Scalar(self._interp.recorder.leaf(), kind)
        try:
            value = _PYTHON[name](*values)
        except Exception:  # whatever Python raises here ends the user's program, not the analysis
            return Scalar(self._interp.recorder.leaf(), kind)
        if isinstance(value, (int, float, complex, str, bytes, bool)) and (
            not isinstance(value, (str, bytes)) or len(value) < 10_000
        ):
            return Const(value)
        return Scalar(self._interp.recorder.leaf(), kind)

    def _unary(self, node: cst.UnaryOperation) -> Value:
        chain = [node]
        while isinstance(chain[-1].expression, cst.UnaryOperation):
            chain.append(chain[-1].expression)
        value = self.eval(chain[-1].expression)
        for operation in reversed(chain):
            value = self._one_unary(operation, value)
        return value

    def _one_unary(self, node: cst.UnaryOperation, value: Value) -> Value:
        interp = self._interp
        if isinstance(node.operator, cst.Not):
            truth = self.truth(value)
            return Scalar(interp.recorder.leaf(), "bool") if truth is None else Const(not truth)
        name = UNARY[type(node.operator)]
        if isinstance(value, Const):
            return self._constant(name, [value.value])
        interp.recorder.site = interp.here(node)
        if isinstance(value, Choice):
            return interp.join([self._one_unary(node, each) for each in value.values if not _is_none(each)])
        if isinstance(value, Instance):
            function = interp.calls.class_attribute(value.cls, name)
            if function is not None:
                return interp.calls.call(Method(function, value), [], {})
        return self._operator(name, [value])

    def _boolean(self, node: cst.BooleanOperation) -> Value:
        chain = [node]
        while isinstance(chain[-1].left, cst.BooleanOperation):
            chain.append(chain[-1].left)
        value = self.eval(chain[-1].left)
        for operation in reversed(chain):
            stops = isinstance(operation.operator, cst.Or)
            truth = self.truth(value)
            if truth is stops:
                continue
            if truth is None:
                left, results = value, [value]
                right_node = operation.right

                def right(results: list[Value] = results, right_node: cst.BaseExpression = right_node) -> bool:
                    results.append(self.eval(right_node))
                    return True

                self._interp.alternatives([lambda: True, right])
                value = self._interp.join([left, *results[1:]])
            else:
                value = self.eval(operation.right)
        return value

    def _comparison(self, node: cst.Comparison) -> Value:
        left = self.eval(node.left)
        result: Value = TRUE
        for part in node.comparisons:
            right = self.eval(part.comparator)
            result = self._compare(part.operator, left, right, node)
            left = right
        if len(node.comparisons) > 1:
            return Scalar(self._interp.recorder.leaf(), "bool")
        return result

    def _compare(self, op: cst.BaseCompOp, left: Value, right: Value, node: cst.CSTNode) -> Value:
        if isinstance(op, (cst.Is, cst.IsNot)):
            same = self._identical(left, right)
            if same is None:
                return Scalar(self._interp.recorder.leaf(), "bool")
            return Const(same is isinstance(op, cst.Is))
        if isinstance(op, (cst.In, cst.NotIn)):
            found = _contains(left, right)
            if found is None:
                return Scalar(self._interp.recorder.leaf(), "bool")
            return Const(found is isinstance(op, cst.In))
        return self.binary(COMPARISONS[type(op)], left, right, node)

    def _identical(self, left: Value, right: Value) -> bool | None:
        if isinstance(left, Const) and isinstance(right, Const):
            return left.value is right.value or (
                left.value == right.value and type(left.value) is type(right.value)
            )
        for one, other in ((left, right), (right, left)):
            if _is_none(one) and not isinstance(other, (Unknown, Choice)):
                return False
        if isinstance(left, Symbol) and isinstance(right, Symbol):
            return left.path == right.path
        return None

    def truth(self, value: Value) -> bool | None:
        """Whether Python takes the value for true, where that is known."""
        if isinstance(value, Const):
            return bool(value.value)
        if isinstance(value, (Function, Class, Method, Symbol)):
            return True
        if isinstance(value, Listing):
            value = value.fields["content"]
        if isinstance(value, Mapping):
            content = value.fields["content"]
            return bool(content.entries) if content.rest is None else None
        if isinstance(value, Items):
            return bool(value.items)
        if isinstance(value, Choice):
            truths = {self.truth(each) for each in value.values}
            return truths.pop() if len(truths) == 1 else None
        return None

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
        return self._interp.calls.attribute(receiver, name)

    def _call(self, node: cst.Call) -> Value:
        interp = self._interp
        callee = self.eval(node.func)
        args: list[Value] = []
        kwargs: dict[str, Value] = {}
        for arg in node.args:
            value = self.eval(arg.value)
            if arg.star == "*":
                content = interp.calls.iterate(value)
                if isinstance(content, Items):
                    args.extend(content.items)
                else:
                    args.append(Several(interp.state.element(content), "star"))
            elif arg.star == "**":
                content = value.fields["content"] if isinstance(value, Mapping) else value
                if isinstance(content, Entries) and content.rest is None:
                    kwargs.update({key: each for key, each in content.entries.items() if isinstance(key, str)})
                else:
                    kwargs["**"] = value
            elif arg.keyword is not None:
                kwargs[arg.keyword.value] = value
            else:
                args.append(value)
        interp.recorder.site = interp.here(node)
        return interp.calls.call(callee, args, kwargs)

    def _subscript(self, node: cst.Subscript) -> Value:
        value = self.eval(node.value)
        index = self.index(node)
        self._interp.recorder.site = self._interp.here(node)
        return self._interp.calls.subscript(value, index)

    def index(self, node: cst.Subscript) -> Value:
        """The value between the brackets: a tuple where there are commas."""
        parts: list[Value] = []
        for element in node.slice:
            if isinstance(element.slice, cst.Index):
                parts.append(self.eval(element.slice.value))
            else:
                piece = element.slice
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
        truth = self.truth(self.eval(node.test))
        if truth is not None:
            return self.eval(node.body if truth else node.orelse)
        results: list[Value] = []

        def branch(part: cst.BaseExpression, holds: bool) -> Callable[[], bool]:
            def run() -> bool:
                self._interp.statements.narrow(node.test, holds)
                results.append(self.eval(part))
                return True

            return run

        self._interp.alternatives([branch(node.body, True), branch(node.orelse, False)])
        return self._interp.join(results)

    # -- containers

    def _elements(self, elements: Any) -> list[Value] | None:
        values: list[Value] = []
        for element in elements:
            value = self.eval(element.value)
            if isinstance(element, cst.StarredElement):
                content = self._interp.calls.iterate(value)
                if not isinstance(content, Items):
                    values.append(self._interp.state.element(content))
                    return [Several(self._interp.join(values), "list")]
                values.extend(content.items)
            else:
                values.append(value)
        return values

    def _tuple(self, node: cst.Tuple) -> Value:
        values = self._elements(node.elements) or []
        if len(values) == 1 and isinstance(values[0], Several) and values[0].type == "list":
            return values[0]
        return Items(tuple(values))

    def _list(self, node: cst.List | cst.Set) -> Value:
        if len(node.elements) > 2000 and all(_plain_number(each) for each in node.elements):
            return Listing(Several(Scalar(self._interp.recorder.leaf(), "float"), "list"))
        values = self._elements(node.elements) or []
        if len(values) == 1 and isinstance(values[0], Several) and values[0].type == "list":
            return Listing(values[0])
        return listing(values, "set" if isinstance(node, cst.Set) else "list")

    def _dict(self, node: cst.Dict) -> Value:
        entries: dict[Any, Value] = {}
        rest: list[Value] = []
        for element in node.elements:
            if isinstance(element, cst.StarredDictElement):
                value = self.eval(element.value)
                content = value.fields["content"] if isinstance(value, Mapping) else None
                if isinstance(content, Entries):
                    entries.update(content.entries)
                    rest += [content.rest] if content.rest is not None else []
                else:
                    rest.append(self._interp.unknown("dictionary", value))
                continue
            assert isinstance(element, cst.DictElement)
            key, value = self.eval(element.key), self.eval(element.value)
            if isinstance(key, Const) and _hashable(key.value):
                entries[key.value] = value
            else:
                rest.append(value)
        return mapping(entries, self._interp.join(rest) if rest else None)

    def _lambda(self, node: cst.Lambda) -> Value:
        return self._interp.calls.function(node, "<lambda>")

    # -- comprehensions

    def _comprehend(
        self, node: cst.CompFor, produce: Callable[[], Value], iterable: Value | None = None
    ) -> Value:
        """The elements a comprehension makes, as a sequence. Python evaluates the first iterable outside."""
        interp = self._interp
        frame = interp.frame
        outer = frame.scope
        iterable = iterable if iterable is not None else self.eval(node.iter)
        frame.scope = Scope("comprehension", outer)
        try:
            return self._clause(node, produce, iterable)
        finally:
            frame.scope = outer

    def _clause(self, node: cst.CompFor, produce: Callable[[], Value], iterable: Value) -> Value:
        interp = self._interp
        interp.recorder.site = interp.here(node.iter)
        content = interp.calls.iterate(iterable)
        exact = isinstance(content, Items) and len(content.items) <= 16
        elements = content.items if isinstance(content, Items) and exact else [interp.state.element(content)]
        made: list[Value] = []
        for element in elements:
            interp.statements.assign(node.target, element)
            truths = [self.truth(self.eval(condition.test)) for condition in node.ifs]
            if False in truths:
                continue
            if None in truths:
                exact = False
            if node.inner_for_in is not None:
                inner = self._clause(node.inner_for_in, produce, self.eval(node.inner_for_in.iter))
                if isinstance(inner, Items):
                    made.extend(inner.items)
                else:
                    made.append(interp.state.element(inner))
                    exact = False
            else:
                made.append(produce())
        if exact:
            return Items(tuple(made), "list")
        return Several(interp.join(made) if made else interp.unknown("empty list"), "list")

    def _list_comprehension(self, node: cst.ListComp | cst.SetComp) -> Value:
        return Listing(self._comprehend(node.for_in, lambda: self.eval(node.elt)))

    def _generator(self, node: cst.GeneratorExp) -> Value:
        interp = self._interp
        scope, statement = interp.frame.scope, interp.statement
        iterable = self.eval(node.for_in.iter)

        def force() -> Value:
            frame, saved = interp.frame, interp.frame.scope
            saved_statement, interp.statement = interp.statement, statement
            frame.scope = scope
            try:
                return self._comprehend(node.for_in, lambda: self.eval(node.elt), iterable)
            finally:
                frame.scope = saved
                interp.statement = saved_statement

        return Deferred(force)

    def _dict_comprehension(self, node: cst.DictComp) -> Value:
        pairs = self._comprehend(node.for_in, lambda: Items((self.eval(node.key), self.eval(node.value))))
        return self._interp.calls.dictionary(pairs)

    def _walrus(self, node: cst.NamedExpr) -> Value:
        value = self.eval(node.value)
        interp = self._interp
        frame, inner = interp.frame, interp.frame.scope
        outer = inner
        while outer.kind == "comprehension" and outer.parent is not None:
            outer = outer.parent
        frame.scope = outer
        interp.statements.assign(node.target, value)
        frame.scope = inner
        return value

    def _yield(self, node: cst.Yield) -> Value:
        if isinstance(node.value, cst.From):
            self.eval(node.value.item)
        elif node.value is not None:
            self.eval(node.value)
        return self._interp.unknown("yield")


def _literal_value(node: cst.CSTNode) -> Any:
    if isinstance(node, (cst.Integer, cst.Float, cst.Imaginary, cst.SimpleString)):
        return ast.literal_eval(node.value)
    if isinstance(node, cst.ConcatenatedString):
        text = ""
        while isinstance(node, cst.ConcatenatedString):
            text += str(_literal_value(node.left))
            node = node.right
        return text + str(_literal_value(node))
    raise ValueError(type(node).__name__)


def _plain_number(element: cst.BaseElement) -> bool:
    return isinstance(element.value, (cst.Integer, cst.Float))


def _hashable(value: Any) -> bool:
    return isinstance(value, (str, bytes, int, float, bool, type(None), tuple))


def _is_none(value: Value) -> bool:
    return isinstance(value, Const) and value.value is None


def _contains(item: Value, container: Value) -> bool | None:
    if isinstance(container, (Listing, Mapping)):
        container = container.fields["content"]
    if not isinstance(item, Const):
        return None
    if isinstance(container, Entries):
        if item.value in container.entries:
            return True
        return False if container.rest is None else None
    if isinstance(container, Items) and all(isinstance(each, Const) for each in container.items):
        return any(each.value == item.value for each in container.items if isinstance(each, Const))
    if isinstance(container, Const) and isinstance(container.value, str) and isinstance(item.value, str):
        return item.value in container.value
    return None


__all__ = ["MISSING", "Expressions", "Noded", "Site"]
