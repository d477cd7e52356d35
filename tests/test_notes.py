"""What libraries keep about objects: it goes with a branch that is undone, and is joined where branches meet."""

from __future__ import annotations

from collections.abc import Callable

from tfgradlint.flow.machine.state import State
from tfgradlint.flow.tape.recorder import Recorder
from tfgradlint.flow.values.base import Const, Scalar, Value
from tfgradlint.flow.values.notes import Gathered, Note
from tfgradlint.flow.values.objects import LibraryObject

BUILT: Note[bool] = Note("built")
WIDTH: Note[Value] = Note("width")
SEEN: Note[Gathered[int]] = Note("seen")


def joined(state: State, *branches: Callable[[], None]) -> None:
    """Run each branch from the present state, and go on with the join of all."""
    mark = state.mark()
    ends = []
    for branch in branches:
        branch()
        ends.append(state.snapshot(mark))
        state.rollback(mark)
    state.join_into(ends)


def test_a_note_is_no_attribute() -> None:
    state, layer = State(Recorder()), LibraryObject("Layer")
    BUILT.put(state, layer, True)
    state.set(layer, "built", Const(False))
    assert BUILT.of(layer) is True
    assert [key for key in layer.fields if isinstance(key, str)] == ["built"]


def test_two_notes_of_one_name_are_two() -> None:
    layer, other = LibraryObject("Layer"), Note[bool]("built")
    BUILT.begin(layer, True)
    assert other.of(layer) is None
    assert other not in layer.fields


def test_unknown_is_not_absent() -> None:
    layer = LibraryObject("Layer")
    assert BUILT.of(layer, True) is True
    BUILT.begin(layer, None)
    assert BUILT.of(layer, True) is None


def test_a_note_is_undone_with_its_branch() -> None:
    state, layer = State(Recorder()), LibraryObject("Layer")
    BUILT.begin(layer, False)
    mark = state.mark()
    BUILT.put(state, layer, True)
    SEEN.put(state, layer, Gathered((1,)))
    state.rollback(mark)
    assert BUILT.of(layer) is False
    assert SEEN not in layer.fields


def test_different_facts_are_joined() -> None:
    state, layer = State(Recorder()), LibraryObject("Layer")

    def one() -> None:
        BUILT.put(state, layer, True)
        WIDTH.put(state, layer, Const(1))
        SEEN.put(state, layer, Gathered((1, 2)))

    def other() -> None:
        BUILT.put(state, layer, False)
        WIDTH.put(state, layer, Const(2))
        SEEN.put(state, layer, Gathered((2, 3)))

    joined(state, one, other)
    assert BUILT.of(layer, True) is None
    assert isinstance(WIDTH.of(layer), Scalar)
    assert SEEN.of(layer) == (1, 2, 3)


def test_a_fact_of_one_branch_may_hold() -> None:
    state, layer = State(Recorder()), LibraryObject("Layer")
    joined(state, lambda: SEEN.put(state, layer, Gathered((1,))), lambda: None)
    assert SEEN.of(layer) == (1,)
