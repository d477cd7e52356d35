"""What the families share: weights, tapes and requests around a construct, and expressions to fill it with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ..scope import Pen

_VALUES = (
    "[0.31, 0.74, 1.23]",
    "[0.62, 1.41, 0.27]",
    "[1.13, 0.38, 0.86]",
    "[-0.43, 0.92, 1.57]",
    "[0.55, -1.21, 0.34]",
)
#: Steps that carry a gradient, and keep numbers small however often they are taken.
_CARRYING = ("{} * 1.3", "{} + 0.5", "tf.sin({})", "{} * {weight}", "{} + {weight}", "tf.tanh({})", "{} - {weight}")
_LOSING = (
    "tf.stop_gradient({})",
    "tf.round({})",
    "tf.constant({}.numpy())",
    "tf.sign({})",
    "tf.zeros_like({})",
    "tf.constant([0.2, 0.4, 0.6])",
)
#: What only the process knows: programs are run with both answers.
_UNSURE = ("len(sys.argv) > 5", "sys.argv[1:]", "not sys.argv[1:]")


class Family(Pen):
    """Writes a program. A family overrides the parts: what is defined, made before the tape, and done on it."""

    #: Modules besides the one whose text is the program: the name, and the lines of it.
    other: tuple[str, list[str]] | None = None

    def __init__(self, draw: Callable[..., Any]) -> None:
        super().__init__(draw)
        self.weights: list[str] = []

    def program(self) -> str:
        """The text of a program; that of another module follows behind a line that names it."""
        for _ in range(self.number(*self.count())):
            name = self.bind("w", "var")
            self.weights.append(name)
            self.line(f"{name} = tf.Variable({self.one(_VALUES)})")
        self.line(f"x = tf.constant({self.one(_VALUES)})")
        self.setup()
        self.frame()
        text = "\n".join([*heads(self.lines), "", *self.lines, ""])
        if self.other is not None:
            name, lines = self.other
            text += "\n".join([f"'{name}.py'", *heads(lines), "", *lines, ""])
        return text

    # -- what a family is

    def count(self) -> tuple[int, int]:
        """Between how many weights the program has."""
        return 1, 3

    def setup(self) -> None:
        """Definitions of the module, and state that outlives a call."""

    def before(self) -> None:
        """What is made anew for each tape, before it."""

    def within(self) -> Sequence[str]:
        """The steps on the tape; the texts of what they end in, which are vectors."""
        raise NotImplementedError

    # -- tapes and requests

    def frame(self) -> None:
        """The tape in the module, in a function called once or more, or in a loop."""
        kind = self.pick((6, "module"), (3, "function"), (1, "loop"))
        if kind == "function":
            name = self.fresh("compute")
            with self.block(f"def {name}():"):
                self.taped()
            for _ in range(self.number(1, 3)):
                self.line(f"{name}()")
        elif kind == "loop":
            with self.block(f"for turn in range({self.number(1, 4)}):"):
                self.taped()
        else:
            self.taped()

    def taped(self) -> None:
        """One tape with all before it and the requests behind it."""
        self.before()
        with self.tape() as tape:
            targets = self.within()
            target = self.loss(targets)
        self.requests(tape, [target, *targets])

    @contextmanager
    def tape(self) -> Iterator[str]:
        """A tape that can be asked more than once."""
        name = self.fresh("tape")
        with self.block(f"with tf.GradientTape(persistent=True) as {name}:"):
            if self.chance(40):
                self.line(f"{name}.watch(x)")
            yield name

    def loss(self, targets: Sequence[str]) -> str:
        """A line that makes one scalar of some of the targets; its name."""
        name = self.fresh("loss")
        chosen = [self.one(targets) for _ in range(self.pick((5, 1), (1, 2)))]
        self.line(f"{name} = tf.reduce_sum({' * '.join(map(part, chosen))})")
        return name

    def requests(self, tape: str, targets: Sequence[str]) -> None:
        """One request or two: of one source, or of all that there are."""
        for _ in range(self.pick((3, 1), (1, 2))):
            target = targets[0] if self.chance(70) else self.one(targets)
            sources = self.pick((3, self.all_sources()), (2, self.weight()), (1, "x"))
            self.line(f"{self.fresh('grad')} = {tape}.gradient({target}, {sources})")

    def all_sources(self) -> str:
        """Every weight, and the constant."""
        return f"[{', '.join(self.weights)}, x]"

    # -- expressions

    def weight(self) -> str:
        """A weight."""
        return self.one(self.weights)

    def values(self) -> str:
        """A constant of this program alone."""
        return f"tf.constant({self.one(_VALUES)})"

    def origin(self) -> str:
        """A vector to begin with: of a weight, or of none."""
        return self.pick(
            (5, self.weight()), (2, f"{self.weight()} * 2.0"), (2, "x"), (1, "tf.zeros(3)"), (2, self.values())
        )

    def through(self, *texts: str, lost: int = 22) -> str:
        """A step from one of some vectors, which ``lost`` of a hundred times carries no gradient."""
        text = self.one(texts)
        step = self.one(_LOSING) if self.chance(lost) else self.one((*_CARRYING, *self.more(texts)))
        return step.format(part(text) if not step.startswith("tf.") or ".numpy" in step else text, weight=self.weight())

    def more(self, texts: Sequence[str]) -> tuple[str, ...]:
        """Steps that take a second one of the vectors, and call nothing twice."""
        return tuple(f"{{}} + {part(text)} * 0.7" for text in texts[:2] if "(" not in text)

    def unsure(self) -> str:
        """A condition that the program's text does not decide."""
        return self.one(_UNSURE)

    def write(self, text: str) -> None:
        """A statement, or several: the lines behind a head that ends in a colon are its block."""
        head, *body = text.split("\n")
        self.line(head)
        self.depth += head.endswith(":")
        for each in body:
            self.line(each)
        self.depth -= head.endswith(":")

    def guard(self, *texts: str, unsure: int = 25) -> str:
        """A condition: one of the ``texts``, or one that nobody knows."""
        return self.unsure() if not texts or self.chance(unsure) else self.one(texts)


def part(text: str) -> str:
    """A text as an operand."""
    level = 0
    for letter in text:
        level += letter in "([{"
        level -= letter in ")]}"
        if letter == " " and level == 0:
            return f"({text})"
    return text


_HEADS = {"sys.": "sys", "itertools.": "itertools", "functools.": "functools", "collections.": "collections"}


def heads(lines: Sequence[str]) -> list[str]:
    """The imports that some lines need."""
    body = "\n".join(lines)
    found = [f"import {module}" for mark, module in _HEADS.items() if mark in body]
    found += ["from dataclasses import dataclass, field"] if "@dataclass" in body else []
    return [*found, "import tensorflow as tf"]
