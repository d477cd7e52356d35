"""Calls that synthesis does not find: how to call, never what comes of it. One callable may have several.

Also the values that are tried for parameters that choose between behaviours.
"""

from __future__ import annotations

import ast

#: Expressions for the arguments; the language is that of ``samples``.
CALLS: dict[str, tuple[str, ...]] = {
    "tf.Variable": ("initial_value=f(4, 4)", "initial_value=f()"),
    "tf.where": ("condition=mask(4), x=f(4), y=f(4)", "condition=mask(4)", "condition=f(4)"),
    "tf.convert_to_tensor": ("value=f(4)", "value=[f(), f()]", "value=f(2, 3)"),
    "tf.constant": ("value=f(4)", "value=f()"),
    "tf.cast": ("x=f(4), dtype='float32'", "x=f(2, 3), dtype='float32'"),
    "tf.saturate_cast": ("value=f(4), dtype='float32'",),
    "tf.one_hot": (
        "indices=ints([0, 2, 1]), depth=3, on_value=f(), off_value=f()",
        "indices=ints([0, 2]), depth=3",
    ),
    "tf.range": (
        "start=u(low=1.2, high=2.8), limit=u(low=5.1, high=6.9), delta=u(low=0.8, high=1.1)",
        "start=u(low=3.1, high=6)",
    ),
    "tf.linspace": ("start=f(), stop=f(), num=4", "start=f(3), stop=f(3), num=4"),
    "tf.clip_by_value": (
        "t=f(16), clip_value_min=u(low=0.3, high=0.4), clip_value_max=u(low=0.6, high=0.7)",
    ),
    "tf.einsum": ("equation='ij,jk->ik', inputs=[f(3, 3), f(3, 3)]", "equation='ij->i', inputs=[f(3, 3)]"),
    "tf.split": ("value=f(4, 4), num_or_size_splits=2", "value=f(4), num_or_size_splits=[1, 3]"),
    "tf.random.gamma": ("shape=[3], alpha=f()", "shape=[3], alpha=f(4), beta=f(4)"),
    "tf.random.poisson": ("shape=[3], lam=f()", "shape=[3], lam=f(4)"),
    "tf.nn.conv2d": ("input=f(1, 8, 8, 3), filters=f(3, 3, 3, 2), strides=1, padding='SAME'",),
    "tf.nn.conv1d": ("input=f(1, 8, 3), filters=f(3, 3, 2), stride=1, padding='SAME'",),
    "tf.nn.conv3d": (
        "input=f(1, 4, 4, 4, 3), filters=f(2, 2, 2, 3, 2), strides=[1, 1, 1, 1, 1], padding='SAME'",
    ),
    "tf.nn.convolution": ("input=f(1, 8, 8, 3), filters=f(3, 3, 3, 2)",),
    "tf.nn.atrous_conv2d": ("value=f(1, 8, 8, 3), filters=f(3, 3, 3, 2), rate=2, padding='SAME'",),
    "tf.nn.conv_transpose": (
        "input=f(1, 4, 4, 3), filters=f(2, 2, 5, 3), output_shape=[1, 8, 8, 5], strides=2",
    ),
    "tf.nn.atrous_conv2d_transpose": (
        "value=f(1, 8, 8, 3), filters=f(3, 3, 2, 3), output_shape=[1, 8, 8, 2], rate=2, padding='SAME'",
    ),
    "tf.nn.conv1d_transpose": ("input=f(1, 4, 3), filters=f(2, 5, 3), output_shape=[1, 8, 5], strides=2",),
    "tf.nn.conv2d_transpose": (
        "input=f(1, 4, 4, 3), filters=f(2, 2, 5, 3), output_shape=[1, 8, 8, 5], strides=2",
    ),
    "tf.nn.conv3d_transpose": (
        "input=f(1, 2, 2, 2, 3), filters=f(2, 2, 2, 5, 3), output_shape=[1, 4, 4, 4, 5], strides=2",
    ),
    "tf.nn.depthwise_conv2d": (
        "input=f(1, 8, 8, 3), filter=f(3, 3, 3, 2), strides=[1, 1, 1, 1], padding='SAME'",
    ),
    "tf.nn.separable_conv2d": (
        "input=f(1, 8, 8, 3), depthwise_filter=f(3, 3, 3, 2), pointwise_filter=f(1, 1, 6, 4), strides=[1, 1, 1, 1], "
        "padding='SAME'",
    ),
    "tf.nn.dilation2d": (
        "input=f(1, 8, 8, 3), filters=f(3, 3, 3), strides=[1, 1, 1, 1], padding='SAME', data_format='NHWC', "
        "dilations=[1, 1, 1, 1]",
    ),
    "tf.nn.erosion2d": (
        "value=f(1, 8, 8, 3), filters=f(3, 3, 3), strides=[1, 1, 1, 1], padding='SAME', data_format='NHWC', "
        "dilations=[1, 1, 1, 1]",
    ),
    "tf.nn.batch_normalization": (
        "x=f(4, 4), mean=f(4), variance=f(4), offset=f(4), scale=f(4), variance_epsilon=u(low=0.01, high=0.1)",
    ),
    "tf.nn.bias_add": ("value=f(4, 4), bias=f(4)",),
    "tf.nn.embedding_lookup": ("params=f(4, 4), ids=ints([0, 2, 1])",),
    "tf.nn.ctc_loss": (
        "labels=ints([[1, 2], [2, 1]]), logits=f(5, 2, 4), label_length=ints([2, 2]), logit_length=ints([5, 5])",
    ),
    "tf.nn.max_pool_with_argmax": ("input=f(1, 8, 8, 3), ksize=2, strides=2, padding='SAME'",),
    "tf.nn.in_top_k": ("targets=ints([0, 2]), predictions=f(2, 4), k=2",),
    "tf.nn.nce_loss": (
        "weights=f(6, 4), biases=f(6), labels=longs([[0], [1]]), inputs=f(2, 4), num_sampled=3, num_classes=6",
    ),
    "tf.nn.sampled_softmax_loss": (
        "weights=f(6, 4), biases=f(6), labels=longs([[0], [1]]), inputs=f(2, 4), num_sampled=3, num_classes=6",
    ),
    "tf.nn.embedding_lookup_sparse": (
        "params=f(4, 4), sp_ids=tf.sparse.SparseTensor([[0, 0], [1, 1]], [1, 2], [2, 2]), sp_weights=None, combiner='sum'",
    ),
    "tf.nn.safe_embedding_lookup_sparse": (
        "embedding_weights=f(4, 4), sparse_ids=tf.sparse.SparseTensor([[0, 0], [1, 1]], longs([1, 2]), [2, 2])",
    ),
    "tf.nn.dropout": ("x=f(16), rate=0.4", "x=f(16), rate=u(low=0.3, high=0.6)"),
    "tf.nn.experimental.stateless_dropout": ("x=f(16), rate=0.4, seed=[1, 2]",),
    "tf.nn.experimental.general_dropout": (
        "x=f(16), rate=0.4, uniform_sampler=lambda shape, dtype: tf.random.stateless_uniform(shape, [1, 2], dtype=dtype)",
    ),
    "tf.gather": (
        "params=f(4, 4), indices=ints([0, 2, 1])",
        "params=f(4), indices=1",
        "params=f(4), indices=[0, 2]",
    ),
    "tf.math.bincount": ("arr=ints([0, 1, 1, 3])", "arr=ints([0, 1, 1, 3]), weights=f(4)"),
    "tf.image.combined_non_max_suppression": (
        "boxes=u(1, 4, 1, 4), scores=u(1, 4, 2), max_output_size_per_class=2, max_total_size=3",
    ),
    "tf.image.resize": ("images=f(1, 8, 8, 3), size=[5, 5]", "images=f(1, 4, 4, 3), size=[8, 8]"),
    "tf.scatter_nd": ("indices=ints([[0], [2]]), updates=f(2), shape=[4]",),
    "tf.tensor_scatter_nd_update": ("tensor=f(4), indices=ints([[0], [2]]), updates=f(2)",),
    "tf.dynamic_partition": ("data=f(4), partitions=ints([0, 1, 1, 0]), num_partitions=2",),
    "tf.dynamic_stitch": ("indices=[ints([0, 2]), ints([1, 3])], data=[f(2), f(2)]",),
    "tf.linalg.tridiagonal_solve": ("diagonals=f(3, 4), rhs=f(4)",),
    "tf.linalg.lstsq": ("matrix=f(4, 3), rhs=f(4, 2)",),
    "tf.linalg.banded_triangular_solve": ("bands=f(2, 4), rhs=f(4, 2)",),
    "tf.random.uniform": ("shape=[4], minval=f(), maxval=u(low=4.0, high=5.0)", "shape=[4]"),
    "tf.image.crop_and_resize": (
        "image=f(1, 8, 8, 3), boxes=boxes(2), box_indices=ints([0, 0]), crop_size=[4, 4]",
    ),
    "tf.sort": ("values=f(4)", "values=f(3, 4)"),
    "tf.searchsorted": ("sorted_sequence=ordered(6), values=f(3)",),
    "tf.math.segment_sum": ("data=f(4, 2), segment_ids=ints([0, 0, 1, 2])",),
    "tf.quantization.quantize": (
        "input=f(4), min_range=u(low=-3, high=-2), max_range=u(low=3, high=4), T='qint8'",
    ),
    "tf.pad": (
        "tensor=f(4), paddings=[[1, 2]], constant_values=f()",
        "tensor=f(3, 4), paddings=[[1, 1], [0, 2]]",
    ),
    "tf.roll": ("input=f(4), shift=1, axis=0",),
    "tf.slice": ("input_=f(4), begin=[1], size=[2]", "input_=f(4, 4), begin=[0, 1], size=[2, 2]"),
    "tf.strided_slice": ("input_=f(4), begin=[1], end=[3]",),
    "tf.repeat": ("input=f(4), repeats=2",),
    "tf.tile": ("input=f(4), multiples=[2]",),
    "tf.Tensor.__getitem__": (
        *("self=f(4), slice_spec=slice(1, 3)", "self=f(4), slice_spec=1", "self=f(4, 4), slice_spec=ints(2)"),
        *("self=f(4), slice_spec=mask(4)", "self=f(4, 4), slice_spec=(Ellipsis, tf.newaxis, 2)"),
        "self=f(4, 4), slice_spec=(slice(None), slice(None, None, -1))",
    ),
    "tf.Variable.__getitem__": (
        *("self=v(4), slice_spec=slice(1, 3)", "self=v(4), slice_spec=1", "self=v(4, 4), slice_spec=ints(2)"),
        *("self=v(4), slice_spec=mask(4)", "self=v(4, 4), slice_spec=(Ellipsis, tf.newaxis, 2)"),
    ),
    "tf.Tensor.set_shape": ("self=f(4), shape=[4]",),
    "builtins.max": ("iterable=f(4)", "iterable=f(), args=[f()]"),
    "builtins.min": ("iterable=f(4)", "iterable=f(), args=[f()]"),
    "builtins.sum": ("iterable=f(4)", "iterable=[f(), f()]", "iterable=f(4), start=f()"),
}
_SCALARS = "__float__ __int__ __bool__ __complex__ __index__".split()
for _owner, _letter in (("tf.Tensor", "f"), ("tf.Variable", "v")):
    for _name in _SCALARS:
        CALLS[f"{_owner}.{_name}"] = (f"self={_letter}()",)
    for (
        _name
    ) in "add sub mul truediv floordiv mod pow div radd rsub rmul rtruediv rfloordiv rmod rpow rdiv".split():
        _parameter = "y" if not _name.startswith("r") else "x"
        CALLS[f"{_owner}.__{_name}__"] = (
            f"self={_letter}(4), {_parameter}=f(4)",
            f"self={_letter}(), {_parameter}=f()",
        )
    for _name in ("and", "or", "xor", "rand", "ror", "rxor"):
        _parameter = "y" if not _name.startswith("r") else "x"
        CALLS[f"{_owner}.__{_name}__"] = (f"self=mask(4), {_parameter}=mask(4)",)
    CALLS[f"{_owner}.__invert__"] = ("self=mask(4)",)

#: Values to try for parameters that may choose between behaviours: by callable and parameter, or by parameter alone.
CHOICES: dict[str, tuple[str, ...]] = {
    "tf.image.resize.method": (
        *("'bilinear'", "'nearest'", "'bicubic'", "'area'", "'lanczos3'", "'lanczos5'", "'gaussian'"),
        "'mitchellcubic'",
    ),
    "ord": ("'euclidean'", "'fro'", "1", "2", "np.inf", "3"),
    "dtype": (
        *(
            "'float32'",
            "'float64'",
            "'float16'",
            "'bfloat16'",
            "'complex64'",
            "'complex128'",
            "'int32'",
            "'int64'",
        ),
        *("'bool'", "'uint8'", "'int8'", "'int16'"),
    ),
    "padding": ("'SAME'", "'VALID'"),
    "mode": ("'CONSTANT'", "'REFLECT'", "'SYMMETRIC'"),
    "reduction": ("'sum'", "'mean'"),
    "approximate": ("True", "False"),
}
for _name in ("type", "out_type", "output_type"):
    CHOICES[_name] = CHOICES["dtype"]


def handwritten(name: str) -> list[dict[str, str]]:
    """The calls of the table, as expressions by parameter."""
    return [_split(text) for text in CALLS.get(name, ())]


def _split(text: str) -> dict[str, str]:
    call = ast.parse(f"dict({text})", mode="eval").body
    assert isinstance(call, ast.Call)
    return {keyword.arg or "": ast.unparse(keyword.value) for keyword in call.keywords}


def choices(callable_name: str, parameter: str) -> tuple[str, ...]:
    """Values of a parameter that may decide; none where it is not known to choose."""
    return CHOICES.get(f"{callable_name}.{parameter}") or CHOICES.get(parameter, ())
