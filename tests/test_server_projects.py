"""The language server on programs of several files: open texts stand before the disk, findings where they belong."""

from __future__ import annotations

from pathlib import Path

from editor import Editor
from test_projects import LOSSES, TRAIN
from test_server import codes, edit

SOUND = LOSSES.replace("np.square", "tf.square")


def test_an_open_module_stands_before_the_disk(tmp_path: Path) -> None:
    (tmp_path / "losses.py").write_text(SOUND)

    async def use(editor: Editor) -> None:
        editor.open("train.py", TRAIN)
        assert await editor.version("train.py", 1) == ()
        editor.open("losses.py", LOSSES)
        (found,) = await editor.until("train.py", lambda each: bool(each))
        assert found.code == "TFG202"
        assert "losses.py:6" in found.message
        (shown,) = await editor.until("losses.py", lambda each: bool(each))
        assert (shown.code, shown.range.start.line) == ("TFG202", 5)
        assert "train.py:7" in shown.message
        editor.change("losses.py", "\n" + LOSSES)
        (moved,) = await editor.until("losses.py", lambda each: bool(each) and each[0].range.start.line == 6)
        assert moved.code == "TFG202"
        editor.change("losses.py", SOUND)
        assert await editor.until("train.py", lambda each: not each) == ()
        assert await editor.until("losses.py", lambda each: not each) == ()

    edit(tmp_path, use)


def test_what_is_closed_counts_no_longer(tmp_path: Path) -> None:
    (tmp_path / "losses.py").write_text(LOSSES)
    (tmp_path / "train.py").write_text(TRAIN)

    async def use(editor: Editor) -> None:
        editor.open("losses.py", LOSSES)
        editor.open("train.py", TRAIN)
        assert codes(await editor.until("losses.py", lambda each: bool(each))) == ["TFG202"]
        editor.close("train.py")
        assert await editor.until("losses.py", lambda each: not each) == ()
        editor.open("train.py", TRAIN)
        assert codes(await editor.until("losses.py", lambda each: bool(each))) == ["TFG202"]
        editor.change("losses.py", SOUND)
        assert await editor.until("train.py", lambda each: not each) == ()
        editor.close("losses.py")  # on the disk it is as it was
        assert codes(await editor.until("train.py", lambda each: bool(each))) == ["TFG202"]

    edit(tmp_path, use)


def test_a_module_that_changes_on_the_disk(tmp_path: Path) -> None:
    (tmp_path / "losses.py").write_text(SOUND)

    async def use(editor: Editor) -> None:
        editor.open("train.py", TRAIN)
        assert await editor.version("train.py", 1) == ()
        (tmp_path / "losses.py").write_text(LOSSES)
        editor.saved("losses.py")
        assert codes(await editor.until("train.py", lambda each: bool(each))) == ["TFG202"]

    edit(tmp_path, use)


def test_a_comment_silences_what_another_document_leads_to(tmp_path: Path) -> None:
    async def use(editor: Editor) -> None:
        editor.open("losses.py", LOSSES.replace("(np.square(w))", "(np.square(w))  # noqa: TFG202"))
        editor.open("train.py", TRAIN)
        assert codes(await editor.until("train.py", lambda each: bool(each))) == ["TFG202"]
        version = editor.change("losses.py", LOSSES)
        assert codes(await editor.until("losses.py", lambda each: bool(each))) == ["TFG202"]
        assert version == 2

    edit(tmp_path, use)


def test_a_notebook_that_imports_an_open_module(tmp_path: Path) -> None:
    async def use(editor: Editor) -> None:
        editor.open("losses.py", LOSSES)
        editor.open_notebook("train.ipynb", {"one": ("python", TRAIN)})
        cell = editor.cell("train.ipynb", "one")
        assert codes(await editor.until(cell, lambda each: bool(each))) == ["TFG202"]
        (shown,) = await editor.until("losses.py", lambda each: bool(each))
        assert "train.ipynb:cell 1:7" in shown.message
        editor.change("losses.py", SOUND)
        assert await editor.until(cell, lambda each: not each) == ()
        assert await editor.until("losses.py", lambda each: not each) == ()

    edit(tmp_path, use)
