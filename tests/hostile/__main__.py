"""``python -m tests.hostile --seed S``: judges every hostile file under two seeds of Python's hashes, and compares."""

from __future__ import annotations

import argparse
import sys

from . import parts, shapes, values
from .running import judged_apart


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.hostile", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the seed that is compared with 0 (1)")
    seed = parser.parse_args().seed
    programs = [*shapes.programs(), *values.programs(), *parts.programs()]
    texts = [each.text for each in programs]
    compared = zip(programs, judged_apart(texts, 0), judged_apart(texts, seed), strict=True)
    differing = [program.name for program, one, other in compared if one.comparable != other.comparable]
    print(f"{len(programs)} files under seeds 0 and {seed}, {len(differing)} differ")
    for name in differing:
        print(f"    {name}")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
