"""``tfgradlint check`` and ``tfgradlint predict``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence

from tfgradlint import sources, writing
from tfgradlint.cli.files import Files, configuration
from tfgradlint.cli.telling import CLEAN, COULD_NOT_RUN, FINDINGS, complain, show
from tfgradlint.config import UNUSED_NOQA
from tfgradlint.judge import NOT_ANALYSED
from tfgradlint.reports import FOR_PEOPLE, FORMATS, Report, json, text
from tfgradlint.results import Finding
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
    for judged in files:
        found = list(_wanted(judged, settings))
        if found:
            located += [(judged.path, finding) for finding in found]
            texts[judged.path] = judged.text
    located.sort(key=lambda one: (one[0], one[1].position.line, one[1].position.column, one[1].code))
    if options.add_noqa:
        return _add_noqa(located) or (COULD_NOT_RUN if files.failed else CLEAN)
    people = options.output_format in FOR_PEOPLE and options.output_file is None
    _write(options, FORMATS[options.output_format](Report(located, texts, people and _colour())))
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


def _add_noqa(located: Sequence[tuple[str, Finding]]) -> int:
    from tfgradlint import noqa

    status = lines = files = 0
    for path in sorted({path for path, _ in located}):
        ones = [finding for where, finding in located if where == path]
        try:
            data = sources.content(path)
            exact, encoding = sources.decode_exactly(data, path)
            insertions, stubborn = noqa.added(path, sources.decode(data, path), ones)
            if insertions:
                writing.replace(path, noqa.inserted(exact, insertions).encode(encoding), data)
        except (sources.Unreadable, writing.Unwritable) as error:
            complain(str(error))
            status = COULD_NOT_RUN
            continue
        for finding in stubborn:
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
        predicted += [(judged.path, prediction) for prediction in judged.analysis.predictions]
        for finding in judged.analysis.findings:
            if finding.code == NOT_ANALYSED:
                complain(next(text.findings([(judged.path, finding)])))
                files.failed = True
    predicted.sort(key=lambda one: (one[0], one[1].line, one[1].column))
    if options.output_format == "json":
        print(json.predictions(predicted))
    else:
        show((json.prediction_lines if options.output_format == "jsonl" else text.predictions)(predicted))
    return COULD_NOT_RUN if files.failed else CLEAN
