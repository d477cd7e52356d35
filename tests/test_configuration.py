"""The configuration in ``pyproject.toml``, in flake8's and on the command line, and what comes of it."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from processes import FAULTY, command, flake8

from tfgradlint import check, cli, predict
from tfgradlint.analysis import analysis
from tfgradlint.analysis.results import Analysis, Prediction
from tfgradlint.server.judging import Document, judged

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROUNDED = FAULTY.replace("np.square", "tf.round")
#: The loss goes through a function of another module.
OWN = FAULTY.replace("np.square", "quantize").replace("import numpy", "from mylib.ops import quantize\nimport numpy")

Run = Callable[..., tuple[int, list[str], list[str]]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command in the temporary folder: exit status, lines of standard output, lines of standard error."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, list[str], list[str]]:
        more = () if arguments[0] == "config" else ("--no-cache", "--quiet")
        status = cli.main([arguments[0], *more, *arguments[1:]])
        told = capsys.readouterr()
        return status, told.out.splitlines(), told.err.splitlines()

    return run


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_toml", ".toml").replace("_py", ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def places(lines: list[str]) -> list[tuple[str, str]]:
    """File and code of every finding."""
    return [(line.split(":")[0], line.split()[1]) for line in lines]


@pytest.mark.parametrize(
    ("table", "codes"),
    [
        ("", ["TFG202", "TFG301"]),
        ('select = ["TFG2"]', ["TFG202"]),
        ("select = []", []),
        ('select = ["TFG2"]\nextend-select = ["TFG301"]', ["TFG202", "TFG301"]),
        ('ignore = ["TFG2"]', ["TFG301"]),
        ('ignore = ["TFG2"]\nselect = ["TFG202"]', ["TFG202"]),
        ('per-file-ignores = { "a.py" = ["TFG202"] }', ["TFG301"]),
        ('per-file-ignores = { "pkg/*" = ["TFG3"] }', ["TFG202"]),
        ('per-file-ignores = { "*/b.py" = ["TFG"], "other.py" = ["TFG202"] }', ["TFG202"]),
        ('exclude = ["pkg", "venv"]', ["TFG202"]),
        ('exclude = ["pkg/b.py", "venv/"]', ["TFG202"]),
        ('exclude = ["[ab].py", "./venv/*"]', []),
        ('extend-exclude = ["a.*"]', ["TFG301"]),
        ('exclude = ["nothing"]', ["TFG202", "TFG301", "TFG202"]),
    ],
)
def test_each_key_decides_what_is_reported(tmp_path: Path, run: Run, table: str, codes: list[str]) -> None:
    write(tmp_path, pyproject_toml=f"[tool.tfgradlint]\n{table}\n", a_py=FAULTY, pkg__b_py=ROUNDED, venv__c_py=FAULTY)
    status, out, err = run("check", ".")
    assert [code for _, code in places(out)] == codes
    assert err == ([] if codes or "select" in table else ["tfgradlint: no Python files in ."])
    assert status == bool(codes)


def test_the_nearest_pyproject_with_the_table_wins(tmp_path: Path, run: Run) -> None:
    write(
        tmp_path,
        pyproject_toml='[tool.tfgradlint]\nselect = ["TFG3"]\n',
        a_py=FAULTY,
        inner__pyproject_toml='[tool.tfgradlint]\nselect = ["TFG2"]\n',
        inner__deep__b_py=FAULTY,
        other__pyproject_toml="[tool.black]\n",
        other__c_py=FAULTY,
    )
    _, out, _ = run("check", ".")
    assert places(out) == [("./inner/deep/b.py", "TFG202")]


def test_it_is_found_from_the_file_and_not_from_the_current_folder(tmp_path: Path) -> None:
    write(tmp_path, project__pyproject_toml='[tool.tfgradlint]\nselect = ["TFG3"]\n', project__a_py=FAULTY)
    write(tmp_path, elsewhere__pyproject_toml="[tool.tfgradlint]\nselect = []\n", elsewhere__b_py=FAULTY)
    run = command("check", "../project/a.py", cwd=tmp_path / "elsewhere")
    assert (run.returncode, run.stdout) == (0, "")
    run = command("check", "--stdin-filename", "../project/a.py", "-", stdin=ROUNDED, cwd=tmp_path / "elsewhere")
    assert run.stdout.startswith("../project/a.py:7:26: TFG301 ")


def test_a_flag_takes_the_place_of_its_key(tmp_path: Path, run: Run) -> None:
    table = 'select = ["TFG3"]\nexclude = ["a.py"]\nper-file-ignores = { "b.py" = ["TFG3"] }\n'
    write(tmp_path, pyproject_toml=f"[tool.tfgradlint]\n{table}", a_py=FAULTY, b_py=ROUNDED)
    assert run("check", ".")[1] == []
    assert places(run("check", "--select", "TFG2", "--exclude", "b.py", ".")[1]) == [("./a.py", "TFG202")]
    assert places(run("check", "--per-file-ignores", "a.py:TFG2,TFG3", ".")[1]) == [("./b.py", "TFG301")]


def test_what_is_named_is_checked_unless_excluded_by_force(tmp_path: Path, run: Run) -> None:
    write(tmp_path, pyproject_toml='[tool.tfgradlint]\nextend-exclude = ["gen"]\n', gen__deep__a_py=FAULTY)
    assert places(run("check", "gen/deep/a.py")[1]) == [("gen/deep/a.py", "TFG202")]
    assert run("check", "--force-exclude", "gen/deep/a.py") == (0, [], [])


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('selct = ["TFG"]', "pyproject.toml: [tool.tfgradlint]: unknown key 'selct'; the nearest is 'select'"),
        ("tensorflow_version = '2.16'", "unknown key 'tensorflow_version'; the nearest is 'tensorflow-version'"),
        ('ignore = ["TFG220"]', "pyproject.toml: [tool.tfgradlint] ignore: no rule has a code like 'TFG220'; the near"),
        ('select = "TFG2"', '[tool.tfgradlint] select: \'TFG2\' is not a list of strings; write ["...", "..."]'),
        ("exclude = [3]", "[tool.tfgradlint] exclude: [3] is not a list of strings"),
        ("tensorflow-version = 2.16", 'tensorflow-version: 2.16 is not a string; write "2.16" in quotes'),
        ("tensorflow-version = 'new'", "tensorflow-version: 'new' is no version of TensorFlow such as 2."),
        ("assume = 'none'", "assume: 'none' is none of separation, nothing; the nearest is 'nothing'"),
        ("assume = false", "assume: False is none of separation, nothing; it must be a string"),
        ("jobs = 0", "[tool.tfgradlint] jobs: 0 is no number of processes; write 1 or more"),
        ("jobs = true", "[tool.tfgradlint] jobs: True is no number of processes"),
        (
            "per-file-ignores = ['a']",
            "per-file-ignores: ['a'] is not a table; write [tool.tfgradlint.per-file-ignores]",
        ),
        ("per-file-ignores = {a = 'TFG2'}", "per-file-ignores, 'a': 'TFG2' is not a list of strings"),
        ("per-file-ignores = {a = ['TFG7']}", "per-file-ignores, 'a': no rule has a code like 'TFG7'"),
        ("gradients = 'flows'", "gradients: 'flows' is not a table; write [tool.tfgradlint.gradients]"),
        ("gradients = {'a.b' = 'flow'}", "gradients: 'a.b': 'flow' is none of flows, zero, none, raises; the nearest"),
        ("gradients = {'a.b' = {x = 1}}", "gradients: 'a.b', 'x': 1 is none of flows, zero, none, raises; it must be"),
        ("gradients = {'a.b' = {}}", "gradients: 'a.b' names no parameter; write {x = 'flows'} or one word for all"),
        ("gradients.a.b.c = 'flows'", "gradients: 'a' is a table of tables; write the full name in quotes: \"a."),
        ("gradients = {quantize = 'flows'}", "'quantize' is no full name of a function such as \"mylib.ops.quantize\""),
        (
            "models = {'m.build' = 'keras.Layer'}",
            "'keras.Layer' is none of keras.Model, tf.keras.Model, tf_keras.Model;",
        ),
        ("models = {build = 'keras.Model'}", "models: 'build' is no full name of a function such as \"mylib.build\""),
        ("models = 'keras.Model'", "models: 'keras.Model' is not a table; write [tool.tfgradlint.models]"),
        ("select = [", "pyproject.toml: it is not TOML: "),
    ],
)
def test_a_wrong_value_names_the_key_the_file_and_what_is_near(tmp_path: Path, run: Run, table: str, said: str) -> None:
    write(tmp_path, pyproject_toml=f"[tool.tfgradlint]\n{table}\n", a_py=FAULTY)
    for name in ("check", "predict", "config"):
        status, out, (line,) = run(name, ".")
        assert (status, out) == (2, [])
        assert line.startswith("tfgradlint: pyproject.toml: ")
        assert said in line


@pytest.mark.parametrize("data", [b"\xff\xfe", b"[tool.tfgradlint]\nselect = ['\xff']\n", b"[" * 100_000])
def test_a_file_that_is_no_toml_is_an_error_in_one_line(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "pyproject.toml").write_bytes(data)
    write(tmp_path, a_py=FAULTY)
    found = command("check", ".", cwd=tmp_path)
    assert (found.returncode, found.stdout) == (2, "")
    assert found.stderr.startswith("tfgradlint: pyproject.toml: it is not TOML: ")
    assert found.stderr.count("\n") == 1


def test_a_folder_of_that_name_is_an_error_in_one_line(tmp_path: Path, run: Run) -> None:
    (tmp_path / "pyproject.toml").mkdir()
    write(tmp_path, a_py=FAULTY)
    assert run("check", ".") == (2, [], ["tfgradlint: pyproject.toml: Is a directory"])


def test_a_folder_that_may_not_be_looked_into_holds_no_configuration(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, a_py=FAULTY)
    real = open

    def refusing(path: str, *arguments: str, **more: str) -> object:
        if path == str(tmp_path.parent / "pyproject.toml"):
            raise PermissionError(13, "Permission denied")
        return real(path, *arguments, **more)  # type: ignore[call-overload]

    monkeypatch.setattr("builtins.open", refusing)
    assert places(run("check", ".")[1]) == [("./a.py", "TFG202")]


@pytest.mark.parametrize("text", ["tool = 3", "[tool]\nother = 1", "[project]\nname = 'x'", ""])
def test_other_peoples_tables_are_left_alone(tmp_path: Path, run: Run, text: str) -> None:
    write(tmp_path, pyproject_toml=text, a_py=FAULTY)
    assert places(run("check", ".")[1]) == [("./a.py", "TFG202")]


def test_the_version_decides_by_what_data_is_judged(tmp_path: Path, run: Run) -> None:
    program = FAULTY.replace("np.square(w)", "tf.math.cumulative_logsumexp(w)")
    write(tmp_path, a_py=program, pyproject_toml="[tool.tfgradlint]\ntensorflow-version = '2.16'\n")
    status, out, _ = run("config", "a.py")
    assert status == 0
    assert 'tensorflow-version = "2.16"  # pyproject.toml' in out
    _, out, _ = run("config", ".")
    assert 'tensorflow-version = "2.16"  # pyproject.toml' in out
    assert run("predict", "a.py") == run("predict", "--tensorflow-version", "2.16", "a.py")


# -- which Keras tf.keras is

#: Raises with Keras 2 where it lists its weights, and with Keras 3 has none to list.
UNBUILT = """\
import tensorflow as tf

model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
weights = model.trainable_variables
with tf.GradientTape() as tape:
    loss = tf.reduce_mean(model(tf.ones((2, 3))))
gradients = tape.gradient(loss, weights)
"""
SAID = {2: "raises ValueError", 3: "is empty"}


def keras_of(out: list[str]) -> int:
    """The Keras by which the program was judged."""
    (line,) = out
    return next(major for major, words in SAID.items() if f" TFG404 model.trainable_variables {words} before" in line)


def test_the_flag_the_configuration_and_the_environment_decide_in_this_order(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, a_py=UNBUILT)
    assert keras_of(run("check", "a.py")[1]) == 3
    assert keras_of(run("check", "--keras", "2", "a.py")[1]) == 2
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", "1")
    assert keras_of(run("check", "a.py")[1]) == 2
    assert "keras = 2  # default: TF_USE_LEGACY_KERAS asks for it" in run("config")[1]
    assert keras_of(run("check", "--keras", "3", "a.py")[1]) == 3
    write(tmp_path, pyproject_toml="[tool.tfgradlint]\nkeras = 3\n")
    assert keras_of(run("check", "a.py")[1]) == 3
    assert keras_of(run("check", "--keras", "2", "a.py")[1]) == 2
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", "0")
    write(tmp_path, pyproject_toml="[tool.tfgradlint]\n")
    assert keras_of(run("check", "a.py")[1]) == 3


def test_a_result_that_was_kept_is_of_the_same_keras(tmp_path: Path) -> None:
    write(tmp_path, a_py=UNBUILT)
    for major in (3, 2, 3):
        ran = command("check", "--keras", str(major), "a.py", cwd=tmp_path, cache=True)
        assert keras_of(ran.stdout.splitlines()) == major


def test_flake8_goes_by_its_option_its_configuration_and_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, a_py=UNBUILT)
    (tmp_path / "setup.cfg").write_text("[flake8]\nselect = TFG\nkeras = 2\n")
    for flags, major in (((), 3), (("--keras", "2"), 2), (("--config", "setup.cfg"), 2)):
        assert keras_of(flake8("--select", "TFG", *flags, "a.py", cwd=tmp_path).stdout.splitlines()) == major
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", "1")
    assert keras_of(flake8("--select", "TFG", "a.py", cwd=tmp_path).stdout.splitlines()) == 2
    assert keras_of(flake8("--select", "TFG", "--keras", "3", "a.py", cwd=tmp_path).stdout.splitlines()) == 3
    ran = flake8("--keras", "4", "a.py", cwd=tmp_path)
    assert "--keras: 4 is no Keras that is known; write 2 or 3" in ran.stdout
    assert "Traceback" not in ran.stdout + ran.stderr


@pytest.mark.parametrize(
    ("setting", "major"),
    [
        ('os.environ["TF_USE_LEGACY_KERAS"] = "0"', 3),
        ('os.environ["TF_USE_LEGACY_KERAS"] = "1"', 2),
        ('os.environ.setdefault("TF_USE_LEGACY_KERAS", "0")', 3),
        ('os.environ.update({"TF_USE_LEGACY_KERAS": "1"})', 2),
        ('os.environ.update(TF_USE_LEGACY_KERAS="False")', 3),
        ('os.environ["TF_USE_LEGACY_KERAS"] = os.environ["OTHER"]', 2),
        ('print(os.environ.get("TF_USE_LEGACY_KERAS", "1"))', None),
        ("pass  # TF_USE_LEGACY_KERAS=1", None),
    ],
)
def test_what_the_program_sets_counts_before_all_else(setting: str, major: int | None) -> None:
    program = f"import os\n{setting}\n{UNBUILT}"
    for asked in (2, 3):
        (finding,) = check(program, keras=asked, tensorflow_version="2.21")
        assert finding.message.startswith(f"model.trainable_variables {SAID[major or asked]} ")


@pytest.mark.parametrize("value", [1, 4, True, "2", 2.0])
def test_a_keras_that_is_none_is_refused(tmp_path: Path, run: Run, value: object) -> None:
    write(tmp_path, pyproject_toml=f"[tool.tfgradlint]\nkeras = {json.dumps(value)}\n", a_py=FAULTY)
    status, out, err = run("check", "a.py")
    assert (status, out) == (2, [])
    assert err == [
        f"tfgradlint: pyproject.toml: [tool.tfgradlint] keras: {value!r} is no Keras that is known; write 2 or 3"
    ]
    with pytest.raises(ValueError, match="is no Keras that is known"):
        check(FAULTY, keras=value)  # type: ignore[arg-type]


def test_keras_under_its_own_name_is_keras_3_beside_another(tmp_path: Path) -> None:
    alone = UNBUILT.replace("tf.keras", "keras").replace("import t", "import keras\nimport t")
    (finding,) = check(alone, keras=2, tensorflow_version="2.21")
    assert SAID[3] in finding.message
    assert SAID[2] in check(alone, keras=2, tensorflow_version="2.15")[0].message
    both = alone + "other = tf.keras.Sequential()\n"
    assert check(both, keras=2, tensorflow_version="2.21") == []
    assert len(check(both, keras=3, tensorflow_version="2.21")) == 1


# -- what is assumed of functions that nobody sees


def test_what_is_assumed_reaches_the_analysis_from_every_place(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def noting(analyse: Callable[..., Analysis]) -> Callable[..., Analysis]:
        def noted(*arguments: Any, **named: Any) -> Analysis:
            asked.append(arguments[-1] == "separation")
            return analyse(*arguments, **named)

        return noted

    monkeypatch.setattr(analysis, "analyse", noting(analysis.analyse))
    write(tmp_path, a_py=OWN)
    run("check", "a.py")
    run("predict", "--assume", "nothing", "a.py")
    write(tmp_path, pyproject_toml="[tool.tfgradlint]\nassume = 'nothing'\n")
    run("check", "a.py")
    run("check", "--assume", "separation", "--fix", "a.py")
    check(OWN)
    predict(OWN, assume="nothing")
    judged(Document("", str(tmp_path / "a.py"), None, OWN))
    assert asked == [True, False, False, True, True, False, False]


def test_what_was_kept_is_kept_for_one_assumption(tmp_path: Path) -> None:
    write(tmp_path, a_py=OWN)
    for word, entries in (("separation", 1), ("nothing", 2), ("separation", 2)):
        command("check", "--assume", word, "a.py", cwd=tmp_path, cache=True)
        assert len(list((tmp_path / ".tfgradlint_cache").rglob("*.json"))) == entries


def test_an_assumption_that_is_none_is_refused(tmp_path: Path, run: Run) -> None:
    write(tmp_path, a_py=FAULTY)
    said = "'some' is none of separation, nothing; the nearest is "
    assert run("check", "--assume", "some", "a.py")[2][0].startswith(f"tfgradlint: --assume: {said}")
    assert f"--tfgradlint-assume: {said}" in flake8("--tfgradlint-assume", "some", "a.py", cwd=tmp_path).stdout
    with pytest.raises(ValueError, match=f"^assume: {said}"):
        check(FAULTY, assume="some")


# -- flake8 and the table


def flake8_in(folder: Path, *arguments: str) -> list[str]:
    """What flake8 reports with a configuration that selects our codes."""
    (folder / "setup.cfg").write_text("[flake8]\nselect = TFG\n")
    return flake8("--config=setup.cfg", *arguments, cwd=folder).stdout.splitlines()


def test_flake8_judges_each_file_by_the_nearest_table(tmp_path: Path) -> None:
    own = '[tool.tfgradlint.gradients]\n"mylib.ops.quantize" = "none"\n'
    write(tmp_path, pyproject_toml=own, a_py=OWN, deep__b_py=OWN, other__c_py=OWN)
    write(tmp_path, other__pyproject_toml="[tool.tfgradlint]\n")
    assert places(flake8_in(tmp_path, ".")) == [("./a.py", "TFG301"), ("./deep/b.py", "TFG301")]
    assert places(flake8_in(tmp_path, "--jobs", "2", ".")) == [("./a.py", "TFG301"), ("./deep/b.py", "TFG301")]


def test_flake8s_own_options_win_over_the_table(tmp_path: Path) -> None:
    table = 'keras = 2\n[tool.tfgradlint.gradients]\n"mylib.ops.quantize" = "none"\n'
    write(tmp_path, pyproject_toml=f"[tool.tfgradlint]\n{table}", a_py=OWN, b_py=UNBUILT)
    assert keras_of(flake8_in(tmp_path, "b.py")) == 2
    assert keras_of(flake8_in(tmp_path, "--keras", "3", "b.py")) == 3
    (line,) = flake8_in(tmp_path, "--tfgradlint-gradients", "mylib.ops.quantize=zero", "a.py")
    assert " TFG305 " in line


def test_what_a_table_says_of_codes_is_not_for_flake8(tmp_path: Path) -> None:
    write(tmp_path, pyproject_toml='[tool.tfgradlint]\nignore = ["TFG2"]\n', a_py=FAULTY)
    assert places(flake8_in(tmp_path, "a.py")) == [("a.py", "TFG202")]


def test_flake8_hears_of_the_assumption_in_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    analyse = analysis.analyse

    def noted(*arguments: Any, **named: Any) -> Analysis:
        asked.append(arguments[-1])
        return analyse(*arguments, **named)

    monkeypatch.setattr(analysis, "analyse", noted)
    write(tmp_path, pyproject_toml='[tool.tfgradlint]\nassume = "nothing"\n', a_py=OWN)
    flake8_in(tmp_path, "a.py")
    flake8_in(tmp_path, "--tfgradlint-assume=separation", "a.py")
    assert asked == ["nothing", "separation"]


def test_a_wrong_table_is_told_once_at_the_start_or_in_the_files_below_it(tmp_path: Path) -> None:
    write(tmp_path, a_py=FAULTY, deep__b_py=FAULTY, deep__pyproject_toml="[tool.tfgradlint]\nassume = 'all'\n")
    found = flake8_in(tmp_path, ".")
    assert places(found) == [("./a.py", "TFG202"), ("./deep/b.py", "TFG001")]
    assert "deep/pyproject.toml: [tool.tfgradlint] assume: 'all' is none of separation, nothing" in found[1]
    write(tmp_path, pyproject_toml="[tool.tfgradlint]\nassum = 'nothing'\n")
    *_, last = flake8_in(tmp_path, ".")
    assert last == "pyproject.toml: [tool.tfgradlint]: unknown key 'assum'; the nearest is 'assume'"


# -- functions of the user's own


def test_what_is_said_of_a_function_changes_the_verdict_and_gives_a_finding(tmp_path: Path, run: Run) -> None:
    write(tmp_path, a_py=OWN)
    assert run("predict", "a.py")[1][0] == "a.py:9:12: gradient: unknown"
    assert run("check", "a.py") == (0, [], [])
    write(tmp_path, pyproject_toml='[tool.tfgradlint.gradients]\n"mylib.ops.quantize" = "none"\n')
    status, out, err = run("predict", "a.py")
    assert out[0] == "a.py:9:12: gradient: none"
    assert out[1].startswith("    w: none (TFG301, line 8): quantize() has no gradient: ")
    assert (status, err) == (0, [])
    status, (line,), err = run("check", "a.py")
    assert line.startswith("a.py:8:26: TFG301 quantize() has no gradient: tape.gradient(loss, w) on line 9 returns N")
    assert (status, err) == (1, [])


@pytest.mark.parametrize(
    ("word", "verdict", "codes"),
    [
        ("flows", "flows", []),
        ("zero", "zero", ["TFG305"]),
        ("none", "none", ["TFG301"]),
        ("raises", "raises", ["TFG304"]),
    ],
)
def test_each_word(word: str, verdict: str, codes: list[str]) -> None:
    told = {"mylib.ops.quantize": word}
    assert [each.verdict for each in predict(OWN, gradients=told)] == [verdict]
    assert [each.code for each in check(OWN, gradients=told)] == codes


STEPPED = {"mylib.ops.quantize": {"x": "flows", "step": "none"}}


@pytest.mark.parametrize(
    ("call", "verdict"),
    [
        ("quantize(w)", "flows"),
        ("quantize(x, w)", "none"),
        ("quantize(w, x)", "flows"),
        ("quantize(step=w, x=x)", "none"),
        ("quantize(step=x, x=w)", "flows"),
        ("quantize(x, x, w)", "unknown"),
        ("quantize(x, other=w)", "unknown"),
        ("quantize(*given)", "unknown"),
        ("quantize(x, lambda: w)", "unknown"),
        ("tf.stop_gradient(quantize(w))", "none"),
    ],
)
def test_each_parameter_has_its_own_word(call: str, verdict: str) -> None:
    program = OWN.replace("quantize(w)", call).replace("with ", "given = load(x)\nwith ")
    assert [each.verdict for each in predict(program, gradients=STEPPED)] == [verdict]


@pytest.mark.parametrize(
    ("imports", "call"),
    [
        ("from mylib.ops import quantize as q", "q"),
        ("import mylib.ops", "mylib.ops.quantize"),
        ("import mylib.ops as o", "o.quantize"),
        ("from mylib import ops", "ops.quantize"),
        ("import mylib", "mylib.ops.quantize"),
        ("from functools import partial\nimport mylib.ops", "partial(mylib.ops.quantize)"),
    ],
)
def test_the_name_is_followed_through_imports(imports: str, call: str) -> None:
    program = OWN.replace("from mylib.ops import quantize", imports).replace("quantize(w)", f"{call}(w)")
    assert [each.verdict for each in predict(program, gradients={"mylib.ops.quantize": "none"})] == ["none"]


@pytest.mark.parametrize(
    ("imports", "call"),
    [
        ("from mylib.ops import other as quantize", "quantize"),
        ("from .ops import quantize", "quantize"),
        ("import mylib.ops", "mylib.quantize"),
        ("from mylib.ops.quantize import inner", "inner"),
        ("def quantize(x):\n    return mystery(x)", "quantize"),
    ],
)
def test_other_functions_stay_unknown(imports: str, call: str) -> None:
    program = OWN.replace("from mylib.ops import quantize", imports).replace("quantize(w)", f"{call}(w)")
    assert [each.verdict for each in predict(program, gradients={"mylib.ops.quantize": "none"})] == ["unknown"]


def verdicts(predictions: list[Prediction]) -> list[tuple[str, str]]:
    return [(source.source, source.verdict) for each in predictions for source in each.sources]


def test_what_else_a_module_holds_is_as_unknown_as_before() -> None:
    program = OWN.replace("from mylib.ops import quantize", "import mylib.ops as o").replace(
        "quantize(w)", "o.scale * w"
    )
    program = program.replace("(loss, w)", "(loss, [w, o.scale])")
    told = {"mylib.ops.quantize": "none"}
    assert (
        verdicts(predict(program, gradients=told))
        == verdicts(predict(program))
        == [("w", "flows"), ("o.scale", "unknown")]
    )


def test_a_function_that_is_known_already_may_be_told_otherwise() -> None:
    program = FAULTY.replace("np.square", "tf.square")
    assert [each.code for each in check(program, gradients={"tensorflow.square": "none"})] == ["TFG301"]


def test_python_callers_get_a_value_error() -> None:
    with pytest.raises(ValueError, match=r"'a\.b': 'flow' is none of flows"):
        check(OWN, gradients={"a.b": "flow"})


@pytest.mark.parametrize(
    "lines",
    ["    mylib.ops.quantize = none", "    mylib.ops.other = flows,\n    mylib.ops.quantize = x:none step:flows"],
)
def test_flake8_takes_the_same_from_its_own_configuration(tmp_path: Path, lines: str) -> None:
    write(tmp_path, a_py=OWN)
    (tmp_path / "setup.cfg").write_text(f"[flake8]\nselect = TFG\ntfgradlint-gradients =\n{lines}\n")
    for jobs in "12":
        run = flake8("--config", "setup.cfg", "--jobs", jobs, "a.py", cwd=tmp_path)
        assert run.stdout.startswith("a.py:8:26: TFG301 quantize() has no gradient")
    flag = "--tfgradlint-gradients=mylib.ops.quantize=none"
    assert flake8("--select", "TFG", flag, "a.py", cwd=tmp_path).stdout == run.stdout
    assert command("check", flag.replace("tfgradlint-", ""), "a.py", cwd=tmp_path).stdout == run.stdout


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("mylib.ops.quantize", "'mylib.ops.quantize' is not of the form NAME=flows or NAME=x:flows step:none"),
        ("mylib.ops.quantize=x:none flows", "is not of the form NAME=flows or NAME=x:flows step:none"),
        ("mylib.ops.quantize=non", "'non' is none of flows, zero, none, raises; the nearest is 'none'"),
        ("quantize=none", "'quantize' is no full name of a function"),
    ],
)
def test_wrong_gradients_end_flake8_and_the_command_in_one_line(tmp_path: Path, value: str, said: str) -> None:
    write(tmp_path, a_py=OWN)
    run = flake8("--tfgradlint-gradients", value, "a.py", cwd=tmp_path)
    assert run.returncode == 1
    assert said in (run.stdout + run.stderr).splitlines()[-1]
    run = command("check", "--gradients", value, "a.py", cwd=tmp_path)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith("tfgradlint: --gradients: ")
    assert said in run.stderr


# -- models that the user's own functions give

BUILT = """\
import numpy as np
import tensorflow as tf
from mylib import nets

model = nets.build()
with tf.GradientTape() as tape:
    loss = tf.reduce_mean(tf.square(model.predict(np.ones((1, 2)))))
gradients = tape.gradient(loss, model.trainable_variables)
"""


def test_what_is_said_of_a_model_gives_a_proof(tmp_path: Path, run: Run) -> None:
    write(tmp_path, a_py=BUILT)
    assert check(BUILT, assume="nothing") == []
    (finding,) = check(BUILT, models={"mylib.nets.build": "keras.Model"}, assume="nothing")
    assert (finding.code, finding.certainty) == ("TFG205", "proven")
    assert places(run("check", "--assume", "nothing", "--models", "mylib.nets.build=keras.Model", "a.py")[1]) == [
        ("a.py", "TFG205")
    ]
    write(tmp_path, pyproject_toml='[tool.tfgradlint.models]\n"mylib.nets.build" = "tf.keras.Model"\n')
    assert places(run("check", "--assume", "nothing", "a.py")[1]) == [("a.py", "TFG205")]
    assert places(flake8_in(tmp_path, "--tfgradlint-assume=nothing", "a.py")) == [("a.py", "TFG205")]
    other = "--tfgradlint-models=mylib.other=keras.Model"
    assert flake8_in(tmp_path, "--tfgradlint-assume=nothing", other, "a.py") == []


def test_a_model_that_is_none_is_refused(tmp_path: Path, run: Run) -> None:
    write(tmp_path, a_py=BUILT)
    assert run("check", "--models", "m.build=tf.Module", "a.py")[2][0].startswith("tfgradlint: --models: 'm.build': ")
    with pytest.raises(ValueError, match=r"^models: 'm\.build': 'x' is none of keras\.Model, "):
        check(BUILT, models={"m.build": "x"})


# -- tfgradlint config


def test_config_prints_every_key_and_where_it_comes_from(tmp_path: Path, run: Run) -> None:
    table = '[tool.tfgradlint]\nignore = ["TFG1"]\njobs = 3\n[tool.tfgradlint.gradients]\n"m.f" = {x = "zero"}\n'
    write(tmp_path, pyproject_toml=table, src__a_py=FAULTY)
    status, out, err = run("config", "src/a.py")
    assert (status, err) == (0, [])
    origins = {line.split(" = ")[0]: line.rpartition("  # ")[2] for line in out[2:]}
    assert origins.pop("tensorflow-version").startswith("default: ")
    assert origins.pop("keras") == "default: the one that TensorFlow brings"
    assert origins == {
        "select": "default",
        "extend-select": "default",
        "ignore": "pyproject.toml",
        "exclude": "default",
        "extend-exclude": "default",
        "assume": "default",
        "src": "default",
        "follow": "default",
        "jobs": "pyproject.toml",
        "per-file-ignores": "default",
        "gradients": "pyproject.toml",
        "models": "default",
    }


def test_config_tells_what_flags_would_change(tmp_path: Path, run: Run) -> None:
    write(tmp_path, pyproject_toml='[tool.tfgradlint]\nignore = ["TFG1"]\n')
    _, out, _ = run("config", "--select", "TFG2,TFG3", "--gradients", "m.f=x:zero", "--jobs", "7")
    assert 'select = ["TFG2", "TFG3"]  # command line' in out
    assert 'ignore = ["TFG9", "TFG002", "TFG1"]  # pyproject.toml' in out
    assert 'gradients = { "m.f" = { "x" = "zero" } }  # command line' in out
    assert "jobs = 7  # command line" in out


def test_what_config_prints_is_a_configuration_that_gives_the_same(tmp_path: Path, run: Run) -> None:
    table = (
        'select = ["TFG2", "TFG901"]\nexclude = ["a \\"b\\".py"]\nper-file-ignores = {"x*.py" = ["TFG2"]}\njobs = 1\n'
    )
    more = 'tensorflow-version = "2.16.1"\ngradients = {"m.f" = {x = "zero", y = "none"}, "m.g" = "flows"}\n'
    write(tmp_path, pyproject_toml=f"[tool.tfgradlint]\n{table}{more}", a_py=FAULTY)
    _, out, _ = run("config")
    told = tomllib.loads("\n".join(out))["tool"]["tfgradlint"]
    assert told["exclude"] == ['a "b".py']
    assert told["gradients"] == {"m.f": {"x": "zero", "y": "none"}, "m.g": "flows"}
    write(tmp_path, pyproject_toml="\n".join(out))
    _, again, _ = run("config")
    assert tomllib.loads("\n".join(again))["tool"]["tfgradlint"] == told


# -- the documentation

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "configuration.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    """The code blocks of the page in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_the_configuration_shown_is_obeyed_and_names_every_key(tmp_path: Path, run: Run) -> None:
    write(tmp_path, pyproject_toml=blocks("toml")[0])
    status, out, err = run("config")
    assert (status, err) == (0, [])
    keys = [line.split(" = ")[0] for line in out[2:]]
    assert sorted(keys) == sorted(re.findall(r"^\| `([a-z-]+)` \| .* \| .* \|$", PAGE, re.MULTILINE))
    assert {key for key in keys if f"\n{key} = " not in blocks("toml")[0]} == {
        "extend-select",
        "exclude",
        "gradients",  # a table of its own there
        "models",
    }


def test_the_settings_shown_are_as_they_are_printed(tmp_path: Path, run: Run) -> None:
    write(tmp_path, pyproject_toml='[tool.tfgradlint]\nignore = ["TFG108"]\n')
    shown = blocks("toml")[1].splitlines()
    _, out, _ = run("config")
    assert shown == out[: len(shown)]


def test_the_program_shown_has_the_finding_with_the_setting_and_none_without(tmp_path: Path) -> None:
    (program,) = blocks("python")
    (line,) = [number for number, text in enumerate(program.splitlines(), 1) if "# TFG301" in text]
    assert check(program) == []
    (finding,) = check(program, gradients={"mylib.ops.quantize": "none"})
    assert (finding.code, finding.position.line) == ("TFG301", line)
    assert finding.message.startswith("quantize() has no gradient: ")


def test_the_configuration_shown_for_flake8_is_obeyed(tmp_path: Path) -> None:
    (shown,) = blocks("ini")
    (tmp_path / "setup.cfg").write_text(shown)
    write(tmp_path, a_py=OWN, notebooks__b_py=FAULTY)
    run = flake8("--config", "setup.cfg", ".", cwd=tmp_path)
    assert [line.split()[:2] for line in run.stdout.splitlines() if " TFG" in line] == [["./a.py:8:26:", "TFG301"]]
