"""Which names functions read that none of them binds: those of the module."""

from __future__ import annotations

import ast
from collections.abc import Iterator

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_LATER = (*_FUNCTIONS, ast.GeneratorExp)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class _Scope:
    """A function, a comprehension or the body of a class, in the text of what is around it."""

    __slots__ = ("bound", "function", "is_class", "outer", "parent", "read")

    def __init__(self, node: ast.AST | None, parent: _Scope | None) -> None:
        self.parent = parent
        self.is_class = isinstance(node, ast.ClassDef)
        #: Whether it is, or is within, something that runs later.
        self.function: bool = isinstance(node, _LATER) or (parent is not None and parent.function)
        self.bound: set[str] = set()
        #: What it declares to be bound further out.
        self.outer: set[str] = set()
        self.read: set[str] = set()


def free_names(tree: ast.Module) -> frozenset[str]:
    """The names that functions of the module read and do not bind, without recursion: it may be nested deeply."""
    scopes: list[_Scope] = []
    module = _Scope(None, None)
    waiting: list[tuple[ast.AST, _Scope]] = [(tree, module)]
    while waiting:
        node, scope = waiting.pop()
        if isinstance(node, ast.Name):
            if not isinstance(node.ctx, ast.Store):
                scope.read.add(node.id)
            if not isinstance(node.ctx, ast.Load):
                scope.bound.add(node.id)
        elif isinstance(node, ast.arg):
            scope.bound.add(node.arg)
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            scope.outer.update(node.names)
            scope.read.update(node.names)
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            scope.read.add(node.target.id)
        inner = scope
        if isinstance(node, (*_FUNCTIONS, *_COMPREHENSIONS, ast.ClassDef)):
            inner = _Scope(node, scope)
            scopes.append(inner)
        around = _evaluated_around(node)
        outer = (scope.parent or scope) if isinstance(node, (ast.arguments, ast.comprehension)) else scope
        waiting.extend((child, outer if child in around else inner) for child in ast.iter_child_nodes(node))
    return frozenset(name for scope in scopes if scope.function for name in _unbound(scope, module))


def _evaluated_around(node: ast.AST) -> list[ast.AST]:
    """What of a node is evaluated in the scope that it stands in."""
    if isinstance(node, ast.arguments):
        return [*node.defaults, *(each for each in node.kw_defaults if each is not None)]
    if isinstance(node, ast.ClassDef):
        return [*node.bases, *node.keywords, *node.decorator_list]
    return [node.iter] if isinstance(node, ast.comprehension) else []


def _unbound(scope: _Scope, module: _Scope) -> Iterator[str]:
    for name in scope.read:
        around: _Scope | None = scope
        while around is not None and around is not module:
            binds = name in around.bound and name not in around.outer
            if binds and around.function and (around is scope or not around.is_class):
                break
            around = around.parent
        if around is None or around is module:
            yield name
