"""What an analysis costs on a folder of Python files, beside what parsing alone costs."""

from __future__ import annotations

import argparse
import ast
import os
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from tfgradlint import sources

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Timing:
    """The seconds that one file took; ``analysis`` does not contain ``parse``."""

    path: str
    lines: int
    parse: float
    analysis: float

    @property
    def ratio(self) -> float:
        """Interpreter time in units of parse time."""
        return self.analysis / self.parse


def main() -> int:
    """Print the figures; 2 where there is nothing to measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="+", metavar="PATH", help="a folder of Python files, or files")
    parser.add_argument("--repeat", type=int, default=3, help="time each file this often and keep the best")
    parser.add_argument("--flake8", action="store_true", help="also time flake8 with and without the plugin's work")
    parser.add_argument("--slowest", type=int, default=5, help="how many of the slowest files to list")
    options = parser.parse_args()

    texts = dict(_texts(options.paths))
    if not texts:
        print("no Python files that can be read", file=sys.stderr)
        return 2
    seconds, chosen = timed(lambda: [path for path, text in texts.items() if sources.relevant(text)])
    print(f"files                {len(texts)}")
    print(f"lines                {sum(map(_lines, texts.values()))}")
    print(f"pass the text test   {len(chosen)} ({len(chosen) / len(texts):.1%}), test {seconds * 1e3:.1f} ms")
    print(f"import the plugin    {import_time() * 1e3:.0f} ms (best of 5 processes)")
    timings = [timing for path in chosen if (timing := measure(path, texts[path], options.repeat))]
    if timings:
        report(timings, options.slowest)
    if options.flake8:
        without = flake8_time(options.paths, "from tfgradlint.plugin import Plugin; Plugin.run = lambda self: iter(())")
        with_plugin = flake8_time(options.paths, "pass")
        print(
            f"flake8               {without:.1f} s without the plugin's work, {with_plugin:.1f} s with it ",
            end="",
        )
        print(f"({with_plugin / without - 1:+.1%})")
    return 0


def report(timings: list[Timing], slowest: int) -> None:
    """Print the totals over the files that were analysed, and the slowest of them."""
    parse = sum(timing.parse for timing in timings)
    analysis = sum(timing.analysis for timing in timings)
    lines = sum(timing.lines for timing in timings)
    per_thousand = 1e3 / lines * 1e3
    print(f"analysed             {len(timings)} files, {lines} lines")
    print(f"parse time           {parse:.3f} s ({parse * per_thousand:.0f} ms a thousand lines)")
    print(f"interpreter time     {analysis:.3f} s ({analysis * per_thousand:.0f} ms a thousand lines)")
    median = statistics.median(timing.ratio for timing in timings)
    print(f"interpreter / parse  {analysis / parse:.2f} in total, {median:.2f} in the median file")
    for timing in sorted(timings, key=lambda timing: -timing.analysis)[:slowest]:
        print(f"  {timing.analysis * 1e3:7.0f} ms  {timing.ratio:6.2f}  {timing.lines:5} lines  {timing.path}")


def measure(path: str, text: str, repeat: int) -> Timing | None:
    """The best of several runs; None for text that is no Python program."""
    import libcst

    from tfgradlint.analysis import analyse

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError):
            return None
        parse = min(timed(lambda: libcst.parse_module(text))[0] for _ in range(repeat))
        total = min(timed(lambda: analyse(text, tree))[0] for _ in range(repeat))
    return Timing(path, _lines(text), parse, max(total - parse, 0.0))


def import_time() -> float:
    """Seconds to import the plugin in a process of its own."""
    program = "import time; t = time.perf_counter(); import tfgradlint.plugin; print(time.perf_counter() - t)"
    runs = (subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, check=True) for _ in range(5))
    return min(float(run.stdout) for run in runs)


def flake8_time(paths: list[str], preparation: str) -> float:
    """Seconds of processor time of a flake8 process with all its default checks and one job."""
    program = f"import sys; {preparation}; from flake8.main.cli import main; sys.exit(main(sys.argv[1:]))"
    arguments = ["--isolated", "--jobs=1", "--select=C,E,F,W,TFG", "--quiet", "--quiet", *paths]
    before = os.times()
    run = subprocess.run([sys.executable, "-c", program, *arguments], stdout=subprocess.DEVNULL, check=False)
    after = os.times()
    if run.returncode not in (0, 1):
        raise SystemExit(f"flake8 ended with {run.returncode}")
    used = after.children_user - before.children_user + after.children_system - before.children_system
    return used or after.elapsed - before.elapsed  # Windows counts no children


def timed(work: Callable[[], Result]) -> tuple[float, Result]:
    """Seconds and result of a call."""
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def _texts(paths: list[str]) -> Iterator[tuple[str, str]]:
    found, missing = sources.find(paths)
    for error in missing:
        print(error, file=sys.stderr)
    for path in found:
        try:
            yield path, sources.read(path)
        except sources.Unreadable as error:
            print(error, file=sys.stderr)


def _lines(text: str) -> int:
    return text.count("\n") + 1


if __name__ == "__main__":
    sys.exit(main())
