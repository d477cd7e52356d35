"""The program's own words, as messages quote them."""

from __future__ import annotations

import libcst as cst

from tfgradlint.analysis.positions import Positions
from tfgradlint.flow.graph.nodes import Site

#: What is longer is cut short: a message is one line.
_WIDTH = 60


class Wording:
    """Quotes one module."""

    def __init__(self, places: Positions) -> None:
        self._places = places

    def text(self, node: cst.CSTNode) -> str:
        """An expression or a statement on one line, without comments, cut short where it is long."""
        lines = self.code(node).splitlines()
        return shortened(" ".join(" ".join(_without_comment(line).split()) for line in lines))

    def code(self, node: cst.CSTNode) -> str:
        """The same as it is written."""
        return self._places.code(node)

    def line(self, site: Site) -> int:
        """The line of a step."""
        return self._places.position(site).line


def shortened(text: str) -> str:
    """A text on one line, as short as messages want it."""
    text = text.replace("( ", "(").replace(" )", ")").replace("[ ", "[").replace(" ]", "]").strip()
    return text if len(text) <= _WIDTH else text[: _WIDTH - 4] + " ..."


def _without_comment(line: str) -> str:
    """A line of an expression without the comment behind it. A ``#`` inside a string stays with its string."""
    before, hash_, _ = line.partition("#")
    return line if not hash_ or before.count('"') % 2 or before.count("'") % 2 else before
