"""Layers and variables that are made anew by every call, where Keras or TensorFlow wants them made once."""

from __future__ import annotations

import libcst as cst

from tfgradlint.flow.graph.breaks import Creation
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.nodes import Site
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.machine.frames import Frame
from tfgradlint.flow.values.base import Cell, Value, Variable
from tfgradlint.flow.values.objects import Instance
from tfgradlint.flow.verdict.judgements import Reason
from tfgradlint.libraries.keras.state import FIRST_VARIABLES, IN_TAPE, PENDING, keras_state
from tfgradlint.libraries.keras.weight_lists import Weights
from tfgradlint.libraries.keras.weights import is_keras, of_keras_2


def created(interp: Context, drawing: bool = False) -> bool:
    """Something that holds variables is being made; ``drawing``: only the state of random numbers.

    True where it is made inside a tape, outside of any function that is called by Keras or compiled.
    """
    if interp.may_be_handled():
        return False
    frames = interp.frames
    for position in range(len(frames) - 1, 0, -1):
        frame = frames[position]
        name = frame.function.name if frame.function is not None else ""
        if name == "call" and any(_lazy(test) for test in frame.conditions):
            _made_once(interp, frame)
        if name in ("build", "__init__") or any(_lazy(test) for test in frame.conditions) or _cached(frame):
            return False
        receiver = _receiver(frame)
        if name == "call" and receiver is not None and of_keras_2(interp, receiver):
            return False
        if name == "call" and receiver is not None and is_keras(receiver.cls):
            _in_call(interp, receiver, drawing)
            return False
        if frame.function is not None and frame.function.graph and not interp.eager_functions:
            if not drawing:
                _report(interp, interp.recorder.site, Creation.IN_COMPILED_FUNCTION)
            return False
    return bool(interp.recorder.tapes.active)


def _made_once(interp: Context, frame: Frame) -> None:
    """Keras builds a model before its first call, unless a part of it waits for its weights: then it is too late."""
    receiver = _receiver(frame)
    line = interp.statement.body[0] if isinstance(interp.statement, cst.SimpleStatementLine) else None
    if (
        receiver is None
        or not is_keras(receiver.cls)
        or of_keras_2(interp, receiver)
        or not isinstance(line, cst.Assign)
        or frame is not interp.frame
    ):
        return
    target = line.targets[0].target
    if isinstance(target, cst.Attribute) and isinstance(target.value, cst.Name) and target.value.value == "self":
        weights = Weights(interp, receiver)
        if weights.known and not weights.unbuilt and not interp.isolated:
            _report(interp, interp.recorder.site, Creation.IN_CALL)


def _in_call(interp: Context, receiver: Instance, drawing: bool) -> None:
    site = interp.recorder.site
    counts = keras_state(interp).creations
    key = (id(site.expression), id(receiver))
    counts[key] = counts.get(key, 0) + 1
    if not drawing and (counts[key] > 1 or interp.graph_level):
        _report(interp, site, Creation.IN_CALL)
    elif drawing and interp.graph_level and _traced_twice(interp):
        _report(interp, site, Creation.IN_CALL)
        interp.raise_here(None, "ValueError")
    elif drawing and interp.graph_level:
        PENDING.put(interp.state, receiver, (*(PENDING.of(receiver) or ()), site))


def _traced_twice(interp: Context) -> bool:
    """Whether what is being traced has been tried before, or will be traced once more, because it makes variables."""
    compiled = any(frame.function is not None and frame.function.graph for frame in interp.frames)
    return keras_state(interp).added_losses is not None or (compiled and interp.eager_functions is False)


def trained(interp: Context, instance: Value) -> bool:
    """Keras compiles the object's ``call`` and runs it again: whether it refuses what is made there."""
    sites = (PENDING.of(instance) or ()) if isinstance(instance, Instance) else ()
    for site in sites:
        _report(interp, site, Creation.IN_CALL)
    return bool(sites)


def applied(interp: Context, optimizer: Cell, variables: list[Variable]) -> None:
    """An optimizer is used: it refuses variables that it did not see the first time."""
    first = FIRST_VARIABLES.of(optimizer)
    if first is None:
        interp.variables_perhaps_made += 1  # its own, unless it is one that needs none
        FIRST_VARIABLES.put(interp.state, optimizer, tuple(variables))
        return
    places = {id(site.expression) for each in first if (site := IN_TAPE.of(each)) is not None}
    for variable in variables:
        site = IN_TAPE.of(variable)
        if variable not in first and site is not None and id(site.expression) in places:
            _report(interp, site, Creation.IN_TAPE)


def _report(interp: Context, site: Site, where: Creation) -> None:
    interp.reports.add_step(Reason(Cause.CREATED_IN_CALL, site, where))


def _receiver(frame: Frame) -> Instance | None:
    function = frame.function
    if function is None or function.owner is None:
        return None
    params = (*function.node.params.posonly_params, *function.node.params.params)
    found = frame.scope.fields.get(params[0].name.value) if params else None
    return found if isinstance(found, Instance) else None


def _cached(frame: Frame) -> bool:
    node = frame.function.node if frame.function is not None else None
    decorators = node.decorators if isinstance(node, cst.FunctionDef) else ()
    texts = [cst.Module([]).code_for_node(each) for each in decorators]
    return any("cache" in text or text.strip().endswith("once") for text in texts)


_PLAIN = (cst.Equal, cst.NotEqual, cst.LessThan, cst.LessThanEqual, cst.GreaterThan, cst.GreaterThanEqual)


def _lazy(test: cst.BaseExpression) -> bool:
    """Whether a condition may well hold the first time only. A comparison of numbers or shapes does not."""
    if isinstance(test, cst.BooleanOperation):
        return _lazy(test.left) or _lazy(test.right)
    if not isinstance(test, cst.Comparison):
        return True
    return not all(
        isinstance(part.operator, _PLAIN)
        and not (isinstance(part.comparator, cst.Name) and part.comparator.value in ("None", "True", "False"))
        for part in test.comparisons
    )
