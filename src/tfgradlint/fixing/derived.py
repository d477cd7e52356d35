"""Repairs of a request for the gradient of something derived from what the target was computed from."""

from __future__ import annotations

import libcst as cst

from tfgradlint.analysis.results import Fix
from tfgradlint.fixing.scene import Scene

#: What gives back the values of its argument, or of its object.
_SAME = ("identity", "convert_to_tensor", "constant")
_SAME_METHODS = ("value", "read_value")


def original(scene: Scene) -> Fix | None:
    """Ask for the gradient of what a source was derived from, and derive the same from that."""
    code, step, sources, asking = scene.code, scene.step, scene.sources, scene.asking
    if step is None or sources is None or asking is None:
        return None
    place = next((each for each in _elements(sources) if each is step), None)
    if place is None:
        return None
    inner = _same(step, code.tensorflow)
    if inner is not None:
        return Fix("safe", f"ask for {code.source(inner)} itself", (code.replace(step, code.in_place_of(step, inner)),))
    if isinstance(step, cst.Subscript) and place is sources:
        index = code.source(step)[len(code.source(step.value)) :]
        edits = (code.replace(step, code.source(step.value)), code.append(asking, index))
        return Fix("unsafe", "take the slice of the gradient", edits)
    return None


def _elements(sources: cst.BaseExpression) -> list[cst.BaseExpression]:
    if isinstance(sources, (cst.List, cst.Tuple)):
        return [each.value for each in sources.elements]
    return [sources]


def _same(step: cst.BaseExpression, tensorflow: str | None) -> cst.BaseExpression | None:
    if not isinstance(step, cst.Call) or not isinstance(step.func, cst.Attribute):
        return None
    owner, name = step.func.value, step.func.attr.value
    if name in _SAME_METHODS and not step.args:
        return owner
    of_tensorflow = isinstance(owner, cst.Name) and owner.value == tensorflow
    return step.args[0].value if of_tensorflow and name in _SAME and len(step.args) == 1 else None
