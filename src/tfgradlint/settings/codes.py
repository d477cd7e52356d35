"""What can be asked for, and the words for what cannot: codes, versions, gradients of the user's own functions."""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfgradlint.settings.gradients import Gradients

#: The code of what was not judged in full.
LEFT_OUT = "TFG002"
#: Codes, and beginnings of codes, that are reported only where they are selected by that or more.
OPT_IN = ("TFG9", LEFT_OUT)
#: The code of comments that silence nothing: it is not found by the analysis, but by looking at what that found.
UNUSED_NOQA = "TFG901"
LOSS_FUNCTION = "TFG903"
#: What is assumed of functions that nobody sees: that they read only what they can be seen to get; or nothing at all.
SEPARATION, NOTHING = ASSUMPTIONS = ("separation", "nothing")
#: What a function of the user's own can give: a model of the Keras that stands under this name.
MODELS = ("keras.Model", "tf.keras.Model", "tf_keras.Model")
_NAME = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)+")
#: What a gradient can do in a function of the user's own.
EFFECTS = ("flows", "zero", "none", "raises")


class ConfigError(Exception):
    """A setting that cannot be obeyed. The text is one line that says what to write instead."""


@dataclass(frozen=True, slots=True)
class Options:
    """The codes to report, as prefixes: the longest one that fits a code decides, ``ignore`` wins a tie."""

    select: tuple[str, ...] = ("TFG",)
    ignore: tuple[str, ...] = OPT_IN

    def reports(self, code: str) -> bool:
        """Whether findings with this code are wanted. An opt-in code has to be named itself, or by its own prefix."""
        if code.startswith(OPT_IN) and not names_opt_in(self.select, code):
            return False
        return _longest(self.select, code) > _longest(self.ignore, code)


def _longest(prefixes: Iterable[str], code: str) -> int:
    return max((len(prefix) for prefix in prefixes if code.startswith(prefix)), default=-1)


def chosen(select: tuple[str, ...], ignore: tuple[str, ...]) -> Options:
    """The options for codes that are selected and ignored.

    Of two prefixes that fit the longer one decides, so an opt-in code has to be named by at least its own prefix.
    """
    off = tuple(code for code in OPT_IN if code not in ignore and not names_opt_in(select, code))
    return Options(select, off + ignore)


def names_opt_in(selected: Iterable[str], code: str) -> bool:
    """Whether an opt-in code is meant by one of the prefixes: ``TFG`` means the others."""
    return any(one.startswith(OPT_IN) and (code.startswith(one) or one.startswith(code)) for one in selected)


def tensorflow_version(text: str | None, where: str = "--tensorflow-version") -> None:
    """Refuse what was given as a version of TensorFlow and is none."""
    if text is not None:
        from tfgradlint.knowledge import versions  # flake8 loads this module for every project

        try:
            versions.parse(text)
        except versions.VersionError as error:
            raise ConfigError(f"{where}: {error}") from error


def keras(value: object, where: str = "--keras") -> int:
    """The major version of Keras that is asked for; refuses what is none."""
    if not isinstance(value, int) or isinstance(value, bool) or value not in (2, 3):
        raise ConfigError(f"{where}: {value!r} is no Keras that is known; write 2 or 3")
    return value


def keras_of_text(text: str | None) -> int | None:
    """The same of what a flag or flake8's configuration says."""
    return None if text is None else keras(int(text) if text.isdecimal() else text)


def assume(word: object, where: str = "--assume") -> str:
    """What is to be assumed of functions that nobody sees; refuses what is none of the words."""
    return _one_of(ASSUMPTIONS, word, where)


def codes(values: Sequence[str] | None, known: Sequence[str], where: str = "") -> tuple[str, ...]:
    """The codes and prefixes that flags name, each of them the beginning of a known code."""
    named = [code for value in values or () for code in re.split(r"[,\s]+", value) if code]
    for code in named:
        if not any(one.startswith(code) for one in known):
            raise ConfigError(f"{where}no rule has a code like {code!r}; the nearest is {nearest(code.upper(), known)}")
    return tuple(named)


def nearest(word: str, known: Sequence[str]) -> str:
    """The known word that was most likely meant."""
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.0)
    return near[0] if near else "none"


def models(told: Mapping[str, object], where: str) -> dict[str, str]:
    """What the user says that functions give, checked; ``where`` begins the errors."""
    for name in told:
        if not _NAME.fullmatch(name):
            raise ConfigError(f'{where}: {name!r} is no full name of a function such as "mylib.build", in quotes')
    return {name: _one_of(MODELS, word, f"{where}: {name!r}") for name, word in told.items()}


def gradients(told: Mapping[str, object], where: str) -> Gradients:
    """What the user says of functions, checked; ``where`` begins the errors."""
    checked: Gradients = {}
    for name, effects in told.items():
        at = f"{where}: {name!r}"
        if isinstance(effects, Mapping) and any(isinstance(inner, Mapping) for inner in effects.values()):
            raise ConfigError(f'{at} is a table of tables; write the full name in quotes: "{name}.function" = "flows"')
        if not _NAME.fullmatch(name):
            raise ConfigError(f'{at} is no full name of a function such as "mylib.ops.quantize", in quotes')
        if isinstance(effects, Mapping):
            if not effects:
                raise ConfigError(f"{at} names no parameter; write {{x = 'flows'}} or one word for all")
            checked[name] = {
                parameter: _one_of(EFFECTS, word, f"{at}, {parameter!r}") for parameter, word in effects.items()
            }
        else:
            checked[name] = _one_of(EFFECTS, effects, at)
    return checked


def _one_of(known: Sequence[str], word: object, where: str) -> str:
    if isinstance(word, str) and word in known:
        return word
    hint = f"the nearest is {nearest(word.lower(), known)!r}" if isinstance(word, str) else "it must be a string"
    raise ConfigError(f"{where}: {word!r} is none of {', '.join(known)}; {hint}")


def models_of_text(values: Iterable[str], where: str) -> dict[str, str]:
    """What functions give, from lines such as ``mylib.build = keras.Model``; commas and line ends part them."""
    return models(_in_lines(values, where, "NAME=keras.Model"), where)


def gradients_of_text(values: Iterable[str], where: str) -> Gradients:
    """What functions do, from lines such as ``mylib.ops.quantize = flows`` or ``mylib.ops.scale = x:flows step:none``.

    Commas and line ends part them.
    """
    return gradients(_in_lines(values, where, "NAME=flows or NAME=x:flows step:none"), where)


def _in_lines(values: Iterable[str], where: str, form: str) -> dict[str, object]:
    told: dict[str, object] = {}
    for line in (part.strip() for value in values for part in re.split(r"[,\n]", value)):
        if not line:
            continue
        name, equals, text = (part.strip() for part in line.partition("="))
        words = [tuple(word.split(":", 1)) for word in text.split()]
        if not equals or not words or (len(words) > 1 and any(len(word) == 1 for word in words)):
            raise ConfigError(f"{where}: {line!r} is not of the form {form}")
        told[name] = text if len(words[0]) == 1 else dict(word for word in words if len(word) == 2)
    return told


#: Libraries whose functions are known as they are: reading them would tell less.
_DESCRIBED = frozenset("einops keras numpy sonnet tensorflow tensorflow_probability tf_keras".split())


def packages(names: Sequence[str], at: str) -> tuple[str, ...]:
    """Names of installed packages that are read."""
    for name in names:
        if not name.isidentifier():
            raise ConfigError(f"{at}: {name!r} is no name of a package; write what stands behind import, up to a dot")
        if name in _DESCRIBED or name in sys.stdlib_module_names:
            raise ConfigError(f"{at}: {name!r} is not read: what it does is known")
    return tuple(names)
