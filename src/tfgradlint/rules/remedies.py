"""What to write in the place of an operation through which no gradient passes, in the program's own names.

Each text is a template: ``{x}`` is the argument, ``{a}`` and ``{b}`` are the operands of an operator or the first two
arguments, ``{step}`` is the whole expression. Where no operation has a gradient, the text says so, and what is done
instead.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import libcst as cst

    from tfgradlint.rules.base import Quotes

_STRAIGHT_THROUGH = "pass the gradient through with {x} + tf.stop_gradient({step} - {x})"
_SOFT_CHOICE = "weigh all entries with tf.nn.softmax({x}), or use the index only in tf.gather()"
_ORDER = "use tf.sort({x}) for the values, or the order only in tf.gather()"
_DRAW = "add the log probability of what was drawn to the loss, or draw with a Gumbel softmax"
_ABOVE = "use a smooth gate such as tf.sigmoid(({a} - {b}) / width), or multiply the mask with the value"
_BELOW = "use a smooth gate such as tf.sigmoid(({b} - {a}) / width), or multiply the mask with the value"
_SAME = "use a smooth measure of the distance such as tf.exp(-tf.square({a} - {b}))"
_OTHER = "use a smooth measure of the distance such as 1 - tf.exp(-tf.square({a} - {b}))"
_QUOTIENT = "divide with /, and pass the gradient through with {a} / {b} + tf.stop_gradient({step} - {a} / {b})"
_INTERPOLATE = "use the position only in tf.gather(), or interpolate between the two entries beside it"
_COUNT = "count smoothly with tf.reduce_sum(1.0 - tf.exp(-tf.square({x} / width)))"
_GATE = "use products of smooth gates such as tf.sigmoid() for and, 1 - p for not, or use the mask only in tf.where()"
_BOXES = "use tf.gather() along the indices of tf.image.non_max_suppression()"
_MASK = "use it only as a mask, such as in tf.where() or tf.boolean_mask()"
_FORM = "it depends on the form of {x} alone; compute with the values of {x}"
_WHERE_THEY_ARE = "it tells where the values are; compute with the values, such as .values or .flat_values"
_SPECIAL = "no gradient exists for its parameter: hold that fixed, or give the function one with tf.custom_gradient"
_FILL = "fill with zeros, and add the value times a mask that is 1 where it belongs"
_NEW_VALUES = "put the values together with tf.stack() or tf.concat()"
_TABLE = "keep the values in a tf.Variable, and read them with tf.gather()"
_TEXT = "no gradient exists for text and encoded data: train on the tensor, and encode only what is stored or shown"
_LABELS = "no gradient exists for the labels: take the gradient with respect to the predictions"
_ENTROPY = "use a loss with a gradient, such as a cross entropy, and the metric only to report"
_DECODED = "use tf.nn.ctc_loss() of the logits in the loss, and decode only to report"
_SETTING = "no gradient exists for settings: choose the value by trying several"
_COPY = "use {x} itself"
_CANDIDATES = "no gradient exists for sampled classes: use tf.nn.sampled_softmax_loss() or tf.nn.nce_loss()"
_OWN_GRADIENT = "no gradient exists for it: write it with operations that have one, or use tf.custom_gradient"
_GRADIENT_OF = "no gradient exists for the gradient itself: write the operation with others that have two derivatives"
_QUANTISED = "use tf.quantization.fake_quant_with_min_max_vars(), which has a gradient"

#: By the operation's name, within whatever module.
REMEDIES = {
    **dict.fromkeys(("round", "rint", "floor", "ceil", "trunc", "fix", "around"), _STRAIGHT_THROUGH),
    **dict.fromkeys(("floordiv", "floor_divide", "truncatediv", "floor_div", "truncate_div"), _QUOTIENT),
    "divmod": "take the quotient with /, and the remainder with tf.math.floormod()",
    **dict.fromkeys(("argmax", "argmin", "arg_max", "arg_min", "nanargmax", "nanargmin"), _SOFT_CHOICE),
    **dict.fromkeys(("argsort", "argpartition", "top_k", "approx_top_k", "approx_max_k", "approx_min_k"), _ORDER),
    "nth_element": _ORDER,
    **dict.fromkeys(("categorical", "stateless_categorical", "sample", "binomial", "stateless_binomial"), _DRAW),
    **dict.fromkeys(("bernoulli", "multinomial", "stateless_multinomial", "geometric", "discrete_uniform"), _DRAW),
    **dict.fromkeys(("poisson", "stateless_poisson", "random_poisson"), _DRAW),
    "mode": "add the log probability of the truth to the loss, in place of its distance from the mode",
    "shuffle": "shuffle the indices and use tf.gather() along them",
    "range": "use tf.linspace()",
    "arange": "use tf.linspace()",
    "hsv_to_rgb": "change the colours in RGB, as of the two tf.image.rgb_to_hsv() alone has a gradient",
    **dict.fromkeys(("greater", "greater_equal"), _ABOVE),
    **dict.fromkeys(("less", "less_equal"), _BELOW),
    **dict.fromkeys(("equal", "isclose", "allclose", "array_equal", "approximate_equal", "isin"), _SAME),
    "not_equal": _OTHER,
    **dict.fromkeys(("logical_and", "logical_or", "logical_not", "logical_xor", "all", "any", "select"), _GATE),
    "heaviside": "use a smooth gate such as tf.sigmoid({x} / width)",
    "signbit": "use a smooth gate such as tf.sigmoid(-{x} / width)",
    "to_bool": "use a smooth gate such as tf.sigmoid({x} / width)",
    **dict.fromkeys(("searchsorted", "digitize", "bucketize", "lower_bound", "upper_bound"), _INTERPOLATE),
    "histogram_fixed_width_bins": _INTERPOLATE,
    "histogram": "count softly: add up tf.exp(-tf.square(({x} - centre) / width)) for each bin",
    **dict.fromkeys(("count_nonzero", "zero_fraction", "nonzero", "sparsity"), _COUNT),
    "where": "use tf.where(condition, a, b), whose values have gradients, or the indices only in tf.gather()",
    "is_non_decreasing": "penalise each step down with tf.nn.relu({x}[:-1] - {x}[1:])",
    "is_strictly_increasing": "penalise each step down with tf.nn.relu({x}[:-1] - {x}[1:])",
    "confusion_matrix": "use tf.math.unsorted_segment_sum(weights, labels * n + predictions, n * n)",
    **dict.fromkeys(("betainc", "polygamma", "zeta", "igamma", "igammac"), _SPECIAL),
    **dict.fromkeys(("adjust_jpeg_quality", "random_jpeg_quality", "stateless_random_jpeg_quality"), _STRAIGHT_THROUGH),
    **dict.fromkeys(("nextafter", "next_after"), "use {a} + step, with a step of a size of your own"),
    **dict.fromkeys(("isneginf", "isposinf", "isreal", "iscomplex", "isfinite", "isinf", "isnan"), _MASK),
    **dict.fromkeys(("non_max_suppression_overlaps", "non_max_suppression_padded", "non_max_suppression"), _BOXES),
    "matrix_rank": "add up the singular values, tf.reduce_sum(tf.linalg.svd({x}, compute_uv=False))",
    **dict.fromkeys(("one_hot",), "write off + (on - off) * tf.one_hot(indices, depth)"),
    **dict.fromkeys(("pad", "diag", "diag_part", "set_diag", "frame"), _FILL),
    **dict.fromkeys(("ctc_beam_search_decoder", "ctc_greedy_decoder", "ctc_decode", "ctc_unique_labels"), _DECODED),
    "collapse_repeated": _DECODED,
    "sufficient_statistics": "use tf.nn.moments()",
    "normalize_moments": "use tf.nn.moments()",
    "clip_by_global_norm": "use tf.linalg.global_norm() for the norm",
    **dict.fromkeys(("ones_like", "zeros_like", "empty_like", "full_like", "shape", "shape_n", "size", "rank"), _FORM),
    **dict.fromkeys(("ndim", "len", "broadcast_gradient_args"), _FORM),
    **dict.fromkeys(
        ("indices", "dense_shape", "row_splits", "row_lengths", "row_starts", "row_limits"), _WHERE_THEY_ARE
    ),
    **dict.fromkeys(
        ("nrows", "bounding_shape", "value_rowids", "nested_row_lengths", "nested_row_splits"), _WHERE_THEY_ARE
    ),
    **dict.fromkeys(("nested_value_rowids", "fill_empty_rows", "ragged_fill_empty_rows"), _WHERE_THEY_ARE),
    **dict.fromkeys(
        ("with_values", "with_flat_values"), "make it anew with tf.sparse.SparseTensor() or from_row_splits()"
    ),
    **dict.fromkeys(("constant", "array"), "use tf.convert_to_tensor() or tf.stack()"),
    "deepcopy": "use tf.identity()",
    **dict.fromkeys(("lookup", "export", "default_value", "getitem"), _TABLE),
    **dict.fromkeys(("flow", "split", "unstack"), "read the elements with stack() or gather()"),
    "batch_scatter_update": "use tf.tensor_scatter_nd_update()",
    "is_initialized": _FORM,
    "average": "use tf.reduce_sum(weights) for the sum of the weights",
    "unique": "average the groups with tf.math.unsorted_segment_mean(), by the index that it returns too",
    **dict.fromkeys(("map_coordinates",), "interpolate with tf.gather_nd() at the corners, weighed by the distance"),
    **dict.fromkeys(
        ("affine_transform", "perspective_transform", "elastic_transform"),
        "sample the picture by hand: tf.gather_nd() at the corners, weighed by the distance",
    ),
    **dict.fromkeys(
        ("sample_distorted_bounding_box",), "draw the box apart from the weights, and cut it with tf.slice()"
    ),
    **dict.fromkeys(
        ("max_pool_with_argmax", "fractional_max_pool", "fractional_avg_pool"), "use the values, not the places"
    ),
    "sign": "use tf.tanh({x} / width), or " + _STRAIGHT_THROUGH,
    "slogdet": "its sign is constant, use log_abs_determinant or tf.linalg.det()",
    "log_matrix_determinant": "its sign is constant, use log_abs_determinant or tf.linalg.det()",
    "set_size": "use tf.math.unsorted_segment_sum() over masks",
    "normalize": "use tf.math.l2_normalize()",
    "switch": "use tf.cond()",
    "merge": "use tf.cond()",
    "list_diff": "use tf.boolean_mask() with a mask of what is kept",
    "lstsq": "use tf.linalg.lstsq() with fast=True",
    "matrix_solve_ls": "use tf.linalg.lstsq() with fast=True",
    "slice_update": "use tf.tensor_scatter_nd_update()",
    "view": "use tf.cast()",
    "lu_factor": "use tf.linalg.slogdet(), tf.linalg.solve() or tf.linalg.cholesky()",
    "variable": "use the tensor itself",
    **dict.fromkeys(("extract_glimpse", "scale_and_translate"), "use tf.image.crop_and_resize()"),
    **dict.fromkeys(("image_projective_transform",), "sample the picture by hand: tf.gather_nd() at the corners"),
    "lin_space": "use tf.linspace()",
    "hsvto_rgb": "change the colours in RGB, as of the two tf.image.rgb_to_hsv() alone has a gradient",
    "lrngrad": _GRADIENT_OF,
    **dict.fromkeys(("convert_to_tensor", "tuple"), _SETTING),
    **dict.fromkeys(("matrix_diag_part", "matrix_diag"), _FILL),
    **dict.fromkeys(("tensor_summary", "scalar_summary", "audio_summary"), _TEXT),
    "parameterized_truncated_normal": "draw with tf.random.truncated_normal(), and write mean + deviation * draw",
    **dict.fromkeys(("eig", "svd"), "compute the vectors too, with compute_v=True or compute_uv=True"),
    **dict.fromkeys(
        ("softmax_cross_entropy_with_logits", "ctcloss", "ctc_loss"), "use the loss, which is the first of its results"
    ),
    **dict.fromkeys(("conv", "fused_pad_conv2_d", "fused_resize_and_pad_conv2_d"), "use tf.nn.convolution()"),
    "adjust_contrast": "write (x - mean) * factor + mean, mean = tf.reduce_mean(x, axis=[-3, -2], keepdims=True)",
    **dict.fromkeys(("audio_spectrogram", "mfcc"), "use tf.signal.stft() and the other functions of tf.signal"),
    "batch": "use tf.stack()",
    "parallel_concat": "use tf.concat()",
    "irfft3_d": "use tf.signal.ifft3d()",
    "rfft3_d": "use tf.signal.fft3d()",
    "matrix_logarithm": "of a symmetric positive matrix, take tf.linalg.eigh() and the logarithm of the eigenvalues",
    **dict.fromkeys(("mod", "truncate_mod", "truncatemod"), "use tf.math.floormod()"),
    **dict.fromkeys(
        ("nearest_neighbors", "kmc2_chain_initialization", "kmeans_plus_plus_initialization"),
        "no gradient exists for the choice: use tf.gather() along the indices, or weigh by tf.nn.softmax(-distances)",
    ),
    "resize_area": "use tf.nn.avg_pool2d()",
    **dict.fromkeys(("in_test_phase", "in_train_phase"), "pass training=, and use tf.cond() or tf.where()"),
    **dict.fromkeys(("bitwise_and", "bitwise_or", "bitwise_xor", "left_shift", "right_shift"), _GATE),
}
#: By words in the name, or by the module, where the name itself is not in the table. The first that fits counts.
_FAMILIES = (
    (r"(^|\.)(strings|io|audio)\.|string|serialize|encode|decode|fingerprint|hash_bucket|print|format|regex", _TEXT),
    (r"lookup\.|hash_table|hashtable", _TABLE),
    (r"_sampler$|candidate", _CANDIDATES),
    (r"losses\.|metrics\.ctc", _LABELS),
    (r"metrics\.|accuracy|in_top_k", _ENTROPY),
    (r"_grad(_|v\d|$)|_gradient$|grad_grad|backprop", _GRADIENT_OF),
    (r"quanti", _QUANTISED),
    (r"bounding_box|non_max_suppression", _BOXES),
    (r"unique", "average the groups with tf.math.unsorted_segment_mean(), by the index that it returns too"),
    (r"bincount|count_sparse|histogram", "use tf.math.unsorted_segment_sum(weights, indices, n)"),
    (r"inplace_", "use tf.tensor_scatter_nd_update()"),
    (
        r"sparse|ragged",
        "compute on .values, and put them back with tf.sparse.SparseTensor(), or use tf.sparse.to_dense()",
    ),
    (r"debug|identity|copy|snapshot|^exit$|prevent_gradient|guarantee_const", "use tf.identity()"),
    (r"parse_|record", _TEXT),
    (r"lstm|gru|fused_batch_norm", "use the layers of Keras, and their output"),
    (r"threshold|shrink|relu", _SETTING),
    (r"_(sample|random)_?|random", _DRAW),
)
_OPERATORS = {
    "//": "floordiv",
    ">": "greater",
    ">=": "greater_equal",
    "<": "less",
    "<=": "less_equal",
    "==": "equal",
    "!=": "not_equal",
}
#: What Python calls the operators.
_DUNDERS = {"gt": "greater", "ge": "greater_equal", "lt": "less", "le": "less_equal", "eq": "equal", "ne": "not_equal"}
_DUNDERS |= {"rfloordiv": "floordiv"}
#: What is longer is not written out twice and three times.
_SHORT = 24


class Quoted(NamedTuple):
    """The parts of an expression as they are written; letters where they are not known, or too long."""

    x: str = "x"
    a: str = "a"
    b: str = "b"
    step: str = ""
    f: str = ""
    #: What the letters stand for, where there are any.
    where: str = ""
    #: The operation that an operator is, with its operands in this order.
    operator: str = ""


def remedy_for(name: str, written: Quoted | None = None, argument: str = "") -> str:
    """What to write in the place of an operation, or of one ``argument`` of it; never empty."""
    name = (written.operator if written is not None else "") or name
    found = REMEDIES.get(short(name)) or family(name) or (_SETTING if argument else _OWN_GRADIENT)
    return filled(found, name, written or Quoted())


def known(name: str, argument: str = "") -> bool:
    """Whether there are words for just this operation, for its family, or for settings such as the argument is."""
    return short(name) in REMEDIES or bool(family(name)) or bool(argument)


def family(name: str) -> str:
    """The words for a family of operations."""
    text = _snake(name.removeprefix("tf.").removeprefix("raw_ops."))
    return next((words for pattern, words in _FAMILIES if re.search(pattern, text)), "")


def filled(template: str, name: str, written: Quoted) -> str:
    """A template with the program's own words."""
    function = written.f or _function(name)
    step = written.step or f"{function}({written.x})"
    if short(name) == "floordiv" and not written.step:
        step = f"{written.a} // {written.b}"
    text = template
    for letter, words in (("{x}", written.x), ("{a}", written.a), ("{b}", written.b), ("{step}", step)):
        text = text.replace(letter, words)
    uses_letter = written.where and re.search(r"\bx\b", text) is not None
    return f"{text}, where x is {written.where}" if uses_letter else text


def quoted(expression: cst.CSTNode | None, quotes: Quotes) -> Quoted:
    """The parts of the expression that is to be replaced."""
    import libcst as cst

    if isinstance(expression, cst.BinaryOperation):
        a, b = _term(expression.left, quotes), _term(expression.right, quotes)
        if a and b:
            return Quoted(a, a, b, _text(expression, quotes))
    if isinstance(expression, cst.Comparison) and len(expression.comparisons) == 1:
        a, b = _term(expression.left, quotes), _term(expression.comparisons[0].comparator, quotes)
        if a and b:
            return Quoted(a, a, b, operator=_compared(expression.comparisons[0].operator))
    if not isinstance(expression, cst.Call):
        return Quoted()
    function = _text(expression.func, quotes)
    given = [each for each in expression.args if not each.star]
    if not given or len(given) < len(expression.args):
        return Quoted(f=function)
    first = _term(given[0].value, quotes)
    second = _term(given[1].value, quotes) if len(given) > 1 else ""
    if first and given[0].keyword is None:
        return Quoted(first, first, second or "b", _text(expression, quotes), function)
    return Quoted(f=function, where=f"the argument of {function}()")


def _compared(operator: cst.BaseCompOp) -> str:
    import libcst as cst

    names: tuple[tuple[type[cst.BaseCompOp], str], ...] = (
        (cst.GreaterThan, "greater"),
        (cst.GreaterThanEqual, "greater_equal"),
        (cst.LessThan, "less"),
        (cst.LessThanEqual, "less_equal"),
        (cst.Equal, "equal"),
        (cst.NotEqual, "not_equal"),
    )
    return next((name for kind, name in names if isinstance(operator, kind)), "")


def _term(node: cst.BaseExpression, quotes: Quotes) -> str:
    """An operand, in brackets where it needs them; "" where it is too long to be repeated."""
    import libcst as cst

    text = _text(node, quotes)
    if len(text) > _SHORT:
        return ""
    whole = isinstance(node, (cst.Name, cst.Attribute, cst.Call, cst.Subscript, cst.Integer, cst.Float)) or node.lpar
    return text if whole else f"({text})"


def _text(node: cst.CSTNode, quotes: Quotes) -> str:
    return " ".join(quotes.code(node).split())


def short(name: str) -> str:
    """The last part of a name: of ``tf.raw_ops.TopKV2`` ``top_k``, of ``u > 1.0`` ``greater``."""
    call = re.fullmatch(r"(?:[\w\[\]'\"().]*\.)?(\w+)(?:\(.*\))?", name)
    if call:
        last = call[1]
        if last.startswith("__") and last.endswith("__"):
            return _DUNDERS.get(last.strip("_"), last.strip("_"))
        return _snake(last)
    operators = [word for word in name.split() if word in _OPERATORS]
    return _OPERATORS[operators[0]] if len(operators) == 1 else ""


def _snake(name: str) -> str:
    """Of ``TopKV2`` ``top_k``, as functions are called: without the number of its version."""
    if name.islower():
        return name
    plain = re.sub(r"[vV]\d$", "", name)
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", plain).lower()


def _function(name: str) -> str:
    """How TensorFlow's own function is written."""
    last = short(name)
    return f"tf.{'math.' if last == 'ceil' else ''}{last}"
