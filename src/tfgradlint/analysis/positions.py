"""Where things stand: lines and columns, worked out only for what is reported."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import libcst as cst
from libcst._nodes.internal import CodegenState

from tfgradlint.analysis.results import Position
from tfgradlint.analysis.unused import Unused

if TYPE_CHECKING:
    from tfgradlint.analysis.parsed import Parsed
    from tfgradlint.flow.graph.nodes import Site

#: Modules whose ``gradient`` is no tape's, under whatever name they are imported.
_OTHER_GRADIENTS = frozenset({"numpy", "scipy", "jax", "torch", "autograd", "sympy"})


class Positions:
    """Positions in one module.

    libcst's nodes know no positions, and computing them all costs more than parsing. Python's own syntax tree
    knows where each statement starts; inside a statement the text is generated up to the expression.
    """

    def __init__(self, text: str, module: cst.Module, tree: ast.Module) -> None:
        self._module = module
        self._tree = tree
        # As Python counts lines: a form feed ends none.
        self._lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        self._unused: set[tuple[int, int]] | None = None
        self._of_modules: set[tuple[int, int]] | None = None
        self._starts: dict[int, tuple[int, int]] | None = None
        self._inner: dict[int, dict[int, tuple[int, int, int, int]]] = {}

    def position(self, site: Site) -> Position:
        """The position of a site; of its statement where the expression is not known."""
        statement = site.statement
        if statement is None:
            return Position(1, 1, 1, 1)
        line, column = self._start(statement)
        inner = self._inside(statement)
        own = inner.get(id(_first(statement)), (1, 0, 1, 0))
        found = inner.get(id(site.expression)) if site.expression is not None else self._first_small(statement, inner)
        if found is None:
            found = own
        top, left, bottom, right = found
        return Position(
            line + top - own[0],
            (column + left - own[1] if top == own[0] else left) + 1,
            line + bottom - own[0],
            (column + right - own[1] if bottom == own[0] else right) + 1,
        )

    def holds(self, statement: cst.CSTNode) -> bool:
        """Whether a statement is one of this module's."""
        self._start(statement)
        return self._starts is not None and id(statement) in self._starts

    def first_line(self, site: Site) -> Position:
        """The position of what begins a site, to the end of its line."""
        at = self.position(site)
        end = len(self._lines[at.line - 1].rstrip()) + 1
        return Position(at.line, at.column, at.line, max(at.column, end))

    def calls(self, names: frozenset[str]) -> Iterator[tuple[ast.Call, int, int]]:
        """Every call of a method with one of these names, and where it starts; what a module has is no method."""
        for node, of_module in self._calls(names):
            if not of_module:
                yield node, *self._started(node)

    def of_modules(self, names: frozenset[str]) -> set[tuple[int, int]]:
        """Where those calls with one of these names start that are functions of imported modules."""
        if self._of_modules is None:
            self._of_modules = {self._started(node) for node, of_module in self._calls(names) if of_module}
        return self._of_modules

    def _calls(self, names: frozenset[str]) -> Iterator[tuple[ast.Call, bool]]:
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in names:
                owner = node.func.value
                while isinstance(owner, ast.Attribute):
                    owner = owner.value
                known = self._modules.get(owner.id) if isinstance(owner, ast.Name) else None
                # No module is a tape; what one of somebody's own has may well be.
                yield node, known is not None and (known or owner is node.func.value)

    @cached_property
    def _modules(self) -> dict[str, bool]:
        """The names that only imports of modules bind, and whether all in these modules is known to be no tape."""
        bound: dict[str, list[bool]] = {}
        others: set[str] = set()
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    root = alias.name.partition(".")[0]
                    bound.setdefault(alias.asname or root, []).append(root in _OTHER_GRADIENTS)
            elif isinstance(node, ast.ImportFrom):
                known = (node.module or "").partition(".")[0] in _OTHER_GRADIENTS and not node.level
                for alias in node.names:
                    if known:
                        bound.setdefault(alias.asname or alias.name, []).append(True)
                    else:
                        others.add(alias.asname or alias.name)
            elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                others.add(node.id)
            elif isinstance(node, ast.arg):
                others.add(node.arg)
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                others.add(node.name)
        return {name: all(kinds) for name, kinds in bound.items() if name not in others}

    def _started(self, node: ast.Call) -> tuple[int, int]:
        before = self._lines[node.lineno - 1].encode()[: node.col_offset]
        return node.lineno, len(before.decode(errors="replace")) + 1

    def unused(self, names: frozenset[str]) -> set[tuple[int, int]]:
        """Where those of these calls start whose result nothing reads."""
        if self._unused is None:
            found = Unused(self._tree)
            self._unused = {(line, column) for call, line, column in self.calls(names) if found.unused(call)}
        return self._unused

    def code(self, node: cst.CSTNode) -> str:
        """The text of a node."""
        return self._module.code_for_node(node)

    def _first_small(
        self, statement: cst.CSTNode, inner: dict[int, tuple[int, int, int, int]]
    ) -> tuple[int, int, int, int] | None:
        if isinstance(statement, cst.SimpleStatementLine) and statement.body:
            return inner.get(id(statement.body[0]))
        return None

    def _start(self, statement: cst.CSTNode) -> tuple[int, int]:
        if self._starts is None:
            self._starts = {}
            _pair(self._module.body, self._tree.body, self._starts)
        return self._starts.get(id(statement), (1, 0))

    def _inside(self, statement: cst.CSTNode) -> dict[int, tuple[int, int, int, int]]:
        """Start and end of every node of a statement, relative to its generated text."""
        found = self._inner.get(id(statement))
        if found is None:
            state = _Tracking(self._module.default_indent, self._module.default_newline, statement)
            statement._codegen(state)
            found = self._inner[id(statement)] = state.found
        return found


class Places(Positions):
    """Positions in a program: those of the judged module, and of the others that it imports, each with its path."""

    def __init__(self, own: Parsed, others: Iterable[tuple[str, Parsed]] = (), path: str = "") -> None:
        super().__init__(own.text, own.module, own.tree)
        self._path = path
        self._others = [(each, Positions(text.text, text.module, text.tree)) for each, text in others]
        self._found: dict[int, tuple[str, Positions | None]] = {}

    def path(self, site: Site | None) -> str:
        """The path of the module that a site stands in; "" for the judged one."""
        return self._module_of(site)[0] if site is not None else ""

    def relative(self, path: str, to: str = "") -> str:
        """A path ("": the judged module's), relative to the folder of a module, as it is written down."""
        return os.path.relpath(path or self._path, os.path.dirname(to or self._path)).replace(os.sep, "/")

    def position(self, site: Site) -> Position:
        """The position of a site in its own module."""
        positions = self._module_of(site)[1]
        return super().position(site) if positions is None else positions.position(site)

    def first_line(self, site: Site) -> Position:
        positions = self._module_of(site)[1]
        return super().first_line(site) if positions is None else positions.first_line(site)

    def _module_of(self, site: Site) -> tuple[str, Positions | None]:
        statement = site.statement
        if statement is None or not self._others:
            return "", None
        found = self._found.get(id(statement))
        if found is None:
            there = () if self.holds(statement) else (each for each in self._others if each[1].holds(statement))
            found = self._found[id(statement)] = next(iter(there), ("", None))
        return found


class _Tracking(CodegenState):
    """Generates text and notes where each node starts and ends. The body of a compound statement is left out."""

    def __init__(self, indent: str, newline: str, statement: cst.CSTNode) -> None:
        super().__init__(default_indent=indent, default_newline=newline)
        self.found: dict[int, tuple[int, int, int, int]] = {}
        self._line, self._column = 1, 0
        self._open: list[tuple[int, int]] = []
        self._statement = statement

    def add_token(self, value: str) -> None:
        super().add_token(value)
        lines = value.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        if len(lines) > 1:
            self._line += len(lines) - 1
            self._column = len(lines[-1])
        else:
            self._column += len(value)

    def add_indent_tokens(self) -> None:
        super().add_indent_tokens()

    def before_codegen(self, node: cst.CSTNode) -> None:
        self._open.append((self._line, self._column))

    def after_codegen(self, node: cst.CSTNode) -> None:
        start = self._open.pop()
        self.found.setdefault(id(node), (*start, self._line, self._column))

    def record_syntactic_position(self, node, *, start_node=None, end_node=None):  # type: ignore[no-untyped-def]
        return _Syntactic(self, node, start_node, end_node)


class _Syntactic:
    """Narrows a node's position to its own text, without surrounding whitespace and parentheses' padding."""

    def __init__(self, state: _Tracking, node: cst.CSTNode, start: object, end: object) -> None:
        self._state, self._node = state, node
        self._start_node, self._end_node = start, end
        self._at = (1, 0)

    def __enter__(self) -> None:
        self._at = (self._state._line, self._state._column)

    def __exit__(self, *error: object) -> None:
        found = self._state.found
        start, end = self._at, (self._state._line, self._state._column)
        if self._start_node is not None and id(self._start_node) in found:
            start = found[id(self._start_node)][:2]
        if self._end_node is not None and id(self._end_node) in found:
            end = found[id(self._end_node)][2:]
        found[id(self._node)] = (*start, *end)


def _first(statement: cst.CSTNode) -> cst.CSTNode:
    """What a statement begins with: a decorated one with a decorator."""
    decorated = isinstance(statement, (cst.FunctionDef, cst.ClassDef)) and statement.decorators
    return statement.decorators[0] if decorated else statement  # type: ignore[attr-defined]


def _pair(nodes: Sequence[cst.CSTNode], statements: Sequence[ast.AST], starts: dict[int, tuple[int, int]]) -> None:
    """Walk both trees side by side: the same statements stand in the same places."""
    position = 0
    for node in nodes:
        if isinstance(node, cst.SimpleStatementLine):
            if position < len(statements):
                starts[id(node)] = _at(statements[position])
            position += len(node.body)
            continue
        if position >= len(statements):
            return
        statement = statements[position]
        position += 1
        starts[id(node)] = _at(statement)
        _pair_inside(node, statement, starts)


def _at(statement: Any) -> tuple[int, int]:
    decorators = getattr(statement, "decorator_list", None)
    if decorators:
        return decorators[0].lineno, decorators[0].col_offset - 1
    return statement.lineno, statement.col_offset


def _pair_inside(node: cst.CSTNode, statement: ast.AST, starts: dict[int, tuple[int, int]]) -> None:
    while True:
        body = getattr(node, "body", None)
        if isinstance(body, cst.IndentedBlock):
            _pair(body.body, getattr(statement, "body", ()), starts)
        for handler, other in zip(getattr(node, "handlers", ()), getattr(statement, "handlers", ()), strict=False):
            if isinstance(handler.body, cst.IndentedBlock):
                _pair(handler.body.body, other.body, starts)
        for case, other in zip(getattr(node, "cases", ()), getattr(statement, "cases", ()), strict=False):
            if isinstance(case.body, cst.IndentedBlock):
                _pair(case.body.body, other.body, starts)
        final = getattr(node, "finalbody", None)
        if final is not None and isinstance(final.body, cst.IndentedBlock):
            _pair(final.body.body, getattr(statement, "finalbody", ()), starts)
        orelse = getattr(node, "orelse", None)
        if isinstance(orelse, cst.If):
            node, statement = orelse, statement.orelse[0]  # type: ignore[attr-defined]
            starts[id(node)] = _at(statement)
            continue
        if isinstance(orelse, cst.Else) and isinstance(orelse.body, cst.IndentedBlock):
            _pair(orelse.body.body, getattr(statement, "orelse", ()), starts)
        return
