"""Judges many files: in several processes, with what is known of them already, and in one order."""

from __future__ import annotations

import contextlib
import dataclasses
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

from tfgradlint import notebooks
from tfgradlint.analysis.guarded import judge
from tfgradlint.analysis.results import Analysis
from tfgradlint.files import sources
from tfgradlint.files.cache import Cache, key
from tfgradlint.files.progress import Progress
from tfgradlint.project.closure import imports_own
from tfgradlint.project.resolver import Project, Resolver, changed
from tfgradlint.settings.codes import SEPARATION
from tfgradlint.settings.gradients import Gradients

#: Fewer bytes than these for each process are not worth starting one, and files are handed out in such portions.
_WORTH, _PORTION = 60_000, 20_000


@dataclass(frozen=True)
class Job:
    """A file, and all that its result depends on besides its content."""

    path: str
    tensorflow: str
    gradients: Gradients
    cache: str | None = None
    #: Whether losses are to be tried in a file that asks for no gradient.
    losses: bool = False
    #: The major version of Keras that ``tf.keras`` is asked to be.
    keras: int | None = None
    #: What is assumed of functions that nobody sees.
    assume: str = SEPARATION
    #: Folders from which the program imports besides the file's own.
    sources: tuple[str, ...] = ()
    #: Installed packages that are read like the program's own modules.
    follow: tuple[str, ...] = ()

    @property
    def project(self) -> Project:
        """Where the file belongs."""
        return Project(self.path, self.sources, self.follow)


@dataclass(frozen=True)
class Judged:
    """What became of a file: its text and analysis, or why it could not be read.

    Of a notebook the text is that of its cells as one module. ``data`` is the content of what is no file.
    """

    path: str
    text: str
    analysis: Analysis
    error: str = ""
    notebook: notebooks.Notebook | None = None
    data: bytes | None = None


class WorkerDied(Exception):
    """A process ended before its work was done. The text is one line that says what to do."""


def judge_file(job: Job, data: bytes | None = None) -> Judged:
    """Read and judge one file; ``data`` is its content where that is known."""
    try:
        if data is None:
            data = sources.content(job.path)
        notebook = notebooks.decode(data, job.path) if notebooks.is_notebook(job.path) else None
        text = sources.decode(data, job.path) if notebook is None else notebook.text
    except sources.Unreadable as error:
        return Judged(job.path, "", Analysis(), str(error))
    cache = Cache(job.cache) if job.cache is not None else None
    digest = key(data, *_depends(job, text, notebook is not None)) if cache is not None else ""
    analysis = cache.get(digest) if cache is not None else None
    if analysis is not None and any(changed(dict(analysis.read))):
        analysis = None  # a module that it imports is another one now
    if analysis is None:
        analysis = judge(
            text,
            version=job.tensorflow,
            gradients=job.gradients,
            losses=job.losses,
            keras=job.keras,
            assume=job.assume,
            project=job.project,
        )
        if notebook is not None:
            analysis = notebook.judged(analysis)
        if cache is not None:
            cache.put(digest, analysis)
    # what was read for it nobody else asks for
    return Judged(job.path, text, dataclasses.replace(analysis, read=()), notebook=notebook)


def _depends(job: Job, text: str, notebook: bool) -> Iterator[object]:
    """What the result depends on besides the content: where the file is, too, if it imports what may be beside it."""
    yield from (job.tensorflow, job.gradients, job.losses, job.keras, job.assume, notebook)
    resolver = Resolver(job.project)
    if imports_own(resolver, text):
        yield from (os.path.abspath(job.path), job.sources)
    for name in job.follow:
        yield from (each.path for each in resolver.locate(resolver.path, 0, name))


def judge_all(jobs: Sequence[Job], processes: int) -> Iterator[Judged]:
    """The results for all files, in their order, whatever number of processes works on them."""
    progress = Progress(sys.stderr, len(jobs))
    portions = list(_portions(jobs))
    processes = min(processes, len(portions), 1 + sum(map(_size, jobs)) // _WORTH) if processes > 1 else 1
    try:
        for result in _in_parallel(portions, processes) if processes > 1 else map(judge_file, jobs):
            progress.step()
            yield result
    finally:
        progress.end()


def _size(job: Job) -> int:
    try:
        return os.stat(job.path).st_size
    except OSError:
        return 0


def _portions(jobs: Sequence[Job]) -> Iterator[list[Job]]:
    portion: list[Job] = []
    size = 0
    for job in jobs:
        portion.append(job)
        size += _size(job)
        if size >= _PORTION or len(portion) == 50:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


def _in_parallel(portions: Sequence[list[Job]], processes: int) -> Iterator[Judged]:
    pool = ProcessPoolExecutor(processes, initializer=_start)
    try:
        futures: list[Future[list[Judged]]] = [pool.submit(_judge_portion, portion) for portion in portions]
        for future in futures:
            yield from future.result()
    except BrokenProcessPool:
        raise WorkerDied("a process ended before its work was done; --jobs 1 shows at which file") from None
    except BaseException:  # nobody waits for what is under way
        for process in multiprocessing.active_children():
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


@dataclass
class _Worker:
    """What a process that helps is doing. It is ended by its parent, which the interrupt key ends."""

    judging: bool = False
    ended: bool = False

    def start(self) -> None:
        """Set up a process."""
        with contextlib.suppress(ValueError):
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, self._end)

    def _end(self, *_: object) -> None:
        self.ended = True
        if self.judging:  # else it waits for work, and there is none to come
            raise KeyboardInterrupt


_WORKER = _Worker()


def _start() -> None:
    _WORKER.start()


def _judge_portion(portion: list[Job]) -> list[Judged]:
    if _WORKER.ended:
        return []
    _WORKER.judging = True
    try:
        # what is sent back is copied: a text is only needed where something is told of it
        return [
            each if each.analysis.reportable or "noqa" in each.text.lower() else dataclasses.replace(each, text="")
            for each in map(judge_file, portion)
        ]
    finally:
        _WORKER.judging = False


def cores() -> int:
    """The machine's cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
