"""Runs analyses off the main loop: one at a time, after a pause in typing, and only of the last version."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from tfgradlint.server.judging import Document, Judged

T = TypeVar("T")

#: Deeply nested code needs a deep stack, and some systems give a thread little.
_STACK = 64 * 1024 * 1024


class Runs:
    """Keeps the analysis of each open document up to date.

    ``judge`` is called in a thread of its own, ``show`` in the main loop with each result that is not stale.
    """

    def __init__(self, judge: Callable[[Document], Judged], show: Callable[[Judged], None], pause: float) -> None:
        self._judge, self._show, self._pause = judge, show, pause
        self._thread: ThreadPoolExecutor | None = None
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._hurry: dict[str, asyncio.Event] = {}
        self._results: dict[str, Judged] = {}

    def changed(self, document: Document, *, at_once: bool = False) -> None:
        """A document has a new text. What is under way for its older ones is dropped."""
        self.closed(document.uri)
        self._hurry[document.uri] = hurry = asyncio.Event()
        if at_once:
            hurry.set()
        self._tasks[document.uri] = asyncio.get_running_loop().create_task(self._run(document, hurry))

    def closed(self, uri: str) -> None:
        """A document is of no more interest."""
        self._results.pop(uri, None)
        self._hurry.pop(uri, None)
        task = self._tasks.pop(uri, None)
        if task is not None:
            task.cancel()

    def known(self) -> Mapping[str, Judged]:
        """The analyses that are up to date, by document."""
        return self._results

    async def result(self, uri: str) -> Judged | None:
        """The analysis of a document's last version, without waiting for a pause; None where it is not open."""
        while (task := self._tasks.get(uri)) is not None and not task.done():
            self._hurry[uri].set()
            await asyncio.wait({task})
        return self._results.get(uri)

    async def off_the_loop(self, work: Callable[[], T]) -> T:
        """The result of other work that takes its time."""
        return await asyncio.get_running_loop().run_in_executor(self._executor(), work)

    def end(self) -> None:
        """Take no more work, and wait for none."""
        for uri in list(self._tasks):
            self.closed(uri)
        if self._thread is not None:
            self._thread.shutdown(wait=False, cancel_futures=True)

    async def _run(self, document: Document, hurry: asyncio.Event) -> None:
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(hurry.wait(), self._pause)
        # cancelled here, work that waits for its turn is not begun; work that has begun ends without effect
        result = await asyncio.get_running_loop().run_in_executor(self._executor(), self._judge, document)
        self._results[document.uri] = result
        self._show(result)

    def _executor(self) -> ThreadPoolExecutor:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="analysis")
            before = threading.stack_size(_STACK)
            try:
                self._thread.submit(int)  # the thread starts here, with this stack
            finally:
                threading.stack_size(before)
        return self._thread
