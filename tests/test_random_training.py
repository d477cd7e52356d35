"""Random programs that train with Keras: every verdict and every finding is true of what TensorFlow does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pytest
from random_programs.campaign import Report, run, run_families, table
from random_programs.training import judging
from random_programs.training.campaign import TRAINING
from random_programs.training.families import families
from random_programs.training.judging import judge

from tfgradlint.analysis import analysis
from tfgradlint.analysis.results import Analysis, Finding, Position, Prediction, SourcePrediction, worst

COUNT, SEED = 40, 2026
#: Programs of each family.
OF_EACH = 4


@pytest.fixture(scope="module")
def report() -> Report:
    return run(COUNT, SEED, kind=TRAINING)


def test_tensorflow_contradicts_nothing(report: Report) -> None:
    told = [f"{each.kind}\n{each.text}---- {each.told}" for each in report.failures]
    assert not told, "\n\n".join(told)


def test_the_programs_train_and_fail_to(report: Report) -> None:
    assert report.programs == COUNT
    assert report.agreed["flows"] >= COUNT / 4, report.summary()
    assert report.agreed["none"] >= COUNT / 10, report.summary()


@pytest.fixture(scope="module")
def reports() -> Mapping[str, Report]:
    return run_families(OF_EACH, SEED, kind=TRAINING)


@pytest.mark.parametrize("name", families())
def test_tensorflow_contradicts_nothing_said_of_a_family(reports: Mapping[str, Report], name: str) -> None:
    assert reports[name].programs == OF_EACH
    told = [f"{each.kind}\n{each.text}---- {each.told}" for each in reports[name].failures]
    assert not told, "\n\n".join(told)


def test_verdicts_on_families_are_confirmed(reports: Mapping[str, Report]) -> None:
    agreed = sum((report.agreed for report in reports.values()), Counter())
    assert agreed["flows"] >= 4 * len(reports), table(reports)


TRAINED = """\
import tensorflow as tf
import keras

x = tf.random.normal([7, 4])
y = tf.random.normal([7, 2])
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4), keras.layers.Dense(2)])
weights = model.trainable_variables
model.compile(optimizer="sgd", loss="mse", run_eagerly=True)
model.fit(x, y, verbose=0)
"""
FROZEN = TRAINED.replace("weights =", "model.trainable = False\nweights =")
LAMBDA = "keras.layers.Dense(4), keras.layers.Lambda(lambda h: keras.ops.round(h))"
CUT_OFF = TRAINED.replace("keras.layers.Dense(4)", LAMBDA)
#: Nothing is listed, and there is no weight that could be.
UNLISTED = (
    FROZEN.partition("model.compile")[0].replace("Dense(4)", "Dense(4, trainable=False)")
    + """\
with tf.GradientTape() as tape:
    loss = tf.reduce_mean(tf.square(model(x) - y))
slopes = tape.gradient(loss, model.trainable_variables)
"""
)
UNLISTED = UNLISTED.replace("Dense(2)", "Dense(2, trainable=False)")
ROUNDED = TRAINED.replace('"mse"', "lambda y, h: keras.ops.mean(keras.ops.round(h))")
#: The second time nothing is trained: all weights have moved before.
AGAIN = (
    TRAINED
    + """\
model.trainable = False
model.compile(optimizer="sgd", loss="mse", run_eagerly=True)
model.fit(x, y, verbose=0)
"""
)
#: The compiled loss gives no gradient, and the loss that a layer adds trains what is below the layer.
ADDED = ROUNDED.replace(
    "model =",
    """class Added(keras.layers.Layer):
    def call(self, h):
        self.add_loss(keras.ops.sum(h * h))
        return h


model =""",
).replace("Dense(4)", "Dense(4), Added()")


@pytest.mark.parametrize(
    ("text", "code", "message", "true"),
    [
        (TRAINED, "TFG401", "model.compile() on line 8 raises ValueError", False),
        (TRAINED, "TFG402", "optimizer.apply_gradients()", False),
        (TRAINED, "TFG403", "optimizer.apply_gradients()", False),
        (TRAINED, "TFG404", "tape.gradient(loss, weights) on line 9 returns []", False),
        (TRAINED, "TFG405", "self.gain never trains", False),
        (TRAINED, "TFG406", "tf.Variable() makes new variables", False),
        (TRAINED, "TFG409", "model.fit(x) on line 9 gives it no gradient", False),
        (TRAINED, "TFG410", "nothing reads the gradients", False),
        (TRAINED, "TFG411", "model.fit(x) on line 9 trains nothing", False),
        (FROZEN, "TFG411", "model.fit(x) on line 10 trains nothing", True),
        (FROZEN, "TFG411", "model.fit(x) on line 3 trains nothing", False),
        (UNLISTED, "TFG411", "tape.gradient(loss, model.trainable_variables) on line 11 returns []", True),
        (UNLISTED.replace(".gradient", ".jacobian"), "TFG411", "tape.jacobian() on line 11 returns []", True),
        (UNLISTED.replace("False", "True"), "TFG411", "tape.gradient() on line 11 returns []", False),
        (UNLISTED.replace("gradient(loss, m", "watched_variables() # m"), "TFG411", "gradient() returns []", False),
        (CUT_OFF, "TFG409", "model.fit(x) on line 9 gives it no gradient", True),
        (ROUNDED, "TFG401", "model.compile() on line 8 raises ValueError", True),
        (TRAINED, "TFG401", "model.fit(x) on line 9 trains nothing with it", False),
        (AGAIN, "TFG401", "model.fit(x) on line 9 trains nothing with it", False),
        (AGAIN, "TFG401", "model.fit(x) on line 12 trains nothing with it", True),
        (ADDED, "TFG401", "model.fit(x) on line 15 trains nothing with it", True),
    ],
)
def test_a_finding_must_be_true(
    text: str, code: str, message: str, true: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    claimed = Finding(Position(3, 1, 3, 2), code, message)
    monkeypatch.setattr(judging, "analyse", lambda text: Analysis((claimed,)))
    kinds = [each.kind for each in judge(text).contradictions]
    assert (f"finding {code}" in kinds) is not true


#: The last layer is frozen after the step was compiled, and goes on being trained.
COMPILED = (
    TRAINED.replace(", run_eagerly=True", "")
    + """\
model.layers[1].trainable = False
model.fit(x, y, verbose=0)
"""
)


@pytest.mark.parametrize(
    ("text", "line", "verdicts", "kind"),
    [
        (TRAINED, 9, ("flows",) * 4, None),
        (TRAINED, 9, ("unknown",) * 4, None),
        (TRAINED, 9, ("flows", "flows", "none", "flows"), "fit: none, but flows"),
        (TRAINED, 9, ("flows",) * 3, "fit: number of sources"),
        (CUT_OFF, 9, ("none", "none", "flows", "flows"), None),
        (CUT_OFF, 9, ("zero", "none", "flows", "flows"), "fit: zero, but none"),
        (COMPILED, 9, ("flows",) * 4, None),
        # Those that are listed now, or those that the step trains: verdicts may be on either.
        (COMPILED, 11, ("flows",) * 4, None),
        (COMPILED, 11, ("flows",) * 2, None),
        (COMPILED, 11, ("flows",) * 3, "fit: number of sources"),
        (COMPILED, 11, ("flows", "flows", "none", "none"), "fit: none, but flows"),
        (ROUNDED, 9, ("none",) * 4, None),
        (ROUNDED, 9, ("flows",) * 4, "fit: flows, but none"),
    ],
)
def test_a_verdict_on_fit_must_be_true(
    text: str, line: int, verdicts: tuple[str, ...], kind: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = tuple(SourcePrediction(f"trainable_variables[{place}]", each) for place, each in enumerate(verdicts))
    claimed = Analysis(predictions=(Prediction(line, 1, "fit", worst(verdicts), sources),))
    monkeypatch.setattr(judging, "analyse", lambda text: claimed)
    kinds = {each.kind for each in judge(text).contradictions}
    assert kinds == ({kind} if kind else set())


def test_what_is_not_found_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert analysis.analyse(ROUNDED).findings
    monkeypatch.setattr(judging, "analyse", lambda text: Analysis())
    assert [miss.partition(":")[0] for miss in judge(ROUNDED).misses] == ["raises ValueError"]
    assert not judge(TRAINED).misses
