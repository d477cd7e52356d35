"""The program's state, with undo: branches are run one after the other from the same start and then joined."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from tfgradlint.flow.graph import origins
from tfgradlint.flow.graph.nodes import Node
from tfgradlint.flow.tape.recorder import Recorder
from tfgradlint.flow.values.base import (
    Array,
    Cell,
    Composite,
    Const,
    GraphValue,
    Scalar,
    Tensor,
    Unknown,
    Value,
    Variable,
    is_none,
)
from tfgradlint.flow.values.containers import DictContent, Items, Repeated, Union

MISSING: Any = object()
#: A field of each object of the module: it tells one that was there before a branch from one that was made in it.
EXISTS: Any = object()
#: With the name of an attribute: the value that it has if it has one, since it was set on one branch only.
_PERHAPS: Any = object()

#: A field of a cell, by the identity of the cell and its key.
Place = tuple[int, Any]
#: A cell and a key, and what is or was there.
Written = tuple[Cell, Any, Any]
#: What a branch changed: for each written place its cell, key and value at the end of the branch.
Snapshot = dict[Place, Written]

#: Of more constants than this it is not known which one it is. Objects and variables stay alternatives, however many: a
#: write or call through something unknown would be lost, and each of them was made by a step that is paid for.
_CHOICES = 4
#: Of a place that held more values than this within a ``try`` body a handler does not know which one it is: each of
#: them is compared with each when they are joined.
_BETWEEN = 32
#: Of more tables of what happened so far, such as that of traces, only those count that hold what no other one does.
_TABLES = 2


#: To look at a place that was written costs an eighth of what it costs to join what it may hold.
_LOOKED_AT = 3


class Raised(Exception):
    """The interpreted program raises here: the rest of the statement is not executed."""


class Left(Raised):
    """The block of a ``with`` was left while the generator that manages it waited: nothing was raised."""


class State:
    """All writes of the interpreted program go through here."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self._journal: list[Written] = []
        #: Every write, also of branches that were left, to cells born before ``logged``: what
        #: was there before.
        self.log: list[Written] = []
        self.logged = 0
        #: How much work went into branches; the interpreter charges it to its budget.
        self.work = 0
        #: What was joined within the outermost join that goes on, and how deep that is.
        self._joined: dict[tuple[int, ...], Items] = {}
        self._depth = 0
        #: Names of attributes that some object has perhaps not.
        self.perhaps: set[str] = set()
        #: What places held in branches that were left, while a block runs whose exceptions are handled.
        self._undone: list[Written] | None = None

    def set(self, cell: Cell, key: Any, value: Any) -> None:
        fields = cell.fields
        old = fields.get(key, MISSING)
        self._journal.append((cell, key, old))
        if cell.born < self.logged:
            self.log.append((cell, key, old))
        fields[key] = value

    def delete(self, cell: Cell, key: Any) -> None:
        if key in cell.fields:
            self.write(cell, key, MISSING)

    def write(self, cell: Cell, key: Any, value: Any) -> None:
        """The place holds the value from here on; MISSING: there is none."""
        fields = cell.fields
        old = fields.get(key, MISSING)
        self._journal.append((cell, key, old))
        if cell.born < self.logged:
            self.log.append((cell, key, old))
        if value is MISSING:
            fields.pop(key, None)
        else:
            fields[key] = value

    def mark(self) -> int:
        return len(self._journal)

    def snapshot(self, mark: int, wanted: Callable[[Any, Any], bool] | None = None) -> Snapshot:
        """What was written since ``mark``; of that only the keys and values that are ``wanted``."""
        taken: Snapshot = {}
        self.work += len(self._journal) - mark >> _LOOKED_AT
        for cell, key, _ in self._journal[mark:]:
            value = cell.fields.get(key, MISSING)
            if wanted is None or wanted(key, value):
                taken[(id(cell), key)] = (cell, key, value)
        return taken

    def values_at(self, mark: int) -> dict[Place, Any]:
        """What the places that were written since ``mark`` held at that time."""
        held: dict[Place, Any] = {}
        for cell, key, old in self._journal[mark:]:
            held.setdefault((id(cell), key), old)
        return held

    def written(self, mark: int) -> list[Written]:
        """The places that were written since ``mark``, each with what was there at first."""
        first: dict[Place, Written] = {}
        for place in self._journal[mark:]:
            first.setdefault((id(place[0]), place[1]), place)
        return list(first.values())

    @contextmanager
    def remembering(self) -> Iterator[int]:
        """What is undone inside is known to ``intermediate_states``; yields the moment from which on."""
        outermost = self._undone is None
        undone = self._undone = self._undone if self._undone is not None else []
        try:
            yield len(undone)
        finally:
            if outermost:
                self._undone = None

    @contextmanager
    def without(self, places: Callable[[Cell, Any], bool]) -> Iterator[None]:
        """What is undone inside never was in these places."""
        start = len(self._undone or ())
        try:
            yield
        finally:
            if self._undone is not None:
                self._undone[start:] = [each for each in self._undone[start:] if not places(each[0], each[1])]

    def rollback(self, mark: int) -> None:
        journal, undone = self._journal, self._undone
        while len(journal) > mark:
            cell, key, old = journal.pop()
            fields = cell.fields
            if undone is not None and fields.get(key, MISSING) is not old:
                undone.append((cell, key, fields.get(key, MISSING)))
            if cell.born < self.logged:
                self.log.append((cell, key, fields.get(key, MISSING)))
            if old is MISSING:
                cell.fields.pop(key, None)
            else:
                cell.fields[key] = old

    def keep(self, mark: int, since: int, own: Cell, logged: int) -> bool:
        """What was written since ``mark`` to ``own`` and to cells born ``since`` stays, whatever branch this is.

        To those who read the log, from ``logged`` on, ``own`` held it all along. Whether anything else was written.
        """
        for place in range(logged, len(self.log)):
            cell, key, _ = self.log[place]
            if cell is own:
                self.log[place] = (cell, key, cell.fields.get(key, MISSING))
        others = [written for written in self._journal[mark:] if written[0].born < since and written[0] is not own]
        self._journal[mark:] = others
        return bool(others)

    def join_into(self, snapshots: list[Snapshot]) -> None:
        """Go on with the join of these ends of branches, all taken from the present state."""
        if not snapshots:
            return
        if len(snapshots) == 1:
            for cell, key, value in snapshots[0].values():
                self.write(cell, key, value)
            return
        places: Snapshot = {}
        marks: list[Written] = []
        self.work += sum(len(snapshot) for snapshot in snapshots)
        for snapshot in snapshots:
            places.update(snapshot)
        for place, (cell, key, _) in places.items():
            fields = cell.fields
            base = fields.get(key, MISSING)
            ends = [snapshot[place][2] if place in snapshot else base for snapshot in snapshots]
            joined = self.join(ends)
            self.write(cell, key, joined)
            if EXISTS in fields and isinstance(key, str) and self._missing_at_an_end(place, fields, ends, snapshots):
                self.perhaps.add(key)
                marks.append((cell, (_PERHAPS, key), joined))
        for cell, key, joined in marks:
            self.write(cell, key, joined)

    def _missing_at_an_end(
        self, place: Place, fields: dict[Any, Any], ends: list[Any], snapshots: list[Snapshot]
    ) -> bool:
        """Whether an attribute is perhaps missing at the end of a branch."""
        if any(end is MISSING for end in ends):
            return True
        if place[1] not in self.perhaps:
            return False
        mark = (_PERHAPS, place[1])
        at_first = fields.get(mark, MISSING)
        marked = [snapshot[place[0], mark][2] if (place[0], mark) in snapshot else at_first for snapshot in snapshots]
        return any(one is end for one, end in zip(marked, ends, strict=True))

    def perhaps_missing(self, cell: Cell, name: str) -> bool:
        """Whether an attribute that an object has was set on one branch only."""
        return name in self.perhaps and cell.fields.get((_PERHAPS, name)) is cell.fields[name]

    def intermediate_states(self, mark: int, undone: int) -> list[Snapshot]:
        """What every place held at some point since ``mark``: at the start, in between, and now.

        ``undone``: from when on it counts what branches did that were left, and turns of loops without an end.
        """
        held: dict[Place, list[Written]] = {}
        passed = (self._undone or [])[undone:]
        for cell, key, old in (*self._journal[mark:], *passed):
            held.setdefault((id(cell), key), []).append((cell, key, old))
        self.work += len(passed)
        between: Snapshot = {}
        lacking: Snapshot = {}
        for place, values in held.items():
            cell, key, _ = values[0]
            distinct = list({id(value): value for *_, value in values if value is not MISSING}.values())
            if isinstance(key, tuple) and key and key[0] is _PERHAPS:
                if distinct:
                    lacking[id(cell), key[1]] = (cell, key[1], MISSING)
                continue
            if distinct and len(distinct) > (_BETWEEN if isinstance(distinct[0], (Value, Node)) else _TABLES):
                distinct = self._any_of_many(distinct)
            if distinct:
                between[place] = (cell, key, self.join(distinct))
            if any(value is MISSING for *_, value in values):
                lacking[place] = (cell, key, MISSING)
        return [{}, between, lacking, self.snapshot(mark)]

    def _any_of_many(self, values: list[Any]) -> list[Any]:
        latest = getattr(type(values[0]), "latest", None)
        if latest is not None:
            return latest(values)  # type: ignore[no-any-return]
        if isinstance(values[0], Value):
            return [Unknown(self.recorder.opaque(origins.HANDLED))]
        if isinstance(values[0], Node):
            made = self.recorder.opaque(origins.HANDLED)
            made.variable = values[0].variable
            return [made]
        return values

    # -- joining

    def join(self, values: Iterable[Any]) -> Any:
        """One value that stands for any of ``values``. Unbound alternatives are left out."""
        distinct: list[Any] = []
        for value in values:
            if value is not MISSING and not any(same(value, other) for other in distinct):
                distinct.append(value)
        if not distinct:
            return MISSING
        if len(distinct) == 1:
            return distinct[0]
        if all(isinstance(value, Value) for value in distinct):
            return self._join_values(distinct)
        if all(isinstance(value, Node) for value in distinct):
            return self._join_contents(distinct)
        joins = getattr(type(distinct[0]), "joined", None)
        if joins is not None:
            return joins(distinct)
        return None

    def _join_contents(self, nodes: list[Node]) -> Node:
        node = self.recorder.phi(nodes)
        node.variable = nodes[0].variable
        return node

    def _join_values(self, values: list[Value]) -> Value:
        flat: list[Value] = []
        for value in values:
            for each in value.values if isinstance(value, Union) else (value,):
                if not any(same(each, other) for other in flat):
                    flat.append(each)
        first = flat[0]
        if len(flat) == 1:
            return first
        if all(isinstance(value, GraphValue) and type(value) is type(first) for value in flat):
            return self._phi(flat)
        if all(isinstance(value, (GraphValue, Variable)) for value in flat) and not all(
            isinstance(value, Variable) for value in flat
        ):
            return self._phi(flat)
        if all(isinstance(value, (Items, Repeated)) for value in flat):
            return self._join_sequences(flat)
        if all(isinstance(value, DictContent) for value in flat):
            return self._join_entries(flat)  # type: ignore[arg-type]
        if all(_numeric(value) for value in flat):
            numbers = [value for value in flat if isinstance(value, Const)]
            if len(numbers) == len(flat):
                kinds = {type(number.value).__name__ for number in numbers}
                return Scalar(self.recorder.leaf(), kinds.pop() if len(kinds) == 1 else "")
            return self._phi(flat)
        if len(flat) > _CHOICES:
            flat = self._few(flat)
        return Union(tuple(flat)) if len(flat) > 1 else flat[0]

    def _few(self, values: list[Value]) -> list[Value]:
        """Fewer alternatives: all objects and variables, and one each for sequences, dictionaries and other data."""
        kept = [value for value in values if _object(value) or isinstance(value, Variable)]
        sequences: list[Value] = [value for value in values if isinstance(value, (Items, Repeated))]
        entries = [value for value in values if isinstance(value, DictContent)]
        data: list[Value] = [value for value in values if isinstance(value, GraphValue)]
        constants = [value for value in values if isinstance(value, Const) and not is_none(value)]
        if len(constants) > _CHOICES:
            data.append(
                Scalar(self.recorder.leaf(), "str" if all(isinstance(each.value, str) for each in constants) else "")
            )
            constants = []
        kept += constants
        kept += [self._join_sequences(sequences)] if sequences else []
        kept += [self._join_entries(entries)] if entries else []
        kept += [self._phi(data) if len(data) > 1 else data[0]] if data else []
        return kept

    def _phi(self, values: list[Value]) -> Value:
        """Values of the graph; several kinds (a number here, a tensor there) make the result unknown in kind."""
        nodes = [value.node if isinstance(value, (GraphValue, Variable)) else self.recorder.leaf() for value in values]
        node = self.recorder.phi(nodes)
        kinds = {type(value) for value in values}
        if kinds == {Tensor}:
            return Tensor(node)
        forms = {value.form if isinstance(value, Composite) else "" for value in values}
        if kinds == {Composite} and len(forms) == 1:
            deep = any(isinstance(value, Composite) and value.deep for value in values)
            return Composite(node, forms.pop(), deep)
        if kinds <= {Array, Scalar, Const}:
            return Array(node) if kinds == {Array} else Scalar(node)
        return Unknown(node)

    def _join_sequences(self, values: list[Value]) -> Value:
        items = [value for value in values if isinstance(value, Items)]
        if len(items) == len(values) and len({value.fields for value in items}) > 1:
            return self._join_by_fields(items)
        if len(items) == len(values) and len({len(value.items) for value in items}) == 1:
            return self._join_items(items)
        elements: list[Value] = []
        for value in values:
            elements.extend(value.items if isinstance(value, Items) else [value.element])  # type: ignore[attr-defined]
        element = self.join(elements)
        if element is MISSING:
            element = Unknown(self.recorder.opaque(origins.EMPTY_LIST))
        return Repeated(element, values[0].type)  # type: ignore[attr-defined]

    def _join_by_fields(self, items: list[Items]) -> Value:
        """Named tuples of several classes stay apart: what is behind a name is in another place in each."""
        classes: dict[tuple[str, ...], list[Value]] = {}
        for value in items:
            classes.setdefault(value.fields, []).append(value)
        return Union(tuple(self._join_sequences(of_one) if of_one[1:] else of_one[0] for of_one in classes.values()))

    def _join_items(self, items: list[Items]) -> Items:
        """Sequences of one length, item by item. Those that are met again on the way down are joined once."""
        key = tuple(map(id, items))
        known = self._joined.get(key)
        if known is not None:
            return known
        outermost = not self._depth
        self._depth += 1
        try:
            columns = zip(*(value.items for value in items), strict=True)
            joined = Items(tuple(self.join(column) for column in columns), items[0].type, items[0].fields)
            self._joined[key] = joined
        finally:
            self._depth -= 1
            if outermost:
                self._joined.clear()
        return joined

    def _join_entries(self, values: list[DictContent]) -> DictContent:
        merged: dict[Any, Value] = {}
        maybe: set[Any] = set()
        rests = [value.rest for value in values if value.rest is not None]
        for key in dict.fromkeys(key for value in values for key in value.entries):
            merged[key] = self.join(value.entries.get(key, MISSING) for value in values)
            if any(key not in value.entries or key in value.maybe for value in values):
                maybe.add(key)
        return DictContent(merged, self.join(rests) if rests else None, frozenset(maybe))

    def element(self, content: Value) -> Value:
        """One value that stands for any element of a sequence."""
        if isinstance(content, Repeated):
            return content.element
        assert isinstance(content, Items)
        joined = self.join(content.items)
        return joined if joined is not MISSING else Unknown(self.recorder.opaque(origins.EMPTY_LIST))


def counts(value: Const) -> bool:
    """Whether a constant is a number."""
    return isinstance(value.value, (int, float)) and not isinstance(value.value, bool)


def _object(value: Value) -> bool:
    return is_none(value) or not isinstance(value, (Const, GraphValue, Items, Repeated, DictContent, Variable))


def _numeric(value: Value) -> bool:
    if isinstance(value, Const):
        return isinstance(value.value, (int, float, complex))
    return isinstance(value, (Tensor, Array, Scalar, Unknown))


def same(one: Any, other: Any) -> bool:
    """Whether two contents of a place are certainly one."""
    if one is other:
        return True
    if isinstance(one, Value):
        return isinstance(other, Value) and one.same_as(other)
    return type(one) is type(other) and bool(one == other)
