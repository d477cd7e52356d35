"""Programs of any size, each family growing in its own way: what twice the program costs should be about twice."""

from __future__ import annotations

from collections.abc import Callable

_START = "import tensorflow as tf\n\nw = tf.Variable([1.0, 2.0])\n"
_STEP = "    x{0} = tf.tanh(x{1}) * w + x{1}\n"


def _chain(number: int) -> str:
    """A request across so many steps."""
    steps = "".join(_STEP.format(each, each - 1) for each in range(1, number))
    return f"{_START}with tf.GradientTape() as tape:\n    x0 = w * 2.0\n{steps}g = tape.gradient(x{number - 1}, w)\n"


def _requests(number: int) -> str:
    """So many steps, and a request for each of them."""
    steps = "".join(_STEP.format(each, each - 1) for each in range(1, number))
    asked = "".join(f"g{each} = tape.gradient(x{each}, w)\n" for each in range(number))
    return f"{_START}with tf.GradientTape(persistent=True) as tape:\n    x0 = w * 2.0\n{steps}{asked}"


def _sources(number: int) -> str:
    """A request for so many variables, each of which has a step of its own."""
    made = "".join(f"v{each} = tf.Variable([1.0, 2.0])\n" for each in range(number))
    steps = "".join(f"    x = tf.tanh(x) * v{each}\n" for each in range(number))
    named = ", ".join(f"v{each}" for each in range(number))
    return f"{_START}{made}with tf.GradientTape() as tape:\n    x = w * 2.0\n{steps}g = tape.gradient(x, [{named}])\n"


def _functions(number: int) -> str:
    """So many functions that nothing calls, each with a request."""
    return _START + "".join(
        f"\n\ndef step{each}(x):\n    with tf.GradientTape() as tape:\n"
        "        loss = tf.reduce_mean(tf.square(w * x))\n    return tape.gradient(loss, w)\n"
        for each in range(number)
    )


def _loops(number: int) -> str:
    """So many loops, one after the other, each with a request in it."""
    loop = (
        "for x in data:\n    with tf.GradientTape() as tape:\n        loss = tf.reduce_mean(tf.square(w * x) + loss)\n"
        "    w.assign_sub(tape.gradient(loss, w))\n"
    )
    return f"{_START}data = tf.data.Dataset.range(9)\nloss = 0.0\n" + loop * number


def _branches(number: int) -> str:
    """So many branches of which it is not known which is taken."""
    branch = "    if flags[{0}]:\n        x = tf.tanh(x)\n    else:\n        x = x * w\n"
    steps = "".join(branch.format(each) for each in range(number))
    return (
        f"{_START}\n\ndef chosen(flags):\n    with tf.GradientTape() as tape:\n        x = w * 2.0\n"
        + steps.replace("    ", "        ", 1).replace("\n    ", "\n        ")
        + "    return tape.gradient(x, w)\n"
    )


def _helpers(number: int) -> str:
    """So many functions, each of which calls the one before it."""
    made = "".join(f"\n\ndef f{each}(x):\n    return f{each - 1}(x) + w\n" for each in range(1, number))
    return (
        f"{_START}\n\ndef f0(x):\n    return x * w\n{made}\n\nwith tf.GradientTape() as tape:\n"
        f"    loss = f{number - 1}(w)\ng = tape.gradient(loss, w)\n"
    )


FAMILIES: dict[str, Callable[[int], str]] = {
    "chain": _chain,
    "requests": _requests,
    "sources": _sources,
    "functions": _functions,
    "loops": _loops,
    "branches": _branches,
    "helpers": _helpers,
}
