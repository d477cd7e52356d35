"""Which Keras ``tf.keras`` is in a program: TensorFlow brings Keras 3 and takes Keras 2 where it is asked to."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tfgradlint.knowledge.versions import LEGACY_KERAS, LEGACY_VALUES, choose_keras

#: The Keras of a program that names no other than ``tf_keras``.
_TF_KERAS = re.compile(r"^[ \t]*(?:import|from)[ \t]+tf_keras\b", re.M)
_OF_TENSORFLOW = re.compile(r"\b(?:tf|tensorflow)\.keras\b|\b\w+\.keras\.|^[ \t]*from[ \t]+tensorflow.*\bkeras\b", re.M)
_STANDALONE = re.compile(r"^[ \t]*(?:import|from)[ \t]+keras\b", re.M)
#: Methods of ``os.environ``, and functions of ``os``, that set a variable.
_SETTING = frozenset({"setdefault", "putenv", "setenv", "__setitem__"})


def legacy_keras(text: str, tree: ast.Module, keras: int | None = None, imported: ast.Module | None = None) -> bool:
    """Whether ``tf.keras`` is Keras 2 in a program, or the only Keras that it knows is ``tf_keras``.

    What the program sets ``TF_USE_LEGACY_KERAS`` to decides, else ``keras``: 2, 3, or None for what the environment
    asks for. ``imported`` is a module that may set it for the program. The package ``keras`` does not listen: a program
    that imports it and uses no other has Keras 3.
    """
    if _TF_KERAS.search(text) and not _OF_TENSORFLOW.search(text) and not _STANDALONE.search(text):
        return True
    settings = set(_settings(tree)) if LEGACY_KERAS in text else set()
    settings |= set(_settings(imported)) if imported is not None else set()
    if not (settings != {False} if settings else choose_keras(keras) == 2):
        return False
    return _OF_TENSORFLOW.search(text) is not None or _STANDALONE.search(text) is None


def _settings(tree: ast.Module) -> Iterator[bool]:
    """For each place where the program sets the variable, whether that asks for Keras 2; what is not known may."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            if any(isinstance(target, ast.Subscript) and _named(target.slice) for target in node.targets):
                yield _asks(node.value)
        elif isinstance(node, ast.Call):
            function = node.func.attr if isinstance(node.func, ast.Attribute) else None
            if function in _SETTING and len(node.args) > 1 and _named(node.args[0]):
                yield _asks(node.args[1])
            yield from (_asks(each.value) for each in node.keywords if each.arg == LEGACY_KERAS)
        elif isinstance(node, ast.Dict):
            yield from (_asks(value) for key, value in zip(node.keys, node.values, strict=True) if _named(key))


def _named(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value == LEGACY_KERAS


def _asks(value: ast.expr) -> bool:
    return not isinstance(value, ast.Constant) or value.value in LEGACY_VALUES
