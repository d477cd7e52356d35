"""Programs that are cut into files: of each request and break the same is said as of the program in one file."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from cutting import cut, differing

FIXTURES = Path(__file__).parent / "fixtures"
#: Fixtures of these folders are cut, some of each.
FOLDERS = ("keras", "keras_2", "mechanisms", "tfg102", "tfg105", "tfg107", "tfg202", "tfg301", "tfg404", "tfg411")
_EACH = 5


def fixtures(folder: str) -> list[Path]:
    """Some fixtures of a folder that can be cut."""
    found = [path for path in sorted((FIXTURES / folder).glob("*.py")) if _can_be_cut(path)]
    return random.Random(folder).sample(found, min(_EACH, len(found)))


def _can_be_cut(path: Path) -> bool:
    return cut(path.read_text(), 2, random.Random(1)) is not None


@pytest.mark.parametrize("folder", FOLDERS)
def test_what_is_said_does_not_depend_on_files(folder: str, tmp_path: Path) -> None:
    chosen = fixtures(folder)
    assert len(chosen) > 2
    for path in chosen:
        found = differing(path.read_text(), 1, tmp_path)
        assert found is None, (path.name, *found[1:])


def test_random_programs_in_several_files(tmp_path: Path) -> None:
    pytest.importorskip("tensorflow")
    from hypothesis import HealthCheck, Phase, given, seed, settings
    from random_programs.campaign import TAPES

    cuts = 0

    @seed(17)
    @settings(
        max_examples=30, deadline=None, database=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate]
    )
    @given(TAPES.programs())
    def one(text: str) -> None:
        nonlocal cuts
        try:
            found = differing(text, cuts, tmp_path)
        except ValueError:
            return
        cuts += 1
        assert found is None, found

    one()
    assert cuts > 15


def test_a_program_is_not_cut_where_that_would_change_it() -> None:
    chance = random.Random(0)
    reads_later = "def f():\n    return x\nx = 1\n"
    assert cut(reads_later, 2, chance) is None
    assert cut("x = 1\nprint(globals())\n", 2, chance) is None
    assert cut("x = 1\nprint(x)\n", 2, chance) == {
        "part0.py": "x = 1\n",
        "main.py": "import part0\nfrom part0 import x\nprint(x)\n",
    }
