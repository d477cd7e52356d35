"""``python -m tests.mutations --count N --seed S [FOLDER ...]``: runs as many mutants as asked, of the fixtures and
of the programs below the folders, through the real plugin.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from .campaign import FIXTURES, Report, programs, run


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutations", description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER", help="more programs to mutate")
    parser.add_argument("--count", type=int, default=300, help="how many mutants (300)")
    parser.add_argument("--seed", type=int, default=0, help="which ones (0)")
    parser.add_argument("--only-folders", action="store_true", help="leave the fixtures out")
    parser.add_argument(
        "--keep", type=Path, metavar="FOLDER", help="write the first mutant of each kind of failure there"
    )
    options = parser.parse_args()
    began = time.monotonic()
    told = 0

    def progress(report: Report) -> None:
        nonlocal told
        for number, failure in enumerate(report.failures[told:], told):
            print(
                f"\n==== {failure.kind}\n{failure.origin}: {', '.join(failure.done)}\n{failure.told.rstrip()}",
                flush=True,
            )
            if options.keep is not None:
                options.keep.mkdir(parents=True, exist_ok=True)
                name = f"mutant_{options.seed}_{number:03}.py"
                (options.keep / name).write_bytes(failure.text.encode("utf-8", "surrogatepass"))
                print(f"kept as {options.keep / name}", flush=True)
        told = len(report.failures)
        print(
            f"[{time.monotonic() - began:5.0f} s] {report.mutants} of {options.count} mutants, "
            f"{len(report.failures)} kinds of failure",
            file=sys.stderr,
            flush=True,
        )

    originals = programs([*([] if options.only_folders else [FIXTURES]), *options.folders])
    report = run(originals, options.count, options.seed, progress)
    print(f"seed {options.seed}, {len(originals)} programs: {report.summary()}")
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
