"""``tf.Module`` and Sonnet's modules: which variables an object lists, in TensorFlow's order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tfgradlint.flow.graph import origins
from tfgradlint.flow.graph.breaks import Unbuilt
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.nodes import Node
from tfgradlint.flow.graph.unseen import WeightList
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import Scalar, Symbol, Unknown, Value, Variable
from tfgradlint.flow.values.containers import Container, DictContent, Items, ListObject, Repeated, Union
from tfgradlint.flow.values.notes import Note
from tfgradlint.flow.values.objects import HOLDS, Class, Instance, Layer, LibraryObject
from tfgradlint.flow.values.walk import walk
from tfgradlint.flow.verdict.judgements import LACKING, MissingVariables, Reason
from tfgradlint.libraries.keras.state import OWNER
from tfgradlint.libraries.keras.weights import is_keras, of_keras_2

LISTS = ("trainable_variables", "variables")
_BASES = frozenset({"tf.Module", "snt.Module"})
#: Of a module of a library: its variables and modules in order, and whether its own variables are made (None: perhaps).
PARTS: Note[Items] = Note("variables and modules")
BUILT: Note[bool] = Note("variables are made")
#: A library's module has variables besides those that are known.
MORE: Note[bool] = Note("more variables")
#: The program says of a Sonnet module, or of a class of them, that it may be without variables.
ALLOWED: Note[bool] = Note("may be empty")


def module_base(cls: Class) -> str:
    """The class of TensorFlow's or Sonnet's modules that a class of the program derives from, alone; or "" ."""
    bases = [base.path if isinstance(base, Symbol) else "" for base in cls.lineage() if not isinstance(base, Class)]
    return bases[0] if len(bases) == 1 and bases[0] in _BASES else ""


def instance_attribute(interp: Context, receiver: Instance, name: str) -> Value | None:
    """What a module gives its subclasses: the variables among the attributes."""
    base = module_base(receiver.cls)
    if not base:
        return None
    if name in LISTS:
        allowed = any(
            ALLOWED in each.fields for each in (receiver, *receiver.cls.lineage()) if isinstance(each, _CELLS)
        )
        return listed(interp, receiver, name, base == "snt.Module" and not allowed)
    return Scalar(interp.recorder.leaf(), "str") if name == "name" else None


_CELLS = (Instance, Class, LibraryObject)


def listed(interp: Context, receiver: Instance | LibraryObject, name: str, strict: bool) -> Value | None:
    """A module's list of variables; None where something may hide some.

    Sonnet is ``strict``: it refuses to list nothing.
    """
    found = Found(interp, name == "trainable_variables")
    found.add(receiver)
    if not found.complete:
        return _as_far_as_known(interp, receiver, found)
    if strict and not found.variables:
        if not found.unbuilt:
            return None
        interp.raise_here(Cause.UNBUILT, "ValueError", Unbuilt(sonnet=True))
    made = ListObject(Items(tuple(found.variables), "tuple"))
    OWNER.begin(made, receiver)
    if found.unbuilt:
        detail = Unbuilt(partly=bool(found.variables), sonnet=True)
        reason = Reason(Cause.UNBUILT, interp.recorder.site, detail)
        LACKING.begin(made, MissingVariables(reason, tuple(found.unbuilt)))
    return made


def _as_far_as_known(interp: Context, receiver: Value, found: Found) -> Value | None:
    """A list that may hold more than the variables that are found; None where more is hidden than unknown objects.

    What may have variables are the unknown ones among the attributes, if they are called.
    """
    if found.hidden or not found.variables:
        return None
    unknown = interp.unknown(origins.WEIGHTS, receiver)
    known = tuple(each.node for each in found.variables if each.fields["trainable"] is not False)
    interp.unseen.weights[unknown.node] = WeightList(known, (), tuple(found.unknown))
    return unknown


class Found:
    """The variables below a module. ``complete`` is False where there may be others; ``unbuilt`` are not made yet."""

    def __init__(self, interp: Context, trained: bool) -> None:
        self._interp = interp
        self._trained = trained
        self.variables: list[Variable] = []
        self.unbuilt: list[Variable] = []
        self.complete = True
        #: Unknown objects that may have some; whether something else may.
        self.unknown: list[Node] = []
        self.hidden = False
        self._seen: set[int] = set()

    def add(self, module: Value) -> None:
        """A module's own variables come before those of the modules it holds, in the order of the attributes."""
        if id(module) in self._seen:
            return
        self._seen.add(id(module))
        if isinstance(module, LibraryObject):
            self._foreign(module)
            return
        assert isinstance(module, Instance)
        modules: list[Value] = []
        for name in sorted(name for name in module.fields if isinstance(name, str)):
            for leaf in self._leaves(module.fields[name]):
                if isinstance(leaf, Variable):
                    self._variable(leaf)
                else:
                    modules.append(leaf)
        for each in modules:
            self.add(each)

    def _variable(self, variable: Variable) -> None:
        if self._trained and variable.fields["trainable"] is None:
            self.complete = False
        wanted = not self._trained or variable.fields["trainable"] is not False
        if wanted and variable.library != "keras" and variable not in self.variables:
            self.variables.append(variable)

    def _foreign(self, module: LibraryObject) -> None:
        parts = PARTS.certain(module).items
        own = [part for part in parts if isinstance(part, Variable)]
        built = BUILT.of(module)
        if (MORE in module.fields and not self._trained) or any(isinstance(name, str) for name in module.fields):
            self._hides()
        if own and built is not True:
            whole = not self._interp.handed_out and all(variable.birth > self._interp.visible_from for variable in own)
            if built is not False or not whole:
                self._hides()
            self.unbuilt += own
        else:
            for variable in own:
                self._variable(variable)
        for part in parts:
            if not isinstance(part, Variable):
                for leaf in self._leaves(part):
                    self.add(leaf)

    def _leaves(self, nest: Value) -> Iterator[Value]:
        """The variables and modules in a nest."""
        for each in walk(nest, _parts):
            if isinstance(each, Variable) or self._is_module(each):
                yield each

    def _is_module(self, value: Value) -> bool:
        """Whether it is a module. What may hide variables and is none makes the list incomplete."""
        if isinstance(value, Instance):
            # Since Keras 3 its layers are no modules; any other object is none at all, if its bases are known.
            if module_base(value.cls):
                return True
            if of_keras_2(self._interp, value) or not (is_keras(value.cls) or _plain(value)):
                self._hides()
        elif isinstance(value, Layer):
            if of_keras_2(self._interp, value):
                self._hides()
        elif isinstance(value, LibraryObject):
            if PARTS in value.fields:
                return True
            if HOLDS in value.fields or value.path.startswith("snt."):
                self._hides()  # distributions and Sonnet's optimizers are modules, too
        elif isinstance(value, Unknown):
            self.complete = False
            self.unknown.append(value.node)
        elif isinstance(value, (Repeated, Union)) or (isinstance(value, DictContent) and not value.complete):
            self._hides()
        return False

    def _hides(self) -> None:
        self.complete, self.hidden = False, True


def _parts(value: Value) -> Sequence[Value] | None:
    """The parts of a nest, those of a dictionary in the order of its keys."""
    if isinstance(value, DictContent):
        return [value.entries[key] for key in sorted(value.entries, key=str)]
    return value.held() if isinstance(value, (Container, Items)) else None


def _plain(value: Instance) -> bool:
    return not value.open and all(isinstance(base, Class) or _is_object(base) for base in value.cls.lineage())


def _is_object(base: Value) -> bool:
    return isinstance(base, Symbol) and base.path in ("builtins.object", "abc.ABC", "enum.Enum")


def allow_empty(interp: Context, value: Value) -> Value | None:
    """``snt.allow_empty_variables`` for a class or an object."""
    if not isinstance(value, _CELLS):
        return None
    ALLOWED.put(interp.state, value, True)
    return value
