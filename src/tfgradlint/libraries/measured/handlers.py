"""What a function of Python's own is to the interpreter."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tfgradlint.flow.values.base import Value

if TYPE_CHECKING:
    from tfgradlint.flow.machine.context import Context

#: Gives the result of a call with these arguments, None where it is not known.
Handler = Callable[["Context", list[Value], dict[str, Value]], "Value | None"]
