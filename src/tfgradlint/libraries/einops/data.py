"""What was measured of einops: functions as the operations of TensorFlow are, layers as those of Keras.

The files beside this module are written by ``python -m tools.measure.einops``.
"""

from __future__ import annotations

import dataclasses
import json
from functools import cache
from pathlib import Path
from typing import Any

from tfgradlint.knowledge import Knowledge, OperationFacts
from tfgradlint.knowledge.layers import LayerFacts, decode

_FOLDER = Path(__file__).parent
#: Behind a name: the same of a pattern that leaves nothing to do, and of what begins with an array.
SAME, ARRAY = "(same)", "(array)"


@cache
def function(name: str, way: str = "") -> OperationFacts:
    """What a function does to a gradient, called in one of the ways."""
    known = _functions().get(f"einops.{name}{way}")
    assert known is not None, name
    return dataclasses.replace(known, name=f"einops.{name}")


@cache
def layer(name: str) -> LayerFacts | None:
    """What is known of a layer, by its name and the way in which it is made."""
    entry = _layers().get(name)
    return decode(name, entry) if entry is not None else None


@cache
def _functions() -> Knowledge:
    return Knowledge([_FOLDER / "functions.json"])


@cache
def _layers() -> dict[str, dict[str, Any]]:
    entries: dict[str, dict[str, Any]] = json.loads((_FOLDER / "layers.json").read_text(encoding="utf-8"))["layers"]
    return entries
