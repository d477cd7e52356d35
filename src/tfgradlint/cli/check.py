"""``tfgradlint check`` and ``tfgradlint predict``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Mapping, Sequence

from tfgradlint import notebooks, sources, writing
from tfgradlint.cli.files import Files, configuration
from tfgradlint.cli.telling import CLEAN, COULD_NOT_RUN, FINDINGS, complain, show
from tfgradlint.config import UNUSED_NOQA
from tfgradlint.judge import NOT_ANALYSED
from tfgradlint.reports import FOR_PEOPLE, FORMATS, Report, json, text
from tfgradlint.results import Finding, in_order, place
from tfgradlint.running import Judged
from tfgradlint.settings import Configuration


def check(options: argparse.Namespace) -> int:
    """Report findings."""
    if options.output_file is not None:
        writing.check_folder(options.output_file)
    if options.add_noqa and "-" in options.paths:
        complain("--add-noqa changes files, and standard input is none; name a file")
        return COULD_NOT_RUN
    settings = configuration(options)
    files = Files(options, settings)
    located: list[tuple[str, Finding]] = []
    texts: dict[str, str] = {}
    rows: dict[str, Mapping[int, int]] = {}
    unplaced: dict[str, list[Finding]] = {}
    for judged in files:
        found = list(_wanted(judged, settings))
        if not found:
            continue
        unplaced[judged.path] = found
        if judged.notebook is None:
            texts[judged.path] = judged.text
        else:
            found = [judged.notebook.finding(finding) for finding in found]
            for cell in judged.notebook.cells():
                texts[place(judged.path, cell.number)] = cell.source
                rows[place(judged.path, cell.number)] = cell.rows
        located += [(judged.path, finding) for finding in found]
    located.sort(key=lambda one: (one[0], *in_order(one[1].position), one[1].code))
    if options.add_noqa:
        return _add_noqa(unplaced) or (COULD_NOT_RUN if files.failed else CLEAN)
    people = options.output_format in FOR_PEOPLE and options.output_file is None
    _write(options, FORMATS[options.output_format](Report(located, texts, people and _colour(), rows)))
    if options.statistics:  # standard output stays what a program can read
        show(text.statistics(located, _names()), sys.stdout if people else sys.stderr)
    if files.failed:
        return COULD_NOT_RUN
    return FINDINGS if located and not options.exit_zero else CLEAN


def _wanted(judged: Judged, settings: Configuration) -> Iterator[Finding]:
    """The findings that are selected and that no comment silences."""
    path = judged.path
    own = settings.of(path)
    findings: Sequence[Finding] = judged.analysis.findings
    if own.reports(UNUSED_NOQA, path) and "noqa" in judged.text.lower():
        from tfgradlint.noqa import Comments

        findings = [*findings, *Comments(path, judged.text).unused(findings, lambda code: own.reports(code, path))]
    for finding in sources.without_noqa(path, judged.text, findings):
        if own.reports(finding.code, path):
            yield finding


def _write(options: argparse.Namespace, lines: Iterator[str]) -> None:
    if options.output_file is None:
        show(lines)
    else:
        data = "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")
        writing.replace(options.output_file, data)


def _colour() -> bool:
    """Whether standard output shows colours: https://no-color.org."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and sys.stdout.isatty()


def _names() -> dict[str, str]:
    from tfgradlint.rules import all_rules

    return {rule.code: rule.name for rule in all_rules()}


def _add_noqa(unplaced: Mapping[str, Sequence[Finding]]) -> int:
    """Write comments; the findings are those in the text of a file, or of a notebook's module."""
    from tfgradlint import noqa

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
    files = Files(options, configuration(options))
    predicted = []
    for judged in files:
        analysis = judged.analysis if judged.notebook is None else judged.notebook.located(judged.analysis)
        predicted += [(judged.path, prediction) for prediction in analysis.predictions]
        for finding in analysis.findings:
            if finding.code == NOT_ANALYSED:
                complain(next(text.findings([(judged.path, finding)])))
                files.failed = True
    predicted.sort(key=lambda one: (one[0], *in_order(one[1])))
    if options.output_format == "json":
        print(json.predictions(predicted))
    else:
        show((json.prediction_lines if options.output_format == "jsonl" else text.predictions)(predicted))
    return COULD_NOT_RUN if files.failed else CLEAN
