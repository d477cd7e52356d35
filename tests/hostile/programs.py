"""What a hostile program is: a hostile part between two faults that have nothing to do with it."""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass
from functools import cache

#: A fault before the hostile part: it is found whatever follows, if the file is looked into at all.
BEFORE = """\
import numpy as np
import tensorflow as tf

w = tf.Variable([1.0, 2.0])
with tf.GradientTape() as tape:
    loss = tf.reduce_sum(np.square(w))  # expect: TFG202
before = tape.gradient(loss, w)
"""
#: A fault behind it, which leans on none of the names that the hostile part may have taken.
AFTER = """

def last():
    import numpy as np
    import tensorflow as tf

    v = tf.Variable([3.0, 4.0])
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(np.square(v))  # expect: TFG202
    return tape.gradient(loss, v)
"""
#: A request whose tape is at work around the hostile part.
OPEN, CLOSE = (
    "with tf.GradientTape() as tape:\n    loss = tf.reduce_sum(w * w)\n",
    "gradient = tape.gradient(loss, w)\n",
)

#: What may come of a file. ``judged``: exactly the findings its comments tell. ``given up``: one TFG001, as nothing
#: of it was judged. ``cut short``: what was found before the budget ran out, so a part of the comments' findings.
#: ``faulty``: the hostile part has faults of its own, which may be found as well. ``in part``: a statement may be given
#: up as nested too deeply, as Python itself would not get through it; all others are judged.
JUDGED, GIVEN_UP, CUT_SHORT, FAULTY, IN_PART = "judged", "given up", "cut short", "faulty", "in part"

_EXPECT = re.compile(r"#\s*expect:\s*(TFG\d+(?:\s*,\s*TFG\d+)*)")


@dataclass(frozen=True)
class Hostile:
    """A hostile file. ``outcome`` holds where this Python's parser takes the text; elsewhere it is refused."""

    name: str
    text: str
    outcome: str = JUDGED

    @property
    def due(self) -> set[tuple[str, int]]:
        """The findings that its comments tell: code and line."""
        return {
            (code.strip(), number)
            for number, line in enumerate(self.text.split("\n"), 1)
            if (found := _EXPECT.search(line))
            for code in found[1].split(",")
        }


def between(name: str, part: str, outcome: str = JUDGED) -> Hostile:
    """The part at the top of a module, between the two faults."""
    return Hostile(name, BEFORE + part.strip("\n") + "\n" + AFTER, outcome)


@cache
@cache
def accepted(text: str | bytes) -> bool:
    """Whether this Python's parser takes the text."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def indented(text: str, by: int = 4) -> str:
    """The text, its lines indented."""
    return "".join(" " * by + line if line.strip() else line for line in text.splitlines(keepends=True))
