"""Making Keras' own layers."""

from __future__ import annotations

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import NONE, Const, Unknown, Value, Variable
from tfgradlint.flow.values.containers import Items, ListObject, Union
from tfgradlint.flow.values.functions import Function, Method, NativeFunction, Partial
from tfgradlint.flow.values.objects import Instance, Layer
from tfgradlint.flow.values.walk import nest_parts, walk
from tfgradlint.libraries.keras.creation import created
from tfgradlint.libraries.keras.layer_facts import Making, facts, making, present, seeds, states
from tfgradlint.libraries.keras.regularised import note_made
from tfgradlint.libraries.keras.state import (
    BUILT,
    CHANGED,
    FOREIGN,
    FROZEN_AT,
    HIDDEN,
    IN_TAPE,
    MEASURED,
    NAME,
    NAMED,
    RECIPE,
    SEED,
    SHAPED,
    STATE_COUNT,
    WIDTH,
)
from tfgradlint.libraries.keras.unseen import may_add_losses, others_class
from tfgradlint.libraries.keras.weights import new_weight, set_trainable
from tfgradlint.libraries.keras.wrappers import SHAPES, wrapper

_COMPOSED = (Layer, Instance)
#: Their first parameter says how many elements the last axis of their result has, unless that is another one.
_WIDE = frozenset({"Dense", "Conv1D", "Conv2D", "Conv3D"})
_CALLABLE = (Function, Method, NativeFunction, Partial, Union, Unknown)


def layer(interp: Context, path: str, last: str, args: list[Value], kwargs: dict[str, Value]) -> Layer:
    """One of Keras' own layers."""
    wrapped = wrapper(interp, path, last, args, kwargs, again)
    made, drawn = (wrapped, 0) if wrapped is not None else _layer(interp, path, last, args, kwargs)
    RECIPE.begin(made, (args, kwargs))
    if "trainable" in kwargs:
        made.fields["trainable"] = interp.expressions.truth(kwargs["trainable"])
        FROZEN_AT.begin(made, (interp.recorder.now(), interp.recorder.site))
    NAME.begin(made, kwargs.get("name", NONE))
    note_made(interp, made, args, kwargs)
    weights = [each for each in (made.own, *(made.parts or ())) if isinstance(each, Variable)]
    if (weights or drawn) and created(interp, not weights):
        for weight in weights:
            IN_TAPE.begin(weight, interp.recorder.site)
    BUILT.begin(made, False)
    if drawn != 0:
        # Whether the state comes before or after the weights is not known.
        certain = drawn is not None and not weights
        SEED.begin(made, new_weight(interp, (last, "seed"), False) if certain else None)
    SHAPED.begin(made, bool(SHAPES & kwargs.keys()))
    return made


def again(interp: Context, made: Layer) -> Layer | None:
    """The same layer with weights of its own, and so those that it was given; None where that is not known."""
    recipe, flag = RECIPE.of(made), made.fields["trainable"]
    if recipe is None or flag is None or made.fields["opened"] is not False or CHANGED in made.fields:
        return None
    args = [_again(interp, value) for value in recipe[0]]
    kwargs = {name: _again(interp, value) for name, value in recipe[1].items()}
    known = [value for value in args if value is not None]
    named = {name: value for name, value in kwargs.items() if value is not None}
    if len(known) < len(args) or len(named) < len(kwargs):
        return None
    copy = layer(interp, made.path, made.path.rpartition(".")[2], known, named)
    if copy.fields["trainable"] is not flag:
        set_trainable(interp, copy, Const(flag))
        FROZEN_AT.put(interp.state, copy, FROZEN_AT.of(made))
    return copy


def _again(interp: Context, value: Value) -> Value | None:
    """An argument of a layer that is made once more; None for an object of the module, or several."""
    if isinstance(value, Layer):
        return again(interp, value)
    if isinstance(value, Instance):
        return None
    if isinstance(value, ListObject) and any(isinstance(each, _COMPOSED) for each in walk(value, nest_parts)):
        content = value.structure
        made = [_again(interp, each) for each in content.items] if isinstance(content, Items) else [None]
        known = tuple(each for each in made if each is not None)
        return ListObject(Items(known, "list")) if len(known) == len(made) else None
    return value


def _layer(
    interp: Context, path: str, last: str, args: list[Value], kwargs: dict[str, Value]
) -> tuple[Layer, int | None]:
    """A layer that wraps no other one, and how many states of random numbers it draws, 0 or 1; None: not known."""
    given = [*args, *kwargs.values()]
    parts = tuple(part for value in given for part in walk(value, nest_parts) if isinstance(part, _COMPOSED))
    if "activation" in kwargs or (last == "Activation" and args):
        activation: Value = kwargs.get("activation", args[0] if args else NONE)
    else:
        activation = NONE
    known = facts(interp, path)
    here = making(known, args, kwargs) if known is not None else None
    foreign = [value for value in given if isinstance(value, _CALLABLE) and value is not activation]
    made: Layer | None = None
    if here is not None and here.weights and not here.facts.weightless:
        activation = here.bound.get("activation", NONE)
        made = _with_weights(interp, path, here, activation)
    if made is None:
        weightless = here is not None and here.weights and here.facts.weightless
        several = any(name in kwargs for name in ("return_state", "return_attention_scores", "**"))
        made = Layer(path, None if weightless else new_weight(interp), parts, not several)
        if last == "Activation":
            made.fields["activation"] = activation
        elif ((foreign or parts) and not weightless) or isinstance(activation, _CALLABLE):
            # Which weights are its own beside those of the layers it holds was not measured.
            HIDDEN.begin(made, True)
    MEASURED.begin(made, here is not None and here.gradients)
    if here is None:
        return made, 0
    STATE_COUNT.begin(made, states(interp, here))
    return made, _drawn(interp, here)


def _drawn(interp: Context, here: Making) -> int | None:
    """How many states of random numbers it draws, 0 or 1; None where that is not known, or they are several."""
    number = seeds(interp, here) if here.weights else None
    if number is None:
        return None if here.facts.seeds.number else 0
    return number if number < 2 else None


def _with_weights(interp: Context, path: str, here: Making, activation: Value) -> Layer | None:
    """A layer whose weights are known one by one."""
    known = here.facts
    if known.wraps:
        return None
    named: dict[str, Value] = {}
    first = here.bound.get(known.params[0].name) if known.params else None
    size = first.value if isinstance(first, Const) else None  # the number of units or filters
    for name, switch in (
        *((each.name, each.switch) for each in known.weights),
        *((name, None) for name in known.frozen),
    ):
        flag = present(interp, here, switch)
        if flag is None:
            return None
        make = (known.name, name, size)
        named[name] = new_weight(interp, make, name not in known.frozen) if flag else NONE
    weights = tuple(weight for weight in named.values() if isinstance(weight, Variable))
    made = Layer(path, None, (*weights, activation) if isinstance(activation, _COMPOSED) else weights)
    NAMED.begin(made, named)
    made.fields.update({name: weight for name, weight in named.items() if "." not in name and "/" not in name})
    if known.name in _WIDE and type(size) is int and "data_format" not in here.bound:
        WIDTH.begin(made, size)
    made.fields["activation"] = activation
    made.fields["recurrent_activation"] = here.bound.get("recurrent_activation", NONE)
    return made


def opaque_model(interp: Context, path: str, single: bool, copied: Value = NONE) -> Layer:
    """A model that somebody else made; ``single``: one of Keras' own, which has one output and adds no losses.

    A copy adds what is added by the model that is ``copied``.
    """
    made = Layer(path, new_weight(interp), (), single)
    known = single or (isinstance(copied, Layer) and not others_class(copied) and not may_add_losses(interp, copied))
    FOREIGN.begin(made, not known)
    return made
