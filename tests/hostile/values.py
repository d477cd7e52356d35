"""Programs whose values double, multiply or grow with each line."""

from __future__ import annotations

from .programs import AFTER, BEFORE, CUT_SHORT, JUDGED, Hostile, between

_TWICE = "x = (x, x)\n" * 60
_HELPERS = "".join(f"def f{n}(x):\n    return f{n - 1}(x) + f{n - 1}(x + 1)\n" for n in range(1, 40))

_VALUES: dict[str, str] = {
    "tuple of itself twice": "x = (w,)\n" + _TWICE + "y = tf.stack(x)",
    "empty tuple of itself twice": "x = ()\n" + _TWICE + "y = tf.stack(x)\nz = len(x) + y",
    "list of itself twice": "x = [w]\n" + "x = [x, x]\n" * 60 + "y = tf.stack(x)\nz = unknown(x)",
    "dictionary of itself twice": "x = {}\n" + "x = {1: x, 2: x}\n" * 60 + "y = unknown(x)\nz = tf.nest.flatten(x)",
    "names of itself twice": "".join(f"x{n} = (x{n - 1}, x{n - 1})\n" for n in range(1, 60)).replace("x0", "()")
    + "y = tf.stack(x59)\nz = unknown(x59)\nv = x59 == x58\nu = x59 + x58",
    "doubling tuples that are joined": "x = y = ()\n" + "x = (x, x)\ny = (y, y)\n" * 60 + "z = x if unknown() else y",
    "doubling tuples that branches join": "x = y = ()\nif unknown():\n"
    + "    x = (x, x)\n" * 60
    + "else:\n    y = x\n",
    "doubling tuples that are compared": "x = y = ()\n" + "x = (x, x)\ny = (y, y)\n" * 60 + "z = x == y, x in y, x < y",
    "doubling tuples in structures": "x = (w,)\n"
    + _TWICE
    + "y = tf.nest.map_structure(tf.square, x)\nz = tf.nest.flatten(x)",
    "doubling tuples as sources": "x = (w,)\n"
    + _TWICE
    + "with tf.GradientTape() as tape:\n    loss = w * w\ng = tape.gradient(loss, x)",
    "doubling tuples as targets": "x = (w,)\n"
    + _TWICE
    + "with tf.GradientTape() as tape:\n    loss = w * w\ng = tape.gradient(x, w)",
    "doubling tuples that are watched": "x = (w,)\n" + _TWICE + "with tf.GradientTape() as t:\n    t.watch(x)",
    "doubling tuples that a function gets": "x = (w,)\n"
    + _TWICE
    + "def f(*a, **k):\n    return a, k\ny = f(x, *x, k=x)",
    "doubling tuples that a compiled function gets": "x = (w,)\n"
    + _TWICE
    + "@tf.function\ndef f(a):\n    return a\ny = f(x)",
    "doubling tuples that are copied": "import copy\nx = (w,)\n"
    + _TWICE
    + "y = copy.deepcopy(x), list(x), tuple(x), x[:]",
    "doubling tuples that are printed": "x = (w,)\n" + _TWICE + "print(x)\ny = f'{x}', str(x), '%s' % x, np.array(x)",
    "doubling tuples given to Keras": "from tensorflow import keras\nx = (w,)\n"
    + _TWICE
    + "m = keras.Sequential([keras.layers.Dense(1)])\nm.compile('adam', loss=x)\nm.fit(x, x)\nm.a = x\nm(x)\n"
    + "m.trainable = False\nk = keras.layers.concatenate(x), keras.layers.Dense(x)\n"
    + "k = keras.Sequential(x), keras.Model(x, x)\n"
    + "o = keras.optimizers.SGD()\no.apply(x, x)\no.apply_gradients(x)\nkeras.metrics.Mean()(x)",
    "doubling tuples in a dataset": "x = (w,)\n"
    + _TWICE
    + "d = tf.data.Dataset.from_tensor_slices(x).map(lambda *a: a).batch(2)\nfor e in d:\n    print(e)",
    "doubling tuples held by models": "from tensorflow import keras\nx = (w,)\n"
    + _TWICE
    + "class M(keras.Model):\n    def __init__(self):\n        super().__init__()\n        self.x = x\n"
    + "        self.d = keras.layers.Dense(1)\n    def call(self, a):\n        return self.d(a), self.x\n"
    + "m = M()\nm.trainable = True\nm.compile('sgd', 'mse')\nm.fit(w, w)\nwith tf.GradientTape() as t:\n    y = m(w)\n"
    + "g = t.gradient(y, m.trainable_variables)",
    "list added to itself": "x = [w]\n" + "x = x + x\n" * 60 + "y = tf.add_n(x)",
    "list extended by itself": "x = [w]\n" + "x += x\n" * 60 + "x.extend(x)\n" * 60 + "y = tf.add_n(x)",
    "tuple added to itself": "x = (w,)\n" + "x = x + x\n" * 60 + "y = tf.add_n(x)",
    "dictionary that grows": "x = {}\nfor i in range(5):\n"
    + "    x = {**x, i: x, str(i): x}\n" * 60
    + "y = unknown(x)",
    "string multiplied": "x = 'a' * 10 ** 9\ny = b'a' * 10 ** 10\nz = 10 ** 10 * 'a'\n" + "x = x + x\n" * 60,
    "string doubled": "x = 'a'\n" + "x = x + x\n" * 60 + "y = x",
    "lambda of itself twice": "f = lambda x: x\n" + "f = (lambda g: lambda x: g(g(x)))(f)\n" * 40 + "y = f(w)",
    "partial of itself": "import functools\nf = tf.square\n" + "f = functools.partial(f)\n" * 500 + "y = f(w)",
    "method of itself": "x = w\n" + "x = x.m\n" * 3000 + "y = x(w)",
    "unknown of itself": "x = w\n" + "x = unknown(x, x)\n" * 500 + "y = tf.square(x)",
    "tensor of itself twice": "x = w\n"
    + "x = x + x\n" * 500
    + "with tf.GradientTape() as t:\n    y = tf.reduce_sum(x * w)\ng = t.gradient(y, w)",
    "tensor of itself twice under a tape": "with tf.GradientTape() as t:\n    x = w\n"
    + "    x = x + x\n" * 500
    + "g = t.gradient(x, w)",
    "tensor of itself twice in branches": "with tf.GradientTape() as t:\n    x = w\n"
    + "    if unknown():\n        x = x + x\n" * 300
    + "g = t.gradient(x, w)",
    "choices that multiply": "".join(f"x{n} = 1 if unknown() else 'a'\n" for n in range(30))
    + f"y = ({', '.join(f'x{n}' for n in range(30))})\nz = "
    + " + ".join(f"x{n}" for n in range(30)),
    "choices of functions that multiply": "f = tf.sin if unknown() else (lambda x: x)\nx = w\n" + "x = f(x)\n" * 60,
    "squares of squares": "x = 3\n" + "x = x * x\n" * 60 + "y = x + w",
    "numbers that double": "x = 1\n" + "x = x + x\n" * 5000 + "y = x + w",
    "bases that double": "class A0: pass\n"
    + "".join(f"class A{n}(A{n - 1}, A{n - 1}): pass\n" for n in range(1, 60))
    + "x = A59().m()\ny = isinstance(A59(), A0)\nz = A59.m",
    "mutual recursion of twelve": "".join(
        f"def f{n}(x):\n    return {' + '.join(f'f{m}(x)' for m in range(12))}\n" for n in range(12)
    )
    + "y = f0(w)",
    "helpers that double": "def f0(x):\n    return x\n" + _HELPERS + "y = f39(w)",
    "helpers that double under a tape": "def f0(x):\n    return tf.tanh(x)\n"
    + _HELPERS
    + "with tf.GradientTape() as tape:\n    loss = f39(w)\ng = tape.gradient(loss, w)",
    "zip of zip": "x = [w]\n" + "x = zip(x, x)\n" * 100 + "for y in x: pass\n",
    "iterators of iterators": "z = [w]\n"
    + "z = map(list, z)\nz = enumerate(z)\nz = reversed(z)\n" * 50
    + "u = list(z)",
}
#: These take more steps than the budget allows, and the rest of the module is not judged.
_CUT_SHORT = frozenset(
    {
        "helpers that double",
        "helpers that double under a tape",
        "lambda of itself twice",
        "mutual recursion of twelve",
    }
)
ALONE = "helpers that double in a function that nothing calls"
_ALONE = """
def doubling(x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = f39(x)
    return tape.gradient(loss, x)
"""


def programs() -> list[Hostile]:
    """All of them."""
    found = [between(name, part, CUT_SHORT if name in _CUT_SHORT else JUDGED) for name, part in _VALUES.items()]
    helpers = "\n\ndef f0(x):\n    return tf.tanh(x)\n" + _HELPERS + _ALONE
    # What one function costs is that function's: what stands before it is judged.
    found.append(Hostile(ALONE, BEFORE + AFTER + helpers, CUT_SHORT))
    return found
