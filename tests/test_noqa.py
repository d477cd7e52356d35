"""Comments that silence findings: read as flake8 reads them, written where they are missing, told where idle."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from processes import FAULTY, REPAIRED, command, flake8

from tfgradlint import cli
from tfgradlint.files import noqa, sources, writing

#: Ways to write the faulty line, with its finding, so that it is not simply one line.
SHAPES = {
    "one line": FAULTY,
    "broken in brackets": FAULTY.replace("(np", "(\n        np").replace("* x)", "*\n        x\n    )"),
    "backslash": FAULTY.replace("loss = ", "loss = \\\n        "),
    "two backslashes": FAULTY.replace("loss = ", "loss = \\\n        ").replace(" * x", " \\\n        * x"),
    "string of several lines": FAULTY.replace("(np", '("""\n  text\n""" and np'),
    "string of several lines behind it": FAULTY.replace("* x)", '* x, name="""a\nb""")'),
    "formatted string of several lines": FAULTY.replace("* x)", '* x, name=f"""a{1}\nb""")'),
    "several statements": FAULTY.replace("    loss", "    y = 1; loss").replace("* x)", "* x); z = 2"),
    "compound statement": FAULTY.replace(":\n    loss", ": loss"),
    "tabs": FAULTY.replace("    loss", "\tloss"),
    "no newline at the end": FAULTY.rstrip("\n"),
    "form feed": FAULTY.replace("with", "\f\nwith"),
    "decorated": FAULTY.replace("w = tf", "def f(x):\n    '''doc\n    noqa'''\n    return x\n\n\nw = tf"),
}
COMMENTS = [
    "# noqa",
    "# NOQA:TFG202",
    "# noqa: TFG202,E501",
    "# noqa: E501 TFG2",
    "# noqa : TFG202",
    "# noqa:  TFG202",
    "# noqa: tfg202",
    "# noqa: TFG301",
    "# noqa: F401, TFG301",
    "# type: ignore  # noqa: TFG202",
    "#noqa",
    "# text # noqa: TFG",
    "# noqa:TFG202 because it is only logged",
    "# noqa: because TFG202 is only logged",
    "# flake8: noqa",
    "# flake8: noqa: TFG",
    "# flake8: noqa: TFG202",
    "# flake8: noqa: E501",
    "# flake8=noqa",
]


def tricky() -> dict[str, str]:
    """Every comment at the end of every line of every shape from the tape on, and on a line before all."""
    programs = {}
    for shape, program in SHAPES.items():
        lines = program.split("\n")
        start = next(place for place, line in enumerate(lines) if line.startswith("with "))
        for number, comment in enumerate(COMMENTS):
            for place in range(start, len(lines)):
                changed = [*lines[:place], f"{lines[place]}  {comment}", *lines[place + 1 :]]
                programs[f"{shape.replace(' ', '_')}_{number}_{place}.py"] = "\n".join(changed)
            programs[f"{shape.replace(' ', '_')}_{number}_top.py"] = f"{comment}\n{program}"
    return programs


@pytest.mark.parametrize(
    "flags", [(), pytest.param(("--extend-select", "TFG901"), marks=pytest.mark.python)], ids=["ours", "with TFG901"]
)
def test_the_command_says_what_flake8_says_of_a_folder_of_tricky_files(tmp_path: Path, flags: tuple[str, ...]) -> None:
    programs = tricky()
    for name, text in programs.items():
        (tmp_path / name).write_text(text, "utf-8")
    ours = command("check", *flags, ".", cwd=tmp_path).stdout.splitlines()
    theirs = flake8("--select", "TFG", *flags, ".", cwd=tmp_path).stdout.splitlines()
    broken = {line.split(":")[0] for line in ours if " TFG001 " in line}  # flake8's own E999 tells of these
    assert 0 < len(broken) < len(programs) / 3
    ours = [line for line in ours if line.split(":")[0] not in broken]
    assert ours == sorted(theirs, key=ours.index if set(ours) == set(theirs) else None)
    assert 0 < sum(" TFG202 " in line for line in ours) < len(programs) - len(broken)
    assert any(" TFG901 " in line for line in ours) == bool(flags)


# -- TFG901


def unused(folder: Path, text: str, *flags: str) -> list[str]:
    """Place and code in the comment of every TFG901, which flake8 and the command agree upon."""
    (folder / "a.py").write_text(text, "utf-8")
    selection = flags or ("--select", "TFG,TFG901")
    ours = command("check", *selection, "a.py", cwd=folder)
    theirs = flake8(*selection, "a.py", cwd=folder)
    found = [line for line in ours.stdout.splitlines() if " TFG901 " in line]
    assert found == [line for line in theirs.stdout.splitlines() if " TFG901 " in line]
    return [f"{line.split(' ')[0]} {line.split()[4]}" for line in found]


@pytest.mark.parametrize(
    ("line", "idle"),
    [
        ("x = 1  # noqa: TFG202", ["a.py:1:16: TFG202"]),
        ("x = 1  # noqa: E501,TFG202, TFG1", ["a.py:1:21: TFG202", "a.py:1:29: TFG1"]),
        ("x = '''\n'''  # noqa: TFG301", ["a.py:2:14: TFG301"]),
        ("x = 1  # noqa:TFG999", ["a.py:1:15: TFG999"]),
        ("x = 1  # noqa", []),
        ("x = 1  # noqa: E501", []),
        ("x = 1  # noqa: TFG901", []),
        ("x = '# noqa: TFG202'", []),
        ("x = '# noqa: E501'  # noqa: TFG202", []),
        ("# flake8: noqa\nx = 1  # noqa: TFG202", []),
    ],
)
def test_a_comment_that_silences_nothing_is_told_when_that_is_asked_for(
    tmp_path: Path, line: str, idle: list[str]
) -> None:
    assert unused(tmp_path, f"{line}\n") == idle


def test_a_comment_that_silences_a_finding_is_not_told(tmp_path: Path) -> None:
    program = FAULTY.replace("* x)", "* x)  # noqa: TFG2,TFG301")
    column = program.splitlines()[6].index("TFG301") + 1
    assert unused(tmp_path, program) == [f"a.py:7:{column}: TFG301"]


@pytest.mark.parametrize(
    "flags", [("--select", "TFG"), ("--extend-select", "TFG"), ("--select", "TFG901"), ("--extend-ignore", "TFG9")]
)
def test_it_is_silent_unless_it_and_the_codes_in_the_comment_are_selected(
    tmp_path: Path, flags: tuple[str, str]
) -> None:
    if flags[0] == "--extend-ignore":
        (tmp_path / "a.py").write_text("x = 1  # noqa: TFG202\n")
        assert command("check", "a.py", cwd=tmp_path).stdout == ""
        assert flake8(*flags, "a.py", cwd=tmp_path).stdout == ""
    else:
        assert unused(tmp_path, "x = 1  # noqa: TFG202\n", *flags) == []


def test_it_can_be_silenced_like_any_other(tmp_path: Path) -> None:
    assert unused(tmp_path, "x = 1  # noqa: TFG202,TFG901\n") == []


# -- --add-noqa


@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_added_silences_the_finding_and_changes_only_the_comment(tmp_path: Path, shape: str) -> None:
    path = tmp_path / "program.py"
    path.write_text(SHAPES[shape], "utf-8")
    assert cli.main(["check", "--no-cache", "--add-noqa", str(path)]) == 0
    after = path.read_text("utf-8")
    assert after.replace("  # noqa: TFG202", "", 1) == SHAPES[shape]
    assert flake8("--select", "TFG", path).stdout == ""


@pytest.mark.parametrize(
    ("comment", "after"),
    [
        ("# noqa: E501", "# noqa: E501, TFG202"),
        ("# NOQA:E501,F401", "# NOQA:E501,F401, TFG202"),
        ("# noqa: E501  because", "# noqa: E501, TFG202  because"),
        ("# type: ignore", "# type: ignore  # noqa: TFG202"),
        ("# text", "# text  # noqa: TFG202"),
    ],
)
def test_codes_join_those_that_are_there(tmp_path: Path, comment: str, after: str) -> None:
    path = tmp_path / "program.py"
    path.write_text(FAULTY.replace("* x)", f"* x)  {comment}"), "utf-8")
    run = command("check", "--add-noqa", path)
    assert (run.returncode, run.stdout, run.stderr) == (0, "# noqa written on 1 line of 1 file\n", "")
    assert path.read_text("utf-8") == FAULTY.replace("* x)", f"* x)  {after}")
    assert command("check", path).stdout == ""
    again = command("check", "--add-noqa", path)
    assert again.stdout == "# noqa written on 0 lines of 0 files\n"


def test_several_findings_on_a_line_share_a_comment(tmp_path: Path) -> None:
    program = FAULTY.replace("np.square(w) * x)", "np.square(w) * x) + tf.reduce_sum(tf.round(v))")
    program = program.replace("x = ", "v = tf.Variable([1.0])\nx = ").replace("loss, w", "loss, [w, v]")
    path = tmp_path / "program.py"
    path.write_text(program, "utf-8")
    assert command("check", "--add-noqa", path).returncode == 0
    assert "tf.round(v))  # noqa: TFG202, TFG301\n" in path.read_text("utf-8")


@pytest.mark.parametrize(
    ("encode", "newline"),
    [
        (lambda text: text.encode(), "\n"),
        (lambda text: text.encode("utf-8-sig"), "\n"),
        (lambda text: text.encode(), "\r\n"),
        (lambda text: text.encode("utf-8-sig"), "\r\n"),
        (lambda text: text.encode(), "\r"),
        (lambda text: f"# coding: latin-1\n{text}".encode("latin-1"), "\n"),
    ],
    ids=["plain", "byte-order mark", "CRLF", "byte-order mark and CRLF", "CR", "latin-1"],
)
def test_line_ends_byte_order_mark_and_encoding_stay(tmp_path: Path, encode: object, newline: str) -> None:
    assert callable(encode)
    path = tmp_path / "program.py"
    before = encode((FAULTY + "s = 'é'\n").replace("\n", newline))
    path.write_bytes(before)
    assert cli.main(["check", "--no-cache", "--add-noqa", str(path)]) == 0
    assert path.read_bytes() == before.replace(b"* x)", b"* x)  # noqa: TFG202")


def test_only_selected_findings_get_a_comment_and_the_twin_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(FAULTY)
    (tmp_path / "b.py").write_text(REPAIRED)
    assert command("check", "--add-noqa", "--ignore", "TFG2", ".", cwd=tmp_path).stdout.startswith(
        "# noqa written on 0 "
    )
    assert ((tmp_path / "a.py").read_text(), (tmp_path / "b.py").read_text()) == (FAULTY, REPAIRED)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param("x = (\n", "TFG001", id="no program"),
        pytest.param(FAULTY.replace("(np", '("""# noqa: E501\n""" and np'), "TFG202", id="a string is in the way"),
    ],
)
def test_what_no_comment_can_silence_is_said_and_left(tmp_path: Path, text: str, code: str) -> None:
    path = tmp_path / "program.py"
    path.write_text(text)
    run = command("check", "--add-noqa", path)
    assert (run.returncode, run.stdout) == (0, "# noqa written on 0 lines of 0 files\n")
    assert run.stderr.startswith("tfgradlint: no comment can silence ")
    assert f" {code} " in run.stderr
    assert path.read_text() == text


def test_permissions_and_links_stay(tmp_path: Path) -> None:
    path, link = tmp_path / "program.py", tmp_path / "link.py"
    path.write_text(FAULTY)
    path.chmod(0o754)
    link.symlink_to(path)
    assert cli.main(["check", "--no-cache", "--add-noqa", str(link)]) == 0
    assert link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o754
    assert "# noqa: TFG202" in path.read_text()
    assert sorted(os.listdir(tmp_path)) == ["link.py", "program.py"]


def test_a_file_that_changes_meanwhile_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "program.py"
    path.write_text(FAULTY)

    def edited(*arguments: object) -> object:
        path.write_text(FAULTY + "# saved by an editor\n")
        return added(*arguments)  # type: ignore[arg-type]

    added = noqa.added
    monkeypatch.setattr(noqa, "added", edited)
    assert cli.main(["check", "--no-cache", "--add-noqa", str(path)]) == 2
    assert capsys.readouterr().err == f"tfgradlint: {path}: it was changed in the meantime; nothing was written\n"
    assert path.read_text() == FAULTY + "# saved by an editor\n"
    assert os.listdir(tmp_path) == ["program.py"]


def test_an_interrupted_write_leaves_the_file_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "program.py"
    path.write_text(FAULTY)

    def interrupt(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(writing.os, "replace", interrupt)
    assert cli.main(["check", "--no-cache", "--add-noqa", str(path)]) == 130
    assert path.read_text() == FAULTY
    assert os.listdir(tmp_path) == ["program.py"]


def test_a_file_that_is_gone_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "program.py"
    with pytest.raises(writing.Unwritable, match="there is no folder"):
        writing.check_folder(str(tmp_path / "missing" / "file"))
    with pytest.raises(sources.Unreadable, match="No such file"):
        sources.content(str(path))
