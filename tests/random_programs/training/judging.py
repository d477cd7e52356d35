"""Both judgements of a program that trains: every finding must be true of what happened to the weights."""

from __future__ import annotations

import re

from tfgradlint.analysis.analysis import analyse
from tfgradlint.analysis.results import Analysis, Finding

from ..judging import Comparison, Contradiction, Verdict
from ..running import Seen
from .running import Ledger, observe_training

#: What a message says of a line with a request or with training. "Trains nothing with it": with one loss of several.
_SAYS = re.compile(r" on line (\d+) (raises|trains nothing(?: with it)?|returns \[\]|leaves the rest out|gives it)")


def judge(text: str) -> Verdict:
    """Run a program, analyse it, and compare."""
    try:
        analysis = analyse(text)
    except Exception as fault:
        return Verdict([Contradiction(f"crash: {type(fault).__name__}", f"the analysis raised {fault!r}")])
    seen, ledger = observe_training(text)
    comparison = _Comparison(text, analysis, seen, ledger)
    comparison.compare()
    comparison.misses()
    return comparison.verdict


class _Comparison(Comparison):
    def __init__(self, text: str, analysis: Analysis, seen: Seen, ledger: Ledger) -> None:
        super().__init__(text, analysis, seen)
        self._ledger = ledger

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
        if says and says[2] == "trains nothing":
            return word == "nothing"
        if code in ("TFG404", "TFG411"):
            return word == "nothing" or ledger.left_out()
        return bool(ledger.stopped) or word in ("some", "nothing")

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
