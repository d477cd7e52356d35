"""Finds the step at which a gradient was lost, while the program runs.

TensorFlow calls back for every operation that it executes, and this is kept: what it read, what it gave and the line
of the program. Where a request gives None, the operations between the source and the target tell which of them passes
no gradient on. Where it gives NaN or zero, the backward steps do, which the tape asks for one by one. Of what runs in a
graph only None is found: its numbers are not seen.
"""

from __future__ import annotations

import functools
import os
import sys
from collections import OrderedDict
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from tfgradlint.confirm.observations import APART, ENDS, UNRECORDED, UNWATCHED, Key, Lost
from tfgradlint.confirm.own import OwnFiles

#: So many operations are remembered, the newest.
_MOST = 200_000
#: Of one request so many lost gradients are told.
_TOLD = 3
#: Operations that read of a tensor what has no gradient in any program; another step is to blame if there is one.
_OF_FORM = frozenset({"Shape", "ShapeN", "Size", "Rank", "ZerosLike", "OnesLike"})

#: An operation's input or output: the tensor of eager mode by its number, that of a graph by graph and name.
_Tensor = tuple[object, ...]
#: What stands for a variable, a list or an optional value.
_HANDLES = ("resource", "variant")


@dataclass(frozen=True, slots=True)
class _Step:
    """An operation that ran or was traced: what it read, whether a tape recorded it and whether it can have a gradient,
    and its line.
    """

    number: int
    name: str
    inputs: tuple[_Tensor, ...]
    recorded: bool
    differentiable: bool
    file: str
    line: int

    def lost(self, word: str) -> Lost:
        return Lost(word, self.name, self.file, self.line, ENDS if self.recorded else UNRECORDED)


@dataclass(frozen=True, slots=True)
class _Backward:
    """A backward step: the operation, the gradients that it got, those that it gave, and the places of the inputs that
    no gradient was asked for, since the tape does not watch them.
    """

    name: str
    step: _Step | None
    got: tuple[Any, ...]
    gave: tuple[Any, ...]
    unwatched: frozenset[int]

    @property
    def ended(self) -> list[int]:
        """The places of the inputs for which a gradient was asked, and none given."""
        return [place for place, gradient in enumerate(self.gave) if gradient is None and place not in self.unwatched]


@dataclass(slots=True)
class Steps:
    """The operations of a running program."""

    files: OwnFiles
    tf: Any
    lost: dict[Key, list[Lost]] = field(default_factory=dict)
    _made: OrderedDict[_Tensor, _Step] = field(default_factory=OrderedDict)
    _count: int = 0
    _request: tuple[Any, Any] | None = None
    _backward: list[_Backward] = field(default_factory=list)
    #: For what a gradient is, by the identity of its tensor, while a request is under way.
    _of: dict[int, _Tensor] = field(default_factory=dict)

    @classmethod
    def installed(cls, files: OwnFiles, tf: Any) -> Steps:
        """Those of this thread, from now on."""
        from tensorflow.python import pywrap_tfe
        from tensorflow.python.eager import backprop
        from tensorflow.python.framework import op_callbacks

        steps = cls(files, tf)
        op_callbacks.add_op_callback(steps._executed)
        original = backprop._gradient_function

        def gradient_function(name: str, attributes: Any, count: Any, inputs: Any, outputs: Any, *more: Any) -> Any:
            gave = original(name, attributes, count, inputs, outputs, *more)
            if steps._request is not None:
                steps._went_back(name, inputs or (), outputs or (), gave, *more[:2])
            return gave

        pywrap_tfe.TFE_Py_RegisterGradientFunction(gradient_function)
        return steps

    def begin(self, target: Any, sources: Any) -> None:
        """A request begins."""
        self._request, self._backward, self._of = (target, sources), [], {}

    def end(self, key: Key, gradients: list[Any]) -> None:
        """It gave these gradients."""
        asked, backward = self._request, self._backward
        self._request, self._backward, self._of = None, [], {}
        told = self.lost.setdefault(key, [])
        if asked is None or len(told) >= _TOLD:
            return
        found: list[Lost] = []
        if any(gradient is None for gradient in gradients):
            target, sources = map(self.tf.nest.flatten, asked)
            found = [
                self._none(target, source, backward)
                for source, gradient in zip(sources, gradients, strict=False)
                if gradient is None
            ]
        elif self.tf.executing_eagerly():
            found = self._numbers(backward, gradients)
        told += [each for each in dict.fromkeys(found) if each not in told][: _TOLD - len(told)]

    def _executed(
        self, name: str, inputs: Any, attributes: Any, outputs: Any, op_name: Any = None, graph: Any = None
    ) -> None:
        from tensorflow.python import pywrap_tfe

        if self._request is not None and name != "AddN":
            return  # a backward step; sums of gradients are those of their terms
        self._count += 1
        recorded = not (pywrap_tfe.TFE_Py_TapeSetIsEmpty() or pywrap_tfe.TFE_Py_TapeSetIsStopped())
        file, line = self._place(sys._getframe(1), traced=graph is not None)
        read = tuple(_key(each) for each in inputs)
        if self._request is not None:
            for each in inputs:
                if id(each) in self._of:
                    self._of[id(outputs[0])] = self._of[id(each)]
            return
        recorded = recorded or graph is not None  # what a graph records is asked for afterwards
        step = _Step(self._count, name, read, recorded, _differentiable(name, outputs), file, line)
        for output in outputs:
            self._made[_key(output)] = step
        while len(self._made) > _MOST:
            self._made.popitem(last=False)

    def _went_back(self, name: str, inputs: Any, outputs: Any, gave: Any, got: Any, unwatched: Any) -> None:
        several = tuple(gave) if isinstance(gave, (list, tuple)) else (gave,)
        steps = [self._made.get(_key(each)) for each in outputs if each is not None]
        steps += [self._made.get(self._of[id(each)]) for each in got if id(each) in self._of]
        step = next((each for each in steps if each), None)
        self._backward.append(_Backward(name, step, tuple(got), several, frozenset(unwatched or ())))
        for gradient, read in zip(several, inputs, strict=False):
            if gradient is not None and read is not None:
                self._of[id(gradient)] = _key(read)

    def _place(self, frame: FrameType | None, *, traced: bool) -> tuple[str, int]:
        """The nearest line of the program."""
        if traced:  # AutoGraph's code stands in the way, and TensorFlow knows from which line it is
            from tensorflow.python.util import tf_stack

            for summary in reversed(list(tf_stack.extract_stack())):
                if self.files.tree(summary.filename) is not None:
                    return os.path.realpath(summary.filename), summary.lineno
            return "", 0
        while frame is not None:
            if self.files.tree(frame.f_code.co_filename) is not None:
                return os.path.realpath(frame.f_code.co_filename), frame.f_lineno
            frame = frame.f_back
        return "", 0

    def _none(self, target: list[Any], source: Any, backward: list[_Backward]) -> Lost:
        """The first step between a source and the target that passes no gradient on."""
        alias = _captured(target)
        between, met = self._computed(target, alias)
        asked = (_key(_resource(source)),)
        reached = {*asked}
        if not reached & met:
            return Lost("none", why=APART)
        located = [(each, each.step) for each in backward if each.step is not None]
        ended = {(step.number, place) for each, step in located for place in each.ended}
        if any(step.inputs[place : place + 1] == asked for each, step in located for place in each.unwatched):
            return Lost("none", why=UNWATCHED)
        broken: list[_Step] = []
        for number, (step, outputs) in sorted(between.items()):
            ways = [place for place, read in enumerate(step.inputs) if alias.get(read, read) in reached]
            if ways:
                reached |= outputs
                if not (step.recorded and step.differentiable) or ended.issuperset((number, way) for way in ways):
                    broken.append(step)
        first = next((step for step in broken if step.name not in _OF_FORM), broken[0] if broken else None)
        if first is not None:
            return first.lost("none")
        # Each step passes on what it gets: the tape never began with the source, or the step is inside a function.
        return Lost("none", why=ENDS if getattr(source, "trainable", False) else UNWATCHED)

    def _computed(
        self, target: list[Any], alias: dict[_Tensor, _Tensor]
    ) -> tuple[dict[int, tuple[_Step, set[_Tensor]]], set[_Tensor]]:
        """The steps that computed the target, each with what the next ones read of it, and all that was read."""
        between: dict[int, tuple[_Step, set[_Tensor]]] = {}
        waiting = [_key(each) for each in target]
        met = set(waiting)
        while waiting:
            tensor = waiting.pop()
            step = self._made.get(tensor)
            if step is None:
                continue
            between.setdefault(step.number, (step, set()))[1].add(tensor)
            for read in {alias.get(read, read) for read in step.inputs} - met:
                met.add(read)
                waiting.append(read)
        return between, met

    def _numbers(self, backward: list[_Backward], gradients: list[Any]) -> list[Lost]:
        """The first backward steps that made a number NaN or infinite, or all of them zero."""
        found: list[Lost] = []
        for word, fine in (("nonfinite", _finite), ("zero", _not_zero)):
            if all(fine(gradient) for gradient in gradients):
                continue
            for step in backward:
                gave = [each for each in step.gave if each is not None]
                if gave and not any(map(fine, gave)) and all(fine(each) for each in step.got if each is not None):
                    found.append(step.step.lost(word) if step.step else Lost(word, step.name))
                    break
        return found


def _key(tensor: Any) -> _Tensor:
    if hasattr(tensor, "_numpy_internal") or not hasattr(tensor, "graph"):  # of eager mode, or none at all
        return (getattr(tensor, "_id", None) or id(tensor),)
    return id(tensor.graph), tensor.name


def _resource(source: Any) -> Any:
    """A variable as the operations see it; one of Keras 3 holds one of TensorFlow."""
    return getattr(getattr(source, "_value", source), "handle", source)


def _captured(target: list[Any]) -> dict[_Tensor, _Tensor]:
    """What stands in the graph of a target for a tensor outside."""
    found: dict[_Tensor, _Tensor] = {}
    for each in target:
        graph = getattr(each, "graph", None) if not hasattr(each, "_numpy_internal") else None
        while graph is not None and hasattr(graph, "captures"):
            found.update((_key(inner), _key(outer)) for outer, inner in graph.captures)
            graph = getattr(graph, "outer_graph", None)
    return found


def _differentiable(name: str, outputs: Any) -> bool:
    """Whether an operation that gave this can pass a gradient on."""
    kinds = any(each.dtype.is_floating or each.dtype.is_complex or each.dtype.name in _HANDLES for each in outputs)
    return kinds and _has_gradient(name)


@functools.cache
def _has_gradient(name: str) -> bool:
    from tensorflow.python.framework import ops

    try:
        return ops.gradient_registry.lookup(name) is not None
    except LookupError:  # a request raises there, or it is a function that was compiled
        return True


def _finite(gradient: Any) -> bool:
    import numpy as np

    value = _numpy(gradient)
    return value is None or bool(np.isfinite(value).all())


def _not_zero(gradient: Any) -> bool:
    value = _numpy(gradient)
    return value is None or bool(value.any()) or value.size == 0


def _numpy(gradient: Any) -> Any:
    value = getattr(gradient, "values", gradient)
    try:
        return value.numpy()
    except (AttributeError, NotImplementedError, TypeError):  # a handle, or what has no value yet
        return None
