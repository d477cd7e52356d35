"""Measures one call at one point: what it returns, and what crosses from each argument to each output."""

from __future__ import annotations

import contextlib
import functools
import itertools
import re
import signal
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import tensorflow as tf

from tools.measure.names import KerasVariable, Target
from tools.measure.samples import Argument, Point, evaluate
from tools.measure.synthesis import Call

#: Different elements of a list argument or of a list output do different things.
MIXED = "mixed"
#: No argument was a tensor, so that none could be handed back.
NO_ALIAS = "-"
_LIMIT_SECONDS = 8
#: Samples that a call may change: variables, tensor arrays, tables.
_CHANGEABLE = re.compile(r"\b(v|kept|handle|series|table|vocabulary)\(")


class TooLong(Exception):
    """A call took longer than a call may."""


class Refused(Exception):
    """A call raised; the cause is the exception."""


@dataclass
class Output:
    """What was seen of one output. ``value`` serves to tell whether the output moves with an argument."""

    kind: str
    dtype: str = ""
    alias: str = ""
    effects: dict[str, str] = field(default_factory=dict)
    second: dict[str, str] = field(default_factory=dict)
    #: The outcome of differentiating the gradient with respect to the one that came from above.
    above: dict[str, str] = field(default_factory=dict)
    of_variable: dict[str, str] = field(default_factory=dict)
    of_complex: dict[str, str] = field(default_factory=dict)
    value: bytes = b""
    #: Arguments whose gradient comes as indexed slices.
    slices: frozenset[str] = frozenset()


@dataclass
class Observation:
    """What was seen of one call."""

    returns: str
    fields: tuple[str, ...]
    outputs: list[Output]
    #: Parameters that were given tensors through which a gradient could flow.
    watched: tuple[str, ...]
    #: Of these, the ones of which a tape does not come to watch a variable by itself.
    unwatched: tuple[str, ...] = ()
    #: The argument whose one element is returned where it is a list of one.
    single: str = ""


@contextlib.contextmanager
def time_limit(seconds: int = _LIMIT_SECONDS) -> Iterator[None]:
    """Ends what takes too long. Calls stuck in native code are ended by the supervising process."""

    def stop(*_: object) -> None:
        raise TooLong

    # Of the processor's time, so that what else the machine does decides nothing.
    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def invoke(target: Target, arguments: Mapping[str, Any]) -> Any:
    """The call itself: by position as far as the parameters are given in a row, then by keyword."""
    positional: list[Any] = []
    keywords: dict[str, Any] = {}
    in_row = True
    for parameter in target.parameters:
        if parameter.name not in arguments:
            in_row = False
        elif parameter.kind == "var_positional":
            positional.extend(arguments[parameter.name])
        elif parameter.kind == "positional" and in_row:
            positional.append(arguments[parameter.name])
        else:
            keywords[parameter.name] = arguments[parameter.name]
    return target.function(*positional, **keywords)


def structure(result: Any) -> tuple[str, tuple[str, ...], list[Any]]:
    """How a result is built: ``returns``, the field names, and the elements."""
    if isinstance(result, tuple) and hasattr(result, "_fields"):
        return "namedtuple", tuple(result._fields), list(result)
    if isinstance(result, tuple) and any(tf.is_tensor(item) or isinstance(item, list) for item in result):
        return "tuple", (), list(result)
    if isinstance(result, tuple) and result and all(isinstance(item, np.ndarray) for item in result):
        return "tuple", (), list(result)
    if isinstance(result, list):
        return "list", (), result
    if hasattr(result, "__next__"):
        return "list", (), list(itertools.islice(result, 50))
    return "single", (), [result]


def kind_of(value: Any) -> str:
    """What sort of thing an output is."""
    if isinstance(value, (tf.Variable, KerasVariable)):
        return "variable"
    if isinstance(value, tf.Tensor):
        # A handle may lead on to what was put behind it: nothing can be said of that here.
        return "other" if value.dtype in (tf.variant, tf.resource) else "tensor"
    if isinstance(value, tf.TensorArray):
        return "tensor_array"
    if isinstance(value, np.ndarray | np.generic):
        return "array"
    if value is None:
        return "none"
    if isinstance(value, tf.RaggedTensor):
        return "ragged"
    if isinstance(value, tf.sparse.SparseTensor):
        return "sparse"
    if isinstance(value, tf.IndexedSlices):
        return "slices"
    if isinstance(value, list | tuple) and value and all(kind_of(item) == "tensor" for item in value):
        return "list"
    if isinstance(value, bool | int | float | complex | str | bytes | tuple | list | tf.TensorShape | tf.DType | type):
        return "python"
    return "other"


def leaves_of(value: Any) -> list[Any]:
    """The dense tensors of an output through which a gradient could come."""
    kind = kind_of(value)
    if kind in ("tensor", "variable"):
        return [value.value if isinstance(value, KerasVariable) else value]
    if kind == "tensor_array":
        # Eagerly an element that is read is the very tensor that was written.
        return [value.read(number) for number in range(int(value.size()))]
    if kind in ("sparse", "slices"):
        return [value.values]
    if kind == "ragged":
        return [value.flat_values]
    return list(value) if kind == "list" else []


def upstream_of(leaf: Any) -> Any:
    """A generic upstream gradient: a plain sum would hide, say, that the outputs of a softmax add up to one."""
    if not (leaf.dtype.is_floating or leaf.dtype.is_complex):
        return None
    rng = np.random.default_rng(7)
    values = rng.uniform(0.4, 1.6, leaf.shape)
    if leaf.dtype.is_complex:
        values = values + 1j * rng.uniform(0.4, 1.6, leaf.shape)
    return tf.cast(tf.constant(values), leaf.dtype)


def word_of(gradient: Any) -> str:
    """The outcome, as a word, of one gradient that came back."""
    if gradient is None:
        return "none"
    # Not np.asarray(tensor): that fails for scalars of dtypes NumPy does not have.
    array = np.array(tf.convert_to_tensor(gradient).numpy())
    if array.dtype.kind not in "fc":
        array = array.astype(np.float64)
    if not np.all(np.isfinite(array)):
        return "nonfinite"
    return "flows" if np.any(array != 0) else "zero"


def _word(gradient: Any, source: Any) -> str:
    # A gradient of another shape than its source's is a fault of the operation: what comes of it varies.
    if isinstance(gradient, tf.Tensor) and isinstance(source, tf.Tensor) and gradient.shape != source.shape:
        return MIXED
    return word_of(gradient)


def unite(words: Collection[str]) -> str:
    return next(iter(words)) if len(set(words)) == 1 else MIXED


def _of_any(words: Collection[str]) -> str:
    """One word for a tensor array, whose elements are asked for together as a rule."""
    return unite([word for word in words if word != "none"] or words)


def _exception(error: BaseException) -> str:
    # An invalid argument may be the sample's fault: that says nothing.
    return MIXED if isinstance(error, tf.errors.OpError) else f"raises:{type(error).__name__}"


class Tapes:
    """Two nested tapes: the inner one gives gradients, the outer one differentiates those again."""

    def __init__(self, inner: Any, outer: Any) -> None:
        self.inner, self.outer = inner, outer

    def first(self, leaf: Any, sources: list[Any], upstream: Any) -> tuple[list[str], list[Any]]:
        """One word and one gradient for every source."""
        try:
            gradients = self.inner.gradient(leaf, sources, output_gradients=upstream)
            return [_word(gradient, source) for gradient, source in zip(gradients, sources, strict=True)], gradients
        except TooLong:
            raise
        except Exception as error:
            if len(sources) == 1:
                return [_exception(error)], [None]
        words, gradients = [], []
        for source in sources:
            word, gradient = self.first(leaf, [source], upstream)
            words += word
            gradients += gradient
        return words, gradients


def _second(tape: Any, gradient: Any, source: Any) -> str:
    """The outcome of differentiating a gradient again, with respect to its own source or to what came from above."""
    try:
        return word_of(tape.gradient(gradient, source, output_gradients=upstream_of(gradient)))
    except TooLong:
        raise
    except Exception as error:
        return _exception(error)


def _measure_leaf(
    tapes: Tapes, leaf: Any, arguments: Mapping[str, Argument], second: bool
) -> tuple[dict[str, str], dict[str, str], dict[str, str], frozenset[str]]:
    """The words for each argument, those of a second derivative with respect to the argument and to the gradient from
    above, and the arguments with a gradient in slices.
    """
    owners = [(name, source) for name, argument in arguments.items() for source in argument.watched]
    if not owners:
        return {}, {}, {}, frozenset()
    upstream = upstream_of(leaf)
    # A tape of its own: what is recorded for the sake of one must not be met by the other.
    third = tf.GradientTape(persistent=True)
    with contextlib.ExitStack() as stack:
        if second:
            stack.enter_context(tapes.outer)
            stack.enter_context(third)
            if upstream is not None:
                third.watch(upstream)
        words, gradients = tapes.first(leaf, [source for _, source in owners], upstream)
        pairs = zip(owners, gradients, strict=True)
        slices = frozenset(name for (name, _), gradient in pairs if isinstance(gradient, tf.IndexedSlices))
        gradients = [None if g is None else tf.convert_to_tensor(g) for g in gradients]
    effects: dict[str, list[str]] = {}
    again: dict[str, list[str]] = {}
    above: dict[str, list[str]] = {}
    for (name, source), word, gradient in zip(owners, words, gradients, strict=True):
        effects.setdefault(name, []).append(word)
        if second and word == "flows":
            again.setdefault(name, []).append(_second(tapes.outer, gradient, source))
            if upstream is not None:
                passed = _second(third, gradient, upstream)
                # That a number is zero or infinite at this point says nothing of what is registered.
                above.setdefault(name, []).append("flows" if passed in ("zero", "nonfinite") else passed)
    united = ({n: unite(w) for n, w in words.items()} for words in (effects, again, above))
    return (*united, slices)  # type: ignore[return-value]


def _alias(value: Any, arguments: Mapping[str, Argument]) -> str:
    tensors = (tf.Tensor, tf.Variable, KerasVariable)
    if not isinstance(value, tensors):
        return ""
    if not any(isinstance(argument.value, tensors) for argument in arguments.values()):
        return NO_ALIAS
    return next((name for name, argument in arguments.items() if argument.value is value), "")


def _value(leaves: list[Any], value: Any) -> bytes:
    if leaves:
        return b"".join(
            np.array(tf.convert_to_tensor(leaf).numpy()).tobytes() for leaf in leaves if leaf.dtype != tf.string
        )
    return repr(value).encode() if isinstance(value, int | float | np.ndarray | np.generic) else b""


@functools.lru_cache(maxsize=4096)
def _trial_argument(text: str, dtype: str) -> Any:
    return evaluate(text, "trial", Point(dtype=dtype)).value


def forget_arguments() -> None:
    """To be called before another callable is measured: one may have changed what it was given."""
    _trial_argument.cache_clear()


def attempt(target: Target, call: Call, dtype: str) -> Any:
    """Only makes the call, to see whether it can be made. Raises :class:`Refused`."""
    tf.random.set_seed(4)
    with time_limit():
        try:
            kept = () if "Inplace" in target.name else call.items()
            cached = {n: _trial_argument(t, dtype) for n, t in kept if not _CHANGEABLE.search(t)}
            fresh = {n: evaluate(t, n, Point(dtype=dtype)).value for n, t in call.items() if n not in cached}
            result = invoke(target, {**cached, **fresh})
            leaves = [leaf for element in structure(result)[2] for leaf in leaves_of(element)]
            floating = [leaf for leaf in leaves if leaf.dtype.is_floating or leaf.dtype.is_complex]
            if floating and not any(int(tf.size(leaf)) for leaf in floating):
                raise ValueError("all that comes out is empty")
            return result
        except TooLong:
            raise
        except Exception as error:
            raise Refused from error


def observe(target: Target, call: Call, point: Point, gradients: bool = True, second: bool = False) -> Observation:
    """Makes a call at a point under nested tapes and looks at what comes back. Raises :class:`Refused`."""
    tf.random.set_seed(4)
    outer, inner = tf.GradientTape(persistent=True), tf.GradientTape(persistent=True)
    with time_limit():
        try:
            # Some samples are objects that are made of tensors, and not of every dtype.
            arguments = {name: evaluate(text, name, point) for name, text in call.items()}
            sources = [source for argument in arguments.values() for source in argument.watched]
            with outer, inner:
                for source in sources:
                    if source.dtype.is_floating or source.dtype.is_complex:
                        outer.watch(source)
                        inner.watch(source)
                result = invoke(target, {name: argument.value for name, argument in arguments.items()})
                returns, fields, elements = structure(result)
        except TooLong:
            raise
        except Exception as error:
            raise Refused from error
        tapes = Tapes(inner, outer)
        outputs = []
        for element in elements:
            leaves = leaves_of(element)
            kind = kind_of(element)
            output = Output(kind, alias=_alias(element, arguments), value=_value(leaves, element))
            if leaves:
                output.dtype = leaves[0].dtype.name
            elif kind == "array":
                output.dtype = element.dtype.name
            if gradients and leaves:
                seen = [_measure_leaf(tapes, leaf, arguments, second) for leaf in leaves]
                together = _of_any if kind == "tensor_array" else unite
                output.effects = {n: together([s[0][n] for s in seen]) for n in seen[0][0]}
                output.second = {n: unite([s[1].get(n, "") for s in seen]) for n in seen[0][1]}
                output.above = {n: unite([s[2].get(n, "") for s in seen]) for n in seen[0][2]}
                output.slices = frozenset[str]().union(*(s[3] for s in seen))
            elif kind in ("array", "python"):
                output.effects = {name: "none" for name, argument in arguments.items() if argument.watched}
            outputs.append(output)
    if returns == "list" and len(outputs) > 0:
        returns, outputs = "sequence", [merge(outputs)]
    return Observation(returns, fields, outputs, tuple(n for n, a in arguments.items() if a.watched))


def merge(outputs: list[Output]) -> Output:
    """One output that describes every element of a list."""
    first = outputs[0]
    if len({output.kind for output in outputs}) > 1:
        return Output("other")
    return Output(
        first.kind,
        unite([output.dtype for output in outputs]).replace(MIXED, ""),
        "",
        {name: unite([o.effects.get(name, "") for o in outputs]) for name in first.effects},
        {name: unite([o.second.get(name, "") for o in outputs]) for name in first.second},
        {name: unite([o.above.get(name, "") for o in outputs]) for name in first.above},
        {},
        {},
        b"".join(output.value for output in outputs),
        frozenset[str]().union(*(output.slices for output in outputs)),
    )


def unwatched(target: Target, call: Call) -> tuple[str, ...]:
    """The arguments of which a tape that was told nothing does not watch the variables that they are or hold.

    Raises :class:`Refused`.
    """
    tf.random.set_seed(4)
    with time_limit():
        try:
            arguments = {name: evaluate(text, name, Point(variables=True)) for name, text in call.items()}
            with tf.GradientTape() as tape:
                invoke(target, {name: argument.value for name, argument in arguments.items()})
        except TooLong:
            raise
        except Exception as error:
            raise Refused from error
    seen = {id(variable) for variable in tape.watched_variables()}
    return tuple(
        name
        for name, argument in arguments.items()
        if any(isinstance(source, tf.Variable) and id(source) not in seen for source in argument.watched)
    )


def handed_through(target: Target, call: Call, name: str) -> bool:
    """Whether a call that is given a list of one tensor returns that very tensor. Raises :class:`Refused`."""
    with time_limit():
        try:
            arguments = {n: evaluate(text, n, Point()) for n, text in call.items()}
            element = arguments[name].watched[0]
            values = {n: argument.value for n, argument in arguments.items()}
            return invoke(target, {**values, name: [element]}) is element
        except TooLong:
            raise
        except Exception as error:
            raise Refused from error
