"""Weights that no model gets to see: in plain objects, in what the function of a ``Lambda`` reads, in loss objects.

Keras looks for weights in layers, models and containers, and nowhere else, in either version.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tfgradlint.flow.graph.breaks import Untracked
from tfgradlint.flow.graph.nodes import Node, Site
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import Symbol, Value, Variable
from tfgradlint.flow.values.functions import NativeFunction
from tfgradlint.flow.values.objects import Class, Instance, Layer
from tfgradlint.flow.values.walk import nest_parts, nodes_of, walk
from tfgradlint.libraries.keras.parts import attributes_of, parts_of
from tfgradlint.libraries.keras.state import ASSIGNED, MAKE, LambdaReads, keras_state
from tfgradlint.libraries.keras.weight_lists import Weights
from tfgradlint.libraries.keras.weights import is_keras, of_keras_2
from tfgradlint.libraries.session import keras_name

#: A weight, where it came out of sight, and where it lies.
Unseen = tuple[Variable, Site, Untracked]


def note_loss(interp: Context, receiver: Instance) -> None:
    """An object of the program has got an attribute: whether it is a loss of Keras'."""
    if any(isinstance(base, Symbol) and keras_name(base.path) in _LOSSES for base in receiver.cls.lineage()):
        keras_state(interp).losses[id(receiver)] = receiver


_LOSSES = ("Loss", "losses.Loss")


def read_besides(result: Value, given: Value) -> list[Variable]:
    """The variables that a result is computed from besides those behind what was given."""
    stack: list[Node] = nodes_of(result)
    seen = set(nodes_of(given))
    found: dict[int, Variable] = {}
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        if isinstance(node.variable, Variable):
            found[id(node.variable)] = node.variable
        else:
            stack += [edge.node for edge in node.edges]
    return list(found.values())


def note_lambda(interp: Context, layer: NativeFunction, site: Site, reads: list[Variable], layers: list[Value]) -> None:
    """A ``Lambda`` that was made at ``site`` has run, and has read variables and called layers besides its input."""
    known = keras_state(interp).lambdas.setdefault(id(layer), LambdaReads(layer, site, {}, {}))
    known.variables.update((id(each), each) for each in reads)
    known.layers.update((id(each), each) for each in layers)


def out_of_sight(interp: Context, owner: Value) -> Iterator[Unseen]:
    """Each weight that the owner may compute with and that neither it nor anything in it tracks."""
    lambdas = keras_state(interp).lambdas
    for each in walk(owner, parts_of):
        if isinstance(each, Instance) and is_keras(each.cls):
            yield from _in_plain_objects(interp, each)
        elif id(each) in lambdas:
            yield from _in_lambda(interp, lambdas[id(each)], not of_keras_2(interp, owner))
    for loss in keras_state(interp).losses.values():
        sites = ASSIGNED.of(loss) or {}
        for name in [name for name in loss.fields if name in sites]:
            yield from ((each, sites[name], Untracked.IN_LOSS) for each in _weights_in(interp, loss.fields[name]))


def _in_plain_objects(interp: Context, owner: Instance) -> Iterator[Unseen]:
    sites = ASSIGNED.of(owner) or {}
    for name in [name for name in owner.fields if name in sites]:
        for value in walk(owner.fields[name], nest_parts):
            if _is_plain(value):
                yield from ((each, sites[name], Untracked.IN_OBJECT) for each in _weights_in(interp, value))


def _in_lambda(interp: Context, reads: LambdaReads, layers: bool) -> Iterator[Unseen]:
    """What the function of a ``Lambda`` reads; of ``layers`` too, which Keras 2 does not let it build."""
    for variable in reads.variables.values():
        if MAKE.of(variable) is None and variable.library in ("tf", "keras") and _trains(variable):
            yield variable, reads.site, Untracked.IN_LAMBDA
    for layer in reads.layers.values() if layers else ():
        yield from ((each, reads.site, Untracked.IN_LAMBDA) for each in _weights_in(interp, layer))


def _weights_in(interp: Context, value: Value) -> list[Variable]:
    """The weights in something that Keras does not look into, as far as they were made here and are to be trained."""
    found: list[Variable] = []
    for each in walk(value, _inside):
        if isinstance(each, Variable) and _trains(each):
            found.append(each)
        elif isinstance(each, Layer) or (isinstance(each, Instance) and is_keras(each.cls)):
            weights = Weights(interp, each)
            # One that stands for all weights of a model is that of a model which was trained somewhere else.
            found += [weight for weight in weights.found if MAKE.of(weight) is not None] if weights.known else []
    return found


def _inside(value: Value) -> Sequence[Value] | None:
    if _is_plain(value):
        assert isinstance(value, Instance)
        return attributes_of(value)
    return nest_parts(value)


def _is_plain(value: Value) -> bool:
    """Whether it is an object of a class of the module that derives from nothing but such classes."""
    if not isinstance(value, Instance) or value.open:
        return False
    bases = [base for base in value.cls.lineage() if not isinstance(base, Class)]
    return all(isinstance(base, Symbol) and base.path == "builtins.object" for base in bases)


def _trains(variable: Variable) -> bool:
    return variable.fields.get("listed", variable.fields["trainable"]) is True and variable.fields["trainable"] is True
