"""What the interpreter asks of the libraries: the only door between Python's semantics and what a library means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from tfgradlint.flow.values.base import Value, Variable
from tfgradlint.flow.values.containers import Items
from tfgradlint.flow.values.objects import Class, Instance

if TYPE_CHECKING:
    from tfgradlint.flow.graph.nodes import Site
    from tfgradlint.flow.python.interpreter import Interpreter
    from tfgradlint.flow.verdict.request_analysis import Judge


class Libraries(Protocol):
    """Everything imported. Each method answers None where nothing is known."""

    def imported(self, module: str) -> Value | None:
        """The value of ``import module``."""

    def builtin(self, name: str) -> Value | None:
        """The value of a builtin name."""

    def attribute(self, interp: Interpreter, receiver: Value, name: str) -> Value | None:
        """An attribute of a library's object or module."""

    def set_attribute(self, interp: Interpreter, receiver: Value, name: str, value: Value) -> bool:
        """An assignment to an attribute of a library's object; False where it is an ordinary one."""

    def initialise(self, interp: Interpreter, instance: Value, args: list[Value], kwargs: dict[str, Value]) -> None:
        """The constructor of a library's class runs for an object of a class derived from it."""

    def construct(self, interp: Interpreter, instance: Instance, args: list[Value], kwargs: dict[str, Value]) -> Value:
        """What a call of a class of the module gives that has no constructor of its own."""

    def plain_metaclass(self, metaclass: Value) -> bool:
        """Whether a class under this metaclass is like any other."""

    def defined(self, cls: Class) -> None:
        """The body of a class has run."""

    def elements(self, interp: Interpreter, value: Value) -> Items | None:
        """What iteration over a class of the module gives, or over an object of one without an ``__iter__``."""

    def class_element(self, cls: Class, index: Value) -> Value | None:
        """``cls[index]``."""

    def requested(self, interp: Interpreter, sources: Value, leaves: list[Value], judge: Judge, request: Site) -> None:
        """A request for ``sources`` was judged."""

    def argument(self, interp: Interpreter, variable: Variable) -> Value | None:
        """What a compiled function gets for a variable that it is given; None where that is the variable itself."""

    def escaped(self, interp: Interpreter, value: Value) -> None:
        """A library's object came into hands nobody sees."""

    def call(self, interp: Interpreter, callee: Value, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
        """A call of a symbol or a member."""

    def operator(self, interp: Interpreter, name: str, operands: list[Value]) -> Value | None:
        """An operator such as ``__add__`` on values of which at least one is not plain Python."""

    def decorate(self, interp: Interpreter, decorator: Value, function: Value) -> Value | None:
        """A function under a library's decorator."""
