"""What is not measured, and why."""

from __future__ import annotations

import re

#: Classes that are called like functions of tensors.
MEASURED_CLASSES = frozenset({"tf.Variable", "tf.SparseTensor", "tf.sparse.SparseTensor", "tf.IndexedSlices"})

_CALLS_BACK = "it calls back into the user's code, which the interpreter models"
_NO_TENSORS = "it does not compute with tensors"
_OUTSIDE = "it touches files, devices or the process"

_REASONS = (
    (
        r"tf\.(cond|case|switch_case|while_loop|map_fn|scan|foldl|foldr|vectorized_map|function|custom_gradient"
        r"|recompute_grad|py_function|numpy_function|grad_pass_through|nondifferentiable_batch_function"
        r"|variable_creator_scope|init_scope|control_dependencies|name_scope|device|no_gradient|RegisterGradient)"
        r"|tf\.nest\..*|keras\.ops\.(cond|scan|associative_scan|map|fori_loop|while_loop|vectorized_map|switch|custom_gradient)"
        r"|keras\.(ops\.)?core\..*|keras\.ops\.(core\.)?(scan|unstack_call)|tf\.math\.approx_.*_callback"
        r"|numpy\.(apply_along_axis|apply_over_axes|fromfunction|frompyfunc|piecewise)|tf\.experimental\.(dispatch.*|async.*|function.*)"
        r"|keras\.ops\.(jvp|vectorize)|tf\.ragged\.map_flat_values|tf\.nn\.with_space_to_batch|numpy\.mask_indices"
        r"|tf\.keras\.backend\.(foldl|foldr|map_fn|rnn|switch|function|gradients)"
        r"|numpy\.vectorize|tf\.(gradients|hessians)|tf\.experimental\.numpy\.experimental_enable_numpy_behavior",
        _CALLS_BACK,
    ),
    (
        r"tf\.io\.(?!(serialize_.*|parse_tensor|decode_(raw|base64|csv|image|jpeg|png|and_crop_jpeg)|encode_(base64|jpeg|png)"
        r"|is_jpeg|extract_jpeg_shape)$).*"
        r"|tf\.(load_library|load_op_library|print|register_tensor_conversion_function|get_logger|timestamp|get_static_value)"
        r"|tf\.debugging\.(?!(assert_.*|check_numerics|is_numeric_tensor|Assert)$).*|numpy\.(load|save|savez|savez_compressed"
        r"|savetxt|loadtxt|genfromtxt|fromfile|memmap|show_config|show_runtime|info|(linalg\.|fft\.)?test|get_include|seterr.*|geterr.*"
        r"|setbufsize|getbufsize|set_printoptions|get_printoptions|printoptions|errstate|bmat|asmatrix|matrix|fromregex"
        r"|from_dlpack|frombuffer|fromiter|fromstring|busday.*|datetime.*|is_busday|.*dtype.*|iterable|typename)"
        r"|tf\.keras\.backend\.(set_.*|batch_set_value|update.*|moving_average_update|manual_.*|clear_session|eval|get_value"
        r"|batch_get_value|get_uid|reset_uids|name_scope|variable|random_\w+_variable|learning_phase.*|symbolic_.*)"
        r"|keras\.utils\.(?!(to_categorical|normalize)$).*|tf\.experimental\.(unregister.*|register.*|sync.*|enable.*|.*lpack)",
        _OUTSIDE,
    ),
    (
        r"tf\.dtypes\.(as_dtype|experimental\..*)|tf\.(as_dtype|executing_eagerly|inside_function|is_symbolic_tensor"
        r"|no_op|group|get_current_name_scope|ensure_.*_name|random_index_shuffle_none)|keras\.(losses|metrics|activations)"
        r"\.(get|serialize|deserialize)|tf\.random\.(set_seed|get_global_generator|set_global_generator"
        r"|create_rng_state)|tf\.random\.experimental\.(get_global_generator|set_global_generator|create_rng_state"
        r"|index_shuffle)|tf\.(import_graph_def|make_ndarray)|keras\.ops\.(name_scope|device_scope|is_tensor_none)",
        _NO_TENSORS,
    ),
)
_PATTERNS = tuple((re.compile(pattern), reason) for pattern, reason in _REASONS)


def reason(name: str) -> str | None:
    """Why a callable is left out, ``None`` where it is measured."""
    return next((why for pattern, why in _PATTERNS if pattern.fullmatch(name)), None)
