"""TFG507: at the numbers with which the program begins a step gives zeros alone, and so nothing changes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.hazards import Unstable, Way
from tfgradlint.rules.base import Break, Quotes, Rule

if TYPE_CHECKING:
    from tfgradlint.flow.verdict.judgements import Reason

_SEEN = {
    Way.ITSELF: "takes a value from itself",
    Way.BEYOND: "bounds what begins beyond the bound",
    Way.BOTH_ZERO: "multiplies zeros with zeros, and both factors wait for the other to change",
}
_REMEDIES = {
    Way.ITSELF: "take it from another value",
    Way.BEYOND: "begin within the bounds",
    Way.BOTH_ZERO: "begin one of the two with random numbers",
}


class StructuralZero(Rule):
    """A step gives zeros alone at the numbers with which the program begins, so that nothing ever changes them.

    ## What it does
    Reports a product of two values that both begin with zeros, as two kernels in a row do, whatever `relu` or `tanh`
    stands between them; `tf.clip_by_value`, `tf.maximum` and `tf.minimum` of a value that begins beyond the bound; and
    `x - x`.

    No finding: one of two kernels begins with zeros; a `sigmoid` stands between them, which gives 0.5; a value that
    begins at the bound itself, or within.

    ## Why it matters
    The gradient of each factor is a multiple of the other one. Where both are zero, both gradients are: the optimizer
    runs, and the weights stay what they were. A bound gives its gradient to what it lets through, and nothing to what
    it cuts off: what begins beyond it stays there.

    ## Example
    ```python
    import tensorflow as tf

    down = tf.Variable(tf.zeros((3, 2)))
    up = tf.Variable(tf.zeros((2, 3)))


    def adapted(x):
        return x + tf.matmul(tf.matmul(x, down), up)  # expect: TFG507


    def train_step(x, y):  # modes: function, jit
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(adapted(x) - y))
        return tape.gradient(loss, [down, up])  # outcome: zero, zero


    print(train_step(tf.constant([[1.0, 2.0, 0.5]]), tf.constant([[0.0, 1.0, 2.0]])))
    ```

    ## Use instead
    One of the two begins with random numbers: the product is still zero, and the other one moves at once.

    ```python
    import tensorflow as tf

    tf.random.set_seed(1)
    down = tf.Variable(tf.random.normal((3, 2)))
    up = tf.Variable(tf.zeros((2, 3)))


    def adapted(x):
        return x + tf.matmul(tf.matmul(x, down), up)


    def train_step(x, y):  # modes: function, jit
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(adapted(x) - y))
        return tape.gradient(loss, up)  # outcome: flows


    print(train_step(tf.constant([[1.0, 2.0, 0.5]]), tf.constant([[0.0, 1.0, 2.0]])))
    ```

    ## References
    - [tf.clip_by_value](https://www.tensorflow.org/api_docs/python/tf/clip_by_value).
    """

    code = "TFG507"
    name = "structural-zero"
    outcome = "zero"
    cause = Cause.STRUCTURAL_ZERO
    with_arguments = True

    def step(self, reason: Reason, quotes: Quotes) -> str:
        written = super().step(reason, quotes)
        return f"{written} {_SEEN[reason.detail.way]}" if isinstance(reason.detail, Unstable) else written

    def remedy(self, reason: Reason, quotes: Quotes) -> str:
        return _REMEDIES[reason.detail.way] if isinstance(reason.detail, Unstable) else ""

    def message(self, broken: Break) -> str:
        """``step`` is the step, and why it gives zeros."""
        return f"{broken.step}: {broken.consequence}; {broken.remedy}"
