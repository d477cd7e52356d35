"""``python -m tools.measure``: measures everything and writes the knowledge."""

from __future__ import annotations

import argparse
import sys

from tools.measure import supervising


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.measure", description=__doc__)
    parser.add_argument("--only", metavar="REGEX", default="", help="measure these names only and print their entries")
    parser.add_argument("--check", metavar="SAMPLE", help="measure a sample afresh and compare: a number, or names")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        supervising.work()
        return 0
    if options.check:
        return supervising.check(options.check)
    if options.only:
        return supervising.show(options.only)
    return supervising.measure_all()


if __name__ == "__main__":
    sys.exit(main())
