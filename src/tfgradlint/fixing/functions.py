"""TensorFlow's functions for those of NumPy and of Python's math module, with what they take."""

from __future__ import annotations

from typing import NamedTuple

import libcst as cst

from tfgradlint.analysis.results import Edit, Fix
from tfgradlint.fixing.scene import Scene
from tfgradlint.fixing.values import stays


class Counterpart(NamedTuple):
    """``name`` within TensorFlow, and the first parameters, which mean the same on both sides in the same order, by
    NumPy's name and TensorFlow's. ``by_name`` are others that mean the same, ``least`` says how many must be given."""

    name: str
    parameters: tuple[tuple[str, str], ...]
    least: int
    by_name: tuple[str, ...] = ()


def _counterpart(name: str, parameters: str, least: int = 1, by_name: str = "") -> Counterpart:
    pairs = [word.partition("=") for word in parameters.split()]
    return Counterpart(
        name, tuple((theirs, ours or theirs) for theirs, _, ours in pairs), least, tuple(by_name.split())
    )


_REDUCED = "a=input_tensor axis"
_ONE = "x"

#: Functions that take the axes to reduce.
REDUCING = {
    "sum": "reduce_sum",
    "mean": "reduce_mean",
    "prod": "reduce_prod",
    "max": "reduce_max",
    "amax": "reduce_max",
    "min": "reduce_min",
    "amin": "reduce_min",
    "std": "math.reduce_std",
    "var": "math.reduce_variance",
}
#: For names of NumPy. Each is held against NumPy by the tests: values, and a gradient.
COUNTERPARTS = {
    **{name: _counterpart(ours, _REDUCED, by_name="keepdims") for name, ours in REDUCING.items()},
    **{name: _counterpart(name, _ONE) for name in "abs sin cos tan sinh cosh tanh exp sqrt square negative".split()},
    **{f"arc{name}": _counterpart(f"a{name}", _ONE) for name in ("sin", "cos", "tan")},
    **{name: _counterpart(f"math.{name}", _ONE) for name in ("log", "log1p", "expm1")},
    "absolute": _counterpart("abs", _ONE),
    "array": _counterpart("convert_to_tensor", "object=value"),
    "asarray": _counterpart("convert_to_tensor", "a=value"),
    "clip": _counterpart("clip_by_value", "a=t a_min=clip_value_min a_max=clip_value_max", 3),
    "concatenate": _counterpart("concat", "arrays=values axis", 2),
    "expand_dims": _counterpart("expand_dims", "a=input axis", 2),
    "linalg.norm": _counterpart("norm", "x=tensor", by_name="axis keepdims"),
    "reshape": _counterpart("reshape", "a=tensor shape", 2),
    "squeeze": _counterpart("squeeze", "a=input axis"),
    "stack": _counterpart("stack", "arrays=values axis"),
    "transpose": _counterpart("transpose", "a axes=perm"),
}
#: Names that take several tensors, and how many: they must have one dtype in TensorFlow.
SEVERAL = {name: (name, 2) for name in ("maximum", "minimum", "add", "subtract", "multiply", "divide", "matmul")}
SEVERAL |= {"power": ("pow", 2), "true_divide": ("divide", 2), "where": ("where", 3)}
CASTS = ("float32", "float64")


def in_tensorflow(scene: Scene, name: str) -> Fix | None:
    """TensorFlow's function in the place of NumPy's; the arguments stay where they are."""
    code, call = scene.code, scene.call
    if call is None or not call.args or code.tensorflow is None or any(each.star for each in call.args):
        return None
    named = [each.keyword for each in call.args if each.keyword is not None]
    edits: list[Edit] = []
    safe = True
    if name in COUNTERPARTS:
        known = COUNTERPARTS[name]
        ours = known.name
        names = {**dict(known.parameters), **dict(zip(known.by_name, known.by_name, strict=True))}
        fitting = known.least <= len(call.args) <= len(known.parameters) + len(named)
        if not fitting or not names.keys() >= {each.value for each in named}:
            return None
        edits += [code.replace(each, names[each.value]) for each in named if names[each.value] != each.value]
    elif name in SEVERAL and len(call.args) == SEVERAL[name][1] and not named:
        ours = SEVERAL[name][0]
        safe = all(isinstance(each.value, (cst.Integer, cst.Float)) for each in call.args[1:])
    elif name in CASTS and len(call.args) == 1 and not named:
        ours = "cast"
        edits.append(code.append(call.args[0].value, f", {code.tensorflow}.{name}"))
    else:
        return None
    whole = f"{code.tensorflow}.{ours}"
    edits.append(code.replace(call.func, whole))
    return Fix("safe" if safe and stays(code, call) else "unsafe", f"use {whole}()", tuple(edits))
