"""``python -m tools.measure.einops``: measures einops as it is installed, and writes what is known of it.

Each function is called with tensors, with lists of them and with arrays, and differentiated like the operations of
TensorFlow; each layer is made, called under a tape and differentiated towards its input and its weights. ``--check``
writes nothing and tells where the data differs: so it is held against other versions of einops and TensorFlow.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import einops
import numpy as np
import tensorflow as tf
from einops.layers import tensorflow as keras_layers

from tools.measure.cases import Cases, Entry
from tools.measure.entries import Measurement
from tools.measure.measuring import word_of
from tools.measure.names import Target, parameters
from tools.measure.supervising import versions
from tools.measure.writing import encode, replace

FOLDER = Path(__file__).parents[2] / "src" / "tfgradlint" / "libraries" / "einops"
#: Behind a name: the same of a pattern that leaves nothing to do, and of what begins with an array.
SAME, ARRAY = "(same)", "(array)"

# -- functions

#: Patterns that leave nothing to do, and those of which something new is made, with the sizes that they need.
LEFT = ("a b -> a b", "(a) b -> a b", "... -> ...", "a ... -> (a) ...", "a b ... -> a b ...")
TURNED = "a b -> b a"
MOVED: Mapping[str, tuple[str, ...]] = {
    "rearrange": (TURNED, "a b -> (a b)", "a b -> a 1 b", "(a c) b -> a (b c); c=2", "(c a) b -> (c a) b; c=2"),
    "repeat": ("a b -> a b 2", "a b -> (a c) b; c=3", TURNED),
    "reduce": ("a b -> a", "(a 2) b -> a b", "a b ->", "a (b c) -> c a; c=3", "a b -> 1 b"),
}
REDUCTIONS = ("sum", "mean", "max", "min", "prod", "any", "all")
_SHAPE = "f(4, 3)"
#: Arguments by way: a list is stacked, and stands for a dimension more.
_LISTS = {"rearrange": "a b c -> a (b c)", "repeat": "a b c -> a b c 2", "reduce": "a b c -> b c"}
_LIST = "[f(4, 3), f(4, 3)]"
_ARRAYS = ("np.ones((4, 3), 'float32')", "[np.ones((4, 3), 'float32'), f(4, 3)]")
#: The calls of the functions that take no pattern of that kind.
_OTHERS: Mapping[str, tuple[dict[str, str], ...]] = {
    "einsum": (
        {"tensors_and_pattern": "[f(2, 3), f(3, 4), 'a b, b c -> a c']"},
        {"tensors_and_pattern": "[f(3, 3), 'a a ->']"},
        {"tensors_and_pattern": "[f(2, 3), np.ones((3, 4), dtype), f(4), 'a b, b c, c -> a']"},
    ),
    "einsum" + ARRAY: ({"tensors_and_pattern": "[np.ones((2, 3), 'float32'), f(3, 4), 'a b, b c -> a c']"},),
    "pack": (
        {"tensors": "[f(2, 3), f(2, 4, 5)]", "pattern": "'a *'"},
        {"tensors": "[f(2, 3)]", "pattern": "'a *'"},
        {"tensors": "(f(2, 3), f(2, 3))", "pattern": "'* a'"},
    ),
    "pack" + ARRAY: ({"tensors": "[np.ones((2, 3)), np.ones((2, 4, 5))]", "pattern": "'a *'"},),
    "unpack": (
        {"tensor": "f(2, 8)", "packed_shapes": "[[3], [5]]", "pattern": "'a *'"},
        {"tensor": "f(2, 8)", "packed_shapes": "[[2, 4]]", "pattern": "'a *'"},
    ),
    "unpack" + ARRAY: ({"tensor": "np.ones((2, 8))", "packed_shapes": "[[3], [5]]", "pattern": "'a *'"},),
    "asnumpy": ({"tensor": _SHAPE},),
}


def functions() -> dict[str, dict[str, Any]]:
    """The entries of all functions, by name."""
    found: dict[str, dict[str, Any]] = {}
    for name, moved in MOVED.items():
        found[name] = _entry(name, [*((_SHAPE, pattern) for pattern in moved), (_LIST, _LISTS[name])])
        found[name + SAME] = _entry(name, [(_SHAPE, pattern) for pattern in LEFT])
        arrays = [*((_ARRAYS[0], pattern) for pattern in (TURNED, *moved)), (_ARRAYS[1], _LISTS[name])]
        found[name + ARRAY] = _entry(name, arrays)
    for name, calls in _OTHERS.items():
        measurement = _measurement(name.partition("(")[0])
        found[name] = _encoded(measurement, _cases(measurement, calls))
    return {f"einops.{name}": entry for name, entry in sorted(found.items())}


def _entry(name: str, calls: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The entry of a function that takes a pattern; of a reduction, by its kind."""
    written = [{"tensor": tensor, "pattern": _sized(pattern)} for tensor, pattern in calls]
    measurement = _measurement(name)
    if name != "reduce":
        return _encoded(measurement, _cases(measurement, written))
    found: Cases | None = None
    for reduction in REDUCTIONS:
        logical = reduction in ("any", "all")
        given = [{**call, "reduction": repr(reduction)} for call in written]
        if logical:
            given = [{**call, "tensor": _logical(call["tensor"])} for call in given]
        cases = _cases(_measurement(name), given)
        if found is None:
            found = cases
        found.option("reduction", reduction, cases.base.observation, found is cases)
    assert found is not None
    return _encoded(measurement, found)


def _measurement(name: str) -> Measurement:
    function = getattr(einops, name)
    own = parameters(function)
    assert own is not None
    return Measurement(Target(f"einops.{name}", _taking_sizes(function), own))


def _taking_sizes(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, with the sizes of axes beside the pattern."""

    def call(*given: Any) -> Any:
        sizes = [each for each in given if isinstance(each, dict)]
        return function(*(each for each in given if not isinstance(each, dict)), **(sizes[0] if sizes else {}))

    def called(*given: Any) -> Any:
        return call(*(part for each in given for part in (each if _is_sized(each) else (each,))))

    return called


def _is_sized(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], dict)


def _sized(pattern: str) -> str:
    """The expression of a pattern, and of the sizes that stand behind it."""
    text, _, sizes = pattern.partition("; ")
    return f"({text!r}, dict({sizes}))"


def _logical(tensor: str) -> str:
    return tensor.replace("'float32'", "bool").replace("f(", "mask(")


def _cases(measurement: Measurement, calls: Iterable[dict[str, str]]) -> Cases:
    """The cases of calls that must do the same."""
    cases = Cases()
    for call in calls:
        facts = measurement.facts(call)
        if facts is None:
            raise ValueError(f"{measurement.target.name}: {call}: {measurement.problem}")
        cases.add(call, facts)
    if len(cases) > 1:
        raise ValueError(f"{measurement.target.name}: its calls do different things")
    return cases


def _encoded(measurement: Measurement, cases: Cases) -> dict[str, Any]:
    finished = cases.finished()
    for output in (each for case in finished for each in case.observation.outputs):
        if output.kind == "array" and output.dtype.startswith("float"):
            output.dtype = ""  # it is that of the array that was given
    return encode(Entry(measurement.target.parameters, finished))


# -- layers


class Way(NamedTuple):
    """How a layer is made: the name of its entry, its parameters, the sizes of axes."""

    name: str
    given: Mapping[str, Any]
    sizes: Mapping[str, int]


_MIXING = {"pattern": "a b -> a c", "weight_shape": "b c"}
LAYERS = (
    *(Way("Rearrange", {"pattern": p}, {}) for p in (TURNED, "a b -> (a b)", "a b -> a 1 b")),
    *(Way("Rearrange" + SAME, {"pattern": pattern}, {}) for pattern in LEFT),
    *(Way("Reduce" + SAME, {"pattern": pattern, "reduction": "sum"}, {}) for pattern in LEFT),
    *(
        Way("Reduce", {"pattern": pattern, "reduction": each}, {})
        for each in REDUCTIONS[:5]
        for pattern in ("a b -> a", "(a 2) b -> b a")
    ),
    Way("EinMix", _MIXING, {"b": 3, "c": 2}),
    Way("EinMix", {**_MIXING, "bias_shape": "c"}, {"b": 3, "c": 2}),
    Way("EinMix", {"pattern": "(a d) b -> a (b d)", "weight_shape": "d b", "bias_shape": "b"}, {"d": 2, "b": 3}),
)


def layers() -> dict[str, dict[str, Any]]:
    """The entries of all layers, in the form of those of Keras."""
    found: dict[str, dict[str, Any]] = {}
    for way in LAYERS:
        cls = getattr(keras_layers, way.name.removesuffix(SAME))
        entry = _layer(cls(**way.given, **way.sizes))
        own = [each for each in parameters(cls.__init__) or () if each.kind == "positional"][1:]
        entry["params"] = [each.name if each.required else f"{each.name}={each.default}" for each in own]
        if "bias_shape" in way.given:
            entry["weights"]["bias"] += " if bias_shape"
        known = found.setdefault(way.name, entry)
        if len(entry["weights"]) > len(known["weights"]):
            known["weights"] = {**entry["weights"], **known["weights"]}
        same = {**entry, "weights": None, "passes": None} == {**known, "weights": None, "passes": None}
        if not same or not known["weights"].items() >= entry["weights"].items() or known["passes"] != entry["passes"]:
            raise ValueError(f"{way}: another one than before: {entry}, {known}")
    for name in ("Reduce", "Reduce" + SAME):
        found[name]["other"] = {f"reduction={each!r}": "gradients" for each in REDUCTIONS if _refuses_floats(each)}
    return {name: {part: told for part, told in entry.items() if told} for name, entry in sorted(found.items())}


def _refuses_floats(reduction: str) -> bool:
    try:
        keras_layers.Reduce("a b -> a", reduction)(tf.ones((4, 3)))
    except ValueError:
        return True
    return False


def _layer(layer: Any) -> dict[str, Any]:
    """What one layer is made of and does; it makes its weights at its first call."""
    words: dict[str, set[str]] = {}
    given = [tf.constant(np.random.default_rng(seed).normal(size=(4, 3)).astype("float32")) for seed in range(3)]
    if layer.weights:
        raise ValueError("weights before the first call")
    for each in given:
        with tf.GradientTape() as tape:
            tape.watch(each)
            result = layer(each)
            target = tf.reduce_sum(result * tf.random.stateless_normal(result.shape, (1, 2)))
        sources = {"inputs": each} | {_name(layer, weight): _plain(weight) for weight in layer.trainable_weights}
        for name, gradient in tape.gradient(target, sources).items():
            words.setdefault(name, set()).add(word_of(gradient))
    told = {name: own.pop() if len(own) == 1 else "varies" for name, own in words.items()}
    if layer.non_trainable_weights:
        raise ValueError("weights that are not trained")
    inputs = {"inputs": told.pop("inputs")}
    passes = "always" if result is each else ""
    return {"call": ["inputs"], "weights": told, "inputs": inputs, "passes": passes}


def _name(layer: Any, weight: Any) -> str:
    """The attribute of the layer under which the weight is found."""
    return str(next(name for name, value in vars(layer).items() if value is weight))


def _plain(variable: Any) -> Any:
    """What a variable of Keras 3 holds; one of TensorFlow's itself."""
    return variable.value if type(variable).__module__.startswith("keras.") else variable


# -- the files


def measured() -> dict[str, str]:
    """The text of each file."""
    with_these = {**versions(), "einops": einops.__version__}
    head = f'{{\n"versions": {json.dumps(dict(sorted(with_these.items())))},\n'
    return {
        "functions.json": f'{head}"aliases": {{\n\n}},\n"callables": {{\n{_lines(functions())}\n}}\n}}\n',
        "layers.json": f'{head}"layers": {{\n{_lines(layers())}\n}}\n}}\n',
    }


def _lines(entries: Mapping[str, Any]) -> str:
    return ",\n".join(f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in entries.items())


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.measure.einops", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, print the lines that differ")
    options = parser.parse_args()
    different = 0
    for name, text in measured().items():
        if not options.check:
            replace(FOLDER / name, text)
            continue
        stored = (FOLDER / name).read_text(encoding="utf-8").splitlines()
        for line in text.splitlines():
            if line not in stored and not line.startswith('"versions"'):
                different += 1
                print(f"{name}: {line}")
    if options.check:
        print(f"einops {einops.__version__} with TensorFlow {tf.__version__}: {different} lines differ")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
