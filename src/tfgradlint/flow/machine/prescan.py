"""What a quick look at Python's own syntax tree tells before anything is interpreted."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Callable
from functools import cached_property
from typing import Any

from tfgradlint.flow.machine.bound_names import BoundNames
from tfgradlint.flow.machine.free_names import free_names

#: Methods of a tape whose call asks for gradients.
OF_TAPES = frozenset({"gradient", "jacobian", "batch_jacobian"})
#: What asks for gradients, and what opens a tape.
REQUESTS = OF_TAPES | {"gradients", "hessians", "GradientTape"}
#: Methods of Keras that ask for them.
TRAINING = frozenset({"compile", "fit", "train_on_batch", "minimize", "add_loss"})


_MUTATORS = frozenset(
    "append appendleft extend insert pop popleft remove clear update setdefault add discard sort reverse".split()
)


#: What finds names by their text.
_BY_TEXT = frozenset({"globals", "locals", "vars", "eval", "exec", "__dict__", "__main__"})

_Outer = tuple[str, ...]
#: Nodes without anything below them that matters.
_LEAVES = frozenset({ast.Load, ast.Store, ast.Del, *ast.operator.__subclasses__(), *ast.cmpop.__subclasses__()})


class Prescan:
    """Which functions can lead to a request, which are generators, and what is written behind a name's back."""

    def __init__(self, tree: ast.Module) -> None:
        self.global_names: set[str] = set()
        #: Names of functions that others within them bind anew.
        self.nonlocal_names: set[str] = set()
        #: Names of functions of which at least one is a generator.
        self.generators: set[str] = set()
        #: For each class the attributes of ``self`` that methods other than ``__init__`` assign.
        self.reassigned: dict[str, set[str]] = defaultdict(set)
        #: Attributes and names whose value is changed in place somewhere inside a function.
        self.mutated: set[str] = set()
        #: For each class the names of the classes of the module that derive from it directly.
        self.derived: dict[str, set[str]] = defaultdict(set)
        #: Attributes that are assigned anywhere, and ``run_functions_eagerly`` where it is used.
        self.stored: set[str] = set()
        #: Attributes that are read anywhere, and names that are imported.
        self.mentioned: set[str] = set()
        #: Attributes with two leading underlines, and the classes that assign them: each has its own.
        self.private: dict[str, set[str]] = defaultdict(set)
        #: Names that are read in functions within functions, in lambdas and in generators: the text does not tell when.
        self.read_inside: set[str] = set()
        #: How often functions of a name read each name, without those within; "": the module.
        self.reads: dict[str, Counter[str]] = defaultdict(Counter)
        self._uses: dict[str, set[str]] = defaultdict(set)
        self._assigned: dict[str, set[str]] = defaultdict(set)
        #: The targets of comprehensions, which are names of their own.
        self._inner: set[int] = set()
        self._classes: dict[str, set[str]] = defaultdict(set)
        #: How deeply the tree is nested; a chain of ``elif`` does not count.
        self.depth = 0
        self._tree = tree
        self.names = BoundNames(tree)
        self._walk(tree)
        self._leading = self._closure()

    def may_reach_request(self, function: str) -> bool:
        """Whether calling a function of this name can lead to a request."""
        return function in self._leading

    def uses(self, function: str) -> set[str]:
        """The names and attributes in the bodies of the functions of this name."""
        return self._uses.get(function, set())

    @cached_property
    def read_in_functions(self) -> frozenset[str]:
        """The names of the module that functions read; each that they use where some go by its text."""
        used = frozenset[str]().union(*self._uses.values())
        return used if used & _BY_TEXT else free_names(self._tree)

    def assigns(self, function: str, name: str) -> bool:
        """Whether a function of this name binds the name somewhere in its body."""
        return name in self._assigned[function]

    def class_may_reach_request(self, cls: str) -> bool:
        return not self._leading.isdisjoint(self._classes[cls])

    def _walk(self, tree: ast.Module) -> None:
        """One pass over the tree, without recursion: it may be nested deeply."""
        deepest = 0
        stack: list[tuple[Any, tuple[str, ...], str, int]] = [(tree, (), "", 0)]
        while stack:
            node, functions, cls, depth = stack.pop()
            if depth > deepest:
                deepest = depth
            kind = type(node)
            weigh = _WEIGHTS.get(kind)
            if weigh is not None:
                depth += weigh(node)
                deepest = max(deepest, depth)
            note = _NOTED.get(kind)
            if note is not None:
                functions, cls = note(self, node, functions, cls)
            depth += 1
            for field in node._fields:
                value = getattr(node, field, None)
                if type(value) is list:
                    # A chain of elif nests in the tree only.
                    below = depth - 2 if kind is ast.If and field == "orelse" else depth
                    for item in value:
                        if isinstance(item, ast.AST):
                            stack.append((item, functions, cls, below))
                elif isinstance(value, ast.AST) and type(value) not in _LEAVES:
                    stack.append((value, functions, cls, depth))
        self.depth = deepest

    def _function(self, node: ast.FunctionDef, functions: _Outer, cls: str) -> tuple[_Outer, str]:
        for outer in functions:
            self._uses[outer].add(node.name)
        if cls and not functions:
            self._classes[cls].add(node.name)
        self._uses[node.name]
        return (*functions, node.name), cls

    def _augmented(self, node: ast.AugAssign, functions: _Outer, cls: str) -> tuple[_Outer, str]:
        if isinstance(node.target, ast.Name):
            self.reads[functions[-1] if functions else ""][node.target.id] += 1
        return functions, cls

    def _inside(self, node: ast.AST, functions: _Outer, cls: str) -> tuple[_Outer, str]:
        self.read_inside.update(each.id for each in ast.walk(node) if isinstance(each, ast.Name))
        return functions, cls

    def _class(self, node: ast.ClassDef, functions: _Outer, cls: str) -> tuple[_Outer, str]:
        if functions:
            self._inside(node, functions, cls)
        for base in node.bases:
            if isinstance(base, ast.Name):
                self.derived[base.id].add(node.name)
        return (), node.name

    def _subscript(self, node: ast.Subscript, functions: _Outer, cls: str) -> tuple[_Outer, str]:
        if functions and not isinstance(node.ctx, ast.Load):
            self._note_mutation(node.value)
        return functions, cls

    def _global(self, node: ast.Global, functions: _Outer, cls: str) -> tuple[_Outer, str]:
        self.global_names.update(node.names)
        return functions, cls

    def _nonlocal(self, node: ast.Nonlocal, functions: _Outer, cls: str) -> tuple[_Outer, str]:
        self.nonlocal_names.update(node.names)
        return functions, cls

    def _yield(self, node: ast.Yield, functions: _Outer, cls: str) -> tuple[_Outer, str]:
        self.generators.update(functions[-1:])
        return functions, cls

    def _comprehension(self, node: ast.comprehension, functions: _Outer, cls: str) -> tuple[_Outer, str]:
        self._inner.update(id(name) for name in ast.walk(node.target))
        return functions, cls

    def _name(self, node: ast.Name, functions: _Outer, cls: str) -> tuple[_Outer, str]:
        for outer in functions:
            self._uses[outer].add(node.id)
        if len(functions) > 1:
            self.read_inside.add(node.id)
        if not isinstance(node.ctx, ast.Store):
            self.reads[functions[-1] if functions else ""][node.id] += 1
        if functions and not isinstance(node.ctx, ast.Load) and id(node) not in self._inner:
            self._assigned[functions[-1]].add(node.id)
        return functions, cls

    def _attribute(self, node: ast.Attribute, functions: _Outer, cls: str) -> tuple[_Outer, str]:
        if isinstance(node.ctx, ast.Store) or node.attr == "run_functions_eagerly":
            self.stored.add(node.attr)
        if isinstance(node.ctx, ast.Store) and node.attr.startswith("__") and not node.attr.endswith("__"):
            self.private[node.attr].add(cls)
        self.mentioned.add(node.attr)
        if functions:
            if node.attr in _MUTATORS:
                self._note_mutation(node.value)
            for outer in functions:
                self._uses[outer].add(node.attr)
            if cls and functions[0] != "__init__" and not isinstance(node.ctx, ast.Load):
                self.reassigned[cls].add(node.attr)
        return functions, cls

    def _import(self, node: ast.ImportFrom, functions: _Outer, cls: str) -> tuple[_Outer, str]:
        self.mentioned.update(alias.name for alias in node.names)
        return functions, cls

    def _note_mutation(self, value: ast.expr) -> None:
        if isinstance(value, ast.Attribute):
            self.mutated.add(value.attr)
        elif isinstance(value, ast.Name):
            self.mutated.add(value.id)

    def methods(self, cls: str) -> set[str]:
        """The methods that a class's body defines."""
        return self._classes[cls]

    def uses_anywhere(self, name: str) -> bool:
        """Whether a function of the module uses a name."""
        return any(name in uses for uses in self._uses.values())

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
        leading = {name for name, uses in self._uses.items() if not uses.isdisjoint(REQUESTS | TRAINING)}
        grown = True
        while grown:
            grown = False
            for name, uses in self._uses.items():
                if name not in leading and not uses.isdisjoint(leading):
                    leading.add(name)
                    grown = True
        return leading


def _dots(node: Any) -> int:
    names: list[str] = [*(alias.name for alias in node.names), getattr(node, "module", None) or ""]
    return max(name.count(".") for name in names)


def _deleted(node: Any) -> int:
    return _SLOW if isinstance(node.ctx, ast.Del) else 0


#: libcst's parser takes twice as long for each level of these.
_SLOW = 300
#: Where libcst's tree is nested more deeply than Python's, or costs more than its depth.
_WEIGHTS: dict[type, Callable[[Any], int]] = {
    ast.BoolOp: lambda node: len(node.values),
    ast.Import: _dots,
    ast.ImportFrom: _dots,
    ast.Tuple: _deleted,
    ast.List: _deleted,
    **{pattern: lambda node: _SLOW for pattern in ast.pattern.__subclasses__()},
}

_NOTED: dict[type, Callable[[Prescan, Any, _Outer, str], tuple[_Outer, str]]] = {
    ast.FunctionDef: Prescan._function,
    ast.AsyncFunctionDef: Prescan._function,
    ast.ClassDef: Prescan._class,
    ast.Subscript: Prescan._subscript,
    ast.Global: Prescan._global,
    ast.Nonlocal: Prescan._nonlocal,
    ast.Yield: Prescan._yield,
    ast.YieldFrom: Prescan._yield,
    ast.comprehension: Prescan._comprehension,
    ast.AugAssign: Prescan._augmented,
    ast.Lambda: Prescan._inside,
    ast.GeneratorExp: Prescan._inside,
    ast.Name: Prescan._name,
    ast.Attribute: Prescan._attribute,
    ast.ImportFrom: Prescan._import,
}
