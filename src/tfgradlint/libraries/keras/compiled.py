"""What is kept of one ``compile``: its options, the flags of that moment, and what is wrong with its losses."""

from __future__ import annotations

from typing import NamedTuple

from tfgradlint.flow.graph.nodes import Site
from tfgradlint.flow.values.base import NONE, Value
from tfgradlint.flow.values.containers import Union
from tfgradlint.flow.values.objects import Instance, Layer
from tfgradlint.flow.verdict.judgements import Reason


class Options(dict[str, Value]):
    """What ``compile`` was given; where it may have been one of several calls, an option may be either's."""

    __slots__ = ()

    @staticmethod
    def joined(alternatives: list[Options]) -> Options:
        names = dict.fromkeys(name for each in alternatives for name in each)
        return Options({name: _either([each.get(name, NONE) for each in alternatives]) for name in names})


def _either(values: list[Value]) -> Value:
    distinct = list({id(value): value for value in values}.values())
    return distinct[0] if len(distinct) == 1 else Union(tuple(distinct))


class Flag(NamedTuple):
    """Whether a layer or model is trained, and when and where that was set."""

    owner: Layer | Instance
    trained: bool
    when: tuple[int, Site] | None


class Objection:
    """What is wrong with the losses of one ``compile``: reported where the model trains with them."""

    def __init__(self) -> None:
        self.reasons: list[Reason] = []
        #: Whether the model was compiled again, and whether it was reported.
        self.replaced = False
        self.reported = False
