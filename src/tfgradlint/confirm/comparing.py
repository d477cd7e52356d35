"""Holds what a run has shown of each request against the prediction."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tfgradlint.analysis.results import Prediction, SourcePrediction, worst
from tfgradlint.confirm.observations import Asked, Key, Lost, TrainedBy
from tfgradlint.confirm.session import Session
from tfgradlint.evidence.compare import verdict_agrees

#: What comes of the comparison: the prediction is true or contradicted, nothing was predicted, or not evaluated.
AGREES, CONTRADICTED, UNKNOWN, NOT_EVALUATED = "agrees", "contradicted", "unknown", "not evaluated"
#: What a request should not give.
BAD = ("raises", "none", "nonfinite", "zero")


@dataclass(frozen=True, slots=True)
class Observed:
    """One source of a request: its text, what was predicted (empty: nothing), and the different words for it."""

    source: str
    predicted: str
    words: tuple[str, ...]
    told: SourcePrediction | None = None

    @property
    def contradicted(self) -> bool:
        """Whether the run shows that the prediction is wrong.

        Zero or NaN where a gradient was predicted is a matter of numbers, which the prediction does not know.
        """
        if not self.predicted or self.predicted in ("unknown", "varies") or not self.words:
            return False
        if self.predicted in ("flows", "arrives"):
            return any(word == "none" or word.startswith("raises") for word in self.words)
        return not verdict_agrees(self.predicted, list(self.words))

    @property
    def bad(self) -> str:
        """What this source got that nobody wants, and no prediction tells: a word of ``BAD``, or empty.

        Of several evaluations some may be zero; None and NaN may not.
        """
        kinds = {word.partition(":")[0] for word in self.words}
        found = next((kind for kind in BAD if kind in kinds and (kind != "zero" or kinds == {"zero"})), "")
        told = self.predicted == found or (self.predicted == "varies" and self.told is not None and self.told.code)
        return "" if told else found


@dataclass(frozen=True, slots=True)
class Row:
    """A request: its place, the prediction, what was observed of each source, and how often."""

    key: Key
    prediction: Prediction | None
    sources: tuple[Observed, ...] = ()
    times: int = 0
    lost: tuple[Lost, ...] = ()
    #: What its gradients did, where no more is known than that.
    word: str = ""

    @property
    def state(self) -> str:
        """What comes of the comparison."""
        if not self.times:
            return NOT_EVALUATED
        if any(each.contradicted for each in self.sources) or self._word_contradicts():
            return CONTRADICTED
        known = self.prediction is not None and self.prediction.verdict != "unknown"
        return AGREES if known else UNKNOWN

    @property
    def unexplained(self) -> tuple[Observed, ...]:
        """The sources that got no gradient, zero or NaN, and were not predicted to."""
        return tuple(each for each in self.sources if each.bad)

    @property
    def predicted(self) -> str:
        """The prediction in a word or two."""
        if self.prediction is None:
            return "-"
        assumed = self.prediction.assumed
        return f"unknown ({assumed} if assumed)" if assumed else self.prediction.verdict

    @property
    def observed(self) -> str:
        """What was observed, in a word or two: the worst, and of how many sources."""
        if not self.times:
            return "-"
        if self.word:
            return self.word
        bad = [worst([_verdict(word) for word in each.words]) for each in self.sources if each.words]
        if not bad:
            return "no sources"
        word = worst(bad)
        count = bad.count(word)
        return word if count == len(bad) else f"{word} ({count} of {len(bad)} sources)"

    def _word_contradicts(self) -> bool:
        if not self.word or self.prediction is None:
            return False
        raised, verdict = self.word.startswith("raises"), self.prediction.verdict
        if raised or verdict == "raises":
            return verdict not in ("unknown", "varies") and raised != (verdict == "raises")
        wanted = {source.verdict for source in self.prediction.sources}
        return (self.word == "nothing" and wanted == {"flows"}) or (self.word == "all" and wanted == {"none"})


def rows(session: Session) -> list[Row]:
    """A row for each request that was predicted or observed, by place."""
    return sorted(_Comparison(session).rows(), key=lambda row: (row.key[0], row.key[1], row.key[2] or 0))


@dataclass
class _Comparison:
    session: Session
    predicted: dict[str, list[Prediction]] = field(default_factory=dict)

    def rows(self) -> Iterator[Row]:
        for judged in self.session.judged:
            self.predicted[os.path.realpath(judged.path)] = list(judged.analysis.predictions)
        report = self.session.report
        for asked in report.asked:
            yield _asked(asked, self._of(asked.key))
        for trained in report.trained:
            yield _trained(trained, self._of(trained.key))
        for path, left in self.predicted.items():
            for prediction in left:
                word = report.updates.get(path, {}).get(prediction.line, "")
                seen = prediction.call in ("minimize", "apply_gradients") and word not in ("", "never")
                key = (path, prediction.line, prediction.column, prediction.call)
                yield Row(key, prediction, times=int(seen), word=word if seen else "")

    def _of(self, key: Key) -> Prediction | None:
        """The prediction for what was observed there; it is taken out of those that are left."""
        path, line, column, call = key
        found = [each for each in self.predicted.get(path, []) if each.line == line and each.call == call]
        found = [each for each in found if column in (None, each.column)] or found
        if len(found) != 1:
            return None
        self.predicted[path].remove(found[0])
        return found[0]


def _asked(asked: Asked, prediction: Prediction | None) -> Row:
    times = sum(times for _, times in asked.seen)
    evaluations = [words for words, _ in asked.seen if words != ("empty",)]
    return Row(asked.key, prediction, tuple(_sources(prediction, evaluations)), times, asked.lost)


def _trained(trained: TrainedBy, prediction: Prediction | None) -> Row:
    """What a call that trains gave to the weights that the model lists, or to those that its step trains."""
    raised = [raised for _, _, raised in trained.times if raised]
    views = (
        [[_word(words) for words in listed or ()] for listed, _, _ in trained.times],
        [[_word(words) for words in updated] for _, updated, _ in trained.times],
    )
    wanted = len(prediction.sources) if prediction is not None else -1
    view = next((view for view in views if all(len(each) == wanted for each in view)), views[0])
    evaluations = [tuple(each) for each in view if each]
    if raised and not any(updated for _, updated, _ in trained.times):
        evaluations = [(f"raises:{raised[0]}",)]
    return Row(trained.key, prediction, tuple(_sources(prediction, evaluations)), max(trained.steps, 1))


def _word(words: Sequence[str]) -> str:
    """What came of a weight in all steps of a training."""
    return "flows" if "flows" in words else min(words, default="none")


def _sources(prediction: Prediction | None, evaluations: Sequence[tuple[str, ...]]) -> Iterator[Observed]:
    widths = {len(words) for words in evaluations if not words[0].startswith("raises:")}
    told: Sequence[SourcePrediction | None] = prediction.sources if prediction is not None else ()
    width = max(widths, default=len(told) or 1)
    if len(widths) > 1 or len(told) != width:
        # one text may stand for many sources (`model.trainable_variables`): what holds for all is compared
        alike = told and len({each.verdict for each in told if each is not None}) == 1
        told = [told[0]] * width if alike else [None] * width
    for place, each in enumerate(told):
        words = tuple(dict.fromkeys(words[min(place, len(words) - 1)] for words in evaluations))
        text = each.source if each is not None else f"source {place + 1}"
        yield Observed(text, each.verdict if each is not None else "", words, each)


def _verdict(word: str) -> str:
    kind = word.partition(":")[0]
    return "arrives" if kind == "tensor" else kind


def counted(rows: Sequence[Row]) -> Mapping[str, int]:
    """How many rows are in each state."""
    return Counter(row.state for row in rows)
