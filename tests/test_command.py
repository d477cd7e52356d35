"""The command: its output, its options and its exit status."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from campaigns import differing_by_hashes
from processes import FAULTY, REPAIRED, TIMEOUT, command, flake8, python

from tfgradlint import __main__, cli
from tfgradlint.cli import parser
from tfgradlint.evidence.prove import installed
from tfgradlint.files import running
from tfgradlint.reports import FOR_PEOPLE, FORMATS
from tfgradlint.rules import all_rules

ROOT = Path(__file__).resolve().parent.parent
FOUND = "faulty.py:7:26: TFG202 "
ROUNDED = FAULTY.replace("np.square", "tf.round")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "faulty.py").write_text(FAULTY)
    (tmp_path / "repaired.py").write_text(REPAIRED)
    return tmp_path


@pytest.mark.python
def test_check_prints_a_line_a_finding(folder: Path) -> None:
    run = command("check", "repaired.py", "faulty.py", cwd=folder, apart=True)
    assert run.stdout.startswith(FOUND)
    assert run.stdout.count("\n") == 1
    assert (run.returncode, run.stderr) == (1, "")


def test_check_of_clean_files_is_silent(folder: Path) -> None:
    run = command("check", "repaired.py", cwd=folder)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


@pytest.mark.python
def test_check_as_json(folder: Path) -> None:
    run = command("check", "--output-format", "json", ".", cwd=folder)
    (finding,) = json.loads(run.stdout)
    steps = finding.pop("path_steps")
    assert finding.pop("message").startswith("np.square()")
    assert finding == {
        "path": "./faulty.py",
        "line": 7,
        "column": 26,
        "end_line": 7,
        "end_column": 38,
        "code": "TFG202",
        "certainty": "proven",
        "assumes": [],
        "fix": {"grade": "safe", "title": "use tf.square()"},
        "left_out": [],
    }
    assert steps
    assert all(step.keys() == {"path", "line", "column", "text"} for step in steps)
    assert run.returncode == 1
    assert json.loads(command("check", "--output-format", "json", "repaired.py", cwd=folder).stdout) == []


def test_findings_are_sorted_by_path_and_line(folder: Path) -> None:
    twice = ROUNDED + "".join(FAULTY.splitlines(True)[2:])
    (folder / "a.py").write_text(twice)
    run = command("check", "faulty.py", "a.py", cwd=folder)
    assert [line.split()[0] for line in run.stdout.splitlines()] == [
        "a.py:7:26:",
        "a.py:13:26:",
        "faulty.py:7:26:",
    ]


@pytest.mark.parametrize(
    ("flags", "codes"),
    [
        ((), ["TFG301", "TFG202"]),
        (("--select", "TFG2"), ["TFG202"]),
        (("--select", "TFG2,TFG301"), ["TFG301", "TFG202"]),
        (("--select", "TFG2", "--extend-select", "TFG3"), ["TFG301", "TFG202"]),
        (("--ignore", "TFG202 TFG1"), ["TFG301"]),
        (("--ignore", "TFG", "--select", "TFG202"), ["TFG202"]),
        (("--select", "TFG2", "--ignore", "TFG202"), []),
        (("--select", "TFG202", "--ignore", "TFG202"), []),
        (("--select", "TFG1", "--select", "TFG30"), ["TFG301"]),
    ],
)
def test_the_longest_prefix_decides(folder: Path, flags: tuple[str, ...], codes: list[str]) -> None:
    (folder / "both.py").write_text(ROUNDED + "".join(FAULTY.splitlines(True)[2:]))
    run = command("check", *flags, "both.py", cwd=folder)
    assert [line.split()[1] for line in run.stdout.splitlines()] == codes
    assert run.returncode == bool(codes)


@pytest.mark.parametrize("flag", ["--select", "--ignore", "--extend-select"])
def test_an_unknown_code_names_the_nearest(folder: Path, flag: str) -> None:
    run = command("check", flag, "TFG999", "faulty.py", cwd=folder)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.count("\n") == 1
    assert "'TFG999'" in run.stderr
    assert "TFG202" in command("check", flag, "tfg202", "faulty.py", cwd=folder).stderr


def test_statistics_and_exit_zero(folder: Path) -> None:
    run = command("check", "--statistics", "--exit-zero", "faulty.py", cwd=folder)
    name = next(rule.name for rule in all_rules() if rule.code == "TFG202")
    assert run.stdout.splitlines()[-1] == f"1       TFG202 {name}"
    assert run.returncode == 0
    run = command("check", "--statistics", "--output-format", "json", "faulty.py", cwd=folder)
    assert len(json.loads(run.stdout)) == 1
    assert run.stderr == f"1       TFG202 {name}\n"


def test_standard_input(folder: Path) -> None:
    run = command("check", "--stdin-filename", "notes.py", "-", stdin=FAULTY)
    assert run.stdout.startswith("notes.py:7:26: TFG202 ")
    assert run.returncode == 1
    assert command("check", "-", stdin=FAULTY.replace("\n", "\r\n")).stdout.startswith("stdin:7:26: TFG202 ")


def test_what_cannot_be_read_is_told_and_the_rest_is_checked(folder: Path) -> None:
    (folder / "broken.py").write_bytes(b"s = '\xff'\n")
    run = command("check", "missing.py", "broken.py", "faulty.py", cwd=folder)
    assert run.returncode == 2
    assert run.stdout.startswith(FOUND)
    assert [line.split(": ")[:2] for line in run.stderr.splitlines()] == [
        ["tfgradlint", "missing.py"],
        ["tfgradlint", "broken.py"],
    ]


def test_a_directory_without_python_is_clean_and_said_so(tmp_path: Path) -> None:
    run = command("check", tmp_path)
    assert (run.returncode, run.stdout) == (0, "")
    assert run.stderr == f"tfgradlint: no Python files in {tmp_path}\n"


#: Programs of one request each, by what is said of it.
REQUESTS = {
    "flows": REPAIRED,
    "none": FAULTY,
    "zero": FAULTY.replace("np.square", "tf.sign"),
    "raises": REPAIRED + "again = tape.gradient(loss, w)\n",
    "unknown": FAULTY.replace("np.square", "somebody.square"),
    "varies": REPAIRED.partition("with")[0]
    + "for turn in range(2):\n    with tf.GradientTape() as tape:\n        loss = w if turn else x\n"
    "    tape.gradient(loss, w)\n",
    "no requests": "import tensorflow as tf\n",
    "broken": "x = (\n",
}


@pytest.mark.parametrize(
    ("programs", "said"),
    [
        (["flows"], "1 file, 1 request: 1 flows"),
        (["flows", "flows"], "2 files, 2 requests: 2 flow"),
        (["no requests"], "1 file, no requests"),
        (["no requests", "no requests"], "2 files, no requests"),
        (["unknown"], "1 file, 1 request: 1 unknown"),
        (["none", "zero", "unknown"], "3 files, 3 requests: 2 lost, 1 unknown"),
        (["raises"], "1 file, 2 requests: 1 flows, 1 lost"),
        (["varies", "none"], "2 files, 2 requests: 1 lost, 1 varies"),
        (["varies", "varies", "flows"], "3 files, 3 requests: 1 flows, 2 vary"),
        (["broken", "none"], "2 files, 1 request: 1 lost; 1 file not judged in full"),
    ],
)
@pytest.mark.python
def test_the_last_line_tells_one_silence_from_another(tmp_path: Path, programs: list[str], said: str) -> None:
    for number, name in enumerate(programs):
        (tmp_path / f"{number}.py").write_text(REQUESTS[name])
    for how in ("check", "predict"):
        run = command(how, ".", cwd=tmp_path, counted=True)
        assert run.stderr.splitlines()[-1] == said
        assert said not in run.stdout


def test_the_last_line_is_for_people_who_want_it(folder: Path) -> None:
    line = "2 files, 2 requests: 1 flows, 1 lost\n"
    assert command("check", ".", cwd=folder, counted=True).stderr == line
    assert command("check", "--output-format", "full", ".", cwd=folder, counted=True).stderr == line
    assert command("check", "-q", ".", cwd=folder, counted=True).stderr == ""
    assert command("check", "--quiet", ".", cwd=folder, counted=True).stderr == ""
    for name in sorted(FORMATS.keys() - FOR_PEOPLE):
        assert command("check", "--output-format", name, ".", cwd=folder, counted=True).stderr == ""
    for name in ("json", "jsonl"):
        assert command("predict", "--output-format", name, ".", cwd=folder, counted=True).stderr == ""


def test_the_last_line_counts_the_same_however_files_come(folder: Path) -> None:
    for number in range(60):  # more than one process takes at a time
        (folder / f"{number}.py").write_text(FAULTY)
    line = "62 files, 62 requests: 1 flows, 61 lost\n"
    for arguments in (("--jobs", "2", "."), (".",), (".",)):  # then from what was kept
        assert command("check", *arguments, cwd=folder, counted=True, cache=True).stderr == line
    run = command("check", "-", stdin=FAULTY, counted=True)
    assert run.stderr == "1 file, 1 request: 1 lost\n"
    run = command("check", "--fix", "-", stdin=FAULTY, counted=True)
    assert run.stderr.splitlines()[-1] == "1 file, 1 request: 1 flows"


def test_nothing_is_counted_where_nothing_was_read(tmp_path: Path) -> None:
    run = command("check", tmp_path / "missing.py", counted=True)
    assert run.stderr.count("\n") == 1
    assert run.returncode == 2


COMMENTS = [
    "# noqa",
    "# noqa: TFG202",
    "# noqa:TFG",
    "# noqa: E501",
    "# NoQA: E1,TFG2",
    "# noqa : TFG301",
    "# quiet",
]


@pytest.mark.parametrize("comment", COMMENTS)
@pytest.mark.parametrize("where", ["line", "inside the statement", "end of the statement", "file", "own line"])
def test_noqa_means_what_it_means_to_flake8(tmp_path: Path, comment: str, where: str) -> None:
    program = {
        "line": FAULTY.replace("* x)", f"* x)  {comment}"),
        "inside the statement": FAULTY.replace("(np.square", f'("""\n{comment}\n""" and np.square'),
        "end of the statement": FAULTY.replace(" * x)", f"\n        * x)  {comment}"),
        "file": comment.replace("# ", "# flake8: ") + "\n" + FAULTY,
        "own line": FAULTY.replace("    loss", f"    {comment}\n    loss"),
    }[where]
    (tmp_path / "program.py").write_text(program)
    ours = command("check", "program.py", cwd=tmp_path)
    flake8s = flake8("--select", "TFG", "program.py", cwd=tmp_path)
    assert (ours.returncode, ours.stdout) == (flake8s.returncode, flake8s.stdout)


def test_predict_prints_a_line_a_request_and_one_a_source(folder: Path) -> None:
    run = command("predict", "repaired.py", "faulty.py", cwd=folder)
    first, source, *rest = run.stdout.splitlines()
    assert first == "faulty.py:8:12: gradient: none"
    assert source.startswith("    w: none (TFG202, line 7): ")
    assert rest == ["repaired.py:8:12: gradient: flows", "    w: flows"]
    assert (run.returncode, run.stderr) == (0, "")


def test_predict_as_json(folder: Path) -> None:
    run = command("predict", "--output-format", "json", "faulty.py", "repaired.py", cwd=folder)
    faulty, repaired = json.loads(run.stdout)
    (source,) = faulty.pop("sources")
    assert source.pop("reason")
    proven = {"source": "w", "certainty": "proven", "assumed": None, "missing": None}
    assert source == {**proven, "verdict": "none", "code": "TFG202", "line": 7}
    assert faulty.pop("left_out") == []
    assert faulty == {"path": "faulty.py", "line": 8, "column": 12, "call": "gradient", "verdict": "none"}
    assert repaired["verdict"] == "flows"
    assert repaired["sources"] == [{**proven, "verdict": "flows", "code": None, "line": None, "reason": None}]


def test_predict_says_what_it_could_not_judge(folder: Path) -> None:
    (folder / "broken.py").write_text("x = (\n")
    run = command("predict", "broken.py", "faulty.py", cwd=folder)
    assert run.returncode == 2
    assert run.stdout.startswith("faulty.py:8:12: gradient: none\n")
    assert run.stderr.startswith("tfgradlint: broken.py:1:5: TFG001 ")


def test_verbose_names_the_causes_of_unknown(folder: Path) -> None:
    (folder / "unknown.py").write_text(FAULTY.replace("np.square", "somebody.square"))
    run = command("predict", "--verbose", "unknown.py", cwd=folder)
    assert run.stdout.startswith("unknown.py:8:12: gradient: unknown\n")
    assert run.stderr.startswith("tfgradlint: unknown.py: unknown: ")
    assert command("predict", "unknown.py", cwd=folder).stderr == ""


def test_rule_lists_explains_one_and_explains_all() -> None:
    codes = [rule.code for rule in all_rules()]
    listed = command("rule")
    assert [line.split()[0] for line in listed.stdout.splitlines()] == ["code", *codes]
    one = command("rule", "TFG202")
    assert one.stdout.startswith("# ")
    assert "(TFG202)\n" in one.stdout
    assert "## Use instead\n" in one.stdout
    everything = command("rule", "--all").stdout
    assert [code for code in codes if f"({code})\n" not in everything] == []


def test_rule_with_an_unknown_code() -> None:
    run = command("rule", "TFG220")
    assert (run.returncode, run.stdout) == (2, "")
    assert "'TFG220'" in run.stderr


def test_version_and_help() -> None:
    from tfgradlint import __version__

    assert command("--version").stdout == f"tfgradlint {__version__}\n"
    assert "{" not in command("--help").stdout.split("\n")[0]
    (script,) = entry_points(group="console_scripts", name="tfgradlint")
    assert script.load() is __main__.main


@pytest.mark.parametrize("arguments", [(), ("check",), ("check", "--output-format", "xml", "x.py"), ("mend",)])
def test_errors_of_use_exit_with_2(arguments: tuple[str, ...]) -> None:
    run = command(*arguments)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith("tfgradlint: ")
    assert run.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("chek", "x.py"),
            "there is no 'chek'; choose from check, predict, confirm, op, rule, prove, config, server (nearest: check)",
        ),
        (("check", "--output-format", "jason", "x.py"), "argument --output-format: there is no 'jason'; choose from "),
        (("check", "--jobs", "many", "x.py"), "--jobs: 'many' is no number of processes; write 1 or more"),
        (("check", "--jobs", "0", "x.py"), "--jobs: 0 is no number of processes; write 1 or more"),
        (("check", "--add-noqa", "-"), "--add-noqa changes files, and standard input is none; name a file"),
        (("check", "--per-file-ignores", "TFG2", "x.py"), "--per-file-ignores: 'TFG2' is not of the form "),
        (("config", "missing"), "missing: No such file or directory"),
    ],
)
def test_an_error_of_use_says_what_to_do(arguments: tuple[str, ...], said: str) -> None:
    run = command(*arguments)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith(f"tfgradlint: {said}")


@pytest.mark.parametrize("name", ["", "check", "predict", "op", "rule", "prove", "config"])
def test_help_explains_every_argument(name: str) -> None:
    run = command(*name.split(), "--help")
    assert (run.returncode, run.stderr) == (0, "")
    made: argparse.ArgumentParser = parser.make(cli.COMMANDS)
    if name:
        made = next(one for one in made._actions if isinstance(one, argparse._SubParsersAction)).choices[name]
    actions = [one for one in made._actions if not isinstance(one, argparse._SubParsersAction)]
    assert [action.dest for action in actions if not action.help] == []


def test_prove_runs_the_examples() -> None:
    run = command("prove", "TFG202")
    header, *rows, last = run.stdout.splitlines()
    assert header.split() == ["rule", "program", "mode", "claimed", "observed"]
    assert {row.split()[0] for row in rows} == {"TFG202"}
    assert {row.split()[1] for row in rows} == {"example", "repaired"}
    assert all(row.endswith("  ok") for row in rows)
    assert last == f"{len(rows)} runs, all as claimed for {installed()}"
    assert run.returncode == 0


#: Runs ``prove`` with an example that claims what TensorFlow does not do.
LYING = """
import sys
from tfgradlint import cli
from tfgradlint.files import running
from tfgradlint.reports import FOR_PEOPLE, FORMATS
from tfgradlint.rules import rule
one = type(rule("TFG202"))
one.__doc__ = one.__doc__.replace("# outcome: flows", "# outcome: none")
sys.exit(cli.main(["prove", "TFG202"]))
"""


def test_prove_exits_with_1_where_tensorflow_differs() -> None:
    run = python("-c", LYING)
    assert run.returncode == 1
    assert " repaired  eager " in run.stdout
    assert "  DIFFERS\n" in run.stdout
    assert run.stdout.splitlines()[-1].startswith("6 runs, 3 differ from what is claimed for TensorFlow 2.")


def test_prove_without_tensorflow() -> None:
    program = "import sys; sys.modules['tensorflow'] = None; from tfgradlint.cli import main; sys.exit(main())"
    run = python("-c", program, "prove")
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith("tfgradlint: TensorFlow cannot be imported")
    assert run.stderr.count("\n") == 1


def test_prove_with_an_unknown_code() -> None:
    run = command("prove", "TFG220")
    assert (run.returncode, run.stdout) == (2, "")


def test_results_do_not_depend_on_the_order_of_hashes() -> None:
    """``python -m tests.campaigns`` asks it of all fixtures."""
    folders = [ROOT / "examples", ROOT / "tests" / "fixtures" / "callbacks"]
    assert not differing_by_hashes(folders, ("1", "2"))


def test_a_reader_that_goes_away(tmp_path: Path) -> None:
    # more than a pipe holds, so that the writer is certain to meet the closed end
    for number in range(2000):
        (tmp_path / f"a_file_with_a_long_name_{'x' * 100}_{number}.py").write_text("x = (\n")
    with subprocess.Popen(
        [sys.executable, "-m", "tfgradlint", "check", "--no-cache", tmp_path],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(TIMEOUT) == 141


def test_an_interrupt(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt(text: str, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(running, "judge", interrupt)
    assert cli.main(["check", "--no-cache", str(folder)]) == 130
    assert capsys.readouterr().err == "tfgradlint: interrupted\n"


def test_a_name_the_terminal_cannot_show(tmp_path: Path) -> None:
    (tmp_path / "prüfung.py").write_text(FAULTY)
    program = "import sys; from tfgradlint.cli import main; sys.exit(main(['check', '--quiet', '--no-cache', '.']))"
    run = subprocess.run(
        [sys.executable, "-X", "utf8=0", "-c", program],
        capture_output=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        timeout=TIMEOUT,
        check=False,
    )
    assert b"pr\\xfcfung.py:7:26: TFG202" in run.stdout
    assert (run.returncode, run.stderr) == (1, b"")
