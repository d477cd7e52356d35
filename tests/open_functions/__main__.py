"""``python -m tests.open_functions --count N --seed S [FOLDER ...]``: seeds so many faults into training functions of
the fixtures and examples, or of the sound programs below the folders.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .campaign import Report, run
from .opening import of_this_project, trainings
from .seeding import AT_THE_LOSS, BEFORE, BEHIND, ONE_OF_TWO

#: What is asked of the shares that are found.
LEAST = {(BEHIND, ONE_OF_TWO, BEFORE): 0.6, (AT_THE_LOSS,): 0.95}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.open_functions", description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER", help="programs instead of the fixtures")
    parser.add_argument("--count", type=int, default=100, help="how many faults (100)")
    parser.add_argument("--seed", type=int, default=0, help="which ones (0)")
    options = parser.parse_args()

    def progress(report: Report) -> None:
        print(f"{report.refused} lose nothing, {report.found.total()} of {report.true.total()} found", file=sys.stderr)

    report = run(list(trainings(options.folders)) or of_this_project(), options.count, options.seed, progress)
    for line in (*report.missed, *report.untrue):
        print(line)
    print(report.summary())
    short = [kinds for kinds, least in LEAST.items() if report.share(*kinds) < least]
    return 1 if report.untrue or short else 0


if __name__ == "__main__":
    sys.exit(main())
