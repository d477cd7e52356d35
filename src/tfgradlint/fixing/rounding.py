"""Bounds that rounding leaves alone."""

from __future__ import annotations

import libcst as cst

from tfgradlint.analysis.results import Fix
from tfgradlint.fixing.scene import Scene
from tfgradlint.flow.graph.details import Detail
from tfgradlint.flow.graph.hazards import Unstable, Way


def bounded(scene: Scene, detail: Detail | None) -> Fix | None:
    """A bound that works, where the numbers are written out in the step itself."""
    if not isinstance(detail, Unstable):
        return None
    return _clip(scene) if detail.way is Way.BOUND else _maximum(scene) if detail.way is Way.FOLDED else None


def _clip(scene: Scene) -> Fix | None:
    """``1 - 1e-8`` as ``1 - 1e-7``, the next bound that is one."""
    call = scene.call
    bound = scene.argument(call, 2, "clip_value_max", "x_max", "max_value") if call is not None else None
    if bound is None:
        return None
    value = bound.value
    if isinstance(value, cst.BinaryOperation) and isinstance(value.operator, cst.Subtract):
        if not isinstance(value.left, _NUMBERS) or not isinstance(value.right, _NUMBERS):
            return None
        return Fix("safe", "clip to 1 - 1e-7", (scene.code.replace(value.right, "1e-7"),))
    return Fix("safe", "clip to 1 - 1e-7", (scene.code.replace(value, "1 - 1e-7"),)) if _is_number(value) else None


def _maximum(scene: Scene) -> Fix | None:
    """``1 - p + 1e-8`` as ``tf.maximum(1 - p, 1e-7)``: the value changes a little where it is small."""
    total, name = scene.step, scene.code.tensorflow
    if name is None or not isinstance(total, cst.BinaryOperation) or not isinstance(total.operator, cst.Add):
        return None
    if not isinstance(total.left, cst.BinaryOperation):
        return None
    written = f"{name}.maximum({scene.code.source(total.left)}, 1e-7)"
    return Fix("unsafe", "bound it from below", (scene.code.replace(total, written),))


_NUMBERS = (cst.Integer, cst.Float)


def _is_number(value: cst.BaseExpression) -> bool:
    return isinstance(value, _NUMBERS)
