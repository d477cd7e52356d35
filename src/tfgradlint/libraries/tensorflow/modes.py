"""Eager or in a graph, and scopes in which other rules hold."""

from __future__ import annotations

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import NONE, Const, Value
from tfgradlint.flow.values.notes import Note
from tfgradlint.libraries.registry import Handler
from tfgradlint.libraries.session import session_of

#: Of the tapes: whether tensors have been given the attributes and methods of arrays.
_NUMPY: Note[bool] = Note("behaves like NumPy")
#: What belongs to programs that build a graph and run it later.
_OF_GRAPHS = frozenset(
    "placeholder placeholder_with_default sparse_placeholder Session InteractiveSession ConfigProto "
    "disable_eager_execution disable_v2_behavior global_variables_initializer initialize_all_variables "
    "reset_default_graph get_default_session MonitoredTrainingSession MonitoredSession".split()
)


def eager_by_default(interp: Context) -> bool:
    """Whether what stands in no function that is compiled, and under no graph, certainly runs step by step.

    Nobody can tell where a module of others was imported, nor in a program that is written for sessions.
    """
    return not session_of(interp).others_ran and all(
        _OF_GRAPHS.isdisjoint(each.mentioned) for each in interp.prescans()
    )


def numpy_behavior(interp: Context) -> bool:
    """Whether tensors certainly have the attributes and methods of arrays."""
    return _NUMPY.of(interp.recorder.tapes) is True


def _enable_numpy_behavior(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value:
    _NUMPY.put(interp.state, interp.recorder.tapes, True)
    return NONE


def _graph_mode(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """From here on nothing is eager."""
    interp.state.set(interp.recorder.tapes, "graphs", True)
    return NONE


def _run_eagerly(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """Whether compiled functions run step by step from here on."""
    interp.eager_functions = (args[0] if args else kwargs.get("run_eagerly", NONE)).truth()
    return NONE


def _in_eager_mode(interp: Context, eager: bool) -> Value | None:
    """Whether no function is being traced, as ``eager`` or its opposite.

    A function that runs alone may be called by one that is. A context manager may be a graph, or lead out of one.
    """
    tapes = interp.recorder.tapes
    if tapes.fields["doubted"] or not tapes.outside:
        return None
    if not interp.graph_level and not eager_by_default(interp):
        return None
    if interp.graph_level:
        return Const(not eager)
    return None if interp.isolated else Const(eager)


HANDLERS: dict[str, Handler] = {
    "tf.config.run_functions_eagerly": _run_eagerly,
    "tf.config.experimental_run_functions_eagerly": _run_eagerly,
    "tf.experimental.numpy.experimental_enable_numpy_behavior": _enable_numpy_behavior,
    "tf.compat.v1.disable_eager_execution": _graph_mode,
    "tf.compat.v1.disable_v2_behavior": _graph_mode,
    "tf.executing_eagerly": lambda interp, args, kwargs: _in_eager_mode(interp, True),
    "tf.inside_function": lambda interp, args, kwargs: _in_eager_mode(interp, False),
}
