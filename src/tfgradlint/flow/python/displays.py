"""Displays and comprehensions: tuples, lists, dictionaries, generator expressions."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import libcst as cst

from tfgradlint.flow.graph import origins
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.python.container_methods import extend, listing, merged, set_of
from tfgradlint.flow.values.base import NONE, Const, Scalar, Value, hashable
from tfgradlint.flow.values.containers import Deferred, DictContent, DictObject, Items, ListObject, Repeated
from tfgradlint.flow.values.functions import Scope

#: A comprehension over more elements makes any number of elements that are alike: its body is evaluated for each.
_EACH = 32


class Displays:
    """Evaluates displays and comprehensions."""

    def __init__(self, interp: Context) -> None:
        self._interp = interp
        #: How many elements a clause may run through one by one; what is nested in it may have fewer.
        self._room = _EACH

    def _elements(self, elements: Any) -> list[Value] | None:
        values: list[Value] = []
        for element in elements:
            value = self._interp.eval(element.value)
            if isinstance(element, cst.StarredElement):
                content = self._interp.iteration.iterate(value)
                if not isinstance(content, Items):
                    values.append(self._interp.state.element(content))
                    return [Repeated(self._interp.join(values), "list")]
                values.extend(content.items)
            else:
                values.append(value)
        return values

    def tuple_(self, node: cst.Tuple) -> Value:
        values = self._elements(node.elements) or []
        if len(values) == 1 and isinstance(values[0], Repeated) and values[0].type == "list":
            return values[0]
        return Items(tuple(values))

    def list_(self, node: cst.List | cst.Set) -> Value:
        if len(node.elements) > 2000 and all(_plain_number(each) for each in node.elements):
            return ListObject(Repeated(Scalar(self._interp.recorder.leaf(), "float"), "list"))
        values = self._elements(node.elements) or []
        if len(values) == 1 and isinstance(values[0], Repeated) and values[0].type == "list":
            return ListObject(values[0])
        return ListObject(set_of(self._interp, tuple(values))) if isinstance(node, cst.Set) else listing(values)

    def dict_(self, node: cst.Dict) -> Value:
        entries: dict[Any, Value] = {}
        rest: list[Value] = []
        maybe: frozenset[Any] = frozenset()
        for element in node.elements:
            if isinstance(element, cst.StarredDictElement):
                value = self._interp.eval(element.value)
                content = value.structure
                if isinstance(content, DictContent):
                    both = merged(self._interp, DictContent(entries, None, maybe), content)
                    entries, maybe = dict(both.entries), both.maybe
                    rest += [content.rest] if content.rest is not None else []
                else:
                    rest.append(self._interp.unknown(origins.DICTIONARY, value))
                continue
            assert isinstance(element, cst.DictElement)
            key, value = self._interp.eval(element.key), self._interp.eval(element.value)
            if isinstance(key, Const) and hashable(key.value):
                entries[key.value] = value
                maybe -= {key.value}
            else:
                rest.append(value)
        return DictObject(DictContent(entries, self._interp.join(rest) if rest else None, maybe))

    # -- comprehensions

    def _comprehend(
        self, node: cst.CompFor, produce: Callable[[], Value], iterable: Value | None = None
    ) -> Items | Repeated:
        """The elements a comprehension makes, as a sequence. Python evaluates the first iterable outside."""
        interp = self._interp
        frame = interp.frame
        outer = frame.scope
        iterable = iterable if iterable is not None else self._interp.eval(node.iter)
        frame.scope = Scope("comprehension", outer)
        try:
            return self._clause(node, produce, iterable)
        finally:
            frame.scope = outer

    def _clause(self, node: cst.CompFor, produce: Callable[[], Value], iterable: Value) -> Items | Repeated:
        interp = self._interp
        interp.recorder.site = interp.here(node.iter)
        content = interp.iteration.iterate(iterable)
        exact = isinstance(content, Items) and len(content.items) <= self._room
        elements = content.items if isinstance(content, Items) and exact else [interp.state.element(content)]
        made: list[Value] = []
        for element in elements:
            asked = interp.requests.count
            interp.statements.assign(node.target, element)
            truths = [self._interp.eval(condition.test).truth() for condition in node.ifs]
            if False in truths:
                continue
            if None in truths:
                exact = False
            if node.inner_for_in is not None:
                room, self._room = self._room, self._room // max(len(elements), 1)
                inner = self._clause(node.inner_for_in, produce, self._interp.eval(node.inner_for_in.iter))
                self._room = room
                if isinstance(inner, Items):
                    made.extend(inner.items)
                else:
                    made.append(interp.state.element(inner))
                    exact = False
            else:
                made.append(produce())
                if not exact and interp.requests.count > asked:
                    # A tape that was asked for one element is asked again for the next.
                    interp.statements.assign(node.target, interp.iteration.another(element))
                    made.append(produce())
        if exact:
            return Items(tuple(made), "list")
        return Repeated(interp.join(made) if made else interp.unknown(origins.EMPTY_LIST), "list")

    def list_comprehension(self, node: cst.ListComp | cst.SetComp) -> Value:
        made = self._comprehend(node.for_in, partial(self._interp.eval, node.elt))
        if isinstance(node, cst.SetComp):
            made = set_of(self._interp, made.items) if isinstance(made, Items) else Repeated(made.element, "set")
        return ListObject(made)

    def generator(self, node: cst.GeneratorExp) -> Value:
        interp = self._interp
        scope, statement = interp.frame.scope, interp.statement
        iterable = self._interp.eval(node.for_in.iter)

        def force() -> Value:
            frame, saved = interp.frame, interp.frame.scope
            saved_statement, interp.statement = interp.statement, statement
            frame.scope = scope
            try:
                return self._comprehend(node.for_in, partial(self._interp.eval, node.elt), iterable)
            finally:
                frame.scope = saved
                interp.statement = saved_statement

        return interp.iteration.once(Deferred(force))

    def dict_comprehension(self, node: cst.DictComp) -> Value:
        pairs = self._comprehend(
            node.for_in, lambda: Items((self._interp.eval(node.key), self._interp.eval(node.value)))
        )
        return self._interp.calls.dictionary(pairs)

    def walrus(self, node: cst.NamedExpr) -> Value:
        value = self._interp.eval(node.value)
        interp = self._interp
        frame, inner = interp.frame, interp.frame.scope
        outer = inner
        while outer.kind == "comprehension" and outer.parent is not None:
            outer = outer.parent
        frame.scope = outer
        interp.statements.assign(node.target, value)
        frame.scope = inner
        return value

    def yield_(self, node: cst.Yield) -> Value:
        interp = self._interp
        made: Value = NONE
        if isinstance(node.value, cst.From):
            given = interp.iteration.iterate(interp.eval(node.value.item))
        else:
            made = interp.eval(node.value) if node.value is not None else NONE
            given = Items((made,))
        if interp.frame.at_yield is not None:
            return interp.frame.at_yield(made)
        if interp.frame.yields is not None:
            extend(interp, interp.frame.yields, given)
        return interp.unknown(origins.SENT)


def _plain_number(element: cst.BaseElement) -> bool:
    return isinstance(element.value, (cst.Integer, cst.Float))
