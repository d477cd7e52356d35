"""``python -m tools.measure.probability``: measures TensorFlow Probability and writes what is known of it.

Each distribution and bijector of the tables beside this file is made of tensors at a few points, and each of its
methods is differentiated with respect to every parameter and to the value it is given. What raises, or gives another
answer at another point, is left out: it is not known, and ``unmeasured.txt`` tells why. An interrupted measurement goes
on where it stopped.
"""

from __future__ import annotations

import argparse
import inspect
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from tools.measure.recipes import Recipe, Samples, recipes
from tools.measure.supervising import Journal
from tools.measure.writing import UNMEASURED, write_unmeasured

FOLDER = Path(__file__).parents[2] / "src" / "tfgradlint" / "knowledge" / "probability"
FAMILIES = ("distributions", "bijectors")
_POINTS = 3
#: Methods of distributions: without an argument, of a value of the distribution, of a probability, of another one.
_PLAIN = ("sample", "mean", "mode", "stddev", "variance", "covariance", "entropy")
_OF_VALUE = tuple("log_prob prob cdf log_cdf survival_function log_survival_function".split())
_OF_OTHER = ("kl_divergence",)
#: The density of what the very same object drew: an object may remember how it drew it.
OF_SAMPLE = "(sample)"
_FORWARD = ("forward", "forward_log_det_jacobian")
_INVERSE = ("inverse", "inverse_log_det_jacobian")
_FLOATS = ["float16", "bfloat16", "float32", "float64"]
Effects = dict[str, str]


class Measured(NamedTuple):
    """What is known of a class and its methods, and why nothing is known of others."""

    entries: dict[str, dict[str, object]]
    unmeasured: dict[str, str]


class Seen(NamedTuple):
    """What was seen of one method: the dtype that comes out, and the word for each argument."""

    dtype: str
    effects: Effects


# -- one object at one point

#: How the object is made: of tensors in the tape, of tensors before it, of variables in it, of variables before it.
_WAYS = ("tensors", "tensors before", "variables", "variables before")


#: What was drawn at each point: samplers may take their time.
_DRAWN: dict[tuple[object, ...], Any] = {}


class Point:
    """One object at one point. ``tracked`` are the arguments that a gradient is asked for, by name."""

    def __init__(
        self, family: str, recipe: Recipe, number: int, way: str, options: dict[str, Any], other: bool = False
    ) -> None:
        self._class = getattr(getattr(tfp, family), recipe.name)
        self._key = (recipe.name, number)
        self._recipe, self._way, self._options = recipe, way, options
        self.tracked: dict[str, Any] = {}
        self._plain: dict[str, dict[str, Any]] = {}
        for prefix in ("", "other.") if other else ("",):
            samples = Samples(*self._key, prefix)
            given = {name: samples.evaluate(text) for name, text in recipe.arguments.items()}
            arrays = {name: value for name, value in given.items() if isinstance(value, np.ndarray)}
            make = tf.Variable if way.startswith("variables") else tf.constant
            self.tracked |= {prefix + name: make(value) for name, value in arrays.items()}
            self._plain[prefix] = {name: value for name, value in given.items() if name not in arrays}

    def make(self, prefix: str = "") -> Any:
        """The object, or another one of its kind."""
        own = {name: self.tracked[prefix + name] for name in self._recipe.arguments if prefix + name in self.tracked}
        return self._class(**own, **self._plain[prefix], **self._options)

    def argument(self, made: Any, method: str) -> Any:
        """A value for the method, which nothing connects with the parameters."""
        samples = Samples(*self._key, "value")
        if self._recipe.given:
            given = tf.constant(samples.evaluate(self._recipe.given))
            return tf.constant(made.forward(given).numpy() if method in _INVERSE else given.numpy())
        if method == "quantile":
            return tf.constant(samples.unit())
        key = (type(made).__name__, *self._key, *self._recipe.arguments)
        if key not in _DRAWN:
            _DRAWN[key] = made.sample(seed=self._key[1]).numpy()
        return tf.constant(_DRAWN[key])

    def run(self, method: str, twice: bool) -> Seen:
        """Call the method under a tape and ask for every gradient, and for gradients of these if ``twice``.

        Raises what the call raises.
        """
        tf.random.set_seed(self._key[1])
        before, name = "before" in self._way, method.removesuffix(OF_SAMPLE)
        made = self.make() if before else None
        other = self.make("other.") if before and method in _OF_OTHER else None
        given: list[Any] = []
        if not method.endswith(OF_SAMPLE) and method not in (*_PLAIN, *_OF_OTHER):
            given = [self.argument(self.make(), method)]
        sources = dict(self.tracked)
        if given and given[0].dtype.is_floating:
            sources["value"] = given[0]
        with tf.GradientTape(persistent=True) as outer, tf.GradientTape(persistent=True) as tape:
            for each in sources.values():
                if not isinstance(each, tf.Variable):
                    outer.watch(each)
                    tape.watch(each)
            made = self.make() if made is None else made
            if method in _OF_OTHER:
                given = [self.make("other.") if other is None else other]
            if method.endswith(OF_SAMPLE):
                given = [made.sample(seed=self._key[1])]
            result = getattr(made, name)(*given)
            if not tf.is_tensor(result):
                raise TypeError("no tensor")
            target = _weighted(result, self._key)
            first = {name: _request(tape, target, source) for name, source in sources.items()}
            again = {
                name: _weighted(value, self._key, name)
                for name, value in first.items()
                if twice and _word(value) == "flows"
            }
        effects: Effects = {}
        for name, value in first.items():
            effects[name] = _word(value)
            if name in again:
                second = _word(_request(outer, again[name], sources[name]))
                effects[name] = "flows/flows" if second == "flows" else f"flows/{second}"
        return Seen(result.dtype.name, effects)


def _weighted(result: Any, *key: object) -> Any:
    """A number in which every element counts, each in another way."""
    result = tf.convert_to_tensor(result)
    if not result.dtype.is_floating:
        return result
    return tf.reduce_sum(result * tf.cast(Samples(*key, "weights").real(*result.shape, 1)[..., 0], result.dtype))


def _request(tape: Any, target: Any, source: Any) -> Any:
    try:
        return tape.gradient(target, source)
    except Exception as error:
        return f"raises:{type(error).__name__}"


def _word(gradient: Any) -> str:
    if isinstance(gradient, str):
        return gradient
    if gradient is None:
        return "none"
    array = tf.convert_to_tensor(gradient).numpy()
    if not np.isfinite(array).all():
        return "nonfinite"
    rows = (array != 0).reshape(array.shape[0] if array.ndim else 1, -1).any(-1)
    return "flows" if rows.all() else "zero" if not rows.any() else "mixed"


# -- all points together

#: Words that speak of the point rather than of the method.
_OPEN = {"mixed", "nonfinite", "zero"}


def _agreed(seen: list[Effects]) -> Effects:
    """The words on which all points agree; of second derivatives, too, or they are not known.

    A zero at a few points proves nothing of others: the density of a count may be flat at 1 and nowhere else.
    """
    found: Effects = {}
    for name in seen[0]:
        words = [effects[name].partition("/") for effects in seen if name in effects]
        firsts, seconds = {first for first, _, _ in words}, {second for _, _, second in words if second}
        if len(firsts) > 1 or firsts & _OPEN:
            continue
        found[name] = firsts.pop()
        if found[name] == "flows":
            known = seconds.pop() if len(seconds) == 1 and not seconds & _OPEN else "?"
            found[name] += "" if known == "flows" else f"/{known}"
    return found


#: Where an object lies in memory, which is another place in each run.
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


def reason(error: Exception) -> str:
    """Why something was not measured: the exception's type and the first line of its message."""
    message = str(error).strip().partition("\n")[0]
    return _ADDRESS.sub("", f"{type(error).__name__}: {message}" if message else type(error).__name__)


def _observed(family: str, recipe: Recipe, method: str, options: dict[str, Any], way: str) -> Seen | str:
    """What all points agree on, or why that is not known."""
    seen: list[Seen] = []
    for number in range(_POINTS if way == _WAYS[0] else 1):
        more = {"validate_args": True} if number == _POINTS - 1 else {}
        try:
            point = Point(family, recipe, number, way, {**options, **more}, method in _OF_OTHER)
            seen.append(point.run(method, twice=number < 2 and way == _WAYS[0]))
        except Exception as error:
            if not more:  # the arguments of the last point may be none that are valid
                return reason(error)
    dtypes = {each.dtype for each in seen}
    if len(dtypes) > 1:
        return "another dtype comes out at another point"
    return Seen(dtypes.pop(), _agreed([each.effects for each in seen]))


def _methods(family: str) -> tuple[str, ...]:
    if family == "bijectors":
        return (*_FORWARD, *_INVERSE)
    return (*_PLAIN, *_OF_VALUE, "quantile", *_OF_OTHER, "log_prob" + OF_SAMPLE)


def _merged(seen: list[Seen]) -> Seen | str:
    """Several ways to give the parameters: where they contradict each other, nothing is known."""
    if len({each.dtype for each in seen}) != 1:
        return "another dtype comes out where the parameters are given in another way"
    effects: Effects = {}
    names = sorted({name for each in seen for name in each.effects})
    for name in names:
        words = [each.effects.get(name) for each in seen if name in each.effects]
        if len(set(words)) == 1 and words[0] is not None:
            effects[name] = words[0]
    return Seen(seen[0].dtype, effects)


def measure(family: str, name: str) -> Measured:
    """The entries of one class: the class itself, with each parameter that was tried, and its methods.

    ``later``: it is read whenever a method is called; ``now``: when the object is made; ``number``: it was a plain one.
    A tensor towards which no method has a gradient of one kind at all points is missing.
    The kind tells what is remembered of a value until the next time.
    """
    own = recipes(family)[name]
    later: dict[str, bool] = {}
    entries: dict[str, dict[str, object]] = {}
    unmeasured: dict[str, str] = {}
    path = f"tfp.{family}.{name}"
    parameters = inspect.signature(getattr(getattr(tfp, family), name).__init__).parameters
    for method in _methods(family):
        cases: list[dict[str, object]] = []
        inside = _of_all(family, own, method, {}, later)
        if isinstance(inside, str):
            unmeasured[f"{path}.{method}"] = inside
            continue
        if "dtype" in parameters and method == "sample":
            floating = _of_all(family, own, method, {"dtype": tf.float32}, later)
            if isinstance(floating, str):
                unmeasured[f"{path}.{method} with dtype=tf.float32"] = floating
            else:
                cases.append({"when": {"dtype": _FLOATS}, **_case(floating)})
            cases.append({"when": {"dtype": "absent"}, **_case(inside)})
        else:
            cases.append(_case(inside))
        entries[f"{path}.{method}"] = {"params": _parameters(method), "cases": cases}
    entries |= {f"{path}.{attribute}": entry for attribute, entry in _attributes(family, own, later).items()}
    words = {name: "later" if flag else "now" for name, flag in later.items()}
    for recipe in own:
        tensors = Point(family, recipe, 0, _WAYS[0], {}).tracked
        words |= {name: "number" for name in recipe.arguments if name not in tensors and name not in words}
    kind = kind_of(family, own)
    case = {"outputs": [{"kind": kind, "effects": dict(sorted(words.items()))}]}
    entries[path] = {"params": _signature(parameters), "cases": [case]}
    return Measured(entries, unmeasured)


def remembered(family: str, recipe: Recipe) -> set[str]:
    """The arguments for which another tape gets another gradient when the value is the very same.

    Bijectors remember what they made of a tensor, across objects of the same parameters too, and hand it out again
    when another tape is recording; so do distributions that are made with them.
    """
    methods = ("log_prob",) if family == "distributions" else (*_FORWARD, *_INVERSE)
    found: set[str] = set()
    for way in ("variables", "tensors"):
        for again in (True, False):
            for method in methods:
                point = Point(family, recipe, 0, way, {})
                one = point.make()
                kept: list[Any] = []
                seen: list[list[Any]] = []
                try:
                    value = point.argument(point.make(), method)
                    for _ in range(2):
                        tape, gradients = _once(point, one if again else None, method, value)
                        kept.append(tape)
                        seen.append(gradients)
                except Exception:  # why it cannot be called is told when it is measured
                    continue
                names = ("value", *point.tracked)
                found |= {name for name, one, two in zip(names, *seen, strict=True) if not _alike(one, two)}
    return found


def kind_of(family: str, own: list[Recipe]) -> str:
    """``remembering``: what it made, and the parameters with it; ``remembering value``: the value's part alone."""
    names = {name for recipe in own for name in remembered(family, recipe)}
    return "remembering" if names - {"value"} else "remembering value" if names else "object"


def _once(point: Point, made: Any, method: str, value: Any) -> tuple[Any, list[Any]]:
    sources = [value, *point.tracked.values()]
    with tf.GradientTape(persistent=True) as tape:
        for each in sources:
            if not isinstance(each, tf.Variable) and each.dtype.is_floating:
                tape.watch(each)
        result = tf.reduce_sum(getattr(point.make() if made is None else made, method)(value))
    return (tape, result), [_request(tape, result, each) for each in sources]


def _alike(one: Any, other: Any) -> bool:
    if one is None or other is None or isinstance(one, str):
        return one is other or one == other
    return bool(np.allclose(tf.convert_to_tensor(one), tf.convert_to_tensor(other), equal_nan=True))


def _of_all(family: str, own: list[Recipe], method: str, options: dict[str, Any], later: dict[str, bool]) -> Seen | str:
    """What a method does for all ways to give the parameters, or why that is not known.

    ``later`` takes note of what is read at the call.
    """
    results: list[Seen] = []
    for recipe in own:
        ways = {way: _observed(family, recipe, method, options, way) for way in _WAYS}
        tensors, variables = ways["tensors"], ways["variables"]
        for seen in (tensors, variables):
            if isinstance(seen, str):
                return seen
        assert isinstance(tensors, Seen)
        same = {arg: word for arg, word in tensors.effects.items() if _first(variables, arg) == _first(tensors, arg)}
        for arg in same:
            if arg != "value" and not arg.startswith("other."):
                early = [_first(ways[way], arg) == _first(tensors, arg) for way in _WAYS if "before" in way]
                later[arg] = later.get(arg, True) and all(early)
        results.append(Seen(tensors.dtype, same))
    return _merged(results)


def _first(seen: Seen | str, name: str) -> str:
    return seen.effects.get(name, "").partition("/")[0] if isinstance(seen, Seen) else ""


def _case(seen: Seen) -> dict[str, object]:
    floating = "float" in seen.dtype
    return {"outputs": [{"dtype": "float" if floating else seen.dtype, "effects": dict(sorted(seen.effects.items()))}]}


def _attributes(family: str, own: list[Recipe], later: dict[str, bool]) -> dict[str, dict[str, object]]:
    """Parameters that the object hands out again: the very same tensor or variable."""
    found: dict[str, dict[str, object]] = {}
    for recipe in own:
        points = [Point(family, recipe, 0, way, {}) for way in ("tensors", "variables")]
        made = [point.make() for point in points]
        for name in recipe.arguments:
            if name in later and all(
                getattr(one, name, None) is point.tracked[name] for one, point in zip(made, points, strict=True)
            ):
                output = {"dtype": f"={name}", "effects": {name: "flows/none"}, "alias": name}
                found[name] = {"params": [], "cases": [{"outputs": [output]}]}
    return found


def _parameters(method: str) -> list[str]:
    if method == "sample":
        return ["sample_shape=()", "seed=None", "name='sample'"]
    if method in _PLAIN:
        return ["name=''"]
    return ["other" if method in _OF_OTHER else "value", *_EVENT.get(method, ()), "name=''"]


#: The log-determinants take the number of the event's dimensions as well; it carries no gradient.
_EVENT = dict.fromkeys(("forward_log_det_jacobian", "inverse_log_det_jacobian"), ("event_ndims=None",))


def _signature(parameters: Any) -> list[str]:
    texts: list[str] = []
    for name, parameter in parameters.items():
        if name == "self" or parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and "*" not in texts:
            texts.append("*")
        default = parameter.default
        plain = default is None or isinstance(default, (bool, int, float, str))
        texts.append(name if default is parameter.empty else f"{name}={default!r}" if plain else f"{name}=...")
    return texts


# -- the files


def untried(family: str) -> dict[str, str]:
    """The public classes of a family that the tables beside this file do not tell how to make."""
    module, known = getattr(tfp, family), recipes(family)
    base = module.Distribution if family == "distributions" else module.Bijector
    names = [name for name, one in vars(module).items() if inspect.isclass(one) and issubclass(one, base)]
    return {f"tfp.{family}.{name}": _UNTRIED for name in names if name not in known and not name.startswith("_")}


_UNTRIED = "the measuring program has no recipe to make one"


def measured(family: str, wanted: Callable[[str], bool], journal: Journal) -> Measured:
    """All classes of a family that are wanted; those that the journal holds are not measured again."""
    found = Measured({}, {})
    earlier = {event["done"]: event for event in journal.earlier()}
    for name in sorted(recipes(family)):
        if not wanted(name):
            continue
        event = earlier.get(f"{family}.{name}")
        if event is None:
            print(name, file=sys.stderr, flush=True)
            event = {"done": f"{family}.{name}", **measure(family, name)._asdict()}
            journal.note(event)
        found.entries.update(event["entries"])
        found.unmeasured.update(event["unmeasured"])
    return found


def text(callables: dict[str, dict[str, object]]) -> str:
    """A file of the data: one line a callable."""
    versions = {"tensorflow": tf.__version__, "tensorflow-probability": tfp.__version__}
    lines = [f"{json.dumps(name)}: {json.dumps(callables[name])}" for name in sorted(callables)]
    return (
        "{\n"
        f'"versions": {json.dumps(versions)},\n"aliases": {{\n\n}},\n"callables": {{\n' + ",\n".join(lines) + "\n}\n}\n"
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.measure.probability", description=__doc__)
    parser.add_argument(
        "--only", metavar="REGEX", default="", help="measure these classes only and print what comes of it"
    )
    options = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    journal = Journal(None if options.only else FOLDER / "measuring.partial", tfp.__version__)
    unmeasured: dict[str, str] = {}
    for family in FAMILIES:
        made = measured(family, lambda name: re.fullmatch(options.only or ".*", name) is not None, journal)
        if options.only:
            print("".join(f"{name}: {json.dumps(entry)}\n" for name, entry in sorted(made.entries.items())), end="")
            print("".join(f"{name}: {why}\n" for name, why in sorted(made.unmeasured.items())), end="")
        else:
            (FOLDER / f"{family}.json").write_text(text(made.entries), encoding="utf-8")
            unmeasured |= {**made.unmeasured, **untried(family)}
    if not options.only:
        write_unmeasured(FOLDER / UNMEASURED, unmeasured)
    journal.end()
    return 0


if __name__ == "__main__":
    sys.exit(main())
