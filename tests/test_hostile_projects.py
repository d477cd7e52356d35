"""Projects that no one means well with: each is judged in bounded time, and what was not looked into is told."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from processes import command
from test_projects import LOSSES, TRAIN

from tfgradlint.analysis.guarded import judge
from tfgradlint.analysis.results import Analysis
from tfgradlint.project.resolver import Project

#: Seconds of a processor that nothing here may take, and three times what the slowest needs.
_BOUND = 60
_MANY = 10_000


def judged(folder: Path, files: Mapping[str, str]) -> Analysis:
    """The analysis of ``train.py`` beside these files."""
    for name, text in {"train.py": TRAIN, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    text, begin = (folder / "train.py").read_text(), time.process_time()
    analysis = judge(text, project=Project(str(folder / "train.py"), (str(folder),)))
    assert time.process_time() - begin < _BOUND
    assert not [each for each in analysis.findings if each.code.startswith("TFG0")]
    return analysis


def verdict(analysis: Analysis) -> str:
    (predicted,) = analysis.predictions
    return predicted.verdict


def many(text: Callable[[int], str], count: int = _MANY) -> dict[str, str]:
    return {f"m{number}.py": text(number) for number in range(count)}


def test_ten_thousand_modules_that_hand_a_name_on(tmp_path: Path) -> None:
    files = many(lambda number: f"from m{number + 1} import loss\n")
    analysis = judged(tmp_path, {**files, "losses.py": "from m0 import loss\n", f"m{_MANY}.py": LOSSES})
    assert verdict(analysis) == "unknown"
    assert analysis.gave_up == ("m999.py is not looked into: more than 1000 modules are imported",)
    analysis = judged(tmp_path, {"m900.py": LOSSES})
    assert verdict(analysis) == "none"


def test_ten_thousand_modules_that_act_when_they_are_imported(tmp_path: Path) -> None:
    files = many(lambda number: f"import m{number + 1}\nloss = m{number + 1}.loss\nprint(loss)\n")
    analysis = judged(tmp_path, {**files, "losses.py": "from m0 import loss\n"})
    assert verdict(analysis) == "unknown"
    (word,) = analysis.gave_up
    assert word.endswith("is not looked into: too many modules import one another before it")


def test_two_thousand_modules_that_are_used(tmp_path: Path) -> None:
    names = [f"m{number}" for number in range(2000)]
    uses = ", ".join(f"{name}.loss" for name in names)
    train = TRAIN.replace("= loss(w)", f"= sum(each(w) for each in [{uses}])")
    train = "".join(f"import {name}\n" for name in names) + train.replace("from losses import loss\n", "")
    analysis = judged(tmp_path, {**many(lambda number: LOSSES, 2000), "train.py": train})
    assert verdict(analysis) == "unknown"
    assert analysis.gave_up == ("m1000.py is not looked into: more than 1000 modules are imported",)


@pytest.mark.parametrize("imported", ["from m{} import loss", "from m{} import *", "import m{}"])
def test_modules_in_a_circle(tmp_path: Path, imported: str) -> None:
    files = many(lambda number: f"{imported.format((number + 1) % 50)}\n{imported.format(number * 7 % 50)}\n", 50)
    assert verdict(judged(tmp_path, {**files, "losses.py": "from m3 import loss\n"})) == "unknown"


def test_links_that_lead_nowhere_or_in_a_circle(tmp_path: Path) -> None:
    (tmp_path / "losses.py").symlink_to("losses.py")
    (tmp_path / "other.py").symlink_to("nowhere.py")
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "again").symlink_to(tmp_path / "inner", target_is_directory=True)
    (tmp_path / "inner" / "__init__.py").write_text("")
    (tmp_path / "train.py").write_text(TRAIN)
    run = command("check", "--verbose", ".", cwd=tmp_path)
    assert (run.returncode, run.stdout) == (0, "")
    (tmp_path / "inner" / "losses.py").write_text(LOSSES)
    train = TRAIN.replace("from losses", f"from inner.{'again.' * 20}losses")
    assert verdict(judged(tmp_path, {"train.py": train})) == "none"


def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "losses.py")  # which nobody writes to: whoever opens it waits
    (tmp_path / "train.py").write_text(TRAIN)
    analysis = judge(TRAIN, project=Project(str(tmp_path / "train.py")))
    assert verdict(analysis) == "unknown"


def test_what_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: object, *args: object, **kwargs: object) -> object:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "losses.py").write_text(LOSSES)
    monkeypatch.setattr("tfgradlint.project.resolver.open", refuse, raising=False)
    analysis = judge(TRAIN, project=Project(str(tmp_path / "train.py")))
    assert verdict(analysis) == "unknown"
    assert analysis.gave_up == ("losses.py is not looked into: Permission denied",)


@pytest.mark.parametrize(
    ("losses", "why"),
    [
        (LOSSES + "#" * 5_000_000, "it has 5000097 bytes, and no more than 1000000 are read"),
        ("def loss(:\n", "Python cannot parse it ("),
        ("x = " + "(" * 5000 + ")" * 5000, "Python cannot parse it"),
    ],
    ids=["large", "syntax", "deep"],
)
def test_what_was_not_looked_into_is_told_to_who_asks(tmp_path: Path, losses: str, why: str) -> None:
    (tmp_path / "losses.py").write_text(losses)
    (tmp_path / "train.py").write_text(TRAIN)
    run = command("check", "--verbose", "train.py", cwd=tmp_path)
    assert f"train.py: losses.py is not looked into: {why}" in run.stderr
    assert "losses.py" not in command("check", "train.py", cwd=tmp_path).stderr
