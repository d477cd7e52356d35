"""``object.__dict__`` and ``vars(object)``: the attributes of an object as a dictionary."""

from __future__ import annotations

from collections.abc import Callable

from tfgradlint.flow.graph import origins
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.python.container_methods import call_member, plain_dictionary
from tfgradlint.flow.python.escape import forget
from tfgradlint.flow.values.base import NONE, Const, Value
from tfgradlint.flow.values.containers import DictContent, DictObject
from tfgradlint.flow.values.functions import NativeFunction
from tfgradlint.flow.values.objects import AttributesOf

#: Methods of dictionaries that leave them as they are.
_READING = frozenset({"items", "keys", "values", "get", "copy", "__contains__", "__len__"})


class OwnAttributes:
    """Reads and sets attributes by way of the dictionary that holds them.

    ``lay_open``: what becomes of an object whose dictionary is used in a way that is not described.
    """

    def __init__(self, interp: Context, lay_open: Callable[[Value], Value]) -> None:
        self._interp = interp
        self._lay_open = lay_open

    def method(self, attributes: AttributesOf, name: str) -> Value:
        """``object.__dict__.name``."""
        return NativeFunction(name, lambda args, kwargs: self._called(attributes, name, args, kwargs))

    def get(self, attributes: AttributesOf, key: Value) -> Value:
        """``object.__dict__[key]``."""
        content = self._content(attributes)
        if isinstance(key, Const) and key.value in content.entries and key.value not in content.maybe:
            return content.entries[key.value]
        return self._interp.unknown(origins.LAID_OPEN, attributes)

    def set(self, attributes: AttributesOf, key: Value, value: Value) -> None:
        """``object.__dict__[key] = value``: whatever the class says of the attribute."""
        if isinstance(key, Const) and isinstance(key.value, str):
            self._interp.state.set(attributes.owner, key.value, value)
        else:
            forget(self._interp, attributes, (value,))
            self._lay_open(attributes.owner)

    def delete(self, attributes: AttributesOf, key: Value) -> None:
        """``del object.__dict__[key]``."""
        if isinstance(key, Const) and key.value in self._content(attributes).entries:
            self._interp.state.delete(attributes.owner, key.value)
        else:
            self._lay_open(attributes.owner)

    def _called(self, attributes: AttributesOf, name: str, args: list[Value], kwargs: dict[str, Value]) -> Value:
        interp = self._interp
        if name == "update":
            given = plain_dictionary(interp, args, kwargs).structure
            if isinstance(given, DictContent) and given.complete and all(isinstance(key, str) for key in given.entries):
                for key, value in given.entries.items():
                    interp.state.set(attributes.owner, key, value)
                return NONE
        elif name in _READING:
            found = call_member(interp, DictObject(self._content(attributes)), name, args, kwargs)
            if found is not None:
                return found
        forget(interp, attributes, (*args, *kwargs.values()))
        return self._lay_open(attributes.owner)

    def _content(self, attributes: AttributesOf) -> DictContent:
        """The attributes at present."""
        owner = attributes.owner
        fields = {name: value for name, value in owner.fields.items() if isinstance(name, str)}
        missing = frozenset(name for name in fields if self._interp.state.perhaps_missing(owner, name))
        return DictContent(fields, None, missing)
