"""Judges many texts in a process of their own, one after the other: ``python -m hostile.running``.

The process reads a JSON list of texts and prints one JSON object a line for each, as soon as it is known; where it
dies, the first one missing is the one that killed it, and another process goes on behind that.
"""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tfgradlint.analysis import analysis
from tfgradlint.analysis.guarded import judge
from tfgradlint.flow.python.interpreter import Interpreter

#: Seconds after which a text is taken to be endless, and bytes of memory after which it is taken to be without bounds.
ENDLESS = 90
_MEMORY = 6 << 30


class Endless(BaseException):
    """The text takes longer than any text may."""


@dataclass
class Judged:
    """What came of a text: findings as code, line, column and message, in their order."""

    findings: list[tuple[str, int, int, str]] = field(default_factory=list)
    predictions: list[str] = field(default_factory=list)
    gave_up: list[str] = field(default_factory=list)
    #: Steps of the interpreter past its budget.
    over: int = 0
    #: Traceback of what escaped.
    escaped: str = ""
    seconds: float = 0.0
    parse_seconds: float = 0.0

    @property
    def told(self) -> set[tuple[str, int]]:
        """Code and line of each finding."""
        return {(code, line) for code, line, _, _ in self.findings}

    @property
    def comparable(self) -> tuple[Any, ...]:
        """All but the times."""
        return self.findings, self.predictions, self.gave_up, self.over, self.escaped


class _Watched(Interpreter):
    """An interpreter that stays to be asked how many steps it took."""

    last: _Watched | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.over = 0
        _Watched.last = self

    def begin_share(self) -> None:
        self.over = max(self.over, -self.steps)
        super().begin_share()


def judged(text: str) -> Judged:
    """Judge one text."""
    result = Judged()
    _Watched.last = None
    parse_module = analysis.cst.parse_module

    def parse(source: str) -> Any:
        began = time.perf_counter()
        try:
            return parse_module(source)
        finally:
            result.parse_seconds = time.perf_counter() - began

    analysis.Interpreter, analysis.cst.parse_module = _Watched, parse  # type: ignore[misc]
    began = time.perf_counter()
    try:
        found = judge(text)
    except (Exception, Endless):
        result.escaped = traceback.format_exc()
    else:
        places = [(each.code, each.position.line, each.position.column, each.message) for each in found.findings]
        result.findings = places
        result.predictions = [repr(each) for each in found.predictions]
        result.gave_up = list(found.gave_up)
    finally:
        analysis.cst.parse_module = parse_module
    result.seconds = time.perf_counter() - began
    result.over = max(_Watched.last.over, -_Watched.last.steps) if _Watched.last is not None else 0
    return result


def judged_apart(texts: Sequence[str], hash_seed: int) -> list[Judged]:
    """Judge the texts in another process, under this seed of Python's hashes."""
    results: list[Judged] = []
    while len(results) < len(texts):
        with tempfile.TemporaryFile("w+", encoding="utf-8") as given:
            json.dump(texts[len(results) :], given)
            given.seek(0)
            run = subprocess.run(
                [sys.executable, "-m", "hostile.running"],
                stdin=given,
                capture_output=True,
                text=True,
                encoding="utf-8",
                cwd=Path(__file__).parents[1],
                env={**os.environ, "PYTHONHASHSEED": str(hash_seed), "PYTHONIOENCODING": "utf-8"},
                check=False,
            )
        for line in run.stdout.splitlines():
            row = json.loads(line)
            row["findings"] = [tuple(each) for each in row["findings"]]
            results.append(Judged(**row))
        if len(results) < len(texts):
            results.append(Judged(escaped=f"the process died: {run.returncode}\n{run.stderr[-2000:]}"))
    return results


def main() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))

    def end(signum: int, frame: object) -> None:
        raise Endless

    signal.signal(signal.SIGALRM, end)
    endless = int(sys.argv[1]) if len(sys.argv) > 1 else ENDLESS
    judged("tf.GradientTape")  # so that what is loaded once is loaded
    for text in json.load(sys.stdin):
        signal.alarm(endless)
        faulthandler.dump_traceback_later(endless + 2, exit=True)  # native code hears no signal
        result = judged(text)
        faulthandler.cancel_dump_traceback_later()
        signal.alarm(0)
        print(json.dumps(asdict(result)), flush=True)


if __name__ == "__main__":
    main()
