"""TFG102: the source was made for the request."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tfgradlint.flow.graph.breaks import Derived, StandIn
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.rules.base import Break, Quotes, Rule

if TYPE_CHECKING:
    import libcst as cst

    from tfgradlint.analysis.results import Fix
    from tfgradlint.fixing.scene import Scene
    from tfgradlint.flow.verdict.judgements import Reason


class DerivedSource(Rule):
    """The source was derived for the request from what the target was computed from.

    ## What it does
    Reports a slice, a cast, a reshape, `tf.identity`, `.value()`, `.read_value()` or the like that is handed
    to a gradient request although the target was not computed from it, only from the tensor or variable
    that it was made from. A `tf.function` that is given a variable of Keras 3 gets a tensor of its own for it: as a
    source it is derived too.

    ## Why it matters
    A tape tells tensors apart by identity, not by their numbers. `x[1:3]` is a new tensor each time it is
    written, and a path from the target ends at the tensors that were really used. The request returns
    `None` (`batch_jacobian` returns zeros). A slice taken inside the tape is a good source when the target
    is computed from that very slice, and `tf.cast` to the dtype that is there already gives back the tensor
    itself, so neither is reported.

    ## Example
    The loss reads the whole variable; the two rows are cut out afterwards:

    ```python
    import tensorflow as tf

    embeddings = tf.Variable(tf.random.stateless_normal((4, 3), seed=(1, 2)))


    def loss_of(words):
        return tf.reduce_sum(tf.square(tf.gather(embeddings, words)))


    with tf.GradientTape() as tape:
        loss = loss_of([0, 1, 1])
    rows = tape.gradient(loss, embeddings[:2])  # outcome: none  # expect: TFG102
    print(rows)
    ```

    ## Use instead
    Ask for the gradient of what was used and cut that, or compute the loss from the slice:

    ```python
    import tensorflow as tf

    embeddings = tf.Variable(tf.random.stateless_normal((4, 3), seed=(1, 2)))


    def loss_of(table, words):
        return tf.reduce_sum(tf.square(tf.gather(table, words)))


    with tf.GradientTape(persistent=True) as tape:
        loss = loss_of(embeddings, [0, 1, 1])
        head = embeddings[:2]
        loss_of_head = loss_of(head, [0, 1, 1])
    rows = tf.convert_to_tensor(tape.gradient(loss, embeddings))[:2]  # outcome: flows
    same_rows = tf.convert_to_tensor(tape.gradient(loss_of_head, head))  # outcome: flows
    print(rows, same_rows)
    ```

    ## References
    - [Introduction to gradients](https://www.tensorflow.org/guide/autodiff): how a tape finds its way from a
      target to a source.
    - [`tf.GradientTape`](https://www.tensorflow.org/api_docs/python/tf/GradientTape)
    """

    code = "TFG102"
    name = "derived-source"
    outcome = "none"
    cause = Cause.DERIVED_SOURCE
    with_arguments = True

    def step(self, reason: Reason, quotes: Quotes) -> str:
        """The step that made the source: with its line where it does not stand in the request."""
        detail = reason.detail
        if not isinstance(detail, Derived) or detail.step.expression is None:
            return super().step(reason, quotes)
        text = quotes.text(detail.step.expression)
        return text if detail.step == reason.site else f"{text} {quotes.where(detail.step)}"

    def remedy(self, reason: Reason, quotes: Quotes) -> str:
        detail = reason.detail
        return _instead(detail.step.expression, quotes) if isinstance(detail, Derived) else ""

    def message(self, broken: Break) -> str:
        """``step`` names the derivation, or, with a :class:`StandIn`, the call of the compiled function."""
        if broken.detail is StandIn.KERAS_VARIABLE:
            return (
                f"{broken.step} gives the compiled function a tensor made of the Keras variable, which the target was "
                f"not computed from: {broken.consequence}; let the function read the variable itself"
            )
        return (
            f"{broken.step} is a new tensor that the target was not computed from: {broken.consequence}; "
            f"{broken.remedy or _IN_GENERAL}"
        )

    def fix(self, broken: Break, scene: Scene) -> Fix | None:
        """Safe where the derived tensor is the original in another guise: ask for the original."""
        from tfgradlint.fixing.derived import original

        return original(replace(scene, site=broken.detail.step) if isinstance(broken.detail, Derived) else scene)


_IN_GENERAL = "ask for the gradient of the original and slice, cast or reshape the result"
#: What gives the very values of its first argument, or of its object, in another form or dtype.
_RESHAPING = frozenset({"reshape", "transpose", "squeeze", "expand_dims", "cast", "reverse", "gather", "slice"})
_SAME = frozenset({"identity", "convert_to_tensor", "constant", "value", "read_value"})


def _instead(derivation: cst.CSTNode | None, quotes: Quotes) -> str:
    """What to ask for, where the derivation is a slice, or gives the values of one tensor in another form."""
    import libcst as cst

    if isinstance(derivation, cst.Subscript):
        index = quotes.code(derivation).strip()[len(quotes.code(derivation.value)) :]
        taken = f"take {index} of that" if "\n" not in index and derivation.value.lpar == () else "slice that"
        return f"ask for the gradient of {quotes.text(derivation.value)}, and {taken}"
    if not isinstance(derivation, cst.Call) or not isinstance(derivation.func, cst.Attribute):
        return ""
    name = derivation.func.attr.value
    made_of = derivation.args[0].value if derivation.args and not derivation.args[0].star else derivation.func.value
    if name in _SAME:
        return f"ask for the gradient of {quotes.text(made_of)} itself"
    if name in _RESHAPING and derivation.args:
        return f"ask for the gradient of {quotes.text(made_of)}, and apply {quotes.text(derivation.func)}() to that"
    return ""
