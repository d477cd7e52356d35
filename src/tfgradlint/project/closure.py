"""Whether what a file imports of the program can ask for gradients, by the texts alone."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tfgradlint.analysis.relevance import relevant
from tfgradlint.project.resolver import CannotRead, Resolver, of_others

#: So many modules are looked into.
_MOST = 100
_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+(\.*)([\w.]*)[ \t]+import[ \t]+(\([^)]*\)|[^\n#;]+)|import[ \t]+([\w., \t]+))", re.MULTILINE
)


def begins_program(tree: ast.Module) -> bool:
    """Whether a program can begin with this file: a statement of the module calls something."""
    return any(_calls(each) for each in tree.body if not isinstance(each, _DEFINITIONS))


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_DEFINITIONS = (*_FUNCTIONS, ast.ClassDef, ast.Import, ast.ImportFrom)


def _calls(node: ast.AST) -> bool:
    if isinstance(node, (ast.Call, ast.Await)):
        return True
    return not isinstance(node, _FUNCTIONS) and any(map(_calls, ast.iter_child_nodes(node)))


def leads_to_request(resolver: Resolver, text: str) -> bool:
    """Whether one of the program's own modules that the file imports can contain a request for gradients."""
    waiting = [(resolver.path, text)]
    met: set[str] = {resolver.path}
    while waiting:
        path, text = waiting.pop()
        for module in imported(resolver, path, text):
            if module in met or len(met) > _MOST:
                continue
            met.add(module)
            try:
                inner = resolver.read(module)
            except CannotRead:
                continue
            if relevant(inner):
                return True
            waiting.append((module, inner))
    return False


def imports_own(resolver: Resolver, text: str) -> bool:
    """Whether a file imports anything that may be a module of the program, or the name of one that is."""
    for dots, module, _, plain in _IMPORT.findall(text):
        for each in plain.split(",") if plain else (module,):
            root = each.strip().partition(" ")[0].partition(".")[0]
            if dots or not of_others(root) or resolver.locate(resolver.path, 0, root):
                return True
    return "sys.path" in text


def imported(resolver: Resolver, path: str, text: str) -> Iterator[str]:
    """The files of the program's own modules that a file imports."""
    for dots, module, names, plain in _IMPORT.findall(text):
        if plain:
            for each in plain.split(","):
                yield from (one.path for one in resolver.locate(path, 0, each.split(" as ")[0].strip()) if one.path)
            continue
        chain = resolver.locate(path, len(dots), module)
        yield from (one.path for one in chain if one.path)
        for name in re.findall(r"\w+", names) if chain else ():
            inner = resolver.submodule(chain[-1], name)
            if inner is not None and inner.path:
                yield inner.path
