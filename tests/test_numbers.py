"""What is claimed of the bounds of values, held against values that TensorFlow computes."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from tfgradlint.evidence.observe import tensorflow
from tfgradlint.flow.facts.intervals import ANYTHING, Interval, Reach, hull, single
from tfgradlint.flow.facts.numbers import Numbers
from tfgradlint.flow.facts.rounding import FORMATS
from tfgradlint.flow.facts.transfer import transferred
from tfgradlint.flow.graph.forms import Form
from tfgradlint.flow.graph.nodes import NOWHERE, OP, PHI, Edge, Formula, Node

_ENDS = (-1e4, -90.0, -20.0, -8.0, -1.0, -0.5, 0.0, 0.5, 1.0, 3.0, 17.0, 90.0, 1e4)
_Compute = Callable[..., object]


def _functions() -> dict[Form, _Compute]:
    tf = tensorflow()
    return {
        Form.ADD: tf.add,
        Form.SUBTRACT: tf.subtract,
        Form.MULTIPLY: tf.multiply,
        Form.DIVIDE: tf.divide,
        Form.NEGATIVE: tf.negative,
        Form.ABS: tf.abs,
        Form.SQUARE: tf.square,
        Form.EXP: tf.exp,
        Form.LOG: tf.math.log,
        Form.LOG1P: tf.math.log1p,
        Form.SQRT: tf.sqrt,
        Form.RSQRT: tf.math.rsqrt,
        Form.RECIPROCAL: tf.math.reciprocal,
        Form.MAXIMUM: tf.maximum,
        Form.MINIMUM: tf.minimum,
        Form.RELU: tf.nn.relu,
        Form.RELU6: tf.nn.relu6,
        Form.SIGMOID: tf.sigmoid,
        Form.TANH: tf.tanh,
        Form.SOFTPLUS: tf.nn.softplus,
        Form.LOG_SIGMOID: tf.math.log_sigmoid,
        Form.SOFTMAX: tf.nn.softmax,
        Form.LOG_SOFTMAX: tf.nn.log_softmax,
        Form.UNIT: tf.sin,
        Form.NORMALISED: lambda x: tf.math.l2_normalize(x, axis=-1),
        Form.SUM: tf.reduce_sum,
        Form.MEAN: tf.reduce_mean,
        Form.MAX: tf.reduce_max,
        Form.MIN: tf.reduce_min,
        Form.VARIANCE: tf.math.reduce_variance,
        Form.NORM: tf.norm,
        Form.DEVIATION: tf.math.reduce_std,
        Form.SAME: tf.transpose,
        Form.PART: lambda x: x[1:3],
        Form.POWER: tf.pow,
        Form.CLIP: lambda x, low, high: tf.clip_by_value(x, tf.reduce_min(low), tf.reduce_max(high)),
        Form.WHERE: lambda condition, x, y: tf.where(condition > 0, x, y),
        Form.JOIN: lambda x, y: tf.concat([x, y], 0),
    }


_OPERANDS = {
    **dict.fromkeys((Form.ADD, Form.SUBTRACT, Form.MULTIPLY, Form.DIVIDE, Form.MAXIMUM, Form.MINIMUM, Form.JOIN), 2),
    Form.POWER: 2,
    Form.CLIP: 3,
    Form.WHERE: 3,
}
_FORMS = sorted(
    set(Form) - {Form.LITERAL, Form.MATMUL, Form.GREATER, Form.LESS, Form.XLOGY, Form.COMPLEX},
    key=lambda form: form.name,
)


@pytest.mark.parametrize("form", _FORMS, ids=lambda form: form.name)
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_values_lie_between_the_bounds_that_are_claimed(form: Form, dtype: str) -> None:
    tf, compute, rng = tensorflow(), _functions()[form], np.random.default_rng(3)
    slack = 1e-5 if dtype == "float32" else 1e-2
    for _ in range(60):
        intervals, values = [], []
        for place in range(_OPERANDS.get(form, 1)):
            low, high = sorted(rng.choice(_ENDS, 2))
            if form is Form.CLIP and place:
                high = low  # its bounds are numbers
            if form is Form.POWER and place:
                low = high = float(rng.choice([2.0, 3.0, 0.5, -1.0, 1.0]))
            intervals.append(Interval(low, high, Reach.POINTS, Reach.POINTS))
            values.append(tf.constant([low, high, *rng.uniform(low, high, 4)], dtype))
        if form is Form.CLIP and intervals[1].low > intervals[2].low:
            continue
        claimed = transferred(form, intervals)
        seen = np.asarray(tf.cast(compute(*values), "float64")).ravel()
        seen = seen[np.isfinite(seen)]
        if dtype == "float16" and claimed.high > FORMATS[dtype].largest:
            continue
        assert (seen >= claimed.low - slack * max(1.0, abs(claimed.low))).all(), (intervals, claimed, seen)
        assert (seen <= claimed.high + slack * max(1.0, abs(claimed.high))).all(), (intervals, claimed, seen)


@pytest.mark.parametrize(
    ("form", "end", "reached"),
    [
        (Form.SIGMOID, "at_high", 30.0),
        (Form.SIGMOID, "at_low", -120.0),
        (Form.TANH, "at_high", 30.0),
        (Form.TANH, "at_low", -30.0),
        (Form.RELU, "at_low", -3.0),
        (Form.RELU6, "at_high", 8.0),
    ],
)
def test_bounds_that_are_reached_by_mass_are_taken(form: Form, end: str, reached: float) -> None:
    tf = tensorflow()
    claimed = transferred(form, [ANYTHING])
    assert getattr(claimed, end) is Reach.MASS
    bound = claimed.high if end == "at_high" else claimed.low
    assert set(np.asarray(_functions()[form](tf.constant([reached, 1.5 * reached])))) == {bound}


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_formats_round_as_tensorflow_does(name: str) -> None:
    tf, format_ = tensorflow(), FORMATS[name]
    for value in (1 - 1e-8, 1e-8, 1 / 3, 1 + 1e-3, 65519.0, 1e-7, -0.3, 3.0, 0.0):
        assert format_.rounded(value) == float(tf.cast(tf.constant(value, "float64"), name)), value
    one = tf.constant(1.0, name)
    assert float(one + tf.cast(tf.constant(format_.half_step, "float64"), name)) == 1.0
    assert float(one + tf.cast(tf.constant(2.1 * format_.half_step, "float64"), name)) > 1.0


def _node(form: Form, *operands: Node | float) -> Node:
    node = Node(OP, 0, NOWHERE, dtype="float32")
    node.formula = Formula(form, operands)
    return node


def test_what_is_less_the_largest_is_not_positive() -> None:
    numbers, x = Numbers(), Node(OP, 0, NOWHERE)
    scaled, again = _node(Form.MULTIPLY, x, 2.0), _node(Form.MULTIPLY, x, 2.0)
    assert numbers.same(scaled, again)
    assert numbers.interval(_node(Form.SUBTRACT, scaled, _node(Form.SAME, _node(Form.MAX, again)))).high == 0
    assert numbers.interval(_node(Form.SUBTRACT, scaled, _node(Form.MAX, x))) == ANYTHING


def test_a_choice_meets_its_own_condition() -> None:
    numbers, x = Numbers(), Node(OP, 0, NOWHERE)
    assert numbers.interval(_node(Form.WHERE, _node(Form.GREATER, x, 0.0), x, 1.0)).low == 0
    assert numbers.interval(_node(Form.WHERE, _node(Form.GREATER, x, 0.0), 1.0, x)).high == 1
    assert numbers.interval(_node(Form.WHERE, _node(Form.LESS, x, 2.0), x, 5.0)) == Interval(-math.inf, 5.0)


def test_alternatives_are_joined() -> None:
    either = Node(
        PHI, 0, NOWHERE, (Edge(_node(Form.LITERAL, 1.0, 2.0)), Edge(_node(Form.SIGMOID, Node(OP, 0, NOWHERE))))
    )
    assert Numbers().interval(either) == Interval(0.0, 2.0)
    assert hull(single(1.0), single(1.0)) == single(1.0)


def test_nothing_is_known_of_a_deep_chain() -> None:
    node = _node(Form.SIGMOID, Node(OP, 0, NOWHERE))
    for _ in range(5000):
        node = _node(Form.ADD, node, 1.0)
    assert Numbers().interval(node).low in (-math.inf, 5000.0)
