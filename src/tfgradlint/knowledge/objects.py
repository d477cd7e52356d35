"""What is known of the classes of TensorFlow Probability, by the names people use, and why of others nothing is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from tfgradlint.knowledge import OperationFacts, load_probability, versions

_SPELLINGS = (
    ("tensorflow_probability.", "tfp."),
    ("tfp.python.", "tfp."),
    ("tfp.substrates.tensorflow.", "tfp."),
    ("tfd.", "tfp.distributions."),
    ("tfb.", "tfp.bijectors."),
)
#: Said of a method that is given what the very same object drew.
OF_SAMPLE = "(sample)"
#: Of a class: what was made is kept and handed out again, and what of it another tape then does not get.
_REMEMBERING = {"remembering": "its parameters and the value", "remembering value": "the value"}


@dataclass(frozen=True, slots=True)
class FoundObject:
    """A class of TensorFlow Probability as it is told, or a method of one.

    Of a class: ``reads`` tells of each parameter that may be a tensor whether it is read ``later``, whenever a method
    is called, or ``now``, when the object is made, or was a plain ``number``; ``remembers`` what another tape does not
    get a gradient towards where the same value is given again; ``methods`` are those of which something is known, by
    name, and ``unmeasured`` the others with the reason.
    """

    asked: str
    known: OperationFacts
    measured: Mapping[str, str]
    reads: Mapping[str, str]
    remembers: str
    methods: Mapping[str, OperationFacts]
    unmeasured: Mapping[str, str]


def look_up_objects(names: Iterable[str]) -> tuple[list[FoundObject], list[str]]:
    """What is known of each name of TensorFlow Probability's, and the other names."""
    found: list[FoundObject] = []
    rest: list[str] = []
    for name in names:
        known = load_probability().get(spelt(name))
        if known is None:
            rest.append(name)
        else:
            found.append(_found(name, known))
    return found, rest


def _found(asked: str, known: OperationFacts) -> FoundObject:
    data = load_probability()
    if known.name.count(".") > 2:
        return FoundObject(asked, known, data.measured, {}, "", {}, {})
    start = f"{known.name}."
    made = known.cases[0].outputs[0]
    return FoundObject(
        asked,
        known,
        data.measured,
        made.effects,
        _REMEMBERING.get(made.kind, ""),
        {name.removeprefix(start): own for name in data.names() if name.startswith(start) and (own := data.get(name))},
        {name.removeprefix(start): why for name, why in reasons().items() if name.startswith(start)},
    )


def spelt(name: str) -> str:
    """The name as the data has it."""
    for spelling, root in _SPELLINGS:
        if name.startswith(spelling):
            name = root + name[len(spelling) :]
    return name


def names() -> list[str]:
    """All names of which something is known."""
    return [name for name in load_probability().names() if not name.endswith(OF_SAMPLE)]


@cache
def reasons() -> Mapping[str, str]:
    """Why nothing is known of a class or method."""
    return versions.reasons(versions.FOLDER / "probability" / "unmeasured.txt")
