"""The modules ``collections``, ``heapq`` and ``bisect``, and what ``random`` does to lists."""

from __future__ import annotations

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.python.container_methods import COUNTS, FACTORY, MOST, extend, mapping, plain_dictionary
from tfgradlint.flow.python.escape import forget, forget_content
from tfgradlint.flow.python.identity import one_of_many
from tfgradlint.flow.python.iteration import call_with_each
from tfgradlint.flow.values.base import NONE, Const, Scalar, Symbol, Value
from tfgradlint.flow.values.containers import DictObject, Items, ListObject, Repeated, Union
from tfgradlint.flow.values.objects import Instance
from tfgradlint.libraries.registry import Handler


def _deque(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    most = args[1] if len(args) > 1 else kwargs.get("maxlen", NONE)
    made = ListObject(Items((), "deque"))
    if not (isinstance(most, Const) and most.value is None):
        made.fields[MOST] = most
    if args:
        extend(interp, made, args[0])
    return made


def _default_dictionary(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    made = plain_dictionary(interp, args[1:], kwargs)
    if args and isinstance(made, DictObject) and not (isinstance(args[0], Const) and args[0].value is None):
        made.fields[FACTORY] = args[0]
    return made


def _counter(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    if args and not isinstance(args[0], DictObject):
        return mapping({}, Scalar(interp.recorder.leaf(), "int"))
    made = _default_dictionary(interp, [Symbol("builtins.int"), *args], kwargs)
    if isinstance(made, DictObject):
        made.fields[COUNTS] = True
    return made


def shuffled(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    for value in args[:1]:
        if isinstance(value, ListObject):
            content = value.fields["content"]
            if not isinstance(content, Items) or len(content.items) > 1:
                interp.state.set(value, "content", Repeated(interp.state.element(content), content.type))
        elif isinstance(value, (Instance, Union, DictObject)):
            forget_content(interp, value)
    return NONE


def _pushed(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """``heapq.heappush`` and ``bisect.insort``: the list grows somewhere."""
    if len(args) < 2 or not isinstance(args[0], ListObject):
        return None
    if "key" in kwargs:
        forget(interp, kwargs["key"], args)  # it is called with some of the elements
    extend(interp, args[0], Items((args[1],)))
    return shuffled(interp, args, kwargs)


def _popped(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    if not args or not isinstance(args[0], ListObject):
        return None
    if len(args) > 1:
        _pushed(interp, args, kwargs)
    return shuffled(interp, args, kwargs) and one_of_many(interp, interp.state.element(args[0].fields["content"]))


def _some(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """``heapq.nlargest(n, elements)``: some of the elements."""
    if len(args) < 2:
        return None
    content = interp.iteration.iterate(args[1])
    call_with_each(interp, args[2] if len(args) > 2 else kwargs.get("key"), content)
    return ListObject(Repeated(interp.state.element(content)))


def _drawn(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """``random.sample`` and ``random.choices``: elements by chance."""
    if not args:
        return None
    return ListObject(Repeated(one_of_many(interp, interp.state.element(interp.iteration.iterate(args[0])))))


HANDLERS: dict[str, Handler] = {
    "collections.deque": _deque,
    "collections.defaultdict": _default_dictionary,
    "collections.Counter": _counter,
    "random.shuffle": shuffled,
    "numpy.random.shuffle": shuffled,
    "random.sample": _drawn,
    "random.choices": _drawn,
    "heapq.heappush": _pushed,
    "heapq.heappop": _popped,
    "heapq.heappushpop": _popped,
    "heapq.heapreplace": _popped,
    "heapq.heapify": shuffled,
    "heapq.nlargest": _some,
    "heapq.nsmallest": _some,
    "bisect.insort": _pushed,
    "bisect.insort_left": _pushed,
    "bisect.insort_right": _pushed,
}
