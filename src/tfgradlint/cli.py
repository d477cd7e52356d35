"""The command: ``check``, ``predict``, ``op``, ``rule``, ``prove`` and ``server``."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TextIO

from tfgradlint import __version__, config, notebooks, sources
from tfgradlint.judge import NOT_ANALYSED, judge
from tfgradlint.reports import json, text
from tfgradlint.results import Analysis, Position, Prediction

CLEAN, FINDINGS, COULD_NOT_RUN = 0, 1, 2
#: What a shell reports of a program ended by the interrupt key, and by a reader that went away.
INTERRUPTED, NO_READER = 130, 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status: 0 clean, 1 findings, 2 could not run."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a name the terminal cannot show must not end the run
            stream.reconfigure(errors="backslashreplace")
    options = _parser().parse_args(arguments)
    try:
        config.tensorflow_version(getattr(options, "tensorflow_version", None))
        status: int = options.run(options)
        sys.stdout.flush()
        return status
    except (config.ConfigError, sources.Unreadable) as error:
        _complain(str(error))
        return COULD_NOT_RUN
    except KeyboardInterrupt:
        _complain("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        # the interpreter flushes once more when it ends, and must find somewhere to write
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NO_READER


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tfgradlint",
        description="Finds the line that loses a TensorFlow gradient, before the code runs.",
        epilog="Exit status: 0 clean, 1 findings, 2 could not run.",
    )
    parser.add_argument("--version", action="version", version=f"tfgradlint {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    check = commands.add_parser("check", help="report the lines that lose a gradient")
    _takes_files(check)
    for flag, what in (
        (
            "--select",
            "report only these codes or prefixes, separated by commas (default: all but the opt-in ones)",
        ),
        ("--extend-select", "report these besides"),
        ("--ignore", "do not report these; of two prefixes that fit a code the longer one decides"),
    ):
        check.add_argument(flag, action="append", metavar="CODES", help=what)
    check.add_argument("--statistics", action="store_true", help="count the findings of each code at the end")
    check.add_argument("--exit-zero", action="store_true", help="exit with 0 even where there are findings")
    check.set_defaults(run=_check)

    predict = commands.add_parser("predict", help="show what every request for gradients will give")
    _takes_files(predict)
    predict.set_defaults(run=_predict)

    op = commands.add_parser(
        "op",
        help="show what is known of functions, methods and operators",
        epilog="A gradient flows (finite, not all zero), is none (None), zero or nonfinite (NaN, infinity), or raises.",
    )
    op.add_argument("names", nargs="+", metavar="NAME", help="such as tf.reduce_mean, np.mean, tf.Tensor.__mod__")
    _takes_format_and_version(op)
    op.set_defaults(run=_op)

    rule = commands.add_parser("rule", help="explain a rule; without a code, list them")
    rule.add_argument("code", nargs="?", metavar="CODE")
    rule.add_argument("--all", action="store_true", help="explain every rule")
    rule.set_defaults(run=_rule)

    prove = commands.add_parser("prove", help="run the rules' examples under the TensorFlow installed here")
    prove.add_argument("codes", nargs="*", metavar="CODE", help="only these codes or prefixes")
    prove.set_defaults(run=_prove)

    server = commands.add_parser("server", help="serve an editor over standard input and output")
    server.add_argument("--stdio", action="store_true", help="what some editors add; there is no other way")
    server.set_defaults(run=_server)
    return parser


def _takes_files(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="+", metavar="PATH", help="a file, a directory, or - for standard input")
    _takes_format_and_version(parser)
    parser.add_argument("--stdin-filename", default="stdin", metavar="FILE", help="what to call standard input")
    parser.add_argument("--verbose", action="store_true", help="say on standard error what was not judged, and why")


def _takes_format_and_version(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--output-format", choices=("text", "json"), default="text")
    parser.add_argument(
        "--tensorflow-version",
        metavar="X.Y",
        help="the TensorFlow to go by (default: the one installed beside tfgradlint, else the newest measured)",
    )


def _check(options: argparse.Namespace) -> int:
    from tfgradlint.rules import all_rules

    names = {rule.code: rule.name for rule in all_rules()}
    wanted = config.options(options.select, options.ignore, options.extend_select, list(names))
    files = _Files(options)
    found = [
        (path, finding)
        for path, source, analysis in files
        for finding in sources.without_noqa(path, source, analysis.findings)
        if wanted.reports(finding.code)
    ]
    found.sort(key=lambda one: (one[0], *_order(one[1].position), one[1].code))
    if options.output_format == "json":
        print(json.findings(found))
    else:
        _show(text.findings(found))
    if options.statistics:  # standard output stays JSON where JSON was asked for
        _show(text.statistics(found, names), sys.stderr if options.output_format == "json" else sys.stdout)
    if files.failed:
        return COULD_NOT_RUN
    return FINDINGS if found and not options.exit_zero else CLEAN


def _predict(options: argparse.Namespace) -> int:
    files = _Files(options)
    predicted = []
    for path, _, analysis in files:
        predicted += [(path, prediction) for prediction in analysis.predictions]
        for finding in analysis.findings:
            if finding.code == NOT_ANALYSED:
                _complain(next(text.findings([(path, finding)])))
                files.failed = True
    predicted.sort(key=lambda one: (one[0], *_order(one[1])))
    if options.output_format == "json":
        print(json.predictions(predicted))
    else:
        _show(text.predictions(predicted))
    return COULD_NOT_RUN if files.failed else CLEAN


def _order(position: Position | Prediction) -> tuple[int, int, int]:
    return position.cell, position.line, position.column


class _Files:
    """The files that the command line names, read and judged one by one; says what could not be read."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.failed = False

    def __iter__(self) -> Iterator[tuple[str, str, Analysis]]:
        paths: list[str] = self.options.paths
        found, missing = sources.find(path for path in paths if path != "-")
        for error in missing:
            self._refuse(error)
        if not notebooks.can_read():
            unread = [path for path in found if notebooks.is_notebook(path) and path not in paths]
            found = [path for path in found if path not in unread]
            if unread:
                _complain(f"{len(unread)} notebooks are not read: python -m pip install 'tfgradlint[notebook]'")
        if not found and not self.failed and "-" not in paths:
            _complain(f"no Python files in {', '.join(paths)}")
        for path in found + ["-"] * ("-" in paths):
            try:
                if path == "-":
                    path = self.options.stdin_filename
                    data = sys.stdin.buffer.read()
                else:
                    data = sources.content(path)
                yield self._judged(path, data)
            except sources.Unreadable as error:
                self._refuse(error)

    def _judged(self, path: str, data: bytes) -> tuple[str, str, Analysis]:
        if notebooks.is_notebook(path):
            source = ""  # its own comments have been heard
            analysis = notebooks.judged(data, path, self.options.tensorflow_version)
        else:
            source = sources.decode(data, path)
            analysis = judge(source, version=self.options.tensorflow_version)
        if self.options.verbose:
            for what in analysis.gave_up:
                _complain(f"{path}: {what}")
            for cause, count in analysis.unknowns:
                _complain(f"{path}: unknown: {cause} ({count})")
        return path, source, analysis

    def _refuse(self, error: sources.Unreadable) -> None:
        self.failed = True
        _complain(str(error))


def _op(options: argparse.Namespace) -> int:
    from tfgradlint.knowledge.lookup import look_up
    from tfgradlint.reports import operation

    found, unknown = look_up(options.names, options.tensorflow_version)
    if options.output_format == "json":
        print(json.operations(found))
    else:
        _show(operation.pages(found, shutil.get_terminal_size().columns))
    for line in unknown:
        _complain(line)
    return COULD_NOT_RUN if unknown else CLEAN


def _rule(options: argparse.Namespace) -> int:
    from tfgradlint.reports.rule_page import page, summary
    from tfgradlint.rules import all_rules

    rules = all_rules()
    if options.all:
        _show(page(rule) for rule in rules)
    elif not options.code:
        _show(text.table(("code", "name", "what"), ((rule.code, rule.name, summary(rule)) for rule in rules)))
    else:
        asked = config.codes([options.code], [rule.code for rule in rules])
        _show(page(rule) for rule in rules if rule.code.startswith(asked))
    return CLEAN


def _prove(options: argparse.Namespace) -> int:
    from tfgradlint.evidence.prove import TensorFlowMissing, prove
    from tfgradlint.rules import all_rules

    known = [rule.code for rule in all_rules()]
    asked = config.codes(options.codes, known) or ("TFG",)
    try:
        rows = prove(code for code in known if code.startswith(asked))
    except TensorFlowMissing as error:
        _complain(str(error))
        return COULD_NOT_RUN
    header = ("rule", "program", "mode", "claimed", "observed", "")
    told = ((row.code, row.which, row.mode, row.claimed, row.observed, _agreement(row.agrees)) for row in rows)
    _show(text.table(header, told))
    differing = sum(not row.agrees for row in rows)
    print(f"{len(rows)} runs, {differing} differ" if differing else f"{len(rows)} runs, all as claimed")
    return FINDINGS if differing else CLEAN


def _server(options: argparse.Namespace) -> int:
    from tfgradlint.server import serve

    try:
        serve()
    except ImportError:
        _complain("the server needs pygls: python -m pip install 'tfgradlint[lsp]'")
        return COULD_NOT_RUN
    return CLEAN


def _agreement(agrees: bool) -> str:
    return "ok" if agrees else "DIFFERS"


def _show(lines: Iterable[str], stream: TextIO | None = None) -> None:
    for line in lines:
        print(line, file=stream)


def _complain(line: str) -> None:
    print(f"tfgradlint: {line}", file=sys.stderr)
