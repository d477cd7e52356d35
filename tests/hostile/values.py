"""Programs whose values are monstrous: they grow, hold themselves, or call themselves."""

from __future__ import annotations

from .programs import CUT_SHORT, JUDGED, Hostile, between

_VALUES: dict[str, str] = {
    # Values that double with each line.
    "tuple of itself twice": "x = (w,)\n" + "x = (x, x)\n" * 60 + "y = tf.stack(x)",
    "empty tuple of itself twice": "x = ()\n" + "x = (x, x)\n" * 60 + "y = tf.stack(x)\nz = len(x) + y",
    "list of itself twice": "x = [w]\n" + "x = [x, x]\n" * 60 + "y = tf.stack(x)\nz = unknown(x)",
    "dictionary of itself twice": "x = {}\n" + "x = {1: x, 2: x}\n" * 60 + "y = unknown(x)",
    "doubling tuples that are joined": "x = y = ()\n" + "x = (x, x)\ny = (y, y)\n" * 60 + "z = x if unknown() else y",
    "doubling tuples that are compared": "x = y = ()\n" + "x = (x, x)\ny = (y, y)\n" * 60 + "z = x == y",
    "doubling tuples that are nested in structures": "x = (w,)\n"
    + "x = (x, x)\n" * 60
    + "y = tf.nest.map_structure(tf.square, x)\nz = tf.nest.flatten(x)",
    "doubling tuples as sources": "x = (w,)\n"
    + "x = (x, x)\n" * 60
    + "with tf.GradientTape() as tape:\n    loss = w * w\ng = tape.gradient(loss, x)",
    "doubling tuples as targets": "x = (w,)\n"
    + "x = (x, x)\n" * 60
    + "with tf.GradientTape() as tape:\n    loss = w * w\ng = tape.gradient(x, w)",
    "doubling tuples that are watched": "x = (w,)\n" + "x = (x, x)\n" * 60 + "tape.watch(x)",
    "doubling tuples that a compiled function gets": "x = (w,)\n"
    + "x = (x, x)\n" * 60
    + "@tf.function\ndef f(a):\n    return a\ny = f(x)",
    "list added to itself": "x = [w]\n" + "x = x + x\n" * 60 + "y = tf.add_n(x)",
    "list multiplied": "x = [w] * 10 ** 9\ny = x * 10 ** 9\nz = tf.add_n(y)",
    "string multiplied": "x = 'a' * 10 ** 9\ny = b'a' * 10 ** 10\nz = 10 ** 10 * 'a'\n" + "x = x + x\n" * 60,
    "string doubled": "x = 'a'\n" + "x = x + x\n" * 60 + "y = x",
    "lambda of itself twice": "f = lambda x: x\n" + "f = (lambda g: lambda x: g(g(x)))(f)\n" * 40 + "y = f(w)",
    "partial of itself": "import functools\nf = tf.square\n" + "f = functools.partial(f)\n" * 500 + "y = f(w)",
    "tensor of itself twice": "x = w\n" + "x = x + x\n" * 500 + "with tf.GradientTape() as t:\n    t.watch(x)\n    y = x * x\n"
    "g = t.gradient(y, [x, w])",
    "choices that multiply": "".join(f"x{n} = 1 if unknown() else 'a'\n" for n in range(30))
    + "y = ("
    + ", ".join(f"x{n}" for n in range(30))
    + ")\nz = "
    + " + ".join(f"x{n}" for n in range(30)),
    # Numbers that no one can hold.
    "towers of powers": "x = 9 ** 9 ** 9 ** 9\ny = 10 ** 10 ** 10\nz = -(2 ** 10000)\nv = 2.0 ** 100000\nu = 0 ** -1",
    "shifts": "x = 1 << 10 ** 10\ny = 1 << -1\nz = 1 >> 10 ** 30\nv = (1 << 62) << 62\nv = v << 62\nv = v << 62",
    "squares of squares": "x = 3\n" + "x = x * x\n" * 60 + "y = x + w",
    "numbers that double": "x = 1\n" + "x = x + x\n" * 5000 + "y = x + w",
    "divisions by zero": "x = 1 / 0\ny = 1 // 0\nz = 1 % 0\nv = 0.0 / 0.0\nu = divmod(1, 0)\nt = 1e308 * 10 - 1e308 * 10",
    "not a number": "n = float('nan')\nx = {n: w, n: w}\ny = 1e400 - 1e400\nz = {y: w}[y]\nv = y == y\nfor i in range(y): pass",
    "ranges without end": "for i in range(10 ** 30): pass\nfor i in range(0): pass\nfor i in range(1, 2, 0): pass\n"
    "for i in range(-10 ** 30, 10 ** 30, 10 ** 29): y = w\nx = list(range(10 ** 9))\nz = sum(range(10 ** 12))\n"
    "for i in range(True): y = w\nfor i in range(): pass\nfor i in range(1, 2, 3, 4): pass",
    "formats": "x = '%1000000000d' % 1\ny = f'{1:1000000000}'\nz = '{:>999999999}'.format(w)\nv = '%' % w\nu = 'a' % (1, 2)",
    "operators on the wrong things": "x = [] - {}\ny = 'a' ** 2\nz = None + w\nv = -'a'\nu = ~1.5\nt = not ...\n"
    "s = ... + 1\nr = (1, 2) * 1.5\nq = {1} | {2}\np = {1: 2} | {3: w}\no = 'a' < 1\nn = [] @ w\nm = 1 @ 1\nl = w[...]",
    "unhashable keys": "x = {[]: 1, {}: 2, (1, []): w}\ny = {[1]}\nz = {}[[]]\nz = {1: w}[[]]\nx[[]] = w\ndel x[{}]\nv = {w: w}",
    "negative and strange subscripts": "x = [w, w]\ny = x[-1], x[-3], x[10 ** 30], x[1.5], x['a'], x[None], x[::0], x[True]\n"
    "z = (w, w)[5]\nv = x[::-1], x[10 ** 30 :], x[: -(10 ** 30)], x['a' :], x[1.5:], x[w:], x[:, 0]\nx[5] = w\nx[::0] = w\n"
    "x[0:5] = [w]\ndel x[7]\ndel x[::0]\ndel x['a']\nu = 'abc'[1], 'abc'[7], b'abc'[0], 'abc'[::0], 5[0], None[0], ...[0]",
    "wrong arguments everywhere": "x = len(), len(1, 2), len(*[], **{}), zip(1), map(), map(1), map(1, 2), sum(), sum(1, 2, 3)\n"
    "y = range('a'), enumerate(), enumerate(1, 'a'), reversed(), reversed(1), sorted(), sorted(1, 2), min(), max(), max(1)\n"
    "z = isinstance(), isinstance(1), isinstance(1, 2), isinstance(1, ()), getattr(), getattr(1), getattr(w, 1), setattr()\n"
    "v = list(1), tuple(1, 2), dict(1), dict([1]), dict([(1,)]), dict(w), set(1), next(), next(1), next([]), iter(), super()\n"
    "u = filter(), filter(None, 1), any(), all(1), print(*w), str(*w), property(), staticmethod(), classmethod(1), type()\n"
    "t = tf.Variable(), tf.constant(), tf.GradientTape(1, 2, 3, 4), tf.function(), tf.cond(), tf.while_loop(), tf.map_fn()\n"
    "s = tf.nest.map_structure(), tf.stop_gradient(), tf.cast(), tf.cast(w), tf.cast(w, 1), tf.gather(w), tf.stack()\n"
    "r = tf.custom_gradient(), tf.numpy_function(), tf.py_function(1), tf.case(), tf.switch_case(), tf.scan(), tf.vectorized_map()\n"
    "q = tape.gradient(), tape.gradient(1), tape.gradient(1, 2, 3, 4, 5, 6), tape.watch(), tape.jacobian(), tape.reset(1)\n"
    "p = np.array(), np.mean(), np.square(1, 2, 3), tf.gradients(), tf.UnconnectedGradients(), tf.Variable(*w, **w)",
    "calls of what cannot be called": "x = 1(), 'a'(), None(), [](), {}(), (1,)(), ...(), (w)(), tf(), np(), tape(), (lambda: 1)()()\n"
    "y = tf.Variable.x.y.z(), tf.float32(), tf.newaxis(), np.pi(), True(), (1).real(), 'a'.join(), b''.x(), (yield_)()",
    "attributes of everything": "x = (1).a, 'a'.b, None.c, [].d, {}.e, (1,).f, (...).g, tf.h.i.j, np.k.l, tape.m, (lambda: 1).n\n"
    "tf.a = 1\nnp.b = w\nNone.c = 1\n(1).d = w\ntape.e = w\n[].f = 1\n(lambda: 1).g = 1\ndel tf.a, None.b, (1).c, tape.d, w.e",
    "loops over what is no sequence": "for x in 1: pass\nfor x in None: pass\nfor x in w: pass\nfor x in tape: pass\nfor x in tf: pass\n"
    "for x in last_name: pass\nfor x in ...: pass\nfor x, *y in 'abc': pass\nfor x, y in (1, 2): pass\nfor (x, y), z in w: pass\n"
    "for w.x in w: pass\nfor x[0] in w: pass\nfor [x, *y] in w: pass\nfor () in w: pass\nfor [] in [w]: pass\n"
    "x, y = 1\n(x, y), z = w\nx, *y, z = ()\n*x, = w\n[x, [y, *z]] = w\nx, y = {1: 2}\nx, y = {w}\nx, (y, z) = tf",
    # What holds or calls itself.
    "list that holds itself": "x = []\nx.append(x)\nfor y in x:\n    z = tf.stack(x)\nx += x\nx.extend(x)\nx.insert(0, x)\n"
    "x = [x] + x\nu = tf.nest.flatten(x)\nt = unknown(x)\nx[0] = x\nx[:] = x\n"
    "with tf.GradientTape() as tape:\n    loss = w * w\ng = tape.gradient(loss, x)\ng = tape.gradient(x, w)\ntape.watch(x)",
    "list that holds itself twice": "x = []\nx.append(x)\nx.append(x)\nu = tf.nest.flatten(x)\nt = tf.stack(x)\nv = unknown(x)\n"
    "z = tf.nest.map_structure(tf.square, x)\ny = x == x\nfor a in x:\n    for b in a:\n        for c in b:\n            c.append(c)\n"
    "with tf.GradientTape() as tape:\n    loss = w * w\ng = tape.gradient(loss, x)\nq = sum(x, [])\np = list(x), tuple(x), dict(x)",
    "dictionary that holds itself": "x = {}\nx['x'] = x\nx.update(x)\ny = {**x, 'y': x}\nz = x['x']['x']['x']\nx.setdefault('z', x)\n"
    "u = tf.nest.flatten(x)\nt = unknown(**x)\nv = dict(x, **x)\nz = x | x\n"
    "with tf.GradientTape() as tape:\n    loss = w * w\ng = tape.gradient(loss, x)",
    "lists that hold each other": "x, y = [], []\nx.append(y)\ny.append(x)\nz = x if unknown() else y\nu = tf.stack(z)\nz.append(z)\n"
    "for i in range(50):\n    x, y = [x, y], [y, x]\nt = tf.stack(x)\nif unknown():\n    x = y\nelse:\n    y = x\nv = x == y",
    "object that holds itself": "class A:\n    def __init__(self):\n        self.a = self\n    def __getattr__(self, name):\n"
    "        return getattr(self, name)\n    def __call__(self):\n        return self()\n    def __iter__(self):\n        return self\n"
    "    def __next__(self):\n        return self\n    def __getitem__(self, key):\n        return self[key]\n"
    "    def __add__(self, other):\n        return self + other\n    def __bool__(self):\n        return bool(self)\n"
    "    def __enter__(self):\n        return self.__enter__()\n    def __exit__(self, *e):\n        return self.__exit__(*e)\n"
    "a = A()\nx = a.a.a.a.b.c()\ny = a()\nfor z in a: pass\nu = a[0]\nt = a + a + a\nif a: pass\nwith a as b: pass\nv, q = a\np = [*a]",
    "property of itself": "class A:\n    @property\n    def p(self):\n        return self.p + self.q\n    @property\n    def q(self):\n"
    "        return self.p\n    p = p.setter(p)\na = A()\nx = a.p\na.p = a.p\nA.p.p = A.p",
    "class of itself": "class A:\n    def __init__(self):\n        self.a = A()\n        self.b = type(self)()\n    def m(self):\n"
    "        return A().m() + self.m()\nx = A().m()\nclass A(A):\n    def m(self):\n        return super().m() + super().n()\ny = A().m()\n"
    "A.__init__ = A\nz = A()\nA.m = A.m\nA.a = A\nu = A.a.a.a().m()",
    "bases that go round": "class A: pass\nclass B(A): pass\nA.__bases__ = (B,)\nclass A(B): pass\nclass B(A): pass\nclass C(A, B, A, C): pass\n"
    "A.__class__ = A\nx = B().y.z()\nclass D(D): pass\nclass E(lambda: E): pass\nclass F(*[F], **{}): pass\nclass G(1, None, tf, w): pass\n"
    "class H(metaclass=H): pass\nclass I(type): pass\nclass J(metaclass=I): pass\ny = J().m(), I('a', (), {})().m()",
    "bases by the million": "class A0: pass\n" + "".join(f"class A{n}(A{n - 1}, A{n - 1}): pass\n" for n in range(1, 60)) + "x = A59().m()",
    "decorator that returns itself": "def d(f):\n    return d\n@d\n@d(d)\n@d(d)(d)\ndef f(x):\n    return x\ny = f(w)(w)(w)",
    "decorated by itself": "def f(g):\n    @f\n    def h(x):\n        return h(x)\n    return h\n@f\ndef g(x):\n    return g(x)\ny = g(w)\n"
    "@lambda f: f(f)\ndef k(x):\n    return x(x)\nz = k(k)",
    "functions that pass themselves around": "def f(g, *a):\n    return g(f, g, *a)\ny = f(f)\nz = f(f, f, f, w)\nu = (lambda x: x(x))(lambda x: x(x))\n"
    "def h(x, k=f):\n    return k(h, x, k)\nv = h(w)\nt = h(h, h)\ndef p(f):\n    return lambda g: f(g(f))(p)\ns = p(p)(p)(p)(p)",
    "the fixed point": "y = (lambda f: (lambda x: x(x))(lambda x: f(lambda *a: x(x)(*a))))(lambda r: lambda n: w if n == 0 else w * r(n - 1))(9)",
    "mutual recursion": "def f(x):\n    return g(x) + g(x)\ndef g(x):\n    return h(x) + f(x)\ndef h(x):\n    return f(g(h(x)))\ny = f(w)",
    "mutual recursion of twelve": "".join(
        f"def f{n}(x):\n    return " + " + ".join(f"f{m}(x)" for m in range(12)) + "\n" for n in range(12)
    )
    + "y = f0(w)",
    "recursion that counts": "def f(n, x):\n    return x if n == 0 else f(n - 1, x * w) + f(n - 2, x)\ny = f(100, w)",
    "Ackermann": "def a(m, n):\n    if m == 0:\n        return n + 1\n    if n == 0:\n        return a(m - 1, 1)\n    return a(m - 1, a(m, n - 1))\ny = a(9, 9) * w",
    "helpers that double": "def f0(x):\n    return x\n"
    + "".join(f"def f{n}(x):\n    return f{n - 1}(x) + f{n - 1}(x + 1)\n" for n in range(1, 40))
    + "y = f39(w)",
    "helpers that double under a tape": "def f0(x):\n    return tf.tanh(x)\n"
    + "".join(f"def f{n}(x):\n    return f{n - 1}(x) + f{n - 1}(x + 1)\n" for n in range(1, 40))
    + "with tf.GradientTape() as tape:\n    loss = f39(w)\ng = tape.gradient(loss, w)",
    "generators of generators": "def g(x):\n    yield g(x)\n    yield from g(x)\n    yield (yield (yield x))\n    x = yield from (yield g)\n"
    "for y in g(w):\n    for z in y:\n        u = z\nx = list(g(g(w)))\nv = (a for a in (b for b in (c for c in g(w))))\nt = [*v, *g(w)]\ns = sum(g(w))",
    "generator that iterates itself": "g = (x for x in g)\ng = (x for x in g)\nfor y in g: pass\nh = map(lambda x: h, [w])\nh = map(lambda x: list(h), [w])\n"
    "for y in h: pass\nk = (list(k) for x in [1])\nfor y in k: pass\nm = filter(lambda x: list(m), [w, w])\nz = list(m), list(h), list(k)",
    "zip of zip": "x = [w]\n" + "x = zip(x, x)\n" * 100 + "for y in x: pass\n" + "z = [w]\n" + "z = map(list, z)\nz = enumerate(z)\nz = reversed(z)\n" * 50 + "u = list(z)",
    "infinite loops": "while True:\n    w = w + 1\nelse:\n    w = 1\n",
    "infinite loop in a function": "def f(x):\n    while 1:\n        x = x + w\n        if x: continue\n        while True: pass\n    return x\ny = f(w)",
    "loop that grows what it runs over": "x = [w]\nfor y in x:\n    x.append(y)\n    x += x\n    x.extend([x, y])\nz = {1: w}\nfor k in z:\n    z[k + 1] = z\n    z.update({k: z})",
    "iterators without end": "import itertools\nfor x in itertools.count(): w = w + 1\nfor x in itertools.cycle([w]): pass\nfor x in iter(int, 1): pass\n"
    "for x in itertools.repeat(w): pass\ny = list(itertools.count())\nz = sum(itertools.repeat(w))\nfor a, b in zip(itertools.count(), itertools.cycle('ab')): pass",
    "everything deleted": "del w, tf, np, tape, loss, before\ndel w\ndel undefined, (a, [b, c]), d.e, f[0], f[:]\nx = tf.Variable(w)\ndel x, x, __name__, print\nprint(x)",
    "global and nonlocal": "def f():\n    global w, tf, undefined, f\n    w = 1\n    del tf, undefined\n    def g():\n        nonlocal_ = 1\n        global w\n        del w\n"
    "        def h():\n            nonlocal nonlocal_\n            nonlocal_ = f\n            del nonlocal_\n            return nonlocal_\n        return h() + h()\n    g()\n    f = g\n    return f\n"
    "class A:\n    global a\n    a = 1\n    def m(self):\n        nonlocal_ = 0\n        class B:\n            nonlocal nonlocal_\n            nonlocal_ = self\n            del nonlocal_\n        return nonlocal_, B\n"
    "x = f(), A().m(), a\nglobal y\ny = w",
    "walrus everywhere": "if (a := w) and (b := a) or (c := b): x = (d := c)\nwhile (e := w) is None: (f := e)\ny = [g := w, g, (h := g)][(i := 0)]\nz = {(j := 1): (k := w)}\n"
    "u = [l := m for m in [n := w] if (o := m) is not None]\nt = (lambda p=(q := w): (r := p))()\ns = f'{(v := w)!r:{(aa := 5)}}'\ndef fn(x=(bb := w), *y: (cc := int)) -> (dd := w): return (ee := x)\n"
    "@(ff := tf.function)\ndef fn2(): pass\nclass A((gg := object)): hh = (ii := gg)\nassert (jj := w) is not None, (kk := w)\nwith (ll := open('f')) as mm, (nn := tape): pass\n"
    "for oo in (pp := [w]): (qq := oo)\nw[(rr := 0)]\ndel (ss := [w])[0]\nreturn_ = (tt := (uu := (vv := w)))\nprint((ww := w), end=(xx := ''), *(yy := [w]), **(zz := {}))",
    "tapes misused": "with tape: pass\nwith tape as w, tape as tape: x = tape\ntape.__enter__()\ntape.__exit__()\ntape = tape.gradient\nx = tape(tape, tape)\n"
    "with tf.GradientTape as t: t.gradient(t, t)\nwith tf.GradientTape() as t.u, tf.GradientTape() as (a, b), tf.GradientTape() as c[0]: pass\n"
    "with tf.GradientTape() as t:\n    t = t.gradient(t, t)\n    g = t.gradient(w, t)\nwith tf.GradientTape() as t:\n    with t.stop_recording() as s, s, t: t.reset(); t.reset()\n"
    "    t.stop_recording().__enter__()\n    u = [t, [t]]\n    t.watch(t); t.watch([t, w, None]); t.watch(u)\nx = t.gradient(u, u), t.gradient(None, None), t.gradient((), ()), t.gradient({}, {})\n"
    "x = t.gradient(w, [[], {}, None, 1, 'a', t]), t.gradient(target=w, sources=w), t.gradient(sources=w), t.gradient(*w, **w), t.gradient(w, *[w], **{})\n"
    "tf.GradientTape().gradient(tf.GradientTape(), w)\nx = t.jacobian(w, [w]), t.batch_jacobian(w, {}), tf.gradients(w, w, w, w), tf.GradientTape.gradient(t, w, w)\n"
    "class T(tf.GradientTape):\n    def gradient(self, *a): return super().gradient(*a)\nwith T() as t: y = w * w\nx = t.gradient(y, w), T.gradient(t, y, w), tf.GradientTape.__call__(t)",
    "callbacks of themselves": "x = tf.cond(w, lambda: tf.cond(w, lambda: x, x), x)\ndef f(y): return tf.map_fn(f, y)\nx = f(w)\nx = tf.while_loop(lambda *a: tf.while_loop, tf.while_loop, [w])\n"
    "x = tf.nest.map_structure(tf.nest.map_structure, tf.nest.map_structure)\n@tf.custom_gradient\ndef c(y): return c(y), c\nx = c(w)\n@tf.function\ndef h(y): return h(h)\nx = h(h)\n"
    "x = tf.function(tf.function)(tf.function)(w)\nx = tf.custom_gradient(lambda y: (y, lambda d: x))(w)\nx = tf.custom_gradient(lambda y: 1)(w)\nx = tf.custom_gradient(tf.custom_gradient)(tf.custom_gradient)\n"
    "x = tf.numpy_function(lambda y: tf.numpy_function(x, [y], x), [w], w)\nx = tf.py_function(x, x, x)\nx = tf.switch_case(w, [lambda: x] * 99)\nx = tf.foldl(lambda a, b: tf.foldl(x, b), w)\n"
    "x = tf.vectorized_map(tf.vectorized_map, w)\nx = tf.scan(f, w)\nx = tf.recompute_grad(tf.recompute_grad)(w)\nx = tf.case([(w, lambda: w)], x, default=x)\nx = tf.autodiff.ForwardAccumulator(w, w)",
}

#: Loops that multiply take more steps than the budget allows, and the rest of the module is not judged.
_CUT_SHORT = frozenset(
    {
        "helpers that double",
        "helpers that double under a tape",
        "lambda of itself twice",
        "mutual recursion of twelve",
    }
)


def programs() -> list[Hostile]:
    """All of them."""
    return [between(name, part, CUT_SHORT if name in _CUT_SHORT else JUDGED) for name, part in _VALUES.items()]
