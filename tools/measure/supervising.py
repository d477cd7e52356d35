"""Runs the measurement: a worker process measures, the supervisor restarts it when a call takes it down."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import importlib.metadata
import json
import logging
import os
import re
import select
import subprocess
import sys
import time
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[2]
#: How long the supervisor waits for a sign of life before it ends the worker.
_SILENCE = 40.0
_MOST_ENDS = 3
#: Parts of TensorFlow's messages where an operation has no implementation for the processor at all.
_NO_KERNEL = ("<no registered kernels>", "must be built with `--config=cuda`")
_QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0", "CUDA_VISIBLE_DEVICES": "-1"}


def prepare() -> None:
    """Settings under which measurements can be repeated. To be called before TensorFlow is imported."""
    os.environ.update(_QUIET)
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)


def versions() -> dict[str, str]:
    """What the data was measured with."""
    found = {"python": ".".join(map(str, sys.version_info[:2]))}
    for name in ("tensorflow", "tensorflow-cpu", "keras", "numpy"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name.removesuffix("-cpu")] = importlib.metadata.version(name)
    return found


def targets() -> tuple[dict[str, Any], dict[str, str]]:
    """Every target by name, and the reasons for what is left out."""
    from tools.measure import methods, names, raw_ops

    functions, left_out = names.discover()
    operations, too_raw = raw_ops.discover()
    left_out.update(too_raw)
    found = {target.name: target for target in [*operations, *methods.discover(), *functions]}
    return found, {name: reason for name, reason in left_out.items() if name not in found}


def work() -> None:
    """The worker: reads one job, measures, and writes one line of JSON for every event."""
    prepare()
    job = json.loads(sys.stdin.readline())
    skip = {(name, call) for name, call in job["skip"]}
    events = os.fdopen(os.dup(1), "w", buffering=1)
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    known, left_out = targets()
    if job["names"] is None:
        aliases = {name: [target.library, sorted(target.aliases)] for name, target in known.items()}
        print(json.dumps({"targets": aliases, "left_out": left_out}), file=events)
    for name in job["names"] or ():
        print(json.dumps({"begin": name}), file=events)

        def log(call: str, name: str = name) -> bool:
            if (name, call) in skip:
                return False
            print(json.dumps({"call": call}), file=events)
            return True

        print(json.dumps({"done": name, **_measure(known[name], log)}), file=events)


def _measure(target: Any, log: Any) -> dict[str, Any]:
    from tools.measure import cases, raw_ops, writing
    from tools.measure.entries import Measurement

    measurement = Measurement(target, log)
    try:
        entry = cases.build(measurement)
    except Exception as error:
        problem = f"the measuring program failed: {type(error).__name__}: {error}"
        return {"problem": problem, "floats": raw_ops.takes_floats(target.name)}
    if entry is None:
        return {"problem": measurement.problem, "floats": raw_ops.takes_floats(target.name)}
    found: dict[str, Any] = {"entry": writing.encode(entry)}
    found["floats"] = any(case.observation.watched for case in entry.cases) and raw_ops.takes_floats(target.name)
    found["notes"] = [dataclasses.astuple(note) for note in measurement.notes]
    return {**found, "uncompared": measurement.uncompared}


class Journal:
    """Keeps what is measured already, so that an interrupted measurement goes on where it stopped.

    It is of use only to the very same program and the very same versions of the libraries, of which ``others`` names
    more; ``None`` keeps nothing.
    """

    def __init__(self, path: Path | None, others: str = "") -> None:
        self._path = path
        self._silent = False
        digest = hashlib.sha256(f"{json.dumps(versions())}{others}".encode())
        for source in sorted(Path(__file__).parent.iterdir()):
            if source.suffix in (".py", ".txt"):
                digest.update(source.read_bytes())
        self._head = digest.hexdigest()

    def earlier(self) -> Iterator[dict[str, Any]]:
        """What an earlier run found; begins a new journal where there is none that fits."""
        if self._path is None:
            return
        lines = self._path.read_text(encoding="utf-8").split("\n") if self._path.exists() else []
        if lines[:1] != [self._head]:
            self._path.write_text(f"{self._head}\n", encoding="utf-8")
            return
        self._silent = True
        # The last line may have been cut off.
        self._path.write_text("\n".join([*lines[:-1], ""]), encoding="utf-8")
        for line in lines[1:-1]:
            yield json.loads(line)
        self._silent = False

    def note(self, event: dict[str, Any]) -> None:
        if self._path is not None and not self._silent:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(event) + "\n")

    def end(self) -> None:
        """The measurement is complete."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)


class Supervisor:
    """Keeps a worker going until every name is done: those given, or all there are."""

    def __init__(self, names: list[str] | None = None, journal: Journal | None = None) -> None:
        self._journal = journal or Journal(None)
        self.libraries: dict[str, list[Any]] = {}
        self.left_out: dict[str, str] = {}
        self.entries: dict[str, dict[str, Any]] = {}
        self.problems: dict[str, str] = {}
        self.notes: dict[str, list[list[Any]]] = {}
        #: Why gradients could not be held against differences.
        self.uncompared: dict[str, str] = {}
        self.floats: set[str] = set()
        self.names = names
        self._all = len(names or ())
        self._skip: list[tuple[str, str]] = []
        self._current = ("", "")
        self._begun = time.monotonic()

    def run(self) -> None:
        while self.names is None or self.names:
            if not self._one_worker() and self.names and self._current[0]:
                self._ended()

    def _ended(self) -> None:
        """Takes note of the call that took the worker down; a name that does so again and again is given up."""
        name = self._current[0]
        print(f"  the process ended in {name}: {self._current[1]}", flush=True)
        self._skip.append(self._current)
        if sum(name == other for other, _ in self._skip) >= _MOST_ENDS:
            self._hear({"done": name, "problem": "its calls end the process"})

    def _one_worker(self) -> bool:
        command = [sys.executable, "-m", "tools.measure", "--worker"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=_ROOT) as worker:
            assert worker.stdin is not None
            assert worker.stdout is not None
            worker.stdin.write(json.dumps({"names": self.names, "skip": self._skip}).encode() + b"\n")
            worker.stdin.close()
            rest = b""
            while select.select([worker.stdout], [], [], _SILENCE)[0]:
                block = os.read(worker.stdout.fileno(), 1 << 16)
                if not block:
                    break
                *lines, rest = (rest + block).split(b"\n")
                for line in lines:
                    self._hear(json.loads(line))
            else:
                worker.kill()
            try:
                return worker.wait(_SILENCE) == 0
            except subprocess.TimeoutExpired:
                worker.kill()
                return True

    def _hear(self, event: dict[str, Any]) -> None:
        if "targets" in event:
            self.libraries, self.left_out = event["targets"], event["left_out"]
            self.names = list(self.libraries)
            self._all = len(self.names)
            for earlier in self._journal.earlier():
                self._hear(earlier)
        elif "begin" in event:
            self._current = (event["begin"], "")
        elif "call" in event:
            self._current = (self._current[0], event["call"])
        else:
            assert self.names is not None
            name = event["done"]
            self.names.remove(name)
            if event.get("floats", True):
                self.floats.add(name)
            if event.get("notes"):
                self.notes[name] = event["notes"]
            if event.get("uncompared"):
                self.uncompared[name] = event["uncompared"]
            self._journal.note(event)
            if "entry" in event:
                self.entries[name] = event["entry"]
            elif any(text in event["problem"] for text in _NO_KERNEL):
                self.left_out[name] = "it does not run on a CPU"
            else:
                self.problems[name] = event["problem"]
            done = self._all - len(self.names)
            if done % 50 == 0 or not self.names:
                print(
                    f"  {done} of {self._all}, {time.monotonic() - self._begun:.0f} s",
                    flush=True,
                )


def measure_all() -> int:
    """Measures everything under the TensorFlow that runs this, writes its data and prints the figures."""
    from tools.measure import reporting, writing

    journal = Journal(writing.FOLDER / "measuring.partial")
    supervisor = Supervisor(journal=journal)
    supervisor.run()
    aliases = {alias: name for name in supervisor.entries for alias in supervisor.libraries[name][1]}
    reasons = {**supervisor.problems, **supervisor.left_out}
    measured = writing.Measured(versions(), aliases, supervisor.entries, reasons)
    writing.add(measured)
    newest = measured.version == max(writing.stored())
    if newest:
        reporting.write_wrong(supervisor.notes, supervisor.uncompared)
    table = reporting.counts(supervisor.entries, supervisor.problems, supervisor.left_out, supervisor.floats)
    reporting.write_coverage(table, versions(), supervisor.left_out, newest)
    reporting.print_uncompared(supervisor.uncompared)
    journal.end()
    return 0


def show(pattern: str) -> int:
    """Measures some names in this process and prints their entries."""
    prepare()
    known, _ = targets()
    for name, target in known.items():
        if re.fullmatch(pattern, name) or pattern in target.aliases:
            print(name, json.dumps(_measure(target, lambda call: True)), flush=True)
    return 0


def entries() -> dict[str, Any]:
    """What is stored of the TensorFlow that runs this, and of the libraries that are here as they were measured."""
    from tfgradlint.knowledge.versions import parse
    from tools.measure import writing

    here = versions()
    measured = writing.stored().get(parse(here["tensorflow"]))
    if measured is None:
        return {}
    same = {own for own, version in measured.distributions.items() if parse(here[own]) == parse(version)}
    return {name: entry for name, entry in measured.entries.items() if _distribution(name) in same}


def _distribution(name: str) -> str:
    root = name.partition(".")[0]
    return {"tf": "tensorflow", "keras": "keras", "numpy": "numpy"}.get(root, "python")


def afresh(names: Iterable[str]) -> dict[str, tuple[Any, Any]]:
    """The stored and the newly measured entry of each name, ``None`` where there is none."""
    stored = entries()
    supervisor = Supervisor(list(names))
    asked = list(supervisor.names or ())
    supervisor.run()
    return {name: (stored.get(name), supervisor.entries.get(name)) for name in asked}


def sample(count: int) -> list[str]:
    """As many of the stored names, evenly spread; all of them where there are fewer."""
    every = sorted(entries())
    count = min(count, len(every))
    return [every[number * len(every) // count] for number in range(count)]


def check(asked: str) -> int:
    """Measures a number of names, or the names given, and prints where the data differs."""
    names = sample(int(asked)) if asked.isdigit() else asked.split(",")
    different = 0
    for name, (old, new) in afresh(names).items():
        if old != new:
            different += 1
            print(f"{name}\n  stored   {json.dumps(old)}\n  measured {json.dumps(new)}")
    print(f"{len(names)} measured afresh, {different} different")
    return 1 if different else 0
