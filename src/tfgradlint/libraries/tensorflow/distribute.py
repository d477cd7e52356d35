"""``tf.distribute``: a strategy runs a function on each replica, and this program sees one of them."""

from __future__ import annotations

from collections.abc import Callable

from tfgradlint.flow.graph import origins
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import NONE, Value, Variable
from tfgradlint.flow.values.containers import DictContent, DictObject, Items
from tfgradlint.flow.values.functions import Function, Method, NativeFunction
from tfgradlint.flow.values.notes import Note
from tfgradlint.flow.values.objects import LibraryObject

STRATEGY = "tf.distribute.Strategy"
#: How they run a function: in threads of its own, as if it were called, or in a way that was not measured.
_THREADS, _PLAINLY, _SOMEHOW = "threads", "plainly", "somehow"
_CLASSES = {
    **dict.fromkeys(("MirroredStrategy", "MultiWorkerMirroredStrategy", "CentralStorageStrategy"), _THREADS),
    "OneDeviceStrategy": _PLAINLY,
    **dict.fromkeys(("TPUStrategy", "ParameterServerStrategy", "Strategy"), _SOMEHOW),
}
#: Of a strategy: how it runs a function.
_RUNS: Note[str] = Note("how functions are run")
#: Of the tapes: the strategies in whose scope the program is, the last one last.
_SCOPES: Note[tuple[str, ...]] = Note("scopes of strategies")
#: Of a variable: whether it was made in the scope of a strategy that keeps one for each replica.
_OF_REPLICAS: Note[bool] = Note("one for each replica")
#: What is entered only to say where or under which name things are made.
_PLAIN_CONTEXTS = frozenset(
    "tf.name_scope tf.device tf.compat.v1.name_scope keras.name_scope keras.device tf.summary.record_if "
    "tf.control_dependencies tf.compat.v1.control_dependencies tf.compat.v1.colocate_with tf.experimental.async_scope "
    "tf.profiler.experimental.Trace tf.profiler.experimental.Profile".split()
)
#: What is entered, itself or by a method, to write, to name or to push tangents, and may refuse.
OPENED = (
    "tf.autodiff.ForwardAccumulator tf.summary.create_file_writer tf.summary.create_noop_writer tf.io.gfile.GFile "
    "tf.io.TFRecordWriter tf.compat.v1.variable_scope tf.test.TestCase keras.utils.custom_object_scope "
    "keras.utils.CustomObjectScope tf.keras.utils.custom_object_scope tf.keras.utils.CustomObjectScope"
).split()


def call(interp: Context, path: str) -> Value | None:
    """A strategy, or a context that changes nothing for a gradient; None for anything else."""
    family, _, name = path.rpartition(".")
    if family in ("tf.distribute", "tf.distribute.experimental") and (name in _CLASSES or name == "get_strategy"):
        made = LibraryObject(STRATEGY)
        _RUNS.begin(made, _present(interp) if name == "get_strategy" else _CLASSES[name])
        return made
    path = "keras." + path.removeprefix("tf.keras.") if path.startswith("tf.keras.") else path
    return transparent() if path in _PLAIN_CONTEXTS else None


def _present(interp: Context) -> str:
    """How the strategy runs functions in whose scope the program is: who calls this may be in one."""
    scopes = _SCOPES.of(interp.recorder.tapes, ())
    if scopes is None or (interp.isolated and not scopes):
        return _SOMEHOW
    return scopes[-1] if scopes else _PLAINLY


def method(
    interp: Context, receiver: LibraryObject, name: str, args: list[Value], kwargs: dict[str, Value]
) -> Value | None:
    """A method of a strategy."""
    if name == "scope":
        return _scope(interp, _RUNS.of(receiver) or _SOMEHOW)
    if name in ("run", "experimental_run_v2") and (args or "fn" in kwargs):
        return _run(interp, receiver, args, kwargs)
    if name == "reduce" and len(args) > 1:
        return interp.opaque_result_of(origins.returned_by("strategy.reduce()"), [args[1]])
    if name in ("experimental_distribute_dataset", "experimental_local_results") and args:
        return args[0]
    return None


def _run(interp: Context, receiver: LibraryObject, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """``strategy.run(fn, args, kwargs)``"""
    function = args[0] if args else kwargs["fn"]
    given = args[1] if len(args) > 1 else kwargs.get("args", Items(()))
    named = args[2] if len(args) > 2 else kwargs.get("kwargs", DictObject(DictContent({})))
    content = interp.iteration.iterate(given)
    entries = named.structure
    if not isinstance(content, Items) or not isinstance(entries, DictContent) or not entries.complete:
        return None
    words = {key: value for key, value in entries.entries.items() if isinstance(key, str)}
    how = _RUNS.of(receiver) or _SOMEHOW
    tapes, scopes = interp.recorder.tapes, _SCOPES.of(interp.recorder.tapes, ())
    _SCOPES.put(interp.state, tapes, ())
    try:
        if how is _THREADS and not _compiled(interp, function):
            with interp.recorder.in_thread():
                return interp.calls.call(function, list(content.items), words)
        known = interp.tapes.doubt(variables=False) if how is _SOMEHOW else None
        result = interp.calls.call(function, list(content.items), words)
        if known is not None:
            known()
        return result
    finally:
        _SCOPES.put(interp.state, tapes, scopes)


def _compiled(interp: Context, function: Value) -> bool:
    """Whether a function is one step, which the tape around it records."""
    if isinstance(function, Method):
        function = function.function
    return isinstance(function, Function) and function.graph and interp.eager_functions is False


def _scope(interp: Context, how: str) -> LibraryObject:
    """``strategy.scope()``: what is made inside belongs to the replicas."""
    tapes = interp.recorder.tapes

    def enter() -> None:
        _SCOPES.put(interp.state, tapes, (*(_SCOPES.of(tapes, ()) or ()), how))

    def leave() -> None:
        _SCOPES.put(interp.state, tapes, (_SCOPES.of(tapes, ()) or ())[:-1])

    return transparent(enter, leave)


def made_in_scope(interp: Context, variable: Variable) -> None:
    """A variable is being made."""
    if _across(interp):
        _OF_REPLICAS.begin(variable, True)


def _across(interp: Context) -> bool:
    """Whether the program may be in the scope of a strategy with a variable for each replica, and in none of them."""
    scopes = _SCOPES.of(interp.recorder.tapes, ())
    return scopes is None or any(how is not _PLAINLY for how in scopes)


def refused(interp: Context, sources: list[Value]) -> str | None:
    """What a request raises in the scope of a strategy; "" if it may raise, None if it does not.

    Which of its variables are the replicas' depends on when a layer makes its weights.
    """
    if not _across(interp):
        return None
    variables = [each for each in sources if isinstance(each, Variable)]
    if any(each.library == "tf" and _OF_REPLICAS.of(each) for each in variables):
        scopes = _SCOPES.of(interp.recorder.tapes, ())
        return "ValueError" if scopes is not None and scopes[-1] is _THREADS else ""
    return "" if any(each.library != "tf" for each in variables) else None


def transparent(enter: Callable[[], None] = lambda: None, leave: Callable[[], None] = lambda: None) -> LibraryObject:
    """A context manager that changes nothing but what it is told to do."""

    def done(action: Callable[[], None]) -> Value:
        action()
        return NONE

    made = LibraryObject("context")
    made.fields["__enter__"] = NativeFunction("__enter__", lambda args, kwargs: done(enter))
    made.fields["__exit__"] = NativeFunction("__exit__", lambda args, kwargs: done(leave))
    return made
