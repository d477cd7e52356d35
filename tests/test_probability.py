"""What is known of TensorFlow Probability: measured afresh it is the same, and nothing is said beyond it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tfgradlint import check, predict
from tfgradlint.knowledge import Case, Knowledge, OperationFacts, versions
from tfgradlint.knowledge.versions import FOLDER
from tools.measure import probability

FILES = sorted((FOLDER / "probability").glob("*.json"))
DATA = Knowledge(FILES)
#: Some of each kind: location and scale, a rate, whole numbers, vectors, one that is made of others.
SAMPLE = [
    ("distributions", "Normal"),
    ("distributions", "Exponential"),
    ("distributions", "Bernoulli"),
    ("distributions", "OneHotCategorical"),
    ("distributions", "LogNormal"),
    ("bijectors", "Shift"),
    ("bijectors", "Tanh"),
    ("bijectors", "ScaleMatvecDiag"),
]


def known(name: str) -> OperationFacts:
    found = DATA.get(f"tfp.{name}")
    assert found is not None, name
    return found


def usual(name: str) -> Case:
    return known(name).cases[-1]


@pytest.mark.parametrize(("family", "name"), SAMPLE)
def test_measured_afresh_the_data_is_the_same(family: str, name: str) -> None:
    stored = json.loads((FOLDER / "probability" / f"{family}.json").read_text(encoding="utf-8"))["callables"]
    own = {key: entry for key, entry in stored.items() if f"{key}.".startswith(f"tfp.{family}.{name}.")}
    measured = probability.measure(family, name)
    assert measured.entries == own
    reasons = versions.reasons(FOLDER / "probability" / "unmeasured.txt")
    told = {key: why for key, why in reasons.items() if f"{key}.".startswith(f"tfp.{family}.{name}.")}
    assert {key: why[:160].rstrip() for key, why in measured.unmeasured.items()} == told


def test_what_cannot_be_called_has_a_reason() -> None:
    (why,) = probability.measure("distributions", "Exponential").unmeasured.values()
    assert why == "NotImplementedError: covariance is not implemented: Exponential"
    assert probability.reason(ValueError("no <object at 0x7f12ab>\nmore")) == "ValueError: no <object>"
    assert probability.reason(KeyError()) == "KeyError"


def test_every_class_is_measured_or_has_a_reason() -> None:
    for family in probability.FAMILIES:
        reasons = probability.untried(family)
        stored = versions.reasons(FOLDER / "probability" / "unmeasured.txt")
        assert reasons.items() <= stored.items()
        assert all(DATA.get(name) is None for name in reasons)
        assert {f"tfp.{family}.Chain", f"tfp.{family}.Mixture"} & reasons.keys()


def test_what_an_interrupted_measurement_found_is_not_measured_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def measure(family: str, name: str) -> probability.Measured:
        done.append(name)
        if name == "Gumbel" and done.count(name) == 1:
            raise KeyboardInterrupt
        return probability.Measured({f"tfp.{family}.{name}": {"params": []}}, {f"tfp.{family}.{name}.mode": "why"})

    def measured() -> probability.Measured:
        journal = probability.Journal(tmp_path / "measuring.partial", "0.25")
        return probability.measured("distributions", ["Cauchy", "Gumbel", "Normal"].__contains__, journal)

    monkeypatch.setattr(probability, "measure", measure)
    with pytest.raises(KeyboardInterrupt):
        measured()
    found = measured()
    assert done == ["Cauchy", "Gumbel", "Gumbel", "Normal"]
    assert [*found.entries] == ["tfp.distributions.Cauchy", "tfp.distributions.Gumbel", "tfp.distributions.Normal"]
    assert [*found.unmeasured.values()] == ["why"] * 3


@pytest.mark.parametrize(
    ("name", "argument", "effect"),
    [
        ("Normal.sample", "loc", "flows"),
        ("Normal.sample", "scale", "flows"),
        ("Normal.entropy", "loc", "none"),
        ("Normal.kl_divergence", "other.scale", "flows"),
        ("Bernoulli.sample", "logits", "none"),
        ("Bernoulli.log_prob", "logits", "flows"),
        ("Categorical.sample", "logits", "none"),
        ("Categorical.mode", "logits", "none"),
        ("OneHotCategorical.sample", "probs", "none"),
        ("RelaxedOneHotCategorical.sample", "logits", "flows"),
        ("Poisson.sample", "rate", "none"),
        ("Gamma.sample", "concentration", "flows"),
        ("Gamma.log_prob", "value", "flows"),
        ("Uniform.sample", "high", "flows"),
    ],
)
def test_effect_is_the_one_seen_in_separate_experiments(name: str, argument: str, effect: str) -> None:
    """Each is tried here once more, in the plainest way."""
    kind, _, method = name.partition(".")
    recipe = next(
        one
        for one in probability.recipes("distributions")[kind]
        if argument.split(".")[-1] in one.arguments or argument == "value"
    )
    samples = probability.Samples("apart")
    given: dict[str, Any] = {}
    for key, text in recipe.arguments.items():
        value = samples.evaluate(text)
        given[key] = tf.Variable(value) if hasattr(value, "shape") else value
    other = {key: tf.Variable(value + 0.1) if hasattr(value, "shape") else value for key, value in given.items()}
    make = getattr(tfp.distributions, kind)
    value = tf.Variable(make(**given).sample(), trainable=argument == "value")
    with tf.GradientTape() as tape:
        arguments = {"log_prob": [value], "kl_divergence": [make(**other)]}.get(method, [])
        result = tf.cast(getattr(make(**given), method)(*arguments), tf.float32)
    source = value if argument == "value" else other[argument[6:]] if argument.startswith("other.") else given[argument]
    assert (tape.gradient(result, source) is not None) == (effect == "flows")
    assert usual(f"distributions.{name}").outputs[0].effects[argument] == effect


@pytest.mark.parametrize("name", ["Bernoulli", "Binomial", "Categorical", "OneHotCategorical", "Geometric"])
def test_the_dtype_of_the_draw_changes_nothing_else(name: str) -> None:
    if "dtype" not in {param.name for param in known(f"distributions.{name}").params}:
        assert usual(f"distributions.{name}.sample").outputs[0].dtype == "float"
        return
    recipe = probability.recipes("distributions")[name][0]
    for method in ("log_prob", "entropy", "mean", "kl_divergence"):
        if DATA.get(f"tfp.distributions.{name}.{method}") is None:
            continue
        point = probability.Point(
            "distributions", recipe, 0, "tensors", {"dtype": tf.float32}, method == "kl_divergence"
        )
        stored = usual(f"distributions.{name}.{method}").outputs[0].effects
        effects = point.run(method, twice=False).effects
        same = {key: word.partition("/")[0] for key, word in effects.items() if key in stored}
        assert same
        assert same.items() <= dict(stored).items()


def test_every_entry_is_well_formed() -> None:
    words = {"flows", "none"}
    names = list(DATA.names())
    kinds = {name: known(name.removeprefix("tfp.")).cases[0].outputs[0].kind for name in names}
    classes = [name for name, kind in kinds.items() if kind in ("object", "remembering", "remembering value")]
    assert len(classes) > 100
    for name in names:
        cases = known(name.removeprefix("tfp.")).cases
        effects = {word for case in cases for output in case.outputs for word in output.effects.values()}
        if name in classes:
            assert effects <= {"later", "now", "number"}, name
        else:
            owner = known(name.removeprefix("tfp.").rpartition(".")[0])
            own = {param.name for param in owner.params}
            assert {word for word in effects if not word.startswith("raises:")} <= words, name
            for case in cases:
                for argument in case.outputs[0].effects:
                    assert argument == "value" or argument.removeprefix("other.") in own, (name, argument)


def test_files_are_sorted_json_of_one_line_a_callable() -> None:
    assert [path.stem for path in FILES] == ["bijectors", "distributions"]
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        data = json.loads(text)
        assert list(data["callables"]) == sorted(data["callables"])
        assert len(text.splitlines()) == len(data["callables"]) + 8
        assert data["versions"] == {"tensorflow": tf.__version__, "tensorflow-probability": tfp.__version__}


def test_every_recipe_is_in_the_data() -> None:
    for family in ("distributions", "bijectors"):
        assert [name for name in probability.recipes(family) if DATA.get(f"tfp.{family}.{name}") is None] == []


@pytest.mark.parametrize(
    ("text", "read"),
    [("import tensorflow as tf\n", 0), ("import tensorflow_probability as tfp\nd = tfp.distributions.Normal\n", 1)],
)
def test_the_data_is_read_where_a_program_names_a_distribution(text: str, read: int) -> None:
    program = (
        "from tfgradlint import predict; from tfgradlint.libraries.probability import core as probability; "
        f"predict({text!r} + 'import tensorflow as tf\\nwith tf.GradientTape() as t:\\n    y = 1\\n'); "
        "print(probability._data.cache_info().misses)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(read)


START = """import tensorflow as tf
import tensorflow_probability as tfp

tfd, tfb = tfp.distributions, tfp.bijectors
w = tf.Variable([0.1, 0.2])
"""

#: What a line in the tape gives; TensorFlow's word beside it.
LINES = {
    "a draw of whole numbers": ("tf.cast(tfd.Bernoulli(logits=w).sample(), tf.float32)", "none"),
    "a draw with its dtype": ("tfd.Bernoulli(logits=w, dtype=tf.float32).sample(3)", "none"),
    "an option that is the default": (
        "tfd.Poisson(w + 1.0, force_probs_to_zero_outside_support=False).sample()",
        "none",
    ),
    "a name": ("tfd.Normal(w, 1.0, name='prior').log_prob([0.3, 0.4])", "flows"),
    "parameters in another order": ("tfd.Normal(scale=tf.exp(w), loc=0.0).sample()", "flows"),
    "a divergence by the function": ("tfd.kl_divergence(tfd.Normal(w, 1.0), tfd.Normal(0.0, 1.0))", "flows"),
    "the divergence of the second": ("tfd.Normal(0.0, 1.0).kl_divergence(tfd.Normal(w, 1.0))", "flows"),
    "a parameter handed out": ("tfd.Normal(w, 1.0).loc * 2.0", "flows"),
    "the mean of a Poisson": ("tfd.Poisson(tf.exp(w)).mean()", "flows"),
    "independent dimensions": ("tfd.Independent(tfd.Normal(w, 1.0), 1).log_prob([0.3, 0.4])", "flows"),
    "a bijector that is called": ("tfb.Scale(w)(tf.constant([1.0, 2.0]))", "flows"),
    "a chain": ("tfb.Chain([tfb.Exp(), tfb.Shift(w)]).forward([1.0, 2.0])", "flows"),
    "a distribution under a bijector": ("tfb.Exp()(tfd.Normal(w, 1.0)).log_prob([1.0, 2.0])", "flows"),
    "the inverse of a bijector": ("tfb.Invert(tfb.Exp()).forward(tf.exp(w))", "flows"),
    "the shift's determinant": ("tfb.Shift(w).forward_log_det_jacobian(tf.constant([1.0, 2.0]), 0)", "none"),
    "a divergence of two kinds": ("tfd.kl_divergence(tfd.Normal(w, 1.0), tfd.Laplace(0.0, 1.0))", "unknown"),
    "an option that was not tried": (
        "tfd.Poisson(w + 1.0, force_probs_to_zero_outside_support=True).log_prob(1.0)",
        "unknown",
    ),
    "a class that was not tried": ("tfd.Sample(tfd.Normal(w, 1.0), 3).sample()", "unknown"),
    "a method that was not tried": ("tfd.Normal(w, 1.0).covariance()", "unknown"),
    "a part of the library that is not looked into": ("tfp.math.log1mexp(w)", "unknown"),
}


def verdict(expression: str) -> str:
    program = (
        f"{START}with tf.GradientTape() as tape:\n    y = tf.reduce_sum({expression})\nprint(tape.gradient(y, w))\n"
    )
    (prediction,) = predict(program)
    return prediction.verdict


@pytest.mark.parametrize(("expression", "expected"), LINES.values(), ids=LINES)
def test_a_line_gives_what_tensorflow_gives(expression: str, expected: str) -> None:
    assert verdict(expression) == expected
    if expected != "unknown":
        scope: dict[str, Any] = {}
        exec(START, scope)
        with tf.GradientTape() as tape:
            scope["y"] = tf.reduce_sum(eval(expression, scope))
        assert (tape.gradient(scope["y"], scope["w"]) is None) == (expected == "none")


#: Programs of which nothing may be said, each with the reason.
SILENT = {
    "a list of variables is read when the object is made": (
        "pass\nd = tfd.Normal([w, w], 1.0)\nwith tf.GradientTape() as tape:\n    y = d.log_prob(1.0)"
    ),
    "a matrix that is factored when the object is made": (
        "pass\nd = tfd.MultivariateNormalFullCovariance(w, tf.eye(2))\nwith tf.GradientTape() as tape:\n"
        "    y = d.log_prob([1.0, 2.0])"
    ),
    "the draw and its density cancel out": "d = tfd.Normal(w, 1.0)\n    y = d.log_prob(d.sample())",
    "another object of the same parameters": "x = tfd.Normal(w, 1.0).sample()\n    y = tfd.Normal(w, 1.0).log_prob(x)",
    "a copy of the draw": "d = tfd.Normal(w, 1.0)\n    y = d.log_prob(tf.identity(d.sample()))",
    "a bijector knows what it made": "b = tfb.Shift(w)\n    y = b.inverse(b.forward([1.0, 2.0]))",
    "a density over its own draw": "d = tfb.Exp()(tfd.Normal(w, 1.0))\n    y = d.log_prob(d.sample())",
    "a distribution of somebody else's making": "import lib\n    y = lib.policy(tfd.Bernoulli(logits=w)).sample()",
    "a class of the program": (
        "class Mine(tfd.Normal):\n        def _sample_n(self, n, seed=None):\n            return 1.0\n"
        "    y = Mine(w, 1.0).sample()"
    ),
    "its variables as sources": "d = tfd.Normal(w, 1.0)\n    y = d.log_prob(1.0)\n    w = d.trainable_variables",
}


@pytest.mark.parametrize("lines", SILENT.values(), ids=SILENT)
def test_nothing_is_said_where_nothing_was_measured(lines: str) -> None:
    program = f"{START}with tf.GradientTape() as tape:\n    {lines}\nprint(tape.gradient(y, w))\n"
    assert check(program) == []
    (prediction,) = predict(program)
    assert {source.verdict for source in prediction.sources} <= {"unknown"}


FITTED = """import tensorflow as tf
import tensorflow_probability as tfp

w = tf.Variable(2.0)
data = tf.constant([1.0, 2.0])
fitted = tfp.distributions.{made}
gradients = []
for step in range(2):
    with tf.GradientTape() as tape:
        batch = {batch}
        y = tf.reduce_sum(fitted.log_prob(batch))
    gradients.append(tape.gradient(y, w))
"""


@pytest.mark.parametrize(
    ("made", "batch", "arrives", "verdict"),
    [
        ("Weibull(w, 1.0)", "data", [True, False], "unknown"),
        ("Weibull(w, 1.0)", "data * 1.0", [True, True], "flows"),
        ("LogNormal(w, 1.0)", "data", [True, True], "flows"),
        ("Gamma(w, 1.0)", "data", [True, True], "flows"),
    ],
)
def test_a_bijector_may_remember_a_value_from_the_step_before(
    made: str, batch: str, arrives: list[bool], verdict: str
) -> None:
    program = FITTED.format(made=made, batch=batch)
    names: dict[str, Any] = {}
    exec(program, names)
    assert [gradient is not None for gradient in names["gradients"]] == arrives
    (prediction,) = predict(program)
    assert prediction.verdict == verdict


@pytest.mark.parametrize(
    ("method", "remedy"), [("sample", "log probability of what was drawn"), ("mode", "log probability of the truth")]
)
def test_the_message_names_the_way_on_that_has_a_gradient(method: str, remedy: str) -> None:
    program = f"{START}with tf.GradientTape() as tape:\n    d = tfd.Categorical(logits=w)\n"
    program += f"    y = tf.cast(d.{method}(), tf.float32) * 2.0\ntape.gradient(y, w)\n"
    (finding,) = check(program)
    assert finding.code == "TFG301"
    assert finding.message.startswith(f"d.{method}() has no gradient: tape.gradient(y, w) on line 9 returns None; ")
    assert remedy in finding.message
    d, w = tfp.distributions.Categorical, tf.Variable([0.1, 0.2])
    with tf.GradientTape() as tape:
        y = d(logits=w).log_prob(d(logits=w).sample())
    assert tape.gradient(y, w).numpy().any()


@pytest.mark.parametrize("method", ["sample", "log_prob", "entropy"])
def test_every_distribution_is_told_as_it_was_measured(method: str) -> None:
    """A program for each way to make each: what is predicted for a parameter is the word of the data."""
    compared = 0
    for name, ways in probability.recipes("distributions").items():
        entry = DATA.get(f"tfp.distributions.{name}.{method}")
        for recipe in ways if entry is not None else ():
            names = [argument for argument, text in recipe.arguments.items() if "(" in text]
            made = ", ".join(f"{key}={key if key in names else text}" for key, text in recipe.arguments.items())
            program = "import tensorflow as tf\nimport tensorflow_probability as tfp\nx = tf.ones([4, 3])\n"
            program += "".join(f"{argument} = tf.Variable(tf.random.uniform([4, 3]))\n" for argument in names)
            program += f"with tf.GradientTape() as tape:\n    made = tfp.distributions.{name}({made})\n"
            program += f"    y = tf.cast(made.{method}({'x + 0.0' if method == 'log_prob' else ''}), tf.float32)\n"
            (prediction,) = predict(f"{program}tape.gradient(y, [{', '.join(names)}])\n")
            effects = usual(f"distributions.{name}.{method}").outputs[0].effects
            words = [effects.get(argument, "unknown") for argument in names]
            assert [source.verdict for source in prediction.sources] == words, recipe
            compared += len(words)
    assert compared > 50
