"""Runs the program as Python would, with its requests recorded, and writes down what was seen."""

from __future__ import annotations

import builtins
import contextlib
import ctypes
import importlib.util
import os
import runpy
import sys
import threading
import time
import traceback
import types
from collections.abc import Callable, Iterator, Mapping

from tfgradlint.confirm.observations import Ending, Order
from tfgradlint.confirm.own import OwnFiles
from tfgradlint.confirm.recording import Recording

#: How often, in seconds, it is looked whether the program has run long enough.
_PAUSE = 0.2


class Enough(BaseException):
    """Ends the program where it is: enough was seen. No handler of ``Exception`` takes it for a fault."""


def main(path: str) -> int:
    """Carry out the order in a file; the exit status is the program's."""
    order = Order.load(path)
    sys.argv = [order.target, *order.arguments]
    sys.path.insert(0, order.folder)
    files = OwnFiles(_origin(order.target) if order.module else order.target)
    recording = Recording(files, order.eager)
    recording.install()
    watch = _Watch(recording, order)
    with watch.watching():
        ending = _run(order, watch, files)
    recording.report(ending).save(order.report)
    return ending.status


def _origin(module: str) -> str:
    """The file that ``python -m`` would run; empty where there is none, which is said when it is run."""
    try:
        spec = importlib.util.find_spec(module)
        if spec is not None and spec.submodule_search_locations is not None:
            spec = importlib.util.find_spec(f"{module}.__main__")
    except (ImportError, ValueError, AttributeError):
        return ""
    return (spec.origin or "") if spec is not None else ""


def _run(order: Order, watch: _Watch, files: OwnFiles) -> Ending:
    try:
        if order.module:
            runpy.run_module(order.target, run_name="__main__", alter_sys=True)
        else:
            _run_script(order.target, {"get_ipython": _NoShell} if order.notebook else {})
    except Enough:
        return Ending(stopped=watch.why)
    except SystemExit as exit_:
        return Ending(_status(exit_.code))
    except KeyboardInterrupt:
        return Ending(130, "KeyboardInterrupt", "interrupted")
    except BaseException as error:
        return _failure(error, files)
    return Ending()


class _NoShell:
    """What a notebook's magics are given to, where there is no IPython: it does nothing."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *args, **kwargs: None


def _run_script(path: str, names: Mapping[str, object]) -> None:
    with open(path, "rb") as file:
        code = compile(file.read(), path, "exec")
    module = types.ModuleType("__main__")
    module.__dict__.update(__file__=path, __builtins__=builtins, **names)
    sys.modules["__main__"] = module
    exec(code, module.__dict__)


def _status(code: object) -> int:
    if code is None or isinstance(code, int):
        return code or 0
    print(code, file=sys.stderr)
    return 1


def _failure(error: BaseException, files: OwnFiles) -> Ending:
    """Tell of the exception as Python does, without the frames that run and record the program."""
    told = traceback.TracebackException.from_exception(error)
    told.stack = traceback.StackSummary.from_list([each for each in told.stack if not _is_ours(each.filename)])
    print("".join(told.format()), end="", file=sys.stderr)
    own = [each for each in told.stack if files.tree(each.filename) is not None]
    place = (os.path.realpath(own[-1].filename), own[-1].lineno or 0) if own else ("", 0)
    message = (str(error).strip().splitlines() or [""])[0]
    return Ending(1, type(error).__name__, message, *place)


def _is_ours(filename: str) -> bool:
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    return filename == runpy.__file__ or filename.startswith((package + os.sep, "<frozen runpy"))


class _Watch:
    """Stops the program when enough was seen of it."""

    def __init__(self, recording: Recording, order: Order) -> None:
        self._recording = recording
        self._order = order
        self._end = threading.Event()
        #: Why the program was stopped.
        self.why = ""

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Watch what happens within."""
        thread = threading.Thread(target=self._watch, args=(threading.get_ident(),), daemon=True)
        if self._order.requests is not None or self._order.seconds is not None:
            thread.start()
        try:
            yield
        finally:
            self._end.set()

    def _watch(self, watched: int) -> None:
        began = time.monotonic()
        order = self._order
        while not self._end.wait(_PAUSE):
            if order.seconds is not None and time.monotonic() - began > order.seconds:
                self.why = f"after {order.seconds:g} seconds"
            elif order.requests is not None and self._recording.enough(order.requests, order.expected):
                self.why = f"after {order.requests} evaluations of each request"
            else:
                continue
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(watched), ctypes.py_object(Enough))
            return
