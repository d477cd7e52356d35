"""A module as those see it who change it: where its nodes stand, what holds them, and edits of its text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import libcst as cst
import libcst.matchers as m
from libcst.metadata import CodeRange, MetadataWrapper, ParentNodeProvider, PositionProvider

from tfgradlint.analysis.results import Edit, Position

#: Expressions that keep their meaning wherever they are put.
_ATOMS = (cst.Name, cst.Attribute, cst.Call, cst.Subscript, cst.Integer, cst.Float, cst.List, cst.SimpleString)


class Code:
    """One module. ``text`` has ``\\n`` at the ends of its lines."""

    def __init__(self, module: cst.Module, text: str) -> None:
        self._wrapper = MetadataWrapper(module, unsafe_skip_copy=True)
        self._module = module
        self._lines = text.split("\n")
        self.default_indent = module.default_indent

    @cached_property
    def _parents(self) -> dict[cst.CSTNode, cst.CSTNode]:
        return dict(self._wrapper.resolve(ParentNodeProvider))

    @cached_property
    def _positions(self) -> dict[cst.CSTNode, CodeRange]:
        return dict(self._wrapper.resolve(PositionProvider))

    # -- looking around

    def source(self, node: cst.CSTNode) -> str:
        """The text of a node, with the brackets around it."""
        return self._module.code_for_node(node)

    def position(self, node: cst.CSTNode) -> Position:
        """Where a node stands, without the brackets around it."""
        found = self._positions[node]
        return Position(found.start.line, found.start.column + 1, found.end.line, found.end.column + 1)

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """The node that holds a node; None of a module."""
        return self._parents.get(node)

    def above(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """A node, the one that holds it, and so on, up to the function, class or lambda around it."""
        found: cst.CSTNode | None = node
        while found is not None:
            yield found
            if found is not node and isinstance(found, (cst.FunctionDef, cst.ClassDef, cst.Lambda, cst.Module)):
                return
            found = self.parent(found)

    def statement(self, node: cst.CSTNode) -> cst.BaseStatement | None:
        """The statement of its own lines that holds a node."""
        return next((each for each in self.above(node) if isinstance(each, cst.BaseStatement)), None)

    def block(self, statement: cst.CSTNode) -> Sequence[cst.BaseStatement]:
        """The statements among which one stands; none where they do not stand on lines of their own."""
        holder = self.parent(statement)
        if not isinstance(holder, (cst.IndentedBlock, cst.Module)):
            return ()
        return tuple(each for each in holder.body if isinstance(each, cst.BaseStatement))

    def scope(self, node: cst.CSTNode) -> cst.CSTNode:
        """The function, class or module in whose names a node is written."""
        *_, last = self.above(node)
        return last

    @cached_property
    def tensorflow(self) -> str | None:
        """What the module calls TensorFlow."""
        for statement in self._module.body:
            for small in statement.body if isinstance(statement, cst.SimpleStatementLine) else ():
                if not isinstance(small, cst.Import):
                    continue
                for alias in small.names:
                    if self.source(alias.name) in ("tensorflow", "tensorflow.compat.v2"):
                        if alias.asname is not None:
                            return self.source(alias.asname.name)
                        return self.source(alias.name)
        return None

    def calls(self, name: str, within: cst.CSTNode | None = None) -> list[cst.Call]:
        """The calls of functions, or methods, of this name."""
        called = m.Name(name) | m.Attribute(attr=m.Name(name))
        found = m.findall(within or self._module, m.Call(func=called))
        return [each for each in found if isinstance(each, cst.Call)]

    # -- changing

    def replace(self, node: cst.CSTNode, text: str) -> Edit:
        """Put a text in the place of a node; the brackets around it stay."""
        return Edit(self.position(node), text)

    def append(self, node: cst.CSTNode, text: str) -> Edit:
        """Write a text right behind a node."""
        at = self.position(node)
        return Edit(Position(at.end_line, at.end_column, at.end_line, at.end_column), text)

    def insert_before(self, statement: cst.CSTNode, *lines: str) -> Edit:
        """New lines before a statement, as deep as it."""
        line = self.position(statement).line
        indent = self.indent(statement)
        return Edit(Position(line, 1, line, 1), "".join(f"{indent}{each}\n" for each in lines))

    def insert_after(self, statement: cst.CSTNode, *lines: str) -> Edit:
        """New lines behind a statement, as deep as it."""
        line = self._last_line(statement)
        end = len(self._lines[line - 1]) + 1
        indent = self.indent(statement)
        return Edit(Position(line, end, line, end), "".join(f"\n{indent}{each}" for each in lines))

    def remove(self, statement: cst.CSTNode) -> Edit:
        """Take out the lines of a statement, which is not the first of the module."""
        before, last = self.position(statement).line - 1, self._last_line(statement)
        return Edit(Position(before, len(self._lines[before - 1]) + 1, last, len(self._lines[last - 1]) + 1), "")

    def indent(self, statement: cst.CSTNode) -> str:
        """The white space before a statement."""
        position = self.position(statement)
        return self._lines[position.line - 1][: position.column - 1]

    def lines(self, first: cst.CSTNode, last: cst.CSTNode) -> tuple[int, list[str]]:
        """The number of the first line, and all lines, from one statement to another one."""
        start = self.position(first).line
        return start, self._lines[start - 1 : self._last_line(last)]

    def height(self, statement: cst.CSTNode) -> int:
        """How many lines a statement has."""
        return self._last_line(statement) - self.position(statement).line + 1

    def _last_line(self, statement: cst.CSTNode) -> int:
        return self.position(statement).end_line

    def in_place_of(self, node: cst.BaseExpression, inner: cst.BaseExpression) -> str:
        """The text of an expression, in brackets where it needs them to stand in the place of another one."""
        text = self.source(inner)
        holder = self.parent(node)
        if isinstance(inner, _ATOMS) or inner.lpar or node.lpar:
            return text
        if (
            isinstance(holder, (cst.Arg, cst.Assign, cst.Return, cst.Expr, cst.Element, cst.ListComp))
            and "\n" not in text
        ):
            return text
        return f"({text})"
