"""The output formats, by the words of who reads them: a schema, a parser, a terminal."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from processes import FAULTY, REPAIRED, TIMEOUT, command

from tfgradlint.reports import FORMATS
from tfgradlint.reports.rule_page import SITE
from tfgradlint.rules import all_rules

SCHEMA = json.loads((Path(__file__).parent / "schemas" / "sarif-2.1.0-rtm.5.json").read_text("utf-8"))
#: The break lies in a helper, and another finding has no path.
PROGRAM = """\
import numpy as np
import tensorflow as tf

w = tf.Variable([1.0, 2.0])


def score(values):
\treturn np.square(values)


with tf.GradientTape() as tape:
    loss = tf.reduce_sum(score(w))
gradient = tape.gradient(loss, w)
again = tape.gradient(loss, w)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("GITHUB_WORKSPACE", "CI_PROJECT_DIR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "a b").mkdir()
    (tmp_path / "a b" / "prüfung.py").write_text(PROGRAM, "utf-8")
    (tmp_path / "faulty.py").write_text(FAULTY)
    (tmp_path / "repaired.py").write_text(REPAIRED)
    return tmp_path


def check(folder: Path, name: str, *more: str) -> str:
    run = command("check", "--output-format", name, *(more or (".",)), cwd=folder)
    assert run.stderr == ""
    assert run.returncode == (1 if more != ("repaired.py",) else 0)
    return run.stdout


def findings(folder: Path, *more: str) -> list[dict[str, Any]]:
    """The findings as JSON: what the other formats are held against."""
    found: list[dict[str, Any]] = json.loads(check(folder, "json", *more))
    return found


def test_json_lines_are_the_objects_of_json(folder: Path) -> None:
    assert [json.loads(line) for line in check(folder, "jsonl").splitlines()] == findings(folder)
    assert check(folder, "jsonl", "repaired.py") == ""
    predicted = [command("predict", "--output-format", each, ".", cwd=folder).stdout for each in ("json", "jsonl")]
    assert json.loads(predicted[0]) == [json.loads(line) for line in predicted[1].splitlines()] != []


# -- full


def test_full_shows_the_line_a_caret_and_the_way_to_the_break(folder: Path) -> None:
    shown = check(folder, "full", "faulty.py")
    steps = findings(folder, "faulty.py")[0]["path_steps"]
    head, *lines = shown.splitlines()
    assert head + "\n" == check(folder, "text", "faulty.py")
    assert lines[1].split("|")[1] == " " + FAULTY.splitlines()[6]
    assert lines[2].split("|")[1] == " " + " " * 25 + "^" * len("np.square(w)")
    assert lines[3].endswith(" = the way from the source:")
    told = [re.fullmatch(r" *(\d+):(\d+) > (.*?)(  <- the gradient ends here)?", line) for line in lines[4:-1]]
    assert [(int(one[1]), int(one[2]), one[3]) for one in told if one] == [
        (step["line"], step["column"], step["text"]) for step in steps
    ]
    assert [one[3] for one in told if one and one[4]] == ["np.square(w)"]
    assert lines[-1] == ""


@pytest.mark.parametrize(
    ("line", "caret"),
    [
        ("\treturn np.square(values)", "\t       ^^^^^^^^^^^^^^^^^"),
        ("    s = '漢字'; return np.square(values)", " " * 23 + "^" * 17),
        ("    s = 'e\u0301'; return np.square(values)", " " * 20 + "^" * 17),
    ],
)
def test_the_caret_stands_below_the_text_on_a_terminal(folder: Path, line: str, caret: str) -> None:
    (folder / "program.py").write_text(PROGRAM.replace("\treturn np.square(values)", line), "utf-8")
    lines = check(folder, "full", "program.py").splitlines()
    place = next(place for place, each in enumerate(lines) if each.endswith(f"| {line}"))
    assert lines[place + 1].split("| ")[1] == caret


def test_a_finding_of_several_lines_is_marked_to_the_end_of_its_first(folder: Path) -> None:
    (folder / "program.py").write_text(FAULTY.replace("(w)", "(\n        w)"))
    assert "| " + " " * 25 + "^" * len("np.square(") + "\n" in check(folder, "full", "program.py")


def test_a_long_line_is_shown_in_part_and_nothing_in_it_reaches_the_terminal(folder: Path) -> None:
    text = FAULTY.replace("loss =", f"s = '{'x' * 5000}\x1b[31m'; loss =").replace("* x)", f"* x); t = '{'y' * 5000}'")
    (folder / "program.py").write_text(text)
    shown = check(folder, "full", "program.py")
    assert max(map(len, shown.splitlines()[1:])) < 200
    assert "\x1b" not in shown
    line, carets = (each.split("| ")[1] for each in shown.splitlines()[2:4])
    assert line[carets.index("^") :].startswith("np.square(w)")
    assert line.startswith("...")
    assert line.endswith("...")


def on_a_terminal(folder: Path, *arguments: str, **environment: str) -> str:
    """What the command prints on a terminal."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "tfgradlint", "check", "--no-cache", *arguments],
        stdout=theirs,
        cwd=folder,
        env={**os.environ, "TERM": "xterm", "PYTHONIOENCODING": "utf-8", **environment},
    ) as process:
        os.close(theirs)
        data = b""
        while True:
            try:
                part = os.read(ours, 4096)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            data += part
        process.wait(TIMEOUT)
    os.close(ours)
    return data.decode().replace("\r\n", "\n")


def test_full_is_coloured_on_a_terminal_unless_that_is_refused(folder: Path) -> None:
    plain = check(folder, "full", "faulty.py")
    arguments = ("--output-format", "full", "faulty.py")
    coloured = on_a_terminal(folder, *arguments)
    assert "\x1b[1;31mTFG202\x1b[0m" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == plain
    assert on_a_terminal(folder, *arguments, NO_COLOR="1") == plain
    assert on_a_terminal(folder, *arguments, TERM="dumb") == plain
    assert "\x1b" not in on_a_terminal(folder, "--output-file", "told", *arguments)
    assert (folder / "told").read_text("utf-8") == plain


# -- SARIF


def test_sarif_fits_the_published_schema_with_and_without_findings(folder: Path) -> None:
    validator = jsonschema.Draft4Validator(SCHEMA, format_checker=jsonschema.FormatChecker())
    (folder / "broken.py").write_text("x = (\n")
    (folder / "idle.py").write_text("x = 1  # noqa: TFG202\n")
    for more in ((".", "--extend-select", "TFG901"), ("repaired.py",), (str(folder / "faulty.py"),)):
        assert [error.message for error in validator.iter_errors(json.loads(check(folder, "sarif", *more)))] == []
    assert list(validator.iter_errors({"version": "2.1.0"}))


def test_sarif_says_what_json_says(folder: Path) -> None:
    log = json.loads(check(folder, "sarif"))
    (run,) = log["runs"]
    assert run["columnKind"] == "unicodeCodePoints"
    rules = run["tool"]["driver"]["rules"]
    expected = findings(folder)
    assert len(run["results"]) == len(expected) > 2
    assert any(finding["path_steps"] for finding in expected)
    for result, finding in zip(run["results"], expected, strict=True):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == finding["code"]
        assert result["message"]["text"] == finding["message"]
        (location,) = result["locations"]
        place = location["physicalLocation"]
        uri = {"./a b/prüfung.py": "a%20b/pr%C3%BCfung.py", "./faulty.py": "faulty.py"}[finding["path"]]
        assert place["artifactLocation"] == {"uri": uri, "uriBaseId": "%SRCROOT%"}
        keys = {"startLine": "line", "startColumn": "column", "endLine": "end_line", "endColumn": "end_column"}
        assert place["region"] == {key: finding[same] for key, same in keys.items()}
        flows = [
            (
                step["location"]["physicalLocation"]["region"]["startLine"],
                step["location"]["physicalLocation"]["region"]["startColumn"],
                step["location"]["message"]["text"],
            )
            for flow in result.get("codeFlows", ())
            for step in flow["threadFlows"][0]["locations"]
        ]
        assert flows == [(step["line"], step["column"], step["text"]) for step in finding["path_steps"]]


def test_sarif_holds_the_help_of_every_rule(folder: Path) -> None:
    rules = json.loads(check(folder, "sarif", "repaired.py"))["runs"][0]["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [rule.code for rule in all_rules()]
    for rule in rules:
        assert rule["help"]["markdown"].startswith(f"# {all_rules()[rules.index(rule)].name} ({rule['id']})")
        assert "## Use instead" in rule["help"]["markdown"]
        assert rule["helpUri"] == f"{SITE}rules/{rule['id']}/"
    assert {rule["id"] for rule in rules if not rule["defaultConfiguration"]["enabled"]} == {
        rule.code for rule in all_rules() if rule.code.startswith(("TFG9", "TFG002"))
    }


@pytest.mark.parametrize("name", ["sarif", "gitlab"])
def test_fingerprints_tell_findings_apart_and_outlive_changes_above(folder: Path, name: str) -> None:
    def fingerprints() -> list[str]:
        report = json.loads(check(folder, name))
        if name == "gitlab":
            return [one["fingerprint"] for one in report]
        return [one["partialFingerprints"]["tfgradlint/v1"] for one in report["runs"][0]["results"]]

    twice = FAULTY + "".join(FAULTY.splitlines(True)[5:])
    (folder / "faulty.py").write_text(twice)
    before = fingerprints()
    assert len(set(before)) == len(before) > 3
    (folder / "faulty.py").write_text("# one line more\n" + twice.replace("    loss", "        loss"))
    assert fingerprints() == before


@pytest.mark.parametrize("name", ["text", "full", "json", "jsonl", "sarif", "github", "gitlab", "junit"])
def test_a_path_that_is_no_text_is_told_in_every_format(folder: Path, name: str) -> None:
    (folder / os.fsdecode(b"caf\xe9.py")).write_text(FAULTY)
    told = check(folder, name, ".", "--output-file", "told")
    assert told == ""
    assert "TFG202" in (folder / "told").read_text("utf-8")
    assert "TFG202" in check(folder, name)


# -- services


def test_github_gets_an_annotation_a_finding(folder: Path) -> None:
    (folder / "a,b:c%.py").write_text(FAULTY)
    lines = check(folder, "github").splitlines()
    expected = findings(folder)
    assert len(lines) == len(expected)
    for line, finding in zip(lines, expected, strict=True):
        found = re.fullmatch(
            r"::error file=(.*?),line=(\d+),col=(\d+),endLine=(\d+),endColumn=(\d+),title=(.*?)::(.*)", line
        )
        assert found
        name = finding["path"].removeprefix("./").replace("%", "%25").replace(",", "%2C").replace(":", "%3A")
        assert found[1] == name
        places = [finding[key] for key in ("line", "column", "end_line", "end_column")]
        assert [int(found[number]) for number in (2, 3, 4, 5)] == places
        assert found[6] == f"tfgradlint ({finding['code']})"
        assert found[7].replace("%25", "%").endswith(f": {finding['code']} {finding['message']}")


def test_paths_start_at_the_root_of_the_checkout(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_WORKSPACE", str(folder))
    run = command("check", "--output-format", "github", "prüfung.py", cwd=folder / "a b")
    assert run.stdout.startswith("::error file=a b/prüfung.py,line=8,")


def test_gitlab_gets_a_code_quality_report(folder: Path) -> None:
    report = json.loads(check(folder, "gitlab"))
    expected = findings(folder)
    assert len(report) == len(expected)
    for one, finding in zip(report, expected, strict=True):
        assert one.pop("fingerprint")
        assert one == {
            "description": finding["message"],
            "check_name": finding["code"],
            "severity": "major",
            "location": {
                "path": finding["path"].removeprefix("./"),
                "positions": {
                    "begin": {"line": finding["line"], "column": finding["column"]},
                    "end": {"line": finding["end_line"], "column": finding["end_column"]},
                },
            },
        }
    assert json.loads(check(folder, "gitlab", "repaired.py")) == []


def test_junit_has_a_suite_a_file_and_a_failed_case_a_finding(folder: Path) -> None:
    (folder / "a&<\x01>.py").write_text(FAULTY.replace("np.square(w)", "np.square(w if '<&' else w)"))
    root = ElementTree.fromstring(check(folder, "junit"))
    expected = findings(folder)
    assert (root.tag, root.get("tests"), root.get("failures")) == ("testsuites", str(len(expected)), str(len(expected)))
    cases = [(suite.get("name"), case) for suite in root for case in suite]
    assert [(name, case.get("line"), case.get("name")) for name, case in cases] == [
        (each["path"].replace("\x01", "\ufffd"), str(each["line"]), f"tfgradlint.{each['code']}") for each in expected
    ]
    failures = [case.find("failure") for _, case in cases]
    assert [failure.get("message") for failure in failures if failure is not None] == [
        each["message"] for each in expected
    ]
    assert [(failure.text or "").splitlines()[-1] for failure in failures if failure is not None] == [
        f"{SITE}rules/{each['code']}/" for each in expected
    ]
    clean = ElementTree.fromstring(check(folder, "junit", "repaired.py"))
    assert (clean.get("tests"), clean.get("failures"), len(clean.findall(".//testcase"))) == ("1", "0", 1)


# -- where it goes


@pytest.mark.parametrize("name", ["text", "full", "json", "jsonl", "sarif", "github", "gitlab", "junit"])
def test_an_output_file_holds_what_would_be_printed(folder: Path, name: str) -> None:
    told = check(folder, name)
    (folder / "told").write_text("of an earlier run")
    run = command("check", "--output-format", name, "--output-file", "told", "--statistics", ".", cwd=folder)
    assert (run.returncode, run.stdout) == (1, "")
    assert "TFG202 numpy-function\n" in run.stderr
    assert (folder / "told").read_text("utf-8") == told
    assert not list(folder.glob("*.partial"))


@pytest.mark.parametrize("path", ["missing/told", "a b"])
def test_an_output_file_that_cannot_be_is_an_error_before_any_work(folder: Path, path: str) -> None:
    run = command("check", "--verbose", "--output-file", path, "missing.py", cwd=folder)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith(f"tfgradlint: {path}: ")
    assert run.stderr.count("\n") == 1


def test_statistics_do_not_spoil_what_a_program_reads(folder: Path) -> None:
    for name in ("json", "jsonl", "sarif", "github", "gitlab", "junit"):
        run = command("check", "--statistics", "--output-format", name, ".", cwd=folder)
        assert run.stdout == check(folder, name)
        assert run.stderr.splitlines()[-1] == "2       TFG202 numpy-function"


def test_the_documentation_shows_what_is_printed_and_names_every_format(folder: Path) -> None:
    page = (Path(__file__).resolve().parent.parent / "docs" / "formats.md").read_text("utf-8")
    assert f"```text\n{check(folder, 'full', 'faulty.py').rstrip()}\n```" in page
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == list(FORMATS)
    shown, _ = re.findall(r"^```json\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    (finding,) = findings(folder, "faulty.py")
    assert json.loads(shown).keys() == finding.keys()
    assert json.loads(shown)["path_steps"][0] == finding["path_steps"][0]
