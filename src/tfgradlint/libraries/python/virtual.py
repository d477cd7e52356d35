"""Classes that are registered with an abstract one, and so count as derived from it."""

from __future__ import annotations

from tfgradlint.flow.graph import origins
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import Symbol, Value
from tfgradlint.flow.values.functions import NativeFunction
from tfgradlint.flow.values.notes import Note
from tfgradlint.flow.values.objects import Class


class _Registered(tuple[Value, ...]):
    """Classes that certainly are registered."""

    __slots__ = ()

    @staticmethod
    def joined(alternatives: list[_Registered]) -> _Registered:
        return _Registered(each for each in alternatives[0] if all(each in other for other in alternatives[1:]))


#: Of an abstract class: what is registered with it.
_REGISTERED: Note[_Registered] = Note("registered")


def defined(cls: Class) -> None:
    """The body of a class has run: with an abstract one, others may be registered from here on."""
    keywords = {each.keyword.value for each in cls.node.keywords if each.keyword is not None}
    if "metaclass" in keywords or any(isinstance(each, Symbol) and each.path == "abc.ABC" for each in cls.lineage()):
        _REGISTERED.begin(cls, _Registered())


def attribute(interp: Context, cls: Class, name: str) -> Value | None:
    """``register`` of an abstract class."""
    registered = _REGISTERED.of(cls)
    if name != "register" or registered is None or cls.customised:
        return None

    def register(args: list[Value], kwargs: dict[str, Value]) -> Value:
        if len(args) != 1 or kwargs:
            return interp.unknown(origins.returned_by(name), *args, *kwargs.values())
        _REGISTERED.put(interp.state, cls, _Registered((*registered, args[0])))
        return args[0]

    return NativeFunction(name, register)


def derives(cls: Class, kind: Class) -> bool:
    """Whether a class, or one that it derives from, certainly is registered with another."""
    registered = _REGISTERED.of(kind) or ()
    return any(each in registered for each in cls.lineage())
