"""Records a running program: the requests of its tapes, and what its optimizers and ``fit`` do to weights."""

from __future__ import annotations

import contextlib
import os
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tfgradlint.confirm.importing import AfterImport
from tfgradlint.confirm.lost import Steps
from tfgradlint.confirm.observations import Asked, Ending, Key, Report, TrainedBy
from tfgradlint.confirm.own import OwnFiles
from tfgradlint.evidence.log import Log
from tfgradlint.evidence.record import Evaluation, Recorder, Traced
from tfgradlint.evidence.sites import Site, Sites
from tfgradlint.evidence.training import LOOPS, TracedUpdate, Training

#: So many evaluations in graphs are kept; what comes then is like what came before.
_CAPACITY = 20_000
#: A request evaluated so many times as often as was asked for shows that the others are not met.
_FAR = 100


def key_of(site: Site) -> Key:
    """The place, as it is reported."""
    return os.path.realpath(site.file), site.line, site.column, site.call


@dataclass(slots=True)
class _Requests(Recorder):
    """Counts what a request gave; a training would fill the memory with every single evaluation."""

    counts: dict[Key, Counter[tuple[str, ...]]] = field(default_factory=dict)
    steps: Steps | None = None

    def _add(self, evaluation: Evaluation) -> None:
        self.counts.setdefault(key_of(evaluation.site), Counter())[evaluation.words] += 1

    def _time(self) -> float:
        return 0.0

    def _judge(self, site: Site, result: Any) -> None:
        Recorder._judge(self, site, result)
        if self.steps is not None:
            self.steps.end(key_of(site), self.tf.nest.flatten(result))

    def _begin(self, *args: Any, **kwargs: Any) -> None:
        if self.steps is not None:
            of_tape = bool(args) and isinstance(args[0], self.tf.GradientTape)
            asked = args[1:] if of_tape else args
            names = ("target", "sources") if of_tape else ("ys", "xs")
            target, sources = (*asked, *(kwargs.get(name) for name in names[len(asked) :]))[:2]
            self.steps.begin(target, sources)


@dataclass(slots=True)
class _Loops(Training):
    """Keeps in mind which calls that train are under way, and how many steps each has made."""

    #: Counts what was written to the log so far.
    count: Callable[[], object] = lambda: None
    under_way: list[Key] = field(default_factory=list)
    made: dict[Key, Counter[int]] = field(default_factory=dict)

    def step(self, entry: int) -> None:
        """A step of the graph that this entry was traced in, or in eager mode -1."""
        for key in self.under_way:
            self.made.setdefault(key, Counter())[entry] += 1

    def _loop(self, original: Callable[..., Any]) -> Callable[..., Any]:
        recorded = Training._loop(self, original)

        def loop(model: Any, *args: Any, **kwargs: Any) -> Any:
            site = self.sites.nearest(LOOPS)
            if site is None:
                return recorded(model, *args, **kwargs)
            self.count()
            self.under_way.append(key_of(site))
            try:
                return recorded(model, *args, **kwargs)
            finally:
                self.count()
                self.under_way.pop()

        return loop

    def _judge(self, site: Site | None, gradients: list[Any], variables: list[Any]) -> None:
        Training._judge(self, site, gradients, variables)
        if self.tf.executing_eagerly():
            self.step(-1)


@dataclass
class Recording:
    """What is recorded of a program, from its first import of TensorFlow on."""

    files: OwnFiles
    eager: bool = False
    _log: Log | None = None
    _requests: _Requests | None = None
    _training: list[_Loops] = field(default_factory=list)
    _early: list[Any] = field(default_factory=list)
    _keras: str = ""
    _read: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _in_graphs: Counter[int] = field(default_factory=Counter)
    _contexts: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def install(self) -> None:
        """Wait for the program to import TensorFlow and Keras."""
        AfterImport(
            {"tensorflow": self._with_tensorflow, "keras": self._with_keras, "tf_keras": self._with_keras}
        ).install()

    def evaluated(self) -> Counter[Key]:
        """How often each request was evaluated so far, and how many steps each call that trains has made."""
        if self._log is None or self._requests is None:
            return Counter()
        with self._lock:
            for number, _ in self._log.rows(self._read):
                self._read += 1
                self._in_graphs[number] += 1
                if isinstance(self._log.entries[number], TracedUpdate):
                    for training in self._training:
                        training.step(number)
        counts: Counter[Key] = Counter({key: seen.total() for key, seen in dict(self._requests.counts).items()})
        for number, times in self._in_graphs.items():
            entry = self._log.entries[number]
            if isinstance(entry, Traced):
                counts[key_of(entry.site)] += times
        for training in self._training:
            counts.update({key: max(steps.values()) for key, steps in dict(training.made).items()})
        return counts

    def enough(self, requests: int, expected: int) -> bool:
        """Whether each of the expected requests was evaluated so often, or one of them far more often."""
        counts = self.evaluated()
        done = sum(times >= requests for times in counts.values())
        return done >= max(expected, 1) or max(counts.values(), default=0) >= _FAR * requests

    def report(self, ending: Ending) -> Report:
        """What was seen."""
        if self._log is None or self._requests is None:
            return Report(ending=ending, entry=self.files.entry)
        self.evaluated()
        updates: dict[str, dict[int, str]] = {}
        trained: list[TrainedBy] = []
        for training in self._training:
            for (file, line), word in training.words().items():
                updates.setdefault(os.path.realpath(file), {})[line] = word
            trained += _trained(training)
        tensorflow, keras = self._requests.tf.__version__, self._keras
        return Report(
            tuple(self._asked(self._requests, unrun=True)),
            tuple(trained),
            updates,
            ending,
            self.files.entry,
            f"TensorFlow {tensorflow}" + (f" with Keras {keras}" if keras else ""),
            tensorflow,
            int(keras.partition(".")[0]) if keras else None,
            max(self._log.position() - self._log.capacity, 0),
        )

    def taken(self) -> list[Asked]:
        """The requests since this was last asked for, which are forgotten then."""
        if self._log is None or self._requests is None:
            return []
        asked = self._asked(self._requests, unrun=False)
        self._requests.counts.clear()
        if self._requests.steps is not None:
            self._requests.steps.lost.clear()
        self._log.clear()
        self._read = 0
        return asked

    def _asked(self, requests: _Requests, *, unrun: bool) -> list[Asked]:
        """``unrun``: also those in graphs that were traced and never ran, of which is known what is None."""
        counts = {key: Counter(seen) for key, seen in requests.counts.items()}
        for time, evaluation in requests.in_graphs(failed=unrun):
            seen = counts.setdefault(key_of(evaluation.site), Counter())
            if time or not seen:  # a graph that never ran tells something where there is nothing else
                seen[evaluation.words] += 1
        lost = requests.steps.lost if requests.steps is not None else {}
        return [Asked(key, tuple(seen.items()), tuple(lost.get(key, ()))) for key, seen in counts.items()]

    def _with_tensorflow(self, tf: Any) -> None:
        if self.eager:
            tf.config.run_functions_eagerly(True)
        self._log = Log(tf, _CAPACITY)
        self._requests = _Requests(self._sites(), tf, self._log, steps=Steps.installed(self.files, tf))
        self._contexts.enter_context(self._requests.recording())
        for keras in self._early:
            self._with_keras(keras)

    def _with_keras(self, keras: Any) -> None:
        if self._requests is None or self._log is None:
            self._early.append(keras)  # TensorFlow, which is being imported, has imported it
            return
        if not _runs_on_tensorflow(keras):
            return
        training = _Loops(self._sites(), self._requests.tf, self._log, count=self.evaluated)
        self._contexts.enter_context(training.recording(keras))
        self._training.append(training)
        self._keras = keras.__version__

    def _sites(self) -> Sites:
        return Sites(self.files.tree)


def _trained(training: _Loops) -> list[TrainedBy]:
    times: dict[Key, dict[Any, None]] = {}
    for each in training.trained():
        listed = None if each.listed is None else tuple(tuple(sorted(words)) for words in each.listed)
        updated = tuple(tuple(sorted(words)) for words in each.updated)
        times.setdefault(key_of(each.site), {})[listed, updated, each.raised] = None
    return [
        TrainedBy(key, tuple(seen), max(training.made.get(key, Counter()).values(), default=0))
        for key, seen in times.items()
    ]


def _runs_on_tensorflow(keras: Any) -> bool:
    backend: Any = getattr(keras, "backend", None)
    return not hasattr(backend, "backend") or backend.backend() == "tensorflow"
