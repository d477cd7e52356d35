"""What a function can read and change of the scopes around it, read from its text."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Iterator, Sequence

import libcst as cst

from tfgradlint.flow.machine.prescan import Prescan
from tfgradlint.flow.values.base import Value
from tfgradlint.flow.values.functions import Function, Scope


class Body:
    """The names in one function's body: those that it binds anew, and those of which it changes what they name.

    ``rebound``: declared global or nonlocal. ``touched``: an attribute or element of it is assigned, a method of it is
    called, it is called itself, or it is given to a call.
    """

    __slots__ = ("node", "rebound", "touched")

    def __init__(self, node: cst.FunctionDef | cst.Lambda) -> None:
        self.node = node
        self.rebound: set[str] = set()
        self.touched: set[str] = set()
        waiting: list[cst.CSTNode] = [node.body]
        while waiting:
            each = waiting.pop()
            if isinstance(each, (cst.Global, cst.Nonlocal)):
                self.rebound.update(item.name.value for item in each.names)
            elif isinstance(each, cst.Call):
                self._touch(each.func)
                for argument in each.args:
                    self._touch(argument.value)
            elif isinstance(each, (cst.Del, cst.AssignTarget, cst.AnnAssign, cst.AugAssign)):
                self._touch(each.target)
            waiting.extend(code_in(each))

    def _touch(self, expression: cst.BaseExpression | cst.BaseDelTargetExpression) -> None:
        current: cst.CSTNode = expression
        while isinstance(current, (cst.Attribute, cst.Subscript)):
            current = current.value
        if isinstance(current, cst.Name):
            self.touched.add(current.value)


#: Fields of nodes that hold spaces, comments and punctuation: most of what there is to walk through.
_LAYOUT = re.compile(
    "whitespace|lpar|rpar|bracket|brace|comma|colon|lines|header|footer|newline|indent|equal|dot|operator"
)


@functools.cache
def _fields(kind: type[cst.CSTNode]) -> tuple[str, ...]:
    return tuple(each.name for each in dataclasses.fields(kind) if not _LAYOUT.search(each.name))


def code_in(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The nodes directly within one that hold code."""
    for name in _fields(type(node)):
        value = getattr(node, name)
        if isinstance(value, cst.CSTNode):
            yield value
        elif isinstance(value, (list, tuple)):
            yield from value


class Reading:
    """The names in one function's text: those that it does not bind itself, and those of attributes.

    A constant text may be the name of an attribute.
    """

    __slots__ = ("attributes", "names")

    def __init__(self, function: cst.FunctionDef | cst.Lambda, prescan: Prescan) -> None:
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        inner = _Binding(function, prescan)
        waiting: list[tuple[cst.CSTNode, tuple[_Binding, ...]]] = [(function.body, (inner,))]
        while waiting:
            node, around = waiting.pop()
            if isinstance(node, cst.Name):
                if not any(each.binds(node.value) for each in around):
                    self.names.add(node.value)
            elif isinstance(node, cst.Attribute):
                self.attributes.add(node.attr.value)
                waiting.append((node.value, around))
            elif isinstance(node, cst.SimpleString):
                self.attributes.add(node.value.strip("\"'"))
            elif isinstance(node, cst.Arg):
                waiting.append((node.value, around))
            elif isinstance(node, (cst.FunctionDef, cst.Lambda)):
                waiting.append((node.params, around))
                waiting.append((node.body, (*around, _Binding(node, prescan))))
            elif isinstance(node, cst.Param):
                waiting += [(node.default, around)] if node.default is not None else []
            else:
                waiting.extend((each, around) for each in node.children)


class _Binding:
    """The names that a function binds."""

    def __init__(self, node: cst.FunctionDef | cst.Lambda, prescan: Prescan) -> None:
        params = node.params
        named = [*params.posonly_params, *params.params, *params.kwonly_params, params.star_arg, params.star_kwarg]
        self._params = {each.name.value for each in named if isinstance(each, cst.Param)}
        self._function = node.name.value if isinstance(node, cst.FunctionDef) else ""
        self._outer = {name.name.value for each in _declarations(node) for name in each.names}
        self._prescan = prescan

    def binds(self, name: str) -> bool:
        if name in self._params:
            return True
        return bool(self._function) and self._prescan.assigns(self._function, name) and name not in self._outer


def _declarations(node: cst.FunctionDef | cst.Lambda) -> Iterator[cst.Global | cst.Nonlocal]:
    waiting: list[cst.CSTNode] = [node.body]
    while waiting:
        each = waiting.pop()
        if isinstance(each, (cst.Global, cst.Nonlocal)):
            yield each
        elif isinstance(each, (cst.BaseSuite, cst.BaseStatement)):
            waiting.extend(each.children)


class Bodies:
    """The bodies that were looked at."""

    def __init__(self) -> None:
        self._known: dict[int, Body] = {}
        self._read: dict[int, Reading] = {}

    def reading(self, function: Function, prescan: Prescan) -> Reading:
        """The names that the function's text reads."""
        known = self._read.get(id(function.node))
        if known is None:
            known = self._read[id(function.node)] = Reading(function.node, prescan)
        return known

    def read(self, function: Function, prescan: Prescan) -> Iterator[tuple[Scope, str, Value]]:
        """What stands around the function under the names that it reads."""
        for name in self.reading(function, prescan).names:
            for scope, value in _bound(function, {name}):
                yield scope, name, value

    def of(self, function: Function) -> Body:
        known = self._known.get(id(function.node))
        if known is None:
            known = self._known[id(function.node)] = Body(function.node)
        return known

    def touched(self, function: Function) -> Sequence[Value]:
        """What stands around the function and may be another when it was called."""
        return [value for _, value in _bound(function, self.of(function).touched)]

    def rebound(self, function: Function) -> Sequence[tuple[Scope, str]]:
        """The names around it that it binds."""
        names = self.of(function).rebound
        return [(scope, name) for name in names for scope, _ in _bound(function, {name})]


def _bound(function: Function, names: set[str]) -> Iterator[tuple[Scope, Value]]:
    for name in sorted(names):
        scope: Scope | None = function.scope
        while scope is not None:
            value = scope.fields.get(name)
            if isinstance(value, Value):
                yield scope, value
                break
            scope = scope.parent
