"""What the layers of Keras are made of and do to gradients, as measured, and the way to ask for it.

The files are written by ``python -m tools.measure.layers``; a line holds one layer and is read when it is first asked
for. What the data does not hold is unknown.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, NamedTuple

from tfgradlint.knowledge import Param, versions

FOLDER = versions.FOLDER / "keras_layers"
#: The first TensorFlow that brings Keras 3.
KERAS_3 = (2, 16)


class Words(NamedTuple):
    """What a gradient gives in inference and in training.

    ``flows``, ``none``, ``zero``, ``nonfinite``, ``raises:LookupError``; ``arrives`` where there is a gradient at all
    points, and not always of one kind: the state before the first step is zero, a batch of one example leaves nothing
    to normalise; ``varies`` where at some there is none.
    """

    inference: str
    training: str


@dataclass(frozen=True, slots=True)
class Switch:
    """The constructor's parameter that decides whether a weight is there: with ``value`` if that is not ``None``, else
    where it is given and true, or with ``reverse`` where it is false.
    """

    param: str
    value: object = None
    reverse: bool = False


@dataclass(frozen=True, slots=True)
class Weight:
    """A weight that is trained. A name with a slash is no attribute of the layer, but tells where the weight lies."""

    name: str
    words: Words
    switch: Switch | None


@dataclass(frozen=True, slots=True)
class Seeds:
    """The states of random numbers that a layer keeps: where one of ``params`` is true, all of them with ``all``."""

    number: int = 0
    params: tuple[str, ...] = ()
    all: bool = False


@dataclass(frozen=True, slots=True)
class LayerFacts:
    """All that is known of one layer.

    ``params`` are those of the constructor, ``call`` those of the call. ``wraps`` is the parameter for other layers.
    ``frozen`` are the weights behind the others that are never trained. ``inputs``: what a gradient towards each
    floating-point input of the call gives. ``returns``: what is returned otherwise than one tensor, by the parameter
    that asks for it, ``""`` for always. ``dtype`` is that of what is returned, where it is no floating-point one.
    ``passes``: in which mode it returns its very input, ``always`` in both. ``other``: the parameters, and values
    (``interpolation='area'``), with which it has other ``weights``, or other ``gradients`` of the same weights, or
    ``passes`` its input in another mode. ``untried`` are parameters of which nothing is known.
    """

    name: str
    params: tuple[Param, ...]
    call: tuple[Param, ...]
    wraps: str
    weights: tuple[Weight, ...]
    frozen: tuple[str, ...]
    inputs: Mapping[str, Words]
    returns: Mapping[str, str]
    dtype: str
    passes: str
    seeds: Seeds
    other: Mapping[str, str]
    untried: frozenset[str]

    @property
    def weightless(self) -> bool:
        """Whether it has no weights, whatever it is given."""
        return not self.weights and not self.frozen and not self.wraps


class Layers:
    """The layers of one Keras: of the measured TensorFlow nearest at or below ``version``, else of the oldest."""

    def __init__(self, major: int, version: tuple[int, int]) -> None:
        data = json.loads((FOLDER / f"keras{major}.json").read_text(encoding="utf-8"))
        measured = [*_older(major), versions.parse(data["versions"]["tensorflow"])]
        nearest = max((each for each in measured if each <= version), default=min(measured))
        for older in sorted(_older(major), reverse=True):
            if older >= nearest:
                path = FOLDER / f"keras{major}-{versions.name(older)}.json"
                _change(data, json.loads(path.read_text(encoding="utf-8")))
        #: The distributions with which they were measured, and their versions.
        self.measured: Mapping[str, str] = data["versions"]
        #: What an activation that is given by its name does to the gradient.
        self.activations: Mapping[str, str] = data["activations"]
        #: The classes that were not measured, and why.
        self.unmeasured: Mapping[str, str] = data["unmeasured"]
        self._entries: dict[str, dict[str, Any]] = data["layers"]
        self._aliases: dict[str, str] = data["aliases"]
        self._found: dict[str, LayerFacts] = {}

    def get(self, name: str) -> LayerFacts | None:
        """What is known of a layer, by its name below ``keras.layers``."""
        name = self._aliases.get(name, name)
        if name not in self._found:
            if name not in self._entries:
                return None
            self._found[name] = decode(name, self._entries[name])
        return self._found[name]

    def names(self) -> Iterator[str]:
        """The names under which layers are kept."""
        return iter(self._entries)

    def aliases(self, name: str) -> list[str]:
        """The other names of a layer."""
        return sorted(alias for alias, leading in self._aliases.items() if leading == name)


def keras_of(name: str, version: tuple[int, int]) -> int:
    """The major version of Keras that a name stands for with a version of TensorFlow."""
    return 2 if name.startswith("tf_keras.") or version < KERAS_3 else 3


@cache
def load_layers(major: int, version: tuple[int, int]) -> Layers:
    """The layers of a major version of Keras, as they are with a version of TensorFlow."""
    return Layers(major, version)


def _older(major: int) -> list[tuple[int, int]]:
    return [versions.parse(path.stem.partition("-")[2]) for path in FOLDER.glob(f"keras{major}-*.json")]


def _change(data: dict[str, Any], changes: Mapping[str, Any]) -> None:
    for part, entries in changes.items():
        if part == "versions":
            data[part] = entries
            continue
        for name, value in entries.items():
            if value is None:
                data[part].pop(name, None)
            else:
                data[part][name] = value


def decode(name: str, entry: Mapping[str, Any]) -> LayerFacts:
    """What an entry says of a layer. Layers of other libraries are kept in the same form."""
    return LayerFacts(
        name,
        tuple(map(_param, entry.get("params", ()))),
        tuple(map(_param, entry.get("call", ()))),
        entry.get("wraps", ""),
        tuple(_weight(*row) for row in entry.get("weights", {}).items()),
        tuple(entry.get("frozen", ())),
        MappingProxyType({param: _words(text) for param, text in entry.get("inputs", {}).items()}),
        MappingProxyType(entry.get("returns", {})),
        entry.get("dtype", ""),
        entry.get("passes", ""),
        _seeds(entry.get("seeds", "")),
        MappingProxyType(entry.get("other", {})),
        frozenset(entry.get("untried", ())),
    )


def _param(text: str) -> Param:
    name, equals, default = text.partition("=")
    return Param(name, "positional", not equals, default)


def _words(text: str) -> Words:
    inference, _, training = text.partition("/")
    return Words(inference, training or inference)


def _weight(name: str, text: str) -> Weight:
    words, _, condition = text.partition(" if ")
    if not condition:
        return Weight(name, _words(words), None)
    param, equals, literal = condition.removeprefix("not ").partition("=")
    value = ast.literal_eval(literal) if equals else None
    return Weight(name, _words(words), Switch(param, value, condition.startswith("not ")))


def _seeds(text: str) -> Seeds:
    number, _, condition = text.partition(" if ")
    params = tuple(word for word in condition.split() if word not in ("and", "or"))
    return Seeds(int(number or 0), params, " or " not in condition)
