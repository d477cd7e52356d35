"""NumPy's functions that call a Python function for each element or row: arrays go in, and arrays come out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.nodes import Edge, Effect, trainable
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import Array, Const, Scalar, Symbol, Value
from tfgradlint.flow.values.containers import Items
from tfgradlint.flow.values.functions import Function, Method, NativeFunction
from tfgradlint.flow.values.walk import elements_of, fold, nodes_of
from tfgradlint.libraries.measured.details import operation

Refusing = Callable[[Context, Value], bool]


def call(
    interp: Context, path: str, args: list[Value], kwargs: dict[str, Value], without_content: Refusing
) -> Value | None:
    """``np.vectorize`` and ``np.apply_along_axis`` of a function of the module; None for anything else."""
    name = path.removeprefix("numpy.")
    if name == "vectorize":
        function = args[0] if args else kwargs.get("pyfunc")
        options = [*args[1:2], *(value for option, value in kwargs.items() if option in ("otypes", "signature"))]
        if not isinstance(function, (Function, Method)) or any(not _of_numbers(option) for option in options):
            return None

        def run(given: list[Value], named: dict[str, Value]) -> Value:
            values: list[Value] = [Scalar(interp.recorder.leaf()) for _ in given]
            words: dict[str, Value] = {word: Scalar(interp.recorder.leaf()) for word in named}
            made = interp.calls.call(function, values, words)
            return _left(interp, name, [*given, *named.values()], made, without_content)

        return NativeFunction(path, run)
    if name == "apply_along_axis" and len(args) >= 3 and isinstance(args[0], (Function, Method)):
        row = Array(interp.recorder.leaf(), True)
        made = interp.calls.call(args[0], [row, *args[3:]], kwargs)
        return _left(interp, name, [args[2], *args[3:], *kwargs.values()], made, without_content)
    return None


def _of_numbers(option: Value) -> bool:
    """Whether the outputs that are asked for are numbers: an array of objects may keep tensors."""
    return all(_is_number(each) for each in elements_of(option))


def _is_number(option: Value) -> bool:
    name = option.path.rpartition(".")[2] if isinstance(option, Symbol) else ""
    text = option.value if isinstance(option, Const) and isinstance(option.value, str) else ""
    return name.startswith(("float", "int")) or (bool(text) and "O" not in text and "(" not in text)


def _left(interp: Context, name: str, given: list[Value], made: Value, without_content: Refusing) -> Value:
    """An array for each thing that the function returns: neither what it was given nor what it knows is followed."""
    if any(without_content(interp, value) for value in given):
        interp.raise_here(Cause.NUMPY_FUNCTION, "NotImplementedError", operation(name))

    def one(result: Value) -> Value:
        edges = [
            Edge(node, Effect.PLAIN)
            if isinstance(value, (Array, Scalar)) or not trainable(node.dtype)
            else Edge(node, Effect.NONE, Cause.NUMPY_FUNCTION, operation(name))
            for value in (*given, result)
            for node in nodes_of(value)
        ]
        return Array(interp.recorder.plain(edges), True)

    return fold(made, _outputs, one, lambda holder, parts: Items(tuple(parts)))


def _outputs(made: Value, level: int) -> Sequence[Value] | None:
    return made.items if isinstance(made, Items) and made.type == "tuple" else None
