"""What is kept of the weights of Keras layers and models: whether they are made, frozen, or out of sight."""

from __future__ import annotations

from tfgradlint.flow.graph.nodes import LEAF, Node, Site
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import NONE, Const, Symbol, Unknown, Value, Variable
from tfgradlint.flow.values.containers import Deferred, DictContent, DictObject, Items, ListObject, Repeated, Union
from tfgradlint.flow.values.functions import Function, Method, NativeFunction, Partial
from tfgradlint.flow.values.objects import Class, Instance, Layer
from tfgradlint.libraries.keras.state import ADDED, FROZEN_AT, HIDDEN, INNER, MAKE, OPENED
from tfgradlint.libraries.session import keras_name, session_of

_BASES = frozenset(
    {"Model", "Layer", "layers.Layer", "layers.Wrapper", "Sequential", "models.Model", "models.Sequential"}
)


def is_keras(cls: Class) -> bool:
    """Whether the class derives from a Keras model or layer, and from nothing unknown."""
    bases = [base for base in cls.lineage() if not isinstance(base, Class)]
    return bool(bases) and all(isinstance(base, Symbol) and (keras_name(base.path) or "") in _BASES for base in bases)


def of_keras_2(interp: Context, value: Value) -> bool:
    """Whether a layer or model is one of Keras 2, which tracks and compiles in another way."""
    if isinstance(value, Instance):
        paths = [base.path for base in value.cls.lineage() if isinstance(base, Symbol)]
    else:
        paths = [value.path] if isinstance(value, Layer) else []
    return session_of(interp).legacy_keras or any(path.startswith("tf_keras.") for path in paths)


def library_of(interp: Context) -> str:
    """Whose variables the weights are: those of Keras 2 are TensorFlow's, with some manners of their own."""
    return "tf_keras" if session_of(interp).legacy_keras else "keras"


def is_sequential(layer: Layer) -> bool:
    """Whether it is a chain of layers."""
    return layer.path.endswith("Sequential")


def new_weight(interp: Context, make: tuple[object, ...] | None = None, trained: bool = True) -> Variable:
    """A weight of a layer."""
    recorder = interp.recorder
    made = Variable(Node(LEAF, recorder.now(), recorder.site, (), "float32"), trained, library_of(interp))
    MAKE.begin(made, make)
    return made


def added(value: Instance) -> Items | Repeated:
    """What ``add_weight`` gave the object; several weights where that depends on what was executed."""
    return ADDED.of(value) or _NOTHING


_NOTHING = Items(())


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
            self._all((added(value), INNER.of(value) or NONE))
        elif isinstance(value, (ListObject, DictObject)):
            self._add(value.fields["content"])
        elif isinstance(value, Items):
            self._all(value.items)
        elif isinstance(value, DictContent):
            self._all(tuple(value.entries.values()))
            self.complete = self.complete and value.rest is None
        elif isinstance(value, (Unknown, Repeated, Union, Function, Method, NativeFunction, Partial, Class, Deferred)):
            self.complete = False

    def _all(self, values: tuple[Value, ...]) -> None:
        for value in values:
            self._add(value)


def set_trainable(interp: Context, value: Value, flag: Value, depth: int = 0) -> None:
    """``trainable = flag`` reaches every layer inside, as Keras does it."""
    if depth > 8:
        return
    when = (interp.recorder.now(), Site(interp.statement, None))
    wanted = interp.expressions.truth(flag)
    if wanted is not None and wanted is _flag(interp, value) and not of_keras_2(interp, value):
        return  # Keras 3 leaves everything as it is where the value does not change
    if isinstance(value, Layer):
        interp.state.set(value, "trainable", wanted)
        FROZEN_AT.put(interp.state, value, when)
        set_trainable(interp, value.fields["parts"], flag, depth + 1)
    elif isinstance(value, Instance):
        interp.state.set(value, "trainable", flag)
        FROZEN_AT.put(interp.state, value, when)
        for name, field in list(value.fields.items()):
            if (isinstance(name, str) and name != "trainable") or name == INNER:
                set_trainable(interp, field, flag, depth + 1)
    elif isinstance(value, (ListObject, DictObject)):
        set_trainable(interp, value.fields["content"], flag, depth + 1)
    elif isinstance(value, (Items, DictContent)):
        for item in value.items if isinstance(value, Items) else value.entries.values():
            set_trainable(interp, item, flag, depth + 1)


def _flag(interp: Context, value: Value) -> bool | None:
    """What ``trainable`` of a layer or model is."""
    if isinstance(value, Layer):
        flag: bool | None = value.fields["trainable"]
        return flag
    if isinstance(value, Instance) and is_keras(value.cls):
        return interp.expressions.truth(value.fields.get("trainable", Const(True)))
    return None


def mark_escaped(interp: Context, value: Value, depth: int = 0) -> None:
    """Somebody got hold of its parts and may freeze or replace them."""
    if isinstance(value, Layer):
        if value.fields["opened"] is not True:
            interp.state.set(value, "opened", True)
            mark_escaped(interp, value.fields["parts"], depth + 1)
    elif isinstance(value, Instance) and OPENED not in value.fields and depth < 8:
        OPENED.put(interp.state, value, True)
        for name, field in list(value.fields.items()):
            if isinstance(name, str) or name == INNER:
                mark_escaped(interp, field, depth + 1)
    elif isinstance(value, (ListObject, DictObject)) and depth < 8:
        mark_escaped(interp, value.fields["content"], depth + 1)
    elif isinstance(value, Items) and depth < 8:
        for item in value.items:
            mark_escaped(interp, item, depth + 1)
    elif isinstance(value, DictContent) and depth < 8:
        for item in value.entries.values():
            mark_escaped(interp, item, depth + 1)
