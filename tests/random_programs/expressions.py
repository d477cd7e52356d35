"""Expressions of random programs: for each kind of value the ways to write one."""

from __future__ import annotations

from collections.abc import Callable

from .scope import Helper, Pen
from .vocabulary import GROUPS, fitting, group

_VALUES = (
    "[0.31, 0.74, 1.23]",
    "[0.62, 1.41, 0.27]",
    "[1.13, 0.38, 0.86]",
    "[-0.43, 0.92, 1.57]",
    "[0.55, -1.21, 0.34]",
    "[2.17, 0.69, -0.28]",
    "[0.18, 0.47, 0.91]",
    "[1.72, 2.36, 0.83]",
)
_NUMBERS = ("0.5", "1.7", "0.3", "2.1", "0.1", "-0.6", "3.2")
_BACK = (
    "tf.constant({}, tf.float32)",
    "tf.convert_to_tensor({}, tf.float32)",
    "tf.constant({}, dtype=tf.float32)",
    "tf.cast({}, tf.float32)",
)


class Expressions(Pen):
    """Writes expressions from the names in scope. ``depth`` bounds how deep they nest."""

    def values(self) -> str:
        """Three numbers in brackets."""
        return self.one(_VALUES)

    def literal(self) -> str:
        """A number."""
        return self.one(_NUMBERS)

    def expression(self, kind: str, depth: int = 2) -> str:
        """An expression of a kind."""
        writers: dict[str, Callable[[int], str]] = {
            "vec": self.vec,
            "sca": self.sca,
            "arr": self.arr,
            "num": self.num,
            "int": self.int_,
            "bool": self.bool_,
        }
        return writers[kind](depth)

    def _atom(self, kind: str, otherwise: str) -> str:
        atoms = self.atoms(kind)
        return self.one(atoms[:8]) if atoms else otherwise

    def _part(self, kind: str, depth: int) -> str:
        """An operand: in brackets where it is a sum or a conditional."""
        text = self.expression(kind, depth - 1)
        bare = text.replace(".", "").replace("_", "").isalnum() or (text.endswith((")", "]")) and _closes(text))
        return text if bare else f"({text})"

    # -- tensors

    def vec(self, depth: int) -> str:
        """A vector, as a tensor or a variable."""
        if depth <= 0:
            return self._atom("vec", f"tf.constant({self.values()})")
        write = self.pick(
            (6, self._vec_atom),
            (8, self._vec_binary),
            (8, lambda depth: self._operation(("ten",), depth)),
            (2, lambda depth: f"{self._part('sca', depth)} * {self._part('vec', depth)}"),
            (3 if self.helpers("vec") else 0, lambda depth: self._helper_call("vec", depth)),
            (2, self._vec_shuffled),
            (
                1,
                lambda depth: f"tf.where({self.bool_(depth - 1)}, {self.vec(depth - 1)}, {self.vec(depth - 1)})",
            ),
            (1, self._vec_several),
            (1, self._vec_cast),
            (2, self._vec_through),
            (2, lambda depth: self.one(_BACK).format(self.arr(depth - 1))),
            (1, self._conditional),
            (2, self._vec_callback),
        )
        return write(depth)

    def _vec_atom(self, depth: int) -> str:
        return self.vec(0)

    def _vec_binary(self, depth: int) -> str:
        left, operator = self._part("vec", depth), self.one(("*", "+", "-", "*", "+", "/", "**", "%", "//"))
        if operator == "**":
            return f"{left} ** 2"
        if operator in ("/", "%", "//"):
            return f"{left} {operator} {self.one(('1.7', '2.3', '0.9'))}"
        kind = self.pick((5, "vec"), (2, "num"), (1, "arr"))
        right = self._part(kind, depth)
        return f"{right} {operator} {left}" if self.chance(30) else f"{left} {operator} {right}"

    def _vec_shuffled(self, depth: int) -> str:
        """Elements picked out and put together again."""
        one, other = self._part("vec", depth), self._part("vec", depth)
        return self.one(
            (
                f"tf.concat([{one}[:1], {other}[1:]], axis=0)",
                f"tf.gather({one}, [2, 0, 1])",
                f"{one}[::-1]",
                f"tf.stack([{one}[0], {other}[1], {one}[2]])",
                f"tf.gather({one}, tf.argsort({other}))",
                f"tf.reshape(tf.reshape({one}, (3, 1)), [-1])",
                f"tf.unstack(tf.stack([{one}, {other}]))[1]",
                f"tf.tensor_scatter_nd_update({one}, [[1]], {other}[:1])",
            )
        )

    def _vec_several(self, depth: int) -> str:
        """Several vectors added up."""
        parts = ", ".join(self.vec(depth - 1) for _ in range(self.number(1, 3)))
        return self.one(
            (
                f"sum([{parts}])",
                f"tf.add_n([{parts}])",
                f"tf.reduce_sum(tf.stack([{parts}]), axis=0)",
                f"tf.reduce_mean([{parts}], axis=0)",
                f"sum(0.7 * each for each in [{parts}])",
            )
        )

    def _vec_cast(self, depth: int) -> str:
        if self.chance(25):
            return f"tf.cast(tf.cast({self.vec(depth - 1)}, tf.float64), tf.float32)"
        return f"tf.cast({self.expression(self.one(('int', 'bool')), depth - 1)}, tf.float32)"

    def _vec_through(self, depth: int) -> str:
        """A call that hands its argument through, or does not."""
        wrap = self.one(
            (
                "tf.identity({})",
                "tf.convert_to_tensor({})",
                "tf.stop_gradient({})",
                "tf.constant({})",
                "tf.cast({}, tf.float32)",
                "tf.Variable({})",
                "tf.one_hot(tf.argmax({}), 3)",
                "tf.stop_gradient(tf.identity({}))",
            )
        )
        return wrap.format(self.vec(depth - 1))

    def _vec_callback(self, depth: int) -> str:
        one, other = self.vec(depth - 1), self.vec(depth - 1)
        return self.one(
            (
                f"(lambda t: t * 1.3)({one})",
                f"tf.cond({self.flag(depth)}, lambda: {one}, lambda: {other})",
                f"tf.map_fn(lambda t: t * {self.literal()}, {one})",
                f"tf.nest.map_structure(lambda t: t * 0.8, [{one}, {other}])[{self.number(0, 1)}]",
                f"tf.grad_pass_through(tf.round)({one})",
                f"tf.numpy_function(np.sin, [{one}], tf.float32)",
                f"tf.foldl(lambda s, t: s + t * {one}, {other}, tf.zeros(3))",
            )
        )

    def _conditional(self, depth: int) -> str:
        return f"({self.vec(depth - 1)} if {self.condition(depth)} else {self.vec(depth - 1)})"

    def sca(self, depth: int) -> str:
        """A scalar tensor."""
        if depth <= 0:
            return self._atom("sca", f"tf.reduce_sum({self.vec(0)})")
        write = self.pick(
            (8, lambda depth: f"tf.reduce_sum({self.vec(depth)})"),
            (3, lambda depth: self._atom("sca", f"tf.reduce_sum({self.vec(0)})")),
            (4, lambda depth: self._operation(("sca",), depth)),
            (2, lambda depth: f"{self._part('vec', depth)}[{self.one(('0', '1', '2', '-1'))}]"),
            (3, self._sca_binary),
            (2 if self.helpers("sca") else 0, lambda depth: self._helper_call("sca", depth)),
            (1, lambda depth: self.one(_BACK).format(self.num(depth - 1))),
            (1, self._sca_other),
        )
        return write(depth)

    def _sca_binary(self, depth: int) -> str:
        other = self._part(self.pick((3, "sca"), (1, "num")), depth)
        return f"{self._part('sca', depth)} {self.one(('+', '*', '-'))} {other}"

    def _sca_other(self, depth: int) -> str:
        one = self.vec(depth - 1)
        return self.one(
            (
                f"tf.tensordot({one}, {self.vec(depth - 1)}, axes=1)",
                f"tf.reduce_mean({one}, axis=0)",
                f"sum({one})",
                f"tf.reduce_sum(tf.boolean_mask({one}, {self.bool_(0)}))",
                f"max({self.sca(0)}, {self.sca(0)})",
                f"tf.reduce_sum(tf.sort({one})[:2])",
                f"tf.einsum('i,i->', {one}, {self.vec(depth - 1)})",
                f"tf.linalg.norm({one}, ord=1)",
            )
        )

    def _operation(self, results: tuple[str, ...], depth: int, *groups: str) -> str:
        """A call from the measured data."""
        which = self.one(groups) if groups else self.pick(*GROUPS)
        found = fitting(which, self.number(0, len(group(which)) - 1), results)
        assert found is not None, results
        arguments = [self.expression(kind, depth - 1) for kind in found.inputs]
        if found.unit:
            arguments = [f"tf.sigmoid({argument})" for argument in arguments]
        return found.text(arguments)

    def _helper_call(self, returns: str, depth: int) -> str:
        return self.call(self.one(self.helpers(returns)), depth - 1)

    def call(self, helper: Helper, depth: int) -> str:
        """A call of a function of the program: defaults are left out at times, keywords used at times."""
        arguments: list[str] = []
        named = False
        for name, kind, default, only in helper.params:
            if default and self.chance(50):
                named = True
                continue
            named = named or only or (default and self.chance(30))
            text = self.expression(kind, depth)
            arguments.append(f"{name}={text}" if named else text)
        if arguments and not named and self.chance(8):
            return f"{helper.name}(*[{', '.join(arguments)}])"
        return f"{helper.name}({', '.join(arguments)})"

    # -- what no tape follows

    def arr(self, depth: int) -> str:
        """An array."""
        plain = f"np.array({self.values()}, dtype=np.float32)"
        if depth <= 0:
            return self._atom("arr", plain)
        write = self.pick(
            (3, lambda depth: self._atom("arr", plain)),
            (3, lambda depth: f"{self._part('vec', depth)}.numpy()"),
            (5, lambda depth: self._operation(("arr",), depth, "np")),
            (
                1,
                lambda depth: f"{self._part('arr', depth)} {self.one(('*', '+', '-'))} {self._part('arr', depth)}",
            ),
        )
        return write(depth)

    def num(self, depth: int) -> str:
        """A Python number, or one of NumPy's."""
        if depth <= 0:
            return self._atom("num", self.literal()) if self.chance(50) else self.literal()
        write = self.pick(
            (5, lambda depth: self.num(0)),
            (2, lambda depth: f"float({self.sca(depth - 1)})"),
            (1, lambda depth: f"{self._part('sca', depth)}.numpy()"),
            (2, lambda depth: self._operation(("num",), depth, "np", "math")),
            (1, lambda depth: f"float(np.mean({self.arr(depth - 1)}))"),
            (1, lambda depth: f"len([{self.vec(0)}])"),
        )
        return write(depth)

    def int_(self, depth: int) -> str:
        """Integers."""
        if depth <= 0:
            return self._atom("int", "tf.constant([2, 0, 1])")
        write = self.pick(
            (2, lambda depth: self.int_(0)),
            (3, lambda depth: f"tf.cast({self.vec(depth - 1)}, tf.int32)"),
            (2, lambda depth: self._operation(("int",), depth, "tf", "keras")),
            (1, lambda depth: "tf.range(3)"),
        )
        return write(depth)

    def bool_(self, depth: int) -> str:
        """Truths."""
        write = self.pick(
            (4, lambda depth: f"{self._part('vec', depth)} > {self.literal()}"),
            (1, lambda depth: self._operation(("bool",), depth)),
        )
        return write(max(depth, 0))

    def flag(self, depth: int) -> str:
        """A truth, as a tensor."""
        return f"{self.sca(0)} > {self.literal()}"

    def condition(self, depth: int) -> str:
        """What an ``if`` asks: something known, something about the process, something about a tensor."""
        write = self.pick(
            (4, lambda depth: self._atom("switch", "True")),
            (2, lambda depth: self.one(("True", "False", "not False", "1 > 2"))),
            (3, lambda depth: self.one(("len(sys.argv) > 5", "sys.argv[1:]", "not sys.argv[1:]"))),
            (1, self.flag),
            (1, lambda depth: f"{self.vec(0)} is {self.one(('', 'not '))}None"),
        )
        return write(depth)


def _closes(text: str) -> bool:
    """Whether the text's first bracket closes only at its end, so that it is a single call or subscript chain."""
    level, spaces = 0, False
    for letter in text:
        level += letter in "([{"
        level -= letter in ")]}"
        spaces = spaces or (level == 0 and letter == " ")
    return not spaces
