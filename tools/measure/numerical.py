"""Holds gradients against numerical differences: tells flat from steep, and finds gradients that are finite and wrong.

Differences are taken along one direction of one argument at a time, in float64 where the callable takes it. Where
the differences to either side disagree there is a kink, and any gradient is as good as another: nothing is said.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import tensorflow as tf

from tools.measure.measuring import Observation, TooLong, invoke, leaves_of, structure, time_limit, upstream_of
from tools.measure.names import Target
from tools.measure.samples import Point, direction, evaluate
from tools.measure.synthesis import Call

POINTS = (Point(1, "unit"), Point(2, "signed"), Point(3, "big"))
#: Points at which something happens in some functions and in most nothing.
SPECIAL = (Point(1, "unit", special="zero"),)
_STEPS = {"float64": 1e-6, "float32": 2e-3}
_CLOSE = {"float64": 2e-4, "float32": 5e-2}
_TINY = {"float64": 1e-8, "float32": 2e-3}
STRAIGHT, FLAT, WRONG = "straight-through", "zero though the value moves", "wrong"
UNSETTLED, SATURATED = "another at every run", "zero at some points only"
#: What a call that succeeded before may come to at another point, or in another dtype: as many kinds as there are
#: libraries below. Faults of this program (NameError, AssertionError ...) are none of them.
_FAULTS = (
    *(ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError, tf.errors.OpError),
    *(TooLong, np.linalg.LinAlgError),
)
#: A step for a second look: some callables compute in float32 whatever they are given.
_LONG_STEP = 1e-3


@dataclass(frozen=True)
class Slope:
    """The slope of an output along an argument: as the tape has it, and by a difference (``None``: at a kink)."""

    tape: float | None
    difference: float | None
    dtype: str

    @property
    def moves(self) -> bool:
        return self.difference is not None and abs(self.difference) > _TINY[self.dtype]

    @property
    def differs(self) -> bool:
        if self.tape is None or self.difference is None:
            return False
        allowed = _CLOSE[self.dtype] * max(1.0, abs(self.tape), abs(self.difference))
        return abs(self.tape - self.difference) > allowed


@dataclass(frozen=True)
class Note:
    """What a comparison found: of an output along an argument, at generic points or where an element is zero."""

    output: int
    argument: str
    kind: str
    where: str
    tape: float
    difference: float


def _outputs(target: Target, call: Call, point: Point, tape: Any = None) -> tuple[list[list[Any]], dict[str, Any]]:
    tf.random.set_seed(4)
    arguments = {name: evaluate(text, name, point) for name, text in call.items()}
    if tape is not None:
        for argument in arguments.values():
            for source in argument.watched:
                if source.dtype.is_floating:
                    tape.watch(source)
    result = invoke(target, {name: argument.value for name, argument in arguments.items()})
    returns, _, elements = structure(result)
    found = [leaves_of(element) for element in elements]
    # The elements of a list of unknown length are told as one output.
    return [[leaf for leaves in found for leaf in leaves]] if returns == "list" else found, arguments


def _projection(leaves: list[Any]) -> float:
    total = 0.0
    for leaf in leaves:
        weights = upstream_of(leaf)
        if weights is not None:
            products = np.conj(np.array(weights, np.complex128)) * np.array(leaf, np.complex128)
            total += float(np.sum(products).real)
    return total


def _slope_of_tape(tape: Any, leaves: list[Any], argument: Any) -> float | None:
    total = 0.0
    for leaf in leaves:
        gradients = tape.gradient(leaf, list(argument.watched), output_gradients=upstream_of(leaf))
        for number, (source, gradient) in enumerate(zip(argument.watched, gradients, strict=True)):
            if gradient is not None:
                array = np.array(tf.convert_to_tensor(gradient), np.float64)
                total += float(np.sum(array * direction(np.array(source, np.float64), number)))
    return total if np.isfinite(total) else None


def slopes(
    target: Target, call: Call, point: Point, wanted: set[tuple[int, str]], step: float = 0.0
) -> dict[tuple[int, str], Slope]:
    """The slopes of the outputs along the arguments that are wanted, at one point."""
    step = step or _STEPS[point.dtype]
    found: dict[tuple[int, str], Slope] = {}
    with time_limit():
        with tf.GradientTape(persistent=True) as tape:
            outputs, arguments = _outputs(target, call, point, tape)
        for name in sorted({name for _, name in wanted}):
            sides = []
            for size in (-step, step):
                moved = dataclasses.replace(point, moved=f"+{name}", step=size)
                sides.append([_projection(leaves) for leaves in _outputs(target, call, moved)[0]])
            for number, leaves in enumerate(outputs):
                if (number, name) in wanted and len(sides[0]) == len(sides[1]) == len(outputs):
                    here = _projection(leaves)
                    before, after = here - sides[0][number], sides[1][number] - here
                    central: float | None = (before + after) / (2 * step)
                    allowed = max(4 * _CLOSE[point.dtype], 20 * step if point.dtype == "float64" else 0.0) * max(
                        1.0, abs(before / step), abs(after / step)
                    )
                    if not np.isfinite(before + after) or abs(after - before) / step > allowed:
                        central = None
                    try:
                        own = _slope_of_tape(tape, leaves, arguments[name])
                    except TooLong:
                        raise
                    except _FAULTS:
                        own = None
                    found[number, name] = Slope(own, central, point.dtype)
    return found


def _dtype(target: Target, call: Call) -> str | None:
    """The widest dtype in which everything that comes out is of that dtype or wider."""
    for dtype in _STEPS:
        try:
            with time_limit():
                outputs, _ = _outputs(target, call, dataclasses.replace(POINTS[0], dtype=dtype))
        except _FAULTS:
            continue
        narrow = ("float16", "bfloat16", *(("float32", "complex64") if dtype == "float64" else ()))
        if not any(leaf.dtype.name in narrow for leaves in outputs for leaf in leaves):
            return dtype
    return None


def _random(target: Target, call: Call) -> bool:
    """Whether what comes out depends on chance: then a difference is not the gradient in question."""
    seen = set()
    for seed in (4, 5):
        with time_limit():
            arguments = {name: evaluate(text, name, POINTS[0]).value for name, text in call.items()}
            tf.random.set_seed(seed)
            outputs = [leaves_of(element) for element in structure(invoke(target, arguments))[2]]
        seen.add(tuple(str(round(_projection(leaves), 6)) for leaves in outputs))
    return len(seen) > 1


@dataclass
class Comparison:
    """What a comparison found: notes, zeros that a difference contradicts without all points agreeing (saturated
    samples), and why nothing or not all could be compared.
    """

    notes: list[Note] = field(default_factory=list)
    doubtful: list[tuple[int, str]] = field(default_factory=list)
    failure: str = ""


def comparable(name: str) -> bool:
    """Whether a difference is the slope in question: not with members that change the variable which it is about,
    nor with samples drawn under a fixed seed.
    """
    return not name.startswith(("tf.Variable.", "keras.Variable.")) and "random" not in name.lower()


def compare(target: Target, call: Call, facts: Observation) -> Comparison:
    """Holds a call's gradients against numerical differences."""
    wanted = {
        (number, name)
        for number, output in enumerate(facts.outputs)
        for name, word in output.effects.items()
        if word in ("flows", "zero")
    }
    if not wanted:
        return Comparison()
    try:
        dtype = _dtype(target, call)
        if dtype is None:
            return Comparison(failure="it computes in less than float32 or takes no floats")
        if _random(target, call):
            return Comparison(failure="it depends on chance" if comparable(target.name) else "")
    except _FAULTS as error:
        return Comparison(failure=_told(error))
    result = Comparison()
    seen: dict[tuple[int, str], dict[str, list[Slope]]] = {pair: {} for pair in wanted}
    special = SPECIAL if dtype == "float64" and any(re.search(r"\b[fv]\(\d", text) for text in call.values()) else ()
    for where, points in (("generic", POINTS), ("zero", special)):
        for point in points:
            try:
                found = slopes(target, call, dataclasses.replace(point, dtype=dtype), wanted)
            except _FAULTS as error:
                # Beside a zero, and out of its domain, a function may refuse: the other points tell.
                result.failure = result.failure or (_told(error) if where == "generic" else "")
                continue
            for pair, slope in found.items():
                seen[pair].setdefault(where, []).append(slope)
    if any(slopes_there.get("generic") for slopes_there in seen.values()):
        result.failure = ""
    for (number, name), by_place in sorted(seen.items()):
        word = facts.outputs[number].effects[name]
        generic = [s for s in by_place.get("generic", []) if s.tape is not None and s.difference is not None]
        note = _judge(word, generic)
        place, points = "generic", POINTS
        if note is None and word == "flows" and generic:
            odd = [s for s in by_place.get("zero", []) if s.differs]
            note = (WRONG, odd[0]) if odd else None
            place, points = "an element is zero", special
        if note is None:
            continue
        kind, slope = note
        again = _second_look(target, call, [dataclasses.replace(p, dtype=dtype) for p in points], (number, name), slope)
        if again is None or kind is None:
            if word == "zero":
                result.doubtful.append((number, name))
                result.notes.append(Note(number, name, SATURATED, place, *_pair(slope)))
        elif again == UNSETTLED:
            result.notes.append(Note(number, name, UNSETTLED, "generic", 0.0, 0.0))
        else:
            result.notes.append(Note(number, name, kind, place, *_pair(slope)))
    if not comparable(target.name):
        result.notes = []
    return result


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:80]}".rstrip(": ")


def _second_look(target: Target, call: Call, points: list[Point], pair: tuple[int, str], slope: Slope) -> str | None:
    """Whether a slope that differs from the tape's is there with a longer step too; or the tape's is never the same."""
    for point in points:
        try:
            first = slopes(target, call, point, {pair}).get(pair)
            if first is None or first.difference != slope.difference:
                continue
            tapes = {slope.tape, first.tape, *(slopes(target, call, point, {pair})[pair].tape for _ in range(3))}
            long = slopes(target, call, point, {pair}, _LONG_STEP if slope.dtype == "float64" else 0.0)[pair]
        except _FAULTS:
            return None
        if len(tapes) > 1 and max(abs((t or 0.0) - (slope.tape or 0.0)) for t in tapes) > 1e-3:
            return UNSETTLED
        if long.difference is None or slope.difference is None:
            return None
        apart = abs(long.difference - slope.difference)
        return "agreed" if apart <= 0.02 * max(1.0, abs(slope.difference)) else None
    return None


def _judge(word: str, generic: list[Slope]) -> tuple[str | None, Slope] | None:
    """What the generic points say: nothing, a kind of note, or (kind ``None``) that they do not agree on a zero."""
    moving = [slope for slope in generic if slope.moves]
    if word == "zero":
        if not moving:
            return None
        return (FLAT if len(moving) >= 3 else None), moving[0]
    flowing = [slope for slope in generic if slope.tape]
    if len(generic) >= 2 and flowing and not moving and all(slope.differs for slope in flowing):
        return STRAIGHT, flowing[0]
    different = [slope for slope in generic if slope.differs]
    return (WRONG, different[0]) if len(different) >= 2 else None


def _pair(slope: Slope) -> tuple[float, float]:
    return float(f"{slope.tape or 0.0:.2g}"), float(f"{slope.difference or 0.0:.2g}")
