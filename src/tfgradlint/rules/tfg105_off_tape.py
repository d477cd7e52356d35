"""TFG105: a step between source and target was computed while the tape was not recording."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfgradlint.flow.graph.breaks import Gap
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.details import Detail
from tfgradlint.rules.base import Break, Rule

if TYPE_CHECKING:
    from tfgradlint.analysis.results import Fix
    from tfgradlint.fixing.scene import Scene

#: What was seen and what to do.
_GAPS: dict[Detail | None, tuple[str, str]] = {
    Gap.BEFORE: ("was computed before the tape started", "compute it inside the tape's with block"),
    Gap.AFTER: ("was computed after the tape had stopped", "compute it inside the tape's with block"),
    Gap.RESET: ("was computed before tape.reset()", "compute it after the reset, or do without it"),
    Gap.STOPPED: ("was computed under stop_recording()", "take it out of the stop_recording() block"),
    Gap.LIFTED: ("was computed in tf.init_scope(), where no tape records", "take it out of the init_scope() block"),
    Gap.APART: (
        "was computed in a thread of a replica, where only tapes record that are opened there",
        "open the tape in the function that strategy.run() is given, or make that a tf.function",
    ),
    Gap.OTHER_TAPE: (
        "was computed while only another tape recorded",
        "compute it inside this tape's with block too",
    ),
}
_ANY_GAP = ("was computed while the tape did not record", "compute it inside the tape's with block")


class OffTape(Rule):
    """A step between source and target was computed while the tape was not recording.

    ## What it does
    Reports the first step from the source to the target that no path can do without and that was computed
    before the tape's `with` block, after it, under `stop_recording`, in the block of another tape, or in the
    threads in which a mirrored strategy runs a function around which the tape stands. A function that is called
    outside the block may be sound in itself, so the finding is at the call that has to move. The commonest case is a
    slice or a cast of a variable that is taken once, before the training loop. A gradient that was asked for outside
    the block and is then differentiated itself is such a step too.

    ## Why it matters
    For the tape such a result is a constant. The request returns `None` (`batch_jacobian` returns zeros),
    while the loss looks right and other variables may well go on learning. Where another path carries the
    gradient (targets computed with frozen weights, normalisers, log lines) nothing is reported.

    ## Example
    The transition matrix is built from the raw weights once, before the loop:

    ```python
    import tensorflow as tf

    raw = tf.Variable([[0.2, -0.4], [0.1, 0.9]])


    def run_chain(matrix, start, turns):
        state = start
        for _ in range(turns):
            state = tf.linalg.matvec(matrix, state, transpose_a=True)
        return state


    def train(start, wanted, steps=2, rate=0.5):
        transition = tf.nn.softmax(raw)  # expect: TFG105
        for _ in range(steps):
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum(tf.square(run_chain(transition, start, turns=2) - wanted))
            slope = tape.gradient(loss, raw)  # outcome: none
            if slope is not None:
                raw.assign_sub(rate * slope)
        return loss


    print(train(tf.constant([1.0, 0.0]), tf.constant([0.3, 0.7])))
    ```

    ## Use instead
    Compute everything between source and target inside the block, anew for each tape:

    ```python
    import tensorflow as tf

    raw = tf.Variable([[0.2, -0.4], [0.1, 0.9]])


    def run_chain(matrix, start, turns):
        state = start
        for _ in range(turns):
            state = tf.linalg.matvec(matrix, state, transpose_a=True)
        return state


    def train(start, wanted, steps=2, rate=0.5):
        for _ in range(steps):
            with tf.GradientTape() as tape:
                transition = tf.nn.softmax(raw)
                loss = tf.reduce_sum(tf.square(run_chain(transition, start, turns=2) - wanted))
            slope = tape.gradient(loss, raw)  # outcome: flows
            raw.assign_sub(rate * slope)
        return loss


    print(train(tf.constant([1.0, 0.0]), tf.constant([0.3, 0.7])))
    ```

    ## References
    - [Introduction to gradients](https://www.tensorflow.org/guide/autodiff), "Getting a gradient of None".
    - [Advanced automatic differentiation](https://www.tensorflow.org/guide/advanced_autodiff), "Controlling
      gradient recording".
    """

    code = "TFG105"
    name = "off-tape"
    outcome = "none"
    cause = Cause.OFF_TAPE
    with_arguments = True

    def message(self, broken: Break) -> str:
        """``step`` names what was computed; ``detail``: a :class:`Gap`."""
        seen, _ = _GAPS.get(broken.detail, _ANY_GAP)
        return f"{broken.step} {seen}: {broken.consequence}; {self.advice(broken)}"

    def advice(self, broken: Break) -> str:
        return _GAPS.get(broken.detail, _ANY_GAP)[1]

    def fix(self, broken: Break, scene: Scene) -> Fix | None:
        """Safe: the same steps, recorded."""
        from tfgradlint.fixing import tapes

        return tapes.record(scene)
