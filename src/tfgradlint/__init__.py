"""tfgradlint finds the line that loses a TensorFlow gradient, before the code runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfgradlint.results import Analysis, Finding, Prediction

__version__ = "0.1.0"


def check(source: str, *, tensorflow_version: str | None = None) -> list[Finding]:
    """The findings in a module's text, by position.

    Text that is not Python gives one finding ``TFG001``. Without a version it goes by the TensorFlow installed here.

    Raises:
        ValueError: ``tensorflow_version`` is none.
    """
    return list(_judged(source, tensorflow_version).findings)


def predict(source: str, *, tensorflow_version: str | None = None) -> list[Prediction]:
    """The predicted outcome of every request for gradients in a module's text, by position.

    Text that is not Python gives none. Without a version it goes by the TensorFlow installed here.

    Raises:
        ValueError: ``tensorflow_version`` is none.
    """
    return list(_judged(source, tensorflow_version).predictions)


def _judged(source: str, version: str | None) -> Analysis:
    from tfgradlint.judge import judge
    from tfgradlint.knowledge import versions

    if version is not None:
        versions.parse(version)
    return judge(source, version=version)


__all__ = ["__version__", "check", "predict"]
