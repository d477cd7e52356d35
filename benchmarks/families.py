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


def _tree(number: int) -> str:
    """So many calls: each function calls the one before it twice."""
    depth = number.bit_length() - 1
    made = "".join(f"\n\ndef f{each}(x):\n    return f{each - 1}(x) + f{each - 1}(x * w)\n" for each in range(1, depth))
    return (
        f"{_START}\n\ndef f0(x):\n    return x * w\n{made}\n\nwith tf.GradientTape() as tape:\n"
        f"    loss = f{depth - 1}(w)\ng = tape.gradient(loss, w)\n"
    )


def _calls(number: int) -> str:
    """One function, called so many times in a training loop."""
    steps = "        x = helper(x)\n" * number
    return (
        f"{_START}\n\ndef helper(x):\n    if tf.reduce_sum(x) > 3.0:\n        x = tf.tanh(x)\n    return x * w\n\n\n"
        f"for batch in tf.data.Dataset.range(9):\n    with tf.GradientTape() as tape:\n        x = w * 2.0\n{steps}"
        "    w.assign_sub(tape.gradient(x, w))\n"
    )


def _layers(number: int) -> str:
    """A model of so many layers in a row."""
    layers = "".join(f"        tf.keras.layers.Dense({each + 1}),\n" for each in range(number))
    return (
        f"{_START}model = tf.keras.Sequential(\n    [\n{layers}    ]\n)\nwith tf.GradientTape() as tape:\n"
        "    loss = tf.reduce_sum(model(w[None]))\ng = tape.gradient(loss, model.trainable_variables)\n"
    )


def _blocks(number: int) -> str:
    """A functional model of so many blocks, each around its input."""
    block = "x = tf.keras.layers.Add()([x, tf.keras.layers.Dense(2)(x)])\n"
    return (
        f"{_START}inputs = tf.keras.Input([2])\nx = inputs\n{block * number}model = tf.keras.Model(inputs, x)\n"
        "model.compile('sgd', 'mse')\nmodel.fit(w[None], w[None])\n"
    )


def _weights(number: int) -> str:
    """A list of so many variables that a loop walks."""
    made = "".join(f"    tf.Variable({each}.0),\n" for each in range(number))
    return (
        f"{_START}weights = [\n{made}]\nwith tf.GradientTape() as tape:\n    x = tf.constant(1.0)\n"
        "    for weight in weights:\n        x = tf.tanh(x) * weight\ng = tape.gradient(x, weights)\n"
    )


def _models(number: int) -> str:
    """A dictionary of so many models, each trained for itself."""
    made = "".join(f"    'm{each}': tf.keras.layers.Dense({each + 1}),\n" for each in range(number))
    return (
        f"{_START}models = {{\n{made}}}\nfor name, model in models.items():\n    with tf.GradientTape() as tape:\n"
        "        loss = tf.reduce_sum(model(w[None]))\n    g = tape.gradient(loss, model.trainable_variables)\n"
    )


def _classes(number: int) -> str:
    """So many classes, each with a step of its own."""
    return _START + "".join(
        f"\n\nclass Agent{each}:\n    def __init__(self):\n        self.w = tf.Variable({each}.0)\n\n"
        "    def step(self, x):\n        with tf.GradientTape() as tape:\n            loss = self.w * x\n"
        f"        return tape.gradient(loss, self.w)\n\n\nAgent{each}().step(w)\n"
        for each in range(number)
    )


def _compiled(number: int) -> str:
    """So many compiled functions, each called with tensors and with numbers."""
    return _START + "".join(
        f"\n\n@tf.function\ndef step{each}(x):\n    with tf.GradientTape() as tape:\n        loss = w * x\n"
        f"    return tape.gradient(loss, w)\n\n\nstep{each}(w)\nstep{each}(2.0)\n"
        for each in range(number)
    )


def _attributes(number: int) -> str:
    """An object with so many attributes."""
    made = "".join(f"        self.w{each} = tf.Variable({each}.0)\n" for each in range(number))
    used = " + ".join(f"self.w{each}" for each in range(number))
    return (
        f"{_START}\n\nclass Net:\n    def __init__(self):\n{made}\n    def loss(self):\n        return {used}\n\n\n"
        "net = Net()\nwith tf.GradientTape() as tape:\n    loss = net.loss()\ng = tape.gradient(loss, net.w0)\n"
    )


def _handlers(number: int) -> str:
    """So many blocks whose exceptions are handled."""
    block = "    try:\n        x = tf.tanh(x) * w\n    except ValueError:\n        x = w * 3.0\n"
    return f"{_START}with tf.GradientTape() as tape:\n    x = w * 2.0\n{block * number}g = tape.gradient(x, w)\n"


def _scopes(number: int) -> str:
    """So many blocks under context managers."""
    block = "    with tf.name_scope('block'):\n        x = tf.tanh(x) * w\n"
    return f"{_START}with tf.GradientTape() as tape:\n    x = w * 2.0\n{block * number}g = tape.gradient(x, w)\n"


def _whiles(number: int) -> str:
    """So many loops of which it is not known how many turns they take."""
    loop = "    while tf.reduce_sum(x) < 9.0:\n        x = x * w + 1.0\n"
    return f"{_START}with tf.GradientTape() as tape:\n    x = w * 2.0\n{loop * number}g = tape.gradient(x, w)\n"


def _generators(number: int) -> str:
    """A generator that yields so many times."""
    steps = "    yield w * 2.0\n" * number
    return (
        f"{_START}\n\ndef terms():\n{steps}\n\nwith tf.GradientTape() as tape:\n    loss = sum(terms())\n"
        "g = tape.gradient(loss, w)\n"
    )


FAMILIES: dict[str, Callable[[int], str]] = {
    "chain": _chain,
    "requests": _requests,
    "sources": _sources,
    "functions": _functions,
    "loops": _loops,
    "branches": _branches,
    "helpers": _helpers,
    "tree": _tree,
    "calls": _calls,
    "layers": _layers,
    "blocks": _blocks,
    "weights": _weights,
    "models": _models,
    "classes": _classes,
    "compiled": _compiled,
    "attributes": _attributes,
    "handlers": _handlers,
    "scopes": _scopes,
    "whiles": _whiles,
    "generators": _generators,
}
