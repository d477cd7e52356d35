"""Editors that know flake8: python-lsp-server runs it, with this plugin, and an editor shows what it finds."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from editor import PATIENCE, Editor, editing
from lsprotocol.types import Diagnostic, DidChangeConfigurationParams, Position
from processes import FAULTY, REPAIRED, command, python

ROOT = Path(__file__).resolve().parent.parent
GUIDE = (ROOT / "docs" / "editors.md").read_text("utf-8")
NAME = "program.py"


def blocks(language: str) -> list[str]:
    """The code blocks of the guide in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)


def configure(editor: Editor) -> None:
    """Send the settings that the guide shows; the flake8 is to be this Python's, and only TFG is to be looked at."""
    (shown,) = re.findall(r"^<!-- settings: pylsp -->\n```json\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    settings = json.loads(shown)
    executable = str(Path(sys.executable).parent / "flake8")
    settings["pylsp"]["plugins"]["flake8"] |= {"executable": executable, "ignore": ["E", "W", "F"]}
    editor.client.workspace_did_change_configuration(DidChangeConfigurationParams(settings))


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


#: How editors' own plugins start flake8, and what they look for in its output. FILE stands for the path; where the last
#: argument is "-" the text comes on standard input. Strokes divide where a plugin does it in more than one way.
EXTENSIONS = {
    # ms-python.flake8: a file as it was saved, and a cell of a notebook
    "VS Code": (
        "--format='%(row)d,%(col)d,%(code).1s,%(code)s:%(text)s' SETTINGS FILE"
        " | --format='%(row)d,%(col)d,%(code).1s,%(code)s:%(text)s' SETTINGS --stdin-display-name FILE -",
        r"'?(?P<line>\d+),(?P<column>-?\d+),\w+,(?P<code>\w+\d+):(?P<message>[^\r\n]*?)'?",
    ),
    "PyCharm": (
        "--select=TFG FILE",
        r"(?P<file>.+?):(?P<line>\d+):(?P<column>\d+): (?P<code>\w+) (?P<message>.*)",
    ),
    "ALE": (
        "SETTINGS --format=default --stdin-display-name FILE -",
        r"[a-zA-Z]?:?[^:]+:(?P<line>\d+):?(?P<column>\d+)?: (?P<code>[0-9A-Za-z]+):? (?P<message>.*)",
    ),
    "nvim-lint": (
        "--format=%(path)s:%(row)d:%(col)d:%(code)s:%(text)s --no-show-source --stdin-display-name FILE -"
        " | --format=%(path)s:%(row)d:%(col)d:%(code)s:%(text)s --no-show-source -",
        r"[^:]+:(?P<line>\d+):(?P<column>\d+):(?P<code>[0-9A-Za-z]+):(?P<message>.+)",
    ),
    "flycheck": (
        "--format=default --stdin-display-name=FILE -",
        r"(?P<file>.+?):(?P<line>\d+):(?:(?P<column>\d+):)? (?P<code>[A-Za-z]+\d+) (?P<message>.+)",
    ),
}


def settings_for(editor: str) -> list[str]:
    """The arguments for flake8 that the guide has its reader put into an editor's settings."""
    if editor == "ALE":
        (shown,) = re.findall(r"g:ale_python_flake8_options = '(.*)'", GUIDE)
        return [shown]
    (found,) = [json.loads(block) for block in blocks("json") if "flake8.args" in block]
    return list(found["flake8.args"])


@pytest.mark.parametrize("editor", EXTENSIONS)
def test_an_editors_plugin_for_flake8_understands_what_it_is_told(tmp_path: Path, editor: str) -> None:
    file = tmp_path / "a program.py"
    ways, pattern = EXTENSIONS[editor]
    for text, count in ((FAULTY, 1), (REPAIRED, 0)):
        file.write_text(text)
        for way in ways.split(" | "):
            arguments = [each.replace("FILE", str(file)) for each in way.split(" ")]
            if "SETTINGS" in arguments:
                at = arguments.index("SETTINGS")
                arguments[at : at + 1] = settings_for(editor)
            run = python("-m", "flake8", *arguments, stdin=text if way.endswith("-") else "", cwd=tmp_path)
            assert (run.returncode, run.stderr) == (count, "")
            found = [re.fullmatch(pattern, line) for line in run.stdout.splitlines()]
            assert len(found) == count
            for match in found:
                assert match is not None
                assert match.group("line", "column", "code") == ("7", "26", "TFG202")
                assert match["message"].startswith("np.square() leaves TensorFlow: ")
                assert match["message"].endswith("use tf.square()")


def test_the_settings_shown_are_well_formed() -> None:
    assert all(isinstance(json.loads(block), dict) for block in blocks("json"))
    strings = {"elisp": r'"[^"\n]*"', "lua": r"'[^'\n]*'", "vim": r"'[^'\n]*'"}
    for language, string in strings.items():
        for block in blocks(language):
            code = re.sub(string, "", block)
            assert [code.count(each) for each in "([{"] == [code.count(each) for each in ")]}"]


def test_the_server_shown_is_there() -> None:
    for way in ('("tfgradlint" "server")', "{ 'tfgradlint', 'server' }", 'command = "tfgradlint"\nargs = ["server"]'):
        assert way in GUIDE
    assert command("server", "--help").returncode == 0
