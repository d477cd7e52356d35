"""tfgradlint finds the line that loses a TensorFlow gradient, before the code runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfgradlint.results import Finding, Prediction

__version__ = "0.1.0"


def check(source: str) -> list[Finding]:
    """The findings in a module's text, by position.

    Text that is not Python gives one finding ``TFG001``.
    """
    from tfgradlint.judge import judge

    return list(judge(source).findings)


def predict(source: str) -> list[Prediction]:
    """The predicted outcome of every request for gradients in a module's text, by position.

    Text that is not Python gives none.
    """
    from tfgradlint.judge import judge

    return list(judge(source).predictions)


__all__ = ["__version__", "check", "predict"]
