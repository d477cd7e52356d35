"""The contents of sets."""

from __future__ import annotations

from typing import Any

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.python.comparing import compared_by_identity, hashed_together
from tfgradlint.flow.values.base import Const, Symbol, Value, hashable
from tfgradlint.flow.values.containers import InOrder, Items, ListObject, Repeated

#: A list that grows longer is any number of elements that are alike: elements known one by one are copied with every
#: change, and joined one by one where branches meet.
LONG = 64
#: The operators of sets, and the methods that do the same.
OPERATORS = {"__or__": "union", "__and__": "intersection", "__sub__": "difference", "__xor__": "symmetric_difference"}


#: Python keeps a number below this in the place of that number, of which every set has at least so many.
_PLACES = 8


def new_set(interp: Context, content: Items | Repeated) -> Items | Repeated:
    """The content of a set in which nothing was before."""
    made = set_of(interp, content)
    numbers = {each.value: each for each in made.held() if isinstance(each, Const)}
    if isinstance(made, Repeated) or len(numbers) < len(made.items):
        return made
    if not all(type(each) is int and 0 <= each < _PLACES for each in numbers):
        return made
    return InOrder(tuple(numbers[each] for each in sorted(numbers)), "set")


def set_of(interp: Context, content: Items | Repeated) -> Items | Repeated:
    """The content of a set: of equal elements only the first. Others may be equal: how many there are is not known."""
    hashed_together(interp, content.held())
    if isinstance(content, Repeated):
        return Repeated(content.element, "set")
    items = content.items
    seen: dict[Any, Value] = {}
    for item in items:
        if isinstance(item, Const) and hashable(item.value):
            seen.setdefault(item.value, item)
        elif compared_by_identity(item):
            seen.setdefault(item, item)
        elif (name := _name(interp, item, seen)) is not None:
            seen.setdefault(name, item)
        elif len(items) > 1:
            return Repeated(interp.join(list(items)), "set")
        else:
            seen[item] = item
    return Items(tuple(seen.values()), "set")


def _name(interp: Context, item: Value, seen: dict[Any, Value]) -> Any:
    """What stands for a name of a library among others, such as a dtype; None where it may be equal to one of them."""
    if type(item) is not Symbol:
        return None
    names = [each for each in seen.values() if not each.same_as(item)]
    apart = all(isinstance(each, Symbol) and _differ(interp, each, item) for each in names)
    return (Symbol, item.path) if apart else None


def _differ(interp: Context, one: Value, other: Value) -> bool:
    answer = interp.libraries.operator(interp, "__eq__", [one, other])
    return isinstance(answer, Const) and answer.truth() is False


def combined(interp: Context, receiver: ListObject, how: str, other: Value) -> Value:
    """The content of a set after ``union``, ``intersection``, ``difference`` or ``symmetric_difference``."""
    old, more = receiver.fields["content"], interp.iteration.iterate(other, ordered=False)
    if isinstance(old, Items) and isinstance(more, Items):
        if how == "union" and len(old.items) + len(more.items) <= LONG:
            return set_of(interp, Items(old.items + more.items))
        known = [each.value for each in (*old.items, *more.items) if isinstance(each, Const)]
        if len(known) == len(old.items) + len(more.items) and all(map(hashable, known)):
            first, second = set(known[: len(old.items)]), set(known[len(old.items) :])
            kept = getattr(first, how)(second)
            return Items(tuple(Const(each) for each in dict.fromkeys(known) if each in kept), old.type)
    hashed_together(interp, [*old.held(), *more.held()])
    both = (old, more) if how in ("union", "symmetric_difference") else (old,)
    parts = [each for each in both if not isinstance(each, Items) or each.items]
    return Repeated(interp.join([interp.state.element(each) for each in parts]), old.type) if parts else old
