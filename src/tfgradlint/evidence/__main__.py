"""``python -m tfgradlint.evidence PATH...``: hold the comments of programs against TensorFlow."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from tfgradlint.evidence.observe import TensorFlowMissing
from tfgradlint.evidence.programs import Program, SpecificationError
from tfgradlint.evidence.run import Run, python_files
from tfgradlint.evidence.training import LEGACY, legacy_keras


def main(arguments: list[str] | None = None) -> int:
    """Print, for each program and mode, ``ok`` or each difference; 1 where there is one.

    Programs of Keras 2 come last, in a process of their own.
    """
    parser = argparse.ArgumentParser(prog="python -m tfgradlint.evidence", description=__doc__)
    parser.add_argument("paths", nargs="+", type=Path, help="programs, or folders of programs")
    parser.add_argument("--linter", action="store_true", help="hold the linter against them as well")
    parser.add_argument("--unknown", action="store_true", help="also print what the linter does not know")
    parser.add_argument("--times", action="store_true", help="print the seconds each run took")
    options = parser.parse_args(arguments)
    differing = 0
    of_keras_2: list[Path] = []
    for path in python_files(options.paths):
        program = Program.load(path)
        if program.legacy_keras and not legacy_keras():
            of_keras_2.append(path)
            continue
        try:
            modes = program.modes
        except (SpecificationError, SyntaxError) as error:
            modes = ()
            differing += 1
            print(f"{path}: {error}")
        for mode in modes:
            start = time.perf_counter()
            try:
                differences, unknown = _differences(program, mode, linter=options.linter)
            except TensorFlowMissing as error:
                print(error, file=sys.stderr)
                return 2
            took = f" ({time.perf_counter() - start:.1f} s)" if options.times else ""
            print(f"{path} [{mode}]: {'differs' if differences else 'ok'}{took}", flush=True)
            for difference in differences:
                print(f"    {difference}", flush=True)
            for line in unknown if options.unknown else []:
                print(f"    unknown: {line}", flush=True)
            differing += bool(differences)
    status = _with_keras_2(of_keras_2, options) if of_keras_2 else 0
    return status or (1 if differing else 0)


def _with_keras_2(paths: list[Path], options: argparse.Namespace) -> int:
    """The same in a process in which ``tf.keras`` is Keras 2."""
    flags = [f"--{name}" for name in ("linter", "unknown", "times") if getattr(options, name)]
    command = [sys.executable, "-m", "tfgradlint.evidence", *flags, *map(str, paths)]
    return subprocess.run(command, env={**os.environ, LEGACY: "1"}, check=False).returncode


def _differences(program: Program, mode: str, *, linter: bool) -> tuple[list[str], list[str]]:
    try:
        run = Run.of(program, mode)
    except SpecificationError as error:
        return [str(error)], []
    differences = [f"TensorFlow: {difference}" for difference in run.against_tensorflow()]
    if linter:
        differences += [f"linter: {difference}" for difference in run.against_linter()]
    return differences, run.unknown()


if __name__ == "__main__":
    sys.exit(main())
