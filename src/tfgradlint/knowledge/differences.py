"""What one callable does to gradients in one version and not in another."""

from __future__ import annotations

import dataclasses
import enum
import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tfgradlint.knowledge import Case, Known, Output


class _Passed(enum.Enum):
    """What may be said of an argument that is no literal."""

    GIVEN = "given"
    ABSENT = "absent"


#: What is compared of an output, and what a difference in it is called.
_ASPECTS = (
    ("effects", "gradient"),
    ("second", "second derivative"),
    ("of_variable", "gradient of a variable"),
    ("of_complex", "gradient of a complex tensor"),
)
#: Where nothing is said of variables and of complex tensors, they fare as other tensors do.
_FALLING_BACK = ("of_variable", "of_complex")
_GIVEN, _ABSENT = _Passed.GIVEN, _Passed.ABSENT
_MOST_CALLS = 2000


@dataclass(frozen=True, slots=True)
class Change:
    """One outcome that is another: under the condition ``when``, of ``outputs`` with respect to ``arguments``.

    ``outputs`` are numbers or the names of fields, and empty where there is but one. ``aspect`` says of which
    derivative it is told. Where the call itself raises or does not, ``arguments`` and ``outputs`` are empty.
    """

    outputs: tuple[str, ...]
    arguments: tuple[str, ...]
    aspect: str
    before: str
    after: str
    when: str = ""

    def what(self) -> str:
        """What has changed, in words."""
        of = f" of output {' and '.join(self.outputs)}" if self.outputs else ""
        to = f" with respect to {' and '.join(self.arguments)}" if self.arguments else ""
        where = f", where {self.when}" if self.when else ""
        return f"{self.aspect}{of}{to}{where}"


def changes(before: Known, after: Known) -> tuple[Change, ...]:
    """How the gradients of a callable differ, each difference once. What one of the two does not tell is no change.

    Both are asked about the same calls, so that their conditions may be written in different ways.
    """
    if before == after:
        return ()
    options = _options(before, after)
    points: dict[Change, list[tuple[int, ...]]] = {}
    for point in itertools.islice(itertools.product(*map(range, map(len, options.values()))), _MOST_CALLS):
        constants, given = _call(after, options, point)
        one, other = before.case(constants, given), after.case(constants, given)
        if one is not None and other is not None:
            for change in _between(one, other):
                points.setdefault(change, []).append(point)
    found = [
        dataclasses.replace(change, when=when)
        for change, where in points.items()
        for when in _conditions(options, where)
    ]
    return tuple(_together(_together(found, "arguments"), "outputs"))


def _together(found: Iterable[Change], attribute: str) -> list[Change]:
    """One change where several differ in one attribute only."""
    values: dict[Change, list[str]] = {}
    for change in found:
        values.setdefault(dataclasses.replace(change, **{attribute: ()}), []).extend(getattr(change, attribute))
    return [dataclasses.replace(change, **{attribute: tuple(dict.fromkeys(own))}) for change, own in values.items()]


def condition(when: Mapping[str, tuple[object, ...] | str]) -> str:
    """The condition of a case, as a person would write it."""
    return ", ".join(
        f"{name} is {wanted}" if isinstance(wanted, str) else f"{name}={' or '.join(map(repr, wanted))}"
        for name, wanted in when.items()
    )


def _options(*versions: Known) -> dict[str, list[object]]:
    """The parameters on which anything depends, with what may be given for each: literals, or whether it is given."""
    found: dict[str, list[object]] = {}
    for known in versions:
        for case in known.cases:
            for name, wanted in case.when.items():
                own = found.setdefault(name, [])
                for value in (_GIVEN, _ABSENT) if isinstance(wanted, str) else wanted:
                    if not any(_equal(value, other) for other in own):
                        own.append(value)
    return found


def _equal(one: object, other: object) -> bool:
    return one == other and type(one) is type(other)


def _call(
    known: Known, options: Mapping[str, list[object]], point: tuple[int, ...]
) -> tuple[dict[str, object], set[str]]:
    given = {parameter.name for parameter in known.params if parameter.required} - options.keys()
    constants: dict[str, object] = {}
    for (name, values), number in zip(options.items(), point, strict=True):
        if values[number] is not _ABSENT:
            given.add(name)
        if values[number] not in (_GIVEN, _ABSENT):
            constants[name] = values[number]
    return constants, given


def _conditions(options: Mapping[str, list[object]], points: Iterable[tuple[int, ...]]) -> Iterator[str]:
    """The conditions under which a call is one of the points; each leaves out what does not decide."""
    boxes = [tuple(frozenset({number}) for number in point) for point in points]
    for axis in reversed(range(len(options))):
        joined: dict[tuple[frozenset[int], ...], frozenset[int]] = {}
        for box in boxes:
            others = box[:axis] + box[axis + 1 :]
            joined[others] = joined.get(others, frozenset()) | box[axis]
        boxes = [(*others[:axis], own, *others[axis:]) for others, own in joined.items()]
    for box in boxes:
        told: list[str] = []
        for (name, values), numbers in zip(options.items(), box, strict=True):
            wanted = [values[number] for number in sorted(numbers)]
            if _GIVEN in wanted and _ABSENT not in wanted:
                literals = [value for value in wanted if value is not _GIVEN]
                told.append(condition({name: tuple(literals) if literals else "given"}))
            elif len(wanted) < len(values):
                told.append(condition({name: "absent" if wanted == [_ABSENT] else tuple(wanted)}))
        yield ", ".join(told)


def _between(before: Case, after: Case) -> Iterator[Change]:
    one, other = ("raises" if "raises" in case.returns else "returns" for case in (before, after))
    if one != other or (one == "raises" and before.returns != after.returns):
        yield Change((), (), "the call", _returned(before), _returned(after))
    if len(before.outputs) != len(after.outputs):
        return
    for number, (old, new) in enumerate(zip(before.outputs, after.outputs, strict=True)):
        outputs = (after.fields[number] if after.fields else str(number),) if len(after.outputs) > 1 else ()
        for aspect, called in _ASPECTS:
            was, becomes = _words(old, aspect), _words(new, aspect)
            for argument in sorted(was.keys() & becomes.keys()):
                known_already = aspect in _FALLING_BACK and old.effects.get(argument) != new.effects.get(argument)
                if was[argument] != becomes[argument] and not known_already:
                    yield Change(outputs, (argument,), called, was[argument], becomes[argument])


def _words(output: Output, aspect: str) -> Mapping[str, str]:
    own: Mapping[str, str] = getattr(output, aspect)
    return {**output.effects, **own} if aspect in _FALLING_BACK else own


def _returned(case: Case) -> str:
    return case.returns if case.returns.startswith("raises") else "returns"
