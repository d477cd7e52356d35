"""Reading sources, and the text test that decides what is looked into."""

from __future__ import annotations

from pathlib import Path

import pytest

from tfgradlint.analysis.relevance import relevant
from tfgradlint.files.sources import Unreadable, decode, find, read

pytestmark = pytest.mark.python

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize(
    ("data", "text"),
    [
        pytest.param(b"x = 1\n", "x = 1\n", id="plain"),
        pytest.param(b"\xef\xbb\xbfx = 1\n", "x = 1\n", id="byte-order mark"),
        pytest.param(b"x = 1\r\ny = 2\r\n", "x = 1\ny = 2\n", id="CRLF"),
        pytest.param(b"x = 1\ry = 2\r", "x = 1\ny = 2\n", id="CR"),
        pytest.param(b"# coding: latin-1\ns = '\xe9'\n", "# coding: latin-1\ns = 'é'\n", id="coding line"),
        pytest.param(
            b"#!/usr/bin/python\n# coding: cp1252\n\x80",
            "#!/usr/bin/python\n# coding: cp1252\n€",
            id="second",
        ),
        pytest.param(b"", "", id="empty"),
    ],
)
def test_decodes_as_python_does(data: bytes, text: str) -> None:
    assert decode(data, "program.py") == text


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b"x = 1\ns = '\xff'\n", "program.py: line 2 is not utf-8", id="undecodable"),
        pytest.param(b"# coding: nonsense\n", "program.py: unknown encoding: nonsense", id="unknown coding"),
        pytest.param(b"# coding: hex\n", "program.py: 'hex' is not a text encoding", id="no text coding"),
        pytest.param("x".encode("utf-16"), "program.py: ", id="UTF-16"),
    ],
)
def test_says_in_one_line_why_it_cannot_decode(data: bytes, reason: str) -> None:
    with pytest.raises(Unreadable) as caught:
        decode(data, "program.py")
    assert str(caught.value).startswith(reason)
    assert "\n" not in str(caught.value)


def test_read_names_the_missing_file(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="No such file or directory"):
        read(str(tmp_path / "missing.py"))


def test_find_walks_directories_and_leaves_out_what_is_customary(tmp_path: Path) -> None:
    kept = ["a.py", "pkg/b.py", "pkg/deep/c.py"]
    left = [
        "notes.txt",
        ".git/d.py",
        ".venv/lib/e.py",
        "pkg/__pycache__/f.py",
        "build/g.py",
        "node_modules/h.py",
    ]
    for name in kept + left:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "folder.py").mkdir()
    found, missing = find([str(tmp_path)])
    assert [Path(path).relative_to(tmp_path).as_posix() for path in found] == kept
    assert missing == []


def test_find_takes_what_is_named_once_and_whatever_its_name(tmp_path: Path) -> None:
    for name in ("build/a.py", "script"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    build, script = str(tmp_path / "build"), str(tmp_path / "script")
    found, missing = find([script, build, build, str(tmp_path / "build" / "a.py"), str(tmp_path / "gone")])
    assert found == [str(tmp_path / "build" / "a.py"), script]
    assert [str(error) for error in missing] == [f"{tmp_path / 'gone'}: No such file or directory"]


@pytest.mark.parametrize(
    "text",
    [
        "with tf.GradientTape() as tape: pass",
        "from tensorflow import GradientTape as Tape",
        "def step(tape, y, x): return tape.gradient(y, x)",
        "grads = tf.gradients(y, x)",
        "rows = tape . jacobian (y, x)",
        "rows = (tape\n    .batch_jacobian(y, x))",
    ],
)
def test_relevant(text: str) -> None:
    assert relevant(text)


@pytest.mark.parametrize(
    "text", ["", "import tensorflow as tf", "gradient(x)", "self.gradient = 1", "x.gradients_of(y)"]
)
def test_not_relevant(text: str) -> None:
    assert not relevant(text)


def test_every_fixture_that_asks_for_gradients_is_relevant() -> None:
    programs = sorted((ROOT / "tests" / "fixtures").rglob("*.py"))
    assert programs
    assert [
        path.name for path in programs if "# outcome:" in (text := path.read_text("utf-8")) and not relevant(text)
    ] == []
