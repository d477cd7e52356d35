"""The settings in force, as TOML with a comment behind each key that tells where it comes from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tfgradlint.files.running import cores
from tfgradlint.knowledge import versions
from tfgradlint.knowledge.layers import keras_of
from tfgradlint.settings.settings import DEFAULT, Settings, shown_path


def toml(settings: Settings) -> Iterator[str]:
    """The table ``[tool.tfgradlint]``."""

    def origin(key: str, default: str = DEFAULT) -> str:
        return settings.origins.get(key.replace("-", "_"), default)

    yield f"# paths are relative to {shown_path(settings.root)}"
    yield "[tool.tfgradlint]"
    codes = settings.options
    for key, values in (
        ("select", ("TFG",) if settings.select is None else settings.select),
        ("extend-select", settings.extend_select),
        ("ignore", codes.ignore),
        ("exclude", settings.exclude),
        ("extend-exclude", settings.extend_exclude),
    ):
        yield f"{key} = {_value(values)}  # {origin(key)}"
    installed = versions.installed()
    told = f"{DEFAULT}: {f'TensorFlow {installed} is installed' if installed else 'the newest that was measured'}"
    measured = versions.name(versions.choose(settings.tensorflow_version))
    version = settings.tensorflow_version or measured
    nearest = "" if version == measured else f", goes by the data of {measured}"
    yield f"tensorflow-version = {_value(version)}  # {origin('tensorflow-version', told)}{nearest}"
    asked = versions.choose_keras(settings.keras)
    told = f"{DEFAULT}: {versions.LEGACY_KERAS} asks for it" if asked else f"{DEFAULT}: the one that TensorFlow brings"
    keras = asked if asked is not None else keras_of("keras.", versions.choose(settings.tensorflow_version))
    yield f"keras = {keras}  # {origin('keras', told)}"
    yield f"assume = {_value(settings.assume)}  # {origin('assume')}"
    yield f"src = {_value(settings.src)}  # {origin('src')}"
    yield f"follow = {_value(settings.follow)}  # {origin('follow')}"
    yield f"jobs = {settings.jobs or cores()}  # {origin('jobs', f'{DEFAULT}: the cores of this machine')}"
    yield f"per-file-ignores = {_value(settings.per_file_ignores)}  # {origin('per-file-ignores')}"
    yield f"gradients = {_value(settings.gradients)}  # {origin('gradients')}"
    yield f"models = {_value(settings.models)}  # {origin('models')}"


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_value(key)} = {_value(each)}" for key, each in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(map(_value, value))}]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
