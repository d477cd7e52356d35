"""What an analysis costs on Python files, beside what parsing alone costs: on packages, on scripts, as they grow."""

from __future__ import annotations

import argparse
import ast
import gc
import os
import re
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from unittest import mock

from families import FAMILIES

from tfgradlint.analysis.relevance import relevant
from tfgradlint.files import sources

Result = TypeVar("Result")

#: In a file of its own length times this, an analysis should take about that many times as long.
GROWTH = 10
#: How large programs of each family are, at first and then.
SIZES = (20, 40, 160)
ROOT = Path(__file__).resolve().parent.parent
#: Of the fixtures of the tests, those of so many lines count as scripts.
LONG = 60
#: What a user's editor must not load for the plugin's sake.
HEAVY = ("tensorflow", "numpy", "keras")
IMPORTED = f"best of 5 processes; {', '.join(HEAVY[:-1])} and {HEAVY[-1]} not loaded"

#: Processor time, where it is fine enough: a machine does other work besides.
_FINE = time.get_clock_info("process_time").resolution < 1e-5
_clock = time.process_time if _FINE else time.perf_counter


@dataclass(frozen=True, slots=True)
class Timing:
    """The seconds that one file took; ``analysis`` does not contain ``parse``. ``used``: the share of its steps."""

    path: str
    lines: int
    parse: float
    analysis: float
    used: float

    @property
    def ratio(self) -> float:
        """Interpreter time in units of parse time."""
        return self.analysis / self.parse

    @property
    def total(self) -> float:
        """All that an analysis takes."""
        return self.parse + self.analysis


def main() -> int:
    """Print the figures; 2 where there is nothing to measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*", metavar="PATH", help="a folder of packages, or files")
    scripts = "a folder of scripts, or a file (default: the examples and the longer fixtures)"
    parser.add_argument("--scripts", action="append", metavar="PATH", help=scripts)
    parser.add_argument("--repeat", type=int, default=3, help="time each file this often and keep the best")
    parser.add_argument("--flake8", type=int, default=0, metavar="ROUNDS", help="also time flake8, with and without")
    parser.add_argument("--slowest", type=int, default=5, help="how many of the slowest files to list")
    parser.add_argument("--grown", type=int, default=8, help="how many files to time at ten times their length")
    parser.add_argument("--families", action="store_true", help="only print how generated programs grow")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, metavar="N", help="sizes of generated programs")
    options = parser.parse_args()
    if options.families:
        report_families(options.sizes, options.repeat)
        return 0

    print(f"import the plugin    {import_time() * 1e3:.0f} ms ({IMPORTED})")
    groups = {"packages": dict(_texts(options.paths))} if options.paths else {}
    groups["scripts"] = dict(_texts(options.scripts)) if options.scripts else {} if options.paths else dict(_ours())
    if not any(groups.values()):
        print("no Python files that can be read", file=sys.stderr)
        return 2
    for name, texts in groups.items():
        if texts:
            print(f"\n{name}")
            report_group(texts, options)
    print("\ngenerated programs")
    report_families(options.sizes, options.repeat)
    if options.flake8:
        report_flake8(options.paths or options.scripts or [str(ROOT / "examples")], options.flake8)
    return 0


def report_group(texts: dict[str, str], options: argparse.Namespace) -> None:
    """Print the figures of some files."""
    seconds, chosen = timed(lambda: [path for path, text in texts.items() if relevant(text)])
    print(f"files                {len(texts)}")
    print(f"lines                {sum(map(_lines, texts.values()))}")
    print(f"pass the text test   {len(chosen)} ({len(chosen) / len(texts):.1%}), test {seconds * 1e3:.1f} ms")
    timings = [timing for path in chosen if (timing := measure(path, texts[path], options.repeat))]
    if timings:
        report(timings, options.slowest)
        report_growth(timings, texts, options.grown, options.repeat)
        report_memory([timing.path for timing in timings])


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
    print(f"a file               {_spread([timing.analysis * 1e3 for timing in timings], '.1f')} ms of the interpreter")
    print(f"of its steps         {_spread([timing.used * 100 for timing in timings], '.1f')} %; at worst ", end="")
    print(", ".join(f"{each.used:.0%} {each.path}" for each in sorted(timings, key=lambda each: -each.used)[:3]))
    for timing in sorted(timings, key=lambda timing: -timing.analysis)[:slowest]:
        print(f"  {timing.analysis * 1e3:7.0f} ms  {timing.ratio:6.2f}  {timing.lines:5} lines  {timing.path}")


def _spread(values: list[float], form: str) -> str:
    """The median, and what nine of ten and 99 of 100 do not exceed."""
    ordered = sorted(values)
    at = {share: ordered[min(int(share * len(ordered)), len(ordered) - 1)] for share in (0.5, 0.9, 0.99)}
    return f"median {at[0.5]:{form}}, p90 {at[0.9]:{form}}, p99 {at[0.99]:{form}}"


def report_families(sizes: Sequence[int], repeat: int) -> None:
    """Print by how much the interpreter's time grows with the size of generated programs."""
    worst: list[tuple[float, str]] = []
    measure("", next(iter(FAMILIES.values()))(sizes[0]), 1)  # what is imported for the first analysis is no growth
    for name, make in FAMILIES.items():
        taken = [measure(name, make(size), repeat) for size in sizes]
        costs = [each.analysis for each in taken if each is not None]
        each_size = ", ".join(f"{size}: {cost * 1e3:.1f} ms" for size, cost in zip(sizes, costs, strict=True))
        grown = [cost / max(costs[0], 1e-4) for cost in costs[1:]]
        times = " and ".join(
            f"{size // sizes[0]} times as long {each:.1f}" for size, each in zip(sizes[1:], grown, strict=True)
        )
        used = max((each.used for each in taken if each is not None), default=0.0)
        print(f"{name:20} {each_size}; {times}; {used:.0%} of its steps")
        worst.append((grown[-1], name))
    print(f"worst growth         {', '.join(f'{name} {grown:.1f}' for grown, name in sorted(worst)[:-4:-1])}")


def report_growth(timings: list[Timing], texts: dict[str, str], most: int, repeat: int) -> None:
    """Print by how much an analysis grows with the text, for files of every size."""
    by_size = sorted(timings, key=lambda timing: timing.lines)
    step = max(len(by_size) / most, 1) if most else len(by_size) + 1
    chosen = [by_size[int(index * step)] for index in range(most) if index * step < len(by_size)]
    pairs: list[tuple[Timing, Timing]] = []
    for timing in chosen:
        # an import from the future may only stand at the top of a file
        text = re.sub(r"^from __future__ import .*$", "pass", texts[timing.path], flags=re.MULTILINE)
        once = measure(timing.path, text, repeat)
        grown = measure(timing.path, f"{text}\n" * GROWTH, repeat)
        if once and grown:
            pairs.append((once, grown))
    if pairs:
        parse = sum(grown.parse for _, grown in pairs) / sum(once.parse for once, _ in pairs)
        total = sum(grown.total for _, grown in pairs) / sum(once.total for once, _ in pairs)
        worst, path = max((grown.total / once.total, once.path) for once, grown in pairs)
        print(f"{GROWTH} times the text    {total:.1f} times the time, parsing alone {parse:.1f}; ", end="")
        print(f"at worst of {len(pairs)} files {worst:.1f}, {path}")


def report_memory(paths: list[str]) -> None:
    """Print the most memory that processes took which parse and which analyse the files."""
    parsing = peak_memory(
        "import libcst\nfrom tfgradlint.analysis.analysis import analyse\nwork = libcst.parse_module", paths
    )
    analysing = peak_memory("import libcst\nfrom tfgradlint.analysis.analysis import analyse as work", paths)
    if parsing and analysing:
        print(f"peak memory          {analysing:.0f} MiB, {parsing:.0f} MiB for parsing alone")


def report_flake8(paths: list[str], rounds: int) -> None:
    """Print what flake8 takes with the plugin and without, in alternation so that both meet the same machine."""
    runs = [(flake8_time(paths, plugin=False), flake8_time(paths, plugin=True)) for _ in range(rounds)]
    without, with_plugin = (statistics.median(times) for times in zip(*runs, strict=True))
    print(f"flake8               {without:.2f} s without the plugin, {with_plugin:.2f} s with it ", end="")
    print(f"({with_plugin / without:.3f} times, medians of {rounds} rounds in alternation)")


def measure(path: str, text: str, repeat: int) -> Timing | None:
    """The best of several runs; None for text that is no Python program."""
    import libcst

    from tfgradlint.analysis import analysis
    from tfgradlint.flow.python.interpreter import Interpreter

    runs: list[tuple[Interpreter, int]] = []

    class Counted(Interpreter):
        """Stays, to be asked for its steps."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            runs.append((self, self.store))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError):
            return None
    gc.collect()
    gc.disable()  # as the analysis does for itself: what it parses must cost what parsing alone costs
    try:
        parse = min(timed(lambda: libcst.parse_module(text))[0] for _ in range(repeat))
        with mock.patch.object(analysis, "Interpreter", Counted):
            total = min(timed(lambda: analysis.analyse(text, tree))[0] for _ in range(repeat))
    finally:
        gc.enable()
    interpreter, steps = runs[-1]
    return Timing(path, _lines(text), parse, max(total - parse, 0.0), interpreter.taken / steps)


def import_time() -> float:
    """Seconds to import the plugin in a process of its own."""
    program = (
        "import sys, time; t = time.perf_counter(); import tfgradlint.plugin; print(time.perf_counter() - t); "
        f"sys.exit(' '.join(sorted(set({HEAVY!r}) & set(sys.modules))))"
    )
    runs = [subprocess.run([sys.executable, "-c", program], capture_output=True, text=True) for _ in range(5)]
    for run in runs:
        if loaded := run.stderr.strip():
            raise SystemExit(f"importing the plugin: {loaded}")
    return min(float(run.stdout) for run in runs)


def peak_memory(preparation: str, paths: list[str]) -> float | None:
    """MiB that a process held at most which does ``work`` on each file; None where the system does not tell."""
    program = (
        f"import sys, warnings; from tfgradlint.files import sources\n{preparation}\n"
        "warnings.simplefilter('ignore')\n"
        "for path in sys.stdin.read().splitlines(): work(sources.read(path))\n"
        "print([line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')][0])"
    )
    command = [sys.executable, "-c", program]
    run = subprocess.run(command, input="\n".join(paths), capture_output=True, text=True, encoding="utf-8", check=False)
    return int(run.stdout) / 1024 if run.returncode == 0 else None


def flake8_time(paths: list[str], *, plugin: bool) -> float:
    """Seconds of processor time of a flake8 process with all its default checks and one job."""
    program = (
        "import importlib.metadata as metadata, sys; find = metadata.distributions\n"
        f"plugin = {plugin}; ours = [d for d in find() if d.name == 'tfgradlint']\n"
        "if plugin and not ours: sys.exit('tfgradlint is not installed')\n"
        "metadata.distributions = lambda **by: (d for d in find(**by) if plugin or d.name != 'tfgradlint')\n"
        "from flake8.main.cli import main; code = main(sys.argv[1:])\n"
        "assert plugin == ('tfgradlint.plugin' in sys.modules); sys.exit(code)"
    )
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
    start = _clock()
    result = work()
    return _clock() - start, result


def _texts(paths: list[str]) -> Iterator[tuple[str, str]]:
    found, missing = sources.find(paths)
    for error in missing:
        print(error, file=sys.stderr)
    for path in found:
        try:
            yield path, sources.read(path)
        except sources.Unreadable as error:
            print(error, file=sys.stderr)


def _ours() -> Iterator[tuple[str, str]]:
    """The examples of this checkout, and the longer ones of its fixtures."""
    yield from _texts([str(ROOT / "examples")])
    for path, text in _texts([str(ROOT / "tests" / "fixtures")]):
        if _lines(text) > LONG:
            yield path, text


def _lines(text: str) -> int:
    return text.count("\n") + 1


if __name__ == "__main__":
    sys.exit(main())
