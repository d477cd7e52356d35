"""Sonnet: modules connect what they are given, and their variables, with what they return; optimizers apply."""

from __future__ import annotations

from typing import TypeGuard

from tfgradlint.flow.graph import origins
from tfgradlint.flow.graph.nodes import LEAF, Edge, Effect, Node
from tfgradlint.flow.graph.origins import Kind, Origin
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import NONE, Const, Member, Scalar, Symbol, Tensor, Value, Variable
from tfgradlint.flow.values.containers import Items, ListObject, Repeated, Union
from tfgradlint.flow.values.notes import Note
from tfgradlint.flow.values.objects import HOLDS, Class, Instance, LibraryObject
from tfgradlint.flow.values.walk import nodes_of, walk
from tfgradlint.libraries.keras import optimizers as keras_optimizers
from tfgradlint.libraries.keras.state import MAKE
from tfgradlint.libraries.session import Session
from tfgradlint.libraries.sonnet.modules import (
    AT_ONCE,
    BLOCKING,
    MODULES,
    OPTIMIZERS,
    PASSING,
    RECURRENT,
    UNSURE,
    UNUSUAL,
)
from tfgradlint.libraries.tensorflow.modules import ALLOWED, BUILT, LISTS, MORE, PARTS, allow_empty, listed

ROOT = "snt"
_SEQUENTIAL, _MLP = "snt.Sequential", "snt.nets.MLP"
_NAMES = frozenset(
    [
        *("snt", "snt.nets", "snt.optimizers", "snt.Module", "snt.once", "snt.no_name_scope"),
        *("snt.allow_empty_variables", "snt.build", _SEQUENTIAL, _MLP),
        *(f"snt.{name}" for name in MODULES),
        *(f"snt.optimizers.{name}" for name in OPTIMIZERS),
    ]
)
#: The variables of a module by name.
_NAMED: Note[dict[str, Value]] = Note("variables by name")
#: Of an ``MLP``: its activation, and whether that comes behind the last layer as well.
_ACTIVATION: Note[Value] = Note("activation")
_LAST: Note[bool] = Note("activate last")
#: What a module returned that the program changed, and one that was given no tensor.
_CHANGED = Origin(Kind.MADE, "changed module")
_INPUT = Origin(Kind.MADE, "input of a module")


def symbol(path: str) -> Symbol | None:
    """The name of a module, class or function of the library; None where nothing is known of it."""
    return Symbol(path) if path in _NAMES else None


def is_own(value: Value) -> TypeGuard[LibraryObject]:
    """Whether it is one of the library's own modules."""
    return isinstance(value, LibraryObject) and PARTS in value.fields


def is_optimizer(value: Value) -> bool:
    return isinstance(value, LibraryObject) and value.path.startswith("snt.optimizers.")


def call(interp: Context, path: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """A new module or optimizer, or one of the functions about modules; None for anything else."""
    if not path.startswith(ROOT + ".") or any(isinstance(value, Repeated) for value in args):
        return None
    name = path.removeprefix("snt.")
    if path == "snt.allow_empty_variables" and len(args) == 1:
        return allow_empty(interp, args[0])
    if path == "snt.build" and args:
        _built(interp, args[0])
        return interp.unknown(origins.result_of("snt.build()"))
    if path.startswith("snt.optimizers."):
        return LibraryObject(path)
    if path == _SEQUENTIAL:
        return _sequential(interp, args[0] if args else kwargs.get("layers", NONE))
    if path == _MLP:
        return _mlp(interp, args, kwargs)
    return _module(interp, path, name, args, kwargs) if name in MODULES else None


def _made(path: str, parts: tuple[Value, ...], built: bool | None) -> LibraryObject:
    made = LibraryObject(path)
    PARTS.begin(made, Items(parts))
    HOLDS.begin(made, Items(parts))
    BUILT.begin(made, built)
    return made


def _module(interp: Context, path: str, name: str, args: list[Value], kwargs: dict[str, Value]) -> LibraryObject | None:
    facts = MODULES[name]
    if UNUSUAL & kwargs.keys() or len(args) > len(facts.leading):
        return None
    bound = {**dict(zip(facts.leading, args, strict=False)), **kwargs}
    size = bound.get(facts.leading[0])
    named: dict[str, Value] = {}
    for variable, switch, present in facts.names:
        flag = present
        if switch in bound:
            flag = bound[switch].truth()
        if flag is None:
            return None
        if flag:
            make = (path, variable, size.value if isinstance(size, Const) else None)
            named[variable] = _variable(interp, make)
    made = _made(path, tuple(named.values()), name in AT_ONCE or not named)
    _NAMED.begin(made, named)
    if facts.others:
        MORE.begin(made, True)
    return made


def _variable(interp: Context, make: tuple[object, ...]) -> Variable:
    recorder = interp.recorder
    made = Variable(Node(LEAF, recorder.now(), recorder.site, (), "float32"), True)
    MAKE.begin(made, make)
    return made


def _sequential(interp: Context, given: Value) -> LibraryObject | None:
    content = interp.iteration.iterate(given) if isinstance(given, (ListObject, Items)) else None
    return _made(_SEQUENTIAL, content.items, True) if isinstance(content, Items) else None


def _mlp(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> LibraryObject | None:
    """A chain of linear layers of known number, with an activation between them."""
    names = ("output_sizes", "w_init", "b_init", "with_bias", "activation", "dropout_rate", "activate_final")
    if "**" in kwargs or len(args) > len(names):
        return None
    bound = {**dict(zip(names, args, strict=False)), **kwargs}
    dropout = bound.get("dropout_rate", NONE)
    sizes = bound.get("output_sizes", NONE)
    content = interp.iteration.iterate(sizes) if isinstance(sizes, (ListObject, Items)) else None
    last = bound.get("activate_final", Const(False)).truth()
    if not isinstance(content, Items) or last is None or not isinstance(dropout, Const) or dropout.value is not None:
        return None
    options = {"with_bias": bound["with_bias"]} if "with_bias" in bound else {}
    parts = [_module(interp, "snt.Linear", "Linear", [size], options) for size in content.items]
    if None in parts:
        return None
    made = _made(_MLP, tuple(part for part in parts if part is not None), True)
    _ACTIVATION.begin(made, bound.get("activation", Symbol("tf.nn.relu")))
    _LAST.begin(made, last)
    return made


# -- attributes


def attribute(interp: Context, receiver: LibraryObject, name: str) -> Value | None:
    """A list of variables, a variable by its name; the rest is not known."""
    if name in LISTS:
        found = listed(interp, receiver, name, ALLOWED not in receiver.fields)
        return found if found is not None else interp.unknown(origins.member("variables"), receiver)
    named = _NAMED.of(receiver) or {}
    if name in named and BUILT.of(receiver) is True:
        return named[name]
    if name == "initial_state" and receiver.path.removeprefix("snt.") in RECURRENT:
        return Member(receiver, name)
    if name in ("name", "output_size", "hidden_size"):
        return Scalar(interp.recorder.leaf(), "str" if name == "name" else "int")
    escaped(interp, receiver)
    return interp.unknown(origins.member(name), receiver)


def escaped(interp: Context, value: Value) -> None:
    """Whoever got hold of a module may have called it, or replaced its parts."""
    for each in walk(value, _elements):
        if is_own(each) and BUILT.of(each) is False:
            BUILT.put(interp.state, each, None)


def _elements(value: Value) -> tuple[Value, ...]:
    """The parts of a module, or what a list holds."""
    content = value.structure if isinstance(value, ListObject) else None
    return content.items if isinstance(content, Items) else _modules(value)


def _modules(value: Value) -> tuple[Value, ...]:
    """The parts of a module."""
    parts: tuple[Value, ...] = PARTS.certain(value).items if is_own(value) else ()
    return parts


def _built(interp: Context, value: Value) -> None:
    """The module has been called."""
    for each in walk(value, _modules):
        if is_own(each) and BUILT.of(each) is not True:
            BUILT.put(interp.state, each, True)
        elif isinstance(each, Instance):
            for name in [name for name in each.fields if isinstance(name, str)]:
                escaped(interp, each.fields[name])


# -- calls


def method(
    interp: Context,
    session: Session,
    receiver: LibraryObject,
    name: str,
    args: list[Value],
    kwargs: dict[str, Value],
) -> Value | None:
    """A call of a module, or of a method of a module or optimizer."""
    if is_optimizer(receiver):
        return _applied(interp, session, receiver, args, kwargs) if name == "apply" else None
    if name == "initial_state":
        return _state(interp, receiver, [])
    if name != "__call__":
        return None
    if any(isinstance(each, str) for each in receiver.fields):
        _built(interp, receiver)
        return interp.unknown(_CHANGED, receiver, *args, *kwargs.values())
    if receiver.path == _SEQUENTIAL:
        return _run(interp, PARTS.certain(receiver).items, args, kwargs)
    if receiver.path == _MLP:
        return _run_mlp(interp, receiver, args)
    return _one(interp, receiver, args, kwargs)


def _applied(
    interp: Context, session: Session, receiver: LibraryObject, args: list[Value], kwargs: dict[str, Value]
) -> Value:
    names = {"updates": "grads", "parameters": "trainable_variables"}
    given = {names.get(name, name): value for name, value in kwargs.items()}
    keras_optimizers.method(interp, session, receiver, receiver.path, "apply", args, given)
    return NONE


def _run(interp: Context, parts: tuple[Value, ...], args: list[Value], kwargs: dict[str, Value]) -> Value:
    """Each part on the result of the one before; only the first is given all arguments."""
    value: Value = args[0] if args else NONE
    for position, part in enumerate(parts):
        site = interp.recorder.site
        value = interp.calls.call(part, args if not position else [value], kwargs if not position else {})
        interp.recorder.site = site
    return value


def _run_mlp(interp: Context, receiver: LibraryObject, args: list[Value]) -> Value:
    value: Value = args[0] if args else NONE
    parts = PARTS.certain(receiver).items
    for position, part in enumerate(parts):
        site = interp.recorder.site
        value = interp.calls.call(part, [value], {})
        if position < len(parts) - 1 or _LAST.certain(receiver):
            value = interp.calls.call(_ACTIVATION.certain(receiver), [value], {})
        interp.recorder.site = site
    return value


def _one(interp: Context, receiver: LibraryObject, args: list[Value], kwargs: dict[str, Value]) -> Value:
    name = receiver.path.removeprefix("snt.")
    _built(interp, receiver)
    given: Value = args[0] if args else next(iter(kwargs.values()), NONE)
    if isinstance(given, (Union, Instance, Class)):
        return interp.unknown(_INPUT, receiver, *args)
    effect = Effect.NONE if name in BLOCKING else Effect.FLOWS
    edges = [] if name in BLOCKING else [Edge(node, effect) for node in nodes_of(given)]
    for variable, value in _NAMED.certain(receiver).items():
        sure = Effect.ARRIVES if variable in UNSURE else Effect.FLOWS
        edges += [Edge(node, sure) for node in nodes_of(value)]
    if name in PASSING:
        made = interp.recorder.op(edges)
        node = interp.recorder.phi([*nodes_of(given)[:1], made])
        node.maybe_alias = tuple(nodes_of(given))
        return Tensor(node)
    if name in RECURRENT:
        state = args[1] if len(args) > 1 else kwargs.get("prev_state", NONE)
        edges += [Edge(node, Effect.UNKNOWN) for node in nodes_of(state)]
        after = _state(interp, receiver, edges)
        return Items((after.items[0] if isinstance(after, Items) else after, after))
    return Tensor(interp.recorder.op(edges))


def _state(interp: Context, receiver: LibraryObject, edges: list[Edge]) -> Value:
    """The state behind a step, or before the first."""
    fields = RECURRENT[receiver.path.removeprefix("snt.")]
    if not fields:
        return Tensor(interp.recorder.op(edges))
    return Items(tuple(Tensor(interp.recorder.op(edges)) for _ in fields), "tuple", fields)
