"""TFG114: a method that tapes do not have."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import libcst as cst

from tfgradlint.flow.graph.causes import Cause
from tfgradlint.rules.base import Break, Rule

if TYPE_CHECKING:
    from tfgradlint.analysis.results import Fix
    from tfgradlint.fixing.scene import Scene

_METHODS = ("gradient", "jacobian", "batch_jacobian", "watch", "watched_variables", "reset", "stop_recording")
#: What other libraries, or older versions, call it.
_ELSEWHERE = {"grad": "gradient", "backward": "gradient", "compute_gradients": "gradient", "hessian": "jacobian"}


class NoSuchMethod(Rule):
    """A method is called on a tape that tapes do not have.

    ## What it does
    Reports the call of a method that `tf.GradientTape` does not have: `tape.gradients`, `tape.grad`,
    `tape.jacobians`, `tape.hessian`, `tape.watch_variables`.

    No finding where the program asks with `hasattr` first or handles the exception, and for objects of another class
    that happen to be called `tape`.

    ## Why it matters
    The call raises `AttributeError: 'GradientTape' object has no attribute 'gradients'`, in a `tf.function` when the
    function is traced. `tf.gradients`, the function for graphs, is written in the plural; the tape's method is not.

    ## Example
    ```python
    import tensorflow as tf

    kernel = tf.Variable([[0.3], [-0.2]])
    x = tf.constant([[1.0, 2.0], [0.5, -1.0]])


    def train_step(rate):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(x @ kernel - 1.0))
        gradients = tape.gradients(loss, [kernel])  # expect: TFG114  # raises: AttributeError
        kernel.assign_sub(rate * gradients[0])
        return loss


    print(train_step(0.1))
    ```

    ## Use instead
    ```python
    import tensorflow as tf

    kernel = tf.Variable([[0.3], [-0.2]])
    x = tf.constant([[1.0, 2.0], [0.5, -1.0]])


    def train_step(rate):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(x @ kernel - 1.0))
        gradients = tape.gradient(loss, [kernel])  # outcome: flows
        kernel.assign_sub(rate * gradients[0])
        return loss


    print(train_step(0.1))
    ```

    ## References
    - [`tf.GradientTape`](https://www.tensorflow.org/api_docs/python/tf/GradientTape), methods.
    """

    code = "TFG114"
    name = "no-such-method"
    outcome = "raises:AttributeError"
    cause = Cause.NO_SUCH_METHOD

    def message(self, broken: Break) -> str:
        """``operation`` is the method's name."""
        meant = _meant(broken.operation)
        remedy = f"the tape's method is {meant}()" if meant else f"tapes have {', '.join(_METHODS)}"
        return f"{broken.step} {broken.result}: tapes have no {broken.operation}; {remedy}"

    def fix(self, broken: Break, scene: Scene) -> Fix | None:
        """Safe where it is known which method was meant."""
        from tfgradlint.analysis.results import Fix

        call = scene.call
        if call is None or not isinstance(call.func, cst.Attribute):
            return None
        meant = _meant(broken.operation, len(call.args))
        if not meant:
            return None
        return Fix("safe", f"call {meant}()", (scene.code.replace(call.func.attr, meant),))


def _meant(name: str, given: int | None = None) -> str:
    """The method that has nearly this name, or stands for it, and takes as many arguments as were given."""
    near = [_ELSEWHERE.get(name, ""), *difflib.get_close_matches(name, _METHODS, 3, 0.7)]
    return next((each for each in near if each and (given is None or _takes(each, given))), "")


def _takes(method: str, given: int) -> bool:
    least = {"watch": 1, "watched_variables": 0, "reset": 0, "stop_recording": 0}.get(method, 2)
    return given >= least if least == 2 else given == least
