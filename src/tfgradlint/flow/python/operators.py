"""Operators: arithmetic, comparisons, boolean logic, and what Python takes for true."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import libcst as cst

from tfgradlint.flow.graph import origins
from tfgradlint.flow.graph.nodes import Edge, Effect
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.python.comparing import compared, compared_by_identity, compared_containers, contains
from tfgradlint.flow.python.container_methods import merged
from tfgradlint.flow.python.identity import same_object
from tfgradlint.flow.python.sets import OPERATORS, combined
from tfgradlint.flow.python.strings import formatted
from tfgradlint.flow.values.base import (
    FALSE,
    TRUE,
    Array,
    Const,
    Datum,
    Member,
    Scalar,
    Symbol,
    Tensor,
    Unknown,
    Value,
    Variable,
    is_none,
)
from tfgradlint.flow.values.containers import Container, DictObject, Items, ListObject, Repeated, Union, View
from tfgradlint.flow.values.functions import Method
from tfgradlint.flow.values.objects import Class, Instance
from tfgradlint.flow.values.walk import nodes_of
from tfgradlint.flow.verdict.judgements import LACKING

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
    name: getattr(operator, name) for name in (*BINARY.values(), *COMPARISONS.values(), *UNARY.values())
}
_SMALL = 1 << 40
#: What is compared by its name, or with such.
_NAMES = (Symbol, Class, Const)
#: An operator is evaluated for each pair of so many alternatives of its operands; of more, tensors are taken together.
_PAIRS = 64
#: A longer sum of sequences is any number of elements that are alike: each sum copies all of them.
_LONG = 512


class Operators:
    """Evaluates operators."""

    def __init__(self, interp: Context) -> None:
        self._interp = interp

    def evaluate_binary(self, node: cst.BinaryOperation) -> Value:
        # A sum of hundreds of terms nests to the left: walk down that side without recursion.
        chain = [node]
        while isinstance(chain[-1].left, cst.BinaryOperation):
            chain.append(chain[-1].left)
        value = self._interp.eval(chain[-1].left)
        for operation in reversed(chain):
            right = self._interp.eval(operation.right)
            value = self.binary(BINARY.get(type(operation.operator), ""), value, right, operation)
        return value

    def binary(self, name: str, left: Value, right: Value, node: cst.CSTNode) -> Value:
        """``left <op> right``."""
        interp = self._interp
        if name == "__mod__" and isinstance(left, Const) and isinstance(left.value, str):
            return formatted(interp, left.value, right)
        if isinstance(left, Const) and isinstance(right, Const):
            return self._constant(name, [left.value, right.value])
        interp.recorder.site = interp.here(node)
        if isinstance(left, Union) or isinstance(right, Union):
            return self._distributed(name, left, right, node)
        known = compared_containers(interp, name, left, right)
        if known is None and isinstance(left, _NAMES) and isinstance(right, _NAMES) and name in ("__eq__", "__ne__"):
            known = self._names_compared(name, left, right)
        if known is not None:
            return Const(known)
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
            return found if found is not None else interp.unknown(origins.operator(name), *operands)
        edges = [Edge(node, Effect.PLAIN) for operand in operands for node in nodes_of(operand)]
        node = interp.recorder.op(edges)
        arrays = [operand for operand in operands if isinstance(operand, Array)]
        if arrays:
            return Array(node, any(array.exact for array in arrays))
        if all(isinstance(operand, (Scalar, Const)) for operand in operands):
            return Scalar(node, _number(name, operands))
        return interp.unknown(origins.operator(name), *operands)

    def _distributed(self, name: str, left: Value, right: Value, node: cst.CSTNode) -> Value:
        """An operator on one of several values; alternatives that Python refuses are left out."""
        lefts: Sequence[Value] = left.values if isinstance(left, Union) else (left,)
        rights: Sequence[Value] = right.values if isinstance(right, Union) else (right,)
        if len(lefts) * len(rights) > _PAIRS:
            lefts, rights = self._shared(lefts), self._shared(rights)
        results = [
            self.binary(name, one, other, node)
            for one in lefts
            for other in rights
            if not is_none(one) and not is_none(other)
        ]
        return self._interp.join(results)

    def _shared(self, values: Sequence[Value]) -> Sequence[Value]:
        """One tensor for several, and for the content of variables, which is what an operator reads of them."""
        read = [value for value in values if isinstance(value, (Tensor, Variable))]
        if len(read) < 2:
            return values
        one = Tensor(self._interp.recorder.phi([value.node for value in read]))
        return (*(value for value in values if value not in read), one)

    def _container_operator(self, name: str, left: Value, right: Value) -> Value | None:
        interp = self._interp
        one = left.structure if isinstance(left, (ListObject, View)) else left
        other = right.structure if isinstance(right, (ListObject, View)) else right
        sequences = (Items, Repeated)
        if name == "__add__" and isinstance(one, sequences) and isinstance(other, sequences):
            if isinstance(one, Items) and isinstance(other, Items) and len(one.items) + len(other.items) <= _LONG:
                joined: Value = Items(one.items + other.items, one.type)
            else:
                joined = Repeated(interp.join([interp.state.element(one), interp.state.element(other)]), one.type)
            if not isinstance(left, ListObject):
                return joined
            made = ListObject(joined)
            for each in (left, right):
                if isinstance(each, ListObject) and LACKING in each.fields:
                    LACKING.begin(made, LACKING.of(each))
            return made
        if name == "__mul__" and isinstance(one, sequences) and isinstance(other, (Const, Scalar)):
            count = other.value if isinstance(other, Const) else None
            if isinstance(one, Items) and isinstance(count, int) and len(one.items) * max(count, 0) <= 64:
                repeated: Value = Items(one.items * max(count, 0), one.type)
            else:
                repeated = Repeated(interp.state.element(one), one.type)
            return ListObject(repeated) if isinstance(left, ListObject) else repeated
        if name == "__mul__" and isinstance(other, sequences) and isinstance(one, (Const, Scalar)):
            return self._container_operator(name, right, left)
        if name in OPERATORS and isinstance(left, ListObject) and _is_set(one) and _is_set(other):
            return ListObject(combined(interp, left, OPERATORS[name], right))
        if name == "__or__" and isinstance(left, DictObject) and isinstance(right, DictObject):
            return DictObject(merged(interp, left.fields["content"], right.fields["content"]))
        if name in ("__eq__", "__ne__", "__mod__") and (
            isinstance(one, (*sequences, DictObject)) or isinstance(other, (*sequences, DictObject))
        ):
            if any(isinstance(value, (Tensor, Variable, Unknown, Array)) for value in (one, other)):
                return None
            if name != "__mod__":
                compared(interp, Items((*(one.held() or ()),)), other.held() or ())
            return Scalar(interp.recorder.leaf(), "bool" if name != "__mod__" else "str")
        return None

    def _instance_operator(self, name: str, left: Value, right: Value) -> Value:
        interp = self._interp
        for receiver, method, argument in ((left, name, right), (right, _reflected(name), left)):
            if isinstance(receiver, Instance):
                function = interp.attributes.of_object(receiver, method)
                if function is not None:
                    return interp.calls.call(Method(function, receiver), [argument], {})
        same = self._by_identity(name, left, right)
        if same is not None:
            return Const(same is (name == "__eq__"))
        if name == "__ne__":  # what has no method of its own for it asks whether they are equal
            truth = self.truth(self._instance_operator("__eq__", left, right))
            return Scalar(interp.recorder.leaf(), "bool") if truth is None else Const(not truth)
        return interp.unknown(origins.operator("of an object"), left, right)

    def _names_compared(self, name: str, left: Value, right: Value) -> bool | None:
        """What a comparison of classes, or with what else libraries have under a name, gives."""
        interp = self._interp
        if any(isinstance(each, Class) and each.customised for each in (left, right)):
            return None
        if any(isinstance(each, Const) for each in (left, right)) or same_object(interp, left, right) is not True:
            found = interp.libraries.operator(interp, name, [left, right])
            return found.truth() if isinstance(found, Const) else None
        return name == "__eq__"

    def _by_identity(self, name: str, left: Value, right: Value) -> bool | None:
        """Whether two objects are equal of which neither has a method for it."""
        if name not in ("__eq__", "__ne__") or not all(map(compared_by_identity, (left, right))):
            return None
        return same_object(self._interp, left, right)

    def _constant(self, name: str, values: list[Any]) -> Value:
        kind = "bool" if name in COMPARISONS.values() else ""
        if name in ("__pow__", "__lshift__", "__mul__") and not all(
            isinstance(value, float) or (isinstance(value, int) and abs(value) < _SMALL) for value in values
        ):
            return Scalar(self._interp.recorder.leaf(), kind)
        if name == "__mod__" and isinstance(values[0], bytes):
            return Scalar(self._interp.recorder.leaf())
        if name in ("__pow__", "__lshift__") and isinstance(values[1], int) and abs(values[1]) > 64:
            return Scalar(self._interp.recorder.leaf(), kind)
        operation = _PYTHON[name]
        try:
            value = operation(*values)
        except (
            ArithmeticError,
            LookupError,
            MemoryError,
            TypeError,
            ValueError,
        ):  # what Python raises here ends the user's program, not the analysis
            return Scalar(self._interp.recorder.leaf(), kind)
        if isinstance(value, (int, float, complex, str, bytes, bool)) and (
            not isinstance(value, (str, bytes)) or len(value) < 10_000
        ):
            return Const(value)
        return Scalar(self._interp.recorder.leaf(), kind)

    def evaluate_unary(self, node: cst.UnaryOperation) -> Value:
        chain = [node]
        while isinstance(chain[-1].expression, cst.UnaryOperation):
            chain.append(chain[-1].expression)
        value = self._interp.eval(chain[-1].expression)
        for operation in reversed(chain):
            value = self._one_unary(operation, value)
        return value

    def _one_unary(self, node: cst.UnaryOperation, value: Value) -> Value:
        interp = self._interp
        if isinstance(node.operator, cst.Not):
            truth = self.truth(value)
            return Scalar(interp.recorder.leaf(), "bool") if truth is None else Const(not truth)
        interp.recorder.site = interp.here(node)
        return self.unary(UNARY[type(node.operator)], value)

    def unary(self, name: str, value: Value) -> Value:
        """``<op> value``."""
        interp = self._interp
        if isinstance(value, Const):
            return self._constant(name, [value.value])
        if isinstance(value, Union):
            return interp.join([self.unary(name, each) for each in value.values if not is_none(each)])
        if isinstance(value, Instance):
            function = interp.attributes.of_object(value, name)
            if function is not None:
                return interp.calls.call(Method(function, value), [], {})
        return self._operator(name, [value])

    def evaluate_boolean(self, node: cst.BooleanOperation) -> Value:
        chain = [node]
        while isinstance(chain[-1].left, cst.BooleanOperation):
            chain.append(chain[-1].left)
        value = self._interp.eval(chain[-1].left)
        for operation in reversed(chain):
            stops = isinstance(operation.operator, cst.Or)
            truth = self.truth(value)
            if truth is stops:
                continue
            if truth is None:
                left, results = value, [value]
                right_node = operation.right

                def right(results: list[Value] = results, right_node: cst.BaseExpression = right_node) -> bool:
                    results.append(self._interp.eval(right_node))
                    return True

                self._interp.alternatives([lambda: True, right])
                value = self._interp.join([left, *results[1:]])
            else:
                value = self._interp.eval(operation.right)
        return value

    def evaluate_comparison(self, node: cst.Comparison) -> Value:
        left = self._interp.eval(node.left)
        first, *further = node.comparisons
        right = self._interp.eval(first.comparator)
        result = self._compare(first.operator, left, right, node)
        if not further:
            return result
        truths = [result.truth() if isinstance(result, Const) else None]
        for part in further:
            if False in truths:
                break
            left = right
            known = self._further(part.comparator, sure=None not in truths)
            if known is None:
                return Scalar(self._interp.recorder.leaf(), "bool")
            right = known
            result = self._compare(part.operator, left, right, node)
            truths.append(result.truth() if isinstance(result, Const) else None)
        if False in truths:
            return FALSE if None not in truths else Scalar(self._interp.recorder.leaf(), "bool")
        return Scalar(self._interp.recorder.leaf(), "bool") if None in truths else TRUE

    def _further(self, comparator: cst.BaseExpression, sure: bool) -> Value | None:
        """The operand behind another comparison: Python evaluates it only if that one holds. None: it raises."""
        if sure or isinstance(comparator, (cst.Name, cst.BaseNumber)):
            return self._interp.eval(comparator)
        results: list[Value] = []

        def evaluated() -> bool:
            results.append(self._interp.eval(comparator))
            return True

        self._interp.alternatives([lambda: True, evaluated])
        return results[0] if results else None

    def _compare(self, op: cst.BaseCompOp, left: Value, right: Value, node: cst.CSTNode) -> Value:
        if isinstance(op, (cst.Is, cst.IsNot)):
            same = self._identical(left, right)
            if same is None:
                return Scalar(self._interp.recorder.leaf(), "bool")
            return Const(same is isinstance(op, cst.Is))
        if isinstance(op, (cst.In, cst.NotIn)):
            found = contains(self._interp, right, left)
            if found is None:
                return Scalar(self._interp.recorder.leaf(), "bool")
            return Const(found is isinstance(op, cst.In))
        return self.binary(COMPARISONS[type(op)], left, right, node)

    def _identical(self, left: Value, right: Value) -> bool | None:
        if isinstance(left, Const) and isinstance(right, Const):
            return left.value is right.value or (left.value == right.value and type(left.value) is type(right.value))
        for one, other in ((left, right), (right, left)):
            if is_none(one) and isinstance(other, Scalar) and not other.type:
                return None  # such as a dimension that a graph does not know
            if is_none(one) and not isinstance(other, (Unknown, Union, Datum)):
                described = not isinstance(other, Member) or isinstance(other.receiver, Container)
                return False if described else None
            if isinstance(one, Const) and isinstance(other, (Tensor, Variable)):
                return False
        return same_object(self._interp, left, right)

    def tested(self, value: Value) -> bool | None:
        """The truth of what a branch depends on. Where nothing converts it, a symbolic tensor has none."""
        interp = self._interp
        if interp.unconverted and isinstance(value, Tensor) and interp.graph_level and value.node.level > 0:
            interp.raise_here(None, "OperatorNotAllowedInGraphError")
        return self.truth(value)

    def truth(self, value: Value) -> bool | None:
        """Whether Python takes the value for true, where that is known. An object of the module is asked for it."""
        if isinstance(value, Instance):
            for name in ("__bool__", "__len__"):
                function = self._interp.attributes.of_object(value, name)
                if function is not None:
                    return self._interp.calls.call(Method(function, value), [], {}).truth()
        return value.truth()


#: Comparisons from the other side; those of equality are their own.
_FROM_BEHIND = {"__lt__": "__gt__", "__le__": "__ge__", "__gt__": "__lt__", "__ge__": "__le__"}


def _is_set(content: Value) -> bool:
    return isinstance(content, (Items, Repeated)) and content.type == "set"


def _reflected(name: str) -> str:
    """The method of the right operand that is asked where the left one has none."""
    return _FROM_BEHIND.get(name, name if name in ("__eq__", "__ne__") else f"__r{name[2:]}")


def _number(operator: str, operands: list[Value]) -> str:
    """The type of what an operator makes of Python's numbers, where it is known."""
    if operator in COMPARISONS.values():
        return "bool"
    types = {
        type(operand.value).__name__ if isinstance(operand, Const) else operand.type
        for operand in operands
        if isinstance(operand, (Const, Scalar))
    }
    if not types <= {"int", "float", "bool"}:
        return ""
    if "float" in types or operator == "__truediv__":
        return "float"
    return "int" if operator in ("__add__", "__sub__", "__mul__", "__floordiv__", "__mod__") else ""
