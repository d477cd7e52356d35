"""The last line on standard error: how many files were judged, and what their requests for gradients give.

It tells one silence from another: nothing is wrong, nothing is asked for, nothing is known, or not all was judged.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from dataclasses import dataclass, field

from tfgradlint.analysis.guarded import NOT_ANALYSED
from tfgradlint.analysis.results import Analysis
from tfgradlint.reports import FOR_PEOPLE

#: The words for what requests give, one and several of them, and the verdicts that they stand for.
_WORDS = (
    ("flows", "flow", ("flows",)),
    ("arrives", "arrive", ("arrives",)),
    ("lost", "lost", ("none", "zero", "raises", "nonfinite")),
    ("varies", "vary", ("varies",)),
    ("unknown", "unknown", ("unknown",)),
)


@dataclass
class Summary:
    """What is counted of a run."""

    files: int = 0
    partly: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    #: What requests of which nothing is proven give under assumptions.
    assumed: Counter[str] = field(default_factory=Counter)

    def add(self, analysis: Analysis) -> None:
        """Count a file that was judged."""
        self.files += 1
        self.partly += bool(analysis.left_out) or any(each.code == NOT_ANALYSED for each in analysis.findings)
        self.verdicts.update(prediction.verdict for prediction in analysis.predictions)
        self.assumed.update(each.assumed for each in analysis.predictions if each.assumed is not None)

    def line(self) -> str:
        """``3 files, 5 requests: 3 flow, 2 unknown (assumed: 1 lost)``; words of which there is none are left out."""
        requests = self.verdicts.total()
        told = f"{_counted(self.files, 'file')}, {_counted(requests, 'request') if requests else 'no requests'}"
        words, assumed = _in_words(self.verdicts), _in_words(self.assumed)
        words += f" (assumed: {assumed})" if assumed else ""  # behind the unknown ones, which are the last
        partly = f"; {_counted(self.partly, 'file')} not judged in full" if self.partly else ""
        return told + (f": {words}" if words else "") + partly

    def tell(self, options: argparse.Namespace) -> None:
        """Print the line where people read what comes out, and want it."""
        if self.files and options.output_format in FOR_PEOPLE and not options.quiet:
            print(self.line(), file=sys.stderr)


def _in_words(verdicts: Counter[str]) -> str:
    counts = [(sum(verdicts[each] for each in meant), one, more) for one, more, meant in _WORDS]
    return ", ".join(f"{count} {one if count == 1 else more}" for count, one, more in counts if count)


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"
