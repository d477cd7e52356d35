"""Values answer for themselves, and the walk over them says what it leaves out."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import pytest

import tfgradlint
from tfgradlint.flow.graph.nodes import LEAF, NOWHERE, Node, cut_off
from tfgradlint.flow.values.base import Cell, Const, HoldsNothing, Member, Tensor, Value
from tfgradlint.flow.values.containers import Container, DictContent, DictObject, Items, ListObject, Repeated, Union
from tfgradlint.flow.values.functions import Method, NativeFunction
from tfgradlint.flow.values.walk import (
    FOLDED,
    HANDED,
    LEAVES,
    READ,
    fold,
    known_tuple,
    leaves_of,
    nodes_of,
    pairs,
    rebuilt,
    shallow,
    walk,
)


def tensor(seq: int = 0) -> Tensor:
    return Tensor(Node(LEAF, seq, NOWHERE))


def listed(*values: Value) -> ListObject:
    return ListObject(Items(values, "list"))


def kinds(kind: type[Value] = Value) -> Iterator[type[Value]]:
    for each in kind.__subclasses__():
        yield each
        yield from kinds(each)


def test_every_kind_of_value_says_what_it_holds() -> None:
    for module in pkgutil.walk_packages(tfgradlint.__path__, "tfgradlint."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    own = [kind for kind in kinds() if kind.__module__.startswith("tfgradlint.") and kind is not Cell]
    silent = [kind.__name__ for kind in own if kind.held is Value.held]
    assert len(own) > 20
    assert silent == []


class Silent(Value):
    """A kind that does not say what it holds."""

    __slots__ = ()


class Own(HoldsNothing):
    __slots__ = ()


def test_what_a_kind_does_not_say_is_not_known() -> None:
    assert cut_off(nodes_of(Items((tensor(), Silent()))))
    assert not cut_off(nodes_of(Items((tensor(), Own()))))


def test_nodes_come_in_order_and_as_often_as_they_are_read() -> None:
    one, other, rest = tensor(1), tensor(2), tensor(3)
    entries = DictObject(DictContent({"b": one, "a": other}, rest))
    found = nodes_of(Items((one, one, listed(other), entries, Union((rest, one)), Repeated(other), Const(1))))
    assert [node.seq for node in found] == [1, 1, 2, 1, 2, 3, 3, 1, 2]


@pytest.mark.parametrize("more", [0, 1, 100])
def test_what_the_bound_leaves_out_is_one_node_more(more: int) -> None:
    found = nodes_of(Items(tuple(tensor(seq) for seq in range(READ + more))))
    assert len(found) == READ + bool(more)
    assert [node.seq for node in found[:READ]] == list(range(READ))
    assert cut_off(found) is bool(more)


def test_what_holds_others_is_met_once_and_leaves_as_often_as_they_stand_there() -> None:
    leaf = tensor()
    inner = listed(leaf, leaf)
    outer = listed(inner, inner)
    outer.fields["content"] = Items((inner, inner, outer), "list")
    assert [each for each in walk(outer) if isinstance(each, (Container, Tensor))] == [outer, inner, leaf, leaf]


def test_what_falls_into_hands() -> None:
    one = tensor()
    function = NativeFunction("f", lambda args, kwargs: one)
    method = Method(function, Member(listed(one), "append"))
    assert [type(each).__name__ for each in walk(method, HANDED)] == [
        *("Method", "NativeFunction", "Member", "ListObject", "Items", "Tensor")
    ]
    assert list(walk(method)) == [method]


def test_leaves_have_the_names_a_reader_gives_them() -> None:
    nest = Items((listed(Const(1)), DictObject(DictContent({2: Const(2), "a": Const(3)})), Repeated(Const(4))))
    found = leaves_of(nest, "x")
    assert found is not None
    assert [label for label, _ in found] == ["x[0][0]", "x[1][2]", "x[1]['a']", "x[2][...]"]


def test_too_many_leaves_are_none() -> None:
    assert leaves_of(Items((Const(0),) * (LEAVES - 1))) is not None
    assert leaves_of(Items((Const(0),) * LEAVES)) is None
    endless = listed()
    endless.fields["content"] = Items((endless,), "list")
    assert leaves_of(endless) is None


def test_a_fold_makes_the_same_of_other_leaves() -> None:
    nest = Items((Const(1), Items((Const(2),), "tuple", ("field",)), listed(Const(3))))
    made = fold(nest, known_tuple, lambda leaf: Own() if isinstance(leaf, Const) else leaf, rebuilt)
    assert isinstance(made, Items)
    assert [type(each) for each in made.items] == [Own, Items, ListObject]
    inner = made.items[1]
    assert isinstance(inner, Items)
    assert inner.fields == ("field",)


def test_a_fold_gives_leaves_what_it_does_not_go_into() -> None:
    doubled: Value = Items((Const(1),))
    for _ in range(60):
        doubled = Items((doubled, doubled))
    met: list[Value] = []
    fold(doubled, known_tuple, lambda leaf: met.append(leaf), lambda holder, parts: None)
    assert len(met) < FOLDED
    assert any(isinstance(each, Items) for each in met)
    endless = listed()
    endless.fields["content"] = Items((Const(1), endless), "list")
    met.clear()
    fold(endless, lambda value, level: value.held() or None, lambda leaf: met.append(leaf), lambda holder, parts: None)
    assert [type(each) for each in met] == [Const, ListObject]
    met.clear()
    deep = Items((Items((Items(()),)),))
    fold(deep, shallow(2, 1), lambda leaf: met.append(leaf), lambda holder, parts: None)
    assert len(met) == 1


def test_a_fold_with_what_is_known_makes_one_of_one() -> None:
    inner = Items((Const(1),))
    made = fold(Items((inner, inner)), known_tuple, lambda leaf: leaf, rebuilt, {})
    assert isinstance(made, Items)
    assert made.items[0] is made.items[1]


def test_pairs_stand_in_the_same_place() -> None:
    old = listed(Const(1), DictObject(DictContent({"a": Const(2)}, Const(3))), Items(()))
    new = listed(Const(4), DictObject(DictContent({"b": Const(5), "a": Const(6)})), listed())
    values = [
        (one.value, other.value)
        for one, other in pairs(old, new)
        if isinstance(one, Const) and isinstance(other, Const)
    ]
    assert values == [(1, 4), (2, 6)]


def test_truth_and_membership() -> None:
    assert [Const(0).truth(), listed().truth(), listed(tensor()).truth(), tensor().truth()] == [
        False,
        False,
        True,
        None,
    ]
    assert Union((Const(1), listed(Const(2)))).truth() is True
    assert Union((Const(1), listed())).truth() is None
    assert DictObject(DictContent({}, tensor())).truth() is None
    assert [listed(Const(1)).contains(1), listed(Const(1)).contains(2), listed(tensor()).contains(1)] == [
        True,
        False,
        None,
    ]
    assert [Const("abc").contains("b"), DictObject(DictContent({"a": Const(1)})).contains("a")] == [True, True]


def test_the_same_value() -> None:
    one, other = tensor(), tensor()
    assert Tensor(one.node).same_as(one)
    assert not one.same_as(other)
    assert Items((one, Const(1))).same_as(Items((one, Const(1))))
    assert not Items((Const(1),)).same_as(Items((Const(True),)))
    deep, again = Items((Const(1),)), Items((Const(1),))
    for _ in range(9):
        deep, again = Items((deep,)), Items((again,))
    assert deep.same_as(deep)
    assert not deep.same_as(again)
