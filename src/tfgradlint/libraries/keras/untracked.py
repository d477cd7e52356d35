"""Weights in attributes that are not tracked: ``trainable_variables`` does not list them, and they never train."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tfgradlint.flow.graph.breaks import Untracked
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.nodes import Site
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import Symbol, Value, Variable
from tfgradlint.flow.values.objects import Class, Instance, Layer
from tfgradlint.flow.values.walk import nest_parts, walk
from tfgradlint.flow.verdict.judgements import ARRIVING, Reason, Suspect
from tfgradlint.flow.verdict.request_analysis import RequestAnalysis
from tfgradlint.libraries.keras.out_of_sight import note_loss, out_of_sight
from tfgradlint.libraries.keras.parts import attributes_of
from tfgradlint.libraries.keras.state import ASSIGNED
from tfgradlint.libraries.keras.weight_lists import Weights
from tfgradlint.libraries.keras.weights import is_keras, of_keras_2


def record_assignment(interp: Context, receiver: Instance, name: str) -> None:
    """An attribute of an object is being assigned."""
    sites = dict(ASSIGNED.of(receiver) or {})
    sites.pop(name, None)  # what is assigned anew comes last
    ASSIGNED.put(interp.state, receiver, {**sites, name: Site(interp.statement, None)})
    note_loss(interp, receiver)


def report(interp: Context, owner: Value, leaves: list[Value], judge: RequestAnalysis, request: Site) -> None:
    """Suspect every weight below ``owner`` that its list lacks and the target depends on."""
    hidden = () if of_keras_2(interp, owner) else _hidden(interp, owner)
    for variable, site, kind in (*hidden, *out_of_sight(interp, owner)):
        if variable not in leaves and judge.judge(variable).verdict in ARRIVING:
            reason = Reason(Cause.UNTRACKED, site, kind)
            interp.reports.suspects.append(Suspect(variable, reason, request))


def _hidden(interp: Context, owner: Value) -> Iterator[tuple[Variable, Site, Untracked]]:
    """Each weight that is not tracked, where the attribute was assigned that holds it, and what holds it."""
    for each in walk(owner, _looked_into):
        if not isinstance(each, Instance):
            continue
        keras, module = is_keras(each.cls), _is_module(each)
        sites = ASSIGNED.of(each) or {}
        for name in [name for name in each.fields if name in sites]:
            for value in walk(each.fields[name], nest_parts):
                if keras:
                    yield from ((variable, sites[name], kind) for variable, kind in _not_of_keras(value))
                elif module:
                    yield from ((variable, sites[name], Untracked.OF_KERAS) for variable in _of_keras(interp, value))


def _looked_into(owner: Value) -> Sequence[Value]:
    """The objects in a layer or object whose weights count as its own, unless they are not tracked at all."""
    if isinstance(owner, Layer):
        return owner.parts or ()
    if not isinstance(owner, Instance):
        return ()
    keras, module = is_keras(owner.cls), _is_module(owner)
    return [
        value
        for value in _in_attributes(owner)
        if isinstance(value, (Layer, Instance)) and (keras is not _is_module(value) or not (keras or module))
    ]


def _not_of_keras(value: Value) -> list[tuple[Variable, Untracked]]:
    kind = Untracked.TF_VARIABLE if isinstance(value, Variable) else Untracked.TF_MODULE
    return [
        (each, kind)
        for each in walk(value, _in_module)
        if isinstance(each, Variable) and each.library == "tf" and each.fields["trainable"] is True
    ]


def _in_module(value: Value) -> Sequence[Value]:
    return _in_attributes(value) if isinstance(value, Instance) and _is_module(value) else ()


def _in_attributes(owner: Instance) -> list[Value]:
    """What is in an object's attributes, and in the nests among them."""
    return [each for field in attributes_of(owner) for each in walk(field, nest_parts)]


def _of_keras(interp: Context, value: Value) -> list[Variable]:
    if isinstance(value, Variable) and value.library == "keras" and value.fields["trainable"] is True:
        return [value]
    if (isinstance(value, Layer) or (isinstance(value, Instance) and is_keras(value.cls))) and not of_keras_2(
        interp, value
    ):
        weights = Weights(interp, value)
        return weights.found if weights.known else []
    return []


def _is_module(value: Value) -> bool:
    """Whether it is an object of a ``tf.Module`` of the program."""
    if not isinstance(value, Instance):
        return False
    return [base for base in value.cls.lineage() if not isinstance(base, Class)] != [] and all(
        isinstance(base, Symbol) and base.path == "tf.Module"
        for base in value.cls.lineage()
        if not isinstance(base, Class)
    )
