"""What the functions do to intervals."""

from __future__ import annotations

import math
from collections.abc import Callable

from tfgradlint.flow.facts.intervals import ANYTHING, Interval, Reach, hull, single
from tfgradlint.flow.graph.forms import Form

#: Beyond these a sigmoid, a hyperbolic tangent or a softmax of one of the usual formats is rounded to its bound, or
#: comes as near as makes no difference.
_SATURATED = 15.0

Transfer = Callable[..., Interval]


def transferred(form: Form, operands: list[Interval]) -> Interval:
    """The interval of a function of values that lie in these."""
    transfer = _TRANSFERS.get(form)
    return ANYTHING if transfer is None else transfer(*operands)


def _bounded(low: float, high: float, at_low: Reach = Reach.OPEN, at_high: Reach = Reach.OPEN) -> Interval:
    """An interval; what is no number says nothing, and nobody reaches infinity."""
    low = -math.inf if math.isnan(low) else low
    high = math.inf if math.isnan(high) else high
    return Interval(low, high, Reach.OPEN if math.isinf(low) else at_low, Reach.OPEN if math.isinf(high) else at_high)


def _negative(x: Interval) -> Interval:
    return Interval(-x.high, -x.low, x.at_high, x.at_low)


def _add(x: Interval, y: Interval) -> Interval:
    return _bounded(x.low + y.low, x.high + y.high, *_reaches(x, y))


def _reaches(x: Interval, y: Interval) -> tuple[Reach, Reach]:
    """An end of a sum is taken where the other summand is one number: else both would have to be at the same time."""
    if y.single:
        return x.at_low, x.at_high
    return (y.at_low, y.at_high) if x.single else (Reach.OPEN, Reach.OPEN)


def _multiply(x: Interval, y: Interval) -> Interval:
    if x.single:
        x, y = y, x
    if y.single and not math.isinf(y.low):
        if y.low == 0:
            return single(0.0) if math.isfinite(x.low) and math.isfinite(x.high) else ANYTHING
        scaled = _bounded(x.low * abs(y.low), x.high * abs(y.low), x.at_low, x.at_high)
        return scaled if y.low > 0 else _negative(scaled)
    products = [_product(a, b) for a in (x.low, x.high) for b in (y.low, y.high)]
    return _bounded(min(products), max(products))


def _product(a: float, b: float) -> float:
    """No value is infinite: what is multiplied with zero is zero."""
    return 0.0 if a == 0 or b == 0 else a * b


def _divide(x: Interval, y: Interval) -> Interval:
    return ANYTHING if y.low <= 0 <= y.high else _multiply(x, _reciprocal(y))


def _reciprocal(x: Interval) -> Interval:
    if x.low < 0 < x.high or (x.low == 0 and x.high == 0):
        return ANYTHING
    low = 1 / x.high if x.high else -math.inf
    high = 1 / x.low if x.low else math.inf
    return _bounded(low, high, x.at_high, x.at_low)


def _power(x: Interval, y: Interval) -> Interval:
    if not y.single:
        return _bounded(0.0, math.inf) if x.low >= 0 else ANYTHING
    exponent = y.low
    if exponent == 1:
        return x
    if exponent > 0 and exponent % 2 == 0:
        return _rising(abs_of(x), lambda value: value**exponent)
    if exponent > 0 and x.low >= 0:
        return _rising(x, lambda value: value**exponent)
    return _bounded(0.0, math.inf) if x.low >= 0 or exponent % 2 == 0 else ANYTHING


def _rising(x: Interval, function: Callable[[float], float], low: float = 0.0, high: float = math.inf) -> Interval:
    """A function that rises with its argument, from ``low`` to ``high``, as far as it goes."""
    return _bounded(_value(function, x.low, low, high), _value(function, x.high, high, high), x.at_low, x.at_high)


def _value(function: Callable[[float], float], at: float, beyond: float, overflow: float) -> float:
    if math.isinf(at):
        return beyond
    try:
        return function(at)
    except OverflowError:
        return overflow
    except ValueError:  # it has no value there
        return beyond


def abs_of(x: Interval) -> Interval:
    """The absolute value."""
    if x.low >= 0:
        return x
    if x.high <= 0:
        return _negative(x)
    return _bounded(0.0, max(-x.low, x.high), Reach.OPEN, _farther(x))


def _farther(x: Interval) -> Reach:
    if -x.low == x.high:
        return max(x.at_low, x.at_high)
    return x.at_low if -x.low > x.high else x.at_high


def _exp(x: Interval) -> Interval:
    return _rising(x, math.exp)


def _log(x: Interval) -> Interval:
    return _rising(x, lambda value: math.log(value) if value > 0 else -math.inf, -math.inf)


def _log1p(x: Interval) -> Interval:
    return _rising(x, lambda value: math.log1p(value) if value > -1 else -math.inf, -math.inf)


def _sqrt(x: Interval) -> Interval:
    return _rising(x, lambda value: math.sqrt(max(value, 0.0)))


def _rsqrt(x: Interval) -> Interval:
    return _reciprocal(_sqrt(x)) if x.low > 0 else _bounded(0.0, math.inf)


def _maximum(x: Interval, y: Interval) -> Interval:
    """What lies below the greater of the two lower ends is raised to it."""
    x, y = (x, y) if x.low >= y.low else (y, x)
    at_low = Reach.MASS if x.single and y.low < x.low else x.at_low if y.low == x.low else Reach.OPEN
    at_high = x.at_high if x.high > y.high else y.at_high if y.high > x.high else max(x.at_high, y.at_high)
    return _bounded(x.low, max(x.high, y.high), at_low, at_high)


def _minimum(x: Interval, y: Interval) -> Interval:
    return _negative(_maximum(_negative(x), _negative(y)))


def _clip(x: Interval, low: Interval, high: Interval) -> Interval:
    return _minimum(_maximum(x, low), high)


def _relu(x: Interval) -> Interval:
    return _maximum(x, single(0.0))


def _relu6(x: Interval) -> Interval:
    return _minimum(_relu(x), single(6.0))


def _between(low: float, high: float, function: Callable[[float], float]) -> Transfer:
    """A function that goes from one bound to another, and is rounded to them on its way."""

    def transfer(x: Interval) -> Interval:
        return Interval(
            low if x.low < -_SATURATED else function(x.low),
            high if x.high > _SATURATED else function(x.high),
            Reach.MASS if x.low < -_SATURATED else x.at_low,
            Reach.MASS if x.high > _SATURATED else x.at_high,
        )

    return transfer


def _sigmoid_of(value: float) -> float:
    return 1 / (1 + math.exp(-value)) if value > -_LOGS else 0.0


#: The exponential function of it is a number.
_LOGS = 700.0


def _softmax(x: Interval) -> Interval:
    """Of one element it is one, of many as good as zero."""
    spread = x.high - x.low
    reach = Reach.MASS if not spread <= _SATURATED else Reach.OPEN
    return Interval(0.0, 1.0, reach, reach)


def _softplus_of(value: float) -> float:
    return value if value > _LOGS else math.log1p(math.exp(value))


def _log_sigmoid(x: Interval) -> Interval:
    return _negative(_rising(_negative(x), _softplus_of))


def _log_softmax(x: Interval) -> Interval:
    return _bounded(-math.inf, 0.0)


def _unit(*given: Interval) -> Interval:
    return Interval(-1.0, 1.0)


def _sum(x: Interval) -> Interval:
    """Of how many elements is not known: only the sign is."""
    return _bounded(0.0 if x.low >= 0 else -math.inf, 0.0 if x.high <= 0 else math.inf)


def _mean(x: Interval) -> Interval:
    return Interval(x.low, x.high)


def _extreme(x: Interval) -> Interval:
    return Interval(x.low, x.high)


def _where(condition: Interval, x: Interval, y: Interval) -> Interval:
    return hull(x, y)


def _join(*given: Interval) -> Interval:
    found = given[0]
    for each in given[1:]:
        found = hull(found, each)
    return found


def _square(x: Interval) -> Interval:
    return _power(x, single(2.0))


_TRANSFERS: dict[Form, Transfer] = {
    Form.LITERAL: lambda low, high: Interval(low.low, high.high, low.at_low, high.at_high),
    Form.ADD: _add,
    Form.SUBTRACT: lambda x, y: _add(x, _negative(y)),
    Form.MULTIPLY: _multiply,
    Form.DIVIDE: _divide,
    Form.POWER: _power,
    Form.NEGATIVE: _negative,
    Form.ABS: abs_of,
    Form.SQUARE: _square,
    Form.EXP: _exp,
    Form.LOG: _log,
    Form.LOG1P: _log1p,
    Form.SQRT: _sqrt,
    Form.RSQRT: _rsqrt,
    Form.RECIPROCAL: _reciprocal,
    Form.MAXIMUM: _maximum,
    Form.MINIMUM: _minimum,
    Form.CLIP: _clip,
    Form.RELU: _relu,
    Form.RELU6: _relu6,
    Form.SIGMOID: _between(0.0, 1.0, _sigmoid_of),
    Form.TANH: _between(-1.0, 1.0, math.tanh),
    Form.SOFTPLUS: lambda x: _rising(x, _softplus_of),
    Form.LOG_SIGMOID: _log_sigmoid,
    Form.SOFTMAX: _softmax,
    Form.LOG_SOFTMAX: _log_softmax,
    Form.UNIT: _unit,
    Form.NORMALISED: _unit,
    Form.SUM: _sum,
    Form.MEAN: _mean,
    Form.MAX: _extreme,
    Form.MIN: _extreme,
    Form.VARIANCE: lambda x: _bounded(0.0, math.inf),
    Form.NORM: lambda x: _bounded(0.0, math.inf),
    Form.DEVIATION: lambda x: _bounded(0.0, math.inf),
    Form.SAME: lambda x: x,
    Form.PART: lambda x: Interval(x.low, x.high),
    Form.WHERE: _where,
    Form.JOIN: _join,
}
