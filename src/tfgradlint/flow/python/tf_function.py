"""Compiled functions: what they are given, and which trace TensorFlow uses."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tfgradlint.flow.graph import origins
from tfgradlint.flow.graph.breaks import Symbolic
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.details import Curvature
from tfgradlint.flow.graph.nodes import Edge, Effect, Interaction, Node
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.machine.frames import XlaContext
from tfgradlint.flow.python.arguments import bind
from tfgradlint.flow.python.retracing import Retracing
from tfgradlint.flow.values.base import Array, Const, GraphValue, Scalar, Tensor, Value, Variable, is_none
from tfgradlint.flow.values.containers import (
    Container,
    DictContent,
    DictObject,
    Items,
    ListObject,
    Repeated,
    Union,
)
from tfgradlint.flow.values.functions import Function, Scope
from tfgradlint.flow.values.objects import Class, Instance
from tfgradlint.flow.values.walk import fold, nodes_of
from tfgradlint.flow.verdict.request import Given

#: What numbers and texts become as tensors.
_DTYPES = {bool: "bool", int: "int32", float: "float32", complex: "complex128", str: "string", bytes: "string"}


class _Endless(Exception):
    """An argument holds itself, or more than anybody writes down."""


class Traces:
    """The traces of compiled functions."""

    def __init__(self, interp: Context) -> None:
        self._interp = interp
        #: Of each compiled function that is running: the level of its caller, the tensors it was given, and those in
        #: lists and dictionaries that it was given.
        self._given: list[tuple[int, frozenset[Node], frozenset[Node]]] = []
        #: The variables that a compiled function was first called with.
        self._retracing = Retracing(interp)
        self.made_unseen = self._retracing.made_unseen
        self.replay = self._retracing.replay
        self.step = self._retracing.step
        self._first_variables: dict[tuple[int, tuple[str, ...]], list[Variable]] = {}

    def call(
        self,
        function: Function,
        args: list[Value],
        kwargs: dict[str, Value],
        run: Callable[[list[Value], dict[str, Value]], Value],
    ) -> Value:
        """A call of a compiled function; ``run`` executes its Python with the arguments as it gets them."""
        interp = self._interp
        given = Scope("function")
        known = bind(interp, function, given, args, kwargs)
        args, kwargs = self._arguments(function, args, kwargs)
        for_others = self._made_before(function, args, kwargs)

        def trace() -> Value:
            interp.calls.traced_for_others += for_others
            self._enter(args, kwargs)
            try:
                if function.xla and not interp.xla.active:
                    return self._under_xla(lambda: run(args, kwargs))
                return run(args, kwargs)
            finally:
                self._given.pop()
                interp.calls.traced_for_others -= for_others

        return self._returned(self._retracing.call(function, given if known else None, trace))

    def _returned(self, value: Value) -> Value:
        """What a compiled function returns: numbers and variables come out as tensors.

        The outputs of one call are siblings: outside none is computed from another, none is what the call was given.
        """
        recorder = self._interp.recorder

        def leaf(each: Value) -> Value:
            if isinstance(each, Tensor):
                made = recorder.op([Edge(each.node)], each.node.dtype)
                made.dense, made.sparse, made.as_target = True, each.node.sparse, each.node.as_target
                made.joint = Interaction(frozenset(), Curvature.STRAIGHT)
                return Tensor(made)
            if isinstance(each, Const) and isinstance(each.value, tuple(_DTYPES)):
                return Tensor(recorder.op([], _DTYPES[type(each.value)]))
            if isinstance(each, Union):
                return self._interp.join([self._returned(one) for one in each.values])
            if isinstance(each, Variable):
                return Tensor(recorder.op([Edge(each.node)], each.node.dtype))
            if isinstance(each, (Array, Scalar)):
                return Tensor(recorder.op([Edge(each.node, Effect.PLAIN)], each.node.dtype))
            return each

        return fold(value, _returned_parts, leaf, _returned_nest)

    def _arguments(
        self, function: Function, args: list[Value], kwargs: dict[str, Value]
    ) -> tuple[list[Value], dict[str, Value]]:
        """What a compiled function gets for its arguments."""
        if function.signature:
            args = [self._declared(value) for value in args]
            kwargs = {name: self._declared(value) for name, value in kwargs.items()}
        done: dict[int, Value] = {}
        return (
            [self._argument(value, done) for value in args],
            {name: self._argument(value, done) for name, value in kwargs.items()},
        )

    def _argument(self, value: Value, done: dict[int, Value]) -> Value:
        """An argument as the function gets it; ``done`` holds what was met before."""
        try:
            return fold(value, _parts, self._traced, _alike, done)
        except _Endless:
            return self._interp.unknown(origins.NESTED_ARGUMENT, value)

    def _enter(self, args: list[Value], kwargs: dict[str, Value]) -> None:
        """A compiled function begins, with these arguments as it gets them."""
        given = [*args, *kwargs.values()]
        own = frozenset(value.node for value in given if isinstance(value, GraphValue))
        others = [node for value in given if not isinstance(value, GraphValue) for node in nodes_of(value)]
        inner = frozenset(node for node in others if node.variable is None)
        self._given.append((self._interp.graph_level, own, inner))

    def given(self, level: int) -> Given | None:
        """What the compiled functions were given that were called at this level or above: new tensors to a tape.

        None where something else than a call led up to here.
        """
        rows = [row for row in self._given if row[0] >= level]
        if len(rows) != self._interp.graph_level - level:
            return None
        own = frozenset[Node]().union(*(row[1] for row in rows))
        return Given(own, frozenset[Node]().union(*(row[2] for row in rows)) - own)

    def _declared(self, value: Value) -> Value:
        """An argument whose type a signature tells: numbers become tensors."""
        number = isinstance(value, Scalar) or (isinstance(value, Const) and isinstance(value.value, (int, float)))
        return Tensor(self._interp.recorder.leaf()) if number else value

    def _traced(self, value: Value) -> Value:
        """An argument of a compiled function: arrays become tensors, and tensors stand for what comes from outside."""
        if isinstance(value, (Array, Tensor)):
            recorder = self._interp.recorder
            if value.node.placeholder and not recorder.level:
                self._interp.raise_here(Cause.SYMBOLIC_TENSOR, "ValueError", Symbolic.COMPILED_FUNCTION)
            effect = Effect.FLOWS if isinstance(value, Tensor) else Effect.PLAIN
            node = recorder.op([Edge(value.node, effect)], value.node.dtype, value.node.site)
            node.origin = origins.ARGUMENT
            return Tensor(node)
        if isinstance(value, Variable):
            return self._interp.libraries.argument(self._interp, value) or value
        if isinstance(value, Instance) and _unhashable(value):
            self._interp.raise_here(None, "TypeError")
        if isinstance(value, DictObject) and isinstance(value.structure, DictContent):
            entries = value.structure.entries
            known = {key: self._traced(each) for key, each in entries.items() if isinstance(each, Variable)}
            if any(entries[key] is not each for key, each in known.items()):
                return DictObject(DictContent({**entries, **known}, value.structure.rest, value.structure.maybe))
        if isinstance(value.structure, Items):
            raise _Endless
        return value

    def _made_before(self, function: Function, args: list[Value], kwargs: dict[str, Value]) -> bool:
        """Whether TensorFlow uses the trace made for other variables, which stand for no variable in particular."""
        given = [*args, *kwargs.values()]
        variables = [value for value in given if isinstance(value, Variable)]
        # Another kind of argument, or another Python value, makes another trace.
        kinds = tuple(repr(value.value) if isinstance(value, Const) else type(value).__name__ for value in given)
        if variables == self._first_variables.setdefault((id(function.node), kinds), variables):
            return False
        # That makes a difference where the function also reaches one of them by itself.
        objects = [each for each in given if isinstance(each, Instance)]
        reached = [value for each in (*objects, function) for value in each.sees()]
        return any(value is variable for value in reached for variable in variables)

    def _under_xla(self, run: Callable[[], Value]) -> Value:
        """A function that XLA compiles: what its loops keep for the gradient does not leave it.

        What its branches keep does not leave it either where another graph calls it.
        """
        interp = self._interp
        within = interp.graph_level > 0
        before, inside = interp.xla, XlaContext(active=True)
        interp.xla = inside
        try:
            result = run()
            if not interp.recorder.tapes.active:
                return result
            if inside.bounded_loops or inside.unbounded_loops:
                return interp.opaque_result_of(origins.LOOP_UNDER_XLA, [result])
            if inside.branches and within:
                return interp.opaque_result_of(origins.BRANCH_UNDER_XLA, [result])
            return result
        finally:
            interp.xla = before


def _parts(value: Value, level: int) -> Sequence[Value] | None:
    """The parts of an argument that are arguments as well."""
    if isinstance(value, ListObject):
        return value.held() if isinstance(value.structure, Items) else None
    return value.items if isinstance(value, Items) else None


def _returned_parts(value: Value, level: int) -> Sequence[Value] | None:
    """The parts of a nest of results."""
    return value.held() if isinstance(value, (Container, Items, DictContent, Repeated)) else None


def _returned_nest(holder: Value, parts: list[Value]) -> Value:
    """A nest stays the very one it is unless it holds something that comes out as a tensor."""
    held = holder.held() or ()
    if all(one is other for one, other in zip(held, parts, strict=True)):
        return holder
    return holder.with_held(parts)


def _alike(holder: Value, parts: list[Value]) -> Value:
    """A list stays the very list it is unless it holds variables for which a function gets something else."""
    if isinstance(holder, ListObject):
        replaced = zip(holder.structure.held() or (), parts[0].held() or (), strict=True)
        if not any(isinstance(one, Variable) and one is not other for one, other in replaced):
            return holder
    return holder.with_held(parts)


def _unhashable(value: Instance) -> bool:
    """Whether an object certainly has no hash, by which TensorFlow would find its trace: its class compares objects."""
    if value.open or not all(isinstance(each, Class) for each in value.cls.lineage()):
        return False
    for cls in value.cls.lineage():
        assert isinstance(cls, Class)
        if "__hash__" in cls.fields:
            return is_none(cls.fields["__hash__"])
        if "__eq__" in cls.fields:
            return True
    return False
