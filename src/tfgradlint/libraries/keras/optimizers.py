"""Optimizers: which gradient is applied to which variable."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from tfgradlint.flow.graph.breaks import Discarded, Minimizing, Pairing
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.nodes import Edge
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.tape.tape import LIVE, Tape
from tfgradlint.flow.values.base import NONE, Array, Cell, Const, Scalar, Symbol, Tensor, Unknown, Value, Variable
from tfgradlint.flow.values.containers import Items, ListObject, Repeated
from tfgradlint.flow.values.functions import Function, Method, Partial
from tfgradlint.flow.values.objects import Class
from tfgradlint.flow.values.walk import nodes_of
from tfgradlint.flow.verdict.request import flatten
from tfgradlint.libraries.keras import known_variables
from tfgradlint.libraries.keras.creation import applied
from tfgradlint.libraries.keras.reporting import report_minimized
from tfgradlint.libraries.keras.state import MAKE
from tfgradlint.libraries.session import Session, keras_name, session_of

#: Everything else an optimizer has is not known.
METHODS = frozenset(
    "apply_gradients apply minimize build scale_loss get_scaled_loss get_unscaled_gradients compute_gradients "
    "assign get_config stateless_apply finalize_variable_values exclude_from_weight_decay".split()
)


#: Those that change variables.
_CHANGING = frozenset({"apply_gradients", "apply", "minimize", "assign", "finalize_variable_values"})
#: Those that apply gradients.
_STEPS = ("apply_gradients", "apply", "minimize", "stateless_apply")
_OF_KERAS_2 = frozenset({"get_scaled_loss", "get_unscaled_gradients"})
_OF_KERAS_3 = frozenset({"scale_loss"})


def is_optimizer(path: str) -> bool:
    """Whether a class below Keras' root is an optimizer."""
    family, _, last = path.rpartition(".")
    return last[:1].isupper() and (
        family.endswith(("optimizers", "optimizers.legacy", "optimizers.experimental"))
        or last.startswith("LossScaleOptimizer")
    )


#: Options of every optimizer, which is told to leave gradients as they are by none of them.
_CLIPPING = ("clipnorm", "clipvalue", "global_clipnorm")


def told(name: str, positional: int, options: Mapping[str, Value]) -> dict[str, Value]:
    """The attributes in which an optimizer keeps its options: none of these is among the first that it takes."""
    plain = (
        positional < 4 and is_optimizer(name) and name.count(".") == 1 and not name.endswith(("Optimizer", "Schedule"))
    )
    return {each: options.get(each, NONE) for each in _CLIPPING} if plain and "**" not in options else {}


def own_class(cls: Class) -> str | None:
    """The class of Keras' optimizers that a class of the module derives from."""
    bases = [base for base in cls.lineage() if not isinstance(base, Class)]
    paths = [base.path for base in bases if isinstance(base, Symbol) and is_optimizer(keras_name(base.path) or "")]
    return paths[0] if paths and len(paths) == len(bases) else None


def method(
    interp: Context,
    session: Session,
    receiver: Cell,
    path: str,
    name: str,
    args: list[Value],
    kwargs: dict[str, Value],
) -> Value | None:
    """A method of an optimizer."""
    if name == "build":
        known_variables.build(interp, receiver, args[0] if args else kwargs.get("variables", kwargs.get("var_list")))
    made = _called(interp, session, receiver, path, name, args, kwargs)
    interp.reports.updated = interp.reports.updated or name in _CHANGING
    if name in _STEPS:
        known_variables.used(interp, receiver)
    return made


def _called(
    interp: Context,
    session: Session,
    receiver: Cell,
    path: str,
    name: str,
    args: list[Value],
    kwargs: dict[str, Value],
) -> Value | None:
    if name == "apply_gradients":
        given = args[0] if args else kwargs.get("grads_and_vars")
        refusals = _Refusals.of(session, path)
        return _applied(interp, receiver, given, _two_lists(args), refusals) if given is not None else None
    if name == "apply" and session.keras_of(path) >= 3:
        gradients = args[0] if args else kwargs.get("grads")
        variables = args[1] if len(args) > 1 else kwargs.get("trainable_variables")
        if gradients is None or variables is None:
            return None
        pairs = _together(interp, gradients, variables)
        if isinstance(pairs, Items) and not pairs.items and interp.requests.results.filtered():
            interp.report_step(Cause.UNUSED_GRADIENT, Discarded.FILTERED)  # apply([], []) goes through
            return NONE
        return _judged(interp, receiver, pairs, _Refusals.of(session, path))
    if name == "minimize" and session.keras_of(path) < 3:
        return _minimized(interp, receiver, args, kwargs, _Refusals.of(session, path))
    if name == "minimize" and name not in interp.asked_for:
        interp.raise_here(Cause.MINIMIZE, "AttributeError", Minimizing.NO_SUCH_METHOD)
    later = session.keras_of(path) >= 3
    if name in (_OF_KERAS_2 if later else _OF_KERAS_3) and name not in interp.asked_for:
        interp.raise_here(None, "AttributeError")
    if name in ("scale_loss", "get_scaled_loss") and args:
        return Tensor(interp.recorder.op([Edge(node) for node in nodes_of(args[0])]))
    if name == "get_unscaled_gradients" and args:
        return args[0]
    return None


class _Refusals(NamedTuple):
    """The exceptions of an optimizer: for what comes in no pairs, for tensors instead of variables, for no pairs."""

    unzipped: str
    swapped: str
    #: Nothing where it goes through.
    empty: str
    #: Whether ``minimize`` enters the tape that it is given.
    enters: bool = False

    @classmethod
    def of(cls, session: Session, path: str) -> _Refusals:
        if session.keras_of(path) >= 3:
            return cls("TypeError", "AttributeError", "ValueError")
        scaled = path.endswith("LossScaleOptimizer")
        special = scaled or ".legacy." in path
        swapped = "an error" if special else "AttributeError"
        return cls("an error", swapped, "ValueError" if scaled else "", special)


#: The parameters of ``minimize``; the optimizers of old have two more before the tape.
_MINIMIZE = ("loss", "var_list", "tape")
_FUNCTIONS = (Function, Method, Partial)


def _minimized(
    interp: Context, receiver: Cell, args: list[Value], kwargs: dict[str, Value], refusals: _Refusals
) -> Value | None:
    """Keras 2: the gradients of a loss, that of a function or of the tape that is given, and applying them."""
    given = {**dict(zip(_MINIMIZE, args, strict=False)), **kwargs}
    loss, variables, tape = (given.get(name, NONE) for name in _MINIMIZE)
    if "**" in kwargs or len(args) > len(_MINIMIZE):
        return None
    if "var_list" not in given:
        interp.raise_here(None, "TypeError")
    if isinstance(tape, Tape) and isinstance(loss, Tensor):
        entered = any(each is tape for each, _ in interp.recorder.tapes.active)
        if refusals.enters and (entered or tape.fields["life"] != LIVE):
            return None
        made = interp.requests.minimized(tape, loss, variables)
        return _judged(interp, receiver, _together(interp, made, variables), refusals)
    if not isinstance(tape, Const) or tape.value is not None:
        return None
    if isinstance(loss, (Tensor, Array, Scalar, Variable)):
        interp.raise_here(Cause.MINIMIZE, "ValueError", Minimizing.UNRECORDED_LOSS)
    if not isinstance(loss, _FUNCTIONS) or isinstance(variables, _FUNCTIONS):
        return None
    site = interp.recorder.site

    def run(own: Tape) -> Value:
        interp.tapes.call(own, "watch", [variables], {})
        interp.unconverted += 1  # AutoGraph leaves alone what an optimizer calls
        try:
            return interp.calls.call(loss, [], {})
        finally:
            interp.unconverted -= 1

    asked = interp.requests.implied(site, run, lambda: flatten(variables, ""))
    report_minimized(interp, site, asked)
    applied(interp, receiver, [leaf for _, leaf in asked.leaves if isinstance(leaf, Variable)])
    return NONE


def _two_lists(args: list[Value]) -> bool:
    """``apply_gradients(gradients, variables)``: the second argument has another meaning, or none."""
    return len(args) > 1 and isinstance(args[1], (ListObject, Items))


def _applied(interp: Context, receiver: Cell, given: Value, two_lists: bool, refusals: _Refusals) -> Value:
    if isinstance(given, (Tensor, Unknown)):
        if interp.requests.results.is_gradient(given):
            interp.raise_here(Cause.SWAPPED_PAIRS, "an error", Pairing.UNZIPPED)
        return NONE
    content = interp.iteration.iterate(given)
    elements = content.items if isinstance(content, Items) else (content.element,)
    if two_lists or any(_pair(each) is None and interp.requests.results.is_gradient(each) for each in elements):
        interp.raise_here(Cause.SWAPPED_PAIRS, refusals.unzipped, Pairing.UNZIPPED)
    pairs = [_pair(each) for each in elements]
    if any(pair is None for pair in pairs):
        return NONE
    known = [pair for pair in pairs if pair is not None]
    rows = Items(tuple(Items(pair) for pair in known)) if isinstance(content, Items) else known[0]
    return _judged(interp, receiver, rows, refusals)


def _pair(value: Value) -> tuple[Value, Value] | None:
    content = value.structure
    return (content.items[0], content.items[1]) if isinstance(content, Items) and len(content.items) == 2 else None


def _together(interp: Context, gradients: Value, variables: Value) -> Items | tuple[Value, Value] | None:
    one, other = interp.iteration.iterate(gradients), interp.iteration.iterate(variables)
    if isinstance(one, Items) and isinstance(other, Items):
        return Items(tuple(Items(row) for row in zip(one.items, other.items, strict=False)))
    if isinstance(one, Repeated) and isinstance(other, Repeated):
        return one.element, other.element
    return None


def _judged(interp: Context, receiver: Cell, pairs: Items | tuple[Value, Value] | None, refusals: _Refusals) -> Value:
    """What applying does: known pairs one by one, or one pair that stands for any number."""
    if pairs is None:
        return NONE
    rows = [row.items for row in pairs.items if isinstance(row, Items)] if isinstance(pairs, Items) else [pairs]
    if rows and all(isinstance(gradient, Const) and gradient.value is None for gradient, _ in rows):
        interp.raise_here(None, "ValueError")
    if not rows and interp.requests.results.filtered():
        if not refusals.empty:
            interp.report_step(Cause.UNUSED_GRADIENT, Discarded.FILTERED)
            return NONE
        interp.raise_here(Cause.UNUSED_GRADIENT, refusals.empty, Discarded.FILTERED)
    for gradient, variable in rows:
        if isinstance(variable, (Array, Scalar)):
            interp.raise_here(Cause.SWAPPED_PAIRS, refusals.swapped, Pairing.TENSOR)
        if _no_variable(variable) and (interp.requests.results.is_gradient(variable) or isinstance(variable, Tensor)):
            swapped = interp.requests.results.is_gradient(variable) and not interp.requests.results.is_gradient(
                gradient
            )
            interp.raise_here(Cause.SWAPPED_PAIRS, refusals.swapped, Pairing.SWAPPED if swapped else Pairing.TENSOR)
    applied(interp, receiver, [variable for _, variable in rows if isinstance(variable, Variable)])
    if isinstance(pairs, Items):
        unknown = known_variables.refused(interp, session_of(interp), receiver, rows)
        if unknown is not None:
            known_variables.refuse(interp, unknown)
    if any(_mismatched(interp, gradient, variable) for gradient, variable in rows):
        interp.report_step(Cause.MISMATCHED_VARIABLES)
    return Scalar(interp.recorder.leaf(), "int")


def _no_variable(value: Value) -> bool:
    """A tensor that is no second handle of a variable, such as what ``assign`` returns."""
    return isinstance(value, (Tensor, Unknown)) and value.node.variable is None


def _mismatched(interp: Context, gradient: Value, variable: Value) -> bool:
    """Whether it is certain that a gradient belongs to another variable than the one it is applied to.

    Gradients of one model may be applied to another one of the same make on purpose, as asynchronous workers and
    meta-learning do.
    """
    if not isinstance(variable, Variable) or not isinstance(gradient, (Tensor, Unknown)):
        return False
    sources = interp.requests.results.sources_of(gradient)
    return bool(sources) and all(
        isinstance(source, Variable)
        and source is not variable
        and (any(each is variable for each in together) or _unlike(source, variable))
        for source, together in sources or ()
    )


def _unlike(one: Variable, other: Variable) -> bool:
    makes = [MAKE.of(variable) for variable in (one, other)]
    return None not in makes and makes[0] != makes[1]
