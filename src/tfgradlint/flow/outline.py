"""What a quick look at Python's own syntax tree tells before anything is interpreted."""

from __future__ import annotations

import ast
from collections import defaultdict

#: Methods whose call asks for gradients, and what opens a tape.
REQUESTS = frozenset({"gradient", "jacobian", "batch_jacobian", "gradients", "hessians", "GradientTape"})


_MUTATORS = frozenset(
    "append appendleft extend insert pop popleft remove clear update setdefault add discard sort reverse".split()
)


class Outline:
    """Which functions can lead to a request, which are generators, and what is written behind a name's back."""

    def __init__(self, tree: ast.Module) -> None:
        self.global_names: set[str] = set()
        self.generators: set[str] = set()
        #: For each class the attributes of ``self`` that methods other than ``__init__`` assign.
        self.reassigned: dict[str, set[str]] = defaultdict(set)
        #: Attributes and names whose value is changed in place somewhere inside a function.
        self.mutated: set[str] = set()
        #: For each class the names of the classes of the module that derive from it directly.
        self.derived: dict[str, set[str]] = defaultdict(set)
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
                for base in node.bases:
                    if isinstance(base, ast.Name):
                        self.derived[base.id].add(node.name)
                cls, functions = node.name, ()
            elif isinstance(node, ast.Subscript) and functions and isinstance(node.ctx, (ast.Store, ast.Del)):
                self._note_mutation(node.value)
            elif isinstance(node, ast.Global):
                self.global_names.update(node.names)
            elif isinstance(node, (ast.Yield, ast.YieldFrom)):
                self.generators.update(functions[-1:])
            elif isinstance(node, ast.Name):
                for outer in functions:
                    self._uses[outer].add(node.id)
            elif isinstance(node, ast.Attribute):
                if functions and node.attr in _MUTATORS:
                    self._note_mutation(node.value)
                for outer in functions:
                    self._uses[outer].add(node.attr)
                if cls and functions and functions[0] != "__init__" and isinstance(node.ctx, (ast.Store, ast.Del)):
                    self.reassigned[cls].add(node.attr)
            for child in ast.iter_child_nodes(node):
                stack.append((child, functions, cls))

    def _note_mutation(self, value: ast.expr) -> None:
        if isinstance(value, ast.Attribute):
            self.mutated.add(value.attr)
        elif isinstance(value, ast.Name):
            self.mutated.add(value.id)

    def methods(self, cls: str) -> set[str]:
        """The methods that a class's body defines."""
        return self._classes[cls]

    def overridden(self, cls: str, method: str) -> bool:
        """Whether a class of the module below this one defines the method anew."""
        waiting, seen = list(self.derived[cls]), {cls}
        while waiting:
            below = waiting.pop()
            if method in self._classes[below]:
                return True
            if below not in seen:
                seen.add(below)
                waiting += self.derived[below]
        return False

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
