"""Runs the examples of the rules under the installed TensorFlow and adds what came of it to ``proven.json``.

Run it once under each TensorFlow that the pages of the rules are to tell of. It needs no more than TensorFlow and this
checkout: ``PYTHONPATH=src python -m tools.prove_rules``. An example that is changed later counts as not run.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path

from tfgradlint.evidence.observe import tensorflow
from tfgradlint.evidence.programs import Program
from tfgradlint.evidence.prove import examples, prove
from tfgradlint.rules import all_rules

RECORD = Path(__file__).resolve().parent / "proven.json"

#: For each version, for each program by its digest: what was observed in each mode.
Record = dict[str, dict[str, dict[str, str]]]


def main(arguments: list[str] | None = None) -> int:
    """Run the examples and write the record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--record", type=Path, default=RECORD, help="the file to add to")
    options = parser.parse_args(arguments)
    version = ".".join(tensorflow().__version__.split(".")[:2])
    record = read(options.record)
    record[version] = observed()
    text = json.dumps(dict(sorted(record.items(), key=lambda row: number(row[0]))), indent=1, sort_keys=True)
    options.record.write_text(text + "\n", "utf-8")
    print(f"{version}: {len(record[version])} programs")
    return 0


def read(path: Path = RECORD) -> Record:
    """What was observed so far."""
    return dict(json.loads(path.read_text("utf-8"))) if path.exists() else {}


def observed() -> dict[str, dict[str, str]]:
    """What the installed TensorFlow gives for each program in each mode."""
    digests = {
        (rule.code, which): digest(program)
        for rule in all_rules()
        for which, program in zip(("example", "repaired"), examples(rule) or (), strict=False)
    }
    found: dict[str, dict[str, str]] = {}
    for row in prove():
        found.setdefault(digests[row.code, row.which], {})[row.mode] = row.observed
    return found


def digest(program: Program) -> str:
    """A short name of the program's text."""
    return hashlib.sha256(program.text.encode()).hexdigest()[:16]


def number(version: str) -> tuple[int, ...]:
    """``2.15`` as numbers, for sorting."""
    return tuple(int(part) for part in version.split("."))


if __name__ == "__main__":
    sys.exit(main())
