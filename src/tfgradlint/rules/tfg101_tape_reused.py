"""TFG101: a second request on a tape that keeps its recording for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfgradlint.flow.graph.breaks import Reuse
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.rules.base import Break, Quotes, Rule

if TYPE_CHECKING:
    from tfgradlint.analysis.results import Fix
    from tfgradlint.fixing.scene import Scene
    from tfgradlint.flow.verdict.judgements import Reason


class TapeReused(Rule):
    """A tape that is not persistent is asked for gradients a second time.

    ## What it does
    Reports the second call of `gradient`, `jacobian` or `batch_jacobian` on one recording of a
    `tf.GradientTape` that was made without `persistent=True`: two calls in a row, a call in a loop or a
    comprehension around a tape that was opened before it, a call in a helper that gets a used tape; and one
    `jacobian` or `batch_jacobian` that asks for one element after the other (`experimental_use_pfor=False`
    outside of a `tf.function`, `batch_jacobian` with `parallel_iterations`).

    Silent are a new tape for each step under the same name, a tape that is entered again before it is
    asked again (a new recording), and two calls of which a run takes only one (`if` and `else`).

    ## Why it matters
    An ordinary tape frees what it recorded during its first request. The second one raises
    `RuntimeError: A non-persistent GradientTape can only be used to compute one set of gradients (or
    jacobians)`, often late: in the second epoch, or in the branch that logs the gradient's norm.

    ## Example
    ```python
    import tensorflow as tf

    actor = tf.Variable([[0.3], [-0.2]])
    critic = tf.Variable([[0.1], [0.4]])


    def train_step(states, returns):  # modes: function, jit
        with tf.GradientTape() as tape:
            values = tf.matmul(states, critic)
            actions = tf.tanh(tf.matmul(states, actor))
            actor_loss = -tf.reduce_mean(actions * tf.stop_gradient(returns - values))
            critic_loss = tf.reduce_mean(tf.square(returns - values))
        d_actor = tape.gradient(actor_loss, actor)  # outcome: flows
        d_critic = tape.gradient(critic_loss, critic)  # outcome: raises:RuntimeError  # expect: TFG101
        actor.assign_sub(0.1 * d_actor)
        critic.assign_sub(0.1 * d_critic)


    train_step(tf.constant([[1.0, 2.0], [0.5, -1.0]]), tf.constant([[1.0], [0.0]]))
    ```

    ## Use instead
    `persistent=True` where the targets differ (delete the tape afterwards: it holds the whole recording).
    Where one target has several sources, ask once with all of them, which costs less:
    `tape.gradient(loss, [kernel, bias])`.

    ```python
    import tensorflow as tf

    actor = tf.Variable([[0.3], [-0.2]])
    critic = tf.Variable([[0.1], [0.4]])


    def train_step(states, returns):  # modes: function, jit
        with tf.GradientTape(persistent=True) as tape:
            values = tf.matmul(states, critic)
            actions = tf.tanh(tf.matmul(states, actor))
            actor_loss = -tf.reduce_mean(actions * tf.stop_gradient(returns - values))
            critic_loss = tf.reduce_mean(tf.square(returns - values))
        d_actor = tape.gradient(actor_loss, actor)  # outcome: flows
        d_critic = tape.gradient(critic_loss, critic)  # outcome: flows
        del tape
        actor.assign_sub(0.1 * d_actor)
        critic.assign_sub(0.1 * d_critic)


    train_step(tf.constant([[1.0, 2.0], [0.5, -1.0]]), tf.constant([[1.0], [0.0]]))
    ```

    ## References
    - [`tf.GradientTape`](https://www.tensorflow.org/api_docs/python/tf/GradientTape), argument `persistent`
    """

    code = "TFG101"
    name = "tape-reused"
    outcome = "raises:RuntimeError"
    cause = Cause.TAPE_REUSED

    def step(self, reason: Reason, quotes: Quotes) -> str:
        earlier = reason.steps[0] if reason.steps else None
        if earlier is None or earlier.expression is None:
            return super().step(reason, quotes)
        return f"{quotes.text(earlier.expression)} {quotes.where(earlier)}"

    def message(self, broken: Break) -> str:
        """``step`` is the earlier request, as in ``tape.gradient(loss, w) on line 9``.

        ``detail``: a :class:`Reuse`.
        """
        if broken.detail is Reuse.BY_ELEMENT:
            return (
                "the tape is not persistent and this request asks it for one element after the other: "
                f"{broken.consequence}; use tf.GradientTape(persistent=True)"
            )
        if broken.step == broken.requested:
            earlier = " by the same request before"
        else:
            earlier = f" by {broken.step}" if broken.step else ""
        return (
            f"the tape is not persistent and was used up{earlier}: {broken.consequence}; "
            "ask once for all sources, or use tf.GradientTape(persistent=True)"
        )

    def fix(self, broken: Break, scene: Scene) -> Fix | None:
        """Safe: a persistent tape may be asked as often as is wanted."""
        from tfgradlint.fixing import tapes

        return tapes.keep(scene)
