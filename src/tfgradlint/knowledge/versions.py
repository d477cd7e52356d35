"""Which TensorFlow the data is taken from: the one that is asked for, else the one installed beside the linter."""

from __future__ import annotations

import os
import re
from functools import lru_cache
from pathlib import Path

FOLDER = Path(__file__).parent
#: Holds a file for each version but the newest: what is otherwise there than in the next newer one.
OLDER = FOLDER / "older"
#: Distributions that bring TensorFlow, in the order in which they are looked for.
DISTRIBUTIONS = """
    tensorflow tensorflow-cpu tensorflow-intel tensorflow-macos tensorflow-gpu tensorflow-cpu-aws tensorflow-aarch64
    tensorflow-rocm intel-tensorflow tf-nightly tf-nightly-cpu
""".split()
#: Set in the environment to one of the values before TensorFlow is imported, it makes ``tf.keras`` Keras 2.
LEGACY_KERAS, LEGACY_VALUES = "TF_USE_LEGACY_KERAS", ("1", "true", "True")
#: What ``keras`` has in Keras 3.15, and neither in Keras 2.15 nor in 2.21.
ONLY_KERAS_3 = frozenset(
    """
    DTypePolicy FloatDTypePolicy Function Initializer InputSpec KerasTensor Layer Loss Metric Operation Optimizer
    Quantizer Regularizer RematScope StatelessScope SymbolicScope Variable config device distillation distribution
    dtype_policies name_scope ops quantizers random remat tree visualization wrappers
    """.split()
)
#: What ``keras.losses`` and ``keras.metrics`` of Keras 3 have, and ``tf.keras`` has under the short names only.
NOT_IN_TF_KERAS = frozenset(
    """
    kl_divergence log_cosh mean_absolute_error mean_absolute_percentage_error mean_squared_error
    mean_squared_logarithmic_error
    """.split()
)
_VERSION = re.compile(r"(\d+)\.(\d+)(?:[.\-+a-z][\w.\-+]*)?", re.ASCII | re.IGNORECASE)


class VersionError(ValueError):
    """What was asked for is no version. The text is one line that says what to write instead."""


def parse(text: str) -> tuple[int, int]:
    """Major and minor number of a version such as ``2.16`` or ``2.16.1``.

    Raises:
        VersionError: it is no version.
    """
    found = _VERSION.fullmatch(text.strip())
    if found is None:
        known = ", ".join(map(name, available()))
        raise VersionError(f"{text!r} is no version of TensorFlow such as {name(newest())}; measured are {known}")
    return int(found[1]), int(found[2])


def name(version: tuple[int, int]) -> str:
    """The version as it is written: ``2.16``."""
    return f"{version[0]}.{version[1]}"


@lru_cache(maxsize=1)
def newest() -> tuple[int, int]:
    """The version of which the data is kept whole."""
    with (FOLDER / "tensorflow.json").open(encoding="utf-8") as file:
        head = file.read(400)
    return parse(head.partition('"tensorflow": "')[2].partition('"')[0])


@lru_cache(maxsize=1)
def available() -> tuple[tuple[int, int], ...]:
    """The versions that were measured, the oldest first."""
    return (*sorted(parse_name(path) for path in OLDER.glob("*.json")), newest())


def parse_name(path: Path) -> tuple[int, int]:
    """The version that a file of the folder of older versions is about."""
    major, _, minor = path.stem.partition(".")
    return int(major), int(minor)


@lru_cache(maxsize=1)
def installed() -> str | None:
    """The version of the TensorFlow that is installed here, by the packages' metadata: nothing of it is imported."""
    import importlib.metadata

    for distribution in DISTRIBUTIONS:
        try:
            found: str | None = importlib.metadata.version(distribution)
        except (importlib.metadata.PackageNotFoundError, KeyError):  # there is none, or it tells no version
            continue
        if found and _VERSION.fullmatch(found):
            return found
    return None


def choose(asked: str | None = None) -> tuple[int, int]:
    """The measured version to go by: the nearest at or below the one asked for or installed, else the oldest.

    With neither it is the newest.

    Raises:
        VersionError: what is asked for is no version.
    """
    text = asked if asked is not None else installed()
    if text is None:
        return newest()
    wanted = parse(text)
    return max((version for version in available() if version <= wanted), default=available()[0])


def choose_keras(asked: int | None = None) -> int | None:
    """The major version of Keras that ``tf.keras`` is asked to be: 2, 3, or None for the one TensorFlow brings.

    Where none is asked for, the environment decides, as it does when TensorFlow is imported.
    """
    if asked is None and os.environ.get(LEGACY_KERAS) in LEGACY_VALUES:
        return 2
    return asked


def reasons(path: Path) -> dict[str, str]:
    """Of a list of what was not measured: the reason for each name. Where there is no list, nothing is told."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else ()
    parts = (line.partition(": ") for line in lines if not line.startswith("#"))
    return {name: why for name, _, why in parts if name}
