"""``python -m tfgradlint.evidence PATH...``: hold the comments of programs against TensorFlow."""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from tfgradlint.evidence.observe import TensorFlowMissing, installed, versions_of
from tfgradlint.evidence.programs import Program, SpecificationError
from tfgradlint.evidence.run import Run, python_files
from tfgradlint.evidence.training import legacy_keras
from tfgradlint.knowledge.versions import LEGACY_KERAS

CLEAN, DIFFERENCES, COULD_NOT_RUN = 0, 1, 2


def main(arguments: list[str] | None = None) -> int:
    """Print, for each program and mode, ``ok`` or each difference; 1 where there is one, 2 where nothing was run.

    Programs of Keras 2 come last, in a process of their own. What cannot be run here is told, and left out.
    """
    parser = argparse.ArgumentParser(prog="python -m tfgradlint.evidence", description=__doc__)
    parser.add_argument("paths", nargs="+", type=Path, help="programs, or folders of programs")
    parser.add_argument("--linter", action="store_true", help="hold the linter against them as well")
    parser.add_argument("--unknown", action="store_true", help="also print what the linter does not know")
    parser.add_argument("--sample", type=int, metavar="N", help="of each folder, N failing and N sound programs only")
    parser.add_argument("--times", action="store_true", help="print the seconds each run took")
    options = parser.parse_args(arguments)
    try:
        programs, unreadable, left_out = _chosen(options)
        elsewhere = [program for program in programs if program.legacy_keras and not legacy_keras()]
        here = [program for program in programs if program not in elsewhere]
        runs = [_run(program, mode, options) for program in here for mode in program.modes]
        told = f"{installed()}: {len(runs)} runs, {sum(runs)} differ; {left_out} programs left out"
    except TensorFlowMissing as error:
        print(error, file=sys.stderr)
        return COULD_NOT_RUN
    print(told, file=sys.stderr, flush=True)
    if not (programs or unreadable):
        return COULD_NOT_RUN
    status = _with_keras_2(elsewhere, options) if elsewhere else CLEAN
    return status or (DIFFERENCES if unreadable or any(runs) else CLEAN)


def _chosen(options: argparse.Namespace) -> tuple[list[Program], int, int]:
    """The programs to run; how many cannot be read, and how many cannot be run here."""
    programs: list[Program] = []
    unreadable = left_out = 0
    for path in python_files(options.paths):
        program = Program.load(path)
        try:
            missing = _missing(program)
            program.specification()
        except (SpecificationError, SyntaxError) as error:
            print(f"{path}: {error}")
            unreadable += 1
            continue
        left_out += bool(missing)
        if not missing:
            programs.append(program)
        elif options.sample is None:
            print(f"{path}: left out, {missing}", flush=True)
    return list(_sample(programs, options.sample)), unreadable, left_out


def _missing(program: Program) -> str:
    """What a program needs that is not here; empty where it can be run."""
    for name in program.imports:
        if importlib.util.find_spec(name) is None:
            return f"{name} is not installed"
    if program.of_keras_3 and versions_of(program.text).keras < 3:
        return "it tells only what Keras 3 does"
    return ""


def _sample(programs: Iterable[Program], count: int | None) -> Iterator[Program]:
    """All, or of each folder so many failing, sound and other ones, spread over their names."""
    kinds: dict[tuple[Path, str], list[Program]] = {}
    for program in programs:
        path = Path(program.name)
        kind = path.name.partition("_")[0]
        kinds.setdefault((path.parent, kind if kind in ("fail", "sound") else ""), []).append(program)
    for alike in kinds.values():
        yield from alike if count is None else alike[:: -(-len(alike) // count)]


def _run(program: Program, mode: str, options: argparse.Namespace) -> bool:
    """Print what came of a program in a mode; whether anything differs."""
    start = time.perf_counter()
    differences, unknown = _differences(program, mode, linter=options.linter)
    took = f" ({time.perf_counter() - start:.1f} s)" if options.times else ""
    print(f"{program.name} [{mode}]: {'differs' if differences else 'ok'}{took}", flush=True)
    for difference in differences:
        print(f"    {difference}", flush=True)
    for line in unknown if options.unknown else []:
        print(f"    unknown: {line}", flush=True)
    return bool(differences)


def _with_keras_2(programs: list[Program], options: argparse.Namespace) -> int:
    """The same in a process in which ``tf.keras`` is Keras 2."""
    flags = [f"--{name}" for name in ("linter", "unknown", "times") if getattr(options, name)]
    command = [sys.executable, "-m", "tfgradlint.evidence", *flags, *(program.name for program in programs)]
    return subprocess.run(command, env={**os.environ, LEGACY_KERAS: "1"}, check=False).returncode


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
