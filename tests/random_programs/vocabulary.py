"""The calls a random program may make: everything in the measured data that takes vectors or scalars.

A name is tried under TensorFlow when the generator first draws it: what the call gives for the samples tells
what kind of value it makes, whether it is finite on all of them, or that it cannot be used here at all.
"""

from __future__ import annotations

import contextlib
import functools
import io
import random
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tfgradlint.evidence.observe import tensorflow
from tfgradlint.knowledge import OperationFacts, Param, load

#: One sample for each region in which programs compute. No number is a special one.
SAMPLES = ([0.23, 0.81, 0.47], [-1.37, 0.58, 1.71], [2.63, 1.29, 1.94])

_LEFT_OUT = re.compile(
    r"tf\.(debugging|strings|io|image|signal|sparse|ragged|audio|Variable)\..*"
    r"|builtins\.(print|len|bool|repr|str|format|hash|id|type|dir|iter|next|round|list|tuple|sum|max|min)"
    r"|tf\.Tensor\.__(bool|len|iter|hash|repr|str|format|copy|deepcopy|array|getitem|index|int|float|.*_$|dlpack).*"
    r"|(tf|numpy|keras)\.(.*\.)?(random|empty|empty_like|seterr|shuffle|bernoulli|poisson|dropout)(\..*|$)|keras\.metrics\..*"
    r"|tf\.(is_tensor|make_tensor_proto|constant|convert_to_tensor|cast|size|shape|rank|no_gradient|fingerprint)"
    r"|copy\..*|.*(dlpack|lpack|setitem|put|fill_diagonal|copyto|place|putmask|memory|may_share).*"
    r"|.*\.(unique\w*|compress|extract|union1d|intersect1d|unstack|trim_zeros|nonzero|flatnonzero|setdiff1d)"
    r"|numpy\.(resize|partition|array2string|array_repr|array_str|set_string_function|base_repr|binary_repr)"
)
_SPELLINGS = (("numpy.", "np."), ("builtins.", ""), ("tf.experimental.numpy.", "tnp."))


@dataclass(frozen=True, slots=True)
class Operation:
    """A call: ``inputs`` holds ``vec`` and ``sca`` for the arguments, ``result`` the kind of what comes out.

    ``unit``: only for arguments between zero and one is it finite. ``pick`` follows the call: ``[0]``, ``.idx``.
    """

    name: str
    inputs: tuple[str, ...]
    result: str
    unit: bool = False
    pick: str = ""

    def text(self, arguments: Sequence[str]) -> str:
        """The call as a program writes it."""
        if self.name.startswith("tf.Tensor."):
            receiver = arguments[0] if arguments[0].isidentifier() else f"({arguments[0]})"
            return f"{receiver}.{self.name[10:]}({', '.join(arguments[1:])}){self.pick}"
        return f"{spelling(self.name)}({', '.join(arguments)}){self.pick}"


def spelling(name: str) -> str:
    """A canonical name as programs write it."""
    for root, written in _SPELLINGS:
        if name.startswith(root):
            return written + name[len(root) :]
    return name


@functools.cache
def names() -> tuple[str, ...]:
    """All names to draw from: canonical ones and aliases, those of TensorFlow's core first."""
    known = load()
    every = [
        name
        for name in (*known.names(), *known.aliases())
        if not _LEFT_OUT.fullmatch(name) and "compat" not in name and _arity(known.get(name)) is not None
    ]
    order = ("tf.math.", "tf.nn.", "tf.Tensor.", "tf.", "numpy.", "math.", "keras.", "builtins.")
    return tuple(
        sorted(
            every,
            key=lambda name: (next(i for i, root in enumerate((*order, "")) if name.startswith(root)), name),
        )
    )


def _arity(entry: OperationFacts | None) -> int | None:
    """How many tensors the call wants, None where that is neither one nor two or nothing was measured."""
    if entry is None or not any(output.effects for case in entry.cases for output in case.outputs):
        return None
    required = [param for param in entry.params if param.required and _positional(param)]
    others = [param for param in entry.params if param.required and not _positional(param)]
    return len(required) if len(required) in (1, 2) and not others else None


def _positional(param: Param) -> bool:
    return param.kind == "positional"


@functools.cache
def operation(name: str) -> Operation | None:
    """What a name is good for, None where it cannot be called with vectors or scalars alone."""
    arity = _arity(load().get(name))
    if arity is None:
        return None
    for kind in ("vec", "sca"):
        inputs = (kind,) * arity
        with _quiet():
            results = [_attempt(name, inputs, sample) for sample in SAMPLES]
        made = [result for result in results if result is not None]
        if not made or len({(result.kind, result.pick) for result in made}) != 1:
            continue
        if made[0].kind and results[0] is not None and results[0].finite:
            unit = len(made) < len(SAMPLES) or not all(result.finite for result in made)
            return Operation(name, inputs, made[0].kind, unit, made[0].pick)
    return None


@dataclass(frozen=True, slots=True)
class _Result:
    kind: str
    finite: bool
    pick: str


def _attempt(name: str, inputs: tuple[str, ...], sample: list[float]) -> _Result | None:
    tf = tensorflow()
    arguments = [tf.constant(sample[place:] + sample[:place]) for place in range(len(inputs))]
    if inputs[0] == "sca":
        arguments = [argument[0] for argument in arguments]
    try:
        with tf.GradientTape() as tape:
            tape.watch(arguments)
            value = _function(name)(*arguments)
    except Exception:  # it is not for such arguments
        return None
    kind, pick = kind_of(value), ""
    if not kind and isinstance(value, tuple) and value:
        value, pick = value[0], "[0]"
        kind = kind_of(value)
    finite = kind not in ("ten", "sca", "arr", "num") or _finite(value)
    if finite and kind in ("ten", "sca"):
        try:
            gradients = tape.gradient(value, arguments)
        except Exception:  # not registered, say: the programs are to show it
            gradients = []
        finite = all(_finite(gradient) for gradient in gradients if gradient is not None)
    return _Result(kind, finite, pick)


def _function(name: str) -> Any:
    import math

    import keras
    import numpy as np

    roots = {"tf": tensorflow(), "numpy": np, "math": math, "keras": keras, "builtins": __builtins__}
    head, *rest = name.split(".")
    found = roots[head]
    for part in rest:
        found = found[part] if isinstance(found, dict) else getattr(found, part)
    return found


def kind_of(value: Any) -> str:
    """The kind of a value that programs compute with, empty for what they have no use for."""
    import numpy as np

    tf = tensorflow()
    if isinstance(value, tf.Tensor):
        shape, dtype = tuple(value.shape), value.dtype
        if dtype == tf.float32:
            return {(3,): "ten", (): "sca"}.get(shape, "")
        if dtype.is_integer:
            return {(3,): "int", (): "index"}.get(shape, "")
        if dtype == tf.bool:
            return {(3,): "bool", (): "flag"}.get(shape, "")
        return ""
    if isinstance(value, np.ndarray) and value.shape == (3,) and value.dtype in (np.float32, np.float64):
        return "arr"
    if isinstance(value, (float, np.float32, np.float64)) and not isinstance(value, bool):
        return "num"
    return ""


def _finite(value: Any) -> bool:
    import numpy as np

    return bool(np.all(np.isfinite(np.asarray(getattr(value, "values", value), dtype=np.float64))))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    # Some calls draw random numbers, which must not change what Hypothesis draws next.
    state = random.getstate()
    nowhere = io.StringIO()
    with warnings.catch_warnings(), contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
        warnings.simplefilter("ignore")
        yield
    random.setstate(state)


#: The groups a name is drawn from, and how often.
GROUPS = ((8, "tf"), (3, "keras"), (2, "tnp"))


@functools.cache
def group(which: str) -> tuple[str, ...]:
    """The names of a group: ``tf``, ``keras``, ``tnp``, ``np``, ``math`` (with the builtins)."""
    return tuple(name for name in names() if _group(name) == which)


def _group(name: str) -> str:
    if name.startswith("tf.experimental.numpy."):
        return "tnp"
    if name.startswith(("tf.keras.", "keras.", "tf.losses.", "tf.metrics.")):
        return "keras"
    root = name.partition(".")[0]
    return {"numpy": "np", "builtins": "math"}.get(root, root)


@functools.cache
def fitting(which: str, start: int, results: tuple[str, ...]) -> Operation | None:
    """The first operation of a group, from a place on, that gives one of the ``results``."""
    candidates = group(which)
    for step in range(len(candidates)):
        found = operation(candidates[(start + step) % len(candidates)])
        if found is not None and found.result in results:
            return found
    return None
