"""Weights that are thawed when it is too late: Keras goes on training those that it has begun with.

Keras 2 trains what was to be trained when the model was compiled, Keras 3 what was when its step was traced.
"""

from __future__ import annotations

from collections.abc import Collection

from tfgradlint.flow.graph.breaks import FrozenIn
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.nodes import Site
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import Value, Variable
from tfgradlint.flow.values.objects import Instance, Layer
from tfgradlint.flow.values.walk import walk
from tfgradlint.flow.verdict.judgements import Reason
from tfgradlint.libraries.keras.parts import parts_of
from tfgradlint.libraries.keras.state import FROZEN_AT
from tfgradlint.libraries.keras.weight_lists import Weights
from tfgradlint.libraries.keras.weights import weights_below


def to_train(interp: Context, model: Layer | Instance) -> tuple[Variable, ...] | None:
    """The weights that are to be trained now; None where they are not known."""
    weights = Weights(interp, model)
    return tuple(weights.found) if weights.known and not weights.unbuilt else None


def report_thawed(
    interp: Context,
    model: Layer | Instance,
    wanted: Collection[Variable] | None,
    trained: Collection[Value] | None,
    site: Site,
) -> bool:
    """The model is trained at ``site``: report where weights were thawed that are ``wanted`` and are not ``trained``.

    Whether something was reported. None: they are not known.
    """
    if wanted is None or trained is None:
        return False
    held = {id(each) for each in trained}
    late = {id(each) for each in wanted if id(each) not in held}
    thawed = _thawed_at(interp, model, late) if late else None
    if thawed is None:
        return False
    interp.reports.add_step(Reason(Cause.FROZEN, thawed, FrozenIn.TRACED), site)
    return True


def _thawed_at(interp: Context, model: Layer | Instance, late: set[int]) -> Site | None:
    """Where the last of the layers was thawed that hold such weights."""
    found: list[tuple[int, Site]] = []
    for each in walk(model, parts_of):
        if not isinstance(each, (Layer, Instance)) or FROZEN_AT.of(each) is None:
            continue
        if each.fields.get("trainable") is not False and any(id(weight) in late for weight in weights_below(each)):
            found.append(FROZEN_AT.certain(each))
    when, site = max(found, key=lambda one: one[0], default=(0, None))
    return site if site is not None and when >= interp.visible_from else None
