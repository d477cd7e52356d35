"""From the measured calls of one callable to its cases: what holds under which arguments."""

from __future__ import annotations

import ast
import dataclasses
from dataclasses import dataclass
from typing import Any

from tools.measure.combinations import ABSENT, GIVEN, contradictions
from tools.measure.entries import Case, Measurement, decide
from tools.measure.handwritten import choices, handwritten
from tools.measure.measuring import NO_ALIAS, Observation, Output
from tools.measure.names import Parameter
from tools.measure.synthesis import Call, calls, filled, optional

#: Exceptions with which a callable refuses a tensor as such, rather than the sample.
_REFUSALS = ("AttributeError", "RuntimeError", "NotImplementedError")
#: Of these an exception is theirs: a tensor is what they are made for.
_WHOSE_MEMBERS = (
    *("tf.Tensor.", "tf.Variable.", "keras.Variable.", "tf.RaggedTensor.", "tf.IndexedSlices.", "tf.TensorArray."),
    *("builtins.", "math."),
)


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
    measurement.compare(base, cases.base.observation)
    if all(output.kind in ("array", "python") for output in cases.base.observation.outputs) and len(cases) == 1:
        return Entry(measurement.target.parameters, cases.finished())
    full = base
    for parameter in measurement.target.parameters:
        more = optional(measurement.target, parameter, base, measurement.accepts)
        facts = measurement.facts(more) if more else None
        if more and facts is not None and cases.add(more, facts):
            together = {**full, **more}
            full = together if measurement.accepts(together) else full
    # Dtypes last: they change what is said of the base, and the others are held against it as it was measured.
    named = [choices(measurement.target.name, p.name) == choices("", "dtype") for p in measurement.target.parameters]
    for _, parameter in sorted(zip(named, measurement.target.parameters, strict=True), key=lambda pair: pair[0]):
        _choose(measurement, cases, parameter, kept, full)
    finished = cases.finished()
    return Entry(
        measurement.target.parameters, [*contradictions(measurement, finished, base, cases.options()), *finished]
    )


def _raising(measurement: Measurement) -> Entry | None:
    """The entry of a callable that refuses every tensor with one exception."""
    target = measurement.target
    own = target.name.startswith(_WHOSE_MEMBERS)
    written = handwritten(target.name)
    if not own and not written:
        return None
    tried = written or [filled(*next(calls(target)))]
    problem = measurement.problem
    measurement.accepts(tried[0])
    error = measurement.problem.partition(":")[0]
    if error not in _REFUSALS and not (error == "TypeError" and own and written):
        measurement.problem = problem
        return None
    return Entry(target.parameters, [Case(Observation(f"raises:{error}", (), [], ()), frozenset())])


def _choose(measurement: Measurement, cases: Cases, parameter: Parameter, kept: list[Call], full: Call) -> None:
    """Tries the values of a parameter that may choose between behaviours.

    ``kept`` are the calls that succeeded, the base first; ``full`` is the base with all the tensors that it can do
    without.
    """
    base = kept[0]
    # Calls of the table differ for a reason, such as square and other matrices: an option must do the same for all.
    others = [call for call in kept[1:] if call.keys() == base.keys() and handwritten(measurement.target.name)]
    name = parameter.name
    values = measurement.target.choices.get(name) or choices(measurement.target.name, name)
    if isinstance(parameter.value, bool) and not values:
        values = ("False", "True")
    if not values or parameter.kind.startswith("var") or (name in base and not _is_literal(base[name])):
        return
    default = base.get(name, parameter.default or "...")
    tried: list[tuple[str, Observation | None]] = []
    for value in dict.fromkeys((*values, default)):
        if value == default:
            tried.append((value, cases.base.observation))
        elif value != "...":
            facts = _option(measurement, base, full, name, value)
            for other in others:
                more = measurement.facts({**other, name: value})
                if facts is not None and more is not None and alike(facts, more):
                    facts = common(facts, more)
            tried.append((value, facts))
    if values == choices("", "dtype"):
        tried = _named_dtypes(tried)
        cases.base.observation = dict(tried).get(default) or cases.base.observation
    for value, facts in tried:
        cases.option(name, _literal(value), facts, value == default)


def _named_dtypes(tried: list[tuple[str, Observation | None]]) -> list[tuple[str, Observation | None]]:
    """Puts the dtype that the argument names in the place of one that was inferred from the tensors.

    An output follows the argument where it had the dtype named, and that was not the tensors' own float32.
    """
    named: list[tuple[str, Observation | None]] = []
    following = {
        number
        for value, facts in tried
        for number, output in enumerate(facts.outputs if facts else ())
        if output.dtype == value.strip("'") != "float32"
    }
    for value, facts in tried:
        if facts is not None and value != "None":
            outputs = [
                dataclasses.replace(o, dtype=value.strip("'")) if n in following else o
                for n, o in enumerate(facts.outputs)
            ]
            facts = dataclasses.replace(facts, outputs=outputs)
        named.append((value, facts))
    return named


def _option(measurement: Measurement, base: Call, full: Call, name: str, value: str) -> Observation | None:
    """The facts of a call with an option. The tensors may have to be of the option's dtype."""
    facts = measurement.facts({**base, name: value})
    before, dtype = measurement.dtype, value.strip("'")
    if dtype in ("float64", "float16", "bfloat16"):
        measurement.dtype = dtype
    if facts is None and measurement.dtype != before and measurement.accepts({**base, name: value}):
        facts = measurement.facts({**base, name: value})
    if facts is not None and full != base and measurement.accepts({**full, name: value}):
        fuller = measurement.facts({**full, name: value})
        if fuller is not None and alike(fuller, facts):
            # Not the dtypes: those of the tensors and the one that the option names are the same there.
            pairs = zip(facts.outputs, fuller.outputs, strict=True)
            outputs = [dataclasses.replace(new, dtype=old.dtype) for old, new in pairs]
            facts = dataclasses.replace(fuller, outputs=outputs)
    measurement.dtype = before
    if facts is None and value in choices("", "dtype"):
        facts = measurement.of_plain_values({**base, name: value}, dtype)
    return facts


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
        #: parameter -> (value, facts or None where the call was refused, whether they are the base's)
        self._options: dict[str, list[tuple[Any, Observation | None, bool]]] = {}
        #: parameter -> the value that the base call gives it
        self._defaults: dict[str, Any] = {}

    def __len__(self) -> int:
        return len(self._all)

    @property
    def base(self) -> Case:
        return self._all[0]

    def add(self, call: Call, facts: Observation) -> bool:
        """Adds the facts of a call: to the first case they agree with, or as a case of its own.

        Tells whether they went to the first.
        """
        given = frozenset(call)
        for case in self._all:
            if agree(case.observation, facts):
                case.observation = join(case.observation, facts)
                case.given &= given
                return case is self.base
            if case.given == given and alike(case.observation, facts):
                case.observation = common(case.observation, facts)
                return case is self.base
        self._all.append(Case(facts, given))
        return len(self._all) == 1

    def option(self, name: str, value: Any, facts: Observation | None, usual: bool = False) -> None:
        """Adds the facts of the base call with a parameter given a value, its ``usual`` one or another; none where
        that was refused.
        """
        if usual:
            self._defaults[name] = value
        same = facts is not None and agree(self.base.observation, facts)
        self._options.setdefault(name, []).append((value, facts, same))

    def options(self) -> dict[str, list[list[Any]]]:
        """The values of every option that succeeded, in groups that do the same; the base's own value is the first."""
        found: dict[str, list[list[Any]]] = {}
        for name, tried in self._options.items():
            groups: list[tuple[Observation, list[Any]]] = []
            for value, facts, is_base in tried:
                if facts is None:
                    continue
                known = next((own for seen, own in groups if agree(seen, facts)), None)
                if known is not None and not is_base:
                    known.append(value)
                elif is_base and groups and agree(groups[0][0], self.base.observation):
                    groups[0][1].append(value)
                else:
                    groups.insert(0 if is_base else len(groups), (facts, [value]))
            default = self._defaults.get(name)
            ordered = [sorted(own, key=lambda value: repr(value) != repr(default)) for _, own in groups]
            if ordered and any(repr(value) == repr(default) for value in ordered[0]):
                found[name] = ordered
        return found

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

    def _split(self, base: Case, name: str, tried: list[tuple[Any, Observation | None, bool]]) -> list[Case]:
        same = [value for value, _, is_base in tried if is_base]
        if len(same) == len(tried):
            return []
        base.when[name] = same
        groups: list[Case] = []
        for value, facts, is_base in tried:
            if facts is None or is_base:
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
    if one.dtype != other.dtype or not (one.alias == other.alias or {one.alias, other.alias} & {"?", NO_ALIAS}):
        return False
    pairs = (
        *((one.effects, other.effects), (one.second, other.second)),
        *((one.above, other.above), (one.of_variable, other.of_variable)),
    )
    return all(a[name] == b[name] for a, b in pairs for name in a.keys() & b.keys())


def join(one: Observation, other: Observation) -> Observation:
    """What two observations that agree say together."""
    outputs = [
        dataclasses.replace(
            a,
            alias=_common_alias(a.alias, b.alias),
            effects={**a.effects, **b.effects},
            second={**a.second, **b.second},
            above={**a.above, **b.above},
            of_variable={**a.of_variable, **b.of_variable},
            of_complex={**a.of_complex, **b.of_complex},
            slices=a.slices | b.slices,
        )
        for a, b in zip(one.outputs, other.outputs, strict=True)
    ]
    return dataclasses.replace(one, outputs=outputs, unwatched=_unwatched(one, other))


def _unwatched(one: Observation, other: Observation) -> tuple[str, ...]:
    """The arguments that go unwatched in every one of two calls that has them."""
    watched = {*one.watched} - {*one.unwatched} | {*other.watched} - {*other.unwatched}
    return tuple(name for name in dict.fromkeys((*one.unwatched, *other.unwatched)) if name not in watched)


def _common_alias(one: str, other: str) -> str:
    if NO_ALIAS in (one, other):
        return other if one == NO_ALIAS else one
    return one if one == other else "?"


def common(one: Observation, other: Observation) -> Observation:
    """What two calls with the same arguments have in common: where they differ, nothing is known."""

    def shared(a: dict[str, str], b: dict[str, str]) -> dict[str, str]:
        return {name: decide([side[name] for side in (a, b) if name in side]) for name in {**a, **b}}

    outputs = [
        dataclasses.replace(
            a,
            dtype=a.dtype if a.dtype == b.dtype else "",
            alias=_common_alias(a.alias, b.alias),
            effects=shared(a.effects, b.effects),
            second=shared(a.second, b.second),
            above=shared(a.above, b.above),
            of_variable=shared(a.of_variable, b.of_variable),
            of_complex=shared(a.of_complex, b.of_complex),
            slices=a.slices | b.slices,
        )
        for a, b in zip(one.outputs, other.outputs, strict=True)
    ]
    single = one.single if one.single == other.single else ""
    return dataclasses.replace(one, outputs=outputs, unwatched=_unwatched(one, other), single=single)
