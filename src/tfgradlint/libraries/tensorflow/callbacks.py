"""TensorFlow's callables that call back: control flow, mapping, nests, gradients written by hand."""

from __future__ import annotations

from collections.abc import Sequence

from tfgradlint.flow.graph.nodes import Edge
from tfgradlint.flow.graph.origins import Kind, Origin
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.python.turns import Turns
from tfgradlint.flow.values.base import NONE, Const, Scalar, Tensor, Unknown, Value, Variable, is_none
from tfgradlint.flow.values.containers import Container, DictContent, DictObject, Items, ListObject, Repeated
from tfgradlint.flow.values.functions import Function, Method, NativeFunction
from tfgradlint.flow.values.walk import fold, known_tuple, leaves_of, nodes_of, rebuilt
from tfgradlint.libraries.registry import Handler
from tfgradlint.libraries.tensorflow import custom_gradient
from tfgradlint.libraries.tensorflow.custom_gradient import argument

_MAP_STRUCTURE = Origin(Kind.MADE, "map_structure")
_FLATTENED = Origin(Kind.MADE, "tf.nest.flatten")
#: Structures of more parts than are followed.
_MANY_SLICES = Origin(Kind.GIVEN_UP, "slices of very many")
_MANY_RESULTS = Origin(Kind.GIVEN_UP, "very many results")
_TUPLE = Origin(Kind.MADE, "tf.tuple")
#: The result of a choice among no functions.
_NO_BRANCH = Origin(Kind.UNREACHED, "no branch")
#: What a loop of a graph returns that makes no turn.
_NO_TURN = Origin(Kind.MADE, "tf.while_loop without a turn")
_COND_OF_NUMBER = Origin(Kind.MADE, "tf.cond of a number in a graph")


def call(interp: Context, path: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """The result of a callable that calls back; None if it is none."""
    handler = _HANDLERS.get(path)
    return handler(interp, args, kwargs) if handler is not None else None


def _branches(interp: Context, functions: list[Value]) -> Value:
    """One of these is called."""
    results: list[Value] = []

    def run(function: Value) -> bool:
        results.append(interp.calls.call(function, [], {}))
        return True

    if len(functions) == 1:
        run(functions[0])
    else:
        interp.branches()
        interp.alternatives([lambda each=each: run(each) for each in functions])  # type: ignore[misc]
    return interp.join(results) if results else interp.unknown(_NO_BRANCH)


def _cond(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    pred = argument(args, kwargs, 0, "pred")
    if interp.graph_level:
        _no_number(interp, pred)
        if isinstance(pred, Scalar):
            return interp.opaque_result_of(_COND_OF_NUMBER, args)
    return _either(interp, args, kwargs)


def _no_number(interp: Context, chosen_by: Value) -> None:
    """Of a choice that wants a tensor: TensorFlow refuses numbers of Python."""
    if isinstance(chosen_by, Const) and isinstance(chosen_by.value, (int, float)):
        interp.raise_here(None, "TypeError")


def _either(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    truth = argument(args, kwargs, 0, "pred").truth()
    branches = [argument(args, kwargs, 1, "true_fn"), argument(args, kwargs, 2, "false_fn")]
    if truth is not None:
        return _branches(interp, [branches[0 if truth else 1]])
    return _branches(interp, branches)


def _switch_case(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    given = argument(args, kwargs, 1, "branch_fns")
    _no_number(interp, argument(args, kwargs, 0, "branch_index"))
    if isinstance(given, DictObject):
        entries = given.fields["content"]
        functions = {} if not entries.complete else dict(entries.entries)
    else:
        content = interp.iteration.iterate(given)
        items = content.items if isinstance(content, Items) else ()
        pairs = [item.items for item in items if isinstance(item, Items) and len(item.items) == 2]
        functions = (
            {key.value if isinstance(key, Const) else key: function for key, function in pairs}
            if pairs
            else dict(enumerate(items))
        )
    if not functions:
        return None
    default = kwargs.get("default", NONE) if "default" in kwargs or len(args) < 3 else args[2]
    return _branches(interp, [*functions.values(), *([] if is_none(default) else [default])])


def _case(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    content = interp.iteration.iterate(argument(args, kwargs, 0, "pred_fn_pairs"))
    if not isinstance(content, Items):
        return None
    functions: list[Value] = []
    for pair in content.items:
        parts = interp.iteration.iterate(pair, unpacking=2)
        if not isinstance(parts, Items):
            return None
        _no_number(interp, parts.items[0])
        functions.append(parts.items[1])
    if not is_none(argument(args, kwargs, 1, "default")):
        functions.append(argument(args, kwargs, 1, "default"))
    return _branches(interp, functions)


def _while_loop(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """The body runs until its turns bring nothing new, like that of any loop."""
    body, values = argument(args, kwargs, 1, "body"), argument(args, kwargs, 2, "loop_vars")
    content = interp.iteration.iterate(values)
    most = kwargs.get("maximum_iterations", NONE)
    interp.repeats("maximum_iterations" in kwargs)
    if not isinstance(content, Items):
        return None
    if isinstance(most, Const) and isinstance(most.value, int) and most.value < 1:
        return interp.unknown(_NO_TURN, values) if interp.graph_level else content
    turns = Turns(interp, content)
    while True:
        items = interp.iteration.iterate(turns.now, unpacking=len(content.items))
        if not isinstance(items, Items):
            return None
        cond, given = argument(args, kwargs, 0, "cond"), list(items.items)

        def turn(cond: Value = cond, given: list[Value] = given) -> Value:
            interp.calls.call(cond, given, {})
            return interp.calls.call(body, given, {})

        result = turns.turn(turn)
        if not interp.graph_level and not _goes_on(content, result, strictly=not is_none(most)):
            return None
        if len(content.items) == 1 and not isinstance(result, (Items, ListObject)):
            result = Items((result,))
        if turns.settled(result.structure if isinstance(result, ListObject) else result):
            return interp.join(turns.ends)


def _goes_on(before: Items, after: Value, strictly: bool) -> bool:
    """Whether a loop that is none of a graph's takes what its body returned for the next turn.

    ``strictly``: with a bound it wants the very same type of sequence.
    """
    now = after.structure
    if isinstance(now, Unknown):
        return True
    return isinstance(now, Items) and (not strictly or now.type == before.type)


def _looping(handler: Handler) -> Handler:
    """In a graph it is a loop of the graph."""

    def run(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
        if not interp.graph_level:
            return handler(interp, args, kwargs)
        with interp.recorder.looping():
            return handler(interp, args, kwargs)

    return run


def _element(interp: Context, value: Value) -> Value:
    """What a mapped function receives of its argument: the slices of tensors, in the same nest."""

    def leaf(each: Value) -> Value:
        if _mapped_parts(each, 0) is not None:
            return interp.unknown(_MANY_SLICES, each)
        return interp.state.element(interp.iteration.iterate(each))

    return fold(value, _mapped_parts, leaf, lambda holder, parts: Items(tuple(parts)))


def _mapped_parts(value: Value, level: int) -> Sequence[Value] | None:
    content = value.structure
    sliced = isinstance(content, Items) and any(isinstance(each, (Tensor, Variable)) for each in content.items)
    return content.held() if sliced else None


def _stacked(interp: Context, value: Value) -> Value:
    """The results of all calls as one tensor each."""

    def leaf(each: Value) -> Value:
        if isinstance(each, Unknown):
            return each
        if isinstance(each, Items):
            return interp.unknown(_MANY_RESULTS, each)
        nodes = nodes_of(each)
        dtype = nodes[0].dtype if len(nodes) == 1 else None
        return Tensor(interp.recorder.op([Edge(node) for node in nodes], dtype))

    return fold(value, known_tuple, leaf, rebuilt)


def _vectorized_map(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """Unlike ``tf.map_fn`` it traces its function."""
    interp.recorder.level += 1
    loops = interp.xla.bounded_loops
    try:
        return _map_fn(interp, args, kwargs)
    finally:
        interp.recorder.level -= 1
        interp.xla.bounded_loops = loops


def _map_fn(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    function, elements = argument(args, kwargs, 0, "fn"), argument(args, kwargs, 1, "elems")
    if not isinstance(function, (Function, Method, NativeFunction)):
        return None
    interp.repeats(True)
    turns = Turns(interp)

    def turn() -> Value:
        return interp.calls.call(function, [_element(interp, elements)], {})

    made = [turns.turn(turn)]
    while turns.differ and not turns.settled(NONE):
        made.append(turns.turn(turn))
    return _stacked(interp, interp.join(made))


#: What Keras calls the arguments of its mapping functions.
_KERAS_NAMES = {"f": "fn", "function": "fn", "xs": "elems", "elements": "elems"}


def _keras_map(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    return _map_fn(interp, args, {_KERAS_NAMES.get(name, name): value for name, value in kwargs.items()})


def _keras_vectorized_map(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    return _vectorized_map(interp, args, {_KERAS_NAMES.get(name, name): value for name, value in kwargs.items()})


def _keras_scan(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """``scan(f, init, xs)``, where the function gives the next state and a result for each element."""
    function, state = argument(args, kwargs, 0, "f"), argument(args, kwargs, 1, "init")
    elements = argument(args, kwargs, 2, "xs")
    if not isinstance(function, (Function, Method)):
        return None
    interp.repeats(False)
    turns = Turns(interp, state)
    results: list[Value] = []
    while True:
        given = [turns.now, NONE if is_none(elements) else _element(interp, elements)]
        made = turns.turn(lambda given=given: interp.calls.call(function, given, {}))  # type: ignore[misc]
        pair = interp.iteration.iterate(made, unpacking=2)
        if not isinstance(pair, Items):
            return None
        state, result = pair.items
        results.append(result)
        if turns.settled(state):
            break
    state, result = interp.join(turns.ends), interp.join(results)
    return Items((state, NONE if is_none(result) else _stacked(interp, result)))


def _keras_switch(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    if kwargs or len(args) < 2:
        return None
    index, content = args[0], interp.iteration.iterate(args[1])
    if not isinstance(content, Items) or not content.items:
        return None
    interp.branches()
    if isinstance(index, Const) and isinstance(index.value, int):
        # Indices outside are clamped.
        functions = [content.items[min(max(index.value, 0), len(content.items) - 1)]]
    else:
        functions = list(content.items)
    return interp.calls.any_of(functions, lambda function: interp.calls.call(function, args[2:], {}))


def _fori_loop(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """``fori_loop(lower, upper, body_fun, init_val)``."""
    body = argument(args, kwargs, 2, "body_fun")
    interp.repeats(False)
    turns = Turns(interp, argument(args, kwargs, 3, "init_val"))
    while True:
        given = [Tensor(interp.recorder.leaf("int32")), turns.now]
        if turns.settled(turns.turn(lambda given=given: interp.calls.call(body, given, {}))):  # type: ignore[misc]
            return interp.join(turns.ends)


def _fold(scanning: bool) -> Handler:
    def fold(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
        function, elements = argument(args, kwargs, 0, "fn"), argument(args, kwargs, 1, "elems")
        if not isinstance(function, (Function, Method)):
            return None
        interp.repeats(True)
        state = argument(args, kwargs, 2, "initializer")
        turns = Turns(interp, _element(interp, elements) if is_none(state) else state)
        while True:
            given = [turns.now, _element(interp, elements)]
            if turns.settled(turns.turn(lambda given=given: interp.calls.call(function, given, {}))):  # type: ignore[misc]
                break
        state = interp.join(turns.ends)
        return _stacked(interp, state) if scanning else state

    return fold


def _map_structure(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    if len(args) < 2:
        return None
    function, nests = args[0], args[1:]
    if leaves_of(nests[0]) is None:
        return interp.unknown(_MAP_STRUCTURE, *args)  # too large, as where a nest holds one part many times over

    def columns(nests: list[Value], level: int) -> list[list[Value]] | None:
        if isinstance(nests[0], Repeated):
            return [[interp.state.element(nest) if isinstance(nest, (Items, Repeated)) else nest for nest in nests]]
        return _columns(nests)

    def leaf(nests: list[Value]) -> Value:
        if isinstance(nests[0], (Container, Items, DictContent)):
            return interp.unknown(_MAP_STRUCTURE, *nests)
        return interp.calls.call(function, nests, {})

    return fold(nests, columns, leaf, _alike)


def _columns(nests: list[Value]) -> list[list[Value]] | None:
    """The parts in the same place of nests that are alike; None where they are not, or are leaves."""
    first = nests[0]
    if isinstance(first, ListObject):
        return [[nest.structure if isinstance(nest, ListObject) else nest for nest in nests]]
    if isinstance(first, DictObject):
        return [[nest.structure for nest in nests]] if all(isinstance(nest, DictObject) for nest in nests) else None
    if not isinstance(first, (Items, DictContent)) or not all(type(nest) is type(first) for nest in nests):
        return None
    if any(isinstance(nest, DictContent) and not nest.complete for nest in nests):
        return None
    parts = [nest.keyed() for nest in nests]
    return (
        [[each[key] for each in parts] for key in parts[0]] if len({frozenset(each) for each in parts}) == 1 else None
    )


def _alike(nests: list[Value], parts: list[Value]) -> Value:
    first = nests[0]
    if isinstance(first, Container) and not isinstance(parts[0], (Items, Repeated, DictContent)):
        return parts[0]
    return first.with_held(parts)


def _flatten(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    structure = argument(args, kwargs, 0, "structure")
    found = leaves_of(structure)
    if found is None:
        return interp.unknown(_FLATTENED, structure)
    leaves = [leaf for _, leaf in found]
    if len(leaves) == 1 and isinstance(leaves[0], Repeated):
        return ListObject(leaves[0])
    if any(isinstance(leaf, (Unknown, Repeated)) for leaf in leaves):
        return ListObject(
            Repeated(interp.join([leaf.element if isinstance(leaf, Repeated) else leaf for leaf in leaves]))
        )
    return ListObject(Items(tuple(leaves), "list"))


_HANDLERS: dict[str, Handler] = {
    # A list in, a list out; a tensor in, a tensor out.
    "tf.tuple": lambda interp, args, kwargs: interp.opaque_result_of(_TUPLE, [*args, *kwargs.values()]),
    "tf.cond": _cond,
    "tf.case": _case,
    "tf.switch_case": _switch_case,
    "tf.while_loop": _looping(_while_loop),
    "tf.map_fn": _looping(_map_fn),
    "tf.vectorized_map": _vectorized_map,
    "tf.scan": _looping(_fold(True)),
    "tf.foldl": _looping(_fold(False)),
    "tf.foldr": _looping(_fold(False)),
    "tf.nest.map_structure": _map_structure,
    "tf.nest.flatten": _flatten,
    **custom_gradient.HANDLERS,
    # Keras's own, which differ in names and in the order of their arguments.
    "keras.ops.cond": _either,
    "keras.ops.switch": _keras_switch,
    "keras.ops.while_loop": _while_loop,
    "keras.ops.fori_loop": _fori_loop,
    "keras.ops.map": _keras_map,
    "keras.ops.vectorized_map": _keras_vectorized_map,
    "keras.ops.scan": _keras_scan,
}
