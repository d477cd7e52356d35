"""Holds what the cases say of several options together against calls with those options.

Each option is measured alone, and a condition of its own is made of it. That two of them do not change one another's
outcome is not taken for granted: the calls are made, and where one contradicts it becomes a case of its own.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from tools.measure.entries import Case, Measurement
from tools.measure.measuring import MIXED, Observation, Output
from tools.measure.samples import Point
from tools.measure.synthesis import Call

GIVEN, ABSENT = "given", "absent"
#: How many combinations of options are tried of one callable, those of two options first.
_MOST = 48

#: The values of one option that do the same, in groups; the one that the base call has is first of the first group.
Options = Mapping[str, list[list[Any]]]


def contradictions(measurement: Measurement, cases: list[Case], base: Call, options: Options) -> list[Case]:
    """Cases for the combinations of options that do otherwise than ``cases`` say, to be asked before those."""
    found: list[Case] = []
    for chosen in itertools.islice(_combinations(options), _MOST):
        call = {**base, **{name: written(group[0]) for name, group in chosen.items()}}
        predicted = _case_of(cases, {name: group[0] for name, group in chosen.items()}, options, call)
        seen = measurement.try_observe(call, Point(), second=True) if predicted else None
        if predicted is None or seen is None or not _contradicts(predicted.observation, seen):
            continue
        facts = measurement.facts(call)
        if facts is not None and _contradicts(predicted.observation, facts):
            # A case of fewer options that says it already needs no company.
            known = [case for case in found if case.when.items() <= chosen.items()]
            if not any(not _contradicts(case.observation, facts) for case in known):
                found.append(Case(facts, frozenset(call), dict(chosen)))
    return found[::-1]


def _combinations(options: Options) -> Iterator[dict[str, list[Any]]]:
    """Two options that are not as in the base call, then three, and so on, each by one value of every group."""
    others: dict[str, list[list[Any]]] = {}
    for name, groups in options.items():
        same = groups[0][1:]
        others[name] = [*([same] if same else []), *groups[1:]]
    for count in range(2, len(others) + 1):
        for names in itertools.combinations(others, count):
            for chosen in itertools.product(*(others[name] for name in names)):
                yield dict(zip(names, chosen, strict=True))


def written(value: Any) -> str:
    """The expression of a literal."""
    return "np.inf" if value == float("inf") else repr(value)


def _case_of(cases: list[Case], chosen: dict[str, Any], options: Options, call: Call) -> Case | None:
    def fits(name: str, wanted: str | list[Any]) -> bool:
        if isinstance(wanted, str):
            return (name in call) == (wanted == GIVEN)
        value = chosen.get(name, options[name][0][0] if name in options else None)
        return any(bool(value == other) and isinstance(value, bool) == isinstance(other, bool) for other in wanted)

    return next((case for case in cases if all(fits(name, wanted) for name, wanted in case.when.items())), None)


def _contradicts(predicted: Observation, seen: Observation) -> bool:
    one, other = ([output.kind for output in observation.outputs] for observation in (predicted, seen))
    if (predicted.returns, predicted.fields, one) != (seen.returns, seen.fields, other):
        return True
    return any(_contradict(a, b) for a, b in zip(predicted.outputs, seen.outputs, strict=True))


def _contradict(predicted: Output, seen: Output) -> bool:
    if predicted.dtype and not predicted.dtype.startswith("=") and not seen.dtype.startswith(predicted.dtype):
        return True
    pairs = ((predicted.effects, seen.effects), (predicted.second, seen.second), (predicted.above, seen.above))
    return any(_differ(known[name], words[name]) for known, words in pairs for name in known.keys() & words.keys())


def _differ(predicted: str, seen: str) -> bool:
    """Whether a word at one point contradicts. That a gradient is zero or infinite there may be the point's fault."""
    if MIXED in (predicted, seen) or "" in (predicted, seen) or predicted == seen:
        return False
    loose = {"flows", "zero", "nonfinite"}
    return not {predicted, seen} <= loose
