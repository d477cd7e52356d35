"""TensorFlow Probability: distributions and bijectors hold their parameters, and each method reads them.

What a method does to a gradient is measured data, in files of their own that are read when a program first names one
of the classes. Where a class, an option or a method was not measured, the result depends on all that the object holds,
in a way nobody knows.
"""

from __future__ import annotations

from typing import TypeGuard

from tfgradlint.flow.graph import origins
from tfgradlint.flow.graph.nodes import OP, Edge, Effect, Node, cut_off
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.tape.tape import Active
from tfgradlint.flow.values.base import NONE, Array, Const, Member, Scalar, Symbol, Tensor, Value, Variable
from tfgradlint.flow.values.containers import Items, ListObject
from tfgradlint.flow.values.notes import Note
from tfgradlint.flow.values.objects import HOLDS, LibraryObject
from tfgradlint.flow.values.walk import nodes_of
from tfgradlint.knowledge import OperationFacts
from tfgradlint.knowledge import load_probability as _data
from tfgradlint.libraries.measured.apply import applied, bind

ROOT = "tfp"
_DISTRIBUTIONS, _BIJECTORS = "tfp.distributions", "tfp.bijectors"
_FAMILIES = (_DISTRIBUTIONS, _BIJECTORS)
_INDEPENDENT, _TRANSFORMED = f"{_DISTRIBUTIONS}.Independent", f"{_DISTRIBUTIONS}.TransformedDistribution"
_CHAIN, _INVERT = f"{_BIJECTORS}.Chain", f"{_BIJECTORS}.Invert"
_KL = f"{_DISTRIBUTIONS}.kl_divergence"
#: Made of other objects; each with the parameters that matter.
_COMPOSED = {
    _INDEPENDENT: ("distribution", "reinterpreted_batch_ndims"),
    _TRANSFORMED: ("distribution", "bijector"),
    _CHAIN: ("bijectors",),
    _INVERT: ("bijector",),
}
_HARMLESS = frozenset({"validate_args", "allow_nan_stats", "name"})
#: Arguments of methods that carry no gradient.
_NO_DATA = ("sample_shape", "seed", "name", "event_ndims")
#: The arguments that an object was made with, by parameter, and the tapes that were recording then.
_BOUND: Note[dict[str, Value]] = Note("arguments")
_MADE_UNDER: Note[Active] = Note("made under")
#: What its methods made, by which it may know an argument again.
_DRAWN: Note[tuple[Node, ...]] = Note("drawn")
_FACTS = {"name": "str"} | dict.fromkeys(("batch_shape", "event_shape", "dtype", "reparameterization_type"), "")
_METHODS = frozenset(
    "sample log_prob prob unnormalized_log_prob cdf log_cdf survival_function log_survival_function quantile mean mode "
    "stddev variance covariance entropy kl_divergence cross_entropy forward inverse forward_log_det_jacobian "
    "inverse_log_det_jacobian copy batch_shape_tensor event_shape_tensor is_scalar_batch is_scalar_event "
    "experimental_sample_and_log_prob".split()
)
#: Methods of ``Independent`` that hand on what the inner distribution gives, and those that add it up.
_HANDED_ON, _ADDED_UP = frozenset({"sample", "mean", "mode", "stddev", "variance"}), frozenset({"log_prob", "entropy"})


def symbol(path: str) -> Symbol | None:
    """The name of a module or class of the library; None where nothing is known of it."""
    family = path.rpartition(".")[0]
    known = path in (ROOT, *_FAMILIES, *_COMPOSED, _KL) or (family in _FAMILIES and _data().get(path) is not None)
    return Symbol(path) if known else None


def call(interp: Context, path: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """A new distribution or bijector; None for anything else."""
    if not path.startswith(ROOT + "."):
        return None
    if path == _KL and len(args) >= 2 and isinstance(args[0], LibraryObject):
        return method(interp, args[0], "kl_divergence", args[1:2], {})
    if path in _COMPOSED:
        names = _COMPOSED[path]
        bound = {**dict(zip(names, args, strict=False)), **kwargs}
        return _made(interp, path, bound) if len(args) <= len(names) and "**" not in kwargs else None
    known = _data().get(path)
    bound = (bind(known, args, kwargs) or {}) if known is not None else {}
    return _made(interp, path, bound) if known is not None and (bound or not (args or kwargs)) else None


def _made(interp: Context, path: str, bound: dict[str, Value]) -> LibraryObject:
    made = LibraryObject(path)
    _BOUND.begin(made, bound)
    HOLDS.begin(made, Items(tuple(bound.values())))
    _MADE_UNDER.begin(made, interp.recorder.tapes.active)
    _DRAWN.begin(made, ())
    return made


def is_own(value: Value) -> bool:
    """Whether it is a distribution or bijector."""
    return isinstance(value, LibraryObject) and _BOUND in value.fields


def attribute(interp: Context, receiver: LibraryObject, name: str) -> Value | None:
    """A parameter, a method, a plain fact; the rest is not known."""
    if name in _METHODS:
        return Member(receiver, name)
    if name in _FACTS:
        return Scalar(interp.recorder.leaf(), _FACTS[name])
    value = _BOUND.certain(receiver).get(name)
    reference = isinstance(value, (Tensor, Variable)) and _is_reference(value)
    if value is not None and reference and _data().get(f"{receiver.path}.{name}") is not None:
        return value
    composed = receiver.path in _COMPOSED and isinstance(value, LibraryObject)
    return value if composed else interp.unknown(origins.member(name), receiver)


def method(
    interp: Context, receiver: LibraryObject, name: str, args: list[Value], kwargs: dict[str, Value]
) -> Value | None:
    """A call of a method, or of the object itself."""
    if "**" in kwargs:
        return None
    if name == "__call__":
        return _called(interp, receiver, args, kwargs)
    result = _composed(interp, receiver, name, args) if receiver.path in _COMPOSED else None
    if result is None and receiver.path not in _COMPOSED:
        result = _measured(interp, receiver, name, args, kwargs)
    if isinstance(result, Tensor) and name in ("sample", "forward", "inverse"):
        _DRAWN.put(interp.state, receiver, (*(_DRAWN.of(receiver) or ()), result.node))
    return result


def _called(interp: Context, receiver: LibraryObject, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """A bijector that is called transforms a tensor, or a distribution."""
    if not receiver.path.startswith(_BIJECTORS) or len(args) != 1 or kwargs.keys() - {"name"}:
        return None
    given = args[0]
    if isinstance(given, (Tensor, Variable)):
        return method(interp, receiver, "forward", args, {})
    if isinstance(given, LibraryObject) and given.path.startswith(_DISTRIBUTIONS):
        return _made(interp, _TRANSFORMED, {"distribution": given, "bijector": receiver})
    return None


# -- measured classes


def _measured(
    interp: Context, receiver: LibraryObject, name: str, args: list[Value], kwargs: dict[str, Value]
) -> Value | None:
    known = _data().get(f"{receiver.path}.{name}")
    kwargs = {"value" if key in ("x", "y") else key: value for key, value in kwargs.items()}
    given = bind(known, args, kwargs) if known is not None else None
    if known is None or given is None:
        return None
    own = _BOUND.certain(receiver)
    everything: list[Value] = [receiver, *given.values()]
    given = {key: value for key, value in given.items() if key not in _NO_DATA}
    if not _covered(interp, receiver):
        return interp.opaque_result_of(origins.method(name), everything)
    other = given.pop("other", None)
    if other is not None:
        if not isinstance(other, LibraryObject) or other.path != receiver.path or not _covered(interp, other):
            return interp.unknown(origins.method(name), *everything)
        given.update({f"other.{key}": value for key, value in _BOUND.certain(other).items()})
    blurred: list[Node] = []
    if "value" in given and _remembered(interp, receiver, given["value"]):
        if _kind(receiver) == "remembering":
            return interp.opaque_result_of(origins.method_of(name, "what it may know"), everything)
        blurred = nodes_of(given.pop("value"))
    if "value" in given and _related(receiver, given["value"]):
        again = _data().get(f"{receiver.path}.{name}(sample)")
        if again is None or not _just_drawn(receiver, given["value"]):
            return interp.opaque_result_of(origins.method_of(name, "what it made"), everything)
        known = again
        given["value"] = NONE  # told of with the parameters
    bound = {key: value for key, value in {**own, **given}.items() if key not in _HARMLESS}
    result = applied(interp, known, bound)
    if blurred and isinstance(result, Tensor):
        edges = [Edge(result.node), *(Edge(node, Effect.UNKNOWN) for node in blurred)]
        return Tensor(interp.recorder.op(edges, result.node.dtype))
    return result


def _kind(receiver: LibraryObject) -> str:
    known = _data().get(receiver.path)
    return known.cases[0].outputs[0].kind if known is not None else ""


def _covered(interp: Context, receiver: LibraryObject) -> bool:
    """Whether the data speaks of an object made like this one."""
    known = _data().get(receiver.path)
    if known is None:
        return False
    tried = known.cases[0].outputs[0].effects
    same_tapes = _MADE_UNDER.of(receiver) == interp.recorder.tapes.active
    for name, value in _BOUND.certain(receiver).items():
        if name in _HARMLESS or name == "dtype":
            continue
        if name not in tried and not _default(known, name, value):
            return False
        if not same_tapes and (tried.get(name) == "now" or not _is_reference(value)) and nodes_of(value):
            return False
        if isinstance(value, LibraryObject):
            return False
    return True


def _is_reference(value: Value) -> bool:
    """Whether the object keeps it as it is; a list, or a variable of Keras, is made a tensor at once."""
    if isinstance(value, Variable):
        return value.library == "tf"
    return isinstance(value, (Tensor, Array, Scalar))


def _default(known: OperationFacts, name: str, value: Value) -> bool:
    """Whether what is given is what would be there anyway."""
    texts = [param.default for param in known.params if param.name == name]
    return isinstance(value, Const) and texts == [repr(value.value)]


def _remembered(interp: Context, receiver: LibraryObject, value: Value) -> bool:
    """Whether the result may be one that was made before, under another tape.

    Bijectors keep what they made of a tensor. What is made anew each time they cannot know: plain numbers, and what
    was computed under the tapes that are recording now.
    """
    if _kind(receiver) == "object":
        return False
    if isinstance(value, (Const, Array, Scalar)) or (isinstance(value, (ListObject, Items)) and not nodes_of(value)):
        return False
    active = interp.recorder.tapes.active
    if not isinstance(value, Tensor) or value.node.kind != OP or value.node.maybe_alias is not None or value.node.loose:
        return True
    return not active or value.node.active != active


def _related(receiver: LibraryObject, value: Value) -> bool:
    """Whether the object may know the value again, as one that it made, or the value moves with a parameter.

    What goes through the value and what goes through the parameter may cancel out then.
    """
    drawn = _DRAWN.of(receiver)
    own = {*(drawn or ()), *nodes_of(HOLDS.certain(receiver))}
    moving = _moving(nodes_of(value))
    return drawn is None or _just_drawn(receiver, value) or bool(own & moving) or cut_off((*own, *moving))


def _moving(nodes: list[Node]) -> set[Node]:
    """All that moves these nodes, as far as a gradient tells."""
    seen = set(nodes)
    stack = list(nodes)
    while stack:
        for edge in stack.pop().edges:
            if edge.node not in seen and edge.effect not in (Effect.NONE, Effect.PLAIN):
                seen.add(edge.node)
                stack.append(edge.node)
    return seen


def _just_drawn(receiver: LibraryObject, value: Value) -> bool:
    return isinstance(value, Tensor) and value.node in (_DRAWN.of(receiver) or ())


# -- objects made of others


def _composed(interp: Context, receiver: LibraryObject, name: str, args: list[Value]) -> Value | None:
    bound = _BOUND.certain(receiver)
    names = _COMPOSED[receiver.path]
    if any(key not in names and key not in _HARMLESS for key in bound):
        return None
    inner = bound.get("distribution")
    if receiver.path == _INDEPENDENT and _known_inner(inner):
        return _independent(interp, inner, name, args)
    bijector = bound.get("bijector")
    if receiver.path == _TRANSFORMED and _known_inner(inner) and _known_inner(bijector):
        return _transformed(interp, receiver, inner, bijector, name, args)
    if receiver.path == _INVERT and _known_inner(bijector):
        opposite = {"forward": "inverse", "inverse": "forward"}.get(name)
        return method(interp, bijector, opposite, args, {}) if opposite is not None else None
    if receiver.path == _CHAIN and name in ("forward", "inverse") and len(args) == 1:
        return _chained(interp, bound.get("bijectors"), name, args[0])
    return None


def _known_inner(value: Value | None) -> TypeGuard[LibraryObject]:
    return value is not None and is_own(value)


def _independent(interp: Context, inner: Value | None, name: str, args: list[Value]) -> Value | None:
    assert isinstance(inner, LibraryObject)
    if name == "kl_divergence":
        other = args[0] if args else NONE
        if not isinstance(other, LibraryObject) or other.path != _INDEPENDENT:
            return None
        within = _BOUND.certain(other).get("distribution")
        return _added(interp, [method(interp, inner, name, [within], {})]) if within is not None else None
    if name in _HANDED_ON:
        return method(interp, inner, name, args[:1] if name == "sample" else [], {})
    return _added(interp, [method(interp, inner, name, args[:1], {})]) if name in _ADDED_UP else None


def _transformed(
    interp: Context, receiver: LibraryObject, inner: Value | None, bijector: Value | None, name: str, args: list[Value]
) -> Value | None:
    assert isinstance(inner, LibraryObject)
    assert isinstance(bijector, LibraryObject)
    if name == "sample":
        drawn = method(interp, inner, "sample", args[:1], {})
        return method(interp, bijector, "forward", [drawn], {}) if isinstance(drawn, Tensor) else None
    if name == "log_prob" and args:
        if _related(receiver, args[0]):
            return interp.opaque_result_of(origins.method_of("log_prob", "its sample"), [receiver, args[0]])
        back = method(interp, bijector, "inverse", args[:1], {})
        density = method(interp, inner, "log_prob", [back], {}) if isinstance(back, Tensor) else None
        return _added(interp, [density, method(interp, bijector, "inverse_log_det_jacobian", args[:1], {})])
    return None


def _added(interp: Context, parts: list[Value | None]) -> Value | None:
    """The sum of all, and over some dimensions."""
    if not all(isinstance(part, Tensor) for part in parts):
        return None
    nodes: list[Node] = [node for part in parts if part is not None for node in nodes_of(part)]
    return Tensor(interp.recorder.op([Edge(node) for node in nodes]))


def _chained(interp: Context, given: Value | None, name: str, value: Value) -> Value | None:
    """The last of a chain comes first on the way forward."""
    content = given.structure if given is not None else None
    if not isinstance(content, Items) or not all(_known_inner(each) for each in content.items):
        return None
    for each in reversed(content.items) if name == "forward" else content.items:
        assert isinstance(each, LibraryObject)
        made = method(interp, each, name, [value], {})
        if not isinstance(made, Tensor):
            return None
        value = made
    return value
