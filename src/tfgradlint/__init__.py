"""tfgradlint finds the line that loses a TensorFlow gradient, before the code runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfgradlint.analysis.results import Analysis, Finding, Prediction
    from tfgradlint.settings.gradients import Gradients

__version__ = "0.1.0"


def check(
    source: str,
    *,
    tensorflow_version: str | None = None,
    keras: int | None = None,
    gradients: Gradients | None = None,
    models: Mapping[str, str] | None = None,
    assume: str = "separation",
) -> list[Finding]:
    """The findings in a module's text, by position.

    Text that is not Python gives one finding ``TFG001``. Without a version it goes by the TensorFlow installed here.
    ``keras`` is the major version that ``tf.keras`` is, 2 or 3; without one, ``TF_USE_LEGACY_KERAS`` in the environment
    decides, as it does for TensorFlow.
    ``gradients`` tells what functions of your own do, as in the configuration: ``{"mylib.ops.quantize": "none"}``.
    ``models`` tells which of them give a model of Keras: ``{"mylib.build": "keras.Model"}``.
    ``assume`` is ``separation``, where functions that nobody sees are assumed to read only what they can be seen to
    get, or ``nothing``, where all that is found is proven.

    Raises:
        ValueError: ``tensorflow_version``, ``keras`` or ``assume`` is none, or ``gradients`` or ``models`` says what
            cannot be said.
    """
    return list(_judged(source, tensorflow_version, keras, gradients, models, assume).findings)


def predict(
    source: str,
    *,
    tensorflow_version: str | None = None,
    keras: int | None = None,
    gradients: Gradients | None = None,
    models: Mapping[str, str] | None = None,
    assume: str = "separation",
) -> list[Prediction]:
    """The predicted outcome of every request for gradients in a module's text, by position.

    Text that is not Python gives none. The arguments are those of ``check``.

    Raises:
        ValueError: as ``check`` does.
    """
    return list(_judged(source, tensorflow_version, keras, gradients, models, assume).predictions)


def _judged(
    source: str,
    version: str | None,
    keras: int | None,
    told: Gradients | None,
    models: Mapping[str, str] | None,
    assume: str,
) -> Analysis:
    from tfgradlint.analysis.guarded import judge
    from tfgradlint.knowledge import versions
    from tfgradlint.settings import codes as config

    if version is not None:
        versions.parse(version)
    try:
        major = config.keras(keras, "keras") if keras is not None else None
        known, word = config.gradients(told or {}, "gradients"), config.assume(assume, "assume")
        known |= config.models(models or {}, "models")
        return judge(source, version=version, gradients=known, keras=major, assume=word)
    except config.ConfigError as error:
        raise ValueError(str(error)) from error


__all__ = ["__version__", "check", "predict"]
