"""Functions whose gradient is written by hand, taken through Python or passed through."""

from __future__ import annotations

from collections.abc import Callable

from tfgradlint.flow.graph import origins
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.details import Curvature, EdgeNote, Operation, SecondDerivative
from tfgradlint.flow.graph.nodes import OPAQUE, PHI, Edge, Effect, Node
from tfgradlint.flow.graph.origins import Kind, Origin
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.python.late import later
from tfgradlint.flow.tape.search import ancestors
from tfgradlint.flow.values.base import NONE, Const, Tensor, Unknown, Value, Variable
from tfgradlint.flow.values.containers import Items, ListObject
from tfgradlint.flow.values.functions import Function, Method, NativeFunction, Partial
from tfgradlint.flow.values.walk import fold, known_tuple, nodes_of, rebuilt
from tfgradlint.libraries.registry import Handler

_CUSTOM_GRADIENT = Origin(Kind.MADE, "custom gradient")


def argument(args: list[Value], kwargs: dict[str, Value], position: int, name: str) -> Value:
    """The argument of a call that stands at a position or is given by name, ``None`` where it is neither."""
    return args[position] if position < len(args) else kwargs.get(name, NONE)


def _carried(results: list[Node], given: set[Node]) -> Effect:
    """What certainly comes of ``given`` in ``results``, step by step."""
    carrying: set[Node] = set()
    for node in sorted(ancestors(results), key=lambda node: node.seq):
        turned = [edge for edge in node.edges if edge.detail is not EdgeNote.WITHOUT_TURN]
        ways = [edge.effect is Effect.FLOWS and edge.node in carrying for edge in turned]
        if node in given or (ways and (all(ways) if node.kind == PHI else any(ways))):
            carrying.add(node)
    return Effect.FLOWS if carrying.intersection(results) else Effect.UNKNOWN


# -- tf.custom_gradient


def _custom_gradient(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """The function gives its value and the function that makes the gradients of its arguments."""
    function = argument(args, kwargs, 0, "f")

    def run(given: list[Value], named: dict[str, Value]) -> Value:
        since = interp.recorder.now()
        result = interp.calls.call(function, given, named)
        content = interp.iteration.iterate(result, unpacking=2) if isinstance(result, (Items, ListObject)) else result
        if not isinstance(content, Items) or len(content.items) != 2:
            return _opaque_result(interp, result, given)
        value, gradient = content.items
        if not named and _refused(value, gradient, given, since):
            interp.raise_here(None, "TypeError")
        variables = _variables_inside(value, given)
        effects = None if named else _effects(interp, value, gradient, given, variables)
        if effects is None:
            return _opaque_result(interp, value, [*given, *named.values()])
        edges = [
            [
                Edge(node, effect)
                for each, effect in zip([*given, *(variables or ())], of_one, strict=True)
                for node in nodes_of(each)
            ]
            for of_one in effects
        ]
        return _result(interp, value, edges)

    return NativeFunction("custom_gradient", run)


def _variables_inside(value: Value, given: list[Value]) -> list[Variable] | None:
    """The variables that the function reads by itself; None where it reads what is not known."""
    inside = ancestors(nodes_of(value))
    outside = ancestors([node for each in given for node in nodes_of(each)])
    if any(node.kind == OPAQUE for node in inside - outside):
        return None
    return list(dict.fromkeys(node.variable for node in inside - outside if isinstance(node.variable, Variable)))


def _refused(value: Value, gradient: Value, given: list[Value], since: int) -> bool:
    """Whether the function certainly reads a trainable variable that is none of its arguments, since it was called,
    and its gradient function takes no ``variables``.

    What TensorFlow knows for an argument is a variable of its own: one of Keras is none.
    """
    if not isinstance(gradient, (Function, Method)) or _takes_variables(gradient, by_any_name=True):
        return False
    inside = [node for node in ancestors(nodes_of(value)) if node.seq > since]
    if any(node.kind in (PHI, OPAQUE) for node in inside):
        return False  # read on some ways only, perhaps
    exempt = {id(each) for each in given if isinstance(each, Variable) and each.library == "tf"}
    read = (edge.node.variable for node in inside for edge in node.edges)
    return any(
        isinstance(each, Variable) and id(each) not in exempt and each.fields["trainable"] is True for each in read
    )


def _effects(
    interp: Context, value: Value, gradient: Value, given: list[Value], variables: list[Variable] | None
) -> list[list[Effect]] | None:
    """What the gradient function makes of the gradients that come to it: for each output that of each argument, and of
    each variable that is read inside; None if unknown.
    """
    if not isinstance(gradient, (Function, Method, Partial)) or variables is None:
        return None
    outputs = value.items if isinstance(value, Items) else (value,)
    if not all(isinstance(each, Tensor) for each in outputs):
        return None
    if any(isinstance(each, Variable) and each.library == "keras" for each in given):
        return None  # a tensor is computed from it: the function reads a variable that is none of its inputs
    if variables and not all(each.fields["trainable"] is True and each.library == "tf" for each in variables):
        return None  # whether they are handed over is not known
    if variables and not _takes_variables(gradient):
        return None  # TensorFlow refuses, if a tape is there
    upstream: list[Value] = [
        Tensor(interp.recorder.leaf(each.node.dtype)) for each in outputs if isinstance(each, Tensor)
    ]
    handed: dict[str, Value] = {"variables": ListObject(Items(tuple(variables), "list"))} if variables else {}
    made = later(interp, lambda: interp.calls.call(gradient, upstream, handed))
    told = [_of_output(interp, made, len(given), variables, {node}) for each in upstream for node in nodes_of(each)]
    return None if None in told else [each for each in told if each is not None]


def _of_output(
    interp: Context, made: Value, count: int, variables: list[Variable], arriving: set[Node]
) -> list[Effect] | None:
    """What is made of the gradient of one output."""
    if not variables:
        return _told(interp, made, count, arriving)
    both = interp.iteration.iterate(made) if isinstance(made, (Items, ListObject)) else None
    if not isinstance(both, Items) or len(both.items) != 2:
        return None
    towards = [
        _told(interp, each, length, arriving) for each, length in zip(both.items, (count, len(variables)), strict=True)
    ]
    if towards[0] is None or towards[1] is None:
        return None
    # Their order is TensorFlow's own.
    same = len(set(towards[1])) == 1
    return [*towards[0], *(towards[1] if same else [Effect.UNKNOWN] * len(variables))]


def _told(interp: Context, made: Value, count: int, arriving: set[Node]) -> list[Effect] | None:
    """What is told of so many inputs by what the gradient function gave for them."""
    content = interp.iteration.iterate(made) if isinstance(made, (Items, ListObject)) else Items((made,))
    if not isinstance(content, Items) or len(content.items) != count:
        return None
    return [
        Effect.NONE if isinstance(each, Const) and each.value is None else _carried(nodes_of(each), arriving)
        for each in content.items
    ]


def _takes_variables(gradient: Value, by_any_name: bool = False) -> bool:
    """Whether it has the parameter; ``by_any_name``: or one for all that is given by name."""
    if isinstance(gradient, Method):
        gradient = gradient.function
    if not isinstance(gradient, Function):
        return False
    params = gradient.node.params
    if by_any_name and params.star_kwarg is not None:
        return True
    return any(each.name.value == "variables" for each in (*params.params, *params.kwonly_params))


def _result(interp: Context, value: Value, edges: list[list[Edge]]) -> Value:
    """The outputs, each with edges of its own."""
    of_outputs = iter(edges)

    def leaf(each: Value) -> Value:
        if not isinstance(each, Tensor):
            return interp.unknown(_CUSTOM_GRADIENT, each)
        node = interp.recorder.op(next(of_outputs), each.node.dtype)
        node.origin = _CUSTOM_GRADIENT
        return Tensor(node)

    return fold(value, known_tuple, leaf, rebuilt)


def _opaque_result(interp: Context, value: Value, given: list[Value]) -> Value:
    """A tensor that depends on its arguments in a way nobody followed, and on nothing that is not under it."""

    def leaf(result: Value) -> Value:
        nodes = [*nodes_of(result), *(node for each in given for node in nodes_of(each))]
        node = interp.recorder.op([Edge(each, Effect.UNKNOWN) for each in nodes])
        node.origin = _CUSTOM_GRADIENT
        return Tensor(node) if isinstance(result, Tensor) else Unknown(node)

    return fold(value, known_tuple, leaf, lambda holder, parts: Items(tuple(parts)))


# -- functions that TensorFlow calls as Python


def _numpy_function(interp: Context, function: Value, inputs: Value) -> Value:
    edges = [Edge(each, Effect.NONE, Cause.NUMPY_CALLBACK) for each in nodes_of(inputs)]
    return Tensor(interp.recorder.op(edges))


def _py_function(interp: Context, function: Value, inputs: Value) -> Value:
    """The function runs in eager mode under a tape of its own."""
    recorder = interp.recorder
    given = inputs.items if isinstance(inputs, Items) else ()
    copies: list[Value] = [
        Tensor(recorder.leaf(each.node.dtype)) if isinstance(each, (Tensor, Variable)) else each for each in given
    ]
    level, recorder.level = recorder.level, 0
    made = interp.calls.call(function, copies, {}) if given and isinstance(function, (Function, Method)) else NONE
    recorder.level = level
    edges = []
    for copy, each in zip(copies, given, strict=True):
        effect = _carried(nodes_of(made), set(nodes_of(copy))) if isinstance(made, Tensor) else Effect.UNKNOWN
        edges += [Edge(node, effect) for node in nodes_of(each)]
    node = recorder.op(edges or [Edge(each, Effect.UNKNOWN) for each in nodes_of(inputs)])
    node.origin = origins.returned_by("py_function")
    return Tensor(node)


def _python(result: Callable[[Context, Value, Value], Value]) -> Handler:
    """A function of the user that TensorFlow calls with values: called with its inputs, or as a decorator."""

    def run(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
        if args or "func" in kwargs:
            inputs = interp.iteration.iterate(argument(args, kwargs, 1, "inp"))
            return result(interp, argument(args, kwargs, 0, "func"), inputs)

        def decorated(given: list[Value], named: dict[str, Value]) -> Value:
            function = given[0] if given else NONE
            return NativeFunction("callback", lambda given, named: result(interp, function, Items(tuple(given))))

        return NativeFunction("decorator", decorated)

    return run


# -- functions that keep the gradient


_RECOMPUTED = SecondDerivative(Operation("tf.recompute_grad"), Curvature.UNKNOWN, Curvature.UNKNOWN)


def _recompute(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """The function is one step, from its arguments and the variables that it reads.

    What it is given by keyword is none of its inputs, and a derivative of its gradient may be refused.
    """
    function = argument(args, kwargs, 0, "f")

    def run(given: list[Value], named: dict[str, Value]) -> Value:
        since = interp.recorder.now()
        value = interp.calls.call(function, given, named)
        inside = [node for node in ancestors(nodes_of(value)) if node.seq > since]
        inputs = {node for each in given for node in nodes_of(each)}
        besides = {edge.node for node in inside for edge in node.edges if edge.node.seq < since} - inputs
        read = {node for node in besides if isinstance(node.variable, Variable)}
        passed = {node for each in named.values() for node in nodes_of(each)}

        def leaf(each: Value) -> Value:
            if not isinstance(each, Tensor) or each.node.kind == OPAQUE:
                return interp.unknown(_CUSTOM_GRADIENT, each, *given, *named.values())
            edges = [Edge(node, _carried([each.node], {node}), None, _RECOMPUTED) for node in (*inputs, *read - passed)]
            edges += [Edge(node, Effect.UNKNOWN) for node in (*besides - read, *passed)]
            return Tensor(interp.recorder.op(sorted(edges, key=lambda edge: edge.node.seq), each.node.dtype))

        return fold(value, known_tuple, leaf, rebuilt)

    return NativeFunction("recompute_grad", run)


def _pass_through(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """The gradient goes straight through to the argument."""
    function = argument(args, kwargs, 0, "f")

    def run(given: list[Value], named: dict[str, Value]) -> Value:
        interp.calls.call(function, given, named)
        return Tensor(interp.recorder.op([Edge(node) for value in given for node in nodes_of(value)]))

    return NativeFunction("grad_pass_through", run)


HANDLERS: dict[str, Handler] = {
    "tf.custom_gradient": _custom_gradient,
    "keras.ops.custom_gradient": _custom_gradient,
    "tf.numpy_function": _python(_numpy_function),
    "tf.py_function": _python(_py_function),
    "tf.recompute_grad": _recompute,
    "tf.grad_pass_through": _pass_through,
}
