"""``python -m tests.campaigns --seed S``: at large, and with another seed, what the tests run small and always alike.

Random programs with tapes, those of each family, and random programs that train, each under TensorFlow and before the
linter; mutants of the fixtures through the plugin; faults seeded into training functions whose models come from
outside; and what the linter says of fixtures and hostile files under different seeds of Python's hashes. ``--times N``
makes it N times as many. Exit status 1 where one of them fails.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns", description=__doc__)
    parser.add_argument("--seed", type=int, required=True, help="which programs, mutants and hashes")
    parser.add_argument("--times", type=float, default=1, help="how many times as many of them (1: about half an hour)")
    options = parser.parse_args()
    seed = options.seed
    failed = [
        name
        for name, count in (
            ("random_programs", 2000),
            ("random_programs.training", 400),
            ("mutations", 5000),
            ("open_functions", 100),
        )
        if not _passes(f"tests.{name}", "--count", str(int(count * options.times) or 1), "--seed", str(seed))
    ]
    if not _passes("tests.hostile", "--seed", str(seed + 1)):
        failed.append("hostile")
    folders = [ROOT / "examples", TESTS / "fixtures"]
    for arguments in differing_by_hashes(
        folders, ("0", *(str(seed + turn + 1) for turn in range(int(options.times) or 1)))
    ):
        failed.append(f"tfgradlint {arguments}: differs by the seed of hashes")
    print("\nfailed: " + "; ".join(failed) if failed else "\nall campaigns passed")
    return 1 if failed else 0


def _passes(module: str, *arguments: str) -> bool:
    print(f"\n==> python -m {module} {' '.join(arguments)}", flush=True)
    return subprocess.run([sys.executable, "-m", module, *arguments], cwd=ROOT, check=False).returncode == 0


def differing_by_hashes(folders: Sequence[Path], seeds: Sequence[str]) -> list[str]:
    """The ways to call the command whose output is another one under another seed of Python's hashes."""
    differing = []
    for arguments in (("check", "--output-format", "json"), ("predict", "--verbose")):
        told = {_told(seed, *arguments, "--no-cache", *map(str, folders)) for seed in seeds}
        assert all(out for out, _ in told)
        if len(told) > 1:
            differing.append(" ".join(arguments))
    return differing


def _told(seed: str, *arguments: str) -> tuple[bytes, bytes]:
    """What the command prints under a seed of Python's hashes, in a process of its own."""
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    run = subprocess.run(
        [sys.executable, "-m", "tfgradlint", *arguments], capture_output=True, env=environment, check=False
    )
    return run.stdout, run.stderr


if __name__ == "__main__":
    sys.exit(main())
