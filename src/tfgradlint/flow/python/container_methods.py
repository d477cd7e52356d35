"""Lists, sets, dictionaries and their methods."""

from __future__ import annotations

from typing import Any

import libcst as cst

from tfgradlint.flow.graph import origins
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.machine.state import Raised
from tfgradlint.flow.python.comparing import compared, hashed, hashed_together, looked_up, met_again
from tfgradlint.flow.python.escape import forget, forget_content
from tfgradlint.flow.python.identity import one_of_many, some_of_many
from tfgradlint.flow.python.order import in_order
from tfgradlint.flow.python.rearranging import turned, without
from tfgradlint.flow.python.sets import LONG, OPERATORS, combined, set_of
from tfgradlint.flow.values.base import FALSE, NONE, TRUE, Const, Scalar, Unknown, Value, hashable
from tfgradlint.flow.values.containers import (
    Container,
    DictContent,
    DictObject,
    InOrder,
    Items,
    ListObject,
    Repeated,
    View,
    as_key,
    of_key,
)
from tfgradlint.flow.verdict.judgements import LACKING

#: How many elements a deque keeps.
MOST = "most"
#: What makes the value of a key that is missing, and whether it is only given and not kept.
FACTORY = "factory"
COUNTS = "counts"
_UPDATES = {"update": "union"} | {f"{name}_update": name for name in OPERATORS.values() if name != "union"}
#: Methods that are not described and leave the container as it is.
_LOOKING = frozenset(
    "issubset issuperset isdisjoint most_common elements total fromkeys __contains__ __len__ __iter__ __reversed__ "
    "__eq__ __ne__ __lt__ __le__ __gt__ __ge__ __repr__ __str__ __hash__ __bool__ __sizeof__ __class__ __add__ __mul__ "
    "__rmul__ __or__ __ror__ __and__ __sub__ __xor__ __getstate__ __reduce__ __copy__".split()
)


def listing(values: list[Value], type: str = "list") -> ListObject:
    """A list with these elements."""
    return ListObject(Items(tuple(values), type))


def mapping(entries: dict[Any, Value], rest: Value | None = None) -> DictObject:
    """A dictionary with these entries."""
    return DictObject(DictContent(entries, rest))


def in_place(interp: Context, old: Value, name: str, value: Value) -> Value | None:
    """``+=`` on a list extends it, and ``|=`` on a dictionary."""
    if isinstance(old, Unknown):
        forget(interp, old, (value,))
    if isinstance(old, ListObject) and name == "__add__":
        extend(interp, old, value)
        return old
    if isinstance(old, DictObject) and name == "__or__":
        _mapping_member(interp, old, "update", [value], {})
        return old
    if not isinstance(old, ListObject):
        return None
    if old.fields["content"].type == "set" and name in OPERATORS:
        interp.state.set(old, "content", combined(interp, old, OPERATORS[name], value))
        return old
    if name == "__mul__":
        interp.state.set(old, "content", _again(interp, old.fields["content"], value))
        return old
    return None


def _again(interp: Context, content: Items | Repeated, times: Value) -> Value:
    """The content of a list, so many times."""
    number = times.value if isinstance(times, Const) else None
    if isinstance(content, Items) and isinstance(number, int) and len(content.items) * number <= LONG:
        return Items(content.items * number, content.type)
    return Repeated(interp.state.element(content), content.type)


def dictionary(interp: Context, pairs: Value) -> DictObject:
    """``dict(pairs)``."""
    content = interp.iteration.iterate(pairs, ordered=False)
    if isinstance(content, Items):
        entries: dict[Any, Value] = {}
        rest: list[Value] = []
        for pair in content.items:
            parts = interp.iteration.iterate(pair, unpacking=2)
            if isinstance(parts, Items) and len(parts.items) == 2:
                key, value = parts.items
                looked_up(interp, key, kept=True)
                key = as_key(key)
                if isinstance(key, Const) and hashable(key.value):
                    entries[key.value] = value
                else:
                    rest.append(value)
            else:
                rest.append(interp.unknown(origins.PAIR, pair))
        return mapping(entries, interp.join(rest) if rest else None)
    parts = interp.iteration.iterate(content.element, unpacking=2)
    if isinstance(parts, Items) and len(parts.items) == 2:
        key, value = parts.items
        looked_up(interp, key, kept=True)
    else:
        value = interp.unknown(origins.PAIR)
    return mapping({}, value)


def plain_dictionary(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> DictObject:
    """``dict(...)``: of pairs or another dictionary, and of names."""
    named = {key: value for key, value in kwargs.items() if key != "**"}
    more = DictContent(named, interp.unknown(origins.SPREAD_KEYWORDS) if "**" in kwargs else None)
    if not args:
        return DictObject(more)
    given = args[0] if isinstance(args[0], DictObject) else dictionary(interp, args[0])
    return DictObject(merged(interp, given.fields["content"], more))


def merged(interp: Context, first: DictContent, second: DictContent) -> DictContent:
    """The content of two dictionaries; the second wins."""
    rests = [rest for rest in (first.rest, second.rest) if rest is not None]
    if rests:
        met_again(interp)
    entries = {**first.entries, **second.entries}
    if second.rest is not None:
        # What is behind a key that is not known may be behind any of those that are.
        entries.update({key: interp.join([value, second.rest]) for key, value in first.entries.items()})
        entries.update(second.entries)
    entries.update(
        {key: interp.join([first.entries[key], entries[key]]) for key in second.maybe & first.entries.keys()}
    )
    sure = (first.entries.keys() - first.maybe) | (second.entries.keys() - second.maybe)
    return DictContent(entries, interp.join(rests) if rests else None, frozenset(entries.keys() - sure))


def extend(interp: Context, receiver: ListObject, value: Value, left: bool = False) -> None:
    """``receiver.extend(value)``; ``left``: one by one at the other end."""
    old = receiver.fields["content"]
    more = interp.iteration.iterate(value, ordered=old.type != "set")
    most = receiver.fields.get(MOST)
    if most is not None:
        interp.state.set(receiver, "content", _in_a_ring(interp, old, more, most, left))
        return
    if left:
        if isinstance(old, Items) and isinstance(more, Items) and len(old.items) + len(more.items) <= LONG:
            interp.state.set(receiver, "content", Items(more.items[::-1] + old.items, old.type))
            return
        old = Repeated(interp.state.element(old), old.type) if not isinstance(old, Items) or old.items else old
    if isinstance(old, Items) and isinstance(more, Items) and len(old.items) + len(more.items) <= LONG:
        items = old.items + more.items
        new: Value = set_of(interp, Items(items)) if old.type == "set" else Items(items, old.type)
    elif isinstance(old, Items) and not old.items:
        new = Repeated(interp.state.element(more), old.type)
    else:
        if old.type == "set":
            hashed_together(interp, [*old.held(), *more.held()])
        new = Repeated(interp.join([interp.state.element(old), interp.state.element(more)]), old.type)
    interp.state.set(receiver, "content", new)
    if isinstance(value, ListObject) and LACKING in value.fields:
        LACKING.put(interp.state, receiver, LACKING.of(value))


def _in_a_ring(interp: Context, old: Items | Repeated, more: Items | Repeated, most: Value, left: bool) -> Value:
    """The content of a deque that keeps its latest elements."""
    bound = most.value if isinstance(most, Const) else None
    if isinstance(old, Items) and isinstance(more, Items) and isinstance(bound, int) and 0 <= bound <= LONG:
        items = more.items[::-1] + old.items if left else old.items + more.items
        kept = items[:bound] if left else items[max(len(items) - bound, 0) :]
        return Items(kept, old.type)
    parts = [each for each in (old, more) if not isinstance(each, Items) or each.items]
    return Repeated(interp.join([interp.state.element(each) for each in parts]), old.type) if parts else old


def call_member(
    interp: Context, receiver: Value, name: str, args: list[Value], kwargs: dict[str, Value]
) -> Value | None:
    """A method of a list, tuple, set or dictionary; None where it is not known, and may have changed it."""
    if isinstance(receiver, (DictObject, ListObject)):
        if name == "sort" and isinstance(receiver, ListObject):
            ordered = in_order(interp, receiver.structure, kwargs.get("key"), kwargs.get("reverse", FALSE))  # type: ignore[arg-type]
            interp.state.set(receiver, "content", ordered)
            return NONE
        found = _element_member(interp, receiver, name, args)
        if found is None and isinstance(receiver, DictObject):
            found = _mapping_member(interp, receiver, name, args, kwargs)
        elif found is None and isinstance(receiver, ListObject):
            found = _listing_member(interp, receiver, name, args)
        if found is None and name not in _LOOKING:
            forget_content(interp, receiver, *args, *kwargs.values())
        return found
    if name in ("index", "count"):
        return _place(interp, receiver, name, args)
    if name == "_asdict" and isinstance(receiver, Items):
        return mapping(dict(zip(receiver.fields, receiver.items, strict=False)))
    if name == "_replace" and isinstance(receiver, Items):
        items = tuple(kwargs.get(f, item) for f, item in zip(receiver.fields, receiver.items, strict=False))
        return Items(items, receiver.type, receiver.fields)
    return None


def _looked_for(interp: Context, content: Value, args: list[Value]) -> None:
    """An element is looked for."""
    for item in args:
        if isinstance(content, (Items, Repeated)) and content.type == "set":
            hashed(interp, item)
        compared(interp, item, content.held() or ())


def _place(interp: Context, content: Value, name: str, args: list[Value]) -> Value:
    """Where in a sequence a constant stands, or how often."""
    _looked_for(interp, content, args[:1])
    if isinstance(content, Items) and len(args) == 1 and isinstance(args[0], Const):
        values = [item.value for item in content.items if isinstance(item, Const)]
        wanted = args[0].value
        if len(values) == len(content.items) and (name == "count" or wanted in values):
            return Const(values.count(wanted) if name == "count" else values.index(wanted))
    return Scalar(interp.recorder.leaf(), "int")


def _element_member(interp: Context, receiver: Container, name: str, args: list[Value]) -> Value | None:
    """The methods behind ``[]`` and the operators that change a container."""
    if name == "__getitem__" and len(args) == 1:
        return interp.elements.get(receiver, args[0])
    if name == "__setitem__" and len(args) == 2:
        interp.elements.set(receiver, args[0], args[1])
        return NONE
    if name == "__delitem__" and len(args) == 1:
        interp.elements.delete(receiver, args[0])
        return NONE
    if name.startswith("__i") and len(args) == 1:
        return in_place(interp, receiver, f"__{name[3:]}", args[0])
    return None


def _listing_member(interp: Context, receiver: ListObject, name: str, args: list[Value]) -> Value | None:
    state = interp.state
    content = receiver.fields["content"]
    if name in ("append", "add", "appendleft") and args:
        extend(interp, receiver, Items((args[0],)), left=name == "appendleft")
        interp.libraries.put_into(interp, receiver, args[0])
        return NONE
    if name == "extendleft" and args:
        extend(interp, receiver, args[0], left=True)
        return NONE
    if name == "extend" and args:
        extend(interp, receiver, args[0])
        interp.libraries.put_into(interp, receiver, args[0])
        return NONE
    if content.type == "set" and (name in _UPDATES or name in OPERATORS.values()):
        target = ListObject(content)
        for other in args:
            state.set(target, "content", combined(interp, target, _UPDATES.get(name, name), other))
        if name not in _UPDATES:
            return target
        state.set(receiver, "content", target.fields["content"])
        return NONE
    if name == "insert" and len(args) == 2:
        if isinstance(content, Items) and isinstance(args[0], Const) and isinstance(args[0].value, int):
            longer = list(content.items)
            longer.insert(args[0].value, args[1])
            state.set(receiver, "content", Items(tuple(longer), content.type))
        else:
            extend(interp, receiver, Items((args[1],)))
        interp.libraries.put_into(interp, receiver, args[1])
        return NONE
    if name in ("pop", "popleft"):
        position = args[0].value if args and isinstance(args[0], Const) else (-1 if not args else None)
        position = 0 if name == "popleft" else position
        if content.type == "set":
            position = None if isinstance(content, Items) and len(content.items) > 1 else position  # any of them
            position = 0 if isinstance(content, InOrder) else position
        if (
            isinstance(content, Items)
            and isinstance(position, int)
            and -len(content.items) <= position < len(content.items)
        ):
            kept = list(content.items)
            popped: Value = kept.pop(position)
            state.set(receiver, "content", Items(tuple(kept), content.type))
            return popped
        state.set(receiver, "content", some_of_many(interp, content))
        return one_of_many(interp, state.element(content))
    if name == "clear":
        state.set(receiver, "content", Items((), content.type))
        return NONE
    if name == "copy":
        made = ListObject(content)
        made.fields.update(receiver.fields)
        return made
    if name == "reverse":
        state.set(
            receiver,
            "content",
            Items(content.items[::-1], content.type)
            if isinstance(content, Items)
            else Repeated(content.element, content.type),
        )
        return NONE
    if name in ("remove", "discard", "rotate"):
        left = turned(content, args) if name == "rotate" else without(interp, content, args)
        if left is not None:
            state.set(receiver, "content", left)
            return NONE
        _looked_for(interp, content, args)
        state.set(receiver, "content", some_of_many(interp, receiver.fields["content"]))
        return NONE
    if name in ("index", "count"):
        return _place(interp, content, name, args)
    return None


def _mapping_member(
    interp: Context, receiver: DictObject, name: str, args: list[Value], kwargs: dict[str, Value]
) -> Value | None:
    content: DictContent = receiver.fields["content"]
    if name in ("items", "values", "keys"):
        return View(receiver, name, lambda content: _shown(interp, content, name))
    if name in ("get", "pop", "setdefault") and args:
        looked_up(interp, args[0], receiver)
        key = as_key(args[0])
        content = receiver.fields["content"]
        default = args[1] if len(args) > 1 else NONE
        if isinstance(key, Const) and key.value in content.entries:
            found = content.entries[key.value]
            if key.value in content.maybe:
                found = interp.join([found, default])
        elif isinstance(key, Const) and content.rest is None:
            found = default
        else:
            others = [] if isinstance(key, Const) else list(content.entries.values())
            rest = [one_of_many(interp, content.rest, content, key)] if content.rest is not None else []
            found = interp.join([*others, *rest, default])
        if name == "setdefault":
            interp.elements.set(receiver, key, found)
        elif name == "pop":
            interp.elements.delete(receiver, key)
        return found
    if name in ("update", "subtract") and receiver.fields.get(COUNTS):
        for source in (*args, mapping(dict(kwargs))):
            _count(interp, receiver, "__add__" if name == "update" else "__sub__", source)
        return NONE
    if name == "popitem":
        return _last_entry(interp, receiver, args[0] if args else kwargs.get("last", TRUE))
    if name == "move_to_end" and args:
        _moved(interp, receiver, args[0], args[1] if len(args) > 1 else kwargs.get("last", TRUE))
        return NONE
    if name == "update":
        for source in (*args, mapping(dict(kwargs))):
            other = (
                source.fields["content"]
                if isinstance(source, DictObject)
                else dictionary(interp, source).fields["content"]
            )
            interp.state.set(receiver, "content", merged(interp, receiver.fields["content"], other))
        return NONE
    if name == "copy":
        made = DictObject(content)
        made.fields.update(receiver.fields)
        return made
    if name == "clear":
        interp.state.set(receiver, "content", DictContent({}))
        return NONE
    return None


def _shown(interp: Context, content: DictContent, kind: str) -> Value:
    """What a view of a dictionary shows."""
    if content.complete:
        rows: list[Value] = []
        for key, value in content.entries.items():
            rows.append({"items": Items((of_key(key), value)), "values": value}.get(kind, of_key(key)))
        return Items(tuple(rows), "list")
    each = interp.join([*content.held()])
    key = interp.unknown(origins.ELEMENT)  # references to tensors are keys as well
    return Repeated({"items": Items((key, each)), "values": each}.get(kind, key))


def _count(interp: Context, receiver: DictObject, operator: str, source: Value) -> None:
    """A ``Counter`` counts what is in another dictionary or sequence up or down."""
    if isinstance(source, DictObject):
        content: DictContent = source.fields["content"]
        counted = list(content.entries.items())
        known = content.rest is None
    else:
        elements = interp.iteration.iterate(source)
        items = elements.items if isinstance(elements, Items) else (elements,)
        counted = [(each.value, Const(1)) for each in items if isinstance(each, Const) and hashable(each.value)]
        known = len(counted) == len(items)
    if not known or (counted and receiver.fields["content"].rest is not None):
        forget_content(interp, receiver, source)
        return
    for key, value in counted:
        before = interp.elements.get(receiver, Const(key))
        node = interp.recorder.site.expression or cst.Pass()
        interp.elements.set(receiver, Const(key), interp.expressions.binary(operator, before, value, node))


def _last_entry(interp: Context, receiver: DictObject, last: Value) -> Value:
    """``popitem``: the last entry (or the first) is taken out."""
    content: DictContent = receiver.fields["content"]
    at_end = last.truth()
    if content.rest is None and content.entries and at_end is not None:
        entries = dict(content.entries)
        key = list(entries)[-1 if at_end else 0]
        value = entries.pop(key)
        interp.state.set(receiver, "content", DictContent(entries))
        return Items((of_key(key), value))
    if content.rest is None and not content.entries:
        raise Raised
    value = interp.join([*content.held()])
    interp.state.set(receiver, "content", DictContent({}, value))
    return Items((Scalar(interp.recorder.leaf()), value))


def _moved(interp: Context, receiver: DictObject, key: Value, last: Value) -> None:
    """``move_to_end``: an entry becomes the last one (or the first)."""
    content: DictContent = receiver.fields["content"]
    at_end, key = last.truth(), as_key(key)
    if isinstance(key, Const) and key.value in content.entries and at_end is not None:
        entries = dict(content.entries)
        moved = {key.value: entries.pop(key.value)}
        interp.state.set(
            receiver, "content", DictContent({**entries, **moved} if at_end else moved | entries, content.rest)
        )
    elif content.entries:
        interp.state.set(receiver, "content", DictContent({}, interp.join([*content.held()])))
