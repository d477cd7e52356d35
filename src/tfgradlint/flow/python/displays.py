"""Displays and comprehensions: tuples, lists, dictionaries, generator expressions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import libcst as cst

from tfgradlint.flow.graph import origins
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.machine.fixpoint import Fixpoint
from tfgradlint.flow.python.comparing import looked_up
from tfgradlint.flow.python.container_methods import listing, merged
from tfgradlint.flow.python.identity import MadeAgain, another_variable
from tfgradlint.flow.python.sets import new_set
from tfgradlint.flow.values.base import NONE, Const, Scalar, Value, hashable
from tfgradlint.flow.values.containers import DictContent, DictObject, Items, ListObject, Repeated, as_key
from tfgradlint.flow.values.functions import Function, Scope

#: A comprehension over more elements makes any number of elements that are alike: its body is evaluated for each.
_EACH = 32


class Displays:
    """Evaluates displays and comprehensions."""

    def __init__(self, interp: Context) -> None:
        self._interp = interp
        #: How many elements a clause may run through one by one; what is nested in it may have fewer.
        self._room = _EACH
        #: Generator expressions, as functions.
        self._generators: dict[cst.GeneratorExp, cst.FunctionDef] = {}

    def _elements(self, elements: Any) -> list[Value] | None:
        values: list[Value] = []
        any_number = False
        for element in elements:
            value = self._interp.eval(element.value)
            if isinstance(element, cst.StarredElement):
                content = self._interp.iteration.iterate(value)
                if isinstance(content, Items):
                    values.extend(content.items)
                else:
                    values.append(self._interp.state.element(content))
                    any_number = True
            else:
                values.append(value)
        return [Repeated(self._interp.join(values), "list")] if any_number else values

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
        return ListObject(new_set(self._interp, Items(tuple(values)))) if isinstance(node, cst.Set) else listing(values)

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
            looked_up(self._interp, key, kept=True)
            key = as_key(key)
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
        since = interp.recorder.now()
        if interp.iteration.knows(iterable):
            return self._taken(node, produce, iterable, since)
        content = interp.iteration.iterate(iterable, ordered=False)
        if not isinstance(content, Items) or len(content.items) > self._room:
            return self._any_number(node, produce, interp.state.element(content), since)
        with self._in_room(len(content.items)):
            made: list[Value] = []
            certain = [self._turn(node, produce, element, made) for element in content.items]
        if all(certain):
            return Items(tuple(made), "set" if content.type == "set" and type(content) is Items else "list")
        return Repeated(interp.join(made) if made else interp.unknown(origins.EMPTY_LIST), "list")

    def _taken(self, node: cst.CompFor, produce: Callable[[], Value], iterator: Value, since: int) -> Items | Repeated:
        """The elements of an iterator are made one by one."""
        interp = self._interp
        fixpoint = Fixpoint(interp, since, apart=interp.scope)
        exact, certain = [True], True
        made: list[Value] = []
        element: Value = NONE
        asked = interp.requests.count
        room = self._room
        with self._in_room(int(min(interp.iteration.bound(iterator), room))):
            for element in interp.iteration.each(iterator, room, exact):
                with interp.of(MadeAgain).turn() as repeated:
                    certain &= self._turn(node, produce, element, made)
                    repeated[0] = not exact[0]
        if certain and exact[0]:
            return Items(tuple(made), "list")
        if not exact[0] and (fixpoint.touched() or interp.requests.count > asked):
            made.append(self._any_number(node, produce, interp.iteration.another(element), since).element)
        return Repeated(interp.join(made) if made else interp.unknown(origins.EMPTY_LIST), "list")

    @contextmanager
    def _in_room(self, count: int) -> Iterator[None]:
        """What is nested in a clause of so many turns runs through fewer elements one by one."""
        room, self._room = self._room, self._room // max(count, 1)
        try:
            yield
        finally:
            self._room = room

    def _any_number(self, node: cst.CompFor, produce: Callable[[], Value], element: Value, since: int) -> Repeated:
        """A turn for each of any number of elements, until they bring nothing new; one where that changes nothing."""
        interp = self._interp
        one = another_variable(interp, element)
        fixpoint = Fixpoint(interp, since, one, interp.scope)
        made: list[Value] = []
        asked = interp.requests.count
        while True:
            with interp.of(MadeAgain).turn():
                self._turn(node, produce, one, made)
            unasked = interp.requests.count == asked
            if (unasked and not fixpoint.touched()) or fixpoint.settled():
                break
            one = interp.iteration.another(another_variable(interp, element))
        whole: list[Value] = []
        if unasked and fixpoint.only_read() and one is not element and node.inner_for_in is None and not node.ifs:
            with interp.of(MadeAgain).turn():
                self._turn(node, produce, element, whole)
        joined = interp.join(made) if made else interp.unknown(origins.EMPTY_LIST)
        return Repeated(joined, "list", whole[0] if whole else None)

    def _turn(self, node: cst.CompFor, produce: Callable[[], Value], element: Value, made: list[Value]) -> bool:
        """What is made of one element; whether it is known what, and whether that is left out."""
        interp, state = self._interp, self._interp.state
        interp.statements.assign(node.target, element)
        truths = [interp.eval(condition.test).truth() for condition in node.ifs]
        if False in truths:
            return True
        mark = state.mark()
        if node.inner_for_in is None:
            made.append(produce())
            certain = True
        else:
            inner = self._clause(node.inner_for_in, produce, interp.eval(node.inner_for_in.iter))
            certain = isinstance(inner, Items)
            made.extend(inner.items if isinstance(inner, Items) else [state.element(inner)])
        if None not in truths:
            return certain
        done = state.snapshot(mark)
        if done:
            state.rollback(mark)
            state.join_into([done, {}])
        return False

    def list_comprehension(self, node: cst.ListComp | cst.SetComp) -> Value:
        made = self._comprehend(node.for_in, partial(self._interp.eval, node.elt))
        if isinstance(node, cst.SetComp):
            made = new_set(self._interp, made)
        elif made.type == "set":
            made = Repeated(self._interp.state.element(made), "list")  # in which order is not known
        return ListObject(made)

    def generator(self, node: cst.GeneratorExp) -> Value:
        """A generator expression is a generator of its own; its first iterable is evaluated now."""
        interp = self._interp
        iterable = interp.eval(node.for_in.iter)
        made = self._generators.get(node)
        if made is None:
            made = self._generators[node] = _as_function(node)
        loop = made.body.body[0]
        assert isinstance(loop, cst.For)
        function = Function(made, made.name.value, interp.scope, {})
        return interp.iteration.expression(function, Scope("comprehension", interp.scope), loop, iterable)

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
            interp.iteration.iterate(interp.eval(node.value.item))
        elif node.value is not None:
            made = interp.eval(node.value)
        if interp.frame.at_yield is not None:
            return interp.frame.at_yield(made)
        return interp.unknown(origins.SENT)


def _as_function(node: cst.GeneratorExp) -> cst.FunctionDef:
    """The function that a generator expression is short for, made of its own parts."""
    clauses = [node.for_in]
    while clauses[-1].inner_for_in is not None:
        clauses.append(clauses[-1].inner_for_in)
    body: cst.BaseStatement = cst.SimpleStatementLine([cst.Expr(cst.Yield(node.elt))])
    for clause in reversed(clauses):
        for condition in reversed(clause.ifs):
            body = cst.If(condition.test, cst.IndentedBlock([body]))
        body = cst.For(clause.target, clause.iter, cst.IndentedBlock([body]))
    return cst.FunctionDef(cst.Name("genexpr"), cst.Parameters(), cst.IndentedBlock([body]))


def _plain_number(element: cst.BaseElement) -> bool:
    return isinstance(element.value, (cst.Integer, cst.Float))
