"""``tf.compat.v1``, as programs import it that were written for TensorFlow 1: what it shares with TensorFlow 2.

Most names there are aliases, which the measured data holds. Here stand those that are described by hand, and those of
the first version's own functions that take the same arguments in the same places and do the same to gradients. The
others differ: ``nn.softmax_cross_entropy_with_logits`` of the first version cuts its labels off, and ``nn.dropout``
takes what is to be kept.
"""

from __future__ import annotations

_OLD = "tf.compat.v1."
#: The very objects of TensorFlow 2.
_SAME = """
GradientTape IndexedSlices Module RaggedTensor SparseTensor Tensor TensorArray TensorShape TensorSpec
UnconnectedGradients cast clip_by_global_norm clip_by_norm clip_by_value concat control_dependencies custom_gradient
einsum fill function grad_pass_through identity init_scope is_tensor matmul nest.flatten nest.map_structure newaxis
nn.relu numpy_function ones print py_function random.normal random.truncated_normal random.uniform recompute_grad
reshape slice split stack stop_gradient switch_case tile unstack vectorized_map zeros
bfloat16 bool complex128 complex64 float16 float32 float64 int16 int32 int64 int8 string uint16 uint32 uint64 uint8
"""
#: Functions of the first version that have later parameters of their own.
_ALIKE = """
Variable argmax argmin boolean_mask case cond constant convert_to_tensor data.Dataset device executing_eagerly
expand_dims foldl foldr gather_nd map_fn name_scope ones_like pad scalar_mul scan shape size squeeze transpose tuple
where while_loop zeros_like
linalg.norm linalg.trace nn.conv2d nn.leaky_relu nn.log_softmax nn.moments nn.relu6 nn.sigmoid
nn.sigmoid_cross_entropy_with_logits nn.softmax nn.softplus nn.sparse_softmax_cross_entropy_with_logits nn.tanh norm
reduce_all reduce_any reduce_logsumexp reduce_max reduce_mean reduce_min reduce_prod reduce_sum
"""
#: Modules all of whose names are alike: of ``math`` only what has no gradient anyway differs in its arguments.
_FAMILIES = ("keras.", "math.")
#: A loss that is the mean of what another function gives for the same arguments.
_MEANS = {"losses.sparse_softmax_cross_entropy": "nn.sparse_softmax_cross_entropy_with_logits"}
SHARED = frozenset((*_SAME.split(), *_ALIKE.split()))


def same_in_both(path: str) -> str:
    """The name of TensorFlow 2 for what the first version has under its own; any other path as it is."""
    if not path.startswith(_OLD):
        return path
    name = path[len(_OLD) :]
    name = _MEANS.get(name, name)
    return f"tf.{name}" if name in SHARED or name == "keras" or name.startswith(_FAMILIES) else path
