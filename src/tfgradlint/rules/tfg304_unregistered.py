"""TFG304: an operation whose gradient is not registered on a path."""

from __future__ import annotations

from tfgradlint.flow.graph.causes import Cause
from tfgradlint.rules.base import Break, Rule
from tfgradlint.rules.remedies import remedy_for
from tfgradlint.rules.tfg301_no_gradient import RESIZED_TWICE

_BY_GROUP = "average the groups with tf.math.unsorted_segment_mean(), by the index that it returns too"
_SUM_BY_GROUP = "use tf.math.unsorted_segment_sum(weights, indices, n)"
_CONTRAST = "write (x - mean) * factor + mean, mean = tf.reduce_mean(x, axis=[-3, -2], keepdims=True)"
_HUE = "turn the U and V channels between tf.image.rgb_to_yuv() and tf.image.yuv_to_rgb()"
_SATURATION = "write grey + factor * (x - grey), grey = tf.image.rgb_to_grayscale(x)"
_MASK = "use it only as a mask, such as in tf.where() or tf.boolean_mask()"
_BOXES = "use tf.gather() along the indices of tf.image.non_max_suppression()"
_SMALLER = "use tf.nn.avg_pool2d(), or method='bilinear' for a first derivative"

#: What to write instead, by the operation's name.
REMEDIES = {
    "unique": _BY_GROUP,
    "unique_with_counts": _BY_GROUP,
    "bincount": _SUM_BY_GROUP,
    "histogram_fixed_width": "count softly: add up tf.exp(-tf.square((x - centre) / width)) for each bin",
    "adjust_contrast": _CONTRAST,
    "random_contrast": _CONTRAST,
    "stateless_random_contrast": _CONTRAST,
    "adjust_hue": _HUE,
    "random_hue": _HUE,
    "stateless_random_hue": _HUE,
    "adjust_saturation": _SATURATION,
    "random_saturation": _SATURATION,
    "stateless_random_saturation": _SATURATION,
    "resize": _SMALLER,
    "resize_with_pad": _SMALLER,
    "extract_glimpse": "use tf.image.crop_and_resize()",
    "combined_non_max_suppression": _BOXES,
    "non_max_suppression_with_scores": _BOXES,
    "lu": "use tf.linalg.slogdet(), tf.linalg.solve() or tf.linalg.cholesky()",
    "logm": "of a symmetric positive matrix, take tf.linalg.eigh() and the logarithm of the eigenvalues",
    "poisson": "draw with tf.random.normal([], rate, tf.sqrt(rate)), or use tf.nn.log_poisson_loss() of the counts",
    "stateless_shuffle": "shuffle the indices and use tf.gather() along them",
    "rfft3d": "use tf.signal.fft3d()",
    "irfft3d": "use tf.signal.ifft3d()",
    "reduce_max": "use tf.reduce_max() of the values",
    "truncatemod": "use tf.math.floormod()",
    "bitcast": "use tf.cast()",
    "guarantee_const": "leave it out",
    "is_nan": _MASK,
    "is_inf": _MASK,
    "is_finite": _MASK,
}

#: The same for operations that have a first derivative and no second one.
ONCE = {
    "softsign": "write x / (1.0 + tf.abs(x))",
    "local_response_normalization": (
        "divide by (bias + alpha * tf.matmul(x * x, band)) ** beta, band = tf.linalg.band_part(tf.ones((n, n)), r, r)"
    ),
    "max_pool_with_argmax": "use tf.nn.max_pool2d()",
    "fractional_max_pool": "use tf.nn.max_pool2d()",
    "dilation2d": "use tf.nn.max_pool2d()",
    "resize": RESIZED_TWICE,
}


class Unregistered(Rule):
    """An operation whose gradient is not registered lies on a path to the target.

    ## What it does
    Reports an operation for which TensorFlow knows no gradient at all, where the request's way back leads through
    it: the values of `tf.unique`, `tf.math.bincount` with weights, `tf.image.adjust_hue`, `adjust_contrast` and
    `adjust_saturation`, `tf.image.resize` with `method="area"`, `tf.linalg.lu`, draws of `tf.random.poisson`, and
    operations that can be differentiated once and are differentiated twice, such as `tf.nn.softsign` and
    `tf.nn.local_response_normalization`.

    No finding where the operation is applied to data that nothing watches, where its result is an index or a mask
    (`tf.unique(x)[1]`, `tf.where(tf.math.is_nan(x), 0.0, x)`), where it is only logged, and behind
    `tf.stop_gradient`.

    ## Why it matters
    The request raises `LookupError: gradient registry has no entry for: Unique`, and not only for the sources
    behind the operation: all sources of the request are lost, and another path does not help. In a `tf.function`,
    and in `tape.jacobian` even outside one, the exception arrives as a `StagingError` with the same text.

    ## Example
    ```python
    import tensorflow as tf

    query = tf.Variable([0.4, -0.2], name="query")
    bias = tf.Variable([0.1, 0.1, 0.1], name="bias")


    def mass_by_topic(attention, topics):
        return tf.math.bincount(topics, weights=attention, minlength=3)  # expect: TFG304


    def train_step(words, topics, share):  # modes: function, jit
        with tf.GradientTape() as tape:
            attention = tf.nn.softmax(tf.linalg.matvec(words, query))
            mass = mass_by_topic(attention, topics) + bias
            loss = tf.reduce_sum(tf.square(mass - share))
        return tape.gradient(loss, [query, bias])  # outcome: raises:LookupError


    words = tf.constant([[1.0, 0.5], [0.0, -1.0], [0.3, 0.8], [-0.5, 0.2]])
    print(train_step(words, tf.constant([0, 2, 1, 0]), tf.constant([0.5, 0.25, 0.25])))
    ```

    ## Use instead
    The sums of segments are the same numbers, with a gradient.

    ```python
    import tensorflow as tf

    query = tf.Variable([0.4, -0.2], name="query")
    bias = tf.Variable([0.1, 0.1, 0.1], name="bias")


    def mass_by_topic(attention, topics):
        return tf.math.unsorted_segment_sum(attention, topics, num_segments=3)


    def train_step(words, topics, share):  # modes: function, jit
        with tf.GradientTape() as tape:
            attention = tf.nn.softmax(tf.linalg.matvec(words, query))
            mass = mass_by_topic(attention, topics) + bias
            loss = tf.reduce_sum(tf.square(mass - share))
        return tape.gradient(loss, [query, bias])  # outcome: flows, flows


    words = tf.constant([[1.0, 0.5], [0.0, -1.0], [0.3, 0.8], [-0.5, 0.2]])
    print(train_step(words, tf.constant([0, 2, 1, 0]), tf.constant([0.5, 0.25, 0.25])))
    ```

    ## References
    - [Introduction to gradients and automatic differentiation](https://www.tensorflow.org/guide/autodiff), "No
      gradient registered".
    - [tf.RegisterGradient](https://www.tensorflow.org/api_docs/python/tf/RegisterGradient).
    """

    code = "TFG304"
    name = "unregistered-gradient"
    outcome = "raises:LookupError"
    cause = Cause.UNREGISTERED

    def message(self, broken: Break) -> str:
        """``operation`` is one such as ``tf.image.resize``, if ``step`` does not tell."""
        name = (broken.operation or broken.step).removesuffix("()").rpartition(".")[2]
        lacks = "can be differentiated only once" if broken.second else "has no registered gradient"
        if name.startswith("resize"):
            lacks += " with this method"
        return f"{broken.step} {lacks}: {broken.consequence}; {_remedy(broken, name)}"


def _remedy(broken: Break, name: str) -> str:
    if broken.remedy:
        return f"use {broken.remedy}"
    known = {**REMEDIES, **ONCE} if broken.second else {**ONCE, **REMEDIES}
    return known.get(name) or remedy_for(broken.operation or broken.step)
