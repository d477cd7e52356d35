"""Runs texts through the real plugin in a process of their own, so that one that kills it is seen."""

from __future__ import annotations

import ast
import faulthandler
import io
import json
import os
import signal
import time
import traceback
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

#: Seconds after which a text is taken to be endless.
ENDLESS = 60
_MEMORY = 4 << 30
#: Times the parse that an analysis may take at most, and seconds below which no one minds.
SLOW, _NEGLIGIBLE = 10.0, 0.25


@dataclass
class Run:
    """What came of one text. ``fault`` is empty where nothing is wrong with the analysis."""

    fault: str = ""
    told: str = ""
    parsed: bool = False
    looked_into: bool = False
    gave_up: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    seconds: float = 0.0
    parse_seconds: float = 0.0

    @property
    def ratio(self) -> float:
        """The time of all but the parse, as a multiple of it."""
        return (self.seconds - self.parse_seconds) / self.parse_seconds if self.parse_seconds else 0.0

    @property
    def slow(self) -> bool:
        """Whether it takes longer than it may, and long enough for someone to mind."""
        return self.ratio > SLOW and self.seconds > _NEGLIGIBLE


class Endless(BaseException):
    """The text takes longer than any text may."""


def runs(texts: Sequence[str]) -> Iterator[Run]:
    """What comes of each text, in order. A worker that dies is followed by another behind the text that killed it."""
    begin = 0
    while begin < len(texts):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            _work(texts[begin:], writing)
        os.close(writing)
        with open(reading, encoding="utf-8") as results:
            for line in results:
                yield Run(**json.loads(line))
                begin += 1
        _, status = os.waitpid(child, 0)
        if begin < len(texts):
            code = os.waitstatus_to_exitcode(status)
            name = signal.Signals(-code).name if code < 0 else f"exit status {code}"
            endless = code == 1
            yield Run("endless in native code" if endless else f"the process died: {name}")
            begin += 1


def _work(texts: Sequence[str], writing: int) -> None:
    """The worker: one line of JSON for each text, as soon as it is known; never returns."""
    import resource

    memory = _held() + _MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    signal.signal(signal.SIGALRM, _end)
    faulthandler.disable()  # that of the parent would print its tests
    with open(os.devnull, "w") as quiet, open(writing, "w", encoding="utf-8") as out:
        for text in texts:
            signal.alarm(ENDLESS)
            # native code hears no signal
            faulthandler.dump_traceback_later(ENDLESS + 5, exit=True, file=quiet)
            run = one(text)
            if run.slow:  # a busy machine, perhaps: what it takes at best tells
                run = min((run, one(text), one(text)), key=lambda each: each.ratio)
            faulthandler.cancel_dump_traceback_later()
            signal.alarm(0)
            print(json.dumps(asdict(run)), file=out, flush=True)
    os._exit(0)


def _held() -> int:
    """The address space, in bytes, that the process has from its parent: TensorFlow takes gigabytes of it."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def _end(signum: int, frame: object) -> None:
    raise Endless


def one(text: str) -> Run:
    """Run the plugin over a text as flake8 would; where Python refuses the text, the analysis flake8 would not ask."""
    import libcst

    from tfgradlint.analysis.guarded import judge
    from tfgradlint.analysis.relevance import relevant
    from tfgradlint.plugin import Plugin

    run = Run(looked_into=relevant(text))
    parse_module = libcst.parse_module

    def timed(source: str) -> Any:
        began = time.perf_counter()
        try:
            return parse_module(source)
        finally:
            run.parse_seconds += time.perf_counter() - began

    libcst.parse_module = timed  # type: ignore[assignment]
    began = time.perf_counter()
    try:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            told = [f"{each.code} {each.message}" for each in judge(text).findings]
            if len(told) != 1 or not told[0].startswith("TFG001 not judged: Python cannot parse it"):
                run.fault, run.told = "a text that Python refuses is not told as such", repr(told)
            return run
        run.parsed = True
        began = time.perf_counter()
        plugin = Plugin(tree, list(io.StringIO(text)), "program.py")
        rows = list(plugin.run())
        run.seconds = time.perf_counter() - began
        _check(run, text, rows)
    except Endless:
        run.fault, run.told = f"endless: {_last()}", traceback.format_exc(limit=-12)
    except Exception as error:
        run.fault, run.told = f"{type(error).__name__} at {_last()}", traceback.format_exc(limit=-12)
    finally:
        libcst.parse_module = parse_module
    return run


def _check(run: Run, text: str, rows: list[tuple[int, int, str, Any]]) -> None:
    """Every finding stands in the text; none of them tells of a fault of the analysis."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if len({row[:3] for row in rows}) != len(rows):
        run.fault = "a finding is told twice"
    for line, column, told, _ in rows:
        run.codes.append(told[:6])
        if not 1 <= line <= len(lines) or not 0 <= column <= len(lines[line - 1]):
            run.fault, run.told = "a finding stands outside of the text", f"{line}:{column} {told}"
        if "\n" in told:
            run.fault, run.told = "a message has several lines", told
        if told.startswith("TFG001") and not told.startswith("TFG001 not judged: libcst cannot parse it"):
            run.fault, run.told = _without_names(told), told


def _without_names(told: str) -> str:
    """A fault of the analysis by its kind: what differs from file to file is left out."""
    return "TFG001" + told.rpartition("analysed")[2] if "was not analysed" in told else told


def _last() -> str:
    """The place in the package where the exception in hand was raised."""
    import sys

    trace = traceback.extract_tb(sys.exc_info()[2])
    own = [frame for frame in trace if "tfgradlint" in frame.filename] or list(trace)
    return f"{os.path.basename(own[-1].filename)}, {own[-1].name}" if own else "?"
