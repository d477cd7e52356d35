"""TFG110: an array or a number is asked for as a source."""

from __future__ import annotations

from tfgradlint.flow.graph.breaks import NonTensor
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.rules.base import Break, Rule


class ArraySource(Rule):
    """The source of a request is a NumPy array or a Python number.

    ## What it does
    Reports a gradient request one of whose sources is a NumPy array, a NumPy scalar or a Python number:
    the data as it was loaded, what `.numpy()` or `model.get_weights()` gave, a learning rate. All sources of
    the request are lost with it, and `unconnected_gradients` does not help.

    The array that was handed to a `tf.function` as an argument is a tensor inside it.

    ## Why it matters
    A tape knows tensors and variables only. TensorFlow raises `AttributeError: 'numpy.ndarray' object has no
    attribute '_id'`, which names neither the source nor the mistake. For most Python numbers the request
    ends in `TypeError: Cannot convert the argument 'type_value': 0.5 to a TensorFlow DType` instead: the
    number is looked up among the codes of TensorFlow's types, and only one that is such a code, such as 2 or
    3.0, gets as far as the `AttributeError`.

    ## Example
    The tape watches a tensor made from the array, but it is the array that is asked for:

    ```python
    import numpy as np
    import tensorflow as tf

    weights = tf.Variable([0.5, -1.0, 2.0])
    signal = np.array([0.2, 0.4, 0.1], dtype="float32")


    def sensitivity(signal):
        with tf.GradientTape() as tape:
            tape.watch(tf.convert_to_tensor(signal))
            response = tf.tanh(tf.reduce_sum(weights * signal))
        return tape.gradient(response, signal)  # outcome: raises:AttributeError  # expect: TFG110


    print(sensitivity(signal))
    ```

    ## Use instead
    Keep the tensor under a name, and use that name everywhere:

    ```python
    import numpy as np
    import tensorflow as tf

    weights = tf.Variable([0.5, -1.0, 2.0])
    signal = np.array([0.2, 0.4, 0.1], dtype="float32")


    def sensitivity(signal):
        signal = tf.convert_to_tensor(signal)
        with tf.GradientTape() as tape:
            tape.watch(signal)
            response = tf.tanh(tf.reduce_sum(weights * signal))
        return tape.gradient(response, signal)  # outcome: flows


    print(sensitivity(signal))
    ```

    ## References
    - [`tf.GradientTape.gradient`](https://www.tensorflow.org/api_docs/python/tf/GradientTape#gradient): the
      sources are tensors or variables, or a nest of them.
    - [`tf.convert_to_tensor`](https://www.tensorflow.org/api_docs/python/tf/convert_to_tensor)
    """

    code = "TFG110"
    name = "array-source"
    outcome = "raises:AttributeError"
    cause = Cause.SOURCE_NOT_TENSOR

    def message(self, broken: Break) -> str:
        """``detail``: a :class:`NonTensor`; ``source`` names it."""
        if broken.detail is NonTensor.NUMBER:
            kind, remedy = "a Python number", "make it a tf.Variable, compute with that and ask for that"
        else:
            kind, remedy = (
                "a NumPy array",
                "ask for the variable or the watched tensor that was computed with",
            )
        return f"{broken.source or 'the source'} is {kind}: {broken.consequence}; {remedy}"
