"""Programs whose trailing comments are their specification.

The comments, each valid for the line on which it stands:

``# outcome: flows, none``   a gradient request starts here; one word a source, in ``tf.nest.flatten`` order
``# outcome: flows | none``  several evaluations in order, equal neighbours merged
``# expect: TFG101``         exactly these findings are due on this line
``# training: some``         variables are updated here (see ``TRAINING``)
``# raises: RuntimeError``   the program ends here, in this exception
``# modes: function, jit``   on a ``def`` line: also run with this function compiled

A value may differ in a mode, with Keras 2, before a version of TensorFlow, or where several of these hold; of the
parts that fit the last one counts: ``# outcome: none; jit: raises:TypeError``, ``# expect: TFG201; function: -``,
``# training: all; keras 2: nothing``, ``# outcome: none; keras 2 jit: never; before 2.18: flows``. Where the general
part is missing, nothing is due without the condition: ``# raises: keras 2: ValueError``.

A program that imports ``tf_keras``, or sets ``TF_USE_LEGACY_KERAS``, is one of Keras 2.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

#: ``eager`` is the program as it is written.
MODES = ("eager", "function", "jit")

DECORATORS = {"function": "@tf.function", "jit": "@tf.function(jit_compile=True)"}

#: What the gradient of one source can be. ``empty``: there were no sources; ``never``: no evaluation.
WORDS = ("flows", "zero", "none", "nonfinite", "empty", "never")

#: What a call can do that updates variables: of the variables that reach the optimizer, ``all`` or ``some`` got a
#: finite gradient that was not all zeros, at one evaluation at least; ``nothing``: none did, or none was there;
#: ``never``: the call was not reached.
TRAINING = ("all", "some", "nothing", "nonfinite", "never")

#: The outcomes of one line: one tuple an evaluation, one word a source.
Outcomes = tuple[tuple[str, ...], ...]

_PIECE = re.compile(r"\s*(outcome|training|expect|raises|modes)\s*:\s*(.*?)\s*$")
_CONDITION = r"keras 2|before \d+\.\d+|eager|function|jit"
_SPECIAL = re.compile(rf"\s*((?:{_CONDITION})(?:\s+(?:{_CONDITION}))*)\s*:\s*(.*?)\s*$")
_CODE = re.compile(r"TFG\d{3}$")
_LEGACY = re.compile(r"TF_USE_LEGACY_KERAS|^[ \t]*(?:import|from)[ \t]+tf_keras\b", re.MULTILINE)
_KERAS = re.compile(
    r"^[ \t]*(?:import|from)[ \t]+(?:keras|tensorflow\.keras)\b|^[ \t]*from[ \t]+tensorflow\b.*\bkeras\b"
    r"|\btf\.(?:keras|optimizers|losses|initializers)\b",
    re.MULTILINE,
)
_EXCEPTION = re.compile(r"[A-Za-z_]\w*$")


class SpecificationError(ValueError):
    """A comment that cannot be read."""


@dataclass(frozen=True, slots=True)
class Versions:
    """The TensorFlow that runs a program, by default newer than all, and the major version of the program's Keras."""

    tensorflow: tuple[int, int] = (99, 0)
    keras: int = 3


#: What comments claim without a condition.
NEWEST = Versions()


@dataclass(frozen=True, slots=True)
class Specification:
    """What a program's comments claim in one mode, by line."""

    outcomes: Mapping[int, Outcomes]
    findings: Mapping[int, tuple[str, ...]]
    raises: Mapping[int, str]
    training: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Program:
    """A program with its specification in comments. ``name`` tells it in reports."""

    name: str
    text: str

    @classmethod
    def load(cls, path: Path) -> Program:
        """The program in a file."""
        return cls(str(path), path.read_text(encoding="utf-8"))

    @property
    def legacy_keras(self) -> bool:
        """Whether the program asks for Keras 2: TensorFlow has one Keras in a process, so it needs one of its own."""
        return _LEGACY.search(self.text) is not None

    @property
    def of_keras_3(self) -> bool:
        """Whether the program uses Keras, and its comments do not tell what it does with Keras 2."""
        return _KERAS.search(self.text) is not None and not self.legacy_keras and "keras 2" not in self.text

    @property
    def imports(self) -> tuple[str, ...]:
        """The packages that the program imports at its top level, in order."""
        found: dict[str, None] = {}
        for node in ast.parse(self.text).body:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            found.update(dict.fromkeys(name.partition(".")[0] for name in names))
        return tuple(found)

    @property
    def modes(self) -> tuple[str, ...]:
        """The modes in which the program is to be run; ``eager`` is always the first."""
        marked = {mode for modes in _marked_functions(self.text).values() for mode in modes}
        return tuple(mode for mode in MODES if mode == "eager" or mode in marked)

    def variant(self, mode: str) -> str:
        """The text for a mode: the marked functions decorated. Comments move with their lines."""
        if mode == "eager":
            return self.text
        marked = _marked_functions(self.text)
        lines = []
        for number, line in enumerate(self.text.splitlines(keepends=True), 1):
            if mode in marked.get(number, ()):
                indentation = line[: len(line) - len(line.lstrip())]
                lines.append(f"{indentation}{DECORATORS[mode]}\n")
            lines.append(line)
        return "".join(lines)

    def specification(self, mode: str = "eager", versions: Versions | None = None) -> Specification:
        """What the comments claim for the mode; the lines are those of ``variant(mode)``.

        Without ``versions`` for the newest TensorFlow and the Keras that the program asks for.
        """
        if versions is None:
            versions = Versions(keras=2 if self.legacy_keras else 3)
        return read_specification(self.variant(mode), mode, versions)


def read_specification(text: str, mode: str = "eager", versions: Versions = NEWEST) -> Specification:
    """Read the comments of a text for one mode and the versions of the libraries."""

    def holds(condition: str) -> bool:
        kind, _, number = condition.partition(" ")
        if kind == "before":
            major, _, minor = number.partition(".")
            return versions.tensorflow < (int(major), int(minor))
        return versions.keras == int(number) if number else kind == mode

    outcomes: dict[int, Outcomes] = {}
    findings: dict[int, tuple[str, ...]] = {}
    raises: dict[int, str] = {}
    training: dict[int, str] = {}
    for line, kind, claim in _claims(text):
        value = _holding(claim, holds, line)
        if value == "-":
            continue
        if kind == "outcome":
            outcomes[line] = _read_outcomes(value, line)
        elif kind == "training":
            training[line] = _read_training(value, line)
        elif kind == "expect":
            findings[line] = _read_codes(value, line)
        elif kind == "raises":
            raises[line] = _read_exception(value, line)
    return Specification(outcomes, findings, raises, training)


def say(outcomes: Outcomes) -> str:
    """Outcomes in the words of a comment."""
    return " | ".join(", ".join(evaluation) for evaluation in outcomes) or "never"


def _claims(text: str) -> Iterator[tuple[int, str, str]]:
    """The (line, kind, value) of every specification comment."""
    seen: set[tuple[int, str]] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type != tokenize.COMMENT:
            continue
        line = token.start[0]
        for piece in token.string.split("#"):
            match = _PIECE.match(piece)
            if match is None:
                continue
            if (line, match[1]) in seen:
                raise SpecificationError(f"line {line}: two '{match[1]}' comments")
            seen.add((line, match[1]))
            yield line, match[1], match[2]


def _holding(claim: str, holds: Callable[[str], bool], line: int) -> str:
    """The part of a claim that holds: the last of ``none; jit: flows; keras 2: zero`` whose conditions all do."""
    held = "-"
    for place, part in enumerate(claim.split(";")):
        special = _SPECIAL.match(part)
        if special is None and place:
            raise SpecificationError(f"line {line}: '{part.strip()}' names neither a mode nor a version")
        if special is None:
            held = part.strip()
        elif all(map(holds, re.findall(_CONDITION, special[1]))):
            held = special[2]
    return held


def _read_outcomes(value: str, line: int) -> Outcomes:
    evaluations = tuple(tuple(word.strip() for word in evaluation.split(",")) for evaluation in value.split("|"))
    for evaluation in evaluations:
        for word in evaluation:
            raised = _raised(word)
            if word not in WORDS and not raised:
                raise SpecificationError(f"line {line}: '{word}' is no outcome")
            if raised and len(evaluation) > 1:
                raise SpecificationError(f"line {line}: an exception is one word for all sources")
    return () if evaluations == (("never",),) else evaluations


def _read_training(value: str, line: int) -> str:
    if value not in TRAINING and not _raised(value):
        raise SpecificationError(f"line {line}: '{value}' is no training")
    return value


def _raised(word: str) -> bool:
    return word.startswith("raises:") and _EXCEPTION.match(word.removeprefix("raises:")) is not None


def _read_codes(value: str, line: int) -> tuple[str, ...]:
    codes = [code.strip() for code in value.split(",")]
    for code in codes:
        if not _CODE.match(code):
            raise SpecificationError(f"line {line}: '{code}' is no code")
    return tuple(sorted(codes))


def _read_exception(value: str, line: int) -> str:
    if not _EXCEPTION.match(value):
        raise SpecificationError(f"line {line}: '{value}' is no exception type")
    return value


def _marked_functions(text: str) -> dict[int, tuple[str, ...]]:
    """The modes written on ``def`` lines, by line."""
    marked: dict[int, tuple[str, ...]] = {}
    for line, kind, claim in _claims(text):
        if kind != "modes":
            continue
        modes = tuple(mode.strip() for mode in claim.split(","))
        wrong = [mode for mode in modes if mode not in DECORATORS]
        if wrong:
            raise SpecificationError(f"line {line}: '{wrong[0]}' is no mode")
        marked[line] = modes
    if marked:
        functions = {node.lineno for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)}
        for line in marked:
            if line not in functions:
                raise SpecificationError(f"line {line}: 'modes' stands on the line of a 'def'")
    return marked
