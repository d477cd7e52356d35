"""TensorFlow's counterparts of functions of other libraries."""

from __future__ import annotations

#: For functions of the math module, the TensorFlow function that gives the same value and has a gradient.
MATH_COUNTERPARTS = {
    "acos": "tf.acos()",
    "acosh": "tf.acosh()",
    "asin": "tf.asin()",
    "asinh": "tf.asinh()",
    "atan": "tf.atan()",
    "atan2": "tf.atan2()",
    "atanh": "tf.atanh()",
    "cos": "tf.cos()",
    "cosh": "tf.cosh()",
    "erf": "tf.math.erf()",
    "erfc": "tf.math.erfc()",
    "exp": "tf.exp()",
    "expm1": "tf.math.expm1()",
    "fabs": "tf.abs()",
    "fsum": "tf.reduce_sum()",
    "lgamma": "tf.math.lgamma()",
    "log": "tf.math.log()",
    "log1p": "tf.math.log1p()",
    "pow": "tf.pow()",
    "sin": "tf.sin()",
    "sinh": "tf.sinh()",
    "sqrt": "tf.sqrt()",
    "tan": "tf.tan()",
    "tanh": "tf.tanh()",
}
