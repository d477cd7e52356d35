"""Which formula an operation is: the names of all libraries for the functions that numbers are known of."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence

from tfgradlint.flow.graph.forms import Form, Mode
from tfgradlint.flow.graph.nodes import Formula, Node, Operand
from tfgradlint.flow.graph.shape import ANY_SHAPE, SCALAR, Shape
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import Const, GraphValue, Value, Variable, is_none
from tfgradlint.flow.values.containers import Items, Slice
from tfgradlint.flow.values.walk import fold, shallow

_MATH = ("tf.math.", "keras.ops.", "tf.keras.backend.", "keras.activations.", "tf.nn.", "tf.experimental.numpy.")
_OWNERS = ("tf.Tensor.", "tf.Variable.", "keras.Variable.")
#: By the last part of the name, in the libraries of tensors. The operands are the first parameters.
_FUNCTIONS: dict[str, tuple[Form, int]] = {
    **{form.name.lower(): (form, 2) for form in (Form.ADD, Form.SUBTRACT, Form.MULTIPLY, Form.DIVIDE)},
    "multiply_no_nan": (Form.MULTIPLY, 2),
    "xlogy": (Form.XLOGY, 2),
    "truediv": (Form.DIVIDE, 2),
    "true_divide": (Form.DIVIDE, 2),
    **dict.fromkeys(("pow", "power"), (Form.POWER, 2)),
    **dict.fromkeys(("negative", "neg"), (Form.NEGATIVE, 1)),
    **dict.fromkeys(("abs", "absolute"), (Form.ABS, 1)),
    **{
        form.name.lower(): (form, 1)
        for form in (
            Form.SQUARE,
            Form.EXP,
            Form.LOG,
            Form.LOG1P,
            Form.SQRT,
            Form.RSQRT,
            Form.RECIPROCAL,
            Form.RELU6,
            Form.SIGMOID,
            Form.TANH,
            Form.SOFTPLUS,
            Form.LOG_SIGMOID,
            Form.SOFTMAX,
            Form.LOG_SOFTMAX,
        )
    },
    "exponential": (Form.EXP, 1),
    "relu": (Form.RELU, 1),
    "maximum": (Form.MAXIMUM, 2),
    "minimum": (Form.MINIMUM, 2),
    "clip": (Form.CLIP, 3),
    **dict.fromkeys(("sin", "cos", "erf"), (Form.UNIT, 1)),
    **dict.fromkeys(("l2_normalize",), (Form.NORMALISED, 1)),
    **dict.fromkeys(("reduce_sum", "sum"), (Form.SUM, 1)),
    **dict.fromkeys(("reduce_mean", "mean"), (Form.MEAN, 1)),
    **dict.fromkeys(("reduce_max", "max", "amax"), (Form.MAX, 1)),
    **dict.fromkeys(("reduce_min", "min", "amin"), (Form.MIN, 1)),
    **dict.fromkeys(("reduce_variance", "var"), (Form.VARIANCE, 1)),
    **dict.fromkeys(("reduce_std", "std"), (Form.DEVIATION, 1)),
    **dict.fromkeys(("reshape", "squeeze", "expand_dims", "transpose", "flatten", "batch_flatten"), (Form.SAME, 1)),
    **dict.fromkeys(("greater", "greater_equal"), (Form.GREATER, 2)),
    **dict.fromkeys(("less", "less_equal"), (Form.LESS, 2)),
    "matmul": (Form.MATMUL, 2),
    "where": (Form.WHERE, 3),
    "stop_gradient": (Form.SAME, 1),
    **dict.fromkeys(("gather", "take", "cast"), (Form.PART, 1)),
}
#: Whose elements are all the same number.
_FILLED = {"ones": 1.0, "ones_like": 1.0, "zeros": 0.0, "zeros_like": 0.0}
_FILLING = frozenset({"tf", "keras.ops", "tf.keras.backend"})
#: Those that stand somewhere else.
_ELSEWHERE: dict[str, tuple[Form, int]] = {
    "tf.clip_by_value": (Form.CLIP, 3),
    "tf.linalg.matmul": (Form.MATMUL, 2),
    **dict.fromkeys(("tf.norm", "tf.linalg.norm", "keras.ops.norm"), (Form.NORM, 1)),
    "tf.where": (Form.WHERE, 3),
    "tf.dtypes.complex": (Form.COMPLEX, 2),
    **dict.fromkeys(
        ("tf.reshape", "tf.squeeze", "tf.expand_dims", "tf.transpose", "tf.identity", "tf.stop_gradient", "tf.tile"),
        (Form.SAME, 1),
    ),
    **dict.fromkeys(("tf.gather", "tf.gather_nd", "tf.boolean_mask", "tf.slice", "tf.cast"), (Form.PART, 1)),
}
#: Operators; those that are reversed take their operands the other way round.
_OPERATORS: dict[str, Form] = {
    "add": Form.ADD,
    "sub": Form.SUBTRACT,
    "mul": Form.MULTIPLY,
    "truediv": Form.DIVIDE,
    "pow": Form.POWER,
    "matmul": Form.MATMUL,
    "gt": Form.GREATER,
    "ge": Form.GREATER,
    "lt": Form.LESS,
    "le": Form.LESS,
}
_OF_ONE = {"__neg__": Form.NEGATIVE, "__abs__": Form.ABS, "__getitem__": Form.PART}
#: Parameters that decide nothing of the value, and those that say how elements are put in order.
_SILENT = frozenset({"name"})
#: With any of these it is another function.
_OTHERWISE = frozenset({"negative_slope", "max_value", "threshold", "alpha", "out", "epsilon"})
_EUCLIDEAN = frozenset({("str", "'euclidean'"), ("int", "2"), ("NoneType", "None")})
_LONGEST = 64


@functools.cache
def _recipe(name: str) -> tuple[Form, int, bool] | None:
    """The form, how many operands there are, and whether they stand the other way round."""
    owner = next((owner for owner in _OWNERS if name.startswith(owner)), "")
    if owner:
        operator = name.removeprefix(owner)
        if operator in _OF_ONE:
            return _OF_ONE[operator], 1, False
        plain = operator.strip("_")
        if plain in _OPERATORS:
            return _OPERATORS[plain], 2, False
        return (_OPERATORS[plain[1:]], 2, True) if plain[:1] == "r" and plain[1:] in _OPERATORS else None
    found = _ELSEWHERE.get(name)
    family = next((family for family in _MATH if name.startswith(family)), "")
    if found is None and family:
        found = _FUNCTIONS.get(name.removeprefix(family))
    return (*found, False) if found is not None else None


def formula(interp: Context, name: str, bound: Mapping[str, Value]) -> Formula | None:
    """What an operation with these arguments computes; None where that is not known."""
    recipe = _recipe(name)
    if recipe is None:
        family, _, last = name.rpartition(".")
        filled = _FILLED.get(last) if family in _FILLING else None
        return Formula(Form.LITERAL, (filled, filled), (), mode(interp)) if filled is not None else None
    form, number, reverse = recipe
    operands: list[Operand] = []
    options: list[object] = []
    for place, (parameter, value) in enumerate(bound.items()):
        if place < number:
            operand = _operand(value)
            if operand is None:
                return None
            operands.append(operand)
        elif parameter in _OTHERWISE or (parameter == "ord" and _option(value) not in _EUCLIDEAN):
            return None
        elif parameter not in _SILENT:
            options.append((parameter, _option(value)))
    if len(operands) != number:
        return None
    last = name.rpartition(".")[2]
    if last == "__getitem__":
        return _indexed(interp, operands[0], list(bound.values())[1:])
    if form is Form.SAME:
        options.append(("function", last))
    return Formula(form, tuple(operands[::-1] if reverse else operands), tuple(options), mode(interp))


def _indexed(interp: Context, given: Operand, index: list[Value]) -> Formula:
    """Some of the elements; all of them where the index adds axes alone."""
    parts = index[0].items if index and isinstance(index[0], Items) else index
    codes = tuple(map(_code, parts))
    if None in codes:
        return Formula(Form.PART, (given,), (object(),), mode(interp))
    return Formula(Form.SAME, (given,), (("index", codes),), mode(interp))


def _code(part: Value) -> str | None:
    if isinstance(part, Const):
        return "+" if part.value is None else "..." if part.value is Ellipsis else None
    return ":" if isinstance(part, Slice) and all(map(is_none, part.parts)) else None


def axis_option(axis: int) -> object:
    """The option of a formula that goes along an axis."""
    return "axis", _option(Const(axis))


def of_activation(interp: Context, name: object, given: Node, options: tuple[object, ...] = ()) -> Formula | None:
    """What an activation makes of a value, by the name that Keras has for it."""
    recipe = _recipe(f"keras.activations.{name}")
    return Formula(recipe[0], (given,), options, mode(interp)) if recipe is not None and recipe[1] == 1 else None


def mode(interp: Context) -> Mode:
    """How a step runs that is taken now."""
    if interp.xla.active:
        return Mode.XLA
    if interp.eager_functions is not False or interp.perhaps_compiled:
        return Mode.UNKNOWN
    return Mode.GRAPH if interp.recorder.level else Mode.EAGER


def _operand(value: Value) -> Operand | None:
    if isinstance(value, Const):
        number = value.value
        return float(number) if isinstance(number, (int, float)) and _fits(number) else None
    return value.node if isinstance(value, (GraphValue, Variable)) else None


def _fits(number: int | float) -> bool:
    return isinstance(number, float) or abs(number) < 1 << 64


def _option(value: Value) -> object:
    """Equal options are equal objects."""
    if isinstance(value, Const):
        return type(value.value).__name__, repr(value.value)
    return value.node if isinstance(value, GraphValue) else object()


def literal(interp: Context, value: Value) -> Formula | None:
    """The numbers that are written out in a value; None where it has others."""
    numbers = fold(value, _SHORT, _number, _all)
    if not isinstance(numbers, list) or not numbers or any(math.isnan(each) for each in numbers):
        return None
    return Formula(Form.LITERAL, (min(numbers), max(numbers)), (tuple(numbers),), mode(interp))


def literal_shape(value: Value) -> Shape:
    """The shape of the numbers that are written out in a value."""
    found = fold(value, _SHORT, lambda each: SCALAR if _number(each) else None, _nested)
    return found if isinstance(found, Shape) else ANY_SHAPE


def _nested(holder: Value, parts: Sequence[Shape | None]) -> Shape | None:
    first = parts[0] if parts else None
    if first is None or not isinstance(holder.structure, Items) or any(each != first for each in parts):
        return None
    return Shape((len(parts), *first.dims))


_SHORT = shallow(levels=5, most=_LONGEST)


def _number(value: Value) -> list[float] | None:
    operand = _operand(value) if isinstance(value, Const) else None
    return [operand] if isinstance(operand, float) else None


def _all(holder: Value, parts: Sequence[list[float] | None]) -> list[float] | None:
    """All numbers in a sequence."""
    if not isinstance(holder.structure, Items) or None in parts:
        return None
    return [each for part in parts if part is not None for each in part]
