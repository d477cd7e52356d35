"""Both judgements of a program side by side: where TensorFlow contradicts the linter, and what it does not know."""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import dataclass, field

from tfgradlint.analysis.analysis import analyse
from tfgradlint.analysis.results import Analysis, Finding, Prediction
from tfgradlint.evidence.compare import words_agree
from tfgradlint.project.resolver import Project, Resolver
from tfgradlint.settings.codes import OPT_IN

from .running import Place, Seen, modules, reaches, run, stirred

#: What TensorFlow must give at a request for a finding with the code to be true, where not any bad outcome will do.
CONFIRMING = dict.fromkeys(("TFG101", "TFG109", "TFG110", "TFG112", "TFG113"), ("raises",))
_REQUEST = re.compile(r" on line (\d+) (?:returns|raises)")
_BAD = ("none", "zero", "raises")
#: What the numbers of a program decide, not its steps.
NUMERIC = ("zero", "nonfinite")


@dataclass(frozen=True)
class Contradiction:
    """One thing on which TensorFlow and the linter differ. ``kind`` tells which failures are alike."""

    kind: str
    told: str


@dataclass
class Verdict:
    """All about one program."""

    contradictions: list[Contradiction] = field(default_factory=list)
    #: Sources of requests that were evaluated, and those for which the linter does not know.
    sources: int = 0
    unknown: int = 0
    causes: Counter[str] = field(default_factory=Counter)
    #: Predicted words that TensorFlow confirmed.
    agreed: Counter[str] = field(default_factory=Counter)
    accidents: int = 0
    endings: Counter[str] = field(default_factory=Counter)
    #: What went wrong without a finding; counted for programs that train.
    misses: Counter[str] = field(default_factory=Counter)


def judge(text: str) -> Verdict:
    """Run a program, analyse it, and compare. One of several modules is judged with the others out of sight as well."""
    main, others = modules(text)
    resolvers: list[Resolver | None] = [None]
    if others:
        texts = {os.path.abspath(f"/program/{name}.py"): each for name, each in others.items()}
        resolvers.append(Resolver(Project("/program/main.py", texts=texts)))
    try:
        analyses = [analyse(main, resolver=resolver) for resolver in resolvers]
    except Exception as fault:
        return Verdict([Contradiction(f"crash: {type(fault).__name__}", f"the analysis raised {fault!r}")])
    seen = run(text)
    comparisons = [Comparison(text, analysis, seen) for analysis in analyses]
    for comparison in comparisons:
        comparison.compare()
    verdict = comparisons[-1].verdict
    for comparison in comparisons[:-1]:
        verdict.contradictions += comparison.verdict.contradictions
    return verdict


class Comparison:
    def __init__(self, text: str, analysis: Analysis, seen: Seen) -> None:
        self.text = text
        self.analysis = analysis
        self.seen = seen
        self._again: Seen | None = None
        self.verdict = Verdict()

    def compare(self) -> None:
        for what in self.analysis.gave_up:
            self.contradict("gave up", what)
        for finding in self.analysis.findings:
            if finding.code == "TFG001":
                self.contradict("fault", finding.message)
        predictions = {(each.line, each.column): each for each in self.analysis.predictions}
        for place, words in self.seen.words.items():
            prediction = predictions.get(place)  # type: ignore[arg-type]
            if prediction is None:
                if words != [("empty",)] * len(words):
                    self.contradict("no prediction", f"line {place[0]}: TensorFlow gave {_say(words)}")
            else:
                self._request(prediction, words)
        for finding in self.analysis.findings:
            self.finding(finding)
        if self.verdict.unknown:
            self.verdict.causes.update(dict(self.analysis.unknowns))
        for ending in self.seen.endings:
            where = "request" if ending.at_request else "step"
            message = re.sub(r"-?\d+(\.\d+)?", "#", ending.message)[:90]
            self.verdict.endings[f"{where}: {ending.type}: {message}"] += 1

    def contradict(self, kind: str, told: str) -> None:
        self.verdict.contradictions.append(Contradiction(kind, told))

    # -- requests

    def _request(self, prediction: Prediction, words: list[tuple[str, ...]]) -> None:
        sources = prediction.sources
        if words == [("empty",)] * len(words):
            return
        widths = {len(each) * (each != ("empty",)) for each in words if not each[0].startswith("raises:")}
        if widths and len(sources) not in widths:
            every = [word for each in words for word in each]
            one_for_all = len(sources) == 1 and agrees(sources[0].verdict, every)  # sources of unknown number
            if prediction.verdict != "unknown" and not one_for_all:
                told = f"{len(sources)} sources predicted, TensorFlow gave {_say(words)}"
                self.contradict("number of sources", f"line {prediction.line}: {told}")
            return
        if len(widths) > 1:
            return  # which source is which differs from one evaluation to the next
        for index, source in enumerate(sources):
            observed = [_at(each, index) for each in words]
            if "tensor" in observed:
                continue  # the graph never ran: its numbers are not known
            self.verdict.sources += 1
            if source.verdict == "unknown":
                # Where TensorFlow itself gives this and that, not to know is the right answer.
                self.verdict.unknown += len(set(observed)) == 1
            elif agrees(source.verdict, observed) or (source.verdict == "varies" and self.seen.endings):
                # A program that ended in an exception may not have come to the other outcome.
                self.verdict.agreed[source.verdict] += 1
            elif self._accident((prediction.line, prediction.column), index, source.verdict, observed):
                self.verdict.accidents += 1
            else:
                kind = f"{prediction.call}: {source.verdict}, but {'/'.join(sorted(set(observed)))}"
                told = f"line {prediction.line}: {source.source}: predicted {source.verdict}"
                if source.code:
                    kind += f" ({source.code})"
                    told += f" ({source.code} at line {source.line})"
                self.contradict(kind, f"{told}; TensorFlow gave {' | '.join(observed)}")

    def _accident(self, place: Place, index: int, predicted: str, observed: list[str]) -> bool:
        """Whether only the numbers made the outcome differ.

        ``flows`` says that the steps carry a gradient. For the numbers at hand it may still come out as zero, which
        then is no longer so when the gradients are stirred; and both it and ``zero`` may come out as not finite.
        """
        if predicted == "varies" and "zero" in observed:
            # One of the evaluations may be zero by its numbers only.
            again = [_at(each, index) for each in self.stirred().words.get(place, ())]
            return len(set(again)) > 1
        if predicted not in ("flows", "zero") or not set(observed) <= {predicted, *NUMERIC}:
            return False
        if set(observed) <= {predicted, "nonfinite"}:
            return True
        if predicted == "zero":
            return False
        again = [_at(each, index) for each in self.stirred().words.get(place, ())]
        return len(again) == len(observed) and set(again) <= {"flows", "nonfinite"}

    def stirred(self) -> Seen:
        """The program run once more, without accidents of its numbers."""
        if self._again is None:
            self._again = stirred(self.text)
        return self._again

    # -- findings

    def finding(self, finding: Finding) -> None:
        """A finding's request must go wrong in the way that the code says, at least once.

        What is reported only where it is asked for says that something may be meant otherwise, not that it goes wrong;
        of a term that adds nothing to a gradient the others make up for.
        """
        if finding.code in ("TFG001", "TFG308") or finding.code.startswith(OPT_IN):
            return
        allowed = CONFIRMING.get(finding.code, _BAD)
        places = [
            ((each.line, each.column), index)
            for each in self.analysis.predictions
            for index, source in enumerate(each.sources)
            if (source.code, source.line) == (finding.code, finding.position.line)
        ]
        words = [_at(each, index) for place, index in places for each in self.seen.words.get(place, ())]
        if not words and (named := _REQUEST.search(finding.message)):
            # One of several breaks that the evaluations of one request met: only the first is told with its source.
            at = [each for place, each in self.seen.words.items() if place[0] == int(named[1])]
            words = [word for each in at for evaluation in each for word in evaluation]
        if any(word.partition(":")[0] in allowed for word in words):
            return
        told = f"line {finding.position.line}: {finding.code} {finding.message}"
        if self.seen.endings:
            return  # the evaluation that it speaks of may not have been reached, or is what ended the program
        if words:
            self.contradict(f"finding {finding.code}", f"{told}; TensorFlow gave {' | '.join(words)}")
        elif not places and reaches(self.text, finding.position.line):
            self.contradict(f"finding {finding.code} without a request", f"{told}; nothing went wrong")


def _at(words: tuple[str, ...], index: int) -> str:
    return words[index] if index < len(words) else words[0]


def _say(words: list[tuple[str, ...]]) -> str:
    return " | ".join(", ".join(each) for each in words)


def agrees(verdict: str, words: list[str]) -> bool:
    """Whether a verdict is true of the words of all evaluations."""
    if verdict == "varies":
        return len(set(words)) > 1
    if verdict == "raises":
        return all(word.startswith("raises:") for word in words)
    if verdict == "arrives":
        return not any(word == "none" or word.startswith("raises:") for word in words)
    return all(words_agree(verdict, word) for word in words)
