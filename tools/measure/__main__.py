"""``python -m tools.measure``: measures everything under the TensorFlow that runs it and writes the knowledge.

``python -m tools.measure --every FOLDER`` does so for every version, in virtual environments that it makes there.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tools.measure import everywhere, supervising


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.measure", description=__doc__)
    parser.add_argument("--only", metavar="REGEX", default="", help="measure these names only and print their entries")
    parser.add_argument("--check", metavar="SAMPLE", help="measure a sample afresh and compare: a number, or names")
    parser.add_argument("--every", metavar="FOLDER", type=Path, help="measure every version, with environments there")
    parser.add_argument(
        "--versions", default=",".join(everywhere.VERSIONS), help="with --every: only these (default: %(default)s)"
    )
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        supervising.work()
        return 0
    if options.every:
        return everywhere.measure(options.every.resolve(), tuple(options.versions.split(",")))
    if options.check:
        return supervising.check(options.check)
    if options.only:
        return supervising.show(options.only)
    return supervising.measure_all()


if __name__ == "__main__":
    sys.exit(main())
