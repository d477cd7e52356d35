"""Editors that know flake8: python-lsp-server runs it, with this plugin, and an editor shows what it finds."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from editor import PATIENCE, Editor, editing
from lsprotocol.types import Diagnostic, DidChangeConfigurationParams, Position
from processes import FAULTY, REPAIRED

NAME = "program.py"
OTHERS = ("autopep8", "jedi_completion", "mccabe", "pycodestyle", "pydocstyle", "pyflakes", "pylint", "yapf")


def configure(editor: Editor) -> None:
    """Switch flake8 on and all other linters off, as docs/editors.md says; it is to be this Python's flake8."""
    plugins: dict[str, object] = {name: {"enabled": False} for name in OTHERS}
    executable = str(Path(sys.executable).parent / "flake8")
    plugins["flake8"] = {"enabled": True, "executable": executable, "extendSelect": ["TFG"], "ignore": ["E", "W", "F"]}
    editor.client.workspace_did_change_configuration(DidChangeConfigurationParams({"pylsp": {"plugins": plugins}}))


def ours(found: Sequence[Diagnostic]) -> list[Diagnostic]:
    return [each for each in found if str(each.code).startswith("TFG")]


def test_python_lsp_server_shows_findings_and_takes_them_back(tmp_path: Path) -> None:
    async def session() -> None:
        async with editing(tmp_path, sys.executable, "-m", "pylsp") as editor:
            configure(editor)
            editor.open(NAME, FAULTY)
            (found,) = await editor.until(NAME, ours)
            assert (found.code, found.source) == ("TFG202", "flake8")
            assert found.message.startswith("TFG202 np.square() leaves TensorFlow: tape.gradient(loss, w) on line 8 ")
            # flake8 tells where a finding starts; python-lsp-server marks the rest of the line
            assert (found.range.start, found.range.end.line) == (Position(6, 25), 6)
            editor.change(NAME, REPAIRED)
            assert not await editor.until(NAME, lambda diagnostics: not ours(diagnostics))
            editor.change(NAME, "\n" + FAULTY)
            (found,) = await editor.until(NAME, ours)
            assert found.range.start == Position(7, 25)

    asyncio.run(asyncio.wait_for(session(), 4 * PATIENCE))
