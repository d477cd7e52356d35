"""Calls that synthesis does not find: how to call, never what comes of it. One callable may have several.

Also the values that are tried for parameters that choose between behaviours.
"""

from __future__ import annotations

import ast
import functools
from pathlib import Path

_ARITHMETIC = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "div")
_LOGICAL = ("and", "or", "xor")
_SCALARS = ("__float__", "__int__", "__bool__", "__complex__", "__index__")

_DTYPES = (
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
)
_RESIZING = ("bilinear", "nearest", "bicubic", "area", "lanczos3", "lanczos5", "gaussian", "mitchellcubic")
#: Values to try for parameters that may choose between behaviours: by callable and parameter, or by parameter alone.
_CHOICES: dict[str, tuple[str, ...]] = {
    "tf.image.resize.method": tuple(f"'{method}'" for method in _RESIZING),
    "tf.image.resize_with_pad.method": tuple(f"'{method}'" for method in _RESIZING),
    "keras.ops.image.resize.interpolation": (
        "'bilinear'",
        "'nearest'",
        "'bicubic'",
        "'lanczos3'",
        "'lanczos5'",
    ),
    "keras.ops.image.map_coordinates.order": ("0", "1"),
    "tf.image.crop_and_resize.method": ("'bilinear'", "'nearest'"),
    "tf.nn.gelu.approximate": ("True", "False"),
    # Without them its second output is memory that nobody wrote to.
    "tf.raw_ops.SelfAdjointEigV2.compute_v": ("True",),
    "tf.searchsorted.side": ("'left'", "'right'"),
    "tf.sort.direction": ("'ASCENDING'", "'DESCENDING'"),
    "tf.argsort.direction": ("'ASCENDING'", "'DESCENDING'"),
    "ord": ("'euclidean'", "'fro'", "1", "2", "np.inf", "3"),
    "padding": ("'SAME'", "'VALID'"),
    "mode": ("'CONSTANT'", "'REFLECT'", "'SYMMETRIC'"),
    **dict.fromkeys(("dtype", "type", "out_type", "output_type", "out_idx", "DstT"), _DTYPES),
}


@functools.cache
def _table() -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    for path in sorted(Path(__file__).parent.glob("calls*.txt")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                name, _, text = line.partition(": ")
                found.setdefault(name, []).append(_split(text))
    for owner, letter in (("tf.Tensor", "f"), ("tf.Variable", "v"), ("keras.Variable", "kept")):
        of_keras = owner == "keras.Variable"
        for name in _ARITHMETIC:
            for reflected, other in (("", "other"), ("r", "other")) if of_keras else (("", "y"), ("r", "x")):
                texts = (f"self={letter}(4), {other}=f(4)", f"self={letter}(), {other}=f()")
                found[f"{owner}.__{reflected}{name}__"] = [_split(text) for text in texts]
        for name in () if of_keras else _LOGICAL:
            found[f"{owner}.__{name}__"] = [_split("self=mask(4), y=mask(4)")]
            found[f"{owner}.__r{name}__"] = [_split("self=mask(4), x=mask(4)")]
        found[f"{owner}.__invert__"] = [_split("self=mask(4)")]
        for name in _SCALARS:
            found[f"{owner}.{name}"] = [_split(f"self={letter}()")]
    return found


def _split(text: str) -> dict[str, str]:
    call = ast.parse(f"dict({text})", mode="eval").body
    assert isinstance(call, ast.Call)
    return {keyword.arg or "": ast.unparse(keyword.value) for keyword in call.keywords}


def handwritten(name: str) -> list[dict[str, str]]:
    """The calls of the table, as expressions by parameter."""
    return _table().get(name, [])


def choices(name: str, parameter: str) -> tuple[str, ...]:
    """Values of a callable's parameter that may decide; none where it is not known to choose."""
    return _CHOICES.get(f"{name}.{parameter}") or _CHOICES.get(parameter, ())
