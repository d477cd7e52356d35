"""Which weights belong to a Keras layer or model."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tfgradlint.flow.graph import LEAF, Node
from tfgradlint.flow.values import (
    Array,
    Choice,
    Class,
    Const,
    Deferred,
    Entries,
    Function,
    Instance,
    Items,
    Layer,
    Listing,
    Mapping,
    Member,
    Method,
    Partial,
    Scalar,
    Several,
    Symbol,
    Tensor,
    Thunk,
    Unknown,
    Value,
    Variable,
)

if TYPE_CHECKING:
    from tfgradlint.flow.interpreter import Interpreter

_ROOT = re.compile(r"^(?:tf\.keras|keras|tf_keras)\.")
_BASES = frozenset({"Model", "Layer", "layers.Layer", "Sequential", "models.Model", "models.Sequential"})
#: Where a layer of the module keeps what ``add_weight`` gave it, and whether somebody got hold of its parts.
ADDED, OPENED = ("keras", "added"), ("keras", "opened")
#: Whether a layer certainly has made its weights: until then there are none.
BUILT = ("keras", "built")
#: A layer of which something is not known that may lead to any weight.
HIDDEN = ("keras", "hidden")


def keras_name(path: str) -> str | None:
    """The name below Keras' root, None for anything else."""
    match = _ROOT.match(path)
    return path[match.end() :] if match else None


def is_keras(cls: Class) -> bool:
    """Whether the class derives from a Keras model or layer, and from nothing unknown."""
    bases = [base for base in cls.lineage() if not isinstance(base, Class)]
    return bool(bases) and all(isinstance(base, Symbol) and (keras_name(base.path) or "") in _BASES for base in bases)


def is_sequential(layer: Layer) -> bool:
    """Whether it is a chain of layers."""
    return layer.path.endswith("Sequential")


def new_weight(interp: Interpreter) -> Variable:
    """A weight that is trained."""
    recorder = interp.recorder
    return Variable(Node(LEAF, recorder.now(), recorder.site, (), "float32"), True, "keras")


def weights_of(value: Value, seen: set[int]) -> list[Variable] | None:
    """The weights that Keras trains, in order; None where something unknown may hide some or was frozen."""
    if id(value) in seen:
        return []
    seen.add(id(value))
    if isinstance(value, Variable):
        listed = value.fields.get("listed", True)
        if listed is not True:
            return [] if listed is False else None
        trained = value.library != "tf" and value.fields["trainable"] is True
        return [value] if trained else ([] if value.fields["trainable"] is not None else None)
    if isinstance(value, Layer):
        known = value.fields["trainable"] is True and value.fields["opened"] is False and HIDDEN not in value.fields
        if not known or value.parts is None:
            return None
        own = [value.own] if value.own is not None else []
        if value.fields.get(BUILT, True) is not True and (own or any(isinstance(p, Variable) for p in value.parts)):
            return None
        return _joined([*own, *value.parts], seen)
    if isinstance(value, Instance):
        return _of_instance(value, seen)
    if isinstance(value, (Listing, Mapping)):
        return weights_of(value.fields["content"], seen)
    if isinstance(value, Items):
        return _joined(list(value.items), seen)
    if isinstance(value, Entries) and value.rest is None:
        return _joined(list(value.entries.values()), seen)
    if isinstance(value, (Const, Scalar, Array, Tensor, Symbol, Function, Method, Thunk, Class, Member)):
        return []
    return None


def _of_instance(value: Instance, seen: set[int]) -> list[Variable] | None:
    if not is_keras(value.cls):
        bases = [base for base in value.cls.lineage() if not isinstance(base, Class)]
        # Objects that are no layers are not looked into.
        plain = all(isinstance(base, Symbol) and keras_name(base.path) is None for base in bases)
        return [] if plain and not value.open else None
    flag = value.fields.get("trainable")
    if (flag is not None and not (isinstance(flag, Const) and flag.value is True)) or OPENED in value.fields:
        return None
    # Weights of its own come before those of the layers it holds.
    fields = [value.fields[name] for name in value.fields if isinstance(name, str)]
    own = [each for each in fields if isinstance(each, Variable)]
    return _joined([*value.fields.get(ADDED, ()), *own, *fields], seen)


def _joined(values: list[Value], seen: set[int]) -> list[Variable] | None:
    found: list[Variable] = []
    for value in values:
        weights = weights_of(value, seen)
        if weights is None:
            return None
        found += [weight for weight in weights if weight not in found]
    return found


class Reach:
    """Every variable that a call of some objects may read, frozen ones too. ``complete``: there are no others."""

    def __init__(self, *values: Value) -> None:
        self.variables: list[Variable] = []
        self.complete = True
        self._seen: set[int] = set()
        for value in values:
            self._add(value)

    def _add(self, value: Value) -> None:
        if id(value) in self._seen:
            return
        self._seen.add(id(value))
        if isinstance(value, Variable):
            self.variables.append(value)
        elif isinstance(value, Layer):
            if HIDDEN in value.fields or value.parts is None:
                self.complete = False
            if value.own is not None:
                self._add(value.own)
            self._add(value.fields["parts"])
        elif isinstance(value, Instance):
            # What its methods read besides its attributes is not known.
            self.complete = False
            self._all(tuple(value.fields[name] for name in value.fields if isinstance(name, str)))
            self._all(value.fields.get(ADDED, ()))
        elif isinstance(value, (Listing, Mapping)):
            self._add(value.fields["content"])
        elif isinstance(value, Items):
            self._all(value.items)
        elif isinstance(value, Entries):
            self._all(tuple(value.entries.values()))
            self.complete = self.complete and value.rest is None
        elif isinstance(value, (Unknown, Several, Choice, Function, Method, Thunk, Partial, Class, Deferred)):
            self.complete = False

    def _all(self, values: tuple[Value, ...]) -> None:
        for value in values:
            self._add(value)


def mark_built(interp: Interpreter, value: Value) -> None:
    """A layer, or every layer of a chain, has made its weights."""
    if isinstance(value, Layer):
        if value.fields.get(BUILT) is False or value.fields.get(BUILT, True) is None:
            interp.state.set(value, BUILT, True)
        if is_sequential(value):
            for part in value.parts or ():
                mark_built(interp, part)


def set_trainable(interp: Interpreter, value: Value, flag: Value, depth: int = 0) -> None:
    """``trainable = flag`` reaches every layer inside, as Keras does it."""
    if depth > 8:
        return
    if isinstance(value, Layer):
        interp.state.set(value, "trainable", interp.expressions.truth(flag))
        set_trainable(interp, value.fields["parts"], flag, depth + 1)
    elif isinstance(value, Instance):
        interp.state.set(value, "trainable", flag)
        for name, field in list(value.fields.items()):
            if isinstance(name, str) and name != "trainable":
                set_trainable(interp, field, flag, depth + 1)
    elif isinstance(value, (Listing, Mapping)):
        set_trainable(interp, value.fields["content"], flag, depth + 1)
    elif isinstance(value, (Items, Entries)):
        for item in value.items if isinstance(value, Items) else value.entries.values():
            set_trainable(interp, item, flag, depth + 1)


def open_up(interp: Interpreter, value: Value, depth: int = 0) -> None:
    """Somebody got hold of its parts and may freeze or replace them."""
    if isinstance(value, Layer):
        if value.fields["opened"] is not True:
            interp.state.set(value, "opened", True)
            open_up(interp, value.fields["parts"], depth + 1)
    elif isinstance(value, Instance) and OPENED not in value.fields and depth < 8:
        interp.state.set(value, OPENED, True)
        for name, field in list(value.fields.items()):
            if isinstance(name, str):
                open_up(interp, field, depth + 1)
    elif isinstance(value, (Listing, Mapping)) and depth < 8:
        open_up(interp, value.fields["content"], depth + 1)
    elif isinstance(value, Items) and depth < 8:
        for item in value.items:
            open_up(interp, item, depth + 1)
    elif isinstance(value, Entries) and depth < 8:
        for item in value.entries.values():
            open_up(interp, item, depth + 1)
