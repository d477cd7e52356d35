"""Measures all layers of one Keras, and the activations that can be given by name."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import json
import platform
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np
import tensorflow as tf

from tools.measure.layers import samples
from tools.measure.layers.facts import Entry, measure_layer
from tools.measure.layers.probing import KINDS, Unmeasurable, find, probe, word_for


@dataclass
class Measured:
    """All that was measured of one Keras. ``distributions`` are the packages, with their versions."""

    major: int
    distributions: dict[str, str]
    aliases: dict[str, str] = field(default_factory=dict)
    activations: dict[str, str] = field(default_factory=dict)
    layers: dict[str, Entry] = field(default_factory=dict)
    #: What was not measured, and why.
    unmeasured: dict[str, str] = field(default_factory=dict)


def installed() -> Iterator[tuple[int, ModuleType]]:
    """Every Keras there is, with its major version."""
    major = int(_version("keras").partition(".")[0])
    yield major, tf.keras
    if major > 2:
        with contextlib.suppress(ImportError):
            yield 2, importlib.import_module("tf_keras")


def measure(major: int, keras: ModuleType, wanted: re.Pattern[str], tell: Callable[[str], object]) -> Measured:
    """What is known of every layer whose name has ``wanted``; a line is told of each."""
    found = Measured(
        major,
        {
            "keras": _version("keras" if keras is tf.keras else "tf_keras"),
            "numpy": np.__version__,
            "python": ".".join(platform.python_version_tuple()[:2]),
            "tensorflow": tf.__version__,
        },
    )
    names, found.aliases = classes(keras)
    for name in names:
        if not wanted.search(name):
            continue
        last = name.rpartition(".")[2]
        try:
            if last in samples.EXCLUDED:
                raise Unmeasurable(samples.EXCLUDED[last])
            found.layers[name] = measure_layer(keras, name)
            tell(f"{name}: {json.dumps(found.layers[name])}")
        except Unmeasurable as error:
            found.unmeasured[name] = str(error)
            tell(f"{name}: not measured: {error}")
        except Exception as error:  # what one layer does must not cost the others
            found.unmeasured[name] = f"measuring it fails: {type(error).__name__}"
            tell(f"{name}: not measured: {error!r}")
    found.activations = activations(keras)
    return found


def _version(package: str) -> str:
    # ``tf.keras`` does not always tell its own.
    return str(importlib.import_module(package).__version__)


def classes(keras: ModuleType) -> tuple[list[str], dict[str, str]]:
    """The names of all layers, each once, and every other name of the same."""
    own: dict[Any, list[str]] = {}
    for path in ("", "experimental", "experimental.preprocessing"):
        with contextlib.suppress(AttributeError):
            module = find(keras, path) if path else keras.layers
            for name in sorted(dir(module)):
                cls = getattr(module, name)
                if inspect.isclass(cls) and hasattr(cls, "call"):
                    own.setdefault(cls, []).append(f"{path}.{name}".lstrip("."))
    names: list[str] = []
    aliases: dict[str, str] = {}
    for cls, known in own.items():
        leading = cls.__name__ if cls.__name__ in known else known[0]
        names.append(leading)
        aliases.update({other: leading for other in known if other != leading})
    return sorted(names), dict(sorted(aliases.items()))


def activations(keras: ModuleType) -> dict[str, str]:
    """What each activation does to the gradient of a layer that is given its name."""
    found: dict[str, str] = {}
    for name in sorted(dir(keras.activations)):
        if inspect.isfunction(getattr(keras.activations, name)) and name not in ("deserialize", "get", "serialize"):
            with contextlib.suppress(Unmeasurable):
                found[name] = word_for(
                    set(probe(keras, "Dense", {"units": 4, "activation": name}, KINDS[:1]).words.values())
                )
    return found
