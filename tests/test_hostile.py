"""Hostile files: whatever a file holds, its outcome is one of the documented ones, and what can be judged is judged."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hostile import parts, shapes, values
from hostile.programs import AFTER, BEFORE, CUT_SHORT, GIVEN_UP, IN_PART, JUDGED, Hostile, accepted
from hostile.programs import FAULTY as FAULTS_OF_ITS_OWN
from hostile.running import Judged, judged_apart
from processes import FAULTY, REPAIRED, command, flake8, python
from test_bad_input import WITHOUT_PYFLAKES

from tfgradlint.analysis.relevance import relevant

ALL: dict[str, Hostile] = {each.name: each for each in (*shapes.programs(), *values.programs(), *parts.programs())}

_FIRST = ("TFG202", BEFORE[: BEFORE.index("np.square")].count("\n") + 1)


class Outcomes(Mapping[str, Judged]):
    """What came of each: of all those that are run through flake8 and the command as well, or of all the others, where
    one of them is asked for."""

    def __init__(self) -> None:
        self._found: dict[str, Judged] = {}

    def __getitem__(self, name: str) -> Judged:
        if name not in self._found:
            sample = {*THROUGH_FLAKE8, *THROUGH_THE_COMMAND}
            names = [each for each in ALL if (each in sample) == (name in sample)]
            self._found |= zip(names, judged_apart([ALL[each].text for each in names], 0), strict=True)
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(ALL)

    def __len__(self) -> int:
        return len(ALL)


@pytest.fixture(scope="module")
def outcomes() -> Outcomes:
    return Outcomes()


def test_each_has_a_name_of_its_own() -> None:
    assert len(ALL) == len(shapes.programs()) + len(values.programs()) + len(parts.programs())


def test_each_passes_the_text_test() -> None:
    assert [name for name, program in ALL.items() if not relevant(program.text)] == []


def test_most_are_python_here() -> None:
    assert sum(accepted(program.text) for program in ALL.values()) > 0.8 * len(ALL)


def test_the_two_faults_alone_are_found() -> None:
    program = Hostile("alone", BEFORE + AFTER)
    [judged] = judged_apart([program.text], 0)
    assert judged.told == program.due
    assert len(program.due) == 2


@pytest.mark.parametrize("name", ALL)
def test_outcome(name: str, outcomes: Outcomes) -> None:
    program, judged = ALL[name], outcomes[name]
    assert judged.escaped == ""
    reasons = [message for code, _, _, message in judged.findings if code == "TFG001"]
    if not accepted(program.text):
        assert len(judged.findings) == 1
        assert reasons[0].startswith("not judged: Python cannot parse it")
    elif program.outcome == GIVEN_UP and judged.told != program.due:
        assert len(judged.findings) == 1
        assert re.match("not judged: .*(nested too deeply|libcst cannot parse it)", reasons[0])
    elif program.outcome == CUT_SHORT:
        assert _FIRST in judged.told
        assert judged.told <= program.due
        assert judged.told == program.due or judged.gave_up
        assert all("more steps than the budget allows" in told for told in judged.gave_up)
    elif program.outcome == FAULTS_OF_ITS_OWN:
        assert judged.told > program.due
        assert reasons == judged.gave_up == []
    else:
        assert judged.told == program.due
        given_up = [told for told in judged.gave_up if program.outcome != IN_PART or "nested too deeply" not in told]
        assert given_up == []


def test_what_one_function_costs_is_that_functions(outcomes: Outcomes) -> None:
    assert outcomes[values.ALONE].told == ALL[values.ALONE].due


@pytest.mark.parametrize("name", ALL)
def test_the_budget_of_steps_ends_it(name: str, outcomes: Outcomes) -> None:
    """Past the budget it takes a few steps to leave what is open, and one for each function that is still due."""
    assert outcomes[name].over <= 100 + ALL[name].text.count("def ")


def test_findings_do_not_depend_on_the_order_of_hashes(outcomes: Outcomes) -> None:
    """``python -m hostile --seed S`` asks it of all of them."""
    small = [name for name, program in ALL.items() if len(program.text) < 5_000]
    again = judged_apart([ALL[name].text for name in small], 1)
    assert len(small) > 0.5 * len(ALL)
    assert [
        name for name, judged in zip(small, again, strict=True) if judged.comparable != outcomes[name].comparable
    ] == []


#: Through flake8 itself, as each of them takes a second: one of each kind.
THROUGH_FLAKE8 = [
    "10000 brackets",
    "sum of 5000 terms",
    "2000 elif",
    "chain of 3000 attributes",
    "and of 20000",
    "name of 20000 parts in an import",
    "80 patterns",
    "80 unpacked names to delete",
    "800 strings in a row",
    "tuple of itself twice",
    "bases that double",
    "helpers that double",
    "functions that pass themselves around",
    "list that holds itself twice",
    "infinite loops",
    "tf is a function",
    "np is TensorFlow's NumPy in one function only",
    "match",
    "exception groups",
    "type parameters",
    "f-strings of newer Pythons",
]


@pytest.mark.python
@pytest.mark.parametrize("name", THROUGH_FLAKE8)
def test_flake8_says_what_the_analysis_says(tmp_path: Path, name: str, outcomes: Outcomes) -> None:
    path = tmp_path / "program.py"
    path.write_text(ALL[name].text, encoding="utf-8")
    run = python("-c", WITHOUT_PYFLAKES, "--isolated", "--jobs=1", "--select=TFG,E9", path)
    assert "tfgradlint" not in run.stderr
    if not accepted(ALL[name].text):
        assert "TFG" not in run.stdout
        assert "E999" in run.stdout or "recursion" in run.stderr or "too complex" in run.stderr
        return
    assert run.stderr == ""
    told = [re.match(r"(.*?):(\d+):(\d+): (\S+) (.*)", line) for line in run.stdout.splitlines()]
    assert [(m[4], int(m[2]), int(m[3]), m[5]) for m in told if m is not None] == outcomes[name].findings


THROUGH_THE_COMMAND = ["sum of 5000 terms", "list of 5000 names", "functions that pass themselves around"]


@pytest.mark.python
@pytest.mark.parametrize("name", THROUGH_THE_COMMAND)
def test_the_command_says_what_the_analysis_says(tmp_path: Path, name: str, outcomes: Outcomes) -> None:
    path = tmp_path / "program.py"
    path.write_text(ALL[name].text, encoding="utf-8")
    run = command("check", "--output-format=json", path, apart=True)
    assert run.stderr == ""
    rows = [(row["code"], row["line"], row["column"], row["message"]) for row in json.loads(run.stdout)]
    assert rows == outcomes[name].findings


#: The same fault in files that are the same to Python: where it is due, as line and column.
SAME_TO_PYTHON: dict[str, tuple[bytes, str]] = {
    "byte-order mark": (b"\xef\xbb\xbf" + FAULTY.encode(), "7:26"),
    "byte-order mark and coding line": (b"\xef\xbb\xbf# coding: utf-8\n" + FAULTY.encode(), "8:26"),
    "CRLF": (FAULTY.replace("\n", "\r\n").encode(), "7:26"),
    "CRLF here and there": (FAULTY.replace("\n", "\r\n", 4).encode(), "7:26"),
    "tabs": (FAULTY.replace("    loss", "\tloss").encode(), "7:23"),
    "form feed on a line of its own": (FAULTY.replace("with", "\f\nwith").encode(), "8:26"),
    "form feed before a statement": (FAULTY.replace("with", "\fwith").encode(), "7:26"),
    "vertical tab and its kin in a string": (FAULTY.replace("w =", "s = '\v\x1c\x85\u2028'; w =").encode(), "7:26"),
    "latin-1": (b"# coding: latin-1\ns = '\xe9\xff'\n" + FAULTY.encode(), "9:26"),
    "latin-1 before the fault": (b"# coding: latin-1\n" + FAULTY.replace("loss", "l\xf6ss").encode("latin-1"), "8:26"),
    "names that are no ASCII": (FAULTY.replace("loss", "поте́ря").encode(), "7:29"),
    "letters outside of the first plane": (FAULTY.replace("    loss", "    s = '🦄'; loss").encode(), "7:35"),
    "backslashes": (FAULTY.replace("loss = ", "loss = \\\n").encode(), "8:15"),
    "no newline at the end": (FAULTY.rstrip("\n").encode(), "7:26"),
    "a Ctrl-Z at the end of a comment": (FAULTY.encode() + b"# \x1a", "7:26"),
    "100 empty lines": (b"\n" * 100 + FAULTY.encode(), "107:26"),
}


@pytest.mark.parametrize("name", SAME_TO_PYTHON)
def test_the_fault_is_found_where_it_stands(tmp_path: Path, name: str) -> None:
    data, place = SAME_TO_PYTHON[name]
    path = tmp_path / "program.py"
    path.write_bytes(data)
    for run in (flake8("--select", "TFG,E9", path), command("check", path)):
        assert [line.split()[:2] for line in run.stdout.splitlines()] == [[f"{path}:{place}:", "TFG202"]]
        assert run.stderr == ""


@pytest.mark.parametrize(
    "data",
    [
        FAULTY.encode() + b"x = 1\0\n",
        b"\0" + FAULTY.encode(),
        FAULTY.encode() + b"s = '\xff\xfe'\n",
        FAULTY.encode() + b"# \xc3\x28 \xed\xa0\x80\n",
        FAULTY.encode("utf-16"),
        b"# coding: utf-16\n" + FAULTY.encode(),
        b"# coding: no_such_encoding\n" + FAULTY.encode(),
        b"\xef\xbb\xbf# coding: latin-1\n" + FAULTY.encode(),
        bytes(range(256)) + FAULTY.encode(),
    ],
    ids=[
        "NUL at the end",
        "NUL at the start",
        "no UTF-8 in a string",
        "no UTF-8 in a comment",
        "UTF-16",
        "a coding line that is not true",
        "a coding line that no one knows",
        "a coding line against the byte-order mark",
        "every byte",
    ],
)
def test_what_is_no_text_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "program.py"
    path.write_bytes(data)
    (tmp_path / "sound.py").write_text(REPAIRED)
    run = command("check", path, tmp_path / "sound.py")
    assert run.returncode in (1, 2)
    assert run.stdout.count("\n") + run.stderr.count("\n") == 1
    assert "Traceback" not in run.stderr
    run = flake8("--select", "TFG,E9", path)
    assert "tfgradlint" not in run.stderr
    assert {line.split()[1] for line in run.stdout.splitlines()} <= {"E902", "E999", "TFG001", "TFG202"}


def test_outcomes_are_of_every_kind() -> None:
    assert {program.outcome for program in ALL.values()} == {JUDGED, GIVEN_UP, CUT_SHORT, FAULTS_OF_ITS_OWN, IN_PART}
