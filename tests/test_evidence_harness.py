"""The harness itself: each way in which a program can differ from its comments is told."""

from __future__ import annotations

import importlib.util
import sys
import textwrap

import pytest

from tfgradlint.analysis.results import Finding, Position, Prediction, SourcePrediction, worst
from tfgradlint.evidence import __main__ as command
from tfgradlint.evidence import observe as observing
from tfgradlint.evidence import prove as proving
from tfgradlint.evidence.__main__ import main
from tfgradlint.evidence.compare import finding_differences, outcome_differences, verdict_differences
from tfgradlint.evidence.observe import Observation, TensorFlowMissing, observe
from tfgradlint.evidence.programs import Program, SpecificationError, Versions, read_specification, say
from tfgradlint.evidence.prove import Row, UnknownRule, examples, prove
from tfgradlint.evidence.record import Evaluation
from tfgradlint.evidence.sites import Site
from tfgradlint.rules.base import Break, Rule

START = "import numpy as np\nimport tensorflow as tf\nw = tf.Variable([1.0, 2.0])\nb = tf.Variable(0.5)\n"


def program(body: str) -> Program:
    return Program("test", START + textwrap.dedent(body))


def outcomes(body: str, mode: str = "eager") -> list[str]:
    """What TensorFlow gave at the requests of a program, in the order of the lines."""
    observation = observe(program(body).variant(mode))
    assert observation.failure is None or observation.failure.at_request, observation.failure
    return [say(seen) for seen in observation.outcomes.values()]


def differences(body: str, mode: str = "eager") -> list[str]:
    one = program(body)
    text = one.variant(mode)
    return outcome_differences(text, one.specification(mode), observe(text))


STEP = """
def step():  # modes: function, jit
    with tf.GradientTape() as tape:
        y = {}
    return tape.gradient(y, [w, b])
step()
"""


@pytest.mark.parametrize("mode", ["eager", "function", "jit"])
@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("w * b", "flows, flows"),
        ("tf.gather(w, [1])", "flows, none"),
        ("tf.sqrt(b - 0.5)", "none, nonfinite"),
        ("tf.sign(w) * b", "zero, flows"),
        ("tf.cast(w, tf.complex64)", "flows, none"),
        ("tf.unique(w)[0]", "raises:LookupError"),
    ],
)
def test_the_gradient_of_each_source_is_told_in_every_mode(expression: str, expected: str, mode: str) -> None:
    assert outcomes(STEP.format(expression), mode) == [expected]


def test_evaluations_of_one_line_are_kept_in_order_and_merged() -> None:
    loop = """
    x = w
    for _ in range(3):
        with tf.GradientTape() as tape:
            y = x * x
        g = tape.gradient(y, x)
        x = x - 0.1 * (g if g is not None else 0.0)
    """
    assert outcomes(loop) == ["flows | none"]


@pytest.mark.parametrize("mode", ["function", "jit"])
def test_a_request_in_a_loop_of_a_graph_is_told_as_often_as_it_runs(mode: str) -> None:
    loop = """
    def steps(n):  # modes: function, jit
        i = 0
        while i < n:
            with tf.GradientTape() as tape:
                y = w * tf.cast(i, tf.float32)
            g = tape.gradient(y, [w, b])
            i += 1
        return i
    steps(tf.constant(3))
    """
    assert outcomes(loop, mode) == ["zero, none | flows, none"]


@pytest.mark.parametrize("mode", ["eager", "function", "jit"])
def test_only_the_branch_that_ran_is_told(mode: str) -> None:
    branches = """
    def step(flag):  # modes: function, jit
        with tf.GradientTape() as tape:
            y = w * 2.0
        if flag:
            g = tape.gradient(y, w)
        else:
            g = w * 0.0
        return g
    step(tf.constant(False))
    """
    assert outcomes(branches, mode) == []


def test_a_jacobian_is_one_request_at_the_line_where_the_call_starts() -> None:
    body = """
    with tf.GradientTape(persistent=True) as tape:
        y = w * w
    rows = (
        tape
        .jacobian(
            y,
            {"w": w, "b": b},
        )
    )
    """
    observation = observe(program(body).text)
    assert [(e.site.line, e.site.call, e.words) for e in observation.evaluations] == [
        (9, "jacobian", ("none", "flows"))
    ]


# Before 3.11 Python does not keep the columns of calls, and AutoGraph puts a statement on one line.
@pytest.mark.parametrize("mode", ["eager", "function"] if sys.version_info >= (3, 11) else ["eager"])
def test_requests_of_one_statement_are_told_apart(mode: str) -> None:
    body = """
    def step():  # modes: function
        with tf.GradientTape(persistent=True) as tape:
            y = w * w
        return {
            "w": tape.gradient(  # outcome: flows
                y,
                w),
            "b": [tape.gradient(y, b)],  # outcome: none
            "both": tape.gradient(y, [b, w]),  # outcome: none, flows
        }
    step()
    """
    assert differences(body, mode) == []


def test_a_request_of_a_library_is_not_the_programs() -> None:
    assert outcomes("tf.test.compute_gradient(lambda x: x * x, [tf.constant(2.0)])") == []


def test_tf_gradients_is_a_request() -> None:
    graph = """
    def step():  # modes: function
        return tf.gradients(w * w, [w, b])
    step()
    """
    assert outcomes(graph, "function") == ["flows, none"]


def test_requests_in_a_vectorised_loop_are_told_without_their_numbers() -> None:
    body = """
    def one(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = x * x
        return tape.gradient(y, x)  # outcome: flows
    tf.vectorized_map(one, tf.constant([1.0, 2.0]))
    """
    assert differences(body) == []


GOOD = """
with tf.GradientTape() as tape:
    y = tf.reduce_sum(w * w)
g = tape.gradient(y, [w, b])  # outcome: flows, none
"""


def test_agreement_is_silent() -> None:
    assert differences(GOOD) == []


@pytest.mark.parametrize(
    ("claimed", "told"),
    [
        ("flows, zero", "line 8: the comment says flows, zero, TensorFlow gave flows, none"),
        ("flows", "line 8: the comment says flows, TensorFlow gave flows, none"),
        (
            "flows, none | none, none",
            "line 8: the comment says flows, none | none, none, TensorFlow gave flows, none",
        ),
        ("raises:RuntimeError", "line 8: the comment says raises:RuntimeError, TensorFlow gave flows, none"),
        ("never", "line 8: the comment says never, TensorFlow gave flows, none"),
    ],
)
def test_a_wrong_outcome_is_told(claimed: str, told: str) -> None:
    assert differences(GOOD.replace("flows, none", claimed)) == [told]


def test_a_request_without_a_comment_is_told() -> None:
    told = "line 8: a request without an outcome comment; TensorFlow gave flows, none"
    assert differences(GOOD.replace("# outcome: flows, none", "")) == [told]


def test_a_request_that_was_not_reached_is_told() -> None:
    told = "line 5: the comment says flows, TensorFlow gave never"
    assert differences("if b is None: b.gradient()  # outcome: flows") == [told]


def test_a_wrong_outcome_of_one_mode_is_told_in_that_mode_only() -> None:
    body = """
    x = tf.constant([-1.0, 4.0])
    def step():  # modes: function, jit
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.where(x > 0.0, tf.sqrt(x), 0.0)
        return tape.gradient(y, x)  # outcome: flows; jit: flows
    step()
    """
    assert differences(body) == []
    assert differences(body, "function") == []
    assert differences(body, "jit") == ["line 12: the comment says flows, TensorFlow gave nonfinite"]
    assert differences(body.replace("jit: flows", "jit: nonfinite"), "jit") == []


def test_an_exception_is_due_where_and_as_the_comment_says() -> None:
    body = "w -= (  # raises: RuntimeError\n    0.1)"
    assert differences(body) == []
    assert len(differences(body.replace("RuntimeError", "TypeError"))) == 2
    assert len(differences(body.replace("# raises: RuntimeError", ""))) == 1
    assert len(differences("x = 1  # raises: RuntimeError\nw -= 0.1")) == 2
    assert differences("x = 1  # raises: ValueError") == [
        "line 5: the comment says raises ValueError, the program did not"
    ]


LEAVES = """
def step():  # modes: function, jit
    with tf.GradientTape() as tape:
        y = w * 2.0
        y = np.mean(y) * 3.0
    return tape.gradient(y, w)  # outcome: {}
step()
"""


def test_a_request_may_suffer_from_an_exception_before_it_in_a_graph() -> None:
    assert differences(LEAVES.format("raises:AttributeError")) == []
    graph = LEAVES.format("raises:AttributeError; function: raises:NotImplementedError; jit: none")
    assert differences(graph, "function") == []
    assert len(differences(graph, "jit")) == 2


def test_an_exception_besides_the_requests_is_told() -> None:
    assert differences(GOOD + "raise KeyError('late')") == ["line 9: the program ended in KeyError: 'late'"]


def finding(line: int, code: str) -> Finding:
    return Finding(Position(line, 1, line, 2), code, "what was seen")


def test_missing_and_extra_findings_are_told() -> None:
    specification = read_specification("a = 1  # expect: TFG201, TFG301\nb = 2\n")
    assert finding_differences(specification, [finding(1, "TFG301"), finding(1, "TFG201")]) == []
    assert finding_differences(specification, [finding(1, "TFG301")]) == ["line 1: TFG201 is missing"]
    assert finding_differences(specification, [finding(1, "TFG301"), finding(1, "TFG301")]) == [
        "line 1: TFG301 is not due here: what was seen",
        "line 1: TFG201 is missing",
    ]
    due = [finding(1, "TFG301"), finding(1, "TFG201")]
    assert finding_differences(specification, [*due, finding(2, "TFG103")]) == [
        "line 2: TFG103 is not due here: what was seen"
    ]


def test_a_finding_may_be_due_in_some_modes_only() -> None:
    text = "a = 1  # expect: TFG201; function: -; jit: TFG202\n"
    assert read_specification(text).findings == {1: ("TFG201",)}
    assert read_specification(text, "function").findings == {}
    assert read_specification(text, "jit").findings == {1: ("TFG202",)}


def test_a_claim_may_hold_for_some_versions_only() -> None:
    text = "a = 1  # expect: TFG201; keras 2: TFG202; before 2.18: -; keras 2 before 2.16 jit: TFG203\n"

    def due(mode: str, *versions: object) -> list[str]:
        found = read_specification(text, mode, Versions(*versions)).findings  # type: ignore[arg-type]
        return [code for codes in found.values() for code in codes]

    assert due("eager") == due("eager", (2, 18)) == ["TFG201"]
    assert due("eager", (2, 20), 2) == ["TFG202"]
    assert due("eager", (2, 16)) == due("eager", (2, 15), 2) == []
    assert due("jit", (2, 15), 2) == ["TFG203"]


def test_a_claim_may_be_made_of_some_versions_alone() -> None:
    text = "a = 1  # raises: keras 2: ValueError  # expect: jit: TFG201\n"
    assert read_specification(text).raises == {}
    assert read_specification(text).findings == {}
    assert read_specification(text, versions=Versions(keras=2)).raises == {1: "ValueError"}
    assert read_specification(text, "jit").findings == {1: ("TFG201",)}


def seen(*evaluations: str, column: int | None = 5) -> Observation:
    site = Site(1, column, "gradient")
    return Observation(tuple(Evaluation(site, tuple(words.split(", "))) for words in evaluations), None)


def predicted(*verdicts: str, line: int = 1, column: int = 5) -> Prediction:
    sources = tuple(SourcePrediction(f"s{number}", verdict) for number, verdict in enumerate(verdicts))
    return Prediction(line, column, "gradient", worst(list(verdicts)), sources)


@pytest.mark.parametrize(
    ("observation", "prediction", "contradicted"),
    [
        (seen("flows, none"), predicted("flows", "none"), 0),
        (seen("flows, none"), predicted("unknown", "unknown"), 0),
        (seen("flows, none"), predicted("flows", "flows"), 1),
        (seen("flows, none"), predicted("none", "flows"), 2),
        (seen("zero"), predicted("none"), 1),
        (seen("tensor"), predicted("flows"), 0),
        (seen("tensor"), predicted("none"), 1),
        (seen("raises:RuntimeError"), predicted("raises", "raises"), 0),
        (seen("raises:RuntimeError"), predicted("flows"), 1),
        (seen("flows", "zero", "nonfinite"), predicted("arrives"), 0),
        (seen("flows", "none"), predicted("arrives"), 1),
        (seen("raises:RuntimeError"), predicted("arrives"), 1),
        (seen("flows", "none"), predicted("varies"), 0),
        (seen("flows", "none"), predicted("none"), 1),
        (seen("flows", "flows"), predicted("varies"), 1),
        (seen("flows, flows", "raises:RuntimeError"), predicted("varies", "varies"), 0),
        (seen("flows, flows, flows"), predicted("flows"), 0),
        (seen("flows, none, flows"), predicted("flows"), 1),
        (seen("empty"), predicted(), 0),
    ],
)
def test_a_verdict_that_tensorflow_contradicts_is_told(
    observation: Observation, prediction: Prediction, contradicted: int
) -> None:
    specification = read_specification("")
    assert len(verdict_differences(specification, observation, [prediction])) == contradicted


def test_a_request_that_was_not_predicted_is_told() -> None:
    told = "line 1: no prediction for a request; TensorFlow gave flows"
    assert verdict_differences(read_specification(""), seen("flows"), [predicted("flows", line=2)]) == [told]


def test_two_requests_on_a_line_are_told_apart_by_their_columns() -> None:
    both = observe(
        START + "with tf.GradientTape(persistent=True) as t: y = w * w\na = t.gradient(y, w), t.gradient(y, b)\n"
    )
    right = [predicted("flows", line=6, column=5), predicted("none", line=6, column=23)]
    wrong = [predicted("none", line=6, column=5), predicted("none", line=6, column=23)]
    if sys.version_info >= (3, 11):  # before, Python does not keep the columns of calls
        assert [evaluation.site.column for evaluation in both.evaluations] == [5, 23]
        assert len(verdict_differences(read_specification(""), both, wrong)) == 1
    assert verdict_differences(read_specification(""), both, right) == []


@pytest.mark.parametrize(
    "text",
    [
        "x = 1  # outcome: fine",
        "x = 1  # outcome: raises:",
        "x = 1  # outcome: raises:TypeError, none",
        "x = 1  # outcome: none; graph: flows",
        "x = 1  # outcome: none; keras 3: flows",
        "x = 1  # outcome: none; before: flows",
        "x = 1  # outcome: none  # outcome: flows",
        "x = 1  # expect: TFG1",
        "x = 1  # expect: this to fail",
        "x = 1  # raises: an error",
        "x = 1  # training: most",
        "x = 1  # training: raises:",
    ],
)
def test_a_comment_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(SpecificationError, match="line 1"):
        read_specification(text + "\n")


@pytest.mark.parametrize("text", ["x = 1  # modes: function", "def f():  # modes: eager\n    pass"])
def test_modes_stand_on_a_def(text: str) -> None:
    with pytest.raises(SpecificationError, match="line 1"):
        assert Program("test", text).modes


def test_a_variant_decorates_the_marked_functions_in_place() -> None:
    one = Program(
        "test",
        "class A:\n    @staticmethod\n    def f(x):  # modes: jit\n        return x  # outcome: none\n",
    )
    assert one.modes == ("eager", "jit")
    assert one.variant("jit").splitlines()[1:4] == [
        "    @staticmethod",
        "    @tf.function(jit_compile=True)",
        "    def f(x):  # modes: jit",
    ]
    assert one.specification("jit").outcomes == {5: (("none",),)}
    assert one.variant("function") == one.text


def test_a_hash_in_a_string_is_no_comment() -> None:
    assert read_specification("x = '# expect: TFG101'\n").findings == {}


def test_programs_do_not_see_each_other() -> None:
    assert outcomes("other = 1\nassert __name__ == '__main__'") == []
    assert outcomes("assert 'other' not in globals()") == []
    seeds = "print(tf.random.uniform([]), np.random.rand())\nraise ValueError(float(tf.random.uniform([])))"
    first, second = (observe(START + seeds).failure for _ in range(2))
    assert first is not None
    assert first == second


def test_keras_2_is_asked_for_by_name() -> None:
    for text in ("import tf_keras\n", "    from tf_keras import layers\n", "os.environ['TF_USE_LEGACY_KERAS'] = '1'\n"):
        assert Program("test", START + text).legacy_keras, text
    for text in ("import keras\n", "from tensorflow import keras\n", "import tf_keras_vis\n", "name = 'tf_keras'\n"):
        assert not Program("test", START + text).legacy_keras, text


def test_keras_2_has_to_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", "1")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(TensorFlowMissing, match="tf_keras"):
        observing.tensorflow.__wrapped__()


def test_the_command_tells_every_difference(tmp_path, capsys) -> None:  # type: ignore[no-untyped-def]
    good, bad = tmp_path / "good.py", tmp_path / "wrong.py"
    good.write_text(START + GOOD)
    bad.write_text(START + GOOD.replace("flows, none", "none, none"))
    assert main([str(good)]) == 0
    assert main([str(tmp_path)]) == 1
    assert capsys.readouterr().out.splitlines()[-3:] == [
        f"{good} [eager]: ok",
        f"{bad} [eager]: differs",
        "    TensorFlow: line 8: the comment says none, none, TensorFlow gave flows, none",
    ]


def test_what_cannot_be_run_here_is_told_and_not_counted(tmp_path, capsys, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    other, of_keras_3 = tmp_path / "fail_other.py", tmp_path / "sound_layers.py"
    other.write_text("import no_such_library\n" + START + GOOD)
    of_keras_3.write_text("import keras\n" + START + GOOD)
    assert main([str(other)]) == 2
    assert capsys.readouterr().out == f"{other}: left out, no_such_library is not installed\n"
    assert main([str(tmp_path)]) == 0
    monkeypatch.setattr(command, "versions_of", lambda text: Versions((2, 15), 2))
    assert main([str(of_keras_3)]) == 2
    told = capsys.readouterr()
    assert told.out.endswith(f"{of_keras_3}: left out, it tells only what Keras 3 does\n")
    assert told.err.endswith(": 0 runs, 0 differ; 1 programs left out\n")
    of_keras_3.write_text(f"import keras\n{START}{GOOD}x = 1  # training: keras 2: never\n")
    assert main([str(of_keras_3)]) == 0


def test_a_sample_is_of_each_folder_and_of_both_kinds() -> None:
    programs = [
        Program(f"{folder}/{kind}_{n}.py", "") for folder in "ab" for kind in ("fail", "sound", "x") for n in range(9)
    ]
    assert list(command._sample(programs, None)) == programs
    taken = [program.name for program in command._sample(programs, 2)]
    assert taken == [f"{folder}/{kind}_{n}.py" for folder in "ab" for kind in ("fail", "sound", "x") for n in (0, 5)]


class Wrong(Rule):
    """A rule whose example does not lose its gradient and whose repair does.

    ## Example
    ```python
    import tensorflow as tf
    w = tf.Variable(2.0)
    with tf.GradientTape() as tape:
        y = w * w
    tape.gradient(y, w)  # outcome: none
    ```

    ## Use instead
    ```python
    import tensorflow as tf
    w = tf.Variable(2.0)
    def step():  # modes: function
        with tf.GradientTape() as tape:
            y = tf.round(w)
        return tape.gradient(y, w)  # outcome: flows
    step()
    w -= 0.1
    ```
    """

    code = "TFG998"
    name = "wrong"
    outcome = "none"

    def message(self, broken: Break) -> str:
        return broken.step


def test_a_rule_that_tensorflow_contradicts_is_not_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proving, "all_rules", lambda: (Wrong(),))
    assert prove(["TFG998"]) == [
        Row("TFG998", "example", "eager", "none", "flows", False),
        Row("TFG998", "repaired", "eager", "flows", "none / ends in RuntimeError", False),
        Row("TFG998", "repaired", "function", "flows", "none / ends in RuntimeError", False),
    ]


def test_a_rule_without_an_example_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Wrong, "__doc__", "A rule.\n\n## Example\nNone yet.\n\n## Use instead\n```python\npass\n```\n")
    with pytest.raises(ValueError, match="TFG998: no python block under '## Example'"):
        examples(Wrong())


def test_an_unknown_code_cannot_be_proved() -> None:
    with pytest.raises(UnknownRule, match="TFG999"):
        prove(["TFG999"])


def test_a_missing_tensorflow_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    observing.tensorflow.cache_clear()
    with pytest.raises(TensorFlowMissing, match=r"^TensorFlow cannot be imported .*pip install tensorflow$"):
        prove([])
