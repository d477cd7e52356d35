"""The log that programs write while they run, in eager mode and inside graphs alike.

What is known while a graph is traced has no value yet: the operations that judge it are put into the graph
and write into a variable, which works in loops, in branches and under XLA alike, where callbacks do not.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import Any

#: The number of gradients that one row holds.
WIDTH = 32

#: The number of rows that programs of the evidence need at most.
_ROWS = 4096
_CODES = ("none", "zero", "nonfinite", "flows")


@dataclass(slots=True)
class Log:
    """Rows of words for gradients. An entry is what was traced; each run of its graph writes a row.

    Its variables are made when the first entry is: a program may have to set up its devices before. When ``capacity``
    rows are written, what comes then is only counted.
    """

    tf: Any
    capacity: int = _ROWS
    entries: list[Any] = field(default_factory=list)
    _rows: Any = None
    _cursor: Any = None

    def enter(self, entry: Any, gradients: list[Any]) -> None:
        """Add an entry, and to the graph that is being traced the operations that write its rows."""
        tf = self.tf
        if self._rows is None:
            with tf.init_scope():
                self._rows, self._cursor = _variables(self.capacity)
                self._rows.assign(tf.zeros_like(self._rows))
                self._cursor.assign(0)
        self.entries.append(entry)
        codes = [0 if gradient is None else self.code(gradient) for gradient in gradients[:WIDTH]]
        row = tf.stack([len(self.entries) - 1, *codes, *[0] * (WIDTH - len(codes))])
        place = tf.minimum(self._cursor.read_value(), self.capacity)
        self._rows.scatter_nd_update([[place]], [row])
        self._cursor.assign_add(1)

    def clear(self) -> None:
        """Forget the rows; the entries stay, as their graphs may run again."""
        if self._cursor is not None:
            with self.tf.init_scope():
                self._cursor.assign(0)

    def rows(self, first: int = 0) -> list[tuple[int, list[str]]]:
        """What was written so far, from a row on: the number of the entry, and a word for each gradient."""
        end = min(self.position(), self.capacity)
        if end <= first:
            return []
        with self.tf.init_scope():
            written = self._rows[first:end].numpy()
        return [(int(row[0]), [_CODES[code] for code in row[1:]]) for row in written]

    def position(self) -> int:
        """The number of rows written so far."""
        if self._cursor is None:
            return 0
        with self.tf.init_scope():
            return int(self._cursor.numpy())

    def word(self, gradient: Any) -> str:
        """What an eager gradient is."""
        return "none" if gradient is None else _CODES[int(self.code(gradient))]

    def code(self, gradient: Any) -> Any:
        """The index into the words, as a tensor."""
        tf = self.tf
        value = gradient
        for name in ("values", "flat_values"):  # IndexedSlices and SparseTensor; RaggedTensor
            if not tf.is_tensor(value) or hasattr(value, "dense_shape") or hasattr(value, "flat_values"):
                value = getattr(value, name, value)
        value = tf.convert_to_tensor(value)
        parts = [tf.math.real(value), tf.math.imag(value)] if value.dtype.is_complex else [value]
        # Of a gradient without elements none is zero.
        nonzero = tf.reduce_any([tf.reduce_any(tf.not_equal(part, 0)) for part in parts]) | (tf.size(value) == 0)
        code = tf.where(nonzero, 3, 1)
        if value.dtype.is_floating or value.dtype.is_complex:
            finite = tf.reduce_all([tf.reduce_all(tf.math.is_finite(part)) for part in parts])
            code = tf.where(finite, code, 2)
        return code


@functools.cache
def _variables(capacity: int) -> tuple[Any, Any]:
    import tensorflow as tf

    rows = tf.Variable(tf.zeros([capacity + 1, 1 + WIDTH], tf.int32), trainable=False)
    cursor = tf.Variable(0, trainable=False)
    return rows, cursor
