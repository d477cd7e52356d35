"""Which names a module binds nowhere: using one of them raises ``NameError``."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

#: Whoever uses one of these may bind any name behind the text's back; ``get_ipython`` stands where a magic stood.
_TRICKS = frozenset(
    "exec eval execfile globals locals vars __dict__ __builtins__ builtins modules get_ipython IPython".split()
)
#: Names that come from outside of the text in some places where Python runs, or from newer versions of it.
_GIVEN = frozenset(
    "display In Out exit quit copyright credits license spark sc sqlContext dbutils get_config profile ic "
    "reveal_type reveal_locals aiter anext ExceptionGroup BaseExceptionGroup EncodingWarning "
    "PythonFinalizationError WindowsError".split()
)


class BoundNames:
    """The names of one module, looked at when they are first asked for."""

    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree
        self._bound: frozenset[str] | None = None
        self._open = False

    def nowhere(self, name: str) -> bool:
        """Whether nothing but a parameter ever binds the name, in whichever scope.

        To be asked of a name that is no builtin, and no parameter or variable of the scopes in sight.
        """
        if name.startswith("_") or name in _GIVEN:
            return False
        if self._bound is None:
            self._bound = frozenset(each for node in ast.walk(self._tree) for each in self._bindings(node))
        return not self._open and name not in self._bound

    def _bindings(self, node: Any) -> Iterator[str]:
        if isinstance(node, ast.Name):
            self._open = self._open or node.id in _TRICKS
            if not isinstance(node.ctx, ast.Load):
                yield node.id
        elif isinstance(node, ast.Attribute):
            self._open = self._open or node.attr in _TRICKS
        elif isinstance(node, ast.alias):
            self._open = self._open or node.name == "*" or node.name.partition(".")[0] in _TRICKS
            yield node.asname or node.name.partition(".")[0]
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            yield from node.names
        elif isinstance(node, ast.MatchMapping):
            yield node.rest or ""
        elif not isinstance(node, (ast.arg, ast.keyword)):
            # Definitions, handlers, captures of patterns, parameters of types.
            name = getattr(node, "name", None)
            if isinstance(name, str):
                yield name
