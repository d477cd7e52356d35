"""What is known of one of Keras' own layers where it is made: the measured data, with what the program gives.

Which Keras that is depends on the TensorFlow in force and on the name under which the program asks for it.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import Const, Unknown, Value
from tfgradlint.flow.values.containers import Union
from tfgradlint.knowledge.layers import LayerFacts, Switch
from tfgradlint.libraries.registry import having
from tfgradlint.libraries.session import keras_name, session_of

#: Parameters that every layer takes and that change neither its weights nor its gradients.
_COMMON = frozenset(
    "name trainable activity_regularizer autocast dynamic input_shape input_dim input_length batch_input_shape "
    "batch_size".split()
)
#: The usual dtype of a layer, which may as well be written.
_USUAL_DTYPES = (None, "float32")
#: How much of what it is given a layer drops while it trains. It was measured where something is left.
_RATES = ("rate", "dropout", "recurrent_dropout")
#: Functions that make a layer of the same name and call it.
MERGING = frozenset("add subtract multiply average maximum minimum concatenate dot".split())


@dataclass(frozen=True)
class Making:
    """A layer as the program makes it. ``bound`` are the values by parameter.

    ``weights`` and ``gradients``: whether what was measured holds of its weights, and of what it does to a gradient.
    """

    facts: LayerFacts
    bound: Mapping[str, Value]
    weights: bool
    gradients: bool


def facts(interp: Context, path: str) -> LayerFacts | None:
    """What is known of the layer that a name stands for: one of Keras' own, or one that another library knows."""
    name = keras_name(path)
    if name is None:
        return next((found for each in having("layer") if (found := each.layer(path)) is not None), None)
    family, _, last = name.rpartition(".")
    return session_of(interp).layers(path).get(last) if family == "layers" else None


def making(known: LayerFacts, args: list[Value], kwargs: dict[str, Value]) -> Making:
    """A layer that is made with these arguments."""
    names = [param.name for param in known.params]
    kwargs = {_present_name(known, names, name): value for name, value in kwargs.items()}
    bound = {**dict(zip(names, args, strict=False)), **kwargs}
    weights = len(args) <= len(names) and "**" not in kwargs
    gradients = weights
    for name, value in bound.items():
        if name == "dtype" or name in known.untried:
            usual = _is_usual_dtype(value) if name == "dtype" else _is_default(known, name, value)
            gradients = gradients and usual
            weights = weights and (usual or known.weightless)
        elif name not in names and name not in _COMMON:
            weights = gradients = False
    if any(drops_all(bound.get(name)) for name in _RATES):
        gradients = False
    for label, aspect in known.other.items():
        if aspect == "passes" and known.passes:
            continue  # in which mode it hands its input through is left open anyway
        if _applies(known, label, bound):
            gradients = False
            weights = weights and aspect != "weights"
    return Making(known, bound, weights, gradients)


def _present_name(known: LayerFacts, names: list[str], name: str) -> str:
    """A parameter by the name that it has in this Keras, which takes the older one as well."""
    newer = _RENAMED.get((known.name, name))
    return newer if newer in names and name not in names else name


#: Parameters that Keras 3 gave another name.
_RENAMED = {("LeakyReLU", "alpha"): "negative_slope"}


def drops_all(rate: Value | None) -> bool:
    """Whether this rate leaves nothing."""
    return isinstance(rate, Const) and isinstance(rate.value, (int, float)) and rate.value >= 1


def _applies(known: LayerFacts, label: str, bound: Mapping[str, Value]) -> bool:
    """Whether a parameter has, or may have, the value that the label names; or any but its default."""
    name, equals, literal = label.partition("=")
    value = bound.get(name)
    if value is None:
        return False
    if not equals:
        return not _is_default(known, name, value)
    wanted = ast.literal_eval(literal)
    if isinstance(value, Const):
        return value.value == wanted and isinstance(value.value, bool) == isinstance(wanted, bool)
    return isinstance(wanted, (str, bool, type(None)))  # a number is hardly ever just this one


def _default(known: LayerFacts, name: str) -> object:
    """The default of a parameter, ``...`` where there is none that is known."""
    for param in known.params:
        if param.name == name:
            return ast.literal_eval(param.default) if param.default else ...
    return ...


def _is_usual_dtype(value: Value) -> bool:
    return isinstance(value, Const) and value.value in _USUAL_DTYPES


def _is_default(known: LayerFacts, name: str, value: Value) -> bool:
    return isinstance(value, Const) and value.value == _default(known, name)


def present(interp: Context, made: Making, switch: Switch | None) -> bool | None:
    """Whether a weight with this switch is there; None where that is not known."""
    if switch is None:
        return True
    default = _default(made.facts, switch.param)
    value = made.bound.get(switch.param, Const(default))
    if switch.value is not None:
        return value.value == switch.value if isinstance(value, Const) else None
    if isinstance(default, bool):
        flag = interp.expressions.truth(value)
        return None if flag is None else flag != switch.reverse
    return None if isinstance(value, (Unknown, Union)) else not (isinstance(value, Const) and value.value is None)


def states(interp: Context, made: Making) -> int | None:
    """How many tensors stand behind its output; None where that is not known, or what it returns is of another form."""
    count = 0
    for param, form in made.facts.returns.items():
        flag = interp.expressions.truth(made.bound[param]) if param in made.bound else not param
        number, _, kind = form.partition(" ")
        if flag is None or (flag and kind != "tensors"):
            return None
        if flag:
            count += int(number) - 1
    return count


def seeds(interp: Context, made: Making) -> int | None:
    """How many states of random numbers it keeps; None where that is not known."""
    found = made.facts.seeds
    if not found.number or not found.params:
        return found.number
    flags = [interp.expressions.truth(made.bound.get(name, Const(_default(made.facts, name)))) for name in found.params]
    wanted = all(flags) if found.all else any(flags)
    if None in flags and wanted != (not found.all):
        # A rate that is not written out is one.
        return found.number if found.all and False not in flags else None
    return found.number if wanted else 0


def recurrent(known: LayerFacts) -> bool:
    """Whether its activation is a part of what goes on from step to step."""
    return any(param.name == "recurrent_initializer" for param in known.params)


def lets_through(interp: Context, path: str, activation: Value) -> bool:
    """Whether an activation is one of Keras' own by name, and a gradient flows through it."""
    if not isinstance(activation, Const):
        return False
    words = session_of(interp).layers(path).activations
    return activation.value is None or words.get(str(activation.value)) == "flows"
