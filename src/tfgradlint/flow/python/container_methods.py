"""Lists, sets, dictionaries and their methods."""

from __future__ import annotations

from typing import Any

from tfgradlint.flow.graph import origins
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.python.escape import forget
from tfgradlint.flow.values.base import NONE, Const, Scalar, Unknown, Value, hashable
from tfgradlint.flow.values.containers import DictContent, DictObject, Items, ListObject, Repeated
from tfgradlint.flow.verdict.judgements import LACKING

#: A list that grows longer is any number of elements that are alike: elements known one by one are copied with every
#: change, and joined one by one where branches meet.
_LONG = 64
#: How many elements a deque keeps.
MOST = "most"
#: What makes the value of a key that is missing, and whether it is only given and not kept.
FACTORY = "factory"
COUNTS = "counts"


def listing(values: list[Value], type: str = "list") -> ListObject:
    """A list with these elements."""
    return ListObject(Items(tuple(values), type))


def mapping(entries: dict[Any, Value], rest: Value | None = None) -> DictObject:
    """A dictionary with these entries."""
    return DictObject(DictContent(entries, rest))


def unique(items: tuple[Value, ...]) -> tuple[Value, ...]:
    """The elements of a set: of equal constants only the first."""
    seen: set[Any] = set()
    kept: list[Value] = []
    for item in items:
        if isinstance(item, Const) and hashable(item.value):
            if item.value in seen:
                continue
            seen.add(item.value)
        kept.append(item)
    return tuple(kept)


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
    if isinstance(old, ListObject) and old.fields["content"].type == "set":
        content = interp.iteration.iterate(value)
        element = interp.join([interp.state.element(old.fields["content"]), interp.state.element(content)])
        interp.state.set(old, "content", Repeated(element, "set"))
        return old
    return None


def dictionary(interp: Context, pairs: Value) -> DictObject:
    """``dict(pairs)``."""
    content = interp.iteration.iterate(pairs)
    if isinstance(content, Items):
        entries: dict[Any, Value] = {}
        rest: list[Value] = []
        for pair in content.items:
            parts = interp.iteration.iterate(pair, unpacking=2)
            if isinstance(parts, Items) and len(parts.items) == 2:
                key, value = parts.items
                if isinstance(key, Const) and hashable(key.value):
                    entries[key.value] = value
                else:
                    rest.append(value)
            else:
                rest.append(interp.unknown(origins.PAIR, pair))
        return mapping(entries, interp.join(rest) if rest else None)
    parts = interp.iteration.iterate(content.element, unpacking=2)
    value = parts.items[1] if isinstance(parts, Items) and len(parts.items) == 2 else interp.unknown(origins.PAIR)
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
    entries = {**first.entries, **second.entries}
    if second.rest is not None:
        # What is behind a key that is not known may be behind any of those that are.
        entries.update({key: interp.join([value, second.rest]) for key, value in first.entries.items()})
        entries.update(second.entries)
    return DictContent(entries, interp.join(rests) if rests else None)


def extend(interp: Context, receiver: ListObject, value: Value, left: bool = False) -> None:
    """``receiver.extend(value)``; ``left``: one by one at the other end."""
    old, more = receiver.fields["content"], interp.iteration.iterate(value)
    most = receiver.fields.get(MOST)
    if most is not None:
        interp.state.set(receiver, "content", _in_a_ring(interp, old, more, most, left))
        return
    if left:
        if isinstance(old, Items) and isinstance(more, Items) and len(old.items) + len(more.items) <= _LONG:
            interp.state.set(receiver, "content", Items(more.items[::-1] + old.items, old.type))
            return
        old = Repeated(interp.state.element(old), old.type) if not isinstance(old, Items) or old.items else old
    if isinstance(old, Items) and isinstance(more, Items) and len(old.items) + len(more.items) <= _LONG:
        items = old.items + more.items
        new: Value = Items(unique(items) if old.type == "set" else items, old.type)
    elif isinstance(old, Items) and not old.items:
        new = Repeated(interp.state.element(more), old.type)
    else:
        new = Repeated(interp.join([interp.state.element(old), interp.state.element(more)]), old.type)
    interp.state.set(receiver, "content", new)
    if isinstance(value, ListObject) and LACKING in value.fields:
        LACKING.put(interp.state, receiver, LACKING.of(value))


def _in_a_ring(interp: Context, old: Items | Repeated, more: Items | Repeated, most: Value, left: bool) -> Value:
    """The content of a deque that keeps its latest elements."""
    bound = most.value if isinstance(most, Const) else None
    if isinstance(old, Items) and isinstance(more, Items) and isinstance(bound, int) and 0 <= bound <= _LONG:
        items = more.items[::-1] + old.items if left else old.items + more.items
        kept = items[:bound] if left else items[max(len(items) - bound, 0) :]
        return Items(kept, old.type)
    parts = [each for each in (old, more) if not isinstance(each, Items) or each.items]
    return Repeated(interp.join([interp.state.element(each) for each in parts]), old.type) if parts else old


def call_member(
    interp: Context, receiver: Value, name: str, args: list[Value], kwargs: dict[str, Value]
) -> Value | None:
    """A method of a list, tuple, set or dictionary; None where it is not known."""
    if isinstance(receiver, DictObject):
        return _mapping_member(interp, receiver, name, args, kwargs)
    if isinstance(receiver, ListObject):
        return _listing_member(interp, receiver, name, args)
    if name in ("index", "count"):
        return _place(interp, receiver, name, args)
    if name == "_asdict" and isinstance(receiver, Items):
        return mapping(dict(zip(receiver.fields, receiver.items, strict=False)))
    if name == "_replace" and isinstance(receiver, Items):
        items = tuple(kwargs.get(f, item) for f, item in zip(receiver.fields, receiver.items, strict=False))
        return Items(items, receiver.type, receiver.fields)
    return None


def _place(interp: Context, content: Value, name: str, args: list[Value]) -> Value:
    """Where in a sequence a constant stands, or how often."""
    if isinstance(content, Items) and len(args) == 1 and isinstance(args[0], Const):
        values = [item.value for item in content.items if isinstance(item, Const)]
        wanted = args[0].value
        if len(values) == len(content.items) and (name == "count" or wanted in values):
            return Const(values.count(wanted) if name == "count" else values.index(wanted))
    return Scalar(interp.recorder.leaf(), "int")


def _listing_member(interp: Context, receiver: ListObject, name: str, args: list[Value]) -> Value | None:
    state = interp.state
    content = receiver.fields["content"]
    if name in ("append", "add", "appendleft") and args:
        extend(interp, receiver, Items((args[0],)), left=name == "appendleft")
        return NONE
    if name == "extendleft" and args:
        extend(interp, receiver, args[0], left=True)
        return NONE
    if name in ("extend", "update", "union") and args:
        target = receiver if name != "union" else ListObject(content)
        extend(interp, target, args[0])
        return NONE if name != "union" else target
    if name == "insert" and len(args) == 2:
        if isinstance(content, Items) and isinstance(args[0], Const) and isinstance(args[0].value, int):
            longer = list(content.items)
            longer.insert(args[0].value, args[1])
            state.set(receiver, "content", Items(tuple(longer), content.type))
        else:
            extend(interp, receiver, Items((args[1],)))
        return NONE
    if name in ("pop", "popleft"):
        position = args[0].value if args and isinstance(args[0], Const) else (-1 if not args else None)
        position = 0 if name == "popleft" else position
        if (
            isinstance(content, Items)
            and isinstance(position, int)
            and -len(content.items) <= position < len(content.items)
        ):
            kept = list(content.items)
            popped: Value = kept.pop(position)
            state.set(receiver, "content", Items(tuple(kept), content.type))
            return popped
        element = state.element(content)
        state.set(receiver, "content", Repeated(element, content.type))
        return element
    if name == "clear":
        state.set(receiver, "content", Items((), content.type))
        return NONE
    if name == "copy":
        made = ListObject(content)
        made.fields.update(receiver.fields)
        return made
    if name == "reverse":
        if isinstance(content, Items):
            state.set(receiver, "content", Items(content.items[::-1], content.type))
        return NONE
    if name in ("sort", "remove", "discard", "rotate"):
        state.set(receiver, "content", Repeated(state.element(content), content.type))
        return NONE
    if name in ("index", "count"):
        return _place(interp, content, name, args)
    return None


def _mapping_member(
    interp: Context, receiver: DictObject, name: str, args: list[Value], kwargs: dict[str, Value]
) -> Value | None:
    content: DictContent = receiver.fields["content"]
    if name in ("items", "values", "keys"):
        if content.rest is None:
            rows: list[Value] = []
            for key, value in content.entries.items():
                rows.append({"items": Items((Const(key), value)), "values": value}.get(name, Const(key)))
            return Items(tuple(rows), "list")
        each = interp.join([*content.entries.values(), content.rest])
        key = Scalar(interp.recorder.leaf())
        return Repeated({"items": Items((key, each)), "values": each}.get(name, key))
    if name in ("get", "pop", "setdefault") and args:
        key = args[0]
        default = args[1] if len(args) > 1 else NONE
        if isinstance(key, Const) and key.value in content.entries:
            found = content.entries[key.value]
        elif isinstance(key, Const) and content.rest is None:
            found = default
        else:
            others = [] if isinstance(key, Const) else list(content.entries.values())
            found = interp.join([*others, *([content.rest] if content.rest is not None else []), default])
        if name == "setdefault":
            interp.elements.set(receiver, key, found)
        elif name == "pop" and isinstance(key, Const):
            interp.elements.delete(receiver, key)
        return found
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
