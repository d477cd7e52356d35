"""The command's arguments, and what is said of wrong ones."""

from __future__ import annotations

import argparse
import difflib
import re
import sys
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from tfgradlint import __version__
from tfgradlint.files.cache import FOLDER
from tfgradlint.reports import FORMATS
from tfgradlint.settings.codes import ASSUMPTIONS, SEPARATION

#: What is said of ``--keras``.
KERAS = "the Keras that tf.keras is (default: what TF_USE_LEGACY_KERAS asks for, else the one TensorFlow brings)"
#: What is said of ``--assume``.
ASSUME = f"what is assumed of functions that nobody sees: {' or '.join(ASSUMPTIONS)} (default: {SEPARATION})"
#: Flags that set what a key of the configuration sets.
KEYS = (
    "select",
    "extend-select",
    "ignore",
    "per-file-ignores",
    "exclude",
    "extend-exclude",
    "tensorflow-version",
    "keras",
    "assume",
    "src",
    "follow",
    "jobs",
    "gradients",
    "models",
)


class Parser(argparse.ArgumentParser):
    """Says what is wrong with the arguments in one line."""

    def error(self, message: str) -> NoReturn:
        """End the run with exit status 2."""
        found = re.search(r"invalid choice: '?(.*?)'? \((?:maybe|choose from) (.*)\)$", message)
        if found:
            known = re.findall(r"[\w-]+", found[2])
            near = difflib.get_close_matches(found[1], known, n=1, cutoff=0.5)
            what = message[: found.start()].removeprefix("argument COMMAND: ")
            message = f"{what}there is no {found[1]!r}; choose from {', '.join(known)}"
            message += f" (nearest: {near[0]})" if near else ""
        print(f"tfgradlint: {message}; see {self.prog} --help", file=sys.stderr)
        sys.exit(2)


def make(commands: Mapping[str, Callable[[argparse.Namespace], int]]) -> Parser:
    """The parser; a command's function is kept as ``run``."""
    parser = Parser(
        prog="tfgradlint",
        description="Finds the line that loses a TensorFlow gradient, before the code runs.",
        epilog="Exit status: 0 clean, 1 findings, 2 could not run.",
    )
    parser.add_argument("--version", action="version", version=f"tfgradlint {__version__}")
    made = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=Parser)

    def add(name: str, summary: str, **more: Any) -> argparse.ArgumentParser:
        one = made.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".", **more)
        one.set_defaults(run=commands[name])
        return one

    check = add(
        "check",
        "report the lines that lose a gradient",
        usage="%(prog)s [OPTIONS] PATH ...",
        epilog="Exit status: 0 clean, 1 findings, 2 could not run.",
    )
    _paths(check, tuple(FORMATS))
    told = check.add_argument_group("what is done with findings")
    told.add_argument("--output-file", metavar="FILE", help="write them there instead of to standard output")
    told.add_argument("--statistics", action="store_true", help="count the findings of each code at the end")
    told.add_argument("--exit-zero", action="store_true", help="exit with 0 even where there are findings")
    told.add_argument("--fix", action="store_true", help="repair what can be repaired safely, and report what is left")
    told.add_argument("--diff", action="store_true", help="show what --fix would change, and change nothing")
    told.add_argument("--unsafe-fixes", action="store_true", help="repair too what may have been meant otherwise")
    told.add_argument("--add-noqa", action="store_true", help="write a # noqa comment at each instead of reporting it")
    _codes(check)
    _files(check)
    _running(check)

    predict = add(
        "predict",
        "show what every request for gradients will give",
        usage="%(prog)s [OPTIONS] PATH ...",
        epilog="Exit status: 0, or 2 where something could not be judged.",
    )
    _paths(predict, ("text", "json", "jsonl"))
    _files(predict)
    _running(predict)

    confirm = add(
        "confirm",
        "run a program, and hold what its requests for gradients gave against the predictions",
        usage="%(prog)s [OPTIONS] (FILE | -m MODULE) [ARGUMENT ...]",
        epilog="Runs the program, with all that it does. Exit status: 0 as predicted, 1 where a gradient was lost that"
        " was not predicted to be, or a prediction was wrong, 2 could not run. That of the program is printed.",
    )
    _program(confirm)
    _judging(confirm.add_argument_group("by what it is judged"))

    op = add(
        "op",
        "show what is known of functions, methods, operators and layers",
        epilog="A gradient flows (finite, not all zero), is none (None), zero or nonfinite (NaN, infinity), or raises.",
    )
    op.add_argument("names", nargs="+", metavar="NAME", help="such as tf.reduce_mean, np.mean, tf.Tensor.__mod__")
    op.add_argument("--output-format", choices=("text", "json"), default="text", help="default: text")
    _version(op)

    rule = add("rule", "explain a rule; without a code, list them")
    rule.add_argument("code", nargs="?", metavar="CODE", help="a code such as TFG202, or the beginning of several")
    rule.add_argument("--all", action="store_true", help="explain every rule")

    prove = add("prove", "run the rules' examples under the TensorFlow installed here")
    prove.add_argument("codes", nargs="*", metavar="CODE", help="only these codes or prefixes")

    config = add(
        "config",
        "print the settings in force for a file or folder, and where each comes from",
        usage="%(prog)s [OPTIONS] [PATH]",
        epilog="The output is TOML, and may stand in a pyproject.toml.",
    )
    config.add_argument(
        "path", nargs="?", default=".", metavar="PATH", help="a file or a folder (default: the current one)"
    )
    _codes(config)
    _files(config)
    server = add("server", "serve an editor over standard input and output")
    server.add_argument("--stdio", action="store_true", help="what some editors add; there is no other way")
    return parser


def _paths(parser: argparse.ArgumentParser, formats: tuple[str, ...]) -> None:
    parser.add_argument("paths", nargs="+", metavar="PATH", help="a file, a directory, or - for standard input")
    known = f"{', '.join(formats)} (default: text)"
    parser.add_argument("--output-format", choices=formats, default="text", metavar="NAME", help=known)
    parser.add_argument("--stdin-filename", default="stdin", metavar="FILE", help="what to call standard input")
    parser.add_argument("-q", "--quiet", action="store_true", help="leave out the count of requests on standard error")
    parser.add_argument("--verbose", action="store_true", help="say on standard error what was not judged, and why")
    parser.add_argument("--force-exclude", action="store_true", help="leave out even a PATH, where it is excluded")


def _program(parser: argparse.ArgumentParser) -> None:
    """What is run, and how."""
    rest = argparse.REMAINDER
    parser.add_argument("target", nargs="?", metavar="FILE", help="a script or a notebook")
    parser.add_argument("arguments", nargs=rest, metavar="ARGUMENT", help="what the program gets")
    parser.add_argument("-m", dest="module", nargs=rest, metavar="MODULE", help="a module instead, as python -m")
    parser.add_argument("--python", metavar="PATH", help="the Python to run it (default: the one that runs tfgradlint)")
    what = "stop it once each request was evaluated so often, so that a long training takes seconds"
    parser.add_argument("--requests", type=_positive, metavar="N", help=what)
    parser.add_argument("--seconds", type=_seconds, metavar="N", help="stop it after this time")
    what = "run tf.functions eagerly, which is slow, and shows where a gradient turns NaN or zero in them"
    parser.add_argument("--eager", action="store_true", help=what)
    what = "text or json (default: text); with json the program's own output goes to standard error"
    parser.add_argument("--output-format", choices=("text", "json"), default="text", metavar="NAME", help=what)


def _codes(parser: argparse.ArgumentParser) -> None:
    """Flags for the keys that choose codes."""
    group = parser.add_argument_group("which findings (codes or their beginnings, separated by commas)")
    for flag, metavar, what in (
        ("select", "CODES", "report only these (default: all but the opt-in ones)"),
        ("extend-select", "CODES", "report these besides"),
        ("ignore", "CODES", "do not report these; of two that fit a code the longer one decides"),
        ("per-file-ignores", "PATTERN:CODES", "do not report these in files that fit the pattern"),
    ):
        group.add_argument(f"--{flag}", action="append", metavar=metavar, help=what)


def _files(parser: argparse.ArgumentParser) -> None:
    """Flags for the keys that choose files, and by what they are judged."""
    group = parser.add_argument_group("which files, and by what they are judged")
    for flag, metavar, what in (
        ("exclude", "PATTERN", "leave out files and folders that fit, instead of the customary ones"),
        ("extend-exclude", "PATTERN", "leave out these besides"),
        ("gradients", "NAME=WORD", "what a function of your own does, such as mylib.ops.quantize=none"),
        ("models", "NAME=CLASS", "what a function of your own gives, such as mylib.build=keras.Model"),
    ):
        group.add_argument(f"--{flag}", action="append", metavar=metavar, help=what)
    _judging(group)
    group.add_argument("--src", metavar="FOLDER", nargs="+", help="folders that modules are imported from as well")
    group.add_argument("--follow", metavar="PACKAGE", nargs="+", help="installed packages that are read as well")
    group.add_argument("--jobs", metavar="N", help="judge in this many processes (default: the machine's cores)")


def _judging(group: Any) -> None:
    _version(group)
    group.add_argument("--keras", metavar="2|3", help=KERAS)
    group.add_argument("--assume", metavar="WORD", help=ASSUME)


def _running(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("results of earlier runs")
    group.add_argument("--cache-dir", default=FOLDER, metavar="FOLDER", help=f"keep them there (default: {FOLDER})")
    group.add_argument("--no-cache", action="store_true", help="neither use nor keep any")


def _version(parser: Any) -> None:
    parser.add_argument(
        "--tensorflow-version",
        metavar="X.Y",
        help="the TensorFlow to go by (default: the one installed beside tfgradlint, else the newest measured)",
    )


def _positive(text: str) -> int:
    """A number of evaluations.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no positive number")
    return int(text)


def _seconds(text: str) -> float:
    """A time in seconds.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no positive number of seconds")
    return value
