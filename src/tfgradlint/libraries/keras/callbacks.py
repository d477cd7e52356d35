"""The callbacks that ``fit`` is given: their methods run between the steps, and may change the model."""

from __future__ import annotations

from collections.abc import Sequence

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import Scalar, Value, is_none
from tfgradlint.flow.values.containers import Container, DictContent, DictObject, Items
from tfgradlint.flow.values.functions import Function, Method
from tfgradlint.flow.values.objects import Instance, Layer, LibraryObject
from tfgradlint.libraries.keras.compile import derives
from tfgradlint.libraries.keras.weights import mark_escaped
from tfgradlint.libraries.session import keras_name

#: What happens before a batch, in order, and what happens after it: methods with their older names.
_BEFORE = (("on_epoch_begin",), ("on_train_batch_begin", "on_batch_begin"))
_AFTER = (("on_train_batch_end", "on_batch_end"),)
_VALIDATION = (("on_test_begin",), ("on_test_batch_begin",), ("on_test_batch_end",), ("on_test_end",))
_LATER = (("on_epoch_end",),)
#: Methods without the number of an epoch or batch.
_WITHOUT_NUMBER = frozenset({"on_train_begin", "on_train_end", "on_test_begin", "on_test_end"})
#: Callbacks of Keras' own that call what they are given.
_CALLING = "LambdaCallback"


class Callbacks:
    """Those of one ``fit``."""

    def __init__(self, interp: Context, model: Layer | Instance, given: Value, validates: bool) -> None:
        self._interp = interp
        self._model = model
        self._validates = validates
        #: Whether there is one of which nothing is known.
        self.unknown = False
        self._own: list[Instance] = []
        for each in self._each(given):
            if isinstance(each, Instance) and derives(each.cls, "Callback", "callbacks."):
                self._own.append(each)
                interp.state.set(each, "model", model)
            elif not _harmless(each):
                self.unknown = True

    def _each(self, given: Value) -> Sequence[Value]:
        if isinstance(given, (Container, Items)):
            content = self._interp.iteration.iterate(given)
            return content.items if isinstance(content, Items) else [content]
        return () if is_none(given) else [given]

    @property
    def run(self) -> bool:
        """Whether there are some whose methods run."""
        return bool(self._own) or self.unknown

    def begin(self) -> None:
        """Training begins."""
        self._run("on_train_begin", None)

    def before(self, first: Value) -> None:
        """An epoch and a batch begin, the first ones or any others."""
        for names in _BEFORE:
            self._run_one_of(names, first)

    def after(self) -> None:
        """A batch and an epoch have ended."""
        for names in (*_AFTER, *(_VALIDATION if self._validates else ()), *_LATER):
            self._run_one_of(names, self.any_number())

    def end(self) -> None:
        """Training has ended."""
        self._run("on_train_end", None)

    def any_number(self) -> Scalar:
        """The number of some epoch or batch."""
        return Scalar(self._interp.recorder.leaf(), "int")

    def _run_one_of(self, names: tuple[str, ...], number: Value) -> None:
        for name in names:
            self._run(name, None if name in _WITHOUT_NUMBER else number)

    def _run(self, name: str, number: Value | None) -> None:
        interp = self._interp
        if self.unknown:
            mark_escaped(interp, self._model)
        for each in self._own:
            method = interp.attributes.of_class(each.cls, name)
            if isinstance(method, Function):
                logs = DictObject(DictContent({}, Scalar(interp.recorder.leaf(), "float")))
                interp.calls.call(Method(method, each), [logs] if number is None else [number, logs], {})


def _harmless(callback: Value) -> bool:
    """Whether it leaves alone what is trained, as all of Keras' own do."""
    name = keras_name(callback.path) if isinstance(callback, LibraryObject) else None
    return name is not None and name.startswith("callbacks.") and not name.endswith(_CALLING)
