"""Weights in attributes that are not tracked: ``trainable_variables`` does not list them, and they never train."""

from __future__ import annotations

from collections.abc import Iterator

from tfgradlint.flow.graph.breaks import Untracked
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.nodes import Site
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import Symbol, Value, Variable
from tfgradlint.flow.values.objects import Class, Instance, Layer
from tfgradlint.flow.verdict.judgements import Reason, Suspect
from tfgradlint.flow.verdict.request import flatten
from tfgradlint.flow.verdict.request_analysis import RequestAnalysis
from tfgradlint.libraries.keras.state import ASSIGNED
from tfgradlint.libraries.keras.weight_lists import Weights
from tfgradlint.libraries.keras.weights import is_keras, of_keras_2

_LEVELS = 6


def record_assignment(interp: Context, receiver: Instance, name: str) -> None:
    """An attribute of an object is being assigned."""
    sites = dict(ASSIGNED.of(receiver) or {})
    sites.pop(name, None)  # what is assigned anew comes last
    ASSIGNED.put(interp.state, receiver, {**sites, name: Site(interp.statement, None)})


def report(interp: Context, owner: Value, leaves: list[Value], judge: RequestAnalysis, request: Site) -> None:
    """Suspect every weight below ``owner`` that its list lacks and the target depends on."""
    if of_keras_2(interp, owner):
        return
    for variable, site, kind in _hidden(interp, owner, 0):
        if variable not in leaves and judge.judge(variable).verdict == "flows":
            reason = Reason(Cause.UNTRACKED, site, kind)
            interp.reports.suspects.append(Suspect(variable, reason, request))


def _hidden(interp: Context, owner: Value, level: int) -> Iterator[tuple[Variable, Site, Untracked]]:
    """Each weight that is not tracked, where the attribute was assigned that holds it, and what holds it."""
    if isinstance(owner, Layer):
        for part in owner.parts or ():
            yield from _hidden(interp, part, level + 1)
    if not isinstance(owner, Instance) or level > _LEVELS:
        return
    keras, module = is_keras(owner.cls), _is_module(owner)
    sites = ASSIGNED.of(owner) or {}
    for name in [name for name in owner.fields if isinstance(name, str)]:
        for value in _leaves(owner.fields[name]):
            site = sites.get(name)
            if keras and site is not None:
                yield from ((variable, site, kind) for variable, kind in _not_of_keras(interp, value))
            elif module and site is not None:
                yield from ((variable, site, Untracked.OF_KERAS) for variable in _of_keras(interp, value))
            if isinstance(value, (Layer, Instance)) and (keras is not _is_module(value) or not (keras or module)):
                yield from _hidden(interp, value, level + 1)


def _not_of_keras(interp: Context, value: Value) -> list[tuple[Variable, Untracked]]:
    if isinstance(value, Variable) and value.library == "tf" and value.fields["trainable"] is True:
        return [(value, Untracked.TF_VARIABLE)]
    if isinstance(value, Instance) and _is_module(value):
        held = [each for name in value.fields if isinstance(name, str) for each in _leaves(value.fields[name])]
        return [(variable, Untracked.TF_MODULE) for each in held for variable, _ in _not_of_keras(interp, each)]
    return []


def _of_keras(interp: Context, value: Value) -> list[Variable]:
    if isinstance(value, Variable) and value.library == "keras" and value.fields["trainable"] is True:
        return [value]
    if (isinstance(value, Layer) or (isinstance(value, Instance) and is_keras(value.cls))) and not of_keras_2(
        interp, value
    ):
        weights = Weights(interp, value)
        return weights.found if weights.known else []
    return []


def _leaves(value: Value) -> list[Value]:
    return [leaf for _, leaf in flatten(value, "")]


def _is_module(value: Value) -> bool:
    """Whether it is an object of a ``tf.Module`` of the program."""
    if not isinstance(value, Instance):
        return False
    return [base for base in value.cls.lineage() if not isinstance(base, Class)] != [] and all(
        isinstance(base, Symbol) and base.path == "tf.Module"
        for base in value.cls.lineage()
        if not isinstance(base, Class)
    )
