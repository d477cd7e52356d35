"""What a quick look at Python's own syntax tree tells before anything is interpreted."""

from __future__ import annotations

import ast
from collections import defaultdict

#: Methods whose call asks for gradients, and what opens a tape.
REQUESTS = frozenset({"gradient", "jacobian", "batch_jacobian", "gradients", "hessians", "GradientTape"})


class Outline:
    """Which functions can lead to a request, which are generators, and what is written behind a name's back."""

    def __init__(self, tree: ast.Module) -> None:
        self.global_names: set[str] = set()
        self.generators: set[str] = set()
        #: For each class the attributes of ``self`` that methods other than ``__init__`` assign.
        self.reassigned: dict[str, set[str]] = defaultdict(set)
        self._uses: dict[str, set[str]] = defaultdict(set)
        self._classes: dict[str, set[str]] = defaultdict(set)
        self._walk(tree)
        self._leading = self._closure()

    def leads(self, function: str) -> bool:
        """Whether calling a function of this name can lead to a request."""
        return function in self._leading

    def class_leads(self, cls: str) -> bool:
        return not self._leading.isdisjoint(self._classes[cls])

    def _walk(self, tree: ast.Module) -> None:
        stack: list[tuple[ast.AST, tuple[str, ...], str]] = [(tree, (), "")]
        while stack:
            node, functions, cls = stack.pop()
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                for outer in functions:
                    self._uses[outer].add(node.name)
                if cls and not functions:
                    self._classes[cls].add(node.name)
                functions = (*functions, node.name)
            elif isinstance(node, ast.ClassDef):
                cls, functions = node.name, ()
            elif isinstance(node, ast.Global):
                self.global_names.update(node.names)
            elif isinstance(node, (ast.Yield, ast.YieldFrom)):
                self.generators.update(functions[-1:])
            elif isinstance(node, ast.Name):
                for outer in functions:
                    self._uses[outer].add(node.id)
            elif isinstance(node, ast.Attribute):
                for outer in functions:
                    self._uses[outer].add(node.attr)
                if cls and functions and functions[0] != "__init__" and isinstance(node.ctx, (ast.Store, ast.Del)):
                    self.reassigned[cls].add(node.attr)
            for child in ast.iter_child_nodes(node):
                stack.append((child, functions, cls))

    def _closure(self) -> set[str]:
        leading = {name for name, uses in self._uses.items() if not uses.isdisjoint(REQUESTS)}
        grown = True
        while grown:
            grown = False
            for name, uses in self._uses.items():
                if name not in leading and not uses.isdisjoint(leading):
                    leading.add(name)
                    grown = True
        return leading
