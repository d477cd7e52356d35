"""TensorFlow: tapes, variables, constants and the callables that call back."""

from __future__ import annotations

from collections.abc import Mapping

from tfgradlint.flow.facts.shapes import shape_of
from tfgradlint.flow.graph import origins
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.forms import Form
from tfgradlint.flow.graph.nodes import LEAF, Beyond, Edge, Effect, Formula, Node, trainable
from tfgradlint.flow.graph.origins import Kind, Origin
from tfgradlint.flow.graph.shape import ANY_SHAPE, Shape
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.python.identity import MadeAgain
from tfgradlint.flow.values.base import (
    NONE,
    Array,
    Cell,
    Composite,
    Const,
    Datum,
    GraphValue,
    Scalar,
    Symbol,
    Tensor,
    Unknown,
    Value,
    Variable,
    is_none,
)
from tfgradlint.flow.values.containers import DictObject, Items, ListObject, Union
from tfgradlint.flow.values.functions import Function, Method, NativeFunction, Partial
from tfgradlint.flow.values.objects import HOLDS, LibraryObject
from tfgradlint.flow.values.walk import nodes_of
from tfgradlint.libraries.keras.creation import created
from tfgradlint.libraries.measured.apply import apply
from tfgradlint.libraries.measured.details import operation
from tfgradlint.libraries.measured.dtypes import firm_dtype, named_dtype
from tfgradlint.libraries.measured.formulas import literal, literal_shape
from tfgradlint.libraries.measured.shapes import lengths
from tfgradlint.libraries.numpy.core import without_content
from tfgradlint.libraries.python.decorators import decorated_by, decorator_called, kept, options_of
from tfgradlint.libraries.registry import Handler
from tfgradlint.libraries.session import Session
from tfgradlint.libraries.tensorflow import callbacks, composites, conversions, distribute, modes, scopes
from tfgradlint.libraries.tensorflow.members import ASSIGNING, OF_ARRAYS, its_own, measured

#: Options of ``tf.function`` that ask for XLA.
_XLA = ("jit_compile", "experimental_compile")
#: Those that ask for one trace for tensors of several shapes.
_RELAXED = ("reduce_retracing", "experimental_relax_shapes", "experimental_reduce_retracing")
_DECORATORS = dict.fromkeys(("tf.autograph.experimental.do_not_convert", "tf.Module.with_name_scope"), kept)

_CONSTANT_OF_TENSOR = Origin(Kind.MADE, "tf.constant of a tensor")
_ASSIGNMENT = Origin(Kind.MADE, "result of an assignment")
#: What is left where everything is dropped.
_DROPPED = Origin(Kind.MADE, "dropout of everything")
#: What a method of a variable of Keras returned.
_KERAS_VARIABLE = Origin(Kind.MADE, "keras variable")


def call(interp: Context, path: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """A TensorFlow function that is not just an operation."""
    handler = _HANDLERS.get(path)
    if handler is not None:
        return handler(interp, args, kwargs)
    return decorator_called(_DECORATORS, path, args) or callbacks.call(interp, path, args, kwargs)


def fallback(interp: Context, path: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """A name that was not measured: its result depends on what it is given, if that holds no objects or functions."""
    given = [*args, *kwargs.values()]
    last = path.rpartition(".")[2]
    if "**" in kwargs or not last[:1].islower() or path.startswith(("tf.keras", "tf.saved", "tf.compat")):
        return None
    if any(
        isinstance(value, (Cell, Function, Method, Partial))
        and not isinstance(value, (Variable, ListObject, DictObject))
        for value in given
    ):
        return None
    return interp.opaque_result_of(origins.returned_by(path), given)


# -- tapes, variables, constants


def _tape(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return interp.tapes.make(args, kwargs)


def variable(interp: Context, args: list[Value], kwargs: dict[str, Value], library: str = "tf") -> Value:
    """A new variable: what it was made from cannot be reached through it."""
    initial = args[0] if args else kwargs.get("initial_value", kwargs.get("initializer", NONE))
    wanted = args[1] if len(args) > 1 and library == "tf" else kwargs.get("trainable", NONE)
    if "**" in kwargs:
        return interp.unknown(origins.returned_by("tf.Variable(**)"))
    created(interp)
    if isinstance(initial, (Function, Method, Partial)):
        initial = interp.calls.call(initial, [], {})
    dtype = named_dtype(kwargs.get("dtype")) if "dtype" in kwargs else firm_dtype(initial)
    edges = _left_behind(initial, Cause.NEW_VARIABLE)
    trained = True if is_none(wanted) else wanted.truth()
    if interp.recorder.tapes.fields["doubted"] or (library != "tf" and scopes.creates(interp)):
        trained = None
    if dtype is None and library != "tf":
        dtype = "float32"
    content = Node(LEAF, interp.recorder.now(), interp.recorder.site, tuple(edges), dtype)
    content.formula = _initial(interp, initial)
    content.shape = ANY_SHAPE if "shape" in kwargs else _shape(initial)
    made = Variable(content, trained, library)
    distribute.made_in_scope(interp, made)
    return made


def _variable(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value:
    def make(args: list[Value], kwargs: dict[str, Value]) -> Value:
        made = variable(interp, args, kwargs)
        if isinstance(made, Variable):
            interp.of(MadeAgain).made(made)
        return made

    return scopes.created(interp, args, kwargs, make)


def _initial(interp: Context, initial: Value) -> Formula | None:
    """The numbers that a variable begins with."""
    if type(initial) is Tensor:
        return initial.node.formula if initial.node.formula and initial.node.formula.form is Form.LITERAL else None
    return literal(interp, initial)


def _shape(given: Value) -> Shape:
    return shape_of(given.node) if isinstance(given, (GraphValue, Variable)) else literal_shape(given)


def _left_behind(value: Value, cause: Cause) -> list[Edge]:
    """The edges from a variable's content to the value stored there."""
    tensor = not isinstance(value, (Array, Scalar))
    return [
        Edge(node, Effect.NONE, cause) if tensor and trainable(node.dtype) else Edge(node, Effect.PLAIN)
        for node in nodes_of(value)
    ]


def _constant(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """A constant: of a literal or an array. In eager mode a tensor is handed through."""
    given = args[0] if args else kwargs.get("value", NONE)
    named = kwargs.get("dtype", args[1] if len(args) > 1 else NONE)
    if isinstance(given, (Variable, Unknown, Union, Composite)):
        return None
    if isinstance(given, Tensor):
        if interp.graph_level and given.node.level:
            interp.raise_here(None, "TypeError")  # a tensor without content is no constant
        if interp.graph_level:
            return interp.opaque_result_of(_CONSTANT_OF_TENSOR, [given])
        return given if is_none(named) else None
    nodes = nodes_of(given)
    if any(node.kind != LEAF for node in nodes) and not isinstance(given, (Array, Scalar)):
        return None
    dtype = firm_dtype(given) if is_none(named) else named_dtype(named)
    made = interp.recorder.op([Edge(node, Effect.PLAIN) for node in nodes], dtype)
    made.dense = True
    made.formula = literal(interp, given)
    wanted = args[2] if len(args) > 2 else kwargs.get("shape", NONE)
    shape = lengths(wanted)
    made.shape = _shape(given) if is_none(wanted) else ANY_SHAPE if shape is None else Shape(tuple(shape))
    return Tensor(made)


def _converted(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """A tensor that has the wanted dtype already is handed through: the very same object."""
    given = args[0] if args else kwargs.get("value", NONE)
    named = kwargs.get("dtype", args[1] if len(args) > 1 else NONE)
    same = (
        is_none(named) or (given.node.dtype is not None and given.node.dtype == named_dtype(named))
        if isinstance(given, Tensor) and not isinstance(given, Composite)
        else False
    )
    return given if same else None


def _cast(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """A tensor or variable that has the wanted dtype already is handed through."""
    given = args[0] if args else kwargs.get("x", NONE)
    named = kwargs.get("dtype", args[1] if len(args) > 1 else NONE)
    wanted = named_dtype(named)
    same = isinstance(given, (Tensor, Variable)) and wanted is not None and given.node.dtype == wanted
    if isinstance(given, (Tensor, Variable)) and isinstance(named, Scalar):
        same = its_own(given) in named.node.edges
    return given if same else None


def _dropout(of_keras: bool) -> Handler:
    """TensorFlow refuses to drop everything; Keras 3 gives a constant then."""

    def run(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
        rate = args[1] if len(args) > 1 else kwargs.get("rate", NONE)
        if not isinstance(rate, Const) or not isinstance(rate.value, (int, float)) or rate.value < 1:
            return None
        if not of_keras:
            interp.raise_here(None, "ValueError")
        return interp.opaque_result_of(_DROPPED, [*args, *kwargs.values()])

    return run


def _of_any(parameter: str) -> Handler:
    """An operation on several tensors, which refuses to be given none."""

    def run(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
        given = (args[0] if args else kwargs.get(parameter, NONE)).structure
        if isinstance(given, Items) and not given.items:
            interp.raise_here(None, "ValueError")
        return None

    return run


def _function(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """``tf.function(f)`` or ``tf.function(jit_compile=True)``, which decorates later."""
    given = args[0] if args else kwargs.get("func", NONE)
    if isinstance(given, Function):
        if given.scope.kind == "function" and given not in interp.under_decorators:
            interp.under_decorators.append(given)  # whoever gets hold of it may have the compiled one
        return compiled(interp, given, kwargs)
    if isinstance(given, Method) and isinstance(given.function, Function):
        return Method(compiled(interp, given.function, kwargs), given.receiver)
    return Partial(Symbol("tf.function"), [], kwargs) if is_none(given) else None


def compiled(interp: Context, function: Value, options: Mapping[str, Value]) -> Value:
    """The function under ``tf.function`` with these options; what is no function of the module stays as it is."""
    if not isinstance(function, Function):
        return function
    xla = "**" in options or any(
        interp.expressions.truth(options[name]) is not False for name in _XLA if name in options
    )
    signature = "input_signature" in options or "**" in options
    relaxed = "**" in options or any(name in options for name in _RELAXED)
    return function.flagged(
        graph=True,
        xla=xla or function.xla,
        signature=signature or function.signature,
        relaxed=relaxed or function.relaxed,
    )


def decorate(interp: Context, decorator: Value, decorated: Value) -> Value | None:
    """A function under a decorator of TensorFlow; None for any other decorator."""
    options = options_of(decorator, "tf.function")
    if options is not None:
        return compiled(interp, decorated, options)
    return decorated_by(_DECORATORS, decorator, decorated)


def _gradients(name: str) -> Handler:
    return lambda interp, args, kwargs: interp.requests.graph_gradients(
        name, args, kwargs, modes.eager_by_default(interp)
    )


_HANDLERS: dict[str, Handler] = {
    **modes.HANDLERS,
    **scopes.HANDLERS,
    "tf.GradientTape": _tape,
    "tf.autodiff.GradientTape": _tape,
    "tf.Variable": _variable,
    "tf.constant": _constant,
    "tf.function": _function,
    **conversions.HANDLERS,
    "keras.Variable": lambda interp, args, kwargs: variable(interp, args, kwargs, "keras"),
    "tf.keras.Variable": lambda interp, args, kwargs: variable(interp, args, kwargs, "keras"),
    **composites.HANDLERS,
    "tf.gradients": _gradients("gradients"),
    "tf.hessians": _gradients("hessians"),
    "tf.compat.v1.gradients": _gradients("gradients"),
    "tf.compat.v1.hessians": _gradients("hessians"),
    "tf.convert_to_tensor": _converted,
    "tf.add_n": _of_any("inputs"),
    "tf.math.add_n": _of_any("inputs"),
    "tf.concat": _of_any("values"),
    "tf.nn.dropout": _dropout(False),
    "keras.random.dropout": _dropout(True),
    "tf.keras.random.dropout": _dropout(True),
    "tf.cast": _cast,
    "tf.dtypes.cast": _cast,
}


# -- names that are no functions


def constant(path: str) -> Value | None:
    """A name that is no function, class or module."""
    module, _, name = path.rpartition(".")
    if path == "tf.newaxis":
        return NONE
    return Datum(path) if name in _DATA or (name.isupper() and module in _MODULES_OF_DATA) else None


#: Numbers and texts, of which some are false; and the modules that have such ones.
_DATA = frozenset({"AUTOTUNE", "AUTO_REUSE"})
_MODULES_OF_DATA = frozenset({"tf.errors", "tf.version", "tf.sysconfig"})


# -- what tensors and variables can do


def method(
    interp: Context,
    session: Session,
    receiver: Tensor | Variable,
    name: str,
    args: list[Value],
    kwargs: dict[str, Value],
) -> Value | None:
    """A method of a tensor or variable."""
    if isinstance(receiver, Variable) and name in ASSIGNING:
        return _assign(interp, receiver, args, kwargs, name == "assign")
    if name == "numpy" and without_content(interp, receiver):
        exception = "NotImplementedError" if isinstance(receiver, Variable) else "AttributeError"
        interp.raise_here(Cause.PYTHON_VALUE, exception, operation(name))
    if isinstance(receiver, Composite):
        return composites.method(interp, session, receiver, name, args, kwargs)
    if isinstance(receiver, Tensor) and name in ("assign", "assign_add", "assign_sub"):
        variables = (edge.node.variable for edge in receiver.node.edges)
        whole = next((each for each in variables if isinstance(each, Variable)), None)
        if whole is not None:
            # ``v[0].assign(...)`` writes into the variable.
            return _assign(interp, whole, args, kwargs, False)
        if receiver.node.variable is None and name not in interp.asked_for:
            interp.raise_here(None, "AttributeError")
    if name in ("item", "tolist"):
        # Tensors have no such method: the call raises, and nothing behind it has a gradient.
        edge = Edge(receiver.node, Effect.NONE, Cause.PYTHON_VALUE, operation(name))
        return Scalar(interp.recorder.plain([edge]))
    if isinstance(receiver, Tensor) and name in OF_ARRAYS - interp.asked_for and not session.numpy_behavior:
        interp.raise_here(None, "AttributeError")
    if name in ("ref", "experimental_ref"):
        return _reference(receiver)
    if isinstance(receiver, Variable) and receiver.library == "keras" and name != "numpy":
        return interp.opaque_result_of(_KERAS_VARIABLE, [receiver, *args])
    known = measured(session, receiver, name)
    return apply(interp, known, [receiver, *args], kwargs) if known is not None else None


def _reference(value: Tensor | Variable) -> Value:
    """A key that gives the very same object back."""
    made = LibraryObject("tf.experimental.Reference")
    made.fields["deref"] = NativeFunction("deref", lambda args, kwargs: value)
    HOLDS.begin(made, value)
    return made


def _assign(interp: Context, receiver: Variable, args: list[Value], kwargs: dict[str, Value], whole: bool) -> Value:
    """The new content has no history that a tape could follow. The result is another handle of the variable.

    ``whole`` says that nothing of the old content is left.
    """
    given = [*args, *(value for name, value in kwargs.items() if name == "value")]
    for node in nodes_of(Items(tuple(given))):
        if node.variable is not None or isinstance(node, Beyond):
            interp.recorder.read(node)
    old = receiver.node
    edges = [edge for value in given for edge in _left_behind(value, Cause.ASSIGNED)]
    if not whole:
        edges.append(Edge(old))
    content = Node(LEAF, interp.recorder.now(), interp.recorder.site, tuple(edges), old.dtype)
    content.variable = receiver
    interp.reports.cleared.add(receiver)
    interp.state.set(receiver, "content", content)
    if receiver.library != "tf":
        return interp.opaque_result_of(_ASSIGNMENT, [receiver, *given])
    if interp.recorder.tapes.active:
        # The call makes the tapes watch the variable, and reading the result is reading the variable.
        interp.recorder.read(content)
        return Tensor(content)
    return Tensor(interp.recorder.op([Edge(content, Effect.NONE, Cause.ASSIGNED)], old.dtype))


def unknown_method(
    interp: Context, receiver: Value, name: str, args: list[Value], kwargs: dict[str, Value]
) -> Value | None:
    """A method of something unknown whose name alone says that a Python value or an array comes out."""
    if isinstance(receiver, GraphValue) and name == "numpy" and not args:
        edge = Edge(receiver.node, Effect.NONE, Cause.PYTHON_VALUE, operation(name))
        return Array(interp.recorder.plain([edge]))
    return None
