"""``check --fix``, ``--diff`` and ``--unsafe-fixes``, as a user calls them."""

from __future__ import annotations

import json
import stat
import subprocess
from pathlib import Path

import pytest
from processes import FAULTY, REPAIRED, command

from tfgradlint.cli import main
from tfgradlint.files import writing

UNSAFE = FAULTY.replace("np.square(w) * x", "np.multiply(w, x)")
WITHOUT_REPAIR = FAULTY.replace("np.square(w)", "np.median(w)")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "faulty.py").write_text(FAULTY)
    (tmp_path / "unsafe.py").write_text(UNSAFE)
    (tmp_path / "stubborn.py").write_text(WITHOUT_REPAIR)
    (tmp_path / "clean.py").write_text(REPAIRED)
    return tmp_path


def test_fix_repairs_what_is_safe_and_reports_what_is_left(folder: Path) -> None:
    run = command("check", "--fix", ".", cwd=folder)
    assert [line.partition(":")[0] for line in run.stdout.splitlines()] == ["./stubborn.py", "./unsafe.py"]
    assert run.stderr == "tfgradlint: 1 finding fixed in 1 file, 2 left\n"
    assert run.returncode == 1
    assert (folder / "faulty.py").read_text() == REPAIRED
    assert (folder / "unsafe.py").read_text() == UNSAFE
    assert (folder / "clean.py").read_text() == REPAIRED


def test_unsafe_fixes_are_made_where_they_are_asked_for(folder: Path) -> None:
    run = command("check", "--fix", "--unsafe-fixes", "unsafe.py", cwd=folder)
    assert (run.stdout, run.returncode) == ("", 0)
    assert (folder / "unsafe.py").read_text() == UNSAFE.replace("np.multiply", "tf.multiply")


def test_diff_shows_and_changes_nothing(folder: Path) -> None:
    run = command("check", "--diff", "faulty.py", "stubborn.py", cwd=folder)
    assert run.stdout.startswith("--- faulty.py\n+++ faulty.py\n@@ ")
    assert "-    loss = tf.reduce_sum(np.square(w) * x)\n+    loss = tf.reduce_sum(tf.square(w) * x)\n" in run.stdout
    assert "stubborn.py" not in run.stdout
    assert (run.returncode, run.stderr) == (1, "tfgradlint: 1 finding would be fixed in 1 file, 1 left\n")
    assert (folder / "faulty.py").read_text() == FAULTY


@pytest.mark.parametrize("end", ["", "\n", "\n\n"])
def test_git_applies_the_differences(folder: Path, end: str) -> None:
    (folder / "faulty.py").write_text(FAULTY.strip() + end)
    differences = command("check", "--diff", "faulty.py", cwd=folder).stdout
    subprocess.run(["git", "apply", "-p0"], input=differences, text=True, cwd=folder, check=True)
    assert (folder / "faulty.py").read_text() == REPAIRED.strip() + end


def test_diff_of_what_cannot_be_repaired_is_empty(folder: Path) -> None:
    run = command("check", "--diff", "stubborn.py", "clean.py", cwd=folder)
    assert (run.stdout, run.stderr, run.returncode) == ("", "", 0)


@pytest.mark.parametrize("flags", [("--ignore", "TFG2"), ("--select", "TFG1"), ("--per-file-ignores", "faulty.py:TFG")])
def test_what_is_not_reported_is_not_repaired(folder: Path, flags: tuple[str, ...]) -> None:
    run = command("check", "--fix", *flags, "faulty.py", cwd=folder)
    assert (run.returncode, (folder / "faulty.py").read_text()) == (0, FAULTY)


def test_what_a_comment_silences_is_not_repaired(folder: Path) -> None:
    silenced = FAULTY.replace("* x)", "* x)  # noqa: TFG202")
    (folder / "faulty.py").write_text(silenced)
    assert command("check", "--fix", "faulty.py", cwd=folder).returncode == 0
    assert (folder / "faulty.py").read_text() == silenced


@pytest.mark.parametrize(
    ("comment", "after"),
    [
        ("  # noqa: TFG101", ""),
        ("  # noqa: TFG101, E501", "  # noqa: E501"),
        ("  # noqa: E501,TFG101", "  # noqa: E501"),
        ("  # why  # noqa: TFG101", "  # why"),
        ("  # noqa: TFG101 because", "  # noqa: TFG101 because"),
    ],
)
def test_a_needless_comment_is_taken_out(folder: Path, comment: str, after: str) -> None:
    line = "w = tf.Variable([1.0, 2.0])"
    (folder / "clean.py").write_text(REPAIRED.replace(line, line + comment))
    command("check", "--fix", "--extend-select", "TFG901", "clean.py", cwd=folder)
    assert (folder / "clean.py").read_text() == REPAIRED.replace(line, line + after)


@pytest.mark.parametrize("ends", ["\r\n", "\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_mark_encoding_and_permissions_stay(folder: Path, ends: str, mark: bytes) -> None:
    path = folder / "faulty.py"
    coding = b"# coding: latin-1\n" if not mark else b""
    text = FAULTY.replace("w = tf", "# gr\u00fcn\nw = tf")
    encoding = "utf-8" if mark else "latin-1"
    path.write_bytes(mark + coding.replace(b"\n", ends.encode()) + text.replace("\n", ends).encode(encoding))
    path.chmod(0o640)
    before = path.read_bytes()
    command("check", "--fix", "faulty.py", cwd=folder)
    assert path.read_bytes() == before.replace(b"np.square", b"tf.square")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_new_lines_end_as_the_others_do(folder: Path) -> None:
    text = FAULTY.replace("np.square(w) * x", "x * x").replace("(loss, w)", "(loss, x)")
    (folder / "faulty.py").write_bytes(text.replace("\n", "\r\n").encode())
    command("check", "--fix", "faulty.py", cwd=folder)
    after = text.replace("    loss", "    tape.watch(x)\n    loss")
    assert (folder / "faulty.py").read_bytes() == after.replace("\n", "\r\n").encode()


def test_standard_input_comes_out_repaired(folder: Path) -> None:
    run = command("check", "--fix", "--stdin-filename", "a.py", "-", stdin=FAULTY + "x = 1\r\n", cwd=folder)
    assert (run.stdout, run.returncode) == (REPAIRED + "x = 1\r\n", 0)
    run = command("check", "--fix", "--stdin-filename", "a.py", "-", stdin=WITHOUT_REPAIR, cwd=folder)
    assert (run.stdout, run.returncode) == (WITHOUT_REPAIR, 1)
    assert run.stderr.startswith("a.py:7:26: TFG202 ")
    run = command("check", "--fix", "-", stdin=REPAIRED, cwd=folder)
    assert (run.stdout, run.returncode) == (REPAIRED, 0)
    run = command("check", "--diff", "-", stdin=FAULTY, cwd=folder)
    assert run.stdout.startswith("--- stdin\n+++ stdin\n")


def test_json_and_full_tell_of_repairs(folder: Path) -> None:
    run = command("check", "--output-format", "json", ".", cwd=folder)
    assert {each["path"]: each["fix"] for each in json.loads(run.stdout)} == {
        "./faulty.py": {"grade": "safe", "title": "use tf.square()"},
        "./unsafe.py": {"grade": "unsafe", "title": "use tf.multiply()"},
        "./stubborn.py": None,
    }
    run = command("check", "--output-format", "full", ".", cwd=folder)
    assert "= --fix: use tf.square()\n" in run.stdout
    assert "= --fix --unsafe-fixes: use tf.multiply()\n" in run.stdout


def test_sarif_holds_the_change(folder: Path) -> None:
    run = command("check", "--output-format", "sarif", "faulty.py", cwd=folder)
    (result,) = json.loads(run.stdout)["runs"][0]["results"]
    (fix,) = result["fixes"]
    assert fix["description"]["text"] == "use tf.square() (safe)"
    (change,) = fix["artifactChanges"]
    assert change["artifactLocation"]["uri"] == "faulty.py"
    assert change["replacements"] == [
        {
            "deletedRegion": {"startLine": 7, "startColumn": 26, "endLine": 7, "endColumn": 35},
            "insertedContent": {"text": "tf.square"},
        }
    ]


def test_several_jobs_repair_the_same(folder: Path) -> None:
    for number in range(20):
        (folder / f"copy{number}.py").write_text(FAULTY + "# long\n" * 1000)
    run = command("check", "--fix", "--jobs", "2", *[f"copy{number}.py" for number in range(20)], cwd=folder)
    assert (run.returncode, run.stderr) == (0, "tfgradlint: 20 findings fixed in 20 files, 0 left\n")
    assert {path.read_text() for path in folder.glob("copy*.py")} == {REPAIRED + "# long\n" * 1000}


@pytest.mark.parametrize("text", ["", "def (:\n", "x = 1\n", "\x00", "import tensorflow as tf\ntape.gradient(a, b)"])
def test_what_holds_nothing_to_repair_stays(folder: Path, text: str) -> None:
    (folder / "odd.py").write_text(text)
    run = command("check", "--fix", "odd.py", cwd=folder)
    assert (folder / "odd.py").read_text() == text
    assert "Traceback" not in run.stderr


def test_a_file_that_changes_meanwhile_keeps_its_change(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "faulty.py"
    replace = writing.replace

    def saved_before(target: str, data: bytes, before: bytes | None = None) -> None:
        path.write_text(FAULTY + "# saved\n")
        replace(target, data, before)

    monkeypatch.setattr(writing, "replace", saved_before)
    assert main(["check", "--no-cache", "--fix", str(path)]) == 2
    assert path.read_text() == FAULTY + "# saved\n"
    told = capsys.readouterr().err.splitlines()[0]
    assert told == f"tfgradlint: {path}: it was changed in the meantime; nothing was written"


@pytest.mark.parametrize("flag", ["--fix", "--diff"])
def test_add_noqa_and_repairs_are_not_for_one_run(folder: Path, flag: str) -> None:
    run = command("check", "--add-noqa", flag, "faulty.py", cwd=folder)
    assert (run.returncode, run.stderr) == (
        2,
        "tfgradlint: --add-noqa silences what --fix and --diff repair; choose one\n",
    )
    assert (folder / "faulty.py").read_text() == FAULTY
