"""Notebooks: their cells are one module, findings name cell, line and column, and only changed sources are written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from processes import FAULTY, REPAIRED, command, flake8, python

from tfgradlint import predict
from tfgradlint.files.sources import Unreadable
from tfgradlint.notebooks import CannotChange, CannotReplace, decode, replace_sources

SETUP, STEP, REQUEST = FAULTY.partition("with")[0], "with" + FAULTY.partition("with")[2].partition("grad")[0], ""
REQUEST = FAULTY.splitlines()[-1]
#: What the finding in the notebook of these three cells looks like.
FOUND = "faulty.ipynb:cell 2:2:26: TFG202 np.square() leaves TensorFlow: tape.gradient(loss, w) on line 1 of cell 3 "


def code(source: str, **metadata: object) -> dict[str, Any]:
    output = {"name": "stdout", "output_type": "stream", "text": ["\u2713 done\n"]}
    return {
        "cell_type": "code",
        "execution_count": 1,
        "metadata": metadata,
        "outputs": [output],
        "source": source.splitlines(keepends=True),
    }


def markdown(source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": source.splitlines(keepends=True)}


def notebook(*cells: dict[str, Any], **metadata: object) -> dict[str, Any]:
    return {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def content(*cells: str) -> bytes:
    return json.dumps(notebook(*map(code, cells)), indent=1).encode()


def module(*cells: str) -> str:
    """The module that cells make, without the lines that were not in them."""
    return "".join(f"{line.text}\n" for line in decode(content(*cells), "program.ipynb").lines if line.line)


FAULTY_NOTEBOOK = notebook(markdown("# Weights"), code(SETUP), markdown("The step"), code(STEP), code(REQUEST))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "faulty.ipynb").write_text(json.dumps(FAULTY_NOTEBOOK, indent=1))
    (tmp_path / "repaired.ipynb").write_text(json.dumps(notebook(code(REPAIRED))))
    return tmp_path


@pytest.mark.python
def test_a_finding_names_cell_line_and_column(folder: Path) -> None:
    run = command("check", "repaired.ipynb", "faulty.ipynb", cwd=folder)
    assert run.stdout.startswith(FOUND)
    assert (run.returncode, run.stdout.count("\n"), run.stderr) == (1, 1, "")


def test_directories_and_standard_input_too(folder: Path) -> None:
    assert command("check", ".", cwd=folder).stdout.startswith(f"./{FOUND}")
    text = (folder / "faulty.ipynb").read_text()
    assert command("check", "--stdin-filename", "faulty.ipynb", "-", stdin=text).stdout.startswith(FOUND)


@pytest.mark.python
def test_as_json_findings_and_steps_have_a_cell(folder: Path) -> None:
    run = command("check", "--output-format", "json", "faulty.ipynb", cwd=folder)
    (finding,) = json.loads(run.stdout)
    assert [finding[key] for key in ("path", "cell", "line", "column")] == ["faulty.ipynb", 2, 2, 26]
    assert [finding[key] for key in ("end_line", "end_column")] == [2, 38]
    assert [(step["cell"], step["line"]) for step in finding["path_steps"]] == [(1, 4), (2, 2), (2, 2), (2, 2)]
    (folder / "program.py").write_text(FAULTY)
    (other,) = json.loads(command("check", "--output-format", "json", "program.py", cwd=folder).stdout)
    assert "cell" not in other
    assert all("cell" not in step for step in other["path_steps"])


def test_predict_tells_cells(folder: Path) -> None:
    run = command("predict", "faulty.ipynb", cwd=folder)
    request, source = run.stdout.splitlines()
    assert request == "faulty.ipynb:cell 3:1:12: gradient: none"
    assert source.startswith("    w: none (TFG202, line 2 of cell 2): np.square()")
    (one,) = json.loads(command("predict", "--output-format", "json", "faulty.ipynb", cwd=folder).stdout)
    assert [one[key] for key in ("cell", "line", "column")] == [3, 1, 12]
    assert [(each["cell"], each["line"]) for each in one["sources"]] == [(2, 2)]


def test_full_shows_the_line_of_the_cell(folder: Path) -> None:
    run = command("check", "--output-format", "full", "faulty.ipynb", cwd=folder)
    lines = run.stdout.splitlines()
    assert lines[0].startswith(FOUND)
    assert lines[2].endswith("|     loss = tf.reduce_sum(np.square(w) * x)")
    assert lines[3].index("^") - lines[2].index("np.square") == 0
    assert "cell 1:4:5 > tf.Variable([1.0, 2.0])" in run.stdout
    assert "cell 2:2:26 > np.square(w)  <- the gradient ends here" in run.stdout


def test_services_are_told_the_line_of_the_file(folder: Path) -> None:
    rows = (folder / "faulty.ipynb").read_text().splitlines()
    (row,) = [number for number, text in enumerate(rows, 1) if "np.square" in text]
    (source,) = [number for number, text in enumerate(rows, 1) if "tf.Variable" in text]

    def told(kind: str) -> str:
        return command("check", "--output-format", kind, "faulty.ipynb", cwd=folder).stdout

    assert told("github").startswith(f"::error file=faulty.ipynb,line={row},col=1,endLine={row},")
    assert f"::{FOUND}" in told("github")
    (result,) = json.loads(told("sarif"))["runs"][0]["results"]
    region = {"startLine": row, "startColumn": 1, "endLine": row, "endColumn": 1}
    assert result["locations"][0]["physicalLocation"]["region"] == region
    first = result["codeFlows"][0]["threadFlows"][0]["locations"][0]["location"]
    assert first["physicalLocation"]["region"] == {"startLine": source, "startColumn": 1}
    (issue,) = json.loads(told("gitlab"))
    assert issue["location"]["positions"]["begin"] == {"line": row, "column": 1}
    assert issue["description"].startswith("cell 2: np.square() leaves TensorFlow")
    assert f'line="{row}" column="1"' in told("junit")
    assert ">cell 2: line 2, column 26: TFG202 " in told("junit")


def test_add_noqa_writes_into_the_cell_and_nowhere_else(folder: Path) -> None:
    cells = notebook(markdown("# \u00e4"), code("%%time\n" + SETUP), code(STEP + REQUEST), code("%%bash\nls"))
    before = json.dumps(cells, indent=1, ensure_ascii=False) + "\n"
    (folder / "faulty.ipynb").write_text(before)
    run = command("check", "--add-noqa", "faulty.ipynb", cwd=folder)
    assert run.stdout == "# noqa written on 1 line of 1 file\n"
    after = (folder / "faulty.ipynb").read_text()
    assert after == before.replace("np.square(w) * x)", "np.square(w) * x)  # noqa: TFG202")
    assert command("check", "faulty.ipynb", cwd=folder).returncode == 0


def test_a_repair_writes_into_the_cells_and_nowhere_else(folder: Path) -> None:
    request = f"{STEP}{REQUEST}\ntape.gradient(loss, w)"
    cells = notebook(
        markdown("# \u00e4"), code("%%time\n" + SETUP), code("%matplotlib inline\n" + request), code("%%bash\nls")
    )
    before = json.dumps(cells, indent=1, ensure_ascii=False) + "\n"
    (folder / "faulty.ipynb").write_text(before)
    run = command("check", "--diff", "faulty.ipynb", cwd=folder)
    assert run.stdout.startswith("--- faulty.ipynb:cell 2\n+++ faulty.ipynb:cell 2\n")
    run = command("check", "--fix", "faulty.ipynb", cwd=folder)
    assert (run.stdout, run.returncode) == ("", 0)
    after = before.replace("np.square(w)", "tf.square(w)").replace("GradientTape()", "GradientTape(persistent=True)")
    assert (folder / "faulty.ipynb").read_text() == after


def test_kept_results_are_told_by_cell_too(folder: Path) -> None:
    (folder / "faulty.py").write_bytes((folder / "faulty.ipynb").read_bytes())  # the same bytes, another meaning
    runs = [command("check", ".", cwd=folder, cache=True) for _ in range(2)]
    assert runs[0].stdout == runs[1].stdout
    assert f"./{FOUND}" in runs[0].stdout
    assert len(runs[0].stdout.splitlines()) == 1


def test_findings_stand_in_the_order_of_the_cells(folder: Path) -> None:
    rounded = STEP.replace("np.square", "tf.round")
    cells = [code(SETUP + "\n" * 20), code("\n" * 20 + STEP + REQUEST), code(rounded + REQUEST)]
    (folder / "two.ipynb").write_text(json.dumps(notebook(*cells)))
    run = command("check", "two.ipynb", cwd=folder)
    assert [line.split()[:3] for line in run.stdout.splitlines()] == [
        ["two.ipynb:cell", "2:22:26:", "TFG202"],
        ["two.ipynb:cell", "3:2:26:", "TFG301"],
    ]


@pytest.mark.parametrize("comment", ["# noqa", "# noqa: TFG202", "# noqa: TFG301"])
def test_noqa_in_a_cell(folder: Path, comment: str) -> None:
    cells = [code(SETUP), code(STEP.replace("* x)", f"* x)  {comment}")), code(REQUEST)]
    (folder / "quiet.ipynb").write_text(json.dumps(notebook(*cells)))
    run = command("check", "quiet.ipynb", cwd=folder)
    assert run.returncode == ("TFG301" in comment)


MASKED = {
    "%matplotlib inline": "get_ipython()",
    "!pip install tensorflow": "get_ipython()",
    "!!ls": "get_ipython()",
    "/print 1": "get_ipython()",
    "  %cd data": "  get_ipython()",
    "files = !ls -l": "files = get_ipython()",
    "a, b[0] = %sql select": "a, b[0] = get_ipython()",
    "tape?": "pass",
    "tf.reduce_mean??": "pass",
    "?tape": "get_ipython()",
    "%time x = f(y)": "pass; x = f(y)",
    "  %time    f(y)": "  pass;    f(y)",
    "%time for y in z: f(y)": "get_ipython()",
    "%timeit f(y)": "get_ipython()",
    "%%time\nx = 1": "pass\nx = 1",
    "\n%%capture --no-stderr out\n%%time\nx = 1": "\nout = get_ipython()\npass\nx = 1",
    "!pip install \\\n  tensorflow \\\n  keras\nx = 1": "get_ipython()\n\n\nx = 1",
    "x = 1\n%store -r y": "x = 1\nx = get_ipython()",
    "pip install tensorflow": "get_ipython()",
    "if x:\n  cd ..": "if x:\n  get_ipython()",
    "ls -l data": "get_ipython()",
    "%%some_magic --fast\nx = 1": "get_ipython()\nx = 1",
}
KEPT = [
    "cp = 1",
    "ls = [\n1]",
    "mv -cp",
    "x = (a\n% b)",
    "x = [\n  '''\n%d\n''' % 1, '\\\n%d']",
    '"""\n!pip\n%%bash\n"""',
    "x = '[' # (\\\ny = 2",
    "x = 'a=%d' % 3 if y != 4 else f(z=5)  # really?",
    "x = y \\\n  % 2",
    "x = 'it''s' + \"\\\"\"\ny = {'%': 1}",
]


@pytest.mark.parametrize("cell", MASKED)
def test_what_only_ipython_understands_is_masked(cell: str) -> None:
    without_remarks = [line.partition("  # <masked")[0] for line in module(cell).splitlines()]
    assert "\n".join(without_remarks) == MASKED[cell]


@pytest.mark.parametrize("cell", KEPT)
def test_python_is_left_as_it_is(cell: str) -> None:
    compile(cell, "cell", "exec")
    assert module(cell) == cell + "\n"


@pytest.mark.parametrize("magic", ["bash", "html", "writefile x.py", "R", "python3", "sql", "unknown"])
def test_cells_of_other_programs_are_skipped(magic: str) -> None:
    assert module("x = 1", f"%%{magic}\nx = (", "y = 2") == "x = 1\ny = 2\n"


def test_cells_in_other_languages_are_skipped() -> None:
    cells = [code("x <- 1", vscode={"languageId": "r"}), code("x = 1", vscode={"languageId": "python"})]
    data = json.dumps(notebook(*cells)).encode()
    assert [line.text for line in decode(data, "a.ipynb").lines if line.line] == ["x = 1"]
    for metadata in ({"kernelspec": {"language": "R"}}, {"language_info": {"name": "julia"}}):
        data = json.dumps({**notebook(code("x <- 1")), "metadata": metadata}).encode()
        assert decode(data, "a.ipynb").text == ""


@pytest.mark.parametrize("magic", ["%run other.py", "%store -r w", "%time for w in several(): pass"])
def test_what_a_magic_may_bind_is_unknown(folder: Path, magic: str) -> None:
    step = STEP.replace("np.square(w)", "w")
    for between, verdict in (("%cd data", "none"), (magic, "unknown")):
        cells = [code(SETUP + "w = np.array([3.0])"), code(between), code(step), code(REQUEST)]
        (folder / "magic.ipynb").write_text(json.dumps(notebook(*cells)))
        run = command("predict", "--output-format", "json", "magic.ipynb", cwd=folder)
        (request,) = json.loads(run.stdout)
        assert (request["verdict"] == "unknown") == (verdict == "unknown")


def test_an_indented_cell_is_python_to_ipython(folder: Path) -> None:
    indented = "".join(f"    {line}" for line in STEP.splitlines(keepends=True))
    (folder / "indented.ipynb").write_text(json.dumps(notebook(code(SETUP), code(indented), code(REQUEST))))
    run = command("check", "indented.ipynb", cwd=folder)
    assert run.stdout.startswith("indented.ipynb:cell 2:2:30: TFG202 ")


@pytest.mark.parametrize("broken", ["x = (", "x = 1 + \\", "'''", "if x:", "x = 1\n y = 2"])
def test_a_cell_that_is_not_python(folder: Path, broken: str) -> None:
    (folder / "broken.ipynb").write_text(json.dumps(notebook(code("x = 0\n"), code(broken), code("y = 1"))))
    run = command("check", "broken.ipynb", cwd=folder)
    assert run.stdout.startswith("broken.ipynb:cell ")
    assert run.stdout.split(":")[1] in ("cell 2", "cell 3")
    assert " TFG001 " in run.stdout
    assert run.returncode == 1
    assert "masked" not in run.stdout


def test_a_broken_cell_costs_that_cell(folder: Path) -> None:
    cells = [code(SETUP), code("print 'hello'"), code(STEP), code(REQUEST)]
    (folder / "broken.ipynb").write_text(json.dumps(notebook(*cells)))
    run = command("check", "broken.ipynb", cwd=folder)
    missing, found = run.stdout.splitlines()
    assert missing.startswith("broken.ipynb:cell 2:1:1: TFG001 not judged: Python cannot parse it (")
    assert found.startswith("broken.ipynb:cell 3:2:26: TFG202 np.square() leaves TensorFlow: ")
    run = command("predict", "broken.ipynb", cwd=folder)
    assert "broken.ipynb:cell 4:1:12: gradient: none" in run.stdout


def test_a_broken_cell_is_told_by_its_own_lines(folder: Path) -> None:
    cells = [code("%time x = 1"), code("%matplotlib inline\nfor x in y:\nprint(x)"), code("y = 1")]
    (folder / "broken.ipynb").write_text(json.dumps(notebook(*cells)))
    run = command("check", "broken.ipynb", cwd=folder)
    assert run.stdout.startswith("broken.ipynb:cell 2:3:1: TFG001 ")
    assert "after 'for' statement on line 2 of cell 2)" in run.stdout


BROKEN_CELLS = {
    "print 'hello'": "flows",
    "w = tf.Variable(3.0\n": "unknown",
    "rebuild(w.value(\n": "flows",
    "rebuild(w\n": "unknown",  # whether it is bound or handed on is not told from a text that cannot be parsed
    "print w.shape": "flows",
    "del tape; print 'w'": "unknown",
    "w, loss = loss, w; print 'w'": "unknown",
}


@pytest.mark.parametrize("cell", BROKEN_CELLS)
def test_what_a_broken_cell_names_is_unknown(cell: str) -> None:
    made = decode(content(SETUP, STEP.replace("np.square", "tf.square"), cell, REQUEST), "a.ipynb")
    (request,) = predict(made.text)
    assert request.verdict == BROKEN_CELLS[cell]


def test_the_text_of_a_broken_cell_outlasts_a_repair(folder: Path) -> None:
    cells = [code(SETUP), code("%matplotlib inline\nprint 'é'\nz = ("), code(STEP), code(REQUEST)]
    before = json.dumps(notebook(*cells), indent=1)
    (folder / "broken.ipynb").write_text(before)
    run = command("check", "--fix", "broken.ipynb", cwd=folder)
    assert " TFG001 " in run.stdout
    assert (folder / "broken.ipynb").read_text() == before.replace("np.square(w)", "tf.square(w)")


BROKEN = {
    "not JSON": (b"x = 1\n", "not a notebook: line 1 is not JSON (Expecting value)"),
    "cut off": (b'{"cells": [\n', "not a notebook: line 2 is not JSON (Expecting value)"),
    "empty": (b"", "not a notebook: line 1 is not JSON (Expecting value)"),
    "not UTF-8": (b'{"cells": "\xff"}', "not a notebook: it is not UTF-8"),
    "too deep": (b"[" * 200_000, "not a notebook: its JSON cannot be read"),
    "a list": (b"[]", "not a notebook: its JSON has no number under 'nbformat'"),
    "no format": (b'{"cells": []}', "not a notebook: its JSON has no number under 'nbformat'"),
    "format of another kind": (b'{"nbformat": "4"}', "not a notebook: its JSON has no number under 'nbformat'"),
    "newer format": (b'{"cells": [], "nbformat": 5}', "notebook format 5 is unknown; save it in format 4"),
    "no cells": (b'{"metadata": {}, "nbformat": 4, "nbformat_minor": 5}', "a broken notebook: it has no cells"),
    "cells of another kind": (b'{"cells": {}, "nbformat": 4}', "a broken notebook: it has no cells"),
    "a cell of another kind": (b'{"cells": [1], "nbformat": 4, "metadata": {}}', "a broken notebook: cell 1 is none"),
    "a cell without source": (
        b'{"cells": [{"cell_type": "code", "metadata": {}}], "nbformat": 4, "metadata": {}}',
        "a broken notebook: cell 1 of all has no source",
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_notebook_is_told_in_one_line(folder: Path, what: str) -> None:
    data, told = BROKEN[what]
    (folder / "broken.ipynb").write_bytes(data)
    for subcommand in ("check", "predict"):
        run = command(subcommand, "broken.ipynb", "faulty.ipynb", cwd=folder)
        assert run.returncode == 2
        assert run.stdout.startswith("faulty.ipynb:cell "), "the other files are judged"
        assert run.stderr.startswith(f"tfgradlint: broken.ipynb: {told}")
        assert run.stderr.count("\n") == 1


def test_a_notebook_without_cells_of_code_is_clean(folder: Path) -> None:
    for name, cells in (("empty", []), ("text", [markdown("# Title")])):
        (folder / f"{name}.ipynb").write_text(json.dumps(notebook(*cells)))
        run = command("check", f"{name}.ipynb", cwd=folder)
        assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_an_older_format_is_read(folder: Path) -> None:
    cells = [
        {"cell_type": "code", "language": "python", "metadata": {}, "outputs": [], "input": text.splitlines(True)}
        for text in (SETUP, STEP + REQUEST)
    ]
    old = {"metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0, "worksheets": [{"cells": cells}]}
    (folder / "old.ipynb").write_text(json.dumps(old))
    run = command("check", "old.ipynb", cwd=folder)
    assert run.stdout.startswith("old.ipynb:cell 2:2:26: TFG202 ")
    assert run.stderr == ""


def test_without_nbformat(folder: Path) -> None:
    program = "import sys; sys.modules['nbformat'] = None; from tfgradlint.cli import main; sys.exit(main())"
    run = python("-c", program, "check", "faulty.ipynb", cwd=folder)
    told = "tfgradlint: faulty.ipynb: to read notebooks, python -m pip install 'tfgradlint[notebook]'\n"
    assert (run.returncode, run.stdout, run.stderr) == (2, "", told)


#: flake8 knows notebooks through nbQA, which counts cells of code only.
def test_flake8_on_notebooks_through_nbqa(folder: Path) -> None:
    run = python("-m", "nbqa", "flake8", "faulty.ipynb", "--isolated", "--select=TFG", cwd=folder)
    assert run.returncode == 1, run.stderr
    assert run.stdout.startswith("faulty.ipynb:cell_2:2:26: TFG202 np.square() leaves TensorFlow")
    assert run.stdout.count("\n") == 1
    run = python("-m", "nbqa", "flake8", "repaired.ipynb", "--isolated", "--select=TFG", cwd=folder)
    assert (run.returncode, run.stdout) == (0, "")
    assert flake8("--select=TFG", ".", cwd=folder).stdout == ""


# -- writing


def styles(cells: dict[str, Any]) -> Iterator[bytes]:
    """A notebook as different programs write it."""
    for options in (
        {"indent": 1, "ensure_ascii": False},
        {"indent": 2},
        {"indent": "\t"},
        {"separators": (",", ":")},
        {},
        {"indent": 4, "sort_keys": True, "separators": (",", " : ")},
    ):
        text = json.dumps(cells, **options)  # type: ignore[arg-type]
        yield text.encode()
        yield text.replace("\n", "\r\n").encode() + b"\r\n"
        yield b"\xef\xbb\xbf" + text.encode() + b"\n\n"


def test_only_the_sources_asked_for_change() -> None:
    for data in styles(FAULTY_NOTEBOOK):
        new = replace_sources(data, {2: STEP.replace("np.square", "tf.square")})
        assert new == data.replace(b"np.square", b"tf.square")
        assert replace_sources(data, {}) == data
        assert replace_sources(data, {1: SETUP, 2: STEP}) == data


def test_a_source_that_is_one_string_stays_one() -> None:
    cells = notebook({**code(""), "source": "a = 1\nb = 2"}, {**code(""), "source": "c = 3"})
    for data in styles(cells):
        assert replace_sources(data, {1: "a = 1\nb = 4"}) == data.replace(b"b = 2", b"b = 4")


def test_added_and_removed_lines_are_laid_out_like_the_others() -> None:
    for data in styles(notebook(code("a = 1\nb = 2\nc = 3"), markdown("x\ny"))):
        longer = notebook(code("a = 1\nz = 0\nb = 2\nc = 3\nd = 4"), markdown("x\ny"))
        new = replace_sources(data, {1: "a = 1\nz = 0\nb = 2\nc = 3\nd = 4"})
        assert json.loads(new.decode("utf-8-sig")) == longer
        assert new in set(styles(longer))
        assert replace_sources(new, {1: "a = 1\nb = 2\nc = 3"}) == data


def test_one_line_and_none() -> None:
    for data in styles(notebook(code("a = 1"), code("b = 2"))):
        more = replace_sources(data, {1: "a = 1\nc = 3"})
        assert more in set(styles(notebook(code("a = 1\nc = 3"), code("b = 2"))))
        assert replace_sources(more, {1: "a = 1"}) == data
        filled = replace_sources(replace_sources(data, {1: ""}), {1: "a = 1"})
        assert json.loads(filled.decode("utf-8-sig")) == json.loads(data.decode("utf-8-sig"))
    data = json.dumps(notebook(code("")), indent=1).encode()
    assert replace_sources(data, {1: "a = 1\n"}) == json.dumps(notebook(code("a = 1\n")), indent=1).encode()


@pytest.mark.parametrize("ascii_only", [True, False])
def test_characters_beyond_ascii_are_written_as_the_file_writes_them(ascii_only: bool) -> None:
    before, after = notebook(code("a = 'é'\nb = 1"), markdown("ß")), notebook(code("a = 'é'\nb = 'ü'"), markdown("ß"))
    data = json.dumps(before, ensure_ascii=ascii_only).encode()
    assert replace_sources(data, {1: "a = 'é'\nb = 'ü'"}) == json.dumps(after, ensure_ascii=ascii_only).encode()
    # a line that stays keeps its letters, whatever they are
    odd = rb'{"nbformat": 4, "cells": [{"cell_type": "code", "source": ["\u0061 = 1\n", "b = \"\u00e9\"\n", "c"]}]}'
    assert replace_sources(odd, {1: 'a = 1\nb = "\u00e9"\nd\u00e9'}) == odd.replace(b'"c"', rb'"d\u00e9"')


@given(
    sources=st.lists(st.text(st.characters(codec="utf-8"), max_size=30), min_size=1, max_size=4),
    new=st.text(st.characters(codec="utf-8") | st.sampled_from("\n\r\\\"'u00e9"), max_size=30),
    indent=st.sampled_from([None, 1, 4]),
    ascii_only=st.booleans(),
    data=st.data(),
)
def test_whatever_the_sources_nothing_else_changes(
    sources: list[str], new: str, indent: int | None, ascii_only: bool, data: st.DataObject
) -> None:
    before = notebook(*map(code, sources))
    text = json.dumps(before, indent=indent, ensure_ascii=ascii_only).encode()
    number = data.draw(st.integers(1, len(sources)))
    after = json.loads(replace_sources(text, {number: new}))
    before["cells"][number - 1]["source"] = new.splitlines(keepends=True)
    assert after == before


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"cells": [1]}', b'{"cells": [{}]}', b'{"cells": [', b"\xff"])
def test_what_is_no_notebook_is_not_written(data: bytes) -> None:
    with pytest.raises(CannotReplace):
        replace_sources(data, {1: "x"})


MAGICAL = content("%%time\n%cd a\nx = 1\n", "    y = 2\n    !ls \\\n      -l\n", "%%bash\nx = 1", "z = 3")


def test_a_changed_module_goes_back_into_its_cells() -> None:
    read = decode(MAGICAL, "a.ipynb")
    assert read.changed(MAGICAL, read.text) == MAGICAL
    for old, new in (("x = 1", "x = 4"), ("y = 2", "y = 5"), ("z = 3", "z = 6")):
        target = MAGICAL.replace(old.encode(), new.encode(), 1)
        assert read.changed(MAGICAL, read.text.replace(old, new)) == target
    sources = [
        "".join(cell["source"])
        for cell in json.loads(read.changed(MAGICAL, "import a\n" + read.text.replace("z = 3", "z = 3\nw = 4")))[
            "cells"
        ]
    ]
    assert sources == [
        "%%time\nimport a\n%cd a\nx = 1\n",
        "    y = 2\n    !ls \\\n      -l\n",
        "%%bash\nx = 1",
        "z = 3\nw = 4",
    ]


def test_a_change_that_touches_a_magic_or_the_border_of_a_cell_is_refused() -> None:
    read = decode(MAGICAL, "a.ipynb")
    for old in ("get_ipython()", "# <masked 2.2>", "# <cell 4>", "# <cell 1>"):
        with pytest.raises(CannotChange):
            read.changed(MAGICAL, read.text.replace(old, "w = 1", 1))
    lookalike = content("x = 1\n# <cell 2>\ny = 2", "z = 3")
    read = decode(lookalike, "a.ipynb")
    with pytest.raises(CannotChange):
        read.changed(lookalike, read.text.replace("y = 2", "y = 3"))


def test_a_line_of_the_module_is_found_in_its_cell() -> None:
    read = decode(content("a = 1\nb = 2", "", "    c = 3"), "a.ipynb")
    places = {line: read.place(number) for number, line in enumerate(read.text.splitlines(), 1)}
    assert [places[line] for line in ("a = 1", "b = 2", "    c = 3")] == [(1, 1), (1, 2), (3, 1)]
    assert read.place(10_000) == (3, 1)
    with pytest.raises(Unreadable):
        decode(b"", "a.ipynb")
