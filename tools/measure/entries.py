"""From observations at several points to the facts of one callable, and from calls with options to its cases."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from tools.measure import numerical
from tools.measure.handwritten import handwritten
from tools.measure.measuring import (
    MIXED,
    NO_ALIAS,
    Observation,
    Output,
    Refused,
    TooLong,
    attempt,
    forget_arguments,
    handed_through,
    observe,
    unwatched,
)
from tools.measure.names import Target
from tools.measure.samples import Point
from tools.measure.synthesis import Call, calls, filled

_OTHER_POINTS = (
    Point(1, "signed"),
    Point(2, "big"),
    Point(3, "unit"),
    Point(5, "signed"),
    Point(6, "unit"),
    Point(7, "big"),
)
_MORE_SHAPES = 2
_MOST_TRIES = {"float32": 320, "complex64": 60}


@dataclass
class Case:
    """The facts under a condition: parameter -> the literals it may be, or ``given``, or ``absent``."""

    observation: Observation
    given: frozenset[str]
    when: dict[str, Any] = field(default_factory=dict)


class Measurement:
    """Measures one callable. ``skip`` tells calls that brought the process down before; ``log`` hears of each call."""

    def __init__(self, target: Target, log: Callable[[str], bool] = lambda text: True) -> None:
        forget_arguments()
        self.target = target
        self.log = log
        self.problem = "no call succeeded"
        self.dtype = "float32"
        #: What a comparison with numerical differences found, and why there was none where one was due.
        self.notes: list[numerical.Note] = []
        self.uncompared = ""
        #: What was seen first, and the facts made of it: later calls that look the same need not be measured whole.
        self._first: Observation | None = None
        self._first_facts: Observation | None = None

    def try_observe(self, call: Call, point: Point, gradients: bool = True, second: bool = False) -> Observation | None:
        """An observation, or ``None`` where the call was refused."""
        if point.dtype == "float32" and self.dtype != "float32":
            point = dataclasses.replace(point, dtype=self.dtype)
        if not self.log(f"{call}{point}"):
            self.problem = "the call ends the process"
            return None
        try:
            return observe(self.target, call, point, gradients, second)
        except Refused as error:
            self.problem = f"{type(error.__cause__).__name__}: {error.__cause__}"
        except TooLong:
            self.problem = "the call takes too long"
        return None

    def accepts(self, call: Call) -> bool:
        """Whether the call succeeds at all, no tape about."""
        if not self.log(f"{call}"):
            self.problem = "the call ends the process"
            return False
        try:
            attempt(self.target, call, self.dtype)
        except Refused as error:
            self.problem = f"{type(error.__cause__).__name__}: {error.__cause__}"
        except TooLong:
            self.problem = "the call takes too long"
        else:
            return True
        return False

    def find_calls(self) -> list[Call]:
        """Calls with the required parameters that succeed: of the table, else found by trial."""
        written = handwritten(self.target.name)
        if written:
            accepted = [call for call in written if self.accepts(call)]
            problem = self.problem
            if not accepted:
                self.dtype = "complex64"
                accepted = [call for call in written if self.accepts(call)]
            if not accepted:
                # That there is no implementation shows only where the operation takes the dtype.
                told = self.problem if "registered kernels" in self.problem else problem
                self.dtype, self.problem = "float32", told
            return accepted
        problem = ""
        for dtype in ("float32", "complex64"):
            if dtype == "complex64" and self.target.library in ("python", "copy", "numpy"):
                break
            self.dtype = dtype
            for tried, (template, shape) in enumerate(calls(self.target)):
                if tried > _MOST_TRIES[dtype]:
                    break
                call = filled(template, shape)
                if self.accepts(call):
                    return [call, *self._other_shapes(template, call)]
            problem = problem or self.problem
        self.dtype, self.problem = "float32", problem
        return []

    def _other_shapes(self, template: Call, found: Call) -> Iterable[Call]:
        kept: list[Call] = []
        reduces = any(parameter.name == "axis" for parameter in self.target.parameters)
        for shape in ("f(4)", *(() if reduces else ("f()",)), "f(3, 3)", "f(2, 4, 4)", "f(1, 6, 6, 3)"):
            call = filled(template, shape)
            if call != found and len(kept) < _MORE_SHAPES and self.accepts(call):
                kept.append(call)
        return kept

    def facts(self, call: Call) -> Observation | None:
        """What a call does, taken at several points and with several dtypes."""
        base = self.try_observe(call, Point(), second=True)
        if base is None:
            return None
        if self._first_facts is not None and self._first is not None and _same(base, self._first):
            return self._first_facts
        seen = [base]
        needed = 1 if len(base.watched) < 2 else len(_OTHER_POINTS)
        for count, point in enumerate(_OTHER_POINTS):
            # That there is no gradient at one point may be chance, such as the smaller one's under a maximum.
            enough = ("flows", "none") if count >= needed else ("flows",)
            if all(word in enough for output in base.outputs for word in _united(seen, output, base)):
                break
            more = self.try_observe(call, point, second=True)
            if more is not None and _shape_of(more) == _shape_of(base):
                seen.append(more)
        if any(output.alias.strip(NO_ALIAS) for output in base.outputs):
            others = (self.try_observe(call, point, gradients=False) for point in _OTHER_POINTS)
            seen += [o for o in others if o is not None and _shape_of(o) == _shape_of(base)]
        combined = self._combine(call, seen)
        if self._first_facts is not None and self._first is not None and _same_dtypes(base, self._first):
            for output, known in zip(combined.outputs, self._first_facts.outputs, strict=True):
                if not known.dtype.startswith("=") or known.dtype[1:] in call:
                    output.dtype = known.dtype
                output.of_variable = {n: w for n, w in known.of_variable.items() if n in output.effects}
                output.of_complex = {n: w for n, w in known.of_complex.items() if n in output.effects}
        else:
            self._dtypes(call, combined)
            self._variables(call, combined)
            self._complex(call, combined)
        self._watching(call, combined)
        if self._first is None:
            self._first, self._first_facts = base, combined
        return combined

    def compare(self, call: Call, facts: Observation) -> None:
        """Holds the gradients of a call against numerical differences; takes back a zero that they contradict."""
        if self.dtype != "float32" or self.target.library in ("python", "numpy", "copy"):
            return
        if self.log(f"{call} compared"):
            compared = numerical.compare(self.target, call, facts)
            self.notes, self.uncompared = compared.notes, compared.failure
            for number, name in compared.doubtful:
                facts.outputs[number].effects[name] = MIXED

    def of_plain_values(self, call: Call, dtype: str) -> Observation | None:
        """What a call with Python numbers in the place of tensors returns: nothing is said of gradients."""
        return self.try_observe(call, Point(plain=True, dtype=dtype))

    def _combine(self, call: Call, seen: list[Observation]) -> Observation:
        base = seen[0]
        outputs = []
        for number, output in enumerate(base.outputs):
            slices = frozenset[str]().union(*(o.outputs[number].slices for o in seen))
            united = dataclasses.replace(output, effects={}, second={}, above={}, slices=slices)
            if len({o.outputs[number].alias for o in seen}) > 1:
                united.alias = "?"
            for name in output.effects:
                word = decide([w for o in seen if (w := o.outputs[number].effects.get(name))])
                floating = output.dtype.startswith(("float", "complex", "bfloat"))
                if word == "zero" and floating and not self._moves(call, name, number):
                    continue
                united.effects[name] = word
                if word == "flows":
                    united.second[name] = decide(
                        [o.outputs[number].second[name] for o in seen if name in o.outputs[number].second]
                    )
                    above = [o.outputs[number].above[name] for o in seen if name in o.outputs[number].above]
                    if above:
                        united.above[name] = decide(above)
            outputs.append(united)
        return dataclasses.replace(base, outputs=outputs)

    def _moves(self, call: Call, name: str, number: int) -> bool:
        """Whether an output changes when one argument alone is drawn anew: else a zero gradient says nothing."""
        for domain in ("unit", "signed"):
            values = set()
            for moved in ("", name):
                seen = self.try_observe(call, Point(1, domain, moved=moved), gradients=False)
                if seen is not None and number < len(seen.outputs):
                    values.add(seen.outputs[number].value)
            if len(values) > 1:
                return True
        return False

    def _variables(self, call: Call, facts: Observation) -> None:
        """Notes where a variable as an argument fares otherwise than a tensor."""
        if not facts.watched or self.target.name.startswith(("tf.Tensor.", "tf.Variable.", "keras.Variable.")):
            return
        seen = self.try_observe(call, Point(variables=True))
        if seen is None:
            return
        if _shape_of(seen) != _shape_of(facts):
            if len(seen.outputs) == len(facts.outputs):
                for output, other in zip(facts.outputs, seen.outputs, strict=True):
                    if output.kind == "tensor" and other.kind == "array":
                        output.of_variable.update(dict.fromkeys(facts.watched, "array"))
            return
        for output, other in zip(facts.outputs, seen.outputs, strict=True):
            for name, word in other.effects.items():
                known = output.effects.get(name, word)
                if word != known and "none" in (word, known):
                    output.of_variable[name] = word

    def _watching(self, call: Call, facts: Observation) -> None:
        """Notes which variables no tape comes to watch, and whether the one element of a list is handed through."""
        if not facts.watched or not self.log(f"{call} watched"):
            return
        if not all(output.kind in ("array", "python") for output in facts.outputs):
            with contextlib.suppress(Refused, TooLong):
                facts.unwatched = unwatched(self.target, call)
        if facts.returns == "single" and facts.outputs[0].kind == "tensor":
            rest = {parameter.name for parameter in self.target.parameters if parameter.kind == "var_positional"}
            for name in facts.watched:
                if call[name].startswith("[") and name not in rest:
                    with contextlib.suppress(Refused, TooLong):
                        facts.single = name if handed_through(self.target, call, name) else ""

    def _complex(self, call: Call, facts: Observation) -> None:
        """Takes back what does not hold for complex arguments as well: the imaginary part of floats has no gradient."""
        if not facts.watched or self.dtype != "float32":
            return
        seen = self.try_observe(call, Point(dtype="complex64"))
        if seen is None or _shape_of(seen) != _shape_of(facts):
            return
        for output, other in zip(facts.outputs, seen.outputs, strict=True):
            if output.dtype.startswith("=") and other.dtype != "complex64":
                output.dtype = "float"
            if other.alias != output.alias and other.dtype == "complex64":
                output.alias = "?"
            for name, word in other.effects.items():
                known = output.effects.get(name)
                if word == "flows" and known in ("none", "zero"):
                    output.of_complex[name] = word
                if word == "flows" and known == "none":
                    # A tensor of unknown dtype could be either; nobody takes the sign of complex numbers, though.
                    output.effects[name] = MIXED

    def _dtypes(self, call: Call, facts: Observation) -> None:
        """Tells whether an output's dtype follows the arguments': puts ``=argument`` in the place of a name."""
        if not facts.watched or self.dtype not in ("float32", "complex64"):
            return
        inputs = ["complex64", "complex128"] if self.dtype == "complex64" else ["float32", "float64", "int32"]
        runs = {d: self.try_observe(call, Point(dtype=d), gradients=False) for d in inputs}
        first = facts.watched[0]
        mixed = None
        if len(facts.watched) > 1 and self.dtype == "float32":
            mixed = self.try_observe(call, Point(integer=first), gradients=False)
        for number, output in enumerate(facts.outputs):
            found = {
                d: o.outputs[number].dtype
                for d, o in runs.items()
                if o is not None and _shape_of(o) == _shape_of(facts)
            }
            output.dtype = _dtype(found, output.dtype, first)
            promoted = mixed and len(mixed.outputs) > number and mixed.outputs[number].dtype != "int32"
            if promoted and output.dtype == f"={first}":
                output.dtype = "float"


def _shape_of(observation: Observation) -> tuple[Any, ...]:
    return observation.returns, observation.fields, [output.kind for output in observation.outputs]


def _same(one: Observation, other: Observation) -> bool:
    """Whether two first looks tell the same, argument by argument and output by output."""
    return (
        one.watched == other.watched
        and _same_dtypes(one, other)
        and all(
            (a.alias, a.effects, a.second, a.above, a.slices) == (b.alias, b.effects, b.second, b.above, b.slices)
            for a, b in zip(one.outputs, other.outputs, strict=True)
        )
    )


def _same_dtypes(one: Observation, other: Observation) -> bool:
    return _shape_of(one) == _shape_of(other) and [o.dtype for o in one.outputs] == [o.dtype for o in other.outputs]


def _united(seen: list[Observation], output: Output, base: Observation) -> list[str]:
    number = base.outputs.index(output)
    return [decide([w for o in seen if (w := o.outputs[number].effects.get(name))]) for name in output.effects]


def decide(words: list[str]) -> str:
    """The word for an effect from those at several points: a gradient at one of them is a gradient."""
    if not words:
        return MIXED
    if "flows" in words and not any(word.startswith("raises") or word in ("none", MIXED) for word in words):
        return "flows"
    if set(words) == {"zero", "nonfinite"}:
        return "nonfinite"
    return words[0] if len(set(words)) == 1 else MIXED


def _dtype(found: dict[str, str], seen: str, first: str) -> str:
    if not found or not seen:
        return seen
    if all(given == got for given, got in found.items()):
        return f"={first}"
    if len(set(found.values())) == 1 and len(found) > 1:
        return seen
    for kind in ("float", "complex", "int"):
        if all(got.startswith((kind, "u" + kind)) for got in found.values()):
            return kind
    return seen if len(found) == 1 else ""
