"""All that can be told of a callable: under which names, in which versions; and the nearest of an unknown name."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tfgradlint.knowledge import Knowledge, OperationFacts, load, objects, versions
from tfgradlint.knowledge.differences import Change, changes
from tfgradlint.knowledge.layers import LayerFacts, keras_of, load_layers

_NEAREST = 3
_LAYER = re.compile(r"(?:tf\.|tensorflow\.)?(keras|tf_keras)\.layers\.(\w+)")


@dataclass(frozen=True, slots=True)
class Version:
    """How a callable fares in one version, ``tensorflow``: ``known`` tells whether anything is known of it there, and
    ``changes`` what has changed from it to the version that is told.
    """

    tensorflow: str
    known: bool
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """A callable as it is told: ``asked`` is the name that was looked up, ``tensorflow`` the version it is told of."""

    asked: str
    known: OperationFacts
    aliases: tuple[str, ...]
    tensorflow: str
    versions: tuple[Version, ...]


@dataclass(frozen=True, slots=True)
class FoundLayer:
    """A layer of Keras as it is told. ``same`` are the versions of TensorFlow with which it is as told, ``differing``
    those with which it is not, ``missing`` those with which nothing is known of it.
    """

    asked: str
    facts: LayerFacts
    aliases: tuple[str, ...]
    keras: str
    tensorflow: str
    same: tuple[str, ...]
    differing: tuple[str, ...]
    missing: tuple[str, ...]


def look_up_layers(names: Iterable[str], version: str | None = None) -> tuple[list[FoundLayer], list[str]]:
    """What is known of each name that is a layer's, and the other names.

    Raises:
        VersionError: ``version`` is none.
    """
    chosen = versions.choose(version)
    found: list[FoundLayer] = []
    rest: list[str] = []
    for name in names:
        match = _LAYER.fullmatch(name)
        layers = load_layers(keras_of(f"{match[1]}.", chosen), chosen) if match else None
        facts = layers.get(match[2]) if layers is not None and match else None
        if layers is None or match is None or facts is None:
            rest.append(name)
            continue
        fates: dict[str, list[str]] = {"same": [], "differing": [], "missing": []}
        for other in versions.available():
            others = load_layers(keras_of(f"{match[1]}.", other), other)
            if versions.parse(others.measured["tensorflow"]) != other:
                continue  # this Keras was not measured with it
            there = others.get(match[2])
            fate = "missing" if there is None else "same" if there == facts else "differing"
            fates[fate].append(versions.name(other))
        measured = layers.measured
        aliases = tuple(layers.aliases(facts.name))
        fared = {fate: tuple(own) for fate, own in fates.items()}
        found.append(FoundLayer(name, facts, aliases, measured["keras"], measured["tensorflow"], **fared))
    return found, rest


def look_up(names: Iterable[str], version: str | None = None) -> tuple[list[Found], list[str]]:
    """What is known of each name, and a line for each of which nothing is.

    Raises:
        VersionError: ``version`` is none.
    """
    data = load(version)
    found: list[Found] = []
    unknown: list[str] = []
    for name in names:
        known = data.get(name)
        if known is None:
            reason = _why_not_measured(name, version)
            unknown.append(f"nothing is known of {name!r}: {reason}" if reason else _unknown(name, data))
        else:
            aliases = sorted(alias for alias, canonical in data.aliases().items() if canonical == known.name)
            others = tuple(_version(name, known, other, version) for other in versions.available())
            found.append(Found(name, known, tuple(aliases), data.measured["tensorflow"], others))
    return found, unknown


def _version(name: str, known: OperationFacts, other: tuple[int, int], version: str | None) -> Version:
    written = versions.name(other)
    there = known if other == versions.choose(version) else load(written).get(name) or load(written).get(known.name)
    return Version(written, there is not None, changes(there, known) if there is not None else ())


def _why_not_measured(name: str, version: str | None) -> str:
    """Why a layer of Keras was not measured; empty for anything else."""
    match = _LAYER.fullmatch(name)
    chosen = versions.choose(version)
    return load_layers(keras_of(f"{match[1]}.", chosen), chosen).unmeasured.get(match[2], "") if match else ""


def _unknown(name: str, data: Knowledge) -> str:
    """A line that says why nothing is known, and what was perhaps meant."""
    told = f"nothing is known of {name!r}"
    elsewhere = [text for text in map(versions.name, versions.available()) if load(text).get(name) is not None]
    if elsewhere:
        return f"{told} in TensorFlow {data.measured['tensorflow']}; there is in {', '.join(elsewhere)}"
    reason = versions.reasons(versions.FOLDER / "unmeasured.txt").get(name) or objects.reasons().get(
        objects.spelt(name)
    )
    if reason:
        return f"{told}: {reason}"
    near = nearest(objects.spelt(name), [*data.names(), *data.aliases(), *objects.names()])
    return f"{told}; the nearest known names are {', '.join(near)}" if near else told


def nearest(name: str, known: Sequence[str]) -> list[str]:
    """The known names most like a name: first those that end in it, then those that are spelt like it."""
    last = name.rpartition(".")[2]
    ending = [one for one in known if one.rpartition(".")[2] == last]
    ending.sort(key=lambda one: (-difflib.SequenceMatcher(None, name, one).ratio(), one.count("."), one))
    spelt = difflib.get_close_matches(name, known, n=_NEAREST)
    if not spelt:
        ends = {one.rpartition(".")[2]: one for one in sorted(known, key=len, reverse=True)}
        spelt = [ends[end] for end in difflib.get_close_matches(last, ends, n=_NEAREST)]
    return list(dict.fromkeys((*ending, *spelt)))[:_NEAREST]
