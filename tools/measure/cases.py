"""From the measured calls of one callable to its cases: what holds under which arguments."""

from __future__ import annotations

import ast
import dataclasses
from dataclasses import dataclass
from typing import Any

from tools.measure import calls as table
from tools.measure.entries import Case, Measurement
from tools.measure.measuring import Observation, Output
from tools.measure.names import Parameter
from tools.measure.synthesis import Call, calls, filled, optional

GIVEN, ABSENT = "given", "absent"
#: Exceptions with which a callable refuses a tensor as such, rather than the sample.
_REFUSALS = ("AttributeError", "RuntimeError", "NotImplementedError")


@dataclass
class Entry:
    """All that is known of one callable."""

    parameters: tuple[Parameter, ...]
    cases: list[Case]


def build(measurement: Measurement) -> Entry | None:
    """Measures a callable with all its options; ``None`` where no call succeeded."""
    bases = measurement.find_calls()
    cases = Cases()
    kept: list[Call] = []
    for call in bases:
        facts = measurement.facts(call)
        if facts is not None:
            kept.append(call)
            cases.add(call, facts)
    if not kept:
        return _raising(measurement)
    base = kept[0]
    if (
        all(output.kind in ("array", "python") for output in cases.base.observation.outputs)
        and len(cases) == 1
    ):
        return Entry(measurement.target.parameters, cases.finished())
    for parameter in measurement.target.parameters:
        more = optional(measurement.target, parameter, base, measurement.accepts)
        facts = measurement.facts(more) if more else None
        if more and facts is not None:
            cases.add(more, facts)
    for parameter in measurement.target.parameters:
        _choose(measurement, cases, parameter, base)
    return Entry(measurement.target.parameters, cases.finished())


def _raising(measurement: Measurement) -> Entry | None:
    """The entry of a callable that refuses every tensor with one exception."""
    target = measurement.target
    if not target.name.startswith(("tf.Tensor.", "tf.Variable.", "builtins.", "copy.")):
        return None
    tried = table.handwritten(target.name) or [filled(*next(calls(target)))]
    measurement.accepts(tried[0])
    error = measurement.problem.partition(":")[0]
    if error not in _REFUSALS:
        return None
    return Entry(target.parameters, [Case(Observation(f"raises:{error}", (), [], ()), frozenset())])


def _choose(measurement: Measurement, cases: Cases, parameter: Parameter, base: Call) -> None:
    """Tries the values of a parameter that may choose between behaviours."""
    name = parameter.name
    if isinstance(parameter.value, bool):
        values: tuple[str, ...] = ("False", "True")
    else:
        values = table.choices(measurement.target.name, name)
    if not values or parameter.kind.startswith("var") or (name in base and not _is_literal(base[name])):
        return
    default = base.get(name, parameter.default or "...")
    for value in values:
        if value == default:
            cases.option(name, _literal(value), cases.base.observation)
            continue
        facts = measurement.facts({**base, name: value})
        cases.option(name, _literal(value), facts)
    if default not in values and default not in (None, "...", "None"):
        cases.option(name, _literal(default), cases.base.observation)


def _is_literal(text: str) -> bool:
    try:
        ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return False
    return True


def _literal(text: str) -> Any:
    return float("inf") if text == "np.inf" else ast.literal_eval(text)


class Cases:
    """Collects the facts of calls and finds the conditions that tell them apart."""

    def __init__(self) -> None:
        self._all: list[Case] = []
        #: parameter -> (value, facts or None where the call was refused)
        self._options: dict[str, list[tuple[Any, Observation | None]]] = {}

    def __len__(self) -> int:
        return len(self._all)

    @property
    def base(self) -> Case:
        return self._all[0]

    def add(self, call: Call, facts: Observation) -> None:
        """Adds the facts of a call: to the first case they agree with, or as a case of its own."""
        given = frozenset(call)
        for case in self._all:
            if agree(case.observation, facts):
                case.observation = join(case.observation, facts)
                case.given &= given
                return
            if case.given == given and alike(case.observation, facts):
                case.observation = common(case.observation, facts)
                return
        self._all.append(Case(facts, given))

    def option(self, name: str, value: Any, facts: Observation | None) -> None:
        self._options.setdefault(name, []).append((value, facts))

    def finished(self) -> list[Case]:
        """The cases with their conditions, the base last."""
        base = self.base
        for case in self._all[1:]:
            for name in sorted(case.given - base.given):
                case.when[name] = GIVEN
                base.when[name] = ABSENT
            for name in sorted(base.given - case.given):
                case.when[name] = ABSENT
                base.when[name] = GIVEN
        others = [case for case in self._all[1:] if case.when]
        for name, tried in sorted(self._options.items()):
            others += self._split(base, name, tried)
        for case in others:
            for name, condition in base.when.items():
                case.when.setdefault(name, condition)
        return [*others, base]

    def _split(self, base: Case, name: str, tried: list[tuple[Any, Observation | None]]) -> list[Case]:
        same = [value for value, facts in tried if facts and agree(base.observation, facts)]
        if len(same) == len(tried):
            return []
        base.when[name] = same
        groups: list[Case] = []
        for value, facts in tried:
            if facts is None or value in same:
                continue
            for group in groups:
                if agree(group.observation, facts):
                    group.when[name].append(value)
                    break
            else:
                groups.append(Case(facts, base.given, {name: [value]}))
        return groups


def alike(one: Observation, other: Observation) -> bool:
    """Whether two observations have the same structure."""
    return (one.returns, one.fields, [o.kind for o in one.outputs]) == (
        other.returns,
        other.fields,
        [o.kind for o in other.outputs],
    )


def agree(one: Observation, other: Observation) -> bool:
    """Whether two observations say nothing that contradicts the other."""
    return alike(one, other) and all(_agree(a, b) for a, b in zip(one.outputs, other.outputs, strict=True))


def _agree(one: Output, other: Output) -> bool:
    if (one.dtype, one.alias) != (other.dtype, other.alias):
        return False
    pairs = ((one.effects, other.effects), (one.second, other.second), (one.of_variable, other.of_variable))
    return all(a[name] == b[name] for a, b in pairs for name in a.keys() & b.keys())


def join(one: Observation, other: Observation) -> Observation:
    """What two observations that agree say together."""
    outputs = [
        dataclasses.replace(
            a,
            effects={**a.effects, **b.effects},
            second={**a.second, **b.second},
            of_variable={**a.of_variable, **b.of_variable},
        )
        for a, b in zip(one.outputs, other.outputs, strict=True)
    ]
    return dataclasses.replace(one, outputs=outputs)


def common(one: Observation, other: Observation) -> Observation:
    """What two calls with the same arguments have in common: where they differ, nothing is known."""

    def shared(a: dict[str, str], b: dict[str, str]) -> dict[str, str]:
        return {name: word for name, word in a.items() if b.get(name, word) == word}

    outputs = [
        dataclasses.replace(
            a,
            dtype=a.dtype if a.dtype == b.dtype else "",
            alias=a.alias if a.alias == b.alias else "?",
            effects=shared(a.effects, b.effects),
            second=shared(a.second, b.second),
            of_variable=shared(a.of_variable, b.of_variable),
        )
        for a, b in zip(one.outputs, other.outputs, strict=True)
    ]
    return dataclasses.replace(one, outputs=outputs)
