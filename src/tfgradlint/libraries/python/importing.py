"""``importlib.import_module`` and ``__import__``: modules that are imported by a name that the program makes."""

from __future__ import annotations

from collections.abc import Mapping

from tfgradlint.flow.graph import origins
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import Const, Value
from tfgradlint.flow.values.containers import Items
from tfgradlint.libraries.registry import Handler


def _import_module(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    given = {**dict(zip(("name", "package"), args, strict=False)), **kwargs}
    name = _text(given.get("name"))
    if name is not None and name.startswith("."):
        name = _absolute(name, _text(given.get("package")))
    if name is None:
        return _any_module(interp)
    return interp.imports.module(0, name) or interp.libraries.imported(name)


def _import(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """``__import__("a.b")`` gives ``a``, as ``import a.b`` does; asked for names of it, ``a.b``."""
    name = _text(args[0]) if args else None
    if name is None or len(args) > 4 or kwargs.keys() - {"globals", "locals", "fromlist"}:
        return _any_module(interp)
    asked = kwargs.get("fromlist", args[3] if len(args) > 3 else Items(()))
    if asked.truth() is None:
        return None
    if asked.truth():
        return interp.imports.module(0, name) or interp.libraries.imported(name)
    followed = interp.imports.package(name)
    return followed or interp.libraries.imported(name.partition(".")[0])


def _text(value: Value | None) -> str | None:
    return value.value if isinstance(value, Const) and isinstance(value.value, str) else None


def _absolute(name: str, package: str | None) -> str | None:
    """A name that is relative to a package."""
    rest = name.lstrip(".")
    parts = package.split(".") if package else []
    above = len(name) - len(rest) - 1
    if above >= len(parts):
        return None
    return ".".join([*parts[: len(parts) - above], *([rest] if rest else [])])


def _any_module(interp: Context) -> Value:
    """Some module has run: it may have put what it defines into the lists and dictionaries of others."""
    modules = list(dict.fromkeys((*interp.imports.settle(), *interp.program.modules())))
    mutated = frozenset[str]().union(*(each.mutated for each in interp.prescans()))
    for module in modules:
        for name in sorted(mutated.intersection(module.fields)):
            interp.entry_points.forget_content(module.fields[name])
    return interp.unknown(origins.IMPORT)


HANDLERS: Mapping[str, Handler] = {
    "importlib.import_module": _import_module,
    "builtins.__import__": _import,
}
