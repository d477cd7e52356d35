"""What a module does when it is imported, told by Python's own tree: it costs a tenth of what running it does."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

#: Calls that change how TensorFlow or Keras go on, for everybody.
_FOR_ALL = re.compile(r"enable_|disable_|run_functions_eagerly|set_floatx|set_image_data_format|policy|set_seed|config")
#: A base class may note down the classes that are derived from it.
_HOOKS = re.compile(r"__init_subclass__|__set_name__|metaclass\s*=")


class Imported(NamedTuple):
    """What one statement imports: as many dots, the module, and the names that are taken from it, if any."""

    level: int
    module: str
    names: tuple[str, ...] = ()


class Outline(NamedTuple):
    """What a module does when it is imported.

    ``inert``: it defines names and nothing else, so that it may as well run when the first of them is used; ``imports``
    are those of its statements, without those within functions; ``names`` are those that it binds, None where that is
    not known; ``listed`` is ``__all__``, where it is written out.
    """

    inert: bool
    imports: tuple[Imported, ...]
    names: frozenset[str] | None
    listed: tuple[str, ...] | None


def outline(text: str, tree: ast.Module, own: Callable[[str], bool]) -> Outline:
    """The outline of a module. ``own`` says whether the program has a module of that name at the top."""
    found = _Walk(own, _HOOKS.search(text) is not None)
    found.statements(tree.body)
    names = None if found.star else frozenset(found.names)
    return Outline(found.inert and "__getattr__" not in found.names, tuple(found.imports), names, found.listed)


class _Walk:
    def __init__(self, own: Callable[[str], bool], hooks: bool) -> None:
        self._own = own
        self._hooks = hooks
        self.inert = True
        self.star = False
        self.imports: list[Imported] = []
        self.names: set[str] = set()
        self.listed: tuple[str, ...] | None = None
        #: The names whose functions belong to others, and which leave alone what is the program's.
        self._others: set[str] = set()

    def statements(self, body: Sequence[ast.stmt]) -> None:
        for statement in body:
            self._statement(statement)

    def _statement(self, node: ast.stmt) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                root = alias.name.partition(".")[0]
                self.imports.append(Imported(0, alias.name))
                self._bound(alias.asname or root, of_others=not self._own(root))
        elif isinstance(node, ast.ImportFrom):
            self.imports.append(Imported(node.level, node.module or "", tuple(alias.name for alias in node.names)))
            of_others = not node.level and not self._own((node.module or "").partition(".")[0])
            for alias in node.names:
                self.star = self.star or alias.name == "*"
                self._bound(alias.asname or alias.name, of_others=of_others)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            self._definition(node)
        elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
            self._assignment(node)
        elif isinstance(node, ast.If):
            if not _is_main(node.test):
                self._checked(node.test)
                self.statements(node.body)
            self.statements(node.orelse)
        elif isinstance(node, ast.Try):
            self.statements([*node.body, *node.orelse, *node.finalbody])
            for handler in node.handlers:
                self.statements(handler.body)
        elif isinstance(node, ast.Expr):
            self._checked(node.value)
        elif not isinstance(node, ast.Pass):
            self.inert = False
            self.star = True  # whatever else binds names

    def _bound(self, name: str, *, of_others: bool = False) -> None:
        self.names.add(name)
        if of_others:
            self._others.add(name)
        else:
            self._others.discard(name)

    def _definition(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        for decorator in node.decorator_list:
            self._harmless(decorator.func if isinstance(decorator, ast.Call) else decorator)
        if isinstance(node, ast.ClassDef):
            self.inert = self.inert and not self._hooks and not node.keywords
            for each in node.body:
                if not isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef)):
                    self._checked(each)
        self._bound(node.name)

    def _assignment(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign) -> None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if node.value is not None:
            self._checked(node.value)
        for target in targets:
            if not isinstance(target, ast.Name) or isinstance(node, ast.AugAssign):
                self.inert = False
            for each in ast.walk(target):
                if isinstance(each, ast.Name):
                    self._bound(each.id)
                    if each.id == "__all__":
                        self.listed = _strings(node.value) if isinstance(node, ast.Assign) else None
                        self.star = self.star or self.listed is None

    def _checked(self, node: ast.AST) -> None:
        """Whether what is called when this is evaluated may do more than give a value."""
        for call in _calls(node):
            self._harmless(call.func)

    def _harmless(self, function: ast.expr) -> None:
        root = function
        while isinstance(root, (ast.Attribute, ast.Call)):
            root = root.func if isinstance(root, ast.Call) else root.value
        name = root.id if isinstance(root, ast.Name) else None
        known = name in self._others or name in _BUILTINS or isinstance(root, ast.Constant)
        # What TensorFlow makes belongs to the moment at which it is made.
        makes = name in ("tf", "tensorflow", "keras", "layers") and not _is_decorator(function)
        if not known or makes or _FOR_ALL.search(ast.unparse(function)) is not None:
            self.inert = False


_BUILTINS = frozenset(
    "dict list tuple set frozenset str int float bool len range sorted min max sum abs zip map enumerate object type "
    "property staticmethod classmethod super isinstance getattr hasattr open print repr format".split()
)


def _is_decorator(function: ast.expr) -> bool:
    return isinstance(function, ast.Attribute) and function.attr in (
        "function",
        "custom_gradient",
        "register_keras_serializable",
        "experimental",
    )


def _calls(node: ast.AST) -> Iterator[ast.Call]:
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if isinstance(each, ast.Lambda):
            continue
        if isinstance(each, ast.Call):
            yield each
        waiting.extend(ast.iter_child_nodes(each))


def _is_main(test: ast.expr) -> bool:
    """Whether it asks for the name of the module, or whether types are being checked: false in an import."""
    names = {getattr(each, "id", "") or getattr(each, "attr", "") for each in ast.walk(test)} - {""}
    return names <= {"__name__", "TYPE_CHECKING", "typing"}


def _strings(node: ast.expr | None) -> tuple[str, ...] | None:
    if not isinstance(node, (ast.List, ast.Tuple)):
        return None
    found = [each.value for each in node.elts if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    return tuple(found) if len(found) == len(node.elts) else None
