"""How distributions and bijectors are made to be measured: the tables beside this file, and the values they name."""

from __future__ import annotations

import ast
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

_HERE = Path(__file__).parent


class Recipe(NamedTuple):
    """How an object is made: expressions by parameter; ``given`` is what a bijector's forward way is given."""

    name: str
    arguments: dict[str, str]
    given: str = ""


class Samples:
    """Values at one point, each other than all others, the same in every run."""

    def __init__(self, *key: object) -> None:
        self._random = np.random.default_rng(zlib.crc32(repr(key).encode()))

    def _between(self, low: float, high: float, shape: tuple[int, ...]) -> Any:
        return self._random.uniform(low, high, shape or (4,)).astype("float32")

    def real(self, *shape: int) -> Any:
        return self._between(-1.2, 1.2, shape)

    def positive(self, *shape: int) -> Any:
        return self._between(0.4, 1.8, shape)

    def large(self, *shape: int) -> Any:
        return self._between(2.6, 4.7, shape)

    def unit(self, *shape: int) -> Any:
        return self._between(0.15, 0.45, shape)

    def above(self, least: float = 2.0) -> Any:
        return self._between(least, least + 1.4, ())

    def below(self) -> Any:
        return self._between(-3.5, -2.0, ())

    def integers(self, value: float) -> Any:
        return np.full(4, value, "float32")

    def simplex(self, *shape: int) -> Any:
        made = self._between(0.5, 2.0, shape)
        return made / made.sum(-1, keepdims=True)

    def direction(self, *shape: int) -> Any:
        made = self._between(0.5, 2.0, shape)
        return made / np.sqrt((made * made).sum(-1, keepdims=True))

    def rising(self, *shape: int) -> Any:
        return np.cumsum(self._between(0.3, 1.2, shape), -1) - np.float32(1.5)

    def triangle(self, batch: int, size: int) -> Any:
        made = np.tril(self._between(-0.6, 0.6, (batch, size, size)), -1)
        return made + np.eye(size, dtype="float32") * self._between(0.6, 1.6, (batch, size, 1))

    def covariance(self, batch: int, size: int) -> Any:
        root = self.triangle(batch, size)
        return root @ root.swapaxes(-1, -2)

    def evaluate(self, text: str) -> Any:
        names = [name for name in dir(self) if not name.startswith("_")]
        return eval(text, {name: getattr(self, name) for name in names})


def recipes(family: str) -> dict[str, list[Recipe]]:
    """The table of a family, by class."""
    found: dict[str, list[Recipe]] = {}
    for line in (_HERE / f"{family}.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, _, rest = line.partition(":")
            text, _, given = rest.partition("|")
            call = ast.parse(f"dict({text.strip()})", mode="eval").body
            assert isinstance(call, ast.Call)
            arguments = {word.arg or "": ast.unparse(word.value) for word in call.keywords}
            found.setdefault(name, []).append(Recipe(name, arguments, given.strip()))
    return found
