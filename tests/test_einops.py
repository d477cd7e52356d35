"""What is known of einops, held against einops: functions and layers are measured afresh, and lines are run."""

from __future__ import annotations

import itertools
import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("tensorflow")
pytest.importorskip("einops")

import einops
import einops.layers.tensorflow
import numpy as np
import tensorflow as tf

from tfgradlint import check, predict
from tfgradlint.knowledge.layers import decode
from tfgradlint.libraries.einops import core, data, layers, patterns

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # tools/ is not installed

from tools.measure import einops as measuring

FOLDER = Path(data.__file__).parent


def stored(name: str, part: str) -> dict[str, Any]:
    entries: dict[str, Any] = json.loads((FOLDER / name).read_text(encoding="utf-8"))[part]
    return entries


# -- the data


def test_measured_afresh_the_functions_are_the_same() -> None:
    assert measuring.functions() == stored("functions.json", "callables")


def test_measured_afresh_the_layers_are_the_same() -> None:
    assert measuring.layers() == stored("layers.json", "layers")


def test_files_are_sorted_json_of_one_line_an_entry() -> None:
    for name, part in (("functions.json", "callables"), ("layers.json", "layers")):
        entries = stored(name, part)
        assert list(entries) == sorted(entries)
        lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
        assert all(any(line.startswith(f'"{entry}": ') for line in lines) for entry in entries)


def test_every_function_that_is_described_is_measured() -> None:
    for name in core.HANDLERS.keys() - {"parse_shape"}:
        assert data.function(name).name == f"einops.{name}"
        assert hasattr(einops, name)
    assert set(layers.NAMES) == {name for name in stored("layers.json", "layers") if "(" not in name}


def test_an_entry_of_a_layer_is_one_as_those_of_keras() -> None:
    mixing = data.layer("EinMix")
    assert mixing is not None
    assert mixing == decode("EinMix", stored("layers.json", "layers")["EinMix"])
    assert [weight.name for weight in mixing.weights] == ["weight", "bias"]
    assert data.layer("Mixer") is None


# -- patterns


def written(rng: random.Random, axes: list[str]) -> str:
    """One side of a pattern: axes in groups, with a 1 here and there."""
    words: list[str] = []
    rest = list(axes)
    while rest:
        group = [rest.pop(0) for _ in range(min(len(rest), rng.choice((1, 1, 1, 2))))]
        words.append(group[0] if len(group) == 1 and rng.random() < 0.8 else f"({' '.join(group)})")
        words += ["1"] * (rng.random() < 0.1)
    return " ".join(words)


def some_patterns() -> Iterator[tuple[str, str]]:
    """A function with a pattern, many times, the same at every run."""
    rng = random.Random(5)
    for _ in range(400):
        axes = rng.sample(["a", "b", "c", "..."], rng.randint(1, 3))
        left = [axis for axis in axes if axis != "..."]
        sides = [*axes]
        function = rng.choice(["rearrange", "repeat", "reduce"])
        if rng.random() < 0.6:
            rng.shuffle(sides)
        if function == "reduce" and rng.random() < 0.7:
            sides.remove(rng.choice(sides))
        if function == "repeat" and rng.random() < 0.5:
            sides.insert(rng.randint(0, len(sides)), "2")
        shown = [f"({axis})" if axis != "..." and rng.random() < 0.1 else axis for axis in axes]
        if left and rng.random() < 0.1:
            shown.insert(rng.randint(0, len(shown)), "1")
        yield function, f"{' '.join(shown)} -> {written(rng, sides)}"


@pytest.mark.parametrize(("function", "pattern"), sorted(set(some_patterns())))
def test_a_pattern_tells_what_einops_does_with_it(function: str, pattern: str) -> None:
    seen: set[tuple[bool, bool]] = set()
    for more in range(3):
        left = pattern.partition(" -> ")[0].replace("(", "").replace(")", "").split()
        sizes = {"1": [1], "...": [2, 2][:more]}
        x = tf.ones([size for axis in left for size in sizes.get(axis, [3])])
        try:
            if function == "reduce":
                made = einops.reduce(x, pattern, "sum")
            else:
                made = getattr(einops, function)(x, pattern)
        except einops.EinopsError:
            continue  # einops refuses it
        seen.add((made is x, int(tf.size(made)) < int(tf.size(x))))
    if patterns.stays(pattern):
        assert seen <= {(True, False)}
    if patterns.drops(pattern):
        assert seen <= {(False, True)}
    if function != "reduce" and patterns.moves(pattern):
        assert seen <= {(False, False)}


@pytest.mark.parametrize(
    ("pattern", "stays", "moves", "drops"),
    [
        ("b h w c -> b h w c", True, False, False),
        ("b (h) c->b h  c", True, False, False),
        ("b ... c -> b ... c", True, False, False),
        ("b h w c -> b c h w", False, True, False),
        ("b h w c -> b (h w) c", False, True, False),
        ("b h -> b h 1", False, True, False),
        ("b () h -> b () h", False, True, False),
        ("... c -> (...) c", False, False, False),
        ("b ... -> b (...)", False, False, False),
        ("... h c -> ... (h c)", False, True, False),
        ("b h c -> b c", False, True, True),
        ("b (h 2) -> b h", False, True, True),
        ("... c -> c", False, False, False),
        ("b -> b c", False, True, False),
        ("no arrow", False, False, False),
        ("", False, False, False),
    ],
)
def test_what_a_pattern_tells(pattern: str, stays: bool, moves: bool, drops: bool) -> None:
    assert (patterns.stays(pattern), patterns.moves(pattern), patterns.drops(pattern)) == (stays, moves, drops)


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("a b -> a", True),
        ("a (b) -> a 1", True),
        ("a b -> b", False),
        ("(a 2) b -> a b", False),
        ("... a -> ...", True),
        ("... a b -> a ...", None),
        ("... a b -> b ...", False),
        ("... a b -> (...) a", True),
    ],
)
def test_whether_a_reduction_gets_the_tensor_itself(pattern: str, told: bool | None) -> None:
    seen: set[bool] = set()
    for more in ([], [2], [2, 2])[: 3 if "..." in pattern else 1]:
        x = tf.ones([*more, 4, 3])
        given: list[Any] = []

        def reduction(tensor: Any, axes: tuple[int, ...], given: list[Any] = given) -> Any:
            given.append(tensor)
            return tf.reduce_sum(tensor, axes)

        einops.reduce(x, pattern, reduction)
        assert len(given) == 1
        seen.add(given[0] is x)
    assert patterns.in_order(pattern) is told
    assert seen == ({told} if told is not None else {True, False})


# -- functions in programs

START = """import numpy as np
import tensorflow as tf
import einops
from einops import asnumpy, einsum, pack, parse_shape, rearrange, reduce, repeat, unpack

w = tf.Variable(np.linspace(-1.0, 2.0, 12).reshape(4, 3), dtype=tf.float32)
v = tf.Variable(np.linspace(0.5, 1.5, 6).reshape(3, 2), dtype=tf.float32)
x = tf.constant(np.linspace(0.1, 1.0, 8).reshape(2, 4), tf.float32)
n = np.ones((4, 3), "float32")
"""

#: What a line in the tape gives towards ``w``; TensorFlow's word beside it.
LINES = {
    "axes moved": ("rearrange(w, 'a b -> b a')", "flows"),
    "sizes by name": ("rearrange(w, '(a c) b -> a (b c)', c=2)", "flows"),
    "sizes from a dictionary": ("rearrange(w, '(a c) b -> a c b', **{'c': 2})", "flows"),
    "sizes from another tensor": ("rearrange(w, 'a b -> (a b)', **parse_shape(n, 'a _'))", "flows"),
    "arguments by name": ("rearrange(tensor=w, pattern='a b -> b a')", "flows"),
    "nothing to do": ("rearrange(w, 'a b -> a b')", "flows"),
    "perhaps nothing to do": ("rearrange(w, '... b -> (...) b')", "flows"),
    "a list of tensors": ("rearrange([w, n, w], 'l a b -> a (l b)')", "flows"),
    "a list made by a loop": ("rearrange([row for row in tf.unstack(w)], 'a b -> (b a)')", "flows"),
    "a pattern put together": ("rearrange(w, ' '.join(['a b', '->', 'b a']))", "flows"),
    "the smallest": ("reduce(w, 'a b -> a', 'min')", "flows"),
    "the largest": ("reduce(w, 'a b -> ', 'max')", "flows"),
    "the product": ("reduce(w, '(a 2) b -> a b', 'prod')", "flows"),
    "nothing reduced": ("reduce(w, 'a b -> b a', 'mean')", "flows"),
    "a function that reduces": ("reduce(w, 'a b -> b', tf.reduce_logsumexp)", "flows"),
    "a lambda that reduces, and a shape": (
        "reduce(w, '(a c) b -> (b a)', lambda t, i: tf.reduce_sum(t, i) ** 2, c=2)",
        "flows",
    ),
    "a function without a gradient": (
        "tf.cast(reduce(w, 'a b -> a', lambda t, i: tf.argmax(t, i[0])), tf.float32)",
        "none",
    ),
    "a function of NumPy": ("reduce(w, 'a b -> a', np.max)", "none"),
    "a comparison": ("tf.cast(reduce(w > 0.0, 'a b -> b', 'any'), tf.float32)", "none"),
    "repeated": ("repeat(w, 'a b -> a (b c)', c=3)", "flows"),
    "whole numbers": ("tf.cast(repeat(tf.cast(w, tf.int32), 'a b -> a b 2'), tf.float32)", "none"),
    "a product": ("einsum(x, w, v, 'n a, a b, b c -> n c')", "flows"),
    "a trace": ("einsum(w[:3], 'a a ->')", "flows"),
    "an array that is not first": ("einsum(w, n, 'a b, a b -> b')", "flows"),
    "an array that is first": ("einsum(n, w, 'a b, a b -> b')", "none"),
    "a list that begins with an array": ("rearrange([n, w], 'l a b -> l (a b)')", "none"),
    "packed": ("pack([w, v], '*')[0]", "flows"),
    "the shapes that were packed": ("x * float(len(pack([w, v], '*')[1]))", "none"),
    "unpacked": ("unpack(*pack([w, v], '*'), '*')[0]", "flows"),
    "unpacked by numbers": ("unpack(w, [[1], [2]], 'a *')[1]", "flows"),
    "taken out": ("asnumpy(w) * x[0, 0]", "none"),
    "an array taken out": ("asnumpy(n) * w", "flows"),
    "the sizes": ("x * parse_shape(w, 'a b')['a']", "none"),
    "by the module's name": ("einops.rearrange(w, 'a b -> b a')", "flows"),
    "one of two": ("rearrange(w + 1.0 if n.sum() > 0 else w * 2.0, 'a b -> b a')", "flows"),
    "the interface for arrays": ("einops.array_api.rearrange(w, 'a b -> b a')", "unknown"),
    "a reduction from elsewhere": ("reduce(w, 'a b -> a', eval('tf.reduce_sum'))", "unknown"),
}


def program(expression: str, start: str = START) -> str:
    return f"{start}with tf.GradientTape() as tape:\n    y = tf.reduce_sum({expression})\nprint(tape.gradient(y, w))\n"


def verdict(text: str) -> str:
    (prediction,) = predict(text)
    return prediction.verdict


#: Lines that need the numbers of a tensor: they raise where they are compiled.
EAGER = frozenset(
    {
        "a function of NumPy",
        "an array that is first",
        "a list that begins with an array",
        "taken out",
    }
)


def gradient(expression: str, compiled: bool) -> Any:
    """What TensorFlow gives."""
    scope: dict[str, Any] = {}
    exec(START, scope)

    def step() -> Any:
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(eval(expression, scope))
        return tape.gradient(y, scope["w"])

    return tf.function(step)() if compiled else step()


@pytest.mark.parametrize("name", LINES)
def test_a_line_gives_what_tensorflow_gives(name: str) -> None:
    expression, expected = LINES[name]
    assert verdict(program(expression)) == expected
    if expected != "unknown":
        for compiled in (False, True)[: 1 if name in EAGER else 2]:
            assert (gradient(expression, compiled) is None) == (expected == "none")


@pytest.mark.parametrize("name", sorted(EAGER))
def test_what_needs_numbers_raises_where_it_is_compiled(name: str) -> None:
    with pytest.raises((AssertionError, NotImplementedError)):
        gradient(LINES[name][0], True)
    text = START + "@tf.function\ndef step():\n    with tf.GradientTape() as tape:\n"
    text += f"        y = tf.reduce_sum({LINES[name][0]})\n    return tape.gradient(y, w)\nstep()\n"
    assert verdict(text) in ("raises", "unknown")


#: Second derivatives of a line, towards ``w`` and ``v``, with what TensorFlow gives.
AGAIN = {
    "rearrange(w, 'a b -> b a') ** 2": ("flows", "none"),
    "rearrange(w, 'a b -> b a')": ("none", "none"),
    "reduce(w, 'a b -> b', 'mean')": ("none", "none"),
    "reduce(w, 'a b -> b', 'prod')": ("flows", "none"),
    "einsum(w, w, 'a b, c b -> a c')": ("flows", "none"),
    "einsum(w, v, 'a b, b c -> a c')": ("none", "flows"),
    "rearrange([w, w], 'l a b -> b (l a)') ** 3": ("flows", "none"),
}


@pytest.mark.parametrize("expression", AGAIN)
def test_a_second_derivative_is_what_tensorflow_gives(expression: str) -> None:
    lines = f"with tf.GradientTape() as outer:\n    with tf.GradientTape() as tape:\n        y = {expression}\n"
    lines += "    s = tf.reduce_sum(tape.gradient(y, w))\n"
    prediction = predict(f"{START}{lines}print(outer.gradient(s, [w, v]))\n")[-1]
    assert tuple(source.verdict for source in prediction.sources) == AGAIN[expression]
    scope: dict[str, Any] = {}
    exec(START + lines, scope)
    found = scope["outer"].gradient(scope["s"], [scope["w"], scope["v"]])
    assert tuple("none" if each is None else "flows" for each in found) == AGAIN[expression]


#: Programs of which nothing may be said, each with the reason.
SILENT = {
    "the first of the list is not known": "import lib\n    y = rearrange([lib.first(), w], 'l a b -> l b a')",
    "it may be an array": "import lib\n    y = rearrange(lib.picture(w), 'a b -> b a')",
    "the function that reduces is not known": "import lib\n    y = reduce(w, 'a b -> a', lib.pooling)",
    "whether the function is called is not known": "import lib\n    y = reduce(w, lib.pattern, tf.reduce_max)",
    "another framework's layer": "from einops.layers.torch import Rearrange\n    y = Rearrange('a b -> b a')(w)",
    "a variable of Keras is refused": "w = tf.keras.Variable(n)\n    y = rearrange(w, 'a b -> b a')",
}


@pytest.mark.parametrize("lines", SILENT.values(), ids=SILENT)
def test_nothing_is_said_where_nothing_is_known(lines: str) -> None:
    text = f"{START}with tf.GradientTape() as tape:\n    {lines}\nprint(tape.gradient(y, w))\n"
    assert check(text) == []
    (prediction,) = predict(text)
    assert {source.verdict for source in prediction.sources} <= {"unknown"}


def test_what_is_handed_through_is_the_very_variable() -> None:
    text = START + "same = rearrange(w, 'a b -> a b')\nother = rearrange(w, 'a b -> b a')\n"
    text += "with tf.GradientTape() as tape:\n    y = tf.reduce_sum({} ** 2)\n"
    for made, source, expected in (
        ("same", "w", "flows"),
        ("w", "same", "flows"),
        ("other", "w", "none"),
        ("w", "other", "none"),
    ):
        request = f"print(tape.gradient(y, {source}))\n"
        assert verdict(text.format(made) + request) == expected
        scope: dict[str, Any] = {}
        exec(text.format(made), scope)
        assert scope["same"] is scope["w"]
        found = scope["tape"].gradient(scope["y"], scope[source])
        assert (found is None) == (expected == "none")


@pytest.mark.parametrize("pattern", ["... b -> (...) b", "{}"])
@pytest.mark.parametrize(("made", "source"), [("same", "w"), ("w", "same")])
def test_what_is_perhaps_handed_through_is_perhaps_the_variable(pattern: str, made: str, source: str) -> None:
    written = f"'{pattern}'.format('a b -> a b')"
    text = f"{START}same = rearrange(w, {written})\nwith tf.GradientTape() as tape:\n    y = {made} ** 2\n"
    text += f"print(tape.gradient(y, {source}))\n"
    scope: dict[str, Any] = {}
    exec(text, scope)
    assert scope["same"] is scope["w"]
    assert check(text) == []
    assert verdict(text) in ("unknown", "flows")


# -- variables and symbolic tensors of Keras


def test_variables_of_keras_3_are_no_tensors_to_einops_but_may_stand_behind_one() -> None:
    variable = tf.keras.Variable(np.ones((3, 2), "float32"))
    for refused in (
        lambda: einops.rearrange(variable, "a b -> b a"),
        lambda: einops.rearrange([variable, variable], "l a b -> l b a"),
        lambda: einops.einsum(variable, "a b -> a"),
        lambda: einops.pack([variable], "*"),
        lambda: einops.asnumpy(variable),
    ):
        with pytest.raises(RuntimeError, match="Tensor type unknown to einops"):
            refused()
    with tf.GradientTape() as tape:
        y = einops.einsum(tf.ones((4, 3)), variable, "a b, b c -> a c")
    assert tape.gradient(y, variable.value) is not None
    text = START.replace("tf.Variable(", "tf.keras.Variable(")
    assert verdict(program("einsum(x, w, 'n a, a b -> n b')", text)) == "flows"


def test_symbolic_tensors_are_refused_outside_of_layers() -> None:
    symbolic = tf.keras.Input((3, 2))
    with pytest.raises(RuntimeError, match="Tensor type unknown to einops"):
        einops.rearrange(symbolic, "b n c -> b (n c)")
    made = tf.keras.layers.Lambda(lambda t: einops.rearrange(t, "b n c -> b (n c)"))(symbolic)
    assert made.shape == (None, 6)


# -- layers

MODEL = """import tensorflow as tf
from einops.layers.{module} import EinMix, Rearrange, Reduce

x = tf.random.normal((4, 3, 6))
layer = {layer}
"""

#: A layer with the words for its input and its weights.
WEIGHTS = {
    "Rearrange('b n c -> b (n c)')": [],
    "Rearrange('b (n k) c -> b n (k c)', k=3)": [],
    "Rearrange('b n c -> b n c')": [],
    "Rearrange('... c -> (...) c')": [],
    "Reduce('b n c -> b c', 'max')": [],
    "Reduce('b n c -> b c', reduction='mean')": [],
    "Reduce('b n c -> b c', tf.reduce_logsumexp)": [],
    "EinMix('b n c -> b n d', weight_shape='c d', c=6, d=2)": ["weight"],
    "EinMix('b n c -> b n d', 'c d', 'd', c=6, d=2)": ["weight", "bias"],
    "EinMix('b n c -> b (n d)', weight_shape='n c d', bias_shape='n', n=3, c=6, d=2)": ["weight", "bias"],
}


@pytest.mark.parametrize("module", ["keras", "tensorflow"])
@pytest.mark.parametrize("made", WEIGHTS)
def test_a_layer_lets_everything_through_to_its_input_and_its_weights(made: str, module: str) -> None:
    names = WEIGHTS[made]
    start = MODEL.format(module=module, layer=made)
    scope: dict[str, Any] = {}
    exec(start, scope)
    layer, x = scope["layer"], scope["x"]
    assert len(layer.weights) == 0
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x)
    weights = layer.trainable_variables
    assert [next(name for name in ("weight", "bias") if getattr(layer, name) is each) for each in weights] == names
    sources = [each.value if hasattr(each, "path") else each for each in weights]
    assert all(each is not None for each in tape.gradient(y, [x, *sources]))
    text = start + "with tf.GradientTape() as tape:\n    tape.watch(x)\n    y = layer(x)\n"
    listed = "".join(f", layer.{name}" for name in names)
    (prediction,) = predict(f"{text}print(tape.gradient(y, [x{listed}]))\n")
    assert [source.verdict for source in prediction.sources] == ["flows"] * (1 + len(names))
    if names:
        (prediction,) = predict(f"{text}print(tape.gradient(y, layer.trainable_variables))\n")
        assert [source.verdict for source in prediction.sources] == ["flows"] * len(names)


def test_a_layer_takes_sizes_of_axes_and_nothing_that_keras_knows() -> None:
    for made in (
        lambda: einops.layers.tensorflow.Rearrange("b c -> c b", name="turned"),
        lambda: einops.layers.tensorflow.EinMix("b c -> b d", weight_shape="c d", c=1, d=1, trainable=False),
    ):
        with pytest.raises(einops.EinopsError):
            made()


#: How a layer is made, with what is not known then: its gradients, or its weights too.
OPEN = {
    "a reduction that floats do not have": "Reduce('b n c -> b c', 'any')",
    "sizes that are unpacked": "EinMix('b n c -> b n d', 'c d', **lib.sizes)",
    "whether there is a bias": "EinMix('b n c -> b n d', 'c d', lib.bias, c=6, d=2)",
    "how it reduces": "Reduce('b n c -> b c', lib.reduction)",
}


@pytest.mark.parametrize("made", OPEN.values(), ids=OPEN)
def test_a_layer_that_may_be_another_one_is_not_known(made: str) -> None:
    text = "import lib\n" + MODEL.format(module="keras", layer=made)
    text += "with tf.GradientTape() as tape:\n    tape.watch(x)\n    y = layer(x)\nprint(tape.gradient(y, [x]))\n"
    assert check(text) == []
    assert verdict(text) == "unknown"


def test_the_name_of_a_weight_is_not_known() -> None:
    layer = einops.layers.tensorflow.EinMix("b c -> b d", weight_shape="c d", c=6, d=2)
    layer(tf.ones((1, 6)))
    assert "weight" not in layer.weight.name
    text = MODEL.format(module="keras", layer="EinMix('b n c -> b n d', weight_shape='c d', c=6, d=2)")
    text += "layer(x)\nwith tf.GradientTape() as tape:\n    y = layer(x)\n"
    text += "named = [each for each in layer.trainable_variables if 'weight' in each.name]\n"
    text += "print(tape.gradient(y, named))\n"
    assert check(text) == []


@pytest.mark.parametrize(
    "parts",
    list(
        itertools.permutations(
            ["Rearrange('... c -> ... c')", "keras.layers.Dense(6)", "EinMix('b n c -> b n d', 'c d', c=6, d=6)"]
        )
    ),
)
def test_a_chain_with_layers_of_einops_lists_its_weights_in_order(parts: tuple[str, ...]) -> None:
    text = "from tensorflow import keras\n" + MODEL.format(
        module="keras", layer=f"keras.Sequential([{', '.join(parts)}])"
    )
    text += "with tf.GradientTape() as tape:\n    y = layer(x)[..., :2]\n"
    text += "print(tape.gradient(y, layer.trainable_variables))\n"
    scope: dict[str, Any] = {}
    exec(text, scope)
    (prediction,) = predict(text)
    assert [source.verdict for source in prediction.sources] == ["flows"] * len(scope["layer"].trainable_variables)
