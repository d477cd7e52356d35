"""Makes one entry of the data of the many probes of a layer."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any

from tools.measure.layers import samples
from tools.measure.layers.probing import KINDS, MODES, Probe, Unmeasurable, find, probe

Entry = dict[str, Any]
#: A value of a parameter, with the ones it needs.
Options = Mapping[str, Any]
#: Parameters that are texts and switch by being given at all.
_GIVEN = ("bias_axes",)
#: In what a layer can be another one: in all, in what its gradients are, or in whether it hands its input through.
WEIGHTS, GRADIENTS, PASSING = "weights", "gradients", "passes"
_OF_VALUES = ("_initializer", "_regularizer", "_constraint")


def measure_layer(keras: ModuleType, name: str) -> Entry:
    """What is known of one layer.

    Raises:
        Unmeasurable: it could not be made, or not be called.
    """
    cls = find(keras, name)
    parameters = _parameters(cls.__init__)
    given = samples.options(keras.layers, name)
    usual = probe(keras, name, given, KINDS)
    found = _Options(keras, name, usual)
    untried = [each.name for each in parameters if not found.try_all(each, given.get(each.name))]
    found.try_together()
    entry: Entry = {
        "params": [_written(each) for each in parameters],
        "call": [_written(each) for each in _parameters(cls.call)],
    }
    last = name.rpartition(".")[2]
    if last in samples.WRAPPING:
        entry["wraps"] = samples.WRAPPING[last]
    entry["weights"] = {weight: _words(found.words, weight) + found.condition(weight) for weight in found.order()}
    entry["frozen"] = usual.frozen
    entry["inputs"] = {key: _words(found.words, key) for key in _inputs(usual)}
    entry["returns"] = {"": usual.returns} if usual.returns != "tensor" else {}
    entry["returns"].update(sorted(found.returns.items()))
    entry["dtype"] = usual.dtype
    entry["passes"] = usual.alias
    entry["seeds"] = found.seeding()
    required = {each.name for each in parameters if each.default is inspect.Parameter.empty}
    entry["other"] = dict(sorted(found.other.items()))
    entry["untried"] = sorted(set(untried) - required - given.keys())
    return {key: value for key, value in entry.items() if value}


class _Options:
    """The parameters of a layer, and what each changes."""

    def __init__(self, keras: ModuleType, name: str, usual: Probe) -> None:
        self._keras, self._name, self._usual = keras, name, usual
        self._given = samples.options(keras.layers, name)
        self.words = dict(usual.words)
        #: What switches a weight: the value with which it is the other way, and whether it is there without that.
        self._switches: dict[str, tuple[str, Options, bool]] = {}
        self._more: dict[str, tuple[str, ...]] = {}
        self._seeds: dict[str, int] = {}
        self.returns: dict[str, str] = {}
        #: Parameters, or values of them, with which the layer is another one, and in what.
        self.other: dict[str, str] = {}

    def try_all(self, parameter: inspect.Parameter, given: Any) -> bool:
        """Tries other values of one parameter; whether there were any with which it could be made."""
        if parameter.name in samples.COMMON:
            return True
        found_with: dict[str, str] = {}
        for value in samples.others(self._name, parameter, given):
            # How the weights begin, and what is made of them later, changes no gradient at generic points.
            found = self._probe(value, () if parameter.name.endswith(_OF_VALUES) else KINDS[:1])
            if found is None and parameter.name == "data_format":
                found = self._probe(value, ())  # a CPU does not compute all of them
            if found is not None:
                literal = value[parameter.name]
                found_with[f"{parameter.name}={literal!r}"] = self._difference(parameter, value, found)
        if not all(found_with.values()):
            self.other.update({label: aspect for label, aspect in found_with.items() if aspect})
        elif found_with:
            aspects = set(found_with.values())
            self.other[parameter.name] = aspects.pop() if len(aspects) == 1 else WEIGHTS
        return bool(found_with)

    def _probe(self, value: Options, kinds: tuple[str, ...]) -> Probe | None:
        options = {**samples.options(self._keras.layers, self._name), **value}
        try:
            return probe(self._keras, self._name, options, kinds)
        except Unmeasurable:
            return None

    def _difference(self, parameter: inspect.Parameter, value: Options, found: Probe) -> str:
        """In what the layer is another one, but for weights, results and seeds that are added or taken away."""
        name, usual = parameter.name, self._usual
        called = bool(found.generic) or not usual.generic
        if found.seeds != usual.seeds:
            self._seeds[name] = found.seeds
        if found.frozen != usual.frozen:
            return WEIGHTS
        if found.weights != usual.weights and not self._switched(parameter, value, found):
            return WEIGHTS
        if called and found.returns != usual.returns:
            if value[name] is not True:
                return GRADIENTS
            self.returns[name] = found.returns
        same = all(_same(word, usual.generic[key]) for key, word in found.generic.items() if key in usual.generic)
        if not same:
            return GRADIENTS
        return PASSING if called and found.alias != usual.alias else ""

    def _switched(self, parameter: inspect.Parameter, value: Options, found: Probe) -> bool:
        """Whether the parameter adds weights, or takes some away, and does nothing else to them."""
        if len(value) > 1:
            return False
        lost = [weight for weight in self._usual.weights if weight not in found.weights]
        more = [weight for weight in found.weights if weight not in self._usual.weights]
        rest = [weight for weight in found.weights if weight not in more]
        if (lost and more) or rest != [weight for weight in self._usual.weights if weight not in lost]:
            return False
        if lost and value[parameter.name] is not False:
            return False
        if any(weight in self._switches for weight in (*lost, *more)):
            return False
        for weight in (*lost, *more):
            self._switches[weight] = (parameter.name, value, weight in lost)
        if more:
            self._more[parameter.name] = tuple(found.weights)
            self.words.update({(key, mode): word for (key, mode), word in found.words.items() if key in more})
        return True

    def order(self) -> list[str]:
        """All weights there may be, in order."""
        found = list(self._usual.weights)
        for weights in self._more.values():
            for number, weight in enumerate(weights):
                if weight not in found:
                    before = [found.index(other) for other in weights[:number]]
                    found.insert(max(before, default=-1) + 1, weight)
        return found

    def condition(self, weight: str) -> str:
        """When the weight is there, in words."""
        if weight not in self._switches:
            return ""
        name, value, usual = self._switches[weight]
        literal = value[name]
        if isinstance(literal, str) and name not in _GIVEN:
            return f" if {name}={literal!r}"
        return f" if not {name}" if literal is False and not usual else f" if {name}"

    def try_together(self) -> None:
        """What two parameters switch must be what each of them does; else the second is told to make another layer."""
        switches = {name: value for name, value, _ in self._switches.values()}
        for (one, first), (other, second) in itertools.combinations(switches.items(), 2):
            found = self._probe({**first, **second}, ())
            wanted = [weight for weight in self.order() if self._present(weight, {one, other})]
            if found is not None and found.weights != wanted:
                self._forget(other)

    def _present(self, weight: str, flipped: Iterable[str]) -> bool:
        if weight not in self._switches:
            return True
        name, _, usual = self._switches[weight]
        return usual != (name in flipped)

    def _forget(self, name: str) -> None:
        self.other[name] = WEIGHTS
        for weight in [weight for weight, switch in self._switches.items() if switch[0] == name]:
            del self._switches[weight]
        self._more.pop(name, None)

    def seeding(self) -> str:
        """How many states of random numbers it keeps, and with which parameters."""
        if self._usual.seeds:
            off = sorted(name for name, seeds in self._seeds.items() if not seeds)
            return f"{self._usual.seeds} if {' and '.join(off)}" if off else str(self._usual.seeds)
        on = sorted(name for name, seeds in self._seeds.items() if seeds)
        return f"{max(self._seeds.values())} if {' or '.join(on)}" if on else ""


def _same(one: str, other: str) -> bool:
    # What is lost in rounding may as well be nothing.
    return one == other or {one, other} == {"zero", "arrives"}


def _words(words: Mapping[tuple[str, str], str], key: str) -> str:
    """What a gradient gives, in both modes or in inference and in training."""
    own = [words[key, mode] for mode in MODES if (key, mode) in words]
    return own[0] if len(set(own)) == 1 else "/".join(own)


def _inputs(usual: Probe) -> list[str]:
    return sorted({key for key, _ in usual.words} - set(usual.weights))


def _parameters(function: Any) -> list[inspect.Parameter]:
    signature = inspect.signature(function)
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return [each for each in list(signature.parameters.values())[1:] if each.kind in kinds]


def _written(parameter: inspect.Parameter) -> str:
    default = parameter.default
    if default is inspect.Parameter.empty:
        return parameter.name
    plain = default is None or isinstance(default, (bool, int, float, str, tuple))
    return f"{parameter.name}={default!r}" if plain else f"{parameter.name}=..."
