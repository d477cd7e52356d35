"""The benchmark runs and prints the figures it promises."""

from __future__ import annotations

from pathlib import Path

from processes import python

ROOT = Path(__file__).resolve().parent.parent


def test_speed_prints_its_figures(tmp_path: Path) -> None:
    for name in ("word_vectors.py", "actor_critic.py"):
        (tmp_path / name).write_text((ROOT / "examples" / name).read_text("utf-8"))
    (tmp_path / "irrelevant.py").write_text("x = 1\n")
    (tmp_path / "broken.py").write_text("GradientTape = (\n")
    run = python(ROOT / "benchmarks" / "speed.py", "--repeat", "1", "--flake8", tmp_path)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith("files                4\n")
    assert "pass the text test   3 (75.0%)" in run.stdout
    assert "analysed             2 files, " in run.stdout
    for figure in ("import the plugin", "parse time", "interpreter time", "interpreter / parse", "flake8"):
        assert f"\n{figure}" in run.stdout


def test_speed_of_nothing_is_an_error(tmp_path: Path) -> None:
    assert python(ROOT / "benchmarks" / "speed.py", tmp_path).returncode == 2
