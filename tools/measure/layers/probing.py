"""Builds one layer with given parameters, calls it under a tape and differentiates."""

from __future__ import annotations

import contextlib
import inspect
import logging
import operator
import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np
import tensorflow as tf

from tools.measure.layers.samples import GENERIC, NEGATIVE, POSITIVE, SINGLE, inputs

MODES = ("inference", "training")
KINDS = (GENERIC, POSITIVE, NEGATIVE, SINGLE)
#: How often a layer that draws random numbers is tried: one draw may drop everything.
_DRAWS = 3
_COLOUR = re.compile(r"\x1b\[\d+m")
_NUMBERED = re.compile(r"_\d+$")


class Unmeasurable(Exception):
    """The layer could not be made or called; the text says why."""


@dataclass
class Probe:
    """What one layer with one set of parameters is and does.

    ``weights`` are the names of the trained ones in order, ``frozen`` of the others, ``seeds`` the number of the
    states of random numbers. ``words``: what a gradient gives, by (input or weight, mode).
    """

    weights: list[str] = field(default_factory=list)
    frozen: list[str] = field(default_factory=list)
    seeds: int = 0
    returns: str = "tensor"
    dtype: str = ""
    alias: str = ""
    words: dict[tuple[str, str], str] = field(default_factory=dict)
    #: The same at generic points only.
    generic: dict[tuple[str, str], str] = field(default_factory=dict)


def probe(keras: ModuleType, name: str, options: Mapping[str, Any], kinds: tuple[str, ...]) -> Probe:
    """What a layer is and does, at these kinds of points; without any it is only made.

    Raises:
        Unmeasurable: it could not be made, or not be called.
    """
    with warnings.catch_warnings(), _silent():
        warnings.simplefilter("ignore")
        cls = find(keras, name)
        call = inspect.signature(cls.call)
        found: list[Probe] = []
        for number, given in enumerate(inputs(name, call, GENERIC)):
            try:
                found.append(_one(keras, name, options, (number, given), kinds))
            except Unmeasurable:
                if not found:  # a later way, such as floats for whole numbers, need not be possible
                    raise
    first, *rest = found
    for other in rest:
        first.words = {**other.words, **first.words}
        first.generic = {**other.generic, **first.generic}
    return first


def find(keras: ModuleType, name: str) -> Any:
    """The class of a name below ``keras.layers``."""
    return operator.attrgetter(name)(keras.layers)


def make(keras: ModuleType, name: str, options: Mapping[str, Any], given: Mapping[str, Any], run: bool = True) -> Any:
    """A layer with its weights, which are moved to generic points; ``run``: made by a call, as they are in programs.

    Raises:
        Unmeasurable: it could not be made.
    """
    keras.utils.set_random_seed(7)
    try:
        layer = find(keras, name)(**options)
        if options.get("num_bins") and hasattr(layer, "adapt"):
            layer.adapt(np.array([0.1, 0.4, 0.9, 2.0]))
        if run:
            _called(layer, given, {})
        else:
            layer.build(next(iter(given.values())).shape)
    except Exception as error:
        raise Unmeasurable(f"{type(error).__name__}: {_plain_text(str(error))}") from error
    generator = np.random.default_rng(3)
    for variable in layer.weights:
        if _dtype(variable).is_floating and None not in tuple(variable.shape):
            variable.assign(np.abs(generator.normal(size=tuple(variable.shape))).astype("float32") * 0.5 + 0.1)
    return layer


def _plain_text(message: str) -> str:
    """The beginning of a message, without colours."""
    return " ".join(_COLOUR.sub("", message).split())[:100]


def _one(
    keras: ModuleType, name: str, options: Mapping[str, Any], way: tuple[int, Mapping[str, Any]], kinds: tuple[str, ...]
) -> Probe:
    number, given = way
    layer = make(keras, name, options, given, bool(kinds) or not options.get("data_format"))
    variables = _same(layer.trainable_weights)
    made = Probe(
        [_name(layer, each) for each in variables],
        [_name(layer, each) for each in layer.non_trainable_weights],
        len(layer.variables) - len(layer.weights),
    )
    call = inspect.signature(layer.call)
    modes = MODES if "training" in call.parameters else MODES[:1]
    aliases = []
    for mode in modes:
        flags = {"training": mode == "training"} if "training" in call.parameters else {}
        by_kind: dict[str, dict[str, str]] = {}
        for kind in kinds:
            ways = inputs(name, call, kind)
            by_kind[kind], result = _differentiated(keras, layer, ways[number], flags)
            if kind == GENERIC:
                made.returns, made.dtype = _returned(result)
                aliases += [mode] * any(result is each for each in tf.nest.flatten(ways[number]))
        for key, word in by_kind.get(GENERIC, {}).items():
            # What is positive or negative is the matter of the weights: an input that is cut off there is no surprise.
            told = [kind for kind in kinds if key in made.weights or kind in (GENERIC, SINGLE)]
            words = {by_kind[kind][key] for kind in told}
            made.generic[key, mode] = word
            made.words[key, mode] = word_for(words)
    if aliases:
        made.alias = "always" if len(aliases) == len(modes) else aliases[0]
    return made


def _called(layer: Any, given: Mapping[str, Any], flags: Mapping[str, bool]) -> Any:
    """The first argument is given by its position, as in programs: its name is not always that of the parameter."""
    first, *rest = given
    return layer(given[first], **{name: given[name] for name in rest}, **flags)


def _differentiated(
    keras: ModuleType, layer: Any, given: Mapping[str, Any], flags: Mapping[str, bool]
) -> tuple[dict[str, str], Any]:
    """What a gradient gives, by input and by weight, and what the layer returned."""
    sources: dict[str, list[Any]] = {name: _tensors(value) for name, value in given.items()}
    sources = {name: own for name, own in sources.items() if own}
    sources.update({_name(layer, weight): [weight] for weight in _same(layer.trainable_weights)})
    words: dict[str, set[str]] = {name: set() for name in sources}
    for draw in range(_DRAWS):
        keras.utils.set_random_seed(11 + draw)
        with tf.GradientTape(persistent=True) as tape:
            for own in sources.values():
                for each in own:
                    if isinstance(each, tf.Tensor):
                        tape.watch(each)
            try:
                result = _called(layer, given, flags)
            except Exception as error:
                return {name: f"raises:{type(error).__name__}" for name in sources}, None
            target = _target(result)
        for name, found in _words(tape, target, sources).items():
            words[name].add(word_for(found))
        if not any("zero" in own for own in words.values()) or not flags.get("training", True):
            break
    return {name: _best(own) for name, own in words.items()}, result


def _best(words: set[str]) -> str:
    if "flows" in words and words <= {"flows", "zero"}:
        return "flows"  # it drew what cut everything off
    return word_for(words)


def word_for(words: set[str]) -> str:
    """One word for what was seen: ``arrives`` where there always was a gradient, and not always of the same kind."""
    if len(words) == 1:
        return next(iter(words))
    return "arrives" if words <= {"flows", "zero", "nonfinite", "arrives"} else "varies"


def _tensors(value: Any) -> list[Any]:
    return [each for each in tf.nest.flatten(value) if each.dtype.is_floating]


def _target(result: Any) -> Any:
    """A number to which every element of every output contributes in a way of its own."""
    total = tf.zeros(())
    for each in tf.nest.flatten(result, expand_composites=True):
        if each.dtype.is_floating or each.dtype.is_complex or each.dtype.is_integer:
            weights = np.random.default_rng(5).normal(size=tuple(each.shape)).astype("float32")
            total += tf.reduce_sum(tf.cast(each, tf.float32) * weights)
    return total


def _words(tape: Any, target: Any, sources: Mapping[str, list[Any]]) -> dict[str, set[str]]:
    """What a gradient towards each source is. What may be the rounding of the largest is in doubt."""
    gradients = {name: [_gradient(tape, target, _plain(each)) for each in own] for name, own in sources.items()}
    sizes: list[float] = [
        np.max(np.abs(each), initial=0.0) for own in gradients.values() for each in own if not isinstance(each, str)
    ]
    least = 1e-5 * max([1.0, *(size for size in sizes if np.isfinite(size))])
    return {name: {_word(each, least) for each in own} for name, own in gradients.items()}


def _gradient(tape: Any, target: Any, source: Any) -> Any:
    """The values of a gradient, or a word where there are none."""
    try:
        gradient = tape.gradient(target, source)
    except Exception as error:
        return f"raises:{type(error).__name__}"
    return "none" if gradient is None else tf.convert_to_tensor(gradient).numpy()


def _word(gradient: Any, least: float) -> str:
    if isinstance(gradient, str):
        return str(gradient)
    if not np.all(np.isfinite(gradient)):
        return "nonfinite"
    if not np.any(gradient):
        return "zero"
    return "flows" if np.any(np.abs(gradient) > least) else "arrives"


def _plain(variable: Any) -> Any:
    """Keras' own variables can be sources, too; TensorFlow's lie below them."""
    return variable.value if type(variable).__module__.startswith("keras.") else variable


def _dtype(variable: Any) -> tf.DType:
    return tf.as_dtype(variable.dtype)


def _same(variables: Iterable[Any]) -> list[Any]:
    """The variables, each once."""
    return list({id(each): each for each in variables}.values())


def _name(layer: Any, variable: Any) -> str:
    """The attribute of the layer or of its cell that the variable is, else where it lies, with slashes."""
    path: str = getattr(variable, "path", None) or variable.name.partition(":")[0]
    *_, last = path.split("/")
    for holder, prefix in ((layer, ""), (getattr(layer, "cell", None), "cell.")):
        with contextlib.suppress(Exception):
            if getattr(holder, last) is variable:
                return f"{prefix}{last}"
    return "/".join(_NUMBERED.sub("", word) for word in path.split("/")[1:]) or last


def _returned(result: Any) -> tuple[str, str]:
    """The shape of what is returned; and the dtype, where it is no floating-point one."""
    if isinstance(result, dict):
        return "mapping", ""
    if isinstance(result, (list, tuple)):
        parts = [_returned(each)[0] for each in result]
        nested = any(part != "tensor" for part in parts)
        return ("nested" if nested else f"{len(parts)} tensors"), ""
    if not isinstance(result, tf.Tensor):
        return type(result).__name__, ""
    return "tensor", "" if result.dtype.is_floating else result.dtype.name


@contextlib.contextmanager
def _silent() -> Any:
    """Keras and TensorFlow warn of gradients that are none: that is what is measured."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        yield
    finally:
        logging.disable(before)
