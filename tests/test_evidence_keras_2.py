"""The evidence for Keras 2: fixtures that ask for it, and the rules' examples moved over to it.

TensorFlow has one Keras in a process, so they run in another one, in which ``tf.keras`` is ``tf_keras``.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tfgradlint.evidence.programs import Program
from tfgradlint.evidence.prove import examples
from tfgradlint.evidence.run import python_files
from tfgradlint.knowledge.versions import ONLY_KERAS_3
from tfgradlint.rules import all_rules

FIXTURES = Path(__file__).parent / "fixtures"
FOLDER = FIXTURES / "keras_2"
FEWEST = 8
TIMEOUT = 600

IMPORT = re.compile(r"^(import|from tensorflow import) keras$", re.MULTILINE)

PROGRAMS = [program for path in python_files([FIXTURES]) if (program := Program.load(path)).legacy_keras]
RUNS = [pytest.param(program.name, mode, id=Path(program.name).name) for program in PROGRAMS for mode in program.modes]


def of_the_rules() -> dict[str, Program]:
    """The examples that use Keras, moved over to Keras 2."""
    programs = [program for rule in all_rules() for program in examples(rule) or () if "keras" in program.text]
    return {
        program.name: Program(program.name, IMPORT.sub("import tf_keras as keras", program.text))
        for program in programs
    }


EXAMPLES = of_the_rules()


#: What the harness tells of comments that claim something else.
WRONG = """import tensorflow as tf
import tf_keras as keras
w, b = tf.Variable([1.0, 2.0]), tf.Variable(0.5)
x, y = tf.ones((4, 2)), tf.zeros((4, 1))
def loss(): return tf.reduce_sum(w * w)
for module in (keras.optimizers, keras.optimizers.legacy):
    optimizer = module.SGD(0.1)
    @tf.function
    def step():
        optimizer.minimize(loss, [w, b])  # training: all
    step()
    module.Adam().minimize(lambda: loss() + b, [w, b])  # training: some
    scaled = keras.mixed_precision.LossScaleOptimizer(module.SGD(0.1))
    scaled.apply_gradients([(w * 1.0, w), (None, b)])  # training: all
    module.SGD().apply_gradients([])  # training: all
model = keras.Sequential([keras.layers.Dense(1, input_shape=(2,))])
model.compile("sgd", "mse")
model.fit(x, y, verbose=0)  # training: some
model.trainable = False
model.train_on_batch(x, y)  # training: nothing
model.compile("sgd", "mse")
model.train_on_batch(x, y)  # training: all
keras.optimizers.SGD().minimize(tf.constant(1.0), [w])  # training: nothing
"""
TOLD = """line 10: the comment says training all, TensorFlow gave some
line 12: the comment says training some, TensorFlow gave all
line 14: the comment says training all, TensorFlow gave some
line 15: the comment says training all, TensorFlow gave nothing
line 18: the comment says training some, TensorFlow gave all
line 20: the comment says training nothing, TensorFlow gave all
line 22: the comment says training all, TensorFlow gave nothing
line 23: the comment says training nothing, TensorFlow gave raises:ValueError"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What ``python -m tfgradlint.evidence`` tells of each program in each mode; all run in one process."""
    folder = tmp_path_factory.mktemp("examples")
    for program in EXAMPLES.values():
        (folder / f"{program.name}.py").write_text(program.text, encoding="utf-8")
    (folder / "wrong.py").write_text(WRONG, encoding="utf-8")
    paths = [*(program.name for program in PROGRAMS), str(folder)]
    command = [sys.executable, "-m", "tfgradlint.evidence", "--linter", *paths]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    told: dict[str, list[str]] = {}
    for line in ran.stdout.splitlines():
        name, _, verdict = line.rpartition(": ")
        if line.startswith("    "):
            told[list(told)[-1]].append(line.strip())
        elif verdict in ("ok", "differs"):
            told[name.removeprefix(f"{folder}/")] = []
    assert len(told) == len(RUNS) + sum(len(program.modes) for program in EXAMPLES.values()) + 1, ran.stderr[-2000:]
    return told


@pytest.mark.parametrize(("name", "mode"), RUNS)
def test_tensorflow_and_the_linter_do_what_the_comments_say(name: str, mode: str, told: dict[str, list[str]]) -> None:
    assert told[f"{name} [{mode}]"] == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_of_a_rule_with_keras_2(name: str, told: dict[str, list[str]]) -> None:
    assert [told[f"{name}.py [{mode}]"] for mode in EXAMPLES[name].modes] == [[]] * len(EXAMPLES[name].modes)


def test_wrong_comments_are_told(told: dict[str, list[str]]) -> None:
    lines = [line.removeprefix("TensorFlow: ") for line in told["wrong.py [eager]"] if line.startswith("TensorFlow: ")]
    assert [line for line in lines if "the program ended" not in line] == TOLD.splitlines()


def test_what_only_keras_3_has_is_not_in_keras_2() -> None:
    wrong = "[name for name in sys.argv[1:] if hasattr(tf_keras, name) or not hasattr(keras, name)]"
    script = f"import sys, keras, tf_keras; print({wrong})"
    ran = subprocess.run(
        [sys.executable, "-c", script, *ONLY_KERAS_3], capture_output=True, text=True, timeout=TIMEOUT, check=False
    )
    assert ran.stdout == "[]\n", ran.stderr[-2000:]


def test_there_are_enough_programs() -> None:
    for kind in ("fail", "sound"):
        assert len(list(FOLDER.glob(f"{kind}_*.py"))) >= FEWEST
    for program in PROGRAMS:
        claims = program.specification()
        assert bool(claims.findings) == Path(program.name).name.startswith("fail_"), program.name
        assert claims.outcomes or claims.training, program.name
