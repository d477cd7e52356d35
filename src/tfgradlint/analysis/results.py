"""What an analysis gives back: findings, predictions and the steps that explain them."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

#: Verdicts from best to worst; the verdict of a request is the worst of its sources'.
VERDICTS = ("flows", "arrives", "unknown", "varies", "zero", "nonfinite", "none", "raises")
#: What a verdict or a finding rests on: it holds on every path, or under assumptions that it names.
PROVEN, ASSUMED = "proven", "assumed"
#: Of what something is assumed: of functions, of what these returned, of what comes from outside.
CALLS, RESULTS, VALUES = "calls", "results", "values"


def worst(verdicts: list[str]) -> str:
    """The verdict of a site from those of its sources; ``flows`` when there are none."""
    return max(verdicts, key=VERDICTS.index, default="flows")


def all_of(verdicts: set[str]) -> str:
    """The verdict of a source from those of all evaluations of its request."""
    if len(verdicts) > 1 and "arrives" in verdicts:
        verdicts -= {"flows", "zero"}  # may be either
    if len(verdicts) == 1:
        return verdicts.pop()
    return "unknown" if "unknown" in verdicts else "varies"


def place(path: str, cell: int) -> str:
    """How a file is named before a line: with the cell, where it is a notebook."""
    return f"{path}:cell {cell}" if cell else path


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Where something stands. Lines and columns are 1-based; the end is exclusive.

    In a notebook ``cell`` counts its cells from 1, and lines are the cell's; elsewhere it is 0.
    """

    cell: int = field(default=0, kw_only=True)
    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class PathStep:
    """One step of the break path, from the source to the target.

    ``path`` is that of another module that it stands in, relative to the folder of the file of the finding.
    """

    line: int
    column: int
    text: str
    cell: int = 0
    path: str = ""

    def file(self, path: str) -> str:
        """The path of its file, where ``path`` is that of the finding's."""
        return os.path.normpath(os.path.join(os.path.dirname(path), self.path)) if self.path else path


@dataclass(frozen=True, slots=True)
class Edit:
    """A text to put in the place of what stands at a position; an empty position inserts."""

    position: Position
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """A repair of one finding.

    ``grade`` is ``safe`` where the program computes what it did before, and gets its gradient; ``unsafe`` where a
    value changes its type or its dtype, or where the program could have been meant otherwise. ``beside``: the step that
    breaks stays in the program, beside the path.
    """

    grade: str
    title: str
    edits: tuple[Edit, ...]
    beside: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule's report of a break at a position.

    It is proven, or ``certainty`` is ``assumed`` and ``assumes`` names the functions and values from outside of which
    something was assumed.
    """

    position: Position
    code: str
    message: str
    path_steps: tuple[PathStep, ...] = ()
    fix: Fix | None = None
    certainty: str = PROVEN
    assumes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Assumed:
    """What holds of a source of which nothing is proven, if ``assumes`` do to gradients what such things do.

    ``code``, ``line`` and ``reason`` tell the break, as in a prediction. ``about`` tells what is assumed: that
    functions read nothing else (``calls``), that what they returned is no other name of the source (``results``), or
    that values from outside are none (``values``). ``part``: the part of the source that gets no gradient, where others
    may.
    """

    verdict: str
    assumes: tuple[str, ...]
    code: str | None = None
    line: int | None = None
    reason: str | None = None
    cell: int = 0
    about: str = CALLS
    part: str = ""


@dataclass(frozen=True, slots=True)
class SourcePrediction:
    """The predicted gradient with respect to one source of a request.

    ``source`` is the source's text; ``code``, ``line`` and ``reason`` tell the break (``None`` where nothing breaks;
    where no rule speaks of a break, ``reason`` alone says why). Where repairs were asked for, ``losses`` holds the
    codes of all breaks between the source and the target, also where the gradient arrives on another path. ``assumed``
    is what holds under assumptions where the verdict, which is proven, is ``unknown``, and ``missing`` says then what
    is not known: which call, parameter or line.
    """

    source: str
    verdict: str
    code: str | None = None
    line: int | None = None
    reason: str | None = None
    cell: int = 0
    losses: tuple[str, ...] = ()
    assumed: Assumed | None = None
    missing: str | None = None


@dataclass(frozen=True, slots=True)
class Prediction:
    """The predicted outcome of one request site. ``call`` is ``gradient``, ``jacobian`` ...

    ``entered``: it is that of what the program comes to from where it begins, and not of a function that runs alone.
    """

    line: int
    column: int
    call: str
    verdict: str
    sources: tuple[SourcePrediction, ...]
    cell: int = 0
    entered: bool = False

    @property
    def assumed(self) -> str | None:
        """The verdict under assumptions, where none is proven; None where they do not tell either."""
        if self.verdict != "unknown":
            return None
        found = worst([each.assumed.verdict if each.assumed is not None else each.verdict for each in self.sources])
        return None if found == "unknown" else found


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A finding in another module, which the judged file led to.

    ``path`` is relative to the folder of the judged file. ``told``: the code and the position of what the judged file
    has been told of the same break.
    """

    path: str
    finding: Finding
    told: tuple[tuple[str, Position], ...] = ()


@dataclass(frozen=True, slots=True)
class PredictedElsewhere:
    """The outcome of a request in another module, for what the judged file hands to it."""

    path: str
    prediction: Prediction


@dataclass(frozen=True, slots=True)
class Analysis:
    """All that is known of one file.

    ``unknowns`` counts, for every verdict ``unknown``, the first cause met on the way from the target;
    ``gave_up`` names what was not judged in full, and what went wrong with repairs, for ``--verbose``;
    ``endings`` counts the steps that raise, and are no rule's business; ``left_out`` holds a ``TFG002`` for each part
    that was not judged in full. ``elsewhere`` and ``predicted_elsewhere`` tell of other modules of the program, and
    ``read`` of the paths that were looked at for it, each with its state. ``told`` is what is reported in it where it
    is judged by itself, and in another file where that is judged with it.
    """

    findings: tuple[Finding, ...] = ()
    predictions: tuple[Prediction, ...] = ()
    unknowns: tuple[tuple[str, int], ...] = ()
    gave_up: tuple[str, ...] = ()
    endings: int = 0
    left_out: tuple[Finding, ...] = ()
    elsewhere: tuple[Elsewhere, ...] = ()
    predicted_elsewhere: tuple[PredictedElsewhere, ...] = ()
    read: tuple[tuple[str, str], ...] = ()
    told: tuple[Finding, ...] = ()

    @property
    def reportable(self) -> list[Finding]:
        """All that can be reported of the file, by position."""
        return sorted((*self.findings, *self.left_out), key=lambda each: (each.position, each.code))


def in_order(place: Position | PathStep | Prediction) -> tuple[int, int, int]:
    """By what places in one file are sorted."""
    return place.cell, place.line, place.column
