"""Calls as the measured data describes them: from the arguments to the outputs, edge by edge."""

from __future__ import annotations

from tfgradlint.flow.facts.numbers import Numbers
from tfgradlint.flow.graph import origins
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.details import Operation
from tfgradlint.flow.graph.nodes import Beyond, Edge, Effect, Node, trainable
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import (
    FALSE,
    NONE,
    Array,
    Composite,
    Const,
    HoldsNothing,
    Scalar,
    Symbol,
    Tensor,
    Unknown,
    Value,
    Variable,
)
from tfgradlint.flow.values.containers import Items, ListObject, Repeated, Union
from tfgradlint.flow.values.functions import Function, Method, NativeFunction, Partial
from tfgradlint.flow.values.notes import Note
from tfgradlint.flow.values.objects import HOLDS, Class, Instance, LibraryObject
from tfgradlint.flow.values.walk import fold, nodes_of, shallow, walk
from tfgradlint.knowledge import Case, OperationFacts, Output
from tfgradlint.libraries.measured.curvature import joint
from tfgradlint.libraries.measured.details import operation, second_derivative
from tfgradlint.libraries.measured.dtypes import dtype_of, dtype_of_literal, is_integer, named_dtype
from tfgradlint.libraries.measured.formulas import formula
from tfgradlint.libraries.measured.shapes import shape_of_call
from tfgradlint.libraries.measured.zeros import lessened

_EFFECTS = {
    "flows": Effect.FLOWS,
    "nonfinite": Effect.FLOWS,
    "zero": Effect.ZERO,
    "none": Effect.NONE,
    "arrives": Effect.ARRIVES,
}


def bind(known: OperationFacts, args: list[Value], kwargs: dict[str, Value]) -> dict[str, Value] | None:
    """The arguments by parameter, None where they do not fit or their number is unknown."""
    if "**" in kwargs or any(isinstance(value, Repeated) and value.type == "star" for value in args):
        return None
    bound: dict[str, Value] = {}
    positional = [param.name for param in known.params if param.kind == "positional"]
    names = {param.name for param in known.params}
    star = next((param.name for param in known.params if param.kind == "var_positional"), None)
    if len(args) > len(positional):
        if star is None:
            return None
        bound[star] = Items(tuple(args[len(positional) :]))
    bound.update(zip(positional, args, strict=False))
    for name, value in kwargs.items():
        if name not in names and not any(param.kind == "var_keyword" for param in known.params):
            return None
        bound[name] = value
    return bound


def apply(interp: Context, known: OperationFacts, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """The result of calling what is ``known``; None where the data does not cover the call."""
    bound = bind(known, args, kwargs)
    return None if bound is None else applied(interp, known, bound)


def applied(interp: Context, known: OperationFacts, bound: dict[str, Value]) -> Value:
    """The same with the arguments by parameter."""
    if not all(type(value) in _SIMPLE for value in bound.values()):
        special = _special(interp, known, bound)
        if special is not None:
            return special
        if known.name.startswith("tf."):
            bound = {name: converted(interp, value) for name, value in bound.items()}
        if any(isinstance(value, _CALLED) or _converts_itself(value) for value in bound.values()):
            # What a function reads besides its arguments was not measured, nor what an object converts itself to.
            return interp.unknown(origins.call_of(known.name), *bound.values())
    constants: dict[str, object] = {}
    for name, value in bound.items():
        literal = named_dtype(value) or _literal(value)
        if literal is not _NO_LITERAL:
            constants[name] = literal
    case = known.case(constants, bound.keys())
    if case is None:
        return interp_unknown(interp, known, bound)
    if case.returns.startswith("raises"):
        return interp.unknown(origins.raised_by(known.name), *bound.values())
    return _returned(interp, known, case, bound)


def _special(interp: Context, known: OperationFacts, bound: dict[str, Value]) -> Value | None:
    """The result where an argument has alternatives, or holds others in a way of its own; None where none does."""
    for name, value in bound.items():
        if isinstance(value, Union):
            # Where the parameter has no default, an alternative that is ``None`` would be refused.
            needed = any(param.name == name and param.required for param in known.params)
            given = [each for each in value.values if not (needed and isinstance(each, Const) and each.value is None)]
            return interp.calls.any_of(given, lambda each, name=name: applied(interp, known, {**bound, name: each}))  # type: ignore[misc]
    if any(isinstance(value, LibraryObject) and HOLDS in value.fields for value in bound.values()):
        return interp_unknown(interp, known, bound)  # measured with tensors
    return None


def converted(interp: Context, value: Value) -> Value:
    """The tensor that TensorFlow makes of an object whose class says which; any other value itself."""
    if not isinstance(value, Instance) or interp.attributes.hooked(value.cls):
        return value
    own = interp.attributes.of_object(value, "__tf_tensor__")
    told = next(
        (found for each in value.cls.lineage() if isinstance(each, Class) and (found := CONVERSION.of(each))), None
    )
    if own is not None:
        made = interp.calls.call(Method(own, value), [NONE, NONE], {})
    elif told is not None and not value.open:
        made = interp.calls.call(told, [value], {"dtype": NONE, "name": NONE, "as_ref": FALSE})
    else:
        return value
    return made if type(made) is Tensor else value


#: Of a class of the module: the function that makes a tensor of its objects.
CONVERSION: Note[Value] = Note("conversion to a tensor")


def _converts_itself(value: Value) -> bool:
    """Whether it is, or has in it, an object of the module: its class may say what tensor it becomes."""
    if isinstance(value, (Items, ListObject)):
        content = value.structure
        return isinstance(content, Items) and any(isinstance(each, _OWN) for each in content.items)
    return isinstance(value, _OWN)


#: Of these there are no alternatives, and they call nothing and hold nothing.
_SIMPLE = frozenset({Tensor, Unknown, Array, Scalar, Const, Variable})
_OWN = (Instance, Method)

#: What an operation may call back.
_CALLED = (Function, Method, NativeFunction, Partial)
_NONE_AT_ALL: set[Node] = set()
#: Whether these make one tensor or a ragged one depends on the content that they are given.
_BY_CONTENT = ("tf.ragged.", "tf.RaggedTensor.", "tf.strings.")
#: The classes of what is no dense tensor, by the word of the data.
COMPOSITES = {"slices": "IndexedSlices", "sparse": "SparseTensor", "ragged": "RaggedTensor"}
#: Whose gradient towards a variable is made of slices, where nothing else is given than these.
_SLICING = frozenset({"tf.gather", "tf.nn.embedding_lookup"})
_SLICED = frozenset({"params", "indices", "ids", "name"})
#: What may be handed through by a conversion that has nothing to do.
_MAYBE_SAME = (Tensor, Unknown, Variable)


def interp_unknown(interp: Context, known: OperationFacts, bound: dict[str, Value]) -> Value:
    """The result depends on the arguments, nobody knows how; but on nothing else."""
    if any(isinstance(value, (Function, LibraryObject)) for value in bound.values()):
        return interp.unknown(origins.call_of(known.name), *bound.values())
    return interp.opaque_result_of(origins.arguments_of(known.name), list(bound.values()))


def _returned(interp: Context, known: OperationFacts, case: Case, bound: dict[str, Value]) -> Value:
    only, certain = _only_element(interp, bound.get(case.single))
    if only is not None and certain:
        return only
    outputs = [
        _output(interp, known, output, bound, case.unwatched, _written(case, place))
        for place, output in enumerate(case.outputs)
    ]
    if case.returns == "single":
        if only is not None:
            return interp.join([only, *outputs])
        return outputs[0] if outputs else NONE
    if case.returns == "sequence":
        return ListObject(Repeated(outputs[0], "list"))
    if case.returns == "list":
        return ListObject(Items(tuple(outputs), "list"))
    if case.returns in ("tuple", "namedtuple"):
        return Items(tuple(outputs), "tuple", case.fields)
    return interp.unknown(origins.result_of(known.name), *bound.values())


def _written(case: Case, place: int) -> str:
    """How one of several results is written behind a call."""
    if case.returns == "namedtuple":
        return f".{case.fields[place]}"
    return f"[{place}]" if case.returns in ("tuple", "list") and len(case.outputs) > 1 else ""


def _only_element(interp: Context, value: Value | None) -> tuple[Value | None, bool]:
    """The tensor of a list of one, which some calls hand through, and whether the list certainly has but one."""
    if value is None:
        return None, True
    content = interp.iteration.iterate(value)
    if isinstance(content, Items):
        return (content.items[0] if len(content.items) == 1 and isinstance(content.items[0], Tensor) else None), True
    return (content.together if isinstance(content.together, Tensor) else None), False


def _unrecorded(output: Output, bound: dict[str, Value], unwatched: tuple[str, ...]) -> bool:
    """Whether tapes stop while the call runs, and do not even come to watch a variable that is read."""
    words = {name: word for name, word in output.effects.items() if name in bound}
    return bool(words) and all(word == "none" and name in unwatched for name, word in words.items())


def _output(
    interp: Context,
    known: OperationFacts,
    output: Output,
    bound: dict[str, Value],
    unwatched: tuple[str, ...],
    written: str = "",
) -> Value:
    """One result, which is written as ``written`` behind the call where there are several."""
    if output.kind == "none":
        return NONE
    dtype = _dtype(known, output, bound)
    if output.alias and output.alias in bound:
        same = _same_object(output, bound[output.alias], dtype)
        if same is not None:
            return same
    maybe_same = output.alias == "?" or (output.alias in bound and isinstance(bound[output.alias], _MAYBE_SAME))
    edges: list[Edge] = []
    turned = any(word == "array" and isinstance(bound.get(name), Variable) for name, word in output.of_variable.items())
    leaves = output.kind in ("array", "python") or turned
    fixed = not trainable(dtype)
    as_target: Effect | None = None
    for name, value in bound.items():
        perhaps = _alternatives_in(value)
        for node in nodes_of(value):
            edge = _edge(known, output, name, value, node, leaves, written)
            if node in perhaps and edge.effect is not Effect.NONE:
                edge = Edge(node, Effect.UNKNOWN)
            if edge.effect is Effect.FLOWS and _halved(node.dtype, dtype) and _casts(known, name):
                edge = Edge(node, Effect.ARRIVES)  # of a complex number only the real part arrives
            if fixed and edge.effect in (Effect.ZERO, Effect.RAISES, Effect.FLOWS, Effect.ARRIVES):
                # What is computed further from an integer has no gradient, whatever a request for it itself gives.
                as_target = edge.effect
                cause = cause_of(known, name, output, leaves)
                edge = Edge(node, Effect.NONE, cause, _operation(known.name, cause, written))
            edges.append(edge)
            if leaves and (node.variable is not None or isinstance(node, Beyond)):
                interp.recorder.read(node)
    unrecorded = leaves or _unrecorded(output, bound, unwatched)
    computed = formula(interp, known.name, bound)
    edges = lessened(interp.of(Numbers), known.name, computed, bound, edges)
    node = interp.recorder.plain(edges, dtype) if unrecorded else interp.recorder.op(edges, dtype)
    node.as_target = as_target
    node.dense = leaves or (
        output.kind == "tensor" and not known.name.startswith(_BY_CONTENT) and not any(map(_composed, bound.values()))
    )
    node.joint = joint(known.name, len(edges))
    node.formula, node.shape = computed, shape_of_call(known.name, computed, bound)
    node.sparse = any(name in bound for name in output.slices)
    node.sliced = node.sparse and known.name in _SLICING and _SLICED.issuperset(bound)
    if maybe_same and not fixed:
        handed = bound.get(output.alias) or next(iter(bound.values()), None)
        node.maybe_alias = None if handed is None else tuple(nodes_of(handed))
        node.loose = output.alias != "?"
    if output.kind == "array" or turned:
        return Array(node, True)
    if output.kind == "python":
        return Scalar(node)
    if output.kind == "list":
        return ListObject(_elements(interp, bound.get(output.dtype.removeprefix("=")), Tensor(node)))
    if output.kind in COMPOSITES:
        return Composite(node, COMPOSITES[output.kind])
    if output.kind == "tensor":
        return Tensor(node)
    node.origin = origins.returns(known.name, output.kind)
    return Unknown(node)


def _composed(value: Value) -> bool:
    """Whether it is, or has in it, slices or what is sparse or ragged: of such many operations make the same."""
    if isinstance(value, HoldsNothing):
        return isinstance(value, Composite)
    return any(isinstance(each, Composite) for each in walk(value))


def _alternatives_in(value: Value) -> set[Node]:
    """The nodes inside of a sequence that stand beside a constant: perhaps that is what was computed with."""
    if isinstance(value, HoldsNothing):
        return _NONE_AT_ALL
    return {node for each in walk(value) if isinstance(each, Union) for node in nodes_of(each)}


def _halved(given: str | None, made: str | None) -> bool:
    return (given or "").startswith("complex") and (made or "complex").startswith(("float", "bfloat"))


def _elements(interp: Context, given: Value | None, made: Tensor) -> Items | Repeated:
    """A list made of a list: what is None in the one is None in the other (``clip_by_global_norm``)."""
    content = NONE if given is None else interp.iteration.iterate(given)
    if isinstance(content, Items) and NONE in content.items:
        return Items(tuple(NONE if item is NONE else made for item in content.items), "list")
    return Repeated(made)


def _edge(
    known: OperationFacts, output: Output, name: str, value: Value, node: Node, leaves: bool, written: str
) -> Edge:
    """What the gradient does between one output and one value inside one argument."""
    if not trainable(node.dtype) or isinstance(value, (Array, Scalar)):
        return Edge(node, Effect.PLAIN)
    word = output.effects.get(name)
    if node.variable is not None and name in output.of_variable:
        word = "none" if output.of_variable[name] == "array" else output.of_variable[name]
    if word is None:
        # An argument that takes no tensors of floating point: shapes, axes, indices, names.
        return Edge(node, Effect.PLAIN if leaves and known.name.startswith("builtins.") else Effect.UNKNOWN)
    if word.startswith("raises"):
        return Edge(node, Effect.RAISES, Cause.UNREGISTERED, operation(known.name, word.partition(":")[2]))
    effect = _EFFECTS.get(word, Effect.UNKNOWN)
    if effect is not Effect.FLOWS and (node.dtype or "").startswith("complex"):
        # Measured with real numbers; some operations that are flat for those are not for complex ones.
        return Edge(node, _EFFECTS.get(output.of_complex.get(name, ""), Effect.UNKNOWN))
    if effect is Effect.NONE:
        cause = cause_of(known, name, output, leaves)
        others = (each for parameter, each in output.effects.items() if parameter != name)
        return Edge(node, effect, cause, _operation(known.name, cause, written, name if "flows" in others else ""))
    if effect is Effect.ZERO:
        return Edge(node, effect, Cause.ZERO_GRADIENT, operation(known.name, output=written))
    own, above = output.second.get(name, ""), output.above.get(name, "")
    return Edge(node, effect, None, second_derivative(known.name, own, above)) if own or above else Edge(node, effect)


def _operation(name: str, cause: Cause, output: str = "", argument: str = "") -> Operation:
    """The step, as messages look it up: ``linalg.norm``, ``numpy``, ``math.exp``, ``tf.math.greater``."""
    if cause is Cause.NUMPY_FUNCTION:
        name = name.removeprefix("numpy.")
    elif cause is Cause.PYTHON_VALUE and not name.startswith("math."):
        name = name.rpartition(".")[2].strip("_")
    return operation(name, output=output, argument=argument if cause is Cause.NO_GRADIENT else "")


def cause_of(known: OperationFacts, parameter: str, output: Output, leaves: bool) -> Cause:
    """The kind of break that a callable makes between an output and an argument."""
    name = known.name
    if name.startswith("numpy."):
        return Cause.NUMPY_FUNCTION
    if name.startswith("keras.metrics.") and parameter == "y_pred":
        return Cause.METRIC_AS_LOSS
    if name in ("tf.stop_gradient", "tf.keras.backend.stop_gradient"):
        return Cause.STOP_GRADIENT
    if name == "tf.numpy_function":
        return Cause.NUMPY_CALLBACK
    if ".assign" in name or ".scatter" in name:
        return Cause.ASSIGNED
    beside = any(each.kind == "tensor" for case in known.cases for each in case.outputs if len(case.outputs) > 1)
    if (leaves and not beside) or name.startswith(("builtins.", "math.")):
        return Cause.PYTHON_VALUE  # (a list beside a tensor is one of tensors)
    if not trainable(output.dtype) and _casts(known, parameter):
        return Cause.INTEGER_CAST
    return Cause.NO_GRADIENT


def _casts(known: OperationFacts, parameter: str) -> bool:
    """Whether only the dtype asked for takes the gradient away: for another one the same call has it."""
    return any(
        output.effects.get(parameter) == "flows"
        for case in known.cases
        if len(known.cases) > 1
        for output in case.outputs
        if trainable(output.dtype)
    )


def _same_object(output: Output, value: Value, dtype: str | None) -> Value | None:
    """The argument itself, where the call hands it through."""
    if output.kind == "variable" and isinstance(value, Variable):
        return value
    if isinstance(value, Tensor) and not isinstance(value, Composite):
        own = value.node.dtype
        if output.dtype in ("", f"={output.alias}") or (own is not None and own == dtype):
            return value
    return None


def _dtype(known: OperationFacts, output: Output, bound: dict[str, Value]) -> str | None:
    text = output.dtype
    if not text:
        return None
    own = dtype_of(bound.get(text[1:], NONE)) if text.startswith("=") else text
    if own is not None and not own.startswith("?"):
        return own
    named = named_dtype(bound["dtype"]) if "dtype" in bound else _default_dtype(known)
    if named is not None:
        return named
    # The arguments of an operation share one dtype: a literal takes that of the tensor beside it.
    beside = [value for value in bound.values() if isinstance(value, (Tensor, Variable, Unknown, Array))]
    for value in beside:
        other = dtype_of(value)
        if other is not None and isinstance(value, (Tensor, Variable)) and not is_integer(other):
            return other
    return own[1:] if own is not None and not beside else None


def _default_dtype(known: OperationFacts) -> str | None:
    """The dtype a call makes where none is asked for, if the signature says so."""
    default = next((param.default for param in known.params if param.name == "dtype"), "")
    return named_dtype(Const(default.strip("'")))


_NO_LITERAL = object()


#: The measured data has no literals of more elements, and none that are nested more deeply.
_SHORT = shallow(levels=3, most=16)


def _literal(value: Value) -> object:
    """The literal an argument is: Python constants, dtypes by their name, tuples of literals."""
    return fold(value, _SHORT, _single_literal, _sequence)


def _single_literal(value: Value) -> object:
    if isinstance(value, Const):
        return dtype_of_literal(value.value)
    if isinstance(value, Symbol):
        # ``tf.image.ResizeMethod.AREA`` is the text ``area``.
        name = value.path.rpartition(".")[2]
        return name.lower() if name.isupper() else name
    return _NO_LITERAL


def _sequence(holder: Value, parts: list[object]) -> object:
    return _NO_LITERAL if _NO_LITERAL in parts else tuple(parts)
