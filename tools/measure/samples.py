"""Sample inputs, and the small language of expressions in which calls are written.

A call is a mapping from parameter to an expression such as ``f(4, 4)`` or ``ints([0, 1])``; the expression is
evaluated anew at every point, with its own random numbers for every parameter.
"""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

#: Intervals from which the generic floating-point samples are drawn. One of them lies in every function's domain.
DOMAINS: Mapping[str, tuple[float, float]] = {"unit": (0.12, 0.88), "signed": (-1.7, 1.9), "big": (1.2, 3.1)}
_WHERE = np.array([[0, 1], [1, 0], [1, 2], [2, 2], [3, 1]], np.int64)


@dataclass(frozen=True)
class Point:
    """Where a call is made.

    ``moved`` names a parameter that is drawn from other random numbers than the rest; with a plus before it, one that
    goes a ``step`` along its direction. ``special`` tells what is put into generic samples: ``zero``, an element
    that is zero. ``integer`` names a parameter that is given
    integers while the others keep the point's dtype; with ``variables`` every tensor is a variable, with ``plain`` a
    Python number or list.
    """

    seed: int = 0
    domain: str = "unit"
    dtype: str = "float32"
    variables: bool = False
    moved: str = ""
    integer: str = ""
    plain: bool = False
    step: float = 0.0
    special: str = ""


@dataclass(frozen=True)
class Float:
    """A floating-point sample: the kind of input through which a gradient can flow."""

    array: np.ndarray[Any, Any]
    wrap: Callable[[Any], Any] | None = None
    variable: bool = False
    #: What is watched, where that is neither the tensor nor the variable wrapped.
    watch: Callable[[Any], Any] | None = None

    def tensor(self, dtype: str, variable: bool) -> Any:
        """The sample as a tensor or a variable. Integers keep the order of magnitude."""
        array = np.asarray(self.array)
        if dtype.startswith("complex"):
            array = array + 1j * array[::-1] * 0.7 if array.ndim else array + 0.3j
        elif dtype.startswith("int"):
            array = np.round(array * 4)
        tensor = tf.constant(array.astype(tf.as_dtype(dtype).as_numpy_dtype))
        return tf.Variable(tensor) if self.variable or (variable and self.wrap is None) else tensor


class Vocabulary:
    """The names an expression may use, bound to one source of random numbers."""

    def __init__(self, seed: int, domain: str, special: str = "") -> None:
        self._special = special
        self._rng = np.random.default_rng(seed)
        self._low, self._high = DOMAINS[domain]

    def names(self) -> dict[str, Any]:
        own = {name: getattr(self, name) for name in dir(self) if not name.startswith("_") and name != "names"}
        return {**own, "tf": tf, "np": np, "Float": Float}

    def _draw(self, low: float, high: float, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
        drawn: np.ndarray[Any, Any] = np.asarray(self._rng.uniform(low, high, shape))
        return drawn

    def f(self, *shape: int) -> Float:
        """Generic numbers from the point's domain."""
        drawn = self._draw(self._low, self._high, shape)
        if self._special == "zero" and drawn.size > 1:
            drawn.flat[0] = 0.0
        return Float(drawn)

    def v(self, *shape: int) -> Float:
        """A variable of generic numbers."""
        return Float(self._draw(self._low, self._high, shape), variable=True)

    def u(self, *shape: int, low: float = 0.12, high: float = 0.88) -> Float:
        """Numbers between ``low`` and ``high`` whatever the domain: probabilities, rates, images."""
        return Float(self._draw(low, high, shape))

    def near(self, value: float) -> Float:
        """A scalar near a parameter's default."""
        return Float(np.asarray(value * self._rng.uniform(0.8, 1.2) if value else self._rng.uniform(0.05, 0.2)))

    def const(self, value: float) -> Float:
        """One very number, where only few will do."""
        return Float(np.asarray(value))

    def spd(self, size: int = 4, *batch: int) -> Float:
        """A symmetric positive definite matrix."""
        a = self._draw(-1, 1, (*batch, size, size))
        return Float(a @ np.swapaxes(a, -1, -2) + 0.5 * np.eye(size))

    def tri(self, size: int = 4) -> Float:
        """A lower triangular matrix with a positive diagonal."""
        return Float(np.linalg.cholesky(self.spd(size).array))

    def prob(self, *shape: int) -> Float:
        """Rows that sum to one."""
        a = self._draw(0.1, 1, shape)
        return Float(a / a.sum(-1, keepdims=True))

    def boxes(self, count: int = 3) -> Float:
        """Boxes ``[y1, x1, y2, x2]`` inside the unit square."""
        a = self._draw(0.05, 0.45, (count, 4))
        return Float(a + np.array([0, 0, 0.5, 0.5]))

    def ordered(self, size: int) -> Float:
        """Numbers in rising order."""
        return Float(np.sort(self._draw(self._low, self._high, (size,))))

    def ragged(self) -> Float:
        """A ragged tensor of three rows."""
        return Float(
            self._draw(self._low, self._high, (6,)),
            lambda t: tf.RaggedTensor.from_row_splits(t, [0, 2, 3, 6]),
        )

    def sparse(self, rows: int = 4, columns: int = 4) -> Float:
        """A sparse matrix of five values."""
        return Float(
            self._draw(self._low, self._high, (5,)),
            lambda t: tf.sparse.SparseTensor(_WHERE, t, np.array([rows, columns], np.int64)),
        )

    def where(self) -> Any:
        """The indices of that matrix."""
        return tf.constant(_WHERE)

    def handle(self, *shape: int) -> Float:
        """The handle of a variable: a gradient is asked for with respect to the variable."""
        return Float(self._draw(self._low, self._high, shape), lambda variable: variable.handle, variable=True)

    def kept(self, *shape: int) -> Float:
        """A variable of Keras; a gradient is asked for with respect to the one it holds."""
        return Float(
            self._draw(self._low, self._high, shape),
            lambda tensor: keras.Variable(tensor, dtype=tensor.dtype.name),
            watch=lambda variable: variable.value,
        )

    def series(self, *shape: int) -> Float:
        """A tensor array that holds a tensor twice."""

        def filled(tensor: Any) -> Any:
            array = tf.TensorArray(tensor.dtype, size=2, clear_after_read=False, element_shape=tensor.shape)
            return array.write(0, tensor).write(1, tensor)

        return Float(self._draw(self._low, self._high, shape), filled)

    def slices(self) -> Float:
        """Indexed slices of a matrix with four rows."""
        return Float(
            self._draw(self._low, self._high, (2, 4)),
            lambda t: tf.IndexedSlices(t, tf.constant([0, 2]), tf.constant([4, 4])),
        )

    def table(self, kind: Any = None) -> Float:
        """A lookup table from the integers 1, 2, 3 to what it was given."""

        def filled(tensor: Any) -> Any:
            keys = tf.constant([1, 2, 3], tf.int64)
            if kind is None:
                pairs = tf.lookup.KeyValueTensorInitializer(keys, tensor)
                return tf.lookup.StaticHashTable(pairs, tf.zeros([], tensor.dtype))
            marks = {"empty_key": -1, "deleted_key": -2} if kind is tf.lookup.experimental.DenseHashTable else {}
            made = kind(tf.int64, tensor.dtype, tf.zeros([], tensor.dtype), **marks)
            made.insert(keys, tensor)
            return made

        return Float(self._draw(self._low, self._high, (3,)), filled)

    def vocabulary(self) -> Any:
        """A table that numbers words."""
        pairs = tf.lookup.KeyValueTensorInitializer(tf.constant(["a", "b"]), tf.constant([0, 1], tf.int64))
        return tf.lookup.StaticVocabularyTable(pairs, 2)

    def ints(self, values: Any) -> Any:
        return tf.constant(values, tf.int32)

    def quantized(self, dtype: str, *shape: int) -> Any:
        """A quantized tensor."""
        width = tf.int32 if dtype.endswith("32") else tf.as_dtype(dtype.replace("q", "", 1))
        numbers: np.ndarray[Any, Any] = np.arange(int(np.prod(shape))).reshape(shape) % 100
        return tf.bitcast(tf.constant(numbers, width), tf.as_dtype(dtype))

    def longs(self, values: Any) -> Any:
        return tf.constant(values, tf.int64)

    def bools(self, values: Any) -> Any:
        return tf.constant(values, tf.bool)

    def mask(self, *shape: int) -> Any:
        """A mask with both values in it, the same at every point."""
        return tf.constant(np.arange(int(np.prod(shape))).reshape(shape) % 3 != 1)

    def strings(self, *values: str) -> Any:
        return tf.constant(list(values)) if len(values) > 1 else tf.constant(values[0])


def direction(array: np.ndarray[Any, Any], number: int) -> np.ndarray[Any, Any]:
    """A generic direction in which a sample can be moved: symmetric and triangular matrices stay what they are."""
    found: np.ndarray[Any, Any] = np.asarray(np.random.default_rng(11 + number).uniform(0.3, 1.0, array.shape))
    if array.ndim >= 2 and array.shape[-1] == array.shape[-2]:
        turned = np.swapaxes(array, -1, -2)
        if np.allclose(array, turned):
            found = (found + np.swapaxes(found, -1, -2)) / 2
        elif not np.any(np.triu(array, 1)):
            found = np.tril(found)
    return found


@dataclass(frozen=True)
class Argument:
    """One argument of a call, and the tensors in it that are watched."""

    value: Any
    watched: tuple[Any, ...]


def evaluate(expression: str, parameter: str, point: Point) -> Argument:
    """The argument an expression stands for at a point."""
    seed = point.seed + (1000 if point.moved == parameter else 0)
    vocabulary = Vocabulary(zlib.crc32(f"{parameter}/{seed}".encode()), point.domain, point.special)
    watched: list[Any] = []

    def tensors(value: Any) -> Any:
        if isinstance(value, Float) and point.plain:
            array = np.asarray(value.array)
            return (np.round(array * 4).astype(np.int64) if "int" in point.dtype else array).tolist()
        if isinstance(value, Float):
            array = np.array(value.array, np.float64)
            if point.moved == f"+{parameter}":
                array = array + point.step * direction(array, len(watched))
            value = dataclasses.replace(value, array=array)
            tensor = value.tensor("int32" if point.integer == parameter else point.dtype, point.variables)
            wrapped = value.wrap(tensor) if value.wrap else tensor
            watched.append(value.watch(wrapped) if value.watch else tensor)
            return wrapped
        if isinstance(value, dict):
            return {key: tensors(item) for key, item in value.items()}
        if type(value) in (list, tuple):
            return type(value)(tensors(item) for item in value)
        return value

    value = tensors(eval(expression, {**vocabulary.names(), "dtype": point.dtype}))
    return Argument(value, tuple(watched))
