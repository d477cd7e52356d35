"""Which names a turn of a loop binds before it reads them: what they held before makes it no other turn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import libcst as cst

from tfgradlint.flow.python.bodies import code_in

#: Who uses one of these may read any name.
_TRICKS = frozenset({"locals", "vars", "eval", "exec", "globals", "dir"})

#: Names that are bound on every way to a place; None where no way leads there.
_Bound = frozenset[str] | None


class Turn:
    """A turn of a loop, read from its text.

    ``fresh`` are the names that every way through it binds, also those on which it leaves the loop, and none reads
    before that. ``own`` are those that are bound on some way and read on none before, and how often they are read:
    where nobody else does, it does not matter either what they hold at its end. Names that functions may read, within
    this one or of the module, are left to who asks.
    """

    def __init__(self, loop: cst.For | cst.While) -> None:
        self._read: set[str] = set()
        self._reads_of: Counter[str] = Counter()
        self._bound: set[str] = set()
        #: Names that are bound by something else than assignments, so that how often they are read is not counted.
        self._others: set[str] = set()
        #: What is bound where a turn ends, or leaves the loop.
        self._ends: list[frozenset[str]] = []
        bound: frozenset[str] = frozenset()
        if isinstance(loop, cst.While):
            self._reads(loop.test)
        else:
            bound = self._binds(loop.target, bound)
        after = self._suite(loop.body, bound)
        ends = [*self._ends, *([] if after is None else [after])]
        fresh = frozenset[str]() if not ends else frozenset.intersection(*ends)
        tricks = bool(self._read & _TRICKS)
        self.fresh = frozenset() if tricks else fresh - self._read
        own = frozenset() if tricks else self._bound - self._read - self._others
        self.own = {name: self._reads_of[name] for name in own}

    # -- statements

    def _suite(self, suite: cst.BaseSuite, bound: frozenset[str]) -> _Bound:
        if isinstance(suite, cst.SimpleStatementSuite):
            return self._line(suite.body, bound)
        return self._body(suite.body, bound)

    def _body(self, statements: Sequence[cst.CSTNode], bound: _Bound) -> _Bound:
        for statement in statements:
            if bound is None:
                break
            bound = self._statement(statement, bound)
        return bound

    def _statement(self, node: cst.CSTNode, bound: frozenset[str]) -> _Bound:
        if isinstance(node, cst.SimpleStatementLine):
            return self._line(node.body, bound)
        if isinstance(node, cst.If):
            return self._if(node, bound)
        if isinstance(node, cst.For):
            self._reads(node.iter, bound)
            return self._inner(node, self._binds(node.target, bound), bound)
        if isinstance(node, cst.While):
            self._reads(node.test, bound)
            return self._inner(node, bound, bound)
        if isinstance(node, cst.With):
            for item in node.items:
                self._reads(item.item, bound)
                if item.asname is not None:
                    bound = self._binds(item.asname.name, bound)
            return self._suite(node.body, bound)
        if isinstance(node, (cst.Try, cst.TryStar)):
            return self._try(node, bound)
        self._reads(node, bound)  # what is defined here reads later; of a match it is not told what it binds
        return bound

    def _line(self, smalls: Iterable[cst.CSTNode], bound: frozenset[str]) -> _Bound:
        for small in smalls:
            if isinstance(small, cst.Assign):
                self._reads(small.value, bound)
                for target in small.targets:
                    bound = self._binds(target.target, bound)
            elif isinstance(small, cst.AnnAssign):
                if small.value is not None:
                    self._reads(small.value, bound)
                    bound = self._binds(small.target, bound)
            elif isinstance(small, (cst.Break, cst.Continue)):
                self._ends.append(bound)
                return None
            else:
                self._reads(small, bound)
                if isinstance(small, (cst.Return, cst.Raise)):
                    return None
        return bound

    def _if(self, node: cst.If, bound: frozenset[str]) -> _Bound:
        ways: list[_Bound] = []
        current: cst.CSTNode | None = node
        while isinstance(current, cst.If):
            self._reads(current.test, bound)
            ways.append(self._suite(current.body, bound))
            current = current.orelse
        ways.append(self._suite(current.body, bound) if isinstance(current, cst.Else) else bound)
        return _on_all(ways)

    def _inner(self, loop: cst.For | cst.While, begun: frozenset[str], bound: frozenset[str]) -> _Bound:
        """A loop in the turn. It may take no turn, and where its own end does not matter here."""
        ends, self._ends = self._ends, []
        self._suite(loop.body, begun)
        self._ends = ends
        return bound if loop.orelse is None else self._suite(loop.orelse.body, bound)

    def _try(self, node: cst.Try | cst.TryStar, bound: frozenset[str]) -> _Bound:
        way = self._suite(node.body, bound)
        if node.orelse is not None and way is not None:
            way = self._suite(node.orelse.body, way)
        ways = [way]
        for handler in node.handlers:
            self._reads_all([handler.type], bound)
            ways.append(self._suite(handler.body, bound))
        after = _on_all(ways)
        if node.finalbody is not None:
            final = self._suite(node.finalbody.body, bound)
            after = None if after is None or final is None else after | final
        return after

    # -- names

    def _binds(self, target: cst.CSTNode, bound: frozenset[str]) -> frozenset[str]:
        """What is bound behind an assignment to a target; what else stands in the target is read."""
        waiting, names = [target], set()
        while waiting:
            each = waiting.pop()
            if isinstance(each, cst.Name):
                names.add(each.value)
            elif isinstance(each, (cst.Tuple, cst.List)):
                waiting.extend(element.value for element in each.elements)
            else:
                self._reads(each, bound)
        self._bound |= names
        return bound | names

    def _reads_all(self, nodes: Iterable[cst.CSTNode | None], bound: frozenset[str]) -> None:
        for node in nodes:
            if node is not None:
                self._reads(node, bound)

    def _reads(self, node: cst.CSTNode, bound: frozenset[str] = frozenset()) -> None:
        """All names in it are read, but those of attributes and keywords."""
        waiting = [node]
        while waiting:
            each = waiting.pop()
            if isinstance(each, cst.Name):
                self._reads_of[each.value] += 1
                if each.value not in bound:
                    self._read.add(each.value)
            elif isinstance(each, (cst.Attribute, cst.Arg)):
                waiting.append(each.value)
            else:
                if isinstance(each, _BINDING):
                    self._others |= _names_in(each)
                waiting.extend(code_in(each))


#: What binds names besides assignments, loops and ``with``.
_BINDING = (
    cst.NamedExpr,
    cst.CompFor,
    cst.Lambda,
    cst.FunctionDef,
    cst.ClassDef,
    cst.Match,
    cst.Import,
    cst.ImportFrom,
    cst.Global,
    cst.Nonlocal,
)


def _names_in(node: cst.CSTNode) -> set[str]:
    names: set[str] = set()
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if isinstance(each, cst.Name):
            names.add(each.value)
        waiting.extend(code_in(each))
    return names


def _on_all(ways: Iterable[_Bound]) -> _Bound:
    """What is bound on all ways that lead on."""
    open_ = [way for way in ways if way is not None]
    return frozenset.intersection(*open_) if open_ else None
