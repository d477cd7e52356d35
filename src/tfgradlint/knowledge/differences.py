"""What one callable does to gradients in one version and not in another."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from tfgradlint.knowledge import Case, OperationFacts, Output


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


def changes(before: OperationFacts, after: OperationFacts) -> tuple[Change, ...]:
    """How the gradients of a callable differ, each difference once. What one of the two does not tell is no change.

    Both are asked about the same calls, so that their conditions may be written in different ways.
    """
    if before == after and _forms(before) == _forms(after):
        return ()
    options = _options(before, after)
    points: dict[Change, list[tuple[int, ...]]] = {}
    for point in _points(options):
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
    return _together(found)


def _together(found: Iterable[Change]) -> tuple[Change, ...]:
    """One change where several differ in the argument only, and then in the output only."""
    arguments: dict[Change, tuple[str, ...]] = {}
    for change in found:
        key = dataclasses.replace(change, arguments=())
        arguments[key] = arguments.get(key, ()) + change.arguments
    outputs: dict[Change, tuple[str, ...]] = {}
    for change, own in arguments.items():
        key = dataclasses.replace(change, arguments=own, outputs=())
        outputs[key] = outputs.get(key, ()) + change.outputs
    return tuple(dataclasses.replace(change, outputs=own) for change, own in outputs.items())


def condition(when: Mapping[str, tuple[object, ...] | str]) -> str:
    """The condition of a case, as a person would write it."""
    return ", ".join(
        f"{name} is {wanted}" if isinstance(wanted, str) else f"{name}={' or '.join(map(repr, wanted))}"
        for name, wanted in when.items()
    )


def _options(before: OperationFacts, after: OperationFacts) -> dict[str, list[object]]:
    """The parameters on which anything depends, with what may be given for each: literals, or whether it is given.

    What the usual call gives, the one of the last case, stands first.
    """
    found: dict[str, list[object]] = {}
    for known in (after, before):
        defaults = {parameter.name: parameter.default for parameter in known.params}
        for case in (*known.cases[-1:], *known.cases[:-1]):
            for name, wanted in case.when.items():
                own = found.setdefault(name, [])
                if isinstance(wanted, str):
                    values: list[object] = [_Passed(wanted), *_Passed]
                else:
                    values = sorted(wanted, key=lambda value: repr(value) != defaults.get(name))
                for value in values:
                    if not any(_equal(value, other) for other in own):
                        own.append(value)
    return found


def _points(options: Mapping[str, list[object]]) -> Iterator[tuple[int, ...]]:
    """The usual call, and those in which one parameter is another: only such are measured."""
    usual = (0,) * len(options)
    yield usual
    for axis, values in enumerate(options.values()):
        for number in range(1, len(values)):
            yield (*usual[:axis], number, *usual[axis + 1 :])


def _equal(one: object, other: object) -> bool:
    return one == other and type(one) is type(other)


def _call(
    known: OperationFacts, options: Mapping[str, list[object]], point: tuple[int, ...]
) -> tuple[dict[str, object], set[str]]:
    given = {parameter.name for parameter in known.params if parameter.required} - options.keys()
    constants: dict[str, object] = {}
    for (name, values), number in zip(options.items(), point, strict=True):
        if values[number] is not _ABSENT:
            given.add(name)
        if values[number] not in (_GIVEN, _ABSENT):
            constants[name] = values[number]
    return constants, given


def _conditions(options: Mapping[str, list[object]], points: Collection[tuple[int, ...]]) -> Iterator[str]:
    """The conditions under which a call is one of the points; where the usual call is one, that is one condition."""
    numbers = [
        {point[axis] for point in points if not any(point[:axis]) and not any(point[axis + 1 :])}
        for axis in range(len(options))
    ]
    told = [
        condition({name: _wanted([values[number] for number in sorted(own)])})
        for (name, values), own in zip(options.items(), numbers, strict=True)
        if own and len(own) < len(values)
    ]
    if (0,) * len(options) in points:
        yield ", ".join(told)
    else:
        yield from told


def _wanted(values: list[object]) -> tuple[object, ...] | str:
    literals = tuple(value for value in values if not isinstance(value, _Passed))
    return literals or " or ".join(value.value for value in values if isinstance(value, _Passed))


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
        for argument in sorted(name for name, word in old.effects.items() if word == "flows"):
            form = _form(old, argument), _form(new, argument)
            if form[0] != form[1] and new.effects.get(argument) == "flows":
                yield Change(outputs, (argument,), "form of the gradient", *form)


def _forms(known: OperationFacts) -> list[tuple[str, ...]]:
    """What the gradients of every output come as, which is not part of its being equal to another."""
    return [output.slices for case in known.cases for output in case.outputs]


def _form(output: Output, argument: str) -> str:
    return "IndexedSlices" if argument in output.slices else "dense"


def _words(output: Output, aspect: str) -> Mapping[str, str]:
    own: Mapping[str, str] = getattr(output, aspect)
    return {**output.effects, **own} if aspect in _FALLING_BACK else own


def _returned(case: Case) -> str:
    return case.returns if case.returns.startswith("raises") else "returns"
