"""Iteration over values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import inf

import libcst as cst

from tfgradlint.flow.graph import origins
from tfgradlint.flow.graph.nodes import LEAF, Edge, Effect, Node
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.machine.frames import Attempt
from tfgradlint.flow.machine.state import Raised, Snapshot
from tfgradlint.flow.python.escape import forget
from tfgradlint.flow.python.generators import Generator
from tfgradlint.flow.python.identity import MadeAgain, one_of_many
from tfgradlint.flow.python.iterators import Backwards, Derived, Outcome, Walk, lost, nothing, settle, taken_from_union
from tfgradlint.flow.tape.tape import Tape
from tfgradlint.flow.values.base import (
    NONE,
    Array,
    Cell,
    Composite,
    Const,
    GraphValue,
    HostObject,
    Scalar,
    Tensor,
    Unknown,
    UnknownMember,
    Value,
    Variable,
    is_none,
)
from tfgradlint.flow.values.containers import (
    Container,
    DictContent,
    DictObject,
    Items,
    ListObject,
    Repeated,
    Union,
    View,
    of_key,
)
from tfgradlint.flow.values.functions import Function, Method, Scope
from tfgradlint.flow.values.iterators import LOST, Ended, Iterator
from tfgradlint.flow.values.objects import Class, Instance, LibraryObject
from tfgradlint.flow.values.walk import fold, known_tuple, nodes_of, rebuilt

#: Of so many elements a function is called with each, of more with what they have in common.
_EACH = 16
#: An iterator of more elements than this gives any number of elements that are alike; within what makes the elements
#: of another one it may have fewer: that is run for each.
_ROOM = (32, 32, 8, 2, 1)
#: How deep in iterators that are run for the elements of others elements that are alike are made more than once.
_DEEP = 3
#: How many elements are made of those that are alike, until the iterator stands where it stood.
_FURTHER = 8


def call_with_each(interp: Context, function: Value | None, content: Value) -> list[Value] | None:
    """What the key by which elements are ordered gives for each, or once for what they have in common; None: no key."""
    if function is None or is_none(function):
        return None
    results: list[Value] = []
    site = interp.recorder.site
    elements = content.items if isinstance(content, Items) else None
    if elements is None or len(elements) > _EACH:
        elements = (interp.state.element(content),)
    for each in elements:
        interp.recorder.site = site
        results.append(interp.calls.call(function, [each], {}))
    interp.recorder.site = site
    return results


class Iteration:
    """Runs through iterables: each element of an iterator once, those of anything else as often as it is asked."""

    def __init__(self, interp: Context) -> None:
        self._interp = interp
        self._walk = Walk(interp)
        self._backwards = Backwards(interp)
        #: How many iterators are being run to their end.
        self._draining = 0

    # -- iterators

    def iterator(self, value: Value) -> Value:
        """``iter(value)``: an iterator, or one of several."""
        if isinstance(value, Iterator):
            return value
        if isinstance(value, Union):
            return Union(tuple(self.iterator(each) for each in value.values if not is_none(each)))
        if isinstance(value, Instance):
            made = self._iterator_of(value)
            if made is not None:
                return made
        return self._walk.begin(value if isinstance(value, (Container, View)) else self.elements(value))

    def backwards(self, value: Value) -> Value:
        """``reversed(value)``."""
        interp = self._interp
        if isinstance(value, ListObject):
            return self._backwards.begin(value)
        if isinstance(value, Instance):
            function = interp.attributes.of_object(value, "__reversed__")
            if function is not None:
                return self.iterator(interp.calls.call(Method(function, value), [], {}))
            if interp.attributes.of_object(value, "__getitem__") is not None:
                forget(interp, value)
                return self._walk.begin(Repeated(interp.unknown(origins.ELEMENT, value)))
        content = self.iterate(value)
        if isinstance(content, Items):
            return self._walk.begin(Items(content.items[::-1]))
        return self._walk.begin(Repeated(one_of_many(interp, content.element)))

    def _calling(self, advance: Method) -> Iterator:
        """An iterator of the module: each element is what its ``__next__`` gives, until that raises."""
        interp = self._interp

        def step(iterator: Iterator, ended: Ended) -> Value | None:
            state = interp.state
            attempt = Attempt(state.mark(), len(interp.contexts))
            interp.attempts.append(attempt)
            outcomes: list[Outcome] = []
            try:
                value = interp.calls.call(advance, [], {})
                outcomes.append((state.snapshot(attempt.mark), value))
            except Raised:
                pass
            finally:
                interp.attempts.remove(attempt)
            outcomes += [(snapshot, None) for snapshot in attempt.raises]
            if not outcomes:
                raise Raised
            return settle(interp, attempt.mark, outcomes, ended)

        return self.derived((), step, functions=[advance])

    def take(self, iterator: Value, ended: Ended = nothing) -> Value | None:
        """The next element of an iterator; None where certainly none is left.

        Where perhaps none is left, ``ended`` is called in the state of that.
        """
        if isinstance(iterator, Union):
            return taken_from_union(self._interp, iterator, ended)
        assert isinstance(iterator, Iterator)
        return iterator.producer.take(iterator, ended) if iterator.known else lost(self._interp, iterator, ended)

    def scatter(self, iterator: Value) -> None:
        """From here on the next element may be any of those that are left."""
        for each in iterator.values if isinstance(iterator, Union) else (iterator,):
            if isinstance(each, Iterator) and each.known:
                each.producer.scatter(each)

    def bound(self, iterator: Value) -> float:
        """About how many elements are left, where that can be told before they are made."""
        if isinstance(iterator, Union):
            return max(map(self.bound, iterator.values), default=0)
        assert isinstance(iterator, Iterator)
        return iterator.producer.bound(iterator) if iterator.known else inf

    def standing(self, iterator: Value) -> object:
        """Where it stands, as far as that decides what is left."""
        if isinstance(iterator, Union):
            return tuple(map(self.standing, iterator.values))
        assert isinstance(iterator, Iterator)
        return iterator.producer.standing(iterator) if iterator.known else None

    def is_loop(self, iterator: Value) -> bool:
        """Whether its elements are made alike, and nothing is done behind the last one."""
        if isinstance(iterator, Union):
            return all(map(self.is_loop, iterator.values))
        assert isinstance(iterator, Iterator)
        return iterator.known and iterator.producer.is_loop(iterator)

    def close(self, iterator: Value, own: bool = True) -> None:
        """Nobody asks for more: a generator that stands in a ``with`` or ``try`` leaves it.

        What it is made of others may still use, which is not known.
        """
        if isinstance(iterator, Iterator) and isinstance(iterator.producer, Generator) and iterator.known:
            if own:
                iterator.producer.close(iterator)
            elif iterator.producer.entered(iterator):
                lost(self._interp, iterator, nothing)
        elif isinstance(iterator, Iterator) and isinstance(iterator.producer, Derived):
            for source in iterator.producer.sources:
                self.close(source, own=False)

    def finish(self, iterator: Value) -> None:
        """All elements were taken."""
        for each in iterator.values if isinstance(iterator, Union) else (iterator,):
            if isinstance(each, Iterator):
                each.producer.finish(each)

    def in_any_order(self, value: Value) -> Items | None:
        """The elements of an iterator over a set, in one of the orders that it may have; they are gone then.

        None where the order may decide what happens besides, or where there is no such set.
        """
        state = self._interp.state
        walk, own = value, [value]
        while isinstance(walk, Iterator) and walk.known and isinstance(walk.producer, Generator):
            walk = walk.producer.taken_from(walk)[0] if walk.producer.is_loop(walk) else NONE
            own.append(walk)
        if not isinstance(walk, Iterator) or walk.producer is not self._walk or not self._walk.is_over_set(walk):
            return None
        mark = state.mark()
        self._walk.fix(walk)
        content = self.iterate(value, ordered=False)
        if isinstance(content, Items) and all(
            cell in own or _of_run(cell, key) for cell, key, _ in state.written(mark)
        ):
            return content
        state.rollback(mark)
        return None

    def begin_again(self, old: object, new: Value) -> bool:
        """Use an iterator over a container anew, in place of a new one that nobody else has; False where none is."""
        if not isinstance(old, Iterator) or not isinstance(new, Iterator):
            return False
        if old.producer is not self._walk or new.producer is not self._walk:
            return False
        self._walk.begin_again(old, new)
        return True

    def derived(
        self,
        sources: Sequence[Value],
        step: Callable[[Iterator, Ended], Value | None],
        bound: Callable[[Iterator], float] | None = None,
        functions: Sequence[Value] = (),
    ) -> Iterator:
        """An iterator whose ``step`` makes each element of those that it takes from ``sources``."""
        return Iterator(Derived(self._interp, sources, step, bound, functions), sources)

    def generator(self, function: Function, scope: Scope, inside: cst.CSTNode | None = None) -> Iterator:
        """What a call of a generator gives; ``inside``: the statement of one that is not written as a function."""
        return Generator(self._interp, function, scope, inside).begin()

    def expression(self, function: Function, scope: Scope, loop: cst.For, iterable: Value) -> Iterator:
        """A generator expression: a loop over what its first iterable was when it was made."""
        interp = self._interp
        source = self.iterator(iterable)
        return Generator(interp, function, scope, interp.statement).begin_loop(loop, source)

    def knows(self, value: Value) -> bool:
        """Whether the value is an iterator, or one of several."""
        if isinstance(value, Union):
            return all(isinstance(each, Iterator) for each in value.values)
        return isinstance(value, Iterator)

    def forget_position(self, value: Value) -> None:
        """Somebody took some of the elements."""
        for each in value.values if isinstance(value, Union) else (value,):
            if isinstance(each, Iterator):
                self._interp.state.set(each, *LOST)

    # -- all elements

    def iterate(self, value: Value, unpacking: int = 0, ordered: bool = True) -> Items | Repeated:
        """The elements of an iterable; those of an iterator are gone then.

        ``ordered``: where it matters in which order they come, which nobody knows of a set.
        """
        content = self._rest(value) if isinstance(value, Iterator) else self.elements(value, unpacking)
        return self._in_order(content) if ordered else content

    def _in_order(self, content: Items | Repeated) -> Items | Repeated:
        if content.type == "set" and type(content) is Items and len(content.items) > 1:
            return Repeated(self._interp.join(list(content.items)), "set")
        return content

    def _rest(self, iterator: Iterator) -> Items | Repeated:
        """The elements that are left. Of very many, and of nobody knows how many, one stands for all."""
        if iterator.producer is self._walk and iterator.known:
            return self._walk.rest(iterator)
        self._draining += 1
        try:
            return self._drained(iterator, _ROOM[min(self._draining, len(_ROOM)) - 1])
        finally:
            self._draining -= 1

    def _drained(self, iterator: Iterator, room: int) -> Items | Repeated:
        exact = [True]
        elements = list(self.each(iterator, room, exact))
        return Items(tuple(elements)) if exact[0] or not elements else Repeated(self._interp.join(elements))

    def each(self, iterator: Value, room: int, exact: list[bool]) -> Iterable[Value]:
        """The elements that are left, one by one, up to ``room``; not ``exact``: there may be more, or fewer."""
        state = self._interp.state
        mark = state.mark()
        ends: list[Snapshot] = []
        count = 0
        stood: set[object] = set()
        while True:
            exact[0] = exact[0] and count < room and self.bound(iterator) <= room
            if not exact[0]:
                self.scatter(iterator)
            stood.add(self.standing(iterator))
            with self._interp.of(MadeAgain).turn() as repeated:
                element = self.take(iterator, lambda: ends.append(state.snapshot(mark)))
                repeated[0] = not exact[0]
            if element is None:
                break
            exact[0] = exact[0] and not ends
            count += 1
            yield element
            if exact[0]:
                continue
            if self.is_loop(iterator) or self.standing(iterator) in stood:
                break
            if count == room + _FURTHER or self._draining > _DEEP:
                self.forget_position(iterator)
        if ends:
            ends.append(state.snapshot(mark))
            state.rollback(mark)
            state.join_into(ends)
        if element is not None:
            self.finish(iterator)

    def elements(self, value: Value, unpacking: int = 0) -> Items | Repeated:
        """The elements of an iterable, as it was made."""
        interp = self._interp
        if isinstance(value, Iterator):
            return self._rest(value)
        if isinstance(value, (ListObject, View)):
            value = value.structure
        if isinstance(value, (Items, Repeated)):
            return value
        if isinstance(value, Instance):
            return self._instance_elements(value)
        if isinstance(value, Class):
            listed = interp.libraries.elements(interp, value)
            return listed if listed is not None else Repeated(interp.unknown(origins.ELEMENT))
        if isinstance(value, LibraryObject):
            element = interp.libraries.operator(interp, "__iter__", [value])
            return Repeated(element if element is not None else interp.unknown(origins.ELEMENT, value))
        if isinstance(value, DictObject):
            content: DictContent = value.fields["content"]
            if content.complete:
                return Items(tuple(map(of_key, content.entries)))
            return Repeated(interp.unknown(origins.ELEMENT))
        if isinstance(value, Const) and isinstance(value.value, str):
            return Items(tuple(Const(each) for each in value.value[:64]))
        if isinstance(value, Union):
            others = [each for each in value.values if not isinstance(each, Const)]
            if any(isinstance(each, Iterator) for each in others):
                return interp.calls.any_of(others, lambda each: _unnamed(self.iterate(each, ordered=False)))  # type: ignore[return-value]
            parts: list[Value] = [_unnamed(self.iterate(each, ordered=False)) for each in others]
            return interp.join(parts) if parts else Repeated(interp.unknown(origins.ELEMENT))  # type: ignore[return-value]
        if isinstance(value, (Tensor, Variable, Unknown, Array)):
            element = self._interp.elements.element_of(value, Scalar(interp.recorder.leaf(), "int"))
            if isinstance(value, Unknown) and isinstance(element, Unknown):
                element = interp.unknown(origins.element_of(value.node.origin), value)
            if unpacking:
                return Items((element, *(self.another(element) for _ in range(unpacking - 1))))
            if isinstance(element, Unknown):
                interp.unseen.each.add(element.node)
            return Repeated(element)
        if isinstance(value, (Scalar, Const)):
            edges = [Edge(node, Effect.PLAIN) for node in nodes_of(value)]
            return Repeated(
                Scalar(interp.recorder.plain(edges), value.element_type if isinstance(value, Scalar) else "")
            )
        return Repeated(interp.unknown(origins.ELEMENT, value))

    def _instance_elements(self, value: Instance) -> Items | Repeated:
        interp = self._interp
        made = self._iterator_of(value)
        if made is not None:
            return self.iterate(made, ordered=False)
        known = interp.libraries.elements(interp, value)
        return known if known is not None else Repeated(interp.unknown(origins.ELEMENT, value))

    def _iterator_of(self, value: Instance) -> Value | None:
        """What ``__iter__`` of an object of the module gives; None where that is not known."""
        interp = self._interp
        function = interp.attributes.of_object(value, "__iter__")
        if function is None or interp.attributes.hooked(value.cls):
            return None
        made = interp.calls.call(Method(function, value), [], {})
        if not isinstance(made, Instance):
            return self.iterator(made)
        advance = None if interp.attributes.hooked(made.cls) else interp.attributes.of_class(made.cls, "__next__")
        return None if advance is None else self._calling(Method(advance, made))

    def another(self, value: Value) -> Value:
        """A further element of the same kind: a different object with the same history."""
        return fold(value, known_tuple, self._another, rebuilt)

    def _another(self, value: Value) -> Value:
        if isinstance(value, Items):
            return self._interp.unknown(origins.ANOTHER_OF_MANY, value)
        if isinstance(value, GraphValue):
            old = value.node
            recorder = self._interp.recorder
            if old.kind == LEAF:
                node = recorder.leaf(old.dtype)
            else:
                node = Node(old.kind, recorder.now(), old.site, old.edges, old.dtype, old.active)
                node.recorded, node.stopped, node.origin = old.recorded, old.stopped, old.origin
                node.joint, node.sparse = old.joint, old.sparse
            if isinstance(value, Scalar):
                return Scalar(node, value.type)
            if isinstance(value, Composite):
                return Composite(node, value.form, value.deep)
            if isinstance(value, UnknownMember):
                return Unknown(node)
            if isinstance(value, HostObject):
                return HostObject(node, value.path)
            return type(value)(node)
        return value


def _of_run(cell: Cell, key: object) -> bool:
    """Whether a place is written by running through elements alone, or by reading variables."""
    if isinstance(cell, Tape):
        return key == "read"
    return isinstance(cell, Scope) and cell.kind == "comprehension"


def _unnamed(content: Items | Repeated) -> Items | Repeated:
    """A named tuple as a sequence like any other."""
    return Items(content.items, content.type) if isinstance(content, Items) and content.fields else content
