"""The analysis over published packages: what it finds there, held against the findings that were read and judged."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

from tfgradlint.analysis.guarded import NOT_ANALYSED, judge
from tfgradlint.analysis.relevance import relevant
from tfgradlint.analysis.results import VERDICTS
from tfgradlint.files import sources

ACCEPTED = Path(__file__).with_suffix(".json")
JUDGEMENTS = ("true", "false")


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a finding stands, and its code."""

    package: str
    path: str
    line: int
    code: str

    def __str__(self) -> str:
        return f"{self.package}: {self.path}:{self.line}: {self.code}"


@dataclass(slots=True)
class Survey:
    """What the analysis said of one package."""

    files: int = 0
    relevant: int = 0
    seconds: float = 0.0
    verdicts: Counter[str] = field(default_factory=Counter)
    causes: Counter[str] = field(default_factory=Counter)
    findings: list[tuple[Place, str]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    gave_up: list[str] = field(default_factory=list)


def main(arguments: list[str] | None = None) -> int:
    """1 where the findings are not those of the list or a file was not analysed, 2 where a package is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packages", nargs="*", metavar="PACKAGE", help="only these of the list's packages")
    parser.add_argument("--installed", type=Path, metavar="FOLDER", help="take the packages from here; install nothing")
    parser.add_argument("--install-into", type=Path, metavar="FOLDER", help="install here instead of temporarily")
    parser.add_argument("--accepted", type=Path, default=ACCEPTED, metavar="FILE", help="the list of judged findings")
    parser.add_argument(
        "--update", action="store_true", help="write the list anew; new findings still lack a judgement"
    )
    parser.add_argument("--causes", type=int, default=15, help="how many causes of unknown to print")
    options = parser.parse_args(arguments)

    accepted: dict[str, Any] = json.loads(options.accepted.read_text(encoding="utf-8"))
    unlisted = sorted(set(options.packages) - set(accepted["packages"]))
    if unlisted:
        parser.error(f"not on the list: {', '.join(unlisted)}")
    versions = {
        name: entry["version"]
        for name, entry in accepted["packages"].items()
        if not options.packages or name in options.packages
    }
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.installed or options.install_into or Path(temporary)
        if options.installed is None:
            install(versions, folder)
        try:
            surveys = {name: survey(name, version, folder) for name, version in versions.items()}
        except LookupError as error:
            print(error, file=sys.stderr)
            return 2
    report(surveys, accepted, options.causes)
    if options.update:
        _write(options.accepted, accepted, surveys)
    differences = compare(surveys, accepted)
    for difference in differences:
        print(difference)
    print(f"differences          {len(differences)}")
    return 1 if differences else 0


def install(versions: dict[str, str], folder: Path) -> None:
    """Put the packages alone, without what they depend on, into a folder."""
    wanted = [f"{name}=={version}" for name, version in versions.items()]
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--no-compile", "--ignore-requires-python"]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(folder), *wanted]
    subprocess.run(command, check=True)


def survey(name: str, version: str, folder: Path) -> Survey:
    """Analyse every Python file of an installed package."""
    found = next(iter(metadata.distributions(name=name, path=[str(folder)])), None)
    if found is None or found.files is None:
        raise LookupError(f"{name} is not installed in {folder}")
    if found.version != version:
        raise LookupError(f"{folder} holds {name} {found.version}, the list is of {version}")
    result = Survey()
    for file in sorted(found.files):
        path = file.as_posix()
        if not path.endswith(".py") or ".." in file.parts:
            continue
        result.files += 1
        try:
            text = sources.read(os.fspath(file.locate()))
        except sources.Unreadable as error:
            result.errors.append(f"{name}: {error}")
            continue
        if relevant(text):
            _analyse(result, name, path, text)
    return result


def _analyse(result: Survey, name: str, path: str, text: str) -> None:
    result.relevant += 1
    start = time.perf_counter()
    analysis = judge(text)
    result.seconds += time.perf_counter() - start
    for finding in analysis.findings:
        if finding.code == NOT_ANALYSED:
            result.errors.append(f"{name}: {path}:{finding.position.line}: {finding.message}")
        else:
            result.findings.append((Place(name, path, finding.position.line, finding.code), finding.message))
    result.verdicts.update(prediction.verdict for prediction in analysis.predictions)
    result.causes.update(dict(analysis.unknowns))
    if not any(finding.code == NOT_ANALYSED for finding in analysis.findings):
        result.gave_up += [f"{name}: {path}: {what}" for what in analysis.gave_up]


def report(surveys: dict[str, Survey], accepted: dict[str, Any], most: int) -> None:
    """Print what was seen, each finding with the judgement that the list holds."""
    causes: Counter[str] = Counter()
    for name, seen in surveys.items():
        entry = accepted["packages"][name]
        print(f"{name} {entry['version']}: {seen.files} files, {seen.relevant} analysed in {seen.seconds:.1f} s")
        last = entry.get("requests", {})
        change = "" if last == seen.verdicts else f" (last accepted: {_say(last)})"
        print(f"    {seen.verdicts.total()} requests: {_say(seen.verdicts)}{change}")
        causes.update(seen.causes)
        for what in seen.gave_up:
            print(f"    gave up: {what}")
    total = sum((seen.verdicts for seen in surveys.values()), Counter[str]())
    print(f"requests             {total.total()}: {_say(total)}")
    print("causes of unknown    " + ("none" if not causes else ""))
    for cause, count in sorted(causes.items(), key=lambda item: (-item[1], item[0]))[:most]:
        print(f"    {count:4} {cause}")
    judged = {_place(entry): entry for entry in accepted["findings"]}
    findings = [found for seen in surveys.values() for found in seen.findings]
    print(f"findings             {len(findings)}")
    for place, message in findings:
        print(f"    {place} {message}")
        if place in judged:
            print(f"        {judged[place]['judgement']}: {judged[place]['why']}")


def compare(surveys: dict[str, Survey], accepted: dict[str, Any]) -> list[str]:
    """What differs from the list of judged findings, one line each."""
    differences = [f"not analysed: {error}" for seen in surveys.values() for error in seen.errors]
    judged = {}
    for entry in accepted["findings"]:
        if entry["package"] in surveys:
            judged[_place(entry)] = entry
    found = {place for seen in surveys.values() for place, _ in seen.findings}
    differences += [f"new: {place}" for place in sorted(found - judged.keys())]
    differences += [f"gone: {place}" for place in sorted(judged.keys() - found)]
    for place in sorted(found & judged.keys()):
        if judged[place]["judgement"] not in JUDGEMENTS or not judged[place]["why"]:
            differences.append(f"without a judgement: {place}")
    return differences


def _write(file: Path, accepted: dict[str, Any], surveys: dict[str, Survey]) -> None:
    """The list as it is now. Judgements are kept, and what is new waits for one."""
    judged = {_place(entry): entry for entry in accepted["findings"]}
    kept = [entry for place, entry in judged.items() if place.package not in surveys]
    for name, seen in surveys.items():
        accepted["packages"][name]["requests"] = _ordered(seen.verdicts)
        for place, _ in seen.findings:
            new = {"package": place.package, "path": place.path, "line": place.line, "code": place.code}
            kept.append(judged.get(place, {**new, "judgement": None, "why": ""}))
    accepted["findings"] = sorted(kept, key=_place)
    file.write_text(json.dumps(accepted, indent=2) + "\n", encoding="utf-8")


def _place(entry: dict[str, Any]) -> Place:
    return Place(entry["package"], entry["path"], entry["line"], entry["code"])


def _ordered(verdicts: dict[str, int]) -> dict[str, int]:
    return {verdict: verdicts[verdict] for verdict in VERDICTS if verdicts.get(verdict)}


def _say(verdicts: dict[str, int]) -> str:
    return ", ".join(f"{count} {verdict}" for verdict, count in _ordered(verdicts).items()) or "none"


if __name__ == "__main__":
    sys.exit(main())
