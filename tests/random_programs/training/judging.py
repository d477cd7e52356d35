"""Both judgements of a program that trains: every finding must be true of what happened to the weights."""

from __future__ import annotations

import re

from tfgradlint.analysis.analysis import analyse
from tfgradlint.analysis.results import Analysis, Finding, Prediction
from tfgradlint.evidence.training import LOOPS, Trained

from ..judging import NUMERIC, Comparison, Contradiction, Verdict, agrees
from ..running import Endless, Seen
from .running import Ledger, observe_training

#: What a message says of a line with a request or with training. "Trains nothing with it": with one loss of several.
_SAYS = re.compile(r" on line (\d+) (raises|trains nothing(?: with it)?|returns \[\]|leaves the rest out|gives it)")

#: The line of the request or call of which a message speaks.
_LINE = re.compile(r" on line (\d+) ")

_COMPILE = re.compile(r" *([\w.]+)\.compile\(")


def judge(text: str) -> Verdict:
    """Run a program, analyse it, and compare."""
    try:
        analysis = analyse(text)
    except Exception as fault:
        return Verdict([Contradiction(f"crash: {type(fault).__name__}", f"the analysis raised {fault!r}")])
    seen, ledger = observe_training(text)
    comparison = _Comparison(text, analysis, seen, ledger)
    comparison.compare()
    comparison.loops()
    comparison.misses()
    return comparison.verdict


class _Comparison(Comparison):
    def __init__(self, text: str, analysis: Analysis, seen: Seen, ledger: Ledger) -> None:
        super().__init__(text, analysis, seen)
        self._ledger = ledger

    def loops(self) -> None:
        """Each verdict on ``fit`` and ``train_on_batch`` must be true of what reached the weights."""
        predictions = {(each.line, each.column): each for each in self.analysis.predictions}
        for (line, column), found in _by_place(self.seen).items():
            prediction = predictions.get((line, column or 0))
            if prediction is not None and prediction.call == found[0].site.call:
                self._trained(prediction, found)
            elif "def train_step(" not in self.text and not self.seen.endings:
                self.verdict.sources += len(found[0].updated)
                self.verdict.unknown += len(found[0].updated)
                self.verdict.causes["no verdict on a call that trains"] += 1

    def _trained(self, prediction: Prediction, calls: list[Trained]) -> None:
        """Sources are those that the model lists, or those that the compiled step trains: either may be meant."""
        views = [[_words(each, each.listed) for each in calls], [_words(each, each.updated) for each in calls]]
        fitting = [view for view in views if all(len(words) == len(prediction.sources) for words in view)]
        if not fitting:
            several = len({len(words) for words in views[0]}) > 1  # from one call to the next
            if (
                not several
                and not self.seen.endings
                and any(source.verdict != "unknown" for source in prediction.sources)
            ):
                told = f"{len(prediction.sources)} sources predicted, TensorFlow gave {views[0]}, trained {views[1]}"
                self.contradict(f"{prediction.call}: number of sources", f"line {prediction.line}: {told}")
            return
        failing = [[self._false(prediction, place, view) for place in range(len(view[0]))] for view in fitting]
        best = min(range(len(fitting)), key=lambda place: sum(map(bool, failing[place])))
        for place, source in enumerate(prediction.sources):
            observed = {words[place] for words in fitting[best]}
            if "tensor" in observed:
                continue  # the graph never ran
            self.verdict.sources += 1
            if source.verdict == "unknown":
                self.verdict.unknown += len(observed) == 1
            elif not failing[best][place]:
                self.verdict.agreed[source.verdict] += 1
            elif source.verdict == "flows" and observed <= {"flows", *NUMERIC} and self._flows_stirred(calls, place):
                self.verdict.accidents += 1
            else:
                kind = f"{prediction.call}: {source.verdict}, but {'/'.join(sorted(observed))}"
                self.contradict(kind, f"line {prediction.line}: {source.source}: {failing[best][place]}")

    def _flows_stirred(self, calls: list[Trained], place: int) -> bool:
        """Whether a gradient is there where no number is an accident."""
        site = calls[0].site
        again = _by_place(self.stirred()).get((site.line, site.column), [])
        words = [words[place] for each in again for words in [_words(each, each.listed)] if place < len(words)]
        return bool(words) and set(words) <= {"flows", "nonfinite"}

    def _false(self, prediction: Prediction, place: int, view: list[list[str]]) -> str:
        """What is untrue of one source's verdict; empty: nothing."""
        verdict, observed = prediction.sources[place].verdict, [words[place] for words in view]
        true = verdict == "unknown" or "tensor" in observed or agrees(verdict, observed)
        if true or (verdict == "varies" and self.seen.endings):
            return ""
        return f"predicted {verdict}; TensorFlow gave {' | '.join(observed)}"

    def finding(self, finding: Finding) -> None:
        """A finding must be true of the weights, of the requests or of how the program ended."""
        if not finding.code.startswith("TFG4"):
            if not self._ledger.stopped:
                super().finding(finding)
            return
        if self.seen.endings:
            return
        if not self._true(finding):
            told = f"line {finding.position.line}: {finding.code} {finding.message}"
            self.contradict(f"finding {finding.code}", f"{told}; {self._ledger.told()}; {self.seen.training}")

    def _true(self, finding: Finding) -> bool:
        ledger, code = self._ledger, finding.code
        says = _SAYS.search(finding.message)
        if code in ("TFG402", "TFG408") or (says and says[2] == "raises"):
            return False  # it has not ended in an exception
        if code == "TFG403":
            return ledger.mismatched > 0
        if code == "TFG406":
            return ledger.created[finding.position.line] > 0
        word = self.seen.training.get(int(says[1])) if says else None
        if says and says[2] == "trains nothing with it" and ("add_loss" in self.text or "_regularizer" in self.text):
            return True  # others train in its place
        if says and says[2] == "trains nothing":
            return word == "nothing"
        if code in ("TFG404", "TFG411"):
            return word == "nothing" or ledger.left_out()
        named = _LINE.search(finding.message)
        lines = self.text.splitlines()
        if code == "TFG410" and "grads = " in lines[finding.position.line - 1]:
            return "grads" not in lines[finding.position.line]  # those of a family are used at once, or never
        made = _COMPILE.match(lines[finding.position.line - 1])
        if named is None and made is not None and not _trains(made[1], lines[finding.position.line :]):
            return True  # of a model that waits for somebody else's ``fit``
        return bool(ledger.stopped) or word in ("some", "nothing") or (named is not None and self._lost(int(named[1])))

    def _lost(self, line: int) -> bool:
        """Whether a request or a call on a line has once left a source without a gradient."""
        words = {word for place, each in self.seen.words.items() if place[0] == line for word in sum(each, ())}
        for each in self.seen.trained:
            if each.site.line == line:
                words.update(_words(each, each.listed), _words(each, each.updated))
        return not words.isdisjoint(("none", "zero"))

    def contradict(self, kind: str, told: str) -> None:
        """Of a program that broke off the evaluations are missing at which there were other sources."""
        if kind != "number of sources" or not self.seen.endings:
            super().contradict(kind, told)

    def misses(self) -> None:
        """Count what goes wrong without a finding; none of it is a failure."""
        if self.analysis.findings:
            return
        for ending in self.seen.endings:
            self.verdict.misses[f"raises {ending.type}: {ending.message[:60]}"] += 1
        if self.seen.endings:
            return
        if any(
            source.verdict not in ("flows", "unknown") for each in self.analysis.predictions for source in each.sources
        ):
            return
        part = any(
            mark in self.text
            for mark in ("trainable = False", "trainable=False", "layers[", ".out.", "[:2]", "if 'bias'")
        )
        for why in sorted({self._ledger.why(each) for each in self._ledger.stopped} - {""}):
            self.verdict.misses[why + " (it may be meant)" * part] += 1


def _trains(model: str, lines: list[str]) -> bool:
    return any(f"{model}.{call}(" in line for line in lines for call in LOOPS)


def _by_place(seen: Seen) -> dict[tuple[int, int | None], list[Trained]]:
    calls: dict[tuple[int, int | None], list[Trained]] = {}
    for each in seen.trained:
        calls.setdefault((each.site.line, each.site.column), []).append(each)
    return calls


def _words(call: Trained, variables: tuple[frozenset[str], ...] | None) -> list[str]:
    """A word for each variable. One that no update reached got nothing; where there was no update, it raised."""
    if call.raised == Endless.__name__:
        return ["tensor"] * len(variables or ())  # it took too long here: nothing is known
    if call.raised and not call.updated:
        return [f"raises:{call.raised}"] * len(call.listed or ())
    return ["flows" if "flows" in words else min(words, default="none") for words in variables or ()]
