"""The variables that an optimizer knows: those that it was built for, by ``build`` or by its first step.

It keeps momenta and the like for these and takes no others afterwards: Keras 3 raises ``ValueError: Unknown variable``,
Keras 2 ``KeyError``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tfgradlint.flow.graph.breaks import BuiltBefore
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.nodes import Site
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import Const, Value, Variable
from tfgradlint.flow.values.containers import Items
from tfgradlint.flow.values.notes import Note
from tfgradlint.flow.values.objects import LibraryObject
from tfgradlint.libraries.keras.state import IN_TAPE
from tfgradlint.libraries.session import Session, keras_name

_NAMES = frozenset("SGD Adam AdamW RMSprop Adagrad Adadelta Adamax Nadam Ftrl Adafactor Lion".split())


class _Known(NamedTuple):
    """The variables that an optimizer was built for, and where."""

    variables: tuple[Variable, ...]
    site: Site


#: Of an optimizer that was used: what it was built for. None: not known.
_BUILT_FOR: Note[_Known] = Note("built for")
#: When an optimizer was made.
_BORN: Note[int] = Note("born")


def made(interp: Context, optimizer: LibraryObject) -> None:
    """An optimizer is made."""
    _BORN.begin(optimizer, interp.recorder.now())


def unseen(interp: Context, optimizer: Value) -> None:
    """It was used, or may have been, for variables that nobody knows."""
    if isinstance(optimizer, LibraryObject) and _BORN in optimizer.fields:
        _BUILT_FOR.put(interp.state, optimizer, None)


def used(interp: Context, optimizer: Value) -> None:
    """It was used: unless it is known what for, anything may be known to it."""
    if isinstance(optimizer, LibraryObject) and _BUILT_FOR not in optimizer.fields:
        unseen(interp, optimizer)


def build(interp: Context, optimizer: Value, variables: Value | None) -> None:
    """``optimizer.build(variables)``."""
    content = None if variables is None else interp.iteration.iterate(variables)
    _build(interp, optimizer, content.items if isinstance(content, Items) else None)


def refused(
    interp: Context, session: Session, optimizer: Value, pairs: Sequence[Sequence[Value]]
) -> BuiltBefore | None:
    """Whether it does not know one of the variables in pairs of a gradient and a variable: where it was built.

    The first pairs that it is given are all that it will know.
    """
    if not isinstance(optimizer, LibraryObject) or not _plain(optimizer):
        return None
    if _BUILT_FOR not in optimizer.fields:
        _build(interp, optimizer, [variable for _, variable in pairs])
        return None
    known = _BUILT_FOR.of(optimizer)
    if known is None:
        return None
    later = session.keras_of(optimizer.path) >= 3
    places = {id(site.expression) for each in known.variables if (site := IN_TAPE.of(each)) is not None}
    for gradient, variable in pairs:
        without = isinstance(gradient, Const) and gradient.value is None
        if not isinstance(variable, Variable) or variable.among is not None or (without and not later):
            continue
        site = IN_TAPE.of(variable)
        if variable not in known.variables and (site is None or id(site.expression) not in places):
            return BuiltBefore(known.site, "ValueError" if later else "KeyError")
    return None


def refuse(interp: Context, detail: BuiltBefore) -> None:
    """Raises what the optimizer does."""
    interp.raise_here(Cause.FOREIGN_VARIABLE, detail.raised, detail)


def _build(interp: Context, optimizer: Value, variables: list[Value] | tuple[Value, ...] | None) -> None:
    if not isinstance(optimizer, LibraryObject) or _BUILT_FOR in optimizer.fields or not _plain(optimizer):
        return
    found = [each for each in variables or () if isinstance(each, Variable) and each.among is None]
    born = _BORN.of(optimizer)
    # Code that runs by itself comes after other code that may have built what was there before.
    elsewhere = interp.isolated and (
        born is None or born < interp.visible_from or any("build" in each.mentioned for each in interp.prescans())
    )
    whole = variables is not None and len(found) == len(variables) and not elsewhere
    _BUILT_FOR.put(interp.state, optimizer, _Known(tuple(found), interp.recorder.site) if whole else None)


def _plain(optimizer: LibraryObject) -> bool:
    """Whether it is one of Keras' own optimizers, and nobody has changed what it keeps."""
    family, _, last = (keras_name(optimizer.path) or "").rpartition(".")
    touched = any(isinstance(name, str) and (name.startswith("_") or name == "built") for name in optimizer.fields)
    return family == "optimizers" and last in _NAMES and _BORN in optimizer.fields and not touched
