"""What objects are asked for where Python looks for one in a container: their class may say what is equal, and what it
does to find that out happens then.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from functools import partial

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.python.escape import forget
from tfgradlint.flow.python.identity import same_object
from tfgradlint.flow.python.iterators import found
from tfgradlint.flow.python.plain import NOT_PLAIN, plain
from tfgradlint.flow.values.base import Const, Value
from tfgradlint.flow.values.containers import DictContent, DictObject, Items, ListObject, Repeated, Union, View, as_key
from tfgradlint.flow.values.functions import Method
from tfgradlint.flow.values.objects import Class, Instance, Layer
from tfgradlint.flow.values.walk import walk

#: Objects are asked one by one up to so many; of more, any may be asked for anything.
_ONE_BY_ONE = 8


class Keys:
    """The objects that became keys of dictionaries somewhere, if their class says itself when they are equal.

    A dictionary knows no such keys: each of them may be in each dictionary whose keys are not all known.
    """

    def __init__(self) -> None:
        self.known: dict[int, Value] = {}


def compared(interp: Context, item: Value, others: Sequence[Value]) -> None:
    """A value is looked for among others: their objects, and its own, are perhaps asked whether they are equal."""
    own, met = _objects(interp, [item], "__eq__"), _objects(interp, others, "__eq__")
    if own and others:
        _perhaps_called(interp, own, "__eq__", interp.join([*others]))
    _perhaps_called(interp, met, "__eq__", item)


def looked_up(interp: Context, key: Value, dictionary: Value | None = None, kept: bool = False) -> None:
    """A key is looked for in a dictionary, None for one that is being made; ``kept``: it is put there."""
    keys = interp.of(Keys)
    content = None if dictionary is None else dictionary.structure
    others = [] if isinstance(content, DictContent) and content.rest is None else [*keys.known.values()]
    if isinstance(key, Const) and not others:
        return
    hashed(interp, key)
    if others:
        compared(interp, key, others)
    elif own := _objects(interp, [key], "__eq__"):
        _perhaps_called(interp, own, "__eq__", key)
    if kept:
        keys.known.update((id(each), each) for each in _objects(interp, [key], "__eq__"))


def met_again(interp: Context) -> None:
    """Keys of one dictionary come into another, where they may be equal to others."""
    known = [*interp.of(Keys).known.values()]
    if known:
        _perhaps_called(interp, known, "__eq__", interp.join(known))


def hashed_together(interp: Context, values: Sequence[Value]) -> None:
    """Values come into one set, each of which may be equal to another."""
    for value in values:
        hashed(interp, value)
    own = _objects(interp, values, "__eq__")
    if own:
        _perhaps_called(interp, own, "__eq__", interp.join([*values]))


def hashed(interp: Context, key: Value) -> None:
    """An object is asked for its hash."""
    method = _method(interp, key, "__hash__")
    if method is not None:
        interp.calls.call(method, [], {})
    elif isinstance(key, (Items, Union)):
        _perhaps_called(interp, _objects(interp, [key], "__hash__"), "__hash__")


def contains(interp: Context, container: Value, item: Value) -> bool | None:
    """Whether an item is in a container, where that is known. Objects of the module are asked for it.

    It may be among the elements of an iterator, up to which they are gone then.
    """
    if interp.iteration.knows(container):
        return found(interp, container, lambda each: _equal(item, each))
    if isinstance(container, Instance):
        function = interp.attributes.of_object(container, "__contains__")
        if function is not None:
            return interp.expressions.truth(interp.calls.call(Method(function, container), [item], {}))
        interp.iteration.iterate(container)
        return None
    if isinstance(container, Union):
        return _in_any_of(interp, container.values, item)
    content = container.structure
    if isinstance(container, DictObject) or (isinstance(container, View) and container.kind == "keys"):
        looked_up(interp, item, container)
        item = as_key(item)
    else:
        if isinstance(content, (Items, Repeated)) and content.type == "set":
            hashed(interp, item)
        compared(interp, item, content.held() or ())
    if isinstance(item, Const):
        return container.contains(item.value)
    return _held(interp, content, item) if isinstance(content, Items) else None


def _held(interp: Context, content: Items, item: Value) -> bool | None:
    """Whether one of the elements is the item, or equals it."""
    answers = [equal(interp, each, item) for each in content.items]
    return True if True in answers else None if None in answers else False


def equal(interp: Context, one: Value, other: Value) -> bool | None:
    """Whether Python finds two values to be one, or equal, where that is known without asking them."""
    same = same_object(interp, one, other)
    if same or (same is False and all(map(compared_by_identity, (one, other)))):
        return same
    plain_one, plain_other = plain(one), plain(other)
    return None if NOT_PLAIN in (plain_one, plain_other) else bool(plain_one == plain_other)


def compared_containers(interp: Context, name: str, left: Value, right: Value) -> bool | None:
    """What a comparison of containers gives, where it is known without asking their elements."""
    kinds = (_kind(left), _kind(right))
    if name not in _COMPARISONS or not any(kinds):
        return None
    one, other = plain(left), plain(right)
    if NOT_PLAIN not in (one, other):
        try:
            result = bool(_COMPARISONS[name](one, other))
        except TypeError:
            return None
        # Some dictionaries are equal only in the same order.
        alike = result is (name == "__eq__") and "dict" in kinds and repr(one) != repr(other)
        return None if alike else result
    if name not in ("__eq__", "__ne__") or not all(kinds):
        return None
    same = _same_elements(interp, left, right) if kinds[0] == kinds[1] else False
    return None if same is None else same is (name == "__eq__")


_COMPARISONS = {f"__{name}__": getattr(operator, name) for name in ("eq", "ne", "lt", "le", "gt", "ge")}


def _same_elements(interp: Context, left: Value, right: Value) -> bool | None:
    """Whether two lists or tuples have equal elements."""
    one, other = left.structure, right.structure
    if not isinstance(one, Items) or not isinstance(other, Items) or one.type == "set":
        return None
    if len(one.items) != len(other.items):
        return False
    answers = [equal(interp, each, beside) for each, beside in zip(one.items, other.items, strict=True)]
    return False if False in answers else None if None in answers else True


def _kind(value: Value) -> str:
    """What kind of container of Python's own a value certainly is."""
    if isinstance(value, DictObject):
        return "dict"
    content = value.structure if isinstance(value, (Items, ListObject)) else None
    kind = content.type if isinstance(content, (Items, Repeated)) else ""
    return kind if kind in ("list", "tuple", "set") else ""


def compared_by_identity(value: Value) -> bool:
    """Whether it certainly equals nothing but itself."""
    if not isinstance(value, Instance):
        return isinstance(value, (Layer, Class))
    return not value.open and all(
        isinstance(each, Class) and not each.node.decorators and "__eq__" not in each.fields
        for each in value.cls.lineage()
    )


def _in_any_of(interp: Context, containers: Sequence[Value], item: Value) -> bool | None:
    answers: list[bool | None] = []

    def asked(container: Value) -> bool:
        answers.append(contains(interp, container, item))
        return True

    interp.alternatives([partial(asked, each) for each in containers])
    return answers[0] if answers and len({*answers}) == 1 else None


def _equal(one: Value, other: Value) -> bool | None:
    """Whether two values are equal, where that is known."""
    if isinstance(one, Const) and isinstance(other, Const):
        return bool(one.value == other.value)
    return None


def _method(interp: Context, value: Value, name: str) -> Method | None:
    function = interp.attributes.of_object(value, name) if isinstance(value, Instance) else None
    return None if function is None or isinstance(function, Const) else Method(function, value)


def _objects(interp: Context, values: Sequence[Value], name: str) -> list[Value]:
    """The objects among some values, and in tuples of these, that have a method of this name."""
    found: dict[int, Value] = {}
    for value in values:
        for each in walk(value, _in_tuples):
            if isinstance(each, Instance) and _method(interp, each, name) is not None:
                found[id(each)] = each
    return [*found.values()]


def _in_tuples(value: Value) -> Sequence[Value]:
    return value.held() if isinstance(value, (Items, Repeated, Union)) else ()


def _perhaps_called(interp: Context, objects: Sequence[Value], name: str, *args: Value) -> None:
    """A method of each of some objects is called or not."""
    if len(objects) > _ONE_BY_ONE:
        forget(interp, Items((*objects, *args)), args, ())
        return
    for each in objects:
        method = _method(interp, each, name)
        if method is not None:
            interp.alternatives([lambda: True, lambda method=method: _done(interp, method, args)])  # type: ignore[misc]


def _done(interp: Context, method: Method, args: Sequence[Value]) -> bool:
    interp.calls.call(method, [*args], {})
    return True
