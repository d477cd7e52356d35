"""The language server, as a process, asked by a real client."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from editor import PATIENCE, Editor, editing
from lsprotocol.types import CodeAction, CodeActionKind, Diagnostic, DiagnosticSeverity, MarkupContent, Position, Range
from processes import FAULTY, REPAIRED, python

from tfgradlint.reports.rule_page import SITE

SERVER = (sys.executable, "-m", "tfgradlint", "server")
NAME = "program.py"


def edit(root: Path, use: Callable[[Editor], Awaitable[None]], *extra: str, **options: object) -> None:
    """Let an editor with our server do something."""

    async def session() -> None:
        async with editing(root, *SERVER, *extra, **options) as editor:  # type: ignore[arg-type]
            await use(editor)

    asyncio.run(asyncio.wait_for(session(), 4 * PATIENCE))


def text_of(range_: Range, text: str) -> str:
    """What a range of one line covers, in characters."""
    assert range_.start.line == range_.end.line
    return text.split("\n")[range_.start.line][range_.start.character : range_.end.character]


def codes(found: object) -> list[object]:
    assert isinstance(found, (list, tuple))
    return [each.code for each in found]


@pytest.mark.python
def test_a_faulty_file_an_edit_and_the_end(tmp_path: Path) -> None:
    async def use(editor: Editor) -> None:
        editor.open(NAME, FAULTY)
        (found,) = await editor.version(NAME, 1)
        assert (found.code, found.source, found.severity) == ("TFG202", "tfgradlint", DiagnosticSeverity.Warning)
        assert found.message.startswith("np.square() leaves TensorFlow: tape.gradient(loss, w) on line 8 returns None")
        assert found.range == Range(Position(6, 25), Position(6, 37))
        assert text_of(found.range, FAULTY) == "np.square(w)"

        assert await editor.version(NAME, editor.change(NAME, REPAIRED)) == ()
        assert codes(await editor.version(NAME, editor.change(NAME, "\n" + FAULTY))) == ["TFG202"]
        editor.close(NAME)
        assert await editor.until(NAME, lambda found: not found) == ()

    edit(tmp_path, use, "--stdio")


def test_the_whole_way_from_source_to_request_is_related(tmp_path: Path) -> None:
    async def use(editor: Editor) -> None:
        editor.open(NAME, FAULTY)
        (found,) = await editor.version(NAME, 1)
        related = found.related_information or ()
        assert {each.location.uri for each in related} == {editor.uri(NAME)}
        assert [text_of(each.location.range, FAULTY) for each in related] == [
            "tf.Variable([1.0, 2.0])",
            "np.square(w)",
            "np.square(w) * x",
            "tf.reduce_sum(np.square(w) * x)",
            "",
        ]
        assert [each.message.partition(":")[0] for each in related] == [
            "step 1 of 4",
            "step 2 of 4, where the gradient is lost",
            "step 3 of 4",
            "step 4 of 4",
            "gradient of w",
        ]
        assert related[-1].location.range.start == Position(7, 11)

    edit(tmp_path, use)


def test_the_code_leads_to_the_page_of_the_rule(tmp_path: Path) -> None:
    async def use(editor: Editor) -> None:
        editor.open(NAME, FAULTY)
        (found,) = await editor.version(NAME, 1)
        assert found.code_description is not None
        assert found.code_description.href == f"{SITE}rules/TFG202/"

    edit(tmp_path, use)


def changed(text: str, action: object, uri: str) -> str:
    """The text after an action, which changes lines in place."""
    assert isinstance(action, CodeAction)
    assert action.edit is not None
    assert action.edit.changes is not None
    lines = text.split("\n")
    for edit in sorted(action.edit.changes[uri], key=lambda each: each.range.start, reverse=True):
        start, end = edit.range.start, edit.range.end
        last = lines[end.line][end.character :] if end.line < len(lines) else ""
        new = lines[start.line][: start.character] + edit.new_text + last
        lines[start.line : end.line + 1] = new.split("\n")
    return "\n".join(lines)


def test_quick_fixes_of_a_finding(tmp_path: Path) -> None:
    unsafe = FAULTY.replace("np.square(w) * x", "np.multiply(w, x)")

    async def use(editor: Editor) -> None:
        editor.open(NAME, FAULTY)
        found = await editor.version(NAME, 1)
        (action,) = await editor.actions(NAME, found)
        assert isinstance(action, CodeAction)
        assert (action.title, action.kind, action.is_preferred) == ("Use tf.square()", CodeActionKind.QuickFix, True)
        assert [each.code for each in action.diagnostics or ()] == ["TFG202"]
        assert changed(FAULTY, action, editor.uri(NAME)) == REPAIRED
        assert await editor.actions(NAME, []) == []

        found = await editor.version(NAME, editor.change(NAME, unsafe))
        (action,) = await editor.actions(NAME, found)
        assert isinstance(action, CodeAction)
        assert (action.title, action.is_preferred) == ("Use tf.multiply() (unsafe)", False)
        assert await editor.actions(NAME, found, "source.fixAll") == []

        found = await editor.version(NAME, editor.change(NAME, FAULTY.replace("square", "median")))
        assert await editor.actions(NAME, found) == []

    edit(tmp_path, use)


def test_all_safe_repairs_at_once(tmp_path: Path) -> None:
    text = FAULTY + "again = tape.gradient(loss, w)\n"

    async def use(editor: Editor) -> None:
        editor.open(NAME, text)
        await editor.version(NAME, 1)
        (action,) = await editor.actions(NAME, [], "source.fixAll")
        assert isinstance(action, CodeAction)
        assert action.kind == "source.fixAll.tfgradlint"
        after = text.replace("np.square", "tf.square").replace("GradientTape()", "GradientTape(persistent=True)")
        assert changed(text, action, editor.uri(NAME)) == after
        assert [each.kind for each in await editor.actions(NAME, [], "source.fixAll.tfgradlint")] == [action.kind]  # type: ignore[union-attr]
        assert await editor.actions(NAME, [], "source.organizeImports") == []

    edit(tmp_path, use)


def test_a_client_that_shows_no_related_information(tmp_path: Path) -> None:
    async def use(editor: Editor) -> None:
        editor.open(NAME, FAULTY)
        (found,) = await editor.version(NAME, 1)
        assert found.related_information is None

    edit(tmp_path, use, related=False)


@pytest.mark.parametrize(("encoding", "units"), [("utf-16", 2), ("utf-8", 4), ("utf-32", 1)])
def test_columns_are_counted_as_the_client_counts(tmp_path: Path, encoding: str, units: int) -> None:
    text = FAULTY.replace("(np.square(w)", "('\U0001f600' and np.square(w)").replace(
        "w)\n", "w), '\U0001f600'; gradient\n"
    )

    async def use(editor: Editor) -> None:
        editor.open(NAME, text)
        (found,) = await editor.version(NAME, 1)
        start = 25 + len("'' and ") + units
        assert found.range == Range(Position(6, start), Position(6, start + 12))
        told = await editor.hover(NAME, 6, start + 11)
        assert told is None or told.range != found.range
        told = await editor.hover(NAME, 6, start + 1)
        assert told is not None
        assert told.range == Range(Position(6, start), Position(6, start + 9))

    edit(tmp_path, use, encodings=[encoding])


async def hovered(editor: Editor, text: str, word: str, shift: int = 0) -> str:
    """What is shown over the first place where a word stands in the text."""
    line, row = next((number, row) for number, row in enumerate(text.split("\n")) if word in row)
    hover = await editor.hover(NAME, line, row.index(word) + shift)
    if hover is None:
        return ""
    assert isinstance(hover.contents, MarkupContent)
    return hover.contents.value


TWO_SOURCES = (
    FAULTY.replace("* x)", "* x + v)")
    .replace("(loss, w)", "(loss, [w, v])")
    .replace("x = tf", "v = tf.Variable(1.0)\nx = tf")
)


def test_hover_on_a_request_shows_what_each_source_gets(tmp_path: Path) -> None:
    async def use(editor: Editor) -> None:
        editor.open(NAME, TWO_SOURCES)
        for shift in (0, len("tape."), len("tape.gradient") - 1):
            first, empty, lost, flows = (await hovered(editor, TWO_SOURCES, "tape.gradient", shift)).split("\n")
            assert (first, empty) == ("`gradient`: **none**", "")
            assert lost.startswith("- `w`: **none** ([TFG202](")
            assert "), line 8): np.square() leaves TensorFlow: " in lost
            assert flows == "- `v`: **flows**"
        # at once, without waiting for the pause after typing
        editor.change(NAME, REPAIRED)
        assert await hovered(editor, REPAIRED, "tape.gradient") == "`gradient`: **flows**\n\n- `w`: **flows**"

    edit(tmp_path, use)


OPERATIONS = """\
import numpy as np
import tensorflow as tf
from tensorflow import math as tm
from tensorflow.math import argmax as best
a = tf.round(np.mean(tm.top_k(
    best(x % y), k=2
)))
b = tf.map_fn(tf.math.floor, unknown(x) < 3)
c = "tf.round" if a is b else somewhere.tf.round(a)
"""


def test_hover_on_an_operation_shows_what_is_known_of_its_gradient(tmp_path: Path) -> None:
    async def use(editor: Editor) -> None:
        editor.open(NAME, OPERATIONS)
        for word, shift, told in (
            ("tf.round", 4, "tf.math.round in TensorFlow"),
            ("np.mean", 0, "numpy.mean in TensorFlow"),
            ("tm.top_k", 1, "tf.math.top_k in TensorFlow"),
            ("best(", 0, "tf.math.argmax in TensorFlow"),
            (" % ", 1, "tf.Tensor.__mod__ in TensorFlow"),
            (" < ", 1, "tf.Tensor.__lt__ in TensorFlow"),
            ("tf.math.floor", 9, "tf.math.floor in TensorFlow"),
        ):
            shown = await hovered(editor, OPERATIONS, word, shift)
            assert shown.startswith(f"```text\n{told}")
            assert shown.endswith("\n```")
        for word, shift in (
            ("import tensorflow", 0),
            ("unknown", 1),
            ("x % y", 0),
            ('"tf.round', 3),
            ("somewhere", 13),
        ):
            assert await hovered(editor, OPERATIONS, word, shift) == ""

    edit(tmp_path, use)


def test_a_syntax_error_while_typing(tmp_path: Path) -> None:
    async def use(editor: Editor) -> None:
        editor.open(NAME, FAULTY)
        await editor.version(NAME, 1)
        for broken in (FAULTY + "x = (", FAULTY + "\0", FAULTY + "x = " + "(" * 5000, FAULTY + " '''"):
            (found,) = await editor.version(NAME, editor.change(NAME, broken))
            assert (found.code, found.severity) == ("TFG001", DiagnosticSeverity.Information)
            assert await hovered(editor, broken, "tape.gradient") == ""
        assert await editor.version(NAME, editor.change(NAME, "x = (")) == ()
        assert await editor.version(NAME, editor.change(NAME, "")) == ()
        assert codes(await editor.version(NAME, editor.change(NAME, FAULTY))) == ["TFG202"]
        assert editor.messages == []

    edit(tmp_path, use)


def test_of_rapid_edits_only_the_last_stays(tmp_path: Path) -> None:
    async def use(editor: Editor) -> None:
        editor.open(NAME, REPAIRED)
        for number in range(60):
            last = editor.change(NAME, (REPAIRED if number % 2 else FAULTY) + f"# {number}\n")
        last = editor.change(NAME, "\n\n" + FAULTY)
        (found,) = await editor.version(NAME, last)
        assert found.range.start == Position(8, 25)
        # a round trip, and a change elsewhere that is judged after all that was under way
        await editor.hover(NAME, 0, 0)
        editor.open("other.py", FAULTY)
        await editor.version("other.py", 1)
        versions = [each.version for each in editor.published if each.uri == editor.uri(NAME)]
        assert versions == sorted(set(versions))  # type: ignore[type-var]
        assert versions[-1] == last
        assert len(versions) < 60
        assert codes(editor.shown(NAME)) == ["TFG202"]

    edit(tmp_path, use)


def test_answers_while_it_analyses(tmp_path: Path) -> None:
    long = FAULTY + "".join(f"def f{n}(x):\n    return tf.round(x) * {n}\nx = f{n}(x)\n" for n in range(2000))

    async def use(editor: Editor) -> None:
        editor.open("long.py", long)
        editor.open(NAME, REPAIRED, "markdown")
        assert await editor.hover("closed.py", 0, 0) is None
        assert editor.shown("long.py") is None
        assert codes(await editor.version("long.py", 1)) == ["TFG202"]

    edit(tmp_path, use)


def test_only_python_is_judged(tmp_path: Path) -> None:
    async def use(editor: Editor) -> None:
        editor.open("notes.md", FAULTY, "markdown")
        editor.open(NAME, FAULTY)
        await editor.version(NAME, 1)
        assert editor.shown("notes.md") is None
        assert await editor.hover("notes.md", 7, 11) is None

    edit(tmp_path, use)


@pytest.mark.parametrize(("comment", "count"), [("# noqa", 0), ("# noqa: TFG2", 0), ("# noqa: TFG301", 1), ("", 1)])
def test_noqa_is_heard(tmp_path: Path, comment: str, count: int) -> None:
    async def use(editor: Editor) -> None:
        text = FAULTY.replace("* x)", f"* x)  {comment}").replace("\n", "\r\n")
        editor.open(NAME, text)
        assert len(await editor.version(NAME, 1)) == count

    edit(tmp_path, use)


@pytest.mark.parametrize(
    ("settings", "count"),
    [
        ("", 1),
        ('select = ["TFG1"]', 0),
        ('ignore = ["TFG2"]', 0),
        ('per-file-ignores = {"program.py" = ["TFG202"]}', 0),
        ('per-file-ignores = {"other.py" = ["TFG202"]}', 1),
        ('extend-exclude = ["program.py"]', 0),
    ],
)
def test_the_settings_of_the_project_are_in_force(tmp_path: Path, settings: str, count: int) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.tfgradlint]\n{settings}\n")

    async def use(editor: Editor) -> None:
        editor.open(NAME, FAULTY)
        assert len(await editor.version(NAME, 1)) == count

    edit(tmp_path, use)


def test_settings_may_change_and_be_wrong(tmp_path: Path) -> None:
    settings = tmp_path / "pyproject.toml"

    async def use(editor: Editor) -> None:
        settings.write_text("[tool.tfgradlint]\nselekt = []\n")
        editor.open(NAME, FAULTY)
        assert await editor.version(NAME, 1) == ()
        assert await editor.version(NAME, editor.change(NAME, FAULTY + "\n")) == ()
        (message,) = editor.messages
        assert "pyproject.toml" in message
        assert "'selekt'; the nearest is 'select'" in message
        settings.write_text("[tool.tfgradlint.gradients]\n'mylib.square' = 'none'\n")
        text = "import mylib\n" + FAULTY.replace("np.square", "mylib.square")
        (found,) = await editor.version(NAME, editor.change(NAME, text))
        assert found.range.start.line == 7

    edit(tmp_path, use)


def test_saved_settings_are_in_force_at_once(tmp_path: Path) -> None:
    async def use(editor: Editor) -> None:
        editor.open(NAME, FAULTY)
        assert codes(await editor.version(NAME, 1)) == ["TFG202"]
        await editor.hover(NAME, 0, 0)
        assert [each.method for each in editor.registered] == ["workspace/didChangeWatchedFiles"]
        (tmp_path / "pyproject.toml").write_text('[tool.tfgradlint]\nselect = ["TFG1"]\n')
        editor.saved("pyproject.toml")
        assert await editor.until(NAME, lambda found: not found) == ()

    edit(tmp_path, use)


def test_saved_settings_reach_a_file_whose_address_is_written_with_escapes(tmp_path: Path) -> None:
    async def use(editor: Editor) -> None:
        editor.open("a prüfung.py", FAULTY)
        assert codes(await editor.version("a prüfung.py", 1)) == ["TFG202"]
        (tmp_path / "pyproject.toml").write_text('[tool.tfgradlint]\nselect = ["TFG1"]\n')
        editor.saved("pyproject.toml")
        assert await editor.until("a prüfung.py", lambda found: not found) == ()

    edit(tmp_path, use)


def test_opt_in_codes_are_off_until_they_are_named(tmp_path: Path) -> None:
    text = REPAIRED + "x = 1  # noqa: TFG202\n"

    async def use(editor: Editor) -> None:
        editor.open(NAME, text)
        assert await editor.version(NAME, 1) == ()
        (tmp_path / "pyproject.toml").write_text('[tool.tfgradlint]\nextend-select = ["TFG901"]\n')
        (found,) = await editor.version(NAME, editor.change(NAME, text + "\n"))
        assert (found.code, text_of(found.range, text)) == ("TFG901", "TFG202")

    edit(tmp_path, use)


def test_several_files_do_not_mix(tmp_path: Path) -> None:
    async def use(editor: Editor) -> None:
        def lines(found: list[Diagnostic]) -> list[int]:
            return [each.range.start.line for each in found]

        for number in range(5):
            editor.open(f"{number}.py", "\n" * number + FAULTY)
        for number in range(5):
            assert lines(list(await editor.version(f"{number}.py", 1))) == [6 + number]

    edit(tmp_path, use)


def test_without_pygls(tmp_path: Path) -> None:
    program = "import sys; sys.modules['pygls'] = None; from tfgradlint.cli import main; sys.exit(main(['server']))"
    run = python("-c", program, cwd=tmp_path)
    told = "tfgradlint: the server needs pygls: python -m pip install 'tfgradlint[lsp]'\n"
    assert (run.returncode, run.stdout, run.stderr) == (2, "", told)


def test_ends_with_its_client(tmp_path: Path) -> None:
    run = python("-m", "tfgradlint", "server", cwd=tmp_path)
    assert (run.returncode, run.stdout) == (0, "")
    assert "Traceback" not in run.stderr
