"""Many files: processes, the order of results, the progress line, and the cache."""

from __future__ import annotations

import io
import json
import multiprocessing
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from processes import FAULTY, REPAIRED, TIMEOUT, command, python

from tfgradlint import cli
from tfgradlint.analysis.analysis import analyse
from tfgradlint.files import cache, running
from tfgradlint.files.cache import Cache, CacheUnwritable, key
from tfgradlint.files.progress import PATIENCE, Progress

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Enough text that it is divided among processes, with files that cannot be read or judged in between."""
    for number in range(30):
        folder = tmp_path / f"package{number % 7}"
        folder.mkdir(exist_ok=True)
        filling = f"# {'x' * 76}\n" * 80
        text = {0: REPAIRED, 1: FAULTY + "x = (\n"}.get(number % 6, FAULTY)
        (folder / f"module{number}.py").write_text(text + filling)
    (tmp_path / "package3" / "undecodable.py").write_bytes(b"s = '\xff'\n")
    return tmp_path


# -- processes


def test_several_processes_say_what_one_says_in_the_same_order(tree: Path) -> None:
    for name in ("check", "predict"):
        one, *others = (command(name, "--verbose", "--jobs", jobs, ".", cwd=tree) for jobs in ("1", "2", "5"))
        assert one.stdout.count("\n") > 15
        assert "undecodable.py: " in one.stderr
        assert [(run.returncode, run.stdout, run.stderr) for run in others] == [(2, one.stdout, one.stderr)] * 2


def test_the_work_is_divided(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    in_parallel = running._in_parallel

    def note(portions: list[list[running.Job]], processes: int) -> Iterator[running.Judged]:
        asked.append(processes)
        return in_parallel(portions, processes)

    monkeypatch.setattr(running, "_in_parallel", note)
    monkeypatch.chdir(tree)
    assert cli.main(["check", "--no-cache", "--jobs", "3", "."]) == 2
    (tree / "pyproject.toml").write_text("[tool.tfgradlint]\njobs = 2\n")
    assert cli.main(["check", "--no-cache", "."]) == 2
    assert asked == [3, 2]
    assert cli.main(["check", "--no-cache", "package0/module0.py"]) == 0
    assert asked == [3, 2]  # one small file is not worth a process


def die(portion: list[running.Job]) -> list[running.Judged]:
    os._exit(70)


def test_a_process_that_dies_ends_the_run_in_one_line(
    tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(running, "_judge_portion", die)
    monkeypatch.chdir(tree)
    assert cli.main(["check", "--no-cache", "--jobs", "2", "."]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == "tfgradlint: a process ended before its work was done; --jobs 1 shows at which file\n"


#: Runs the command with processes that are started in one way or another.
STARTED = """
import multiprocessing, sys
from tfgradlint import cli
multiprocessing.set_start_method(sys.argv[1])
sys.exit(cli.main(["check", "--no-cache", "--quiet", "--jobs", "2", "."]))
"""


@pytest.mark.python
@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_processes_may_be_started_in_any_way(tree: Path, method: str) -> None:
    plain = command("check", "--jobs", "1", ".", cwd=tree)
    run = python("-c", STARTED, method, cwd=tree)
    assert (run.returncode, run.stdout, run.stderr) == (2, plain.stdout, plain.stderr)


#: Runs the command with an analysis that never ends, and says when it has begun.
ENDLESS = """
import sys, time
from tfgradlint import cli
from tfgradlint.files import running
def wait(text, **options):
    print("begun", flush=True)
    while True:
        time.sleep(0.01)
running.judge = wait
sys.exit(cli.main(["check", "--no-cache", "--jobs", "1", "."]))
"""


def test_an_interrupt_ends_the_run_in_one_line(tree: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", ENDLESS], cwd=tree, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, out, err) == (130, "", "tfgradlint: interrupted\n")


# -- progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_told_after_a_while_on_one_line_that_goes_away() -> None:
    now = [0.0]
    stream = Terminal()
    progress = Progress(stream, 3, lambda: now[0])
    progress.step()
    assert stream.getvalue() == ""
    now[0] = PATIENCE
    progress.step()
    assert stream.getvalue() == "\rtfgradlint: 2 of 3 files"
    progress.step()  # too soon after the last
    progress.end()
    assert stream.getvalue() == f"\rtfgradlint: 2 of 3 files\r{' ' * 24}\r"


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()], ids=["no terminal", "a short run"])
def test_there_is_no_progress_line_otherwise(stream: io.StringIO) -> None:
    now = [0.0]
    progress = Progress(stream, 3, lambda: now[0])
    now[0] = 0.0 if stream.isatty() else 100.0
    progress.step()
    progress.end()
    assert stream.getvalue() == ""


#: Runs the command as if every run took long.
PATIENT = """
import sys
from tfgradlint import cli
from tfgradlint.files import progress
progress.PATIENCE = progress.PAUSE = 0.0
sys.exit(cli.main(["check", "--no-cache", *sys.argv[1:]]))
"""


def test_progress_on_a_real_terminal_leaves_standard_output_alone(tree: Path) -> None:
    plain = command("check", "package0", "package1", cwd=tree)
    ours, theirs = pty.openpty()
    run = subprocess.run(
        [sys.executable, "-c", PATIENT, "package0", "package1"],
        cwd=tree,
        stdout=subprocess.PIPE,
        stderr=theirs,
        timeout=TIMEOUT,
        check=False,
    )
    os.close(theirs)
    shown = os.read(ours, 100_000).decode()
    os.close(ours)
    assert run.stdout.decode() == plain.stdout
    files = len(list(tree.glob("package[01]/*.py")))
    assert f"\rtfgradlint: {files} of {files} files" in shown
    assert f" \r{files} files, " in shown


# -- the cache


def entries(folder: Path) -> list[Path]:
    return sorted(folder.glob("*/*.json"))


def cached(tree: Path, *arguments: str, apart: bool = False) -> tuple[int, str, str]:
    run = command("check", *arguments, cwd=tree, cache=True, apart=apart)
    return run.returncode, run.stdout, run.stderr


def test_the_second_run_says_the_same_from_the_cache(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    afresh = command("check", ".", cwd=tree)
    first, second = cached(tree, "."), cached(tree, ".")
    assert first == second == (afresh.returncode, afresh.stdout, afresh.stderr)
    folder = tree / ".tfgradlint_cache"
    assert len(entries(folder)) == 3  # as many as there are different texts
    assert (folder / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f06886806bc55\n")
    assert "*\n" in (folder / ".gitignore").read_text()

    def judged(text: str, **options: object) -> None:
        raise AssertionError("judged again")

    monkeypatch.setattr(running, "judge", judged)
    monkeypatch.chdir(tree)
    assert cli.main(["check", "--jobs", "1", "."]) == 2
    with pytest.raises(AssertionError, match="judged again"):
        cli.main(["check", "--jobs", "1", "--no-cache", "."])
    with pytest.raises(AssertionError, match="judged again"):
        cli.main(["check", "--jobs", "1", "--tensorflow-version", "2.15", "."])
    with pytest.raises(AssertionError, match="judged again"):
        cli.main(["check", "--jobs", "1", "--gradients", "a.b=none", "."])


def test_selection_does_not_need_another_analysis(tree: Path) -> None:
    before = cached(tree, ".")
    count = len(entries(tree / ".tfgradlint_cache"))
    assert cached(tree, "--select", "TFG3", ".")[1] == ""
    assert cached(tree, ".") == before
    assert len(entries(tree / ".tfgradlint_cache")) == count


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_what_comes_out_is_what_was_put_in(tmp_path: Path, path: Path) -> None:
    analysis = analyse(path.read_text("utf-8"))
    store = Cache(str(tmp_path))
    store.prepare()
    assert store.get(key(b"a")) is None
    store.put(key(b"a"), analysis)
    assert store.get(key(b"a")) == analysis


def test_a_result_depends_on_every_file_of_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    folders: list[Path] = []
    monkeypatch.setattr(cache, "_files", lambda folder: iter([folders.append(folder)][:0]))
    cache._program.__wrapped__()
    assert folders == [Path(cli.__file__).parents[1]]


def test_the_key_holds_all_that_a_result_depends_on(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {
        key(b"x = 1"),
        key(b"x = 2"),
        key(b"x = 1", "2.16"),
        key(b"x = 1", "2.16", {"a.b": "none"}),
        key(b"x = 1", "2.16", {"a.b": {"x": "none", "y": "flows"}}),
        key(b"x = 1", "2.16", {"a.b": {"y": "flows", "x": "none"}}),
    }
    assert len(keys) == 6
    monkeypatch.setattr(cache, "_program", lambda: ["another version"])
    assert key(b"x = 1") not in keys


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda data: b"", id="empty"),
        pytest.param(lambda data: data[: len(data) // 2], id="cut"),
        pytest.param(lambda data: b"\xff" * len(data), id="not text"),
        pytest.param(lambda data: b"[" * 100_000, id="deep"),
        pytest.param(lambda data: b"null", id="null"),
        pytest.param(lambda data: data.replace(b'"line": 7', b'"line": "7"'), id="another type"),
        pytest.param(lambda data: data.replace(b'"message"', b'"massage"'), id="another field"),
        pytest.param(lambda data: data.replace(b'"key": "', b'"key": "0'), id="another key"),
    ],
)
def test_a_damaged_entry_is_none_and_is_written_anew(tmp_path: Path, damage: object) -> None:
    assert callable(damage)
    (tmp_path / "faulty.py").write_text(FAULTY)
    before = cached(tmp_path, ".")
    (entry,) = entries(tmp_path / ".tfgradlint_cache")
    whole = entry.read_bytes()
    entry.write_bytes(damage(whole))
    assert entry.read_bytes() != whole
    assert cached(tmp_path, ".") == before
    assert entry.read_bytes() == whole


def test_an_entry_that_is_a_folder_is_none(tmp_path: Path) -> None:
    (tmp_path / "faulty.py").write_text(FAULTY)
    before = cached(tmp_path, ".")
    (entry,) = entries(tmp_path / ".tfgradlint_cache")
    entry.unlink()
    entry.mkdir()
    assert cached(tmp_path, ".") == before
    assert not list(tmp_path.rglob("*.partial"))


def test_runs_at_the_same_time_share_a_cache(tree: Path) -> None:
    afresh = command("check", ".", cwd=tree)
    with ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(lambda _: cached(tree, "--cache-dir", "shared/deep", ".", apart=True), range(4)))
    assert runs == [(afresh.returncode, afresh.stdout, afresh.stderr)] * 4
    for entry in entries(tree / "shared" / "deep"):
        assert json.loads(entry.read_text())["key"] == entry.parent.name + entry.stem
    assert not list(tree.rglob("*.partial"))


def test_a_folder_that_cannot_be_written_costs_one_warning(tree: Path) -> None:
    (tree / "occupied").write_text("a file")
    afresh = command("check", ".", cwd=tree)
    status, out, err = cached(tree, "--cache-dir", "occupied", ".")
    first, rest = err.split("\n", 1)
    assert first.startswith("tfgradlint: nothing is cached: occupied: ")
    assert (status, out, rest) == (afresh.returncode, afresh.stdout, afresh.stderr)
    assert cached(tree, "--no-cache", "--cache-dir", "occupied", ".")[2] == afresh.stderr


def test_a_folder_without_permission_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **more: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(cache.tempfile, "TemporaryFile", refuse)
    with pytest.raises(CacheUnwritable, match="Permission denied"):
        Cache(str(tmp_path / "cache")).prepare()


def test_a_full_disk_in_the_middle_of_a_run_does_not_end_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    store = Cache(str(tmp_path))
    store.prepare()
    monkeypatch.setattr(cache.os, "replace", full)
    store.put(key(b"a"), analyse(""))
    assert store.get(key(b"a")) is None
    assert not list(tmp_path.rglob("*.partial"))


def aged(path: Path, days: float) -> None:
    """Make it look as if a file was last changed some days ago."""
    then = path.stat().st_mtime - days * 24 * 60 * 60
    os.utime(path, (then, then))


@pytest.fixture
def used(tmp_path: Path) -> Path:
    """The folder of a run over two files, of which one has gone since."""
    (tmp_path / "faulty.py").write_text(FAULTY)
    (tmp_path / "repaired.py").write_text(REPAIRED)
    cached(tmp_path, ".")
    (tmp_path / "repaired.py").unlink()
    return tmp_path / ".tfgradlint_cache"


def test_what_no_run_has_used_for_long_is_removed(used: Path) -> None:
    for entry in entries(used):
        aged(entry, 31)
    aged(used / "pruned", 2)
    assert cached(used.parent, ".")[0] == 1
    (entry,) = entries(used)
    assert "TFG202" in entry.read_text()  # the one that was read


@pytest.mark.parametrize(("entry_days", "mark_days"), [(29, 2), (31, 0.9)], ids=["used lately", "pruned today"])
def test_what_may_still_be_of_use_stays(used: Path, entry_days: float, mark_days: float) -> None:
    for entry in entries(used):
        aged(entry, entry_days)
    aged(used / "pruned", mark_days)
    assert cached(used.parent, ".")[0] == 1
    assert len(entries(used)) == 2


def test_nothing_is_removed_that_is_no_entry(used: Path) -> None:
    folder = entries(used)[0].parent
    ours, strange = folder / "tmp0a_9.partial", [folder / "notes.json", used / "notes.json", used / "a.partial"]
    for path in (ours, *strange, used / "CACHEDIR.TAG"):
        path.touch()
        aged(path, 31)
    (folder / f"{62 * '0'}.json").mkdir()
    aged(folder / f"{62 * '0'}.json", 31)
    aged(used / "pruned", 2)
    cached(used.parent, ".")
    assert not ours.exists()
    assert [path for path in (*strange, used / "CACHEDIR.TAG", folder / f"{62 * '0'}.json") if not path.exists()] == []


def test_runs_that_prune_at_the_same_time_do_not_disturb_each_other(used: Path) -> None:
    for number in range(500):
        old = used / f"{number % 256:02x}" / f"{number:062x}.json"
        old.parent.mkdir(exist_ok=True)
        old.write_text("{}")
        aged(old, 31)
    before = cached(used.parent, "--no-cache", ".")

    def prune_anew(_: int) -> None:
        aged(used / "pruned", 2)
        Cache(str(used)).prune()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(prune_anew, range(4)))
        assert list(pool.map(lambda _: cached(used.parent, ".", apart=True), range(2))) == [before] * 2
    prune_anew(0)  # a folder that others empty while it is listed may hide an entry
    assert len(entries(used)) == 2


def test_what_cannot_be_removed_stays(used: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise PermissionError(13, "Permission denied")

    for entry in entries(used):
        aged(entry, 31)
    aged(used / "pruned", 2)
    monkeypatch.setattr(cache.os, "unlink", refuse)
    Cache(str(used)).prune()
    assert len(entries(used)) == 2


def test_standard_input_leaves_nothing_behind(tmp_path: Path) -> None:
    run = command("check", "-", stdin=FAULTY, cwd=tmp_path, cache=True)
    assert run.returncode == 1
    assert list(tmp_path.iterdir()) == []
