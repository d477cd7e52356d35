"""TFG107: a variable's name was re-bound to a tensor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from tfgradlint.flow.graph.breaks import Rebinding
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.rules.base import Break, Quotes, Rule

if TYPE_CHECKING:
    from tfgradlint.analysis.results import Fix
    from tfgradlint.fixing.scene import Scene
    from tfgradlint.flow.verdict.judgements import Reason


class ReboundVariable(Rule):
    """The name of a variable is re-bound to a tensor, and a later tape is asked for its gradient.

    ## What it does
    Reports the assignment that puts a tensor where a `tf.Variable` was, such as `w = w - rate * gradient`,
    when a later request asks for the gradient with respect to that name, attribute or list entry.
    `w = w.assign_sub(...)` is the same mistake: what it returns is not a variable that a tape watches.

    It also reports `w -= ...`, `w += ...`, `w *= ...`, `w /= ...` and `w **= ...` on a `tf.Variable`:
    TensorFlow refuses them at once with a `RuntimeError`.

    Re-binding a name is no finding when the new value is a variable again, when the tape watches the
    tensor, when the same tape recorded how it was computed, or when no later request asks for it.

    ## Why it matters
    The first step of the training loop works, so the loop looks right. From the second step on the
    gradient is `None`, because a tape watches variables by itself and tensors only when told to.

    ## Example
    ```python
    import tensorflow as tf

    inputs, targets = tf.constant([1.0, 2.0, 3.0]), tf.constant([2.0, 4.0, 6.0])


    def fit(w, steps=3, rate=0.05):  # modes: function, jit
        for _ in range(steps):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((w * inputs - targets) ** 2)
            gradient = tape.gradient(loss, w)  # outcome: flows | none
            if gradient is None:
                break
            w = w - rate * gradient  # expect: TFG107
        return w


    print(fit(tf.Variable(0.5)))
    ```

    ## Use instead
    Change the variable in place, and leave the name alone.

    ```python
    import tensorflow as tf

    inputs, targets = tf.constant([1.0, 2.0, 3.0]), tf.constant([2.0, 4.0, 6.0])


    def fit(w, steps=3, rate=0.05):  # modes: function, jit
        for _ in range(steps):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((w * inputs - targets) ** 2)
            gradient = tape.gradient(loss, w)  # outcome: flows
            w.assign_sub(rate * gradient)
        return w


    print(fit(tf.Variable(0.5)))
    ```

    Where the values have to be tensors, as in the inner loop of a meta-learner, call `tape.watch(w)` in
    every step.

    ## References
    - [Introduction to gradients and automatic differentiation](https://www.tensorflow.org/guide/autodiff),
      on getting a gradient of `None` after a variable was replaced with a tensor.
    - [`tf.Variable`](https://www.tensorflow.org/api_docs/python/tf/Variable): `assign`, `assign_add`,
      `assign_sub`.
    """

    code = "TFG107"
    name = "rebound-variable"
    outcome = "none"
    cause = Cause.REBOUND_VARIABLE

    def subject(self, reason: Reason, quotes: Quotes) -> str:
        statement = reason.site.statement
        if isinstance(statement, cst.SimpleStatementLine) and isinstance(statement.body[0], cst.AugAssign):
            return quotes.code(statement.body[0].target)
        return ""

    def message(self, broken: Break) -> str:
        """``detail``: a :class:`Rebinding`. A ``w -= ...`` that raises has no request."""
        name = broken.source or "the name"
        if broken.detail is Rebinding.AUGMENTED:
            return (
                f"augmented assignment to the tf.Variable {broken.source or broken.step} {broken.result}; "
                "use its assign_sub(), assign_add() or assign()"
            )
        return (
            f"{name} holds a tensor from here on, where it held a tf.Variable: {broken.consequence}; "
            "keep the variable and update it with assign_sub() or assign()"
        )

    def fix(self, broken: Break, scene: Scene) -> Fix | None:
        """Safe: the update that was meant, in place."""
        from tfgradlint.fixing.updates import in_place

        return in_place(scene)
