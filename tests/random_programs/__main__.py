"""``python -m tests.random_programs --count N --seed S``: judges as many random programs as asked.

First programs of all that tapes do, then of each family as many as a fifth of them; ``--family`` names those to judge
alone, with ``--count`` programs each.
"""

from __future__ import annotations

import argparse
import sys
import time

from .campaign import TAPES, UNKNOWN_SHARE, Kind, Report, run, run_families, table


def main(kind: Kind = TAPES, name: str = "python -m tests.random_programs", about: str | None = __doc__) -> int:
    parser = argparse.ArgumentParser(prog=name, description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=300, help="how many programs (300)")
    parser.add_argument("--seed", type=int, default=0, help="which ones (0)")
    parser.add_argument("--endings", action="store_true", help="also print how programs ended in exceptions")
    parser.add_argument(
        "--family", action="append", choices=("all", *kind.families()), help="only programs of this family (or of all)"
    )
    options = parser.parse_args()
    named = options.family or []
    failed = False
    if not named:
        report = run(options.count, options.seed, _Progress(options.count), kind)
        print(f"seed {options.seed}: {report.summary()}")
        _print_counters(report, endings=options.endings)
        failed = bool(report.failures) or report.share > UNKNOWN_SHARE
    count = options.count if named else options.count // 5
    failed = _families(options, kind, [] if "all" in named else named, count) or failed
    return 1 if failed else 0


def _families(options: argparse.Namespace, kind: Kind, names: list[str], count: int) -> bool:
    """Judge the families; whether anything failed."""
    progress = {name: _Progress(count, f"{name}: ") for name in kind.families()}
    reports = run_families(count, options.seed, names, lambda name, report: progress[name](report), kind)
    print(table(reports))
    for name, report in reports.items():
        for cause, times in report.causes.most_common(4):
            print(f"    {name}: {times:5} unknown: {cause}")
        if options.endings:
            print(name)
            _print_counters(report, endings=True)
    return any(report.failures for report in reports.values())


def _print_counters(report: Report, *, endings: bool) -> None:
    if endings:
        for ending, times in report.endings.most_common(40):
            print(f"    {times:5} {ending}")
    for miss, times in report.misses.most_common(20):
        print(f"    {times:5} without a finding: {miss}")


class _Progress:
    """Prints each kind of failure as it is found, and from time to time how far the run is."""

    def __init__(self, count: int, prefix: str = "") -> None:
        self._count = count
        self._prefix = prefix
        self._began = 0.0
        self._told = self._shown = 0

    def __call__(self, report: Report) -> None:
        self._began = self._began or time.monotonic()
        for failure in report.failures[self._told :]:
            print(f"\n==== {self._prefix}{failure.kind}\n{failure.text.rstrip()}\n---- {failure.told}\n", flush=True)
        if len(report.failures) == self._told and report.programs < min(self._count, self._shown + 100):
            return
        self._told, self._shown = len(report.failures), report.programs
        print(
            f"[{time.monotonic() - self._began:5.0f} s] {self._prefix}{report.programs} of {self._count} programs, "
            f"{report.share:.1%} unknown, {len(report.failures)} kinds of failure",
            file=sys.stderr,
            flush=True,
        )


if __name__ == "__main__":
    sys.exit(main())
