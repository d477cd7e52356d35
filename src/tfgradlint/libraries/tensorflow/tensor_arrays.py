"""``tf.TensorArray``: what was written into it, and what comes out again.

In eager mode an array is changed in place, and what was read is gone unless it is told to stay. In a graph nothing is
changed: each method returns a new array, and a write whose result nobody keeps is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from tfgradlint.flow.graph.nodes import Edge, Effect
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import NONE, Array, Const, Scalar, Tensor, Value
from tfgradlint.flow.values.containers import Items, Union
from tfgradlint.flow.values.notes import Note
from tfgradlint.flow.values.objects import HOLDS, LibraryObject
from tfgradlint.flow.values.walk import nodes_of
from tfgradlint.libraries.measured.dtypes import named_dtype

TENSOR_ARRAY = "tf.TensorArray"
#: What an array of more alternatives holds is not known, as that of a union: each write is done in each of them.
_MOST = 4
#: The index of what fills a whole array.
_ALL = "all"
_PARAMS = ("dtype", "size", "dynamic_size", "clear_after_read", "tensor_array_name")


class _Write(NamedTuple):
    """One write: ``place`` is an index, ``_ALL``, or None where it is not known. ``cleared``: it was read, and is
    gone.
    """

    place: int | str | None
    value: Value
    cleared: bool = False


class _Content(tuple[tuple[_Write, ...], ...]):
    """What may have been written, in order: one history for each alternative."""

    __slots__ = ()

    @staticmethod
    def joined(values: Iterable[Any]) -> _Content | None:
        """What any of these may hold."""
        histories: dict[tuple[_Write, ...], None] = {}
        for value in values:
            if not isinstance(value, _Content):
                return None
            histories.update(dict.fromkeys(value))
        return _Content(histories) if len(histories) <= _MOST else None


class _Info(NamedTuple):
    """What does not change: the dtype, how many compiled functions were traced where it was made, when that was."""

    dtype: str | None
    level: int
    born: int
    clears: bool


_INFO: Note[_Info] = Note("array")
#: What was written, by alternative; None where it is not known.
_CONTENT: Note[_Content] = Note("written")


def call(interp: Context, path: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """A new array; None for anything else."""
    if path != TENSOR_ARRAY:
        return None
    bound = {**dict(zip(_PARAMS, args, strict=False)), **kwargs}
    if len(args) > len(_PARAMS) or any(name in bound for name in ("handle", "flow", "**")):
        return None
    clears = bound["clear_after_read"].truth() if "clear_after_read" in bound else True
    if bound.get("clear_after_read") is NONE:
        clears = True
    level = interp.graph_level
    info = _Info(named_dtype(bound.get("dtype", NONE)), level, interp.recorder.now(), clears is not False and not level)
    return _array(info, _Content(((),)))


def _array(info: _Info, content: _Content) -> LibraryObject:
    made = LibraryObject(TENSOR_ARRAY)
    _INFO.begin(made, info)
    _CONTENT.begin(made, content)
    HOLDS.begin(made, _held(content))
    return made


def _held(content: _Content) -> Value:
    return Items(tuple(write.value for history in content for write in history))


def escaped(interp: Context, value: Value) -> None:
    """Whoever gets hold of it may write into it."""
    if isinstance(value, LibraryObject) and value.path == TENSOR_ARRAY:
        _CONTENT.put(interp.state, value, None)


def method(
    interp: Context, receiver: LibraryObject, name: str, args: list[Value], kwargs: dict[str, Value]
) -> Value | None:
    """A method of an array."""
    if name in ("close", "mark_used"):
        return NONE
    if name == "size":
        return Tensor(interp.recorder.op([], "int32"))
    info = _INFO.certain(receiver)
    content = _CONTENT.of(receiver)
    if content is None or info.level != interp.graph_level or (interp.isolated and info.born < interp.visible_from):
        return None
    given = [*args, *(kwargs[key] for key in ("index", "indices", "value", "lengths") if key in kwargs)]
    if name in _READS:
        return _READS[name](interp, receiver, given)
    if name in _WRITES:
        write = _WRITES[name](interp, info, given)
        return None if write is None else _written(interp, receiver, write)
    return _array(info, content) if name == "identity" else None


# -- into the array


def _written(interp: Context, receiver: LibraryObject, write: _Write) -> Value:
    before = _CONTENT.certain(receiver)
    content = _Content(dict.fromkeys((*_kept(history, write.place), write) for history in before))
    if interp.graph_level:
        return _array(_INFO.certain(receiver), content)
    _CONTENT.put(interp.state, receiver, content)
    HOLDS.put(interp.state, receiver, _held(content))
    return receiver


def _kept(history: tuple[_Write, ...], index: object) -> tuple[_Write, ...]:
    """What a write to this index certainly leaves nothing of is not there any more."""
    if index is None:
        return history
    return () if index == _ALL else tuple(write for write in history if write.place != index)


def _index(value: Value) -> int | None:
    return value.value if isinstance(value, Const) and isinstance(value.value, int) else None


def _one(interp: Context, info: _Info, given: list[Value]) -> _Write | None:
    return _Write(_index(given[0]), _element(interp, info, given[1])) if len(given) == 2 else None


def _whole(interp: Context, info: _Info, given: list[Value]) -> _Write | None:
    return _Write(_ALL, _part(interp, info, given[0])) if given else None


def _some(interp: Context, info: _Info, given: list[Value]) -> _Write | None:
    return _Write(None, _part(interp, info, given[1])) if len(given) == 2 else None


def _element(interp: Context, info: _Info, value: Value) -> Value:
    """What is kept of a value: in eager mode the tensor itself."""
    if isinstance(value, Union):
        return interp.join([_element(interp, info, each) for each in value.values])
    if isinstance(value, Tensor) and not interp.graph_level:
        return value
    return _part(interp, info, value)


def _part(interp: Context, info: _Info, value: Value) -> Value:
    effect = Effect.PLAIN if isinstance(value, (Array, Scalar)) else Effect.FLOWS
    return Tensor(interp.recorder.op([Edge(node, effect) for node in nodes_of(value)], info.dtype))


_Into = Callable[[Context, _Info, list[Value]], "_Write | None"]
_WRITES: dict[str, _Into] = {"write": _one, "unstack": _whole, "split": _whole, "scatter": _some}


# -- out of the array


def _read(interp: Context, receiver: LibraryObject, given: list[Value]) -> Value | None:
    if len(given) != 1:
        return None
    index = _index(given[0])
    info = _INFO.certain(receiver)
    content = _CONTENT.certain(receiver)
    found = [value for history in content for value in _at(history, index)]
    if not found:
        return Tensor(interp.recorder.op([], info.dtype))
    element = interp.iteration.another(interp.join(found)) if len(found) > 1 or index is None else found[0]
    if info.clears:
        cleared = _Write(index, Tensor(interp.recorder.leaf(info.dtype)), True)
        _written(interp, receiver, cleared)
    return _part(interp, info, element) if interp.graph_level else element


def _at(history: tuple[_Write, ...], index: int | None) -> list[Value]:
    """What may stand at an index. What was cleared cannot be read: that raises."""
    found: list[Value] = []
    for write in reversed(history):
        if index is None or write.place in (None, _ALL, index):
            found += [] if write.cleared else [write.value]
            if index is not None and write.place in (_ALL, index):
                break
    return found


def _stack(interp: Context, receiver: LibraryObject, given: list[Value]) -> Value | None:
    return _together(interp, receiver, True)


def _gather(interp: Context, receiver: LibraryObject, given: list[Value]) -> Value | None:
    return _together(interp, receiver, False)


def _together(interp: Context, receiver: LibraryObject, whole: bool) -> Value:
    """One tensor made of all elements, or of some of them."""
    info = _INFO.certain(receiver)
    content = _CONTENT.certain(receiver)
    results: list[Value] = []
    for history in content:
        edges: list[Edge] = []
        for place, write in enumerate(history):
            certain = not any(_may_hit(write, later) for later in history[place + 1 :])
            certain = certain and (whole or len(history) == 1)
            effect = Effect.FLOWS if certain else Effect.UNKNOWN
            edges += [Edge(node, effect) for node in nodes_of(write.value)]
        results.append(Tensor(interp.recorder.op(edges, info.dtype)))
    return interp.join(results)


def _may_hit(write: _Write, later: _Write) -> bool:
    """Whether a later write may have taken the place of one."""
    return write.place == later.place or not (isinstance(write.place, int) and isinstance(later.place, int))


_Out = Callable[[Context, LibraryObject, list[Value]], "Value | None"]
_READS: dict[str, _Out] = {"read": _read, "stack": _stack, "concat": _stack, "gather": _gather}
