"""``tf.distribute``: a strategy runs a function on each replica, and this program sees one of them."""

from __future__ import annotations

from tfgradlint.flow.graph import origins
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import NONE, Value
from tfgradlint.flow.values.containers import DictContent, DictObject, Items
from tfgradlint.flow.values.functions import NativeFunction
from tfgradlint.flow.values.objects import LibraryObject

STRATEGY = "tf.distribute.Strategy"
_CLASSES = frozenset(
    "MirroredStrategy MultiWorkerMirroredStrategy OneDeviceStrategy TPUStrategy ParameterServerStrategy "
    "CentralStorageStrategy Strategy get_strategy".split()
)
#: What is entered only to say where or under which name things are made.
_PLAIN_CONTEXTS = frozenset(
    "tf.name_scope tf.device tf.compat.v1.name_scope keras.name_scope tf.summary.record_if tf.control_dependencies "
    "tf.compat.v1.control_dependencies tf.compat.v1.colocate_with tf.experimental.async_scope "
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
    if family in ("tf.distribute", "tf.distribute.experimental") and name in _CLASSES:
        return LibraryObject(STRATEGY)
    return transparent() if path in _PLAIN_CONTEXTS else None


def method(
    interp: Context, receiver: LibraryObject, name: str, args: list[Value], kwargs: dict[str, Value]
) -> Value | None:
    """A method of a strategy."""
    if name == "scope":
        return transparent()
    if name in ("run", "experimental_run_v2") and args:
        given = args[1] if len(args) > 1 else kwargs.get("args", Items(()))
        named = args[2] if len(args) > 2 else kwargs.get("kwargs", DictObject(DictContent({})))
        content = interp.iteration.iterate(given)
        entries = named.structure
        if isinstance(content, Items) and isinstance(entries, DictContent) and entries.complete:
            words = {key: value for key, value in entries.entries.items() if isinstance(key, str)}
            return interp.calls.call(args[0], list(content.items), words)
        return None
    if name == "reduce" and len(args) > 1:
        return interp.opaque_result_of(origins.returned_by("strategy.reduce()"), [args[1]])
    if name in ("experimental_distribute_dataset", "experimental_local_results") and args:
        return args[0]
    return None


def transparent() -> LibraryObject:
    """A context manager that changes nothing."""
    made = LibraryObject("context")
    made.fields["__enter__"] = NativeFunction("__enter__", lambda args, kwargs: NONE)
    made.fields["__exit__"] = NativeFunction("__exit__", lambda args, kwargs: NONE)
    return made
