"""``python -m tests.random_programs --count N --seed S``: judges as many random programs as asked."""

from __future__ import annotations

import argparse
import sys
import time

from .campaign import TAPES, UNKNOWN_SHARE, Kind, Report, run


def main(kind: Kind = TAPES, name: str = "python -m tests.random_programs", about: str | None = __doc__) -> int:
    parser = argparse.ArgumentParser(prog=name, description=about)
    parser.add_argument("--count", type=int, default=300, help="how many programs (300)")
    parser.add_argument("--seed", type=int, default=0, help="which ones (0)")
    parser.add_argument("--endings", action="store_true", help="also print how programs ended in exceptions")
    options = parser.parse_args()
    began = time.monotonic()
    told = shown = 0

    def progress(report: Report) -> None:
        nonlocal told, shown
        for failure in report.failures[told:]:
            print(f"\n==== {failure.kind}\n{failure.text.rstrip()}\n---- {failure.told}\n", flush=True)
        if len(report.failures) == told and report.programs < min(options.count, shown + 100):
            return
        told, shown = len(report.failures), report.programs
        seconds = time.monotonic() - began
        print(
            f"[{seconds:5.0f} s] {report.programs} of {options.count} programs, {report.share:.1%} unknown, "
            f"{len(report.failures)} kinds of failure",
            file=sys.stderr,
            flush=True,
        )

    report = run(options.count, options.seed, progress, kind)
    print(f"seed {options.seed}: {report.summary()}")
    if options.endings:
        for ending, times in report.endings.most_common(40):
            print(f"    {times:5} {ending}")
    for miss, times in report.misses.most_common(20):
        print(f"    {times:5} without a finding: {miss}")
    return 1 if report.failures or report.share > UNKNOWN_SHARE else 0


if __name__ == "__main__":
    sys.exit(main())
