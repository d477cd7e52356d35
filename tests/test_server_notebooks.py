"""The language server with notebooks: their cells are one module, and each shows what is found in it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest
from editor import PATIENCE, Editor, editing
from lsprotocol.types import (
    CodeAction,
    Diagnostic,
    DiagnosticSeverity,
    MarkupContent,
    Position,
    Range,
    TextDocumentContentChangePartial,
    TextDocumentContentChangeWholeDocument,
    TextEdit,
)

NAME = "training steps.ipynb"
SETUP = "%matplotlib inline\nimport numpy as np\nimport tensorflow as tf\nw = tf.Variable([1.0, 2.0])\n"
STEP = "!nvidia-smi\nwith tf.GradientTape() as tape:\n    loss = tf.reduce_sum(np.square(w))"
REQUEST = "gradient = tape.gradient(loss, w)\ngradient"
#: As a notebook stands in an editor: text, another language and a cell magic between the cells of Python.
CELLS = {
    "title": ("markdown", "# np.square(w)"),
    "setup": ("python", SETUP),
    "shell": ("shellscript", "np.square(w)"),
    "step": ("python", STEP),
    "bash": ("python", "%%bash\nfor f in *; do echo $f; done"),
    "request": ("python", REQUEST),
}


def edit(root: Path, use: Callable[[Editor], Awaitable[None]], **options: object) -> None:
    """Let an editor with our server do something."""

    async def session() -> None:
        async with editing(root, sys.executable, "-m", "tfgradlint", "server", **options) as editor:  # type: ignore[arg-type]
            await use(editor)

    asyncio.run(asyncio.wait_for(session(), 4 * PATIENCE))


async def shown(editor: Editor, cell: str, version: int = 1) -> Sequence[Diagnostic]:
    """The diagnostics of one version of a cell."""
    return await editor.version(editor.cell(NAME, cell), version)


async def until(editor: Editor, cell: str, count: int) -> Sequence[Diagnostic]:
    """The diagnostics of a cell as soon as there are so many."""
    return await editor.until(editor.cell(NAME, cell), lambda found: len(found) == count)


def part(line: int, start: int, end: int, text: str) -> TextDocumentContentChangePartial:
    """A change of a part of a line."""
    return TextDocumentContentChangePartial(Range(Position(line, start), Position(line, end)), text)


def whole(text: str) -> TextDocumentContentChangeWholeDocument:
    return TextDocumentContentChangeWholeDocument(text)


def test_a_notebook_its_edits_and_its_end(tmp_path: Path) -> None:
    async def use(editor: Editor) -> None:
        editor.open_notebook(NAME, CELLS)
        (found,) = await shown(editor, "step")
        assert (found.code, found.range) == ("TFG202", Range(Position(2, 25), Position(2, 37)))
        assert found.message.startswith("np.square() leaves TensorFlow: tape.gradient(loss, w) on line 1 of cell 5 ")
        assert [await shown(editor, each) for each in ("setup", "bash", "request")] == [(), (), ()]

        # as editors do while somebody types: "np" becomes "tf", and back
        start = STEP.splitlines()[2].index("np")
        assert await shown(editor, "step", editor.change_cell(NAME, "step", part(2, start, start + 2, "tf"))) == ()
        changes = (part(2, start, start + 2, ""), part(2, start, start, "np"))
        (found,) = await shown(editor, "step", editor.change_cell(NAME, "step", *changes))
        assert found.code == "TFG202"
        # another cell is changed, and the finding goes
        version = editor.change_cell(NAME, "request", whole("gradient = None"))
        assert await shown(editor, "request", version) == ()
        assert await until(editor, "step", 0) == ()
        editor.change_cell(NAME, "request", whole(REQUEST))
        assert len(await until(editor, "step", 1)) == 1
        editor.close_notebook(NAME, list(CELLS))
        assert await until(editor, "step", 0) == ()
        told = {each.uri for each in editor.published if each.diagnostics}
        assert told == {editor.cell(NAME, "step")}
        assert editor.messages == []

    edit(tmp_path, use)


def test_cells_come_and_go(tmp_path: Path) -> None:
    async def use(editor: Editor) -> None:
        editor.open_notebook(NAME, CELLS)
        await until(editor, "step", 1)
        editor.replace_cells(NAME, 3, ["step"], {"repaired": ("python", STEP.replace("np.", "tf."))})
        assert await until(editor, "step", 0) == ()
        assert await shown(editor, "repaired") == ()
        editor.replace_cells(NAME, 3, ["repaired"], {"text": ("markdown", "Now:"), "again": ("python", STEP)})
        (found,) = await shown(editor, "again")
        assert " on line 1 of cell 5 " in found.message  # cells of text are not counted
        version = editor.change_cell(NAME, "again", part(0, 0, len("!nvidia-smi"), "\n# two lines more\n"))
        (found,) = await shown(editor, "again", version)
        assert found.range.start == Position(4, 25)

    edit(tmp_path, use)


def test_the_whole_way_leads_through_the_cells(tmp_path: Path) -> None:
    async def use(editor: Editor) -> None:
        editor.open_notebook(NAME, CELLS)
        (found,) = await shown(editor, "step")
        related = [
            (each.location.uri, each.location.range.start, each.message) for each in found.related_information or ()
        ]
        setup, step, request = (editor.cell(NAME, each) for each in ("setup", "step", "request"))
        assert related == [
            (setup, Position(3, 4), "step 1 of 3: tf.Variable([1.0, 2.0])"),
            (step, Position(2, 25), "step 2 of 3, where the gradient is lost: np.square(w)"),
            (step, Position(2, 11), "step 3 of 3: tf.reduce_sum(np.square(w))"),
            (request, Position(0, 11), "gradient of w: none"),
        ]

    edit(tmp_path, use)


def test_hover_in_a_cell(tmp_path: Path) -> None:
    async def told(editor: Editor, cell: str, line: int, character: int) -> tuple[str, Range | None]:
        hover = await editor.hover(editor.cell(NAME, cell), line, character)
        if hover is None:
            return "", None
        assert isinstance(hover.contents, MarkupContent)
        return hover.contents.value, hover.range

    async def use(editor: Editor) -> None:
        editor.open_notebook(NAME, CELLS)
        words, where = await told(editor, "request", 0, 12)
        assert words.startswith("`gradient`: **none**\n\n- `w`: **none** ([TFG202](")
        assert "), line 3 of cell 3): np.square() leaves TensorFlow: " in words
        assert where == Range(Position(0, 11), Position(0, 24))
        words, where = await told(editor, "step", 2, 12)
        assert words.startswith("```text\ntf.math.reduce_sum in TensorFlow")
        assert where == Range(Position(2, 11), Position(2, 24))
        for cell, line, character in (
            ("title", 0, 3), ("shell", 0, 1), ("bash", 0, 1), ("bash", 1, 3), ("step", 0, 3), ("setup", 9, 0)
        ):  # fmt: skip
            assert await told(editor, cell, line, character) == ("", None)

    edit(tmp_path, use)


@pytest.mark.parametrize(("encoding", "units"), [("utf-16", 2), ("utf-8", 4), ("utf-32", 1)])
def test_changes_are_counted_as_the_client_counts(tmp_path: Path, encoding: str, units: int) -> None:
    # a form feed, and a character that counts for two, before the place of a change
    step = STEP.replace("    loss = tf", "    s = '\f\U0001f600'; loss = tf")

    async def use(editor: Editor) -> None:
        editor.open_notebook(NAME, CELLS | {"step": ("python", step)})
        (found,) = await shown(editor, "step")
        start = 25 + len("s = '\f'; ") + units
        assert found.range == Range(Position(2, start), Position(2, start + 12))
        version = editor.change_cell(NAME, "step", part(2, start, start + 2, "tf"))
        assert await shown(editor, "step", version) == ()
        (found,) = await shown(editor, "step", editor.change_cell(NAME, "step", part(2, start, start + 2, "np")))
        assert found.range.start == Position(2, start)

    edit(tmp_path, use, encodings=[encoding])


def test_a_syntax_error_is_shown_in_its_cell(tmp_path: Path) -> None:
    async def use(editor: Editor) -> None:
        editor.open_notebook(NAME, CELLS)
        await shown(editor, "step")
        (found,) = await shown(editor, "request", editor.change_cell(NAME, "request", whole("gradient = = 1\n")))
        assert (found.code, found.severity) == ("TFG001", DiagnosticSeverity.Information)
        assert found.range.start == Position(0, 11)
        assert "cell" not in found.message
        assert await until(editor, "step", 0) == ()
        assert await shown(editor, "request", editor.change_cell(NAME, "request", whole(""))) == ()

    edit(tmp_path, use)


def test_noqa_and_the_settings_of_the_notebook_are_in_force(tmp_path: Path) -> None:
    settings = tmp_path / "pyproject.toml"

    async def use(editor: Editor) -> None:
        editor.open_notebook(NAME, CELLS)
        assert len(await shown(editor, "step")) == 1
        version = editor.change_cell(NAME, "step", whole(STEP + "  # noqa: TFG202"))
        assert await shown(editor, "step", version) == ()
        assert len(await shown(editor, "step", editor.change_cell(NAME, "step", whole(STEP)))) == 1
        settings.write_text('[tool.tfgradlint]\nper-file-ignores = {"*.ipynb" = ["TFG2"]}\n')
        editor.saved("pyproject.toml")
        assert await until(editor, "step", 0) == ()

    edit(tmp_path, use)


def test_running_a_cell_is_no_reason_to_judge(tmp_path: Path) -> None:
    async def use(editor: Editor) -> None:
        editor.open_notebook(NAME, CELLS)
        await shown(editor, "step")
        before = len(editor.published)
        editor.ran(NAME, "step")
        # a change after it, that is judged after all that came before
        editor.open("other.py", STEP.partition("\n")[2])
        await editor.version("other.py", 1)
        await editor.hover(editor.cell(NAME, "step"), 0, 0)
        assert [each.uri for each in editor.published[before:]] == [editor.uri("other.py")]

    edit(tmp_path, use)


def test_notebooks_and_files_do_not_mix(tmp_path: Path) -> None:
    async def use(editor: Editor) -> None:
        editor.open_notebook(NAME, {"only": ("python", SETUP + STEP)})
        editor.open("request.py", REQUEST)
        assert await shown(editor, "only") == ()
        assert await editor.version("request.py", 1) == ()
        editor.open_notebook("empty.ipynb", {})
        editor.change("request.py", SETUP.partition("\n")[2] + STEP.partition("\n")[2] + "\n" + REQUEST)
        assert [each.code for each in await editor.version("request.py", 2)] == ["TFG202"]
        assert editor.messages == []

    edit(tmp_path, use)


def test_a_quick_fix_changes_the_cell(tmp_path: Path) -> None:
    async def use(editor: Editor) -> None:
        editor.open_notebook(NAME, CELLS)
        found = await until(editor, "step", 1)
        cell = editor.cell(NAME, "step")
        (action,) = await editor.actions(cell, found)
        assert isinstance(action, CodeAction)
        assert action.edit is not None
        change = TextEdit(Range(Position(2, 25), Position(2, 34)), "tf.square")
        assert action.edit.changes == {cell: (change,)}
        assert await editor.actions(editor.cell(NAME, "request"), found) == []

    edit(tmp_path, use)
