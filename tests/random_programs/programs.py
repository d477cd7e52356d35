"""Whole programs: variables and constants, helpers, tapes of every kind, and their requests."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import strategies as st

from .scope import Helper
from .statements import Statements

_HEAD = {"sys.": "import sys", "math.": "import math", "np.": "import numpy as np", "keras.": "import keras"}


class Programs(Statements):
    """Writes a program."""

    def program(self) -> str:
        """The text of a program."""
        self._asked = set()
        self._prelude()
        for _ in range(self.number(0, 2)):
            self.function(1)
        for _ in range(self.number(1, 2)):
            self.pick((5, self._tape), (2, self._training), (2, self._in_function), (1, self._plain))()
        if not any("gradient(" in line or "jacobian(" in line for line in self.lines):
            self._tape()
        body = "\n".join(self.lines)
        head = ["import sys"] if "sys." in body else []
        head += [line for mark, line in _HEAD.items() if mark in body.replace("tf.keras.", "") and line not in head]
        head.append("import tensorflow as tf")
        if "tnp." in body:
            head.append("import tensorflow.experimental.numpy as tnp")
        return "\n".join([*head, "", body, ""])

    def _plain(self) -> None:
        self.statement(1)
        self._tape()

    def _prelude(self) -> None:
        for _ in range(self.number(1, 3)):
            option = self.pick((6, ""), (1, ", trainable=False"), (1, ", name='weights'"))
            # Names that are never bound anew may have their content assigned.
            stem, kind = self.pick((5, ("w", "var")), (2, ("v", "vec")))
            self.line(f"{self.bind(stem, kind)} = tf.Variable({self.values()}{option})")
        for _ in range(self.number(1, 2)):
            self.line(f"{self.bind('x', 'vec')} = tf.constant({self.values()})")
        if self.chance(15):
            self.line(f"{self.bind('counts', 'ivar')} = tf.Variable([1, 2, 0])")
        if self.chance(30):
            self.line(f"{self.bind('data', 'arr')} = np.array({self.values()}, dtype=np.float32)")
        if self.chance(30):
            self.line(f"{self.bind('switch', 'switch')} = {self.one(('True', 'False'))}")
        if self.chance(15):
            self._class()
        if self.chance(15):
            self._ask = self.fresh("ask")
            with self.block(f"def {self._ask}(tape, target, sources):"):
                self.line("return tape.gradient(target, sources)")

    #: The tapes that have answered.
    _asked: set[str]
    #: A function of the program that makes requests for others.
    _ask = ""

    def _class(self) -> None:
        """A small model: a variable and a constant, and a method that computes with them."""
        base = self.one(("", "(tf.Module)"))
        with self.block(f"class Model{base}:"):
            with self.block("def __init__(self, start):"):
                self.line("super().__init__()" if base else "self.calls = 0")
                self.line("self.weight = tf.Variable(start)")
                self.line(f"self.shift = {self.one(('tf.constant', 'tf.Variable'))}({self.values()})")

            def write() -> str:
                with self.block("def __call__(self, x):"):
                    self.statements(0, 1, 0)
                    self.line(f"return {self.expression('vec', 2)}")
                return "model"

            params = (("self.weight", "var"), ("self.shift", "vec"), ("x", "vec"))
            name = self._inside(params, write)
        self.line(f"{self.fresh(name)} = Model({self.values()})")
        self.scope.names |= {"model.weight": "var", "model.shift": "vec"}
        self.scope.helpers.append(Helper("model", (("x", "vec", False, False),), "vec"))

    # -- tapes

    def _options(self, persistent: int = 40) -> str:
        options = ["persistent=True"] if self.chance(persistent) else []
        if self.chance(8):
            options.append("watch_accessed_variables=False")
        return ", ".join(options)

    def _tape(self) -> None:
        """A tape with what it records, then its requests."""
        if self.chance(20):
            self._nested()
            return
        tape = self.fresh("tape")
        self._recorded(tape)
        if self.chance(5):
            # Entered again, it goes on recording.
            with self.block(f"with {tape}:"):
                self._body(tape)
        self._requests([tape])

    def _recorded(self, *tapes: str) -> None:
        heads = [f"tf.GradientTape({self._options()}) as {tape}" for tape in tapes]
        if self.chance(10):
            self.line(f"{tapes[0]} = tf.GradientTape({self._options()})")
            heads[0] = tapes[0]
        with self.block(f"with {', '.join(heads)}:"):
            self.recording += tapes
            for tape in tapes:
                self._watch(tape, 60)
            self._body(tapes[-1])
            del self.recording[-len(tapes) :]

    def _watch(self, tape: str, percent: int) -> None:
        if not self.chance(percent):
            return
        given = self.pick(
            (6, lambda: self.one(self.atoms("vec")[::-1][:4])),
            (1, lambda: f"[{', '.join(self.atoms('vec')[:2])}]"),
            (1, lambda: self.expression("vec", 1)),
            (1 if self.atoms("sca") else 0, lambda: self.one(self.atoms("sca"))),
        )()
        self.line(f"{tape}.watch({given})")

    def _body(self, tape: str) -> None:
        """The steps on a tape, some of them off it, and a target at the end."""
        began = len(self.lines)
        self.statements(0, 3, 1)
        if self.chance(10):
            with self.block(f"with {tape}.stop_recording():"):
                self.statements(1, 2, 0)
        if self.chance(5):
            self.line(f"{tape}.reset()")
            self._watch(tape, 50)
        kind = self.pick((6, "sca"), (2, "vec"))
        text = self.expression(kind, 2)
        name = self.fresh("loss")
        used = self._used("\n".join(self.lines[began:]))
        if used and self.chance(60):
            text = f"tf.reduce_sum({self.one(used)} * {self._part('vec', 2)})"
        self.line(f"{name} = {text}")
        self.scope.names[name] = kind
        self._steps = "\n".join(self.lines[began:])
        self._watch(tape, 8)
        if self.chance(8):
            self._request(tape)

    _steps = ""

    def _used(self, text: str) -> list[str]:
        """The vectors that some lines speak of."""
        return [name for name in self.atoms("vec") if re.search(rf"\b{re.escape(name)}(?!\w)", text)]

    def _nested(self) -> None:
        """A tape within a tape: the gradient of a gradient, or two tapes over the same steps."""
        outer, inner = self.fresh("outer"), self.fresh("inner")
        if self.chance(25):
            self._recorded(outer, inner)
            self._requests([outer, inner])
            return
        with self.block(f"with tf.GradientTape({self._options(30)}) as {outer}:"):
            self.recording.append(outer)
            self._watch(outer, 60)
            self.statements(0, 1, 0)
            with self.block(f"with tf.GradientTape({self._options(30)}) as {inner}:"):
                self.recording.append(inner)
                self._watch(inner, 50)
                self._body(inner)
                self.recording.pop()
            made = self._request(inner)
            if made:
                kind, text = made
                slope = self.bind("slope", kind)
                self.line(f"{slope} = {text}")
                self.line(f"{self.bind('second', 'sca')} = tf.reduce_sum({slope} * {slope})")
            self.recording.pop()
        self._requests([outer])

    def _requests(self, tapes: list[str]) -> None:
        for _ in range(self.pick((6, 1), (3, 2), (2, 3))):
            tape = self.one(tapes)
            if tape in self._asked and not self._persistent(tape) and not self.chance(10):
                continue
            if self.chance(10):
                with self.branch():
                    with self.block("try:"):
                        self._request(tape)
                    with self.block("except RuntimeError:"):
                        self.line("pass")
            else:
                self._request(tape)

    def _persistent(self, tape: str) -> bool:
        """Whether a tape may be asked more than once."""
        mark = re.compile(rf"persistent=True.*\) as {tape}\b|\b{tape} = .*persistent=True")
        return any(mark.search(line) for line in self.lines)

    def _request(self, tape: str) -> tuple[str, str] | None:
        """A request; gives back the kind and text of a gradient that is None at worst, where there is one."""
        self._asked.add(tape)
        method = self.pick((20, "gradient"), (1, "jacobian"))
        target = self._target()
        if method == "jacobian":
            source = self._source()[0]
            while target.startswith("["):  # one target only
                target = self._target()
            self.line(f"{self.fresh('rows')} = {tape}.jacobian({target}, {source})")
            return None
        options = self.pick(
            (12, ""),
            (1, ", unconnected_gradients=tf.UnconnectedGradients.ZERO"),
            (1, ", unconnected_gradients='zero'"),
            (1, ", output_gradients=None"),
            (1 if target.isidentifier() else 0, f", output_gradients=tf.ones_like({target})"),
        )
        if self.chance(25):
            self._several_sources(tape, target, options)
            return None
        source, kind = self._source()
        if kind not in ("vec", "sca"):
            self.line(f"{self.fresh('grad')} = {tape}.gradient({target}, {source}{options})")
            return None
        name = self.bind("grad", kind if "ero" in options.lower() else f"g{kind}")
        sources = f"sources={source}" if self.chance(8) else source
        if self._ask and not options and self.chance(50):
            self.line(f"{name} = {self._ask}({tape}, {target}, {source})")
            return kind, f"tf.convert_to_tensor({name}) if {name} is not None else {self.expression(kind, 0)}"
        self.line(f"{name} = {tape}.gradient({target}, {sources}{options})")
        if "ero" in options.lower():
            return kind, f"tf.convert_to_tensor({name})"
        return kind, f"tf.convert_to_tensor({name}) if {name} is not None else {self.expression(kind, 0)}"

    def _several_sources(self, tape: str, target: str, options: str) -> None:
        of = self._container_of("vec") if self.chance(40) else None
        name = self.fresh("grads")
        if self.chance(10):
            self.line(f"{name} = {tape}.gradient({target}, {tape}.watched_variables(){options})")
            return
        if of is not None:
            self.line(f"{name} = {tape}.gradient({target}, {of}{options})")
            return
        sources = [self._source() for _ in range(self.number(1, 3))]
        texts = [text for text, _ in sources]
        nest = self.one(
            (
                f"[{', '.join(texts)}]",
                f"({', '.join(texts)},)",
                f"{{'b': {texts[0]}, 'a': {texts[-1]}}}",
                f"[{texts[0]}, [{texts[-1]}]]",
            )
        )
        if nest == f"[{', '.join(texts)}]" and all(kind == "vec" for _, kind in sources):
            names = [self.bind("grad", "gvec") for _ in sources]
            self.line(
                f"{', '.join(names)}{',' if len(names) == 1 else ''} = {tape}.gradient({target}, {nest}{options})"
            )
        else:
            self.line(f"{name} = {tape}.gradient({target}, {nest}{options})")

    def _target(self) -> str:
        losses = [name for name in self.scope.names if name.startswith(("loss", "second"))][::-1]
        return self.pick(
            (14 if losses else 0, lambda: self.one(losses)),
            (2, lambda: self.one(self.atoms("vec")[:4])),
            (2, lambda: self._atom("sca", self.one(losses) if losses else self.one(self.atoms("vec")))),
            (1 if losses else 0, lambda: f"[{self.one(losses)}, {self.one(self.atoms('vec'))}]"),
            (1, lambda: self.expression(self.one(("int", "sca", "num", "arr", "bool")), 1)),
        )()

    def _source(self) -> tuple[str, str]:
        """What a gradient is asked for, and its kind; mostly something that was there from the start."""
        used = [name for name in self._used(self._steps) if "[" not in name]
        return self.pick(
            (16 if used else 0, lambda: (self.one(used[::-1]), "vec")),
            (6, lambda: (self.one(self.atoms("vec")[::-1][:5]), "vec")),
            (2, lambda: (self.one(self.atoms("vec")), "vec")),
            (1 if self.atoms("sca") else 0, lambda: (self.one(self.atoms("sca")), "sca")),
            (1, lambda: self._derived_source()),
            (1, lambda: self._odd_source()),
        )()

    def _derived_source(self) -> tuple[str, str]:
        name = self.one(self.atoms("vec")[::-1])
        text = self.one(
            (
                f"{name}[:2]",
                f"tf.identity({name})",
                f"{name} * 1.0",
                f"tf.cast({name}, tf.float32)",
                f"tf.reshape({name}, [3])",
                f"tf.convert_to_tensor({name})",
            )
        )
        return text, "part" if text.endswith(":2]") else "vec"

    def _odd_source(self) -> tuple[str, str]:
        kind = self.pick((3, "int"), (1, "arr"), (1, "num"))
        return (self._atom(kind, "tf.constant([2, 0, 1])"), kind)

    # -- around tapes

    def _training(self) -> None:
        """A loop whose turns each have a tape, and steps by what it gave."""
        self._uncertain += 1
        with (
            self.branch(),
            self.block(f"for turn in range({self.one(('2', '1', '3', 'len(sys.argv) + 1'))}):"),
        ):
            self._tape()
            if self._gradients():
                for _ in range(self.number(0, 2)):
                    self._use_gradient(0)
        self._uncertain -= 1

    def _in_function(self) -> None:
        """A function with a tape in it, called once or several times with different arguments."""
        name = self.fresh("compute")

        if self.chance(8):
            self.line("@tf.function")

        def write() -> str:
            with self.block(f"def {name}(x, y):"):
                self._global(("x", "y"))
                self._tape()
                if self._gradients():
                    self.line(f"return {self.one(self._gradients())}")
            return name

        self._inside((("x", "vec"), ("y", "vec")), write)
        for _ in range(self.number(1, 2)):
            self.line(f"{name}({self.expression('vec', 1)}, {self.expression('vec', 0)})")


@st.composite
def programs(draw: Any) -> str:
    """Texts of programs."""
    return Programs(draw).program()
