"""What a compiled function is called with, as TensorFlow looks at it to find a trace that was made before."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from enum import IntEnum
from functools import cached_property

import libcst as cst

from tfgradlint.flow.graph import origins
from tfgradlint.flow.graph.nodes import Node
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.machine.description import Described
from tfgradlint.flow.values.base import (
    Array,
    Const,
    Datum,
    GraphValue,
    HostObject,
    Symbol,
    Tensor,
    Value,
    Variable,
    hashable,
)
from tfgradlint.flow.values.containers import Container, DictContent, Items
from tfgradlint.flow.values.functions import Function, NativeFunction
from tfgradlint.flow.values.objects import Class, Instance, Layer, LibraryObject
from tfgradlint.flow.values.walk import fold, walk

#: What is told apart by its identity.
_OBJECTS = (Instance, Layer, LibraryObject, Class, Function, NativeFunction, Symbol)
#: Nests of arguments are compared down to here; what is deeper may be the same.
_DEEP = 8


def _described(value: Value) -> object:
    if isinstance(value, GraphValue):
        return (type(value), value.node.dtype)
    if isinstance(value, (Items, DictContent)):
        return (type(value), len(value.held()))
    return value


class Match(IntEnum):
    """Whether a trace serves for a call."""

    NO = 0
    PERHAPS = 1
    YES = 2


class Signature(Described):
    """What a compiled function was called with: for each parameter the value, with the contents of that moment."""

    def __init__(self, interp: Context, given: dict[str, Value]) -> None:
        self._interp = interp
        self._relaxed = False
        self.values = {name: frozen(value) for name, value in given.items()}
        self._flags = {
            each: each.fields["trainable"]
            for value in self.values.values()
            for each in walk(value)
            if isinstance(each, Variable)
        }

    def described(self) -> Sequence[object]:
        """What is looked at of the values of the parameters: of what is computed, the kind and the dtype."""
        return [
            (name, *(_described(each) for each in walk(value) if not isinstance(each, Container)))
            for name, value in self.values.items()
        ]

    @cached_property
    def key(self) -> Hashable | None:
        """What is the same for another signature that matches what this one does, but for the very same tensors.

        None: there may be none.
        """
        keys = [(name, self._key(value, 0)) for name, value in self.values.items()]
        return None if any(key is None for _, key in keys) else (*keys,)

    def _key(self, value: Value, level: int) -> Hashable | None:
        if isinstance(value, Const):
            return (type(value.value), value.value) if hashable(value.value) else None
        if isinstance(value, Variable):
            return (id(value), self._flags[value])
        if isinstance(value, (Tensor, Array)) and not isinstance(value, HostObject):
            by_text = _made_of_literals(self._interp, value.node) is not None
            return None if by_text else ("tensor", value.node.dtype)
        if isinstance(value, _OBJECTS):
            return id(value)
        if isinstance(value, Items) and level < _DEEP:
            parts = [self._key(each, level + 1) for each in value.items]
            return None if None in parts else (value.type, value.fields, *parts)
        return (type(value),) if isinstance(value, GraphValue) else None

    def match(self, other: Signature, only: Iterable[str] | None = None, relaxed: bool = False) -> Match:
        """Whether TensorFlow takes the two for the same; ``only`` these parameters are looked at.

        ``relaxed``: it may take tensors of other shapes for the same.
        """
        self._relaxed = relaxed
        if self.values.keys() != other.values.keys():
            return Match.PERHAPS
        names = self.values if only is None else only
        return min(
            (self._compared(self.values[name], other.values[name], other, 0) for name in names), default=Match.YES
        )

    def _compared(self, one: Value, two: Value, other: Signature, level: int) -> Match:
        if isinstance(one, Variable) and isinstance(two, Variable):
            return self._variables(one, two, other)
        if one is two:
            return Match.YES
        if isinstance(one, Items) and isinstance(two, Items):
            if len(one.items) != len(two.items) or (one.type, one.fields) != (two.type, two.fields):
                return Match.NO
            return self._parts(one.items, two.items, other, level)
        if isinstance(one, DictContent) and isinstance(two, DictContent):
            if not (one.complete and two.complete):
                return Match.PERHAPS
            if one.entries.keys() != two.entries.keys():
                return Match.NO
            return self._parts(list(one.entries.values()), [two.entries[key] for key in one.entries], other, level)
        return self._leaves(one, two)

    def _parts(self, ones: Sequence[Value], twos: Sequence[Value], other: Signature, level: int) -> Match:
        if level == _DEEP:
            return Match.PERHAPS
        pairs = zip(ones, twos, strict=True)
        return min((self._compared(one, two, other, level + 1) for one, two in pairs), default=Match.YES)

    def _variables(self, one: Variable, two: Variable, other: Signature) -> Match:
        """Variables of one shape and dtype are the same, if both are trained or both are not."""
        flags = {self._flags[one], other._flags[two]}
        if flags == {True, False} or _dtypes_differ(one.node, two.node):
            return Match.NO
        return Match.YES if one is two and None not in flags else Match.PERHAPS

    def _leaves(self, one: Value, two: Value) -> Match:
        if isinstance(one, Const) and isinstance(two, Const):
            # Constants are compared as Python does it: 1, 1.0 and True are the same.
            nan = one.value != one.value and two.value != two.value
            return Match.YES if one.value == two.value or nan else Match.NO
        if isinstance(one, (Tensor, Array)) and isinstance(two, (Tensor, Array)):
            return self._tensors(one, two)
        if isinstance(one, GraphValue) and one.same_as(two):
            return Match.YES
        if isinstance(one, _OBJECTS) and isinstance(two, _OBJECTS):
            return self._objects(one, two)
        kinds = (_kind(one), _kind(two))
        return Match.PERHAPS if "" in kinds or kinds[0] == kinds[1] else Match.NO

    def _tensors(self, one: Tensor | Array, two: Tensor | Array) -> Match:
        if isinstance(one, HostObject) or isinstance(two, HostObject):
            return Match.PERHAPS
        if one.node is two.node:
            return Match.YES
        if _dtypes_differ(one.node, two.node):
            return Match.NO
        match = _same_shape(self._interp, one.node, two.node)
        return Match.PERHAPS if self._relaxed else match

    def _objects(self, one: Value, two: Value) -> Match:
        if isinstance(one, Symbol) and isinstance(two, Symbol):
            return Match.YES if one.path == two.path else Match.PERHAPS if isinstance(one, Datum) else Match.NO
        if isinstance(one, Function) and one.same_as(two):
            return Match.PERHAPS
        for each in (one, two):
            if isinstance(each, Instance) and (
                any(not isinstance(base, (Class, Symbol)) or _decorated(base) for base in each.cls.lineage())
                or any(self._interp.attributes.of_class(each.cls, name) for name in ("__eq__", "__tf_tracing_type__"))
            ):
                return Match.PERHAPS
        return Match.NO


def _decorated(cls: Value) -> bool:
    """Whether a decorator may have given the class an ``__eq__``, as that of data classes does."""
    return isinstance(cls, Class) and bool(cls.node.decorators)


def frozen(value: Value) -> Value:
    """The value with the contents of the lists and dictionaries in it, and with tensors instead of what stands for
    them in a trace.
    """

    def leaf(each: Value) -> Value:
        if not isinstance(each, Tensor) or each.node.origin is not origins.ARGUMENT:
            return each
        node = each.node
        while node.origin is origins.ARGUMENT:
            node = node.edges[0].node
        return Tensor(node)

    return fold(value, _parts_of, leaf, _frozen)


def _parts_of(value: Value, level: int) -> Sequence[Value] | None:
    return value.held() if isinstance(value, (Container, Items, DictContent)) and level < 2 * _DEEP else None


def _frozen(holder: Value, parts: list[Value]) -> Value:
    if isinstance(holder, Container):
        return parts[0]
    return holder.with_held(parts)


def _kind(value: Value) -> str:
    """What TensorFlow takes the value for; "" where that is not known."""
    if isinstance(value, Const):
        return "constant"
    if isinstance(value, (Tensor, Array)):
        return "" if isinstance(value, HostObject) else "tensor"
    if isinstance(value, Variable):
        return "variable" if value.library == "tf" else ""
    if isinstance(value, (Items, DictContent)):
        return type(value).__name__
    return "object" if isinstance(value, _OBJECTS) and not isinstance(value, Datum) else ""


def _dtypes_differ(one: Node, two: Node) -> bool:
    return None not in (one.dtype, two.dtype) and one.dtype != two.dtype


# -- shapes that stand in the text


def _same_shape(interp: Context, one: Node, two: Node) -> Match:
    """What the texts of two tensors say that are made of literals."""
    made = [_made_of_literals(interp, each) for each in (one, two)]
    if made[0] is None or made[1] is None:
        return Match.PERHAPS
    shapes = [_shape(each) for each in made if each is not None]
    if None in shapes:
        return Match.YES if _text(made[0]) == _text(made[1]) else Match.PERHAPS
    if shapes[0] != shapes[1]:
        return Match.NO
    return Match.YES if one.dtype is not None and one.dtype == two.dtype else Match.PERHAPS


def _made_of_literals(interp: Context, node: Node) -> cst.Call | None:
    """The call of a library's function that made a tensor, if it was given literals alone."""
    made = node.site.expression
    if not isinstance(made, cst.Call) or not _of_library(interp, made.func):
        return None
    waiting: list[cst.CSTNode] = [each.value for each in made.args]
    while waiting:
        each = waiting.pop()
        if isinstance(each, (cst.Tuple, cst.List)):
            waiting.extend(element.value for element in each.elements)
        elif isinstance(each, cst.UnaryOperation):
            waiting.append(each.expression)
        elif isinstance(each, cst.Attribute):
            if not _of_library(interp, each):
                return None
        elif not isinstance(each, (cst.Integer, cst.Float, cst.SimpleString)):
            return None
    return made


def _of_library(interp: Context, node: cst.BaseExpression) -> bool:
    while isinstance(node, cst.Attribute):
        node = node.value
    return isinstance(node, cst.Name) and isinstance(interp.module.fields.get(node.value), Symbol)


def _text(made: cst.Call) -> str:
    return cst.Module([]).code_for_node(made)


#: Functions whose first argument is the content of what they make, and those whose first argument is its shape.
_OF_CONTENT = frozenset({"constant", "convert_to_tensor", "array", "asarray"})
_OF_SHAPE = frozenset({"tf.ones", "tf.zeros", "tf.random.normal", "tf.random.uniform"})


def _shape(made: cst.Call) -> tuple[str, ...] | None:
    """The shape of what a call makes, where its first argument tells it."""
    if not made.args or any(each.star for each in made.args) or not isinstance(made.func, cst.Attribute):
        return None
    if made.args[0].keyword is not None or any(not _tells_dtype(each) for each in made.args[1:]):
        return None
    name, given = made.func.attr.value, made.args[0].value
    if name in _OF_CONTENT:
        return _shape_of_content(given)
    if _text(made).partition("(")[0] in _OF_SHAPE and isinstance(given, (cst.Tuple, cst.List)):
        lengths = [each.value for each in given.elements]
        return tuple(each.value for each in lengths if isinstance(each, cst.Integer))
    return None


def _tells_dtype(argument: cst.Arg) -> bool:
    return argument.keyword is not None and argument.keyword.value == "dtype"


def _shape_of_content(content: cst.BaseExpression) -> tuple[str, ...]:
    shape: list[str] = []
    while isinstance(content, (cst.Tuple, cst.List)):
        shape.append(str(len(content.elements)))
        if not content.elements:
            break
        content = content.elements[0].value
    return tuple(shape)
