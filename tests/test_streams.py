"""Where the command reads and writes may be full, closed, gone, or no file; and a run may be ended at any moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from processes import FAULTY, TIMEOUT, command, python

COMMANDS = (
    ("check", "--no-cache", "faulty.py"),
    ("check", "--no-cache", "--statistics", "--output-format", "json", "faulty.py"),
    ("predict", "--no-cache", "--output-format", "json", "faulty.py"),
    ("rule", "--all"),
    ("op", "tf.round"),
    ("config",),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "faulty.py").write_text(FAULTY)
    return tmp_path


def shell(redirection: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The command with streams as a shell redirects them."""
    line = f'exec "$0" -m tfgradlint "$@" {redirection}'
    return subprocess.run(
        ["sh", "-c", line, sys.executable, *arguments],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_full_disk_is_told_in_one_line_and_is_no_finding(folder: Path, arguments: tuple[str, ...]) -> None:
    run = shell(">/dev/full", *arguments, cwd=folder)
    assert (run.returncode, run.stderr) == (2, "tfgradlint: standard output: No space left on device\n")


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_standard_output_that_is_closed_changes_nothing_else(folder: Path, arguments: tuple[str, ...]) -> None:
    open_, closed = shell("", *arguments, cwd=folder), shell(">&-", *arguments, cwd=folder)
    assert (closed.returncode, closed.stdout, closed.stderr) == (open_.returncode, "", open_.stderr)


def test_a_standard_error_that_is_closed_changes_nothing_else(folder: Path) -> None:
    run = shell("2>&-", "check", "--no-cache", "faulty.py", "missing.py", cwd=folder)
    assert (run.returncode, run.stdout.count("TFG202")) == (2, 1)


@pytest.mark.parametrize("arguments", [("check", "--no-cache", "-"), ("server",)], ids=" ".join)
def test_a_standard_input_that_is_closed_is_not_taken_for_an_empty_one(
    folder: Path, arguments: tuple[str, ...]
) -> None:
    run = shell("<&-", *arguments, cwd=folder)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith("tfgradlint: standard input: it is closed")
    assert run.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [("rule", "--all"), ("check", "--no-cache", ".")], ids=" ".join)
def test_a_reader_that_goes_away_ends_the_run_quietly(folder: Path, arguments: tuple[str, ...]) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    try:
        run = subprocess.run(
            [sys.executable, "-m", "tfgradlint", *arguments],
            cwd=folder,
            stdout=theirs,
            stderr=subprocess.PIPE,
            timeout=TIMEOUT,
            check=False,
        )
    finally:
        os.close(theirs)
    assert (run.returncode, run.stderr) == (141, b"")


def test_a_pipe_named_as_output_file_is_written_to_and_stays(folder: Path) -> None:
    pipe = folder / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()), daemon=True)
    reader.start()
    run = command("check", "--output-file", "pipe", "faulty.py", cwd=folder)
    reader.join(TIMEOUT)
    assert (run.returncode, run.stdout, run.stderr) == (1, "", "")
    assert pipe.is_fifo()
    assert [text.count("TFG202") for text in read] == [1]


def test_a_device_that_takes_nothing_is_told(folder: Path) -> None:
    # a link, so that nothing but the link could be lost
    (folder / "full").symlink_to("/dev/full")
    run = command("check", "--output-file", "full", "faulty.py", cwd=folder)
    assert (run.returncode, run.stdout, run.stderr) == (2, "", "tfgradlint: full: No space left on device\n")


def test_an_empty_output_file_is_an_error_of_use(folder: Path) -> None:
    run = command("check", "--output-file", "", "faulty.py", cwd=folder)
    assert (run.returncode, run.stderr) == (2, "tfgradlint: an empty path: name a file\n")


# -- the end at any moment

#: Runs the command; the interrupt key is pressed while a module of it is imported.
WHILE_IMPORTING = """
import sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "tfgradlint.cli.files":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Finder())
from tfgradlint.__main__ import main
sys.exit(main())
"""


def test_an_interrupt_while_the_program_is_loaded(folder: Path) -> None:
    run = python("-c", WHILE_IMPORTING, cwd=folder)
    assert (run.returncode, run.stdout, run.stderr) == (130, "", "tfgradlint: interrupted\n")


#: Runs the command in two processes, in which no analysis ever ends, and says when two have begun.
ENDLESS = """
import multiprocessing, os, sys, time
from tfgradlint import cli
from tfgradlint.files import running
def wait(text, **options):
    os.write(2, b"begun\\n")
    while True:
        time.sleep(0.01)
running.judge, running._WORTH, running._PORTION = wait, 1, 1
multiprocessing.set_start_method("fork")
sys.exit(cli.main(["check", "--jobs", "2", "--output-file", "told", "."]))
"""


def test_an_interrupt_ends_the_processes_that_help_and_leaves_nothing_half_written(folder: Path) -> None:
    for number in range(20):
        (folder / f"faulty{number}.py").write_text(f"# {number}\n{FAULTY}")
    before = sorted(path.name for path in folder.iterdir())
    with subprocess.Popen(
        [sys.executable, "-c", ENDLESS],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stderr is not None
        assert [process.stderr.readline() for _ in range(2)] == ["begun\n"] * 2
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all
        out, err = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, out, err) == (130, "", "tfgradlint: interrupted\n")
    assert sorted(path.name for path in folder.iterdir()) == sorted([*before, ".tfgradlint_cache"])
    assert not list(folder.rglob("*.partial"))
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
