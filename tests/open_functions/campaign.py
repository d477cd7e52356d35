"""Many seeded faults: whether TensorFlow loses a gradient, and whether the linter says so of the open function."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tfgradlint import check
from tfgradlint.analysis.results import Finding
from tfgradlint.evidence.observe import observe

from .opening import WAYS, Training
from .seeding import Seeded, seeded

#: What no rule says of gradients.
_NOT_JUDGED = "TFG0"


@dataclass
class Report:
    """What came out of a campaign."""

    #: By kind of break and way of handing in: how many TensorFlow confirmed, and how many of these were found.
    true: Counter[tuple[str, str]] = field(default_factory=Counter)
    found: Counter[tuple[str, str]] = field(default_factory=Counter)
    missed: list[str] = field(default_factory=list)
    #: What was found where nothing was seeded.
    untrue: list[str] = field(default_factory=list)
    functions: int = 0
    refused: int = 0

    def note(self, fault: Seeded, way: str, findings: Sequence[Finding]) -> None:
        """A fault that is one was looked for."""
        self.true[fault.kind, way] += 1
        if findings:
            self.found[fault.kind, way] += 1
        else:
            self.missed.append(f"{fault.training.name}, by {way}, {fault.kind}: {fault.told}")

    def share(self, *kinds: str) -> float:
        """How many of the breaks of these kinds were found."""
        true = sum(count for (kind, _), count in self.true.items() if kind in kinds)
        return sum(count for (kind, _), count in self.found.items() if kind in kinds) / true if true else 1.0

    def summary(self) -> str:
        """The figures."""
        rows = [f"{self.functions} functions; {self.refused} seeded ones lose nothing, or do not run"]
        by_kind: dict[str, list[str]] = defaultdict(list)
        for (kind, way), count in sorted(self.true.items()):
            by_kind[kind].append(f"{way} {self.found[kind, way]} of {count}")
        rows += [f"{kind}: {100 * self.share(kind):.0f} %: {', '.join(told)}" for kind, told in by_kind.items()]
        return "\n".join([*rows, f"found where nothing was seeded: {len(self.untrue)}"])


def told(text: str) -> list[Finding]:
    """The findings in a text that tell of gradients."""
    return [each for each in check("import numpy as np\n" + text) if not each.code.startswith(_NOT_JUDGED)]


def outcomes(training: Training) -> list[tuple[str, ...]]:
    """What the requests of the function give with the real things handed in: nothing where it does not come to that.

    An optimizer that gets no gradient at all may end the program behind the request.
    """
    text = "import numpy as np\n" + training.handed_in()
    observed = observe(text).outcomes
    return [outcome for line in training.request_lines(text) for outcome in observed.get(line, ())]


def loses(before: Sequence[tuple[str, ...]], after: Sequence[tuple[str, ...]]) -> bool:
    """Whether a source that had a gradient has none in any evaluation."""
    return any(
        word == "flows" and {later[place] for later in after if place < len(later)} == {"none"}
        for row in before
        for place, word in enumerate(row)
    )


def run(
    trainings: Sequence[Training],
    count: int,
    seed: int,
    progress: Callable[[Report], None] = lambda report: None,
) -> Report:
    """Seed so many faults, spread over the functions, and run each under TensorFlow."""
    chance = random.Random(seed)
    report = Report()
    known: dict[str, list[tuple[str, ...]]] = {}
    for fault in spread(trainings, chance)[:count]:
        _one(fault, trainings, known, report)
        progress(report)
    report.functions = len(known)
    return report


def spread(trainings: Sequence[Training], chance: random.Random) -> list[Seeded]:
    """All faults in an order by chance: one of each function, then another one of each, and so on."""
    rows: list[list[Seeded]] = []
    for training in chance.sample(list(trainings), len(trainings)):
        breaks = list(seeded(training))
        rows.append(chance.sample(breaks, len(breaks)))
    longest = max(map(len, rows), default=0)
    return [row[turn] for turn in range(longest) for row in rows if turn < len(row)]


def _one(fault: Seeded, trainings: Sequence[Training], known: dict[str, list[tuple[str, ...]]], report: Report) -> None:
    training = fault.training
    if training.name not in known:
        (sound,) = [each for each in trainings if each.name == training.name]
        known[training.name] = outcomes(sound)
        report.untrue += untrue(sound)
    if not loses(known[training.name], outcomes(training)):
        report.refused += 1
        return
    for way, opened in WAYS.items():
        report.note(fault, way, told(opened(training)))


def untrue(training: Training) -> list[str]:
    """What is found in a function that loses nothing, whichever way it is opened."""
    return [
        f"{training.name}, by {way}: line {finding.position.line}: {finding.code} {finding.message}"
        for way, opened in WAYS.items()
        for finding in told(opened(training))
    ]
