"""``tfgradlint check`` and ``tfgradlint predict``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tfgradlint import notebooks
from tfgradlint.analysis.guarded import NOT_ANALYSED
from tfgradlint.analysis.results import Finding, in_order, place
from tfgradlint.cli.files import Files, configuration
from tfgradlint.cli.fixing import Fixing, proposed
from tfgradlint.cli.summary import Summary
from tfgradlint.cli.telling import CLEAN, COULD_NOT_RUN, FINDINGS, complain, show
from tfgradlint.files import sources, writing
from tfgradlint.files.running import Judged
from tfgradlint.files.selecting import selected, without_noqa
from tfgradlint.reports import FOR_PEOPLE, FORMATS, WITH_FIXES, Report, json, text
from tfgradlint.settings.codes import LEFT_OUT
from tfgradlint.settings.settings import Configuration


def check(options: argparse.Namespace) -> int:
    """Report findings, and repair them where that is asked for."""
    if options.output_file is not None:
        writing.check_folder(options.output_file)
    repairing = options.fix or options.diff
    if options.add_noqa and ("-" in options.paths or repairing):
        why = "--add-noqa changes files, and standard input is none; name a file"
        complain("--add-noqa silences what --fix and --diff repair; choose one" if repairing else why)
        return COULD_NOT_RUN
    settings = configuration(options)
    files = Files(options, settings)
    fixing = Fixing(settings, options.unsafe_fixes, options.diff) if repairing else None
    findings, summary = _Findings(), Summary()
    unplaced: dict[str, Sequence[Finding]] = {}
    across = False
    for judged in files:
        across = across or bool(judged.analysis.elsewhere)
        found: Sequence[Finding] = selected(
            judged.path, judged.text, judged.analysis, settings.of(judged.path), files.judged
        )
        if fixing is not None and (found or judged.data is not None):
            judged, found = fixing.fix(judged) or (judged, found)
        elif found and options.output_format in WITH_FIXES:
            found = proposed(judged, found, settings)
        summary.add(judged.analysis)
        findings.left_out += _left_out(judged, settings)
        if found:
            unplaced[judged.path] = found
            findings.add(judged, found)
    if options.add_noqa:
        return _add_noqa(unplaced) or (COULD_NOT_RUN if files.failed else CLEAN)
    if fixing is not None:
        files.failed = files.failed or fixing.failed
        if options.diff:
            return _differences(fixing, files.failed)
        if across and "-" not in options.paths:  # what is left of one file is seen from another
            findings, summary = _left(options, settings)
            fixing.left = len(findings.located)
    _report(options, findings, fixing)
    summary.tell(options)
    if files.failed:
        return COULD_NOT_RUN
    return FINDINGS if findings.located and not options.exit_zero else CLEAN


@dataclass
class _Findings:
    """What is reported, with the texts that it stands in."""

    located: list[tuple[str, Finding]] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    rows: dict[str, Mapping[int, int]] = field(default_factory=dict)
    #: What was not judged in full, where that is no finding.
    left_out: list[tuple[str, Finding]] = field(default_factory=list)

    def add(self, judged: Judged, found: Sequence[Finding]) -> None:
        if judged.notebook is None:
            self.texts[judged.path] = judged.text
        else:
            found = [judged.notebook.finding(finding) for finding in found]
            for cell in judged.notebook.cells():
                self.texts[place(judged.path, cell.number)] = cell.source
                self.rows[place(judged.path, cell.number)] = cell.rows
        self.located += [(judged.path, finding) for finding in found]

    def report(self, *, colour: bool) -> Report:
        return Report(_in_order(self.located), self.texts, colour, self.rows, _in_order(self.left_out))


def _left(options: argparse.Namespace, settings: Configuration) -> tuple[_Findings, Summary]:
    """What is found in the files as they are now, all of them seen together."""
    files, findings, summary = Files(options, settings), _Findings(), Summary()
    for judged in files:
        summary.add(judged.analysis)
        findings.left_out += _left_out(judged, settings)
        found = selected(judged.path, judged.text, judged.analysis, settings.of(judged.path), files.judged)
        if found:
            findings.add(judged, found)
    return findings, summary


def _left_out(judged: Judged, settings: Configuration) -> list[tuple[str, Finding]]:
    """What was not judged in full of a file, where that is not selected as a finding, and no comment silences it."""
    if settings.of(judged.path).reports(LEFT_OUT, judged.path):
        return []
    found = without_noqa(judged.path, judged.text, judged.analysis.left_out)
    return [(judged.path, each if judged.notebook is None else judged.notebook.finding(each)) for each in found]


def _in_order(located: list[tuple[str, Finding]]) -> list[tuple[str, Finding]]:
    return sorted(located, key=lambda one: (one[0], *in_order(one[1].position), one[1].code))


def _differences(fixing: Fixing, failed: bool) -> int:
    show(fixing.differences)
    fixing.tell()
    if failed:
        return COULD_NOT_RUN
    return FINDINGS if fixing.differences else CLEAN


def _report(options: argparse.Namespace, findings: _Findings, fixing: Fixing | None) -> None:
    repaired = fixing.standard_input if fixing is not None else None
    people = options.output_format in FOR_PEOPLE and options.output_file is None and repaired is None
    lines = FORMATS[options.output_format](findings.report(colour=people and _colour()))
    if repaired is not None:  # standard output is for the text
        sys.stdout.buffer.write(repaired)
    if options.output_file is not None:
        data = "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")
        writing.replace(options.output_file, data)
    else:
        show(lines, sys.stdout if repaired is None else sys.stderr)
    if options.statistics:  # standard output stays what a program can read
        show(text.statistics(findings.located, _names()), sys.stdout if people else sys.stderr)
    if fixing is not None:
        fixing.tell()


def _colour() -> bool:
    """Whether standard output shows colours: https://no-color.org."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and sys.stdout.isatty()


def _names() -> dict[str, str]:
    from tfgradlint.rules import all_rules

    return {rule.code: rule.name for rule in all_rules()}


def _add_noqa(unplaced: Mapping[str, Sequence[Finding]]) -> int:
    """Write comments; the findings are those in the text of a file, or of a notebook's module."""
    from tfgradlint.files import noqa

    status = lines = files = 0
    for path, ones in sorted(unplaced.items()):
        try:
            data = sources.content(path)
            notebook = notebooks.decode(data, path) if notebooks.is_notebook(path) else None
            exact, encoding = (notebook.text, "utf-8") if notebook else sources.decode_exactly(data, path)
            insertions, stubborn = noqa.added(path, exact.replace("\r\n", "\n").replace("\r", "\n"), ones)
            if insertions:
                after = noqa.inserted(exact, insertions)
                writing.replace(path, notebook.changed(data, after) if notebook else after.encode(encoding), data)
        except (sources.Unreadable, writing.Unwritable) as error:
            complain(str(error))
            status = COULD_NOT_RUN
            continue
        except (notebooks.CannotChange, notebooks.CannotReplace) as error:
            complain(f"{path}: {error}; nothing was written")
            status = COULD_NOT_RUN
            continue
        for finding in stubborn:
            finding = notebook.finding(finding) if notebook else finding
            complain(f"no comment can silence {next(text.findings([(path, finding)]))}")
        lines += len(insertions)
        files += bool(insertions)
    print(f"# noqa written on {lines} line{'s' * (lines != 1)} of {files} file{'s' * (files != 1)}")
    return status


def predict(options: argparse.Namespace) -> int:
    """Show predictions."""
    settings = configuration(options)
    files, summary = Files(options, settings), Summary()
    predicted = []
    left_out: list[tuple[str, Finding]] = []
    for judged in files:
        summary.add(judged.analysis)
        left_out += _left_out(judged, settings)
        analysis = judged.analysis if judged.notebook is None else judged.notebook.located(judged.analysis)
        predicted += [(judged.path, prediction) for prediction in analysis.predictions]
        for finding in analysis.findings:
            if finding.code == NOT_ANALYSED:
                complain(next(text.findings([(judged.path, finding)])))
                files.failed = True
    predicted.sort(key=lambda one: (one[0], *in_order(one[1])))
    if options.output_format == "json":
        print(json.predictions(predicted, _in_order(left_out)))
    elif options.output_format == "jsonl":
        show(json.prediction_lines(predicted, _in_order(left_out)))
    else:
        show(text.predictions(predicted, verbose=options.verbose))
        show(text.notes(_in_order(left_out)))
    summary.tell(options)
    return COULD_NOT_RUN if files.failed else CLEAN
