"""TFG109: `watch` on something that is not a tensor."""

from __future__ import annotations

from tfgradlint.flow.graph.breaks import NonTensor
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.details import Detail
from tfgradlint.rules.base import Break, Rule

#: What was given, and what to do instead.
_KINDS: dict[Detail | None, tuple[str, str]] = {
    NonTensor.ARRAY: (
        "a NumPy array or scalar",
        "make it a tensor with tf.convert_to_tensor() first, and watch and use that tensor",
    ),
    NonTensor.NUMBER: (
        "a Python number",
        "make it a tensor with tf.constant() first, and watch and use that tensor",
    ),
    NonTensor.KERAS_VARIABLE: (
        "a keras.Variable",
        "leave the call out if the variable is trainable, else watch its .value",
    ),
}
_OTHER = ("no tensor", "watch tensors and tf.Variables, converted before the tape uses them")


class WatchedArray(Rule):
    """A tape is told to watch an array, a number or a `keras.Variable`.

    ## What it does
    Reports a call of a tape's `watch()` with a NumPy array, a Python number or a `keras.Variable`, alone or
    inside a list, a tuple or a dictionary. Tensors, `tf.Variable`s and nests of them are what it takes.

    The array that was handed to a `tf.function` as an argument is a tensor inside it, and can be watched
    there. A number stays a number.

    ## Why it matters
    The call raises `ValueError` at once: `Passed in object ... of type 'ndarray', not tf.Tensor or
    tf.Variable or ExtensionType`. To convert the array inside the call is no help: then the copy is
    watched, while the computation and the request use the array.

    A trainable `keras.Variable` needs no `watch()`, the tape follows it by itself. One that is not trainable
    is watched through its `.value`.

    ## Example
    ```python
    import numpy as np
    import tensorflow as tf

    kernel = tf.Variable([[0.2, -0.4], [0.7, 0.1], [-0.3, 0.5]])
    pictures = np.array([[0.1, 0.9, 0.4], [0.8, 0.2, 0.3]], dtype="float32")


    def saliency(picture):
        with tf.GradientTape() as tape:
            tape.watch(picture)  # expect: TFG109  # raises: ValueError
            score = tf.reduce_max(tf.linalg.matvec(kernel, picture, transpose_a=True))
        return tf.abs(tape.gradient(score, picture))


    for picture in pictures:
        print(saliency(picture))
    ```

    ## Use instead
    Make the tensor first, then watch it, compute with it and ask for it:

    ```python
    import numpy as np
    import tensorflow as tf

    kernel = tf.Variable([[0.2, -0.4], [0.7, 0.1], [-0.3, 0.5]])
    pictures = np.array([[0.1, 0.9, 0.4], [0.8, 0.2, 0.3]], dtype="float32")


    def saliency(picture):
        picture = tf.convert_to_tensor(picture)
        with tf.GradientTape() as tape:
            tape.watch(picture)
            score = tf.reduce_max(tf.linalg.matvec(kernel, picture, transpose_a=True))
        return tf.abs(tape.gradient(score, picture))  # outcome: flows


    for picture in pictures:
        print(saliency(picture))
    ```

    ## References
    - [`tf.GradientTape.watch`](https://www.tensorflow.org/api_docs/python/tf/GradientTape#watch)
    - [Introduction to gradients](https://www.tensorflow.org/guide/autodiff), "Controlling what the tape
      watches".
    """

    code = "TFG109"
    name = "watched-array"
    outcome = "raises:ValueError"
    cause = Cause.WATCH_OF_NON_TENSOR
    with_arguments = True

    def message(self, broken: Break) -> str:
        """``detail``: a :class:`NonTensor`; the call is ``step``."""
        kind, remedy = _KINDS.get(broken.detail, _OTHER)
        return f"{broken.step} is given {kind}, which {broken.result}; {remedy}"
