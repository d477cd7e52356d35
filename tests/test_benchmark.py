"""The benchmarks run and print the figures they promise."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from processes import FAULTY, REPAIRED, Finished, python

ROOT = Path(__file__).resolve().parent.parent
SPEED = ROOT / "benchmarks" / "speed.py"
REAL = ROOT / "benchmarks" / "real_packages.py"


def test_speed_prints_its_figures(tmp_path: Path) -> None:
    for name in ("word_vectors.py", "actor_critic.py"):
        (tmp_path / name).write_text((ROOT / "examples" / name).read_text("utf-8"))
    (tmp_path / "irrelevant.py").write_text("x = 1\n")
    (tmp_path / "broken.py").write_text("GradientTape = (\n")
    run = python(SPEED, "--repeat", "1", "--flake8", "1", "--sizes", "5", "10", "40", "--", tmp_path)
    assert (run.returncode, run.stderr) == (0, "")
    assert "\npackages\nfiles                4\n" in run.stdout
    assert "pass the text test   3 (75.0%)" in run.stdout
    assert re.search(r"^import the plugin    \d+ ms \(.* tensorflow, numpy and keras not loaded\)\n", run.stdout)
    assert "analysed             2 files, " in run.stdout
    for figure in ("parse time", "interpreter time", "interpreter / parse", "10 times the text", "flake8"):
        assert re.search(rf"\n{figure} +\d+\.\d", run.stdout), figure
    if Path("/proc/self/status").exists():
        assert re.search(r"\npeak memory +\d+ MiB, \d+ MiB for parsing alone\n", run.stdout)
    assert "medians of 1 rounds in alternation" in run.stdout
    spread = r"median \d+\.\d, p90 \d+\.\d, p99 \d+\.\d"
    assert re.search(rf"\na file               {spread} ms of the interpreter\n", run.stdout)
    assert re.search(rf"\nof its steps         {spread} %; at worst \d+% .*\.py, \d+% .*\.py\n", run.stdout)
    for family in re.findall(r"^    \"(\w+)\": _", (ROOT / "benchmarks" / "families.py").read_text(), re.MULTILINE):
        assert re.search(
            rf"\n{family} +5: .*; 2 times as long .* and 8 times as long .*; \d+% of its steps\n", run.stdout
        )


def test_speed_of_scripts() -> None:
    run = python(SPEED, "--repeat", "1", "--grown", "0", "--sizes", "2", "4", "--scripts", ROOT / "examples")
    assert (run.returncode, run.stderr) == (0, "")
    assert "\nscripts\nfiles                10\n" in run.stdout
    assert "\npackages\n" not in run.stdout


def test_speed_of_nothing_is_an_error(tmp_path: Path) -> None:
    assert python(SPEED, tmp_path).returncode == 2


class Packages:
    """An installation folder with one package, and a list of accepted findings."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "installed"
        self.accepted = folder / "accepted.json"
        self.write("some_nets/faulty.py", FAULTY)
        self.write("some_nets/repaired.py", REPAIRED)
        self.write("some_nets/notes.txt", "GradientTape")
        self.record("1.5")

    def write(self, path: str, text: str) -> None:
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_text(text, encoding="utf-8")

    def record(self, version: str) -> None:
        information = f"some_nets-{version}.dist-info"
        self.write(f"{information}/METADATA", f"Metadata-Version: 2.1\nName: some-nets\nVersion: {version}\n")
        files = sorted(path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*.*") if path.is_file())
        self.write(f"{information}/RECORD", "".join(f"{file},,\n" for file in files))

    def accept(self, *findings: dict[str, Any], version: str = "1.5") -> None:
        listed = {"packages": {"some-nets": {"version": version}}, "findings": list(findings)}
        self.accepted.write_text(json.dumps(listed), encoding="utf-8")

    def check(self, *options: str) -> Finished:
        return python(REAL, "--installed", self.folder, "--accepted", self.accepted, *options)


JUDGED = {
    "package": "some-nets",
    "path": "some_nets/faulty.py",
    "line": 7,
    "code": "TFG202",
    "judgement": "true",
    "why": "NumPy's square of the variable is an array.",
}


@pytest.fixture
def packages(tmp_path: Path) -> Packages:
    return Packages(tmp_path)


def test_accepted_findings_are_no_difference(packages: Packages) -> None:
    packages.accept(JUDGED)
    run = packages.check()
    assert (run.returncode, run.stderr) == (0, "")
    assert "some-nets 1.5: 2 files, 2 analysed in " in run.stdout
    assert "requests             2: 1 flows, 1 none\n" in run.stdout
    assert "some-nets: some_nets/faulty.py:7: TFG202 np.square() leaves TensorFlow" in run.stdout
    assert "\n        true: NumPy's square of the variable is an array.\n" in run.stdout
    assert run.stdout.endswith("\ndifferences          0\n")


@pytest.mark.parametrize(
    ("accepted", "difference"),
    [
        ([], "new: some-nets: some_nets/faulty.py:7: TFG202"),
        ([JUDGED, {**JUDGED, "line": 9}], "gone: some-nets: some_nets/faulty.py:9: TFG202"),
        ([{**JUDGED, "judgement": None}], "without a judgement: some-nets: some_nets/faulty.py:7: TFG202"),
        ([{**JUDGED, "why": ""}], "without a judgement: some-nets: some_nets/faulty.py:7: TFG202"),
    ],
)
def test_differences_from_the_accepted_list(
    packages: Packages, accepted: list[dict[str, Any]], difference: str
) -> None:
    packages.accept(*accepted)
    run = packages.check()
    assert run.returncode == 1
    assert run.stdout.endswith(f"\n{difference}\ndifferences          1\n")


def test_a_file_that_is_not_analysed_is_a_difference(packages: Packages) -> None:
    packages.write("some_nets/broken.py", "GradientTape = (\n")
    packages.record("1.5")
    packages.accept(JUDGED)
    run = packages.check()
    assert run.returncode == 1
    assert "\nnot analysed: some-nets: some_nets/broken.py:1: " in run.stdout


def test_an_update_keeps_judgements_and_waits_for_new_ones(packages: Packages) -> None:
    packages.write("some_nets/twin.py", FAULTY)
    packages.record("1.5")
    packages.accept(JUDGED, {**JUDGED, "line": 9})
    assert packages.check("--update").returncode == 1
    after = json.loads(packages.accepted.read_text(encoding="utf-8"))
    assert after["findings"] == [JUDGED, {**JUDGED, "path": "some_nets/twin.py", "judgement": None, "why": ""}]
    assert after["packages"] == {"some-nets": {"version": "1.5", "requests": {"flows": 1, "none": 2}}}


def test_another_version_or_none_is_an_error(packages: Packages) -> None:
    packages.accept(JUDGED, version="1.6")
    run = packages.check()
    assert run.returncode == 2
    assert "holds some-nets 1.5, the list is of 1.6" in run.stderr


def test_every_accepted_finding_is_judged() -> None:
    accepted = json.loads(REAL.with_suffix(".json").read_text(encoding="utf-8"))
    assert all(entry["judgement"] in ("true", "false") and entry["why"] for entry in accepted["findings"])
    assert {entry["package"] for entry in accepted["findings"]} <= accepted["packages"].keys()
