"""What a library is to the interpreter, and the list of all: every folder or module of this package that has one."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from functools import cache, lru_cache

from tfgradlint import libraries
from tfgradlint.flow.graph.nodes import Site
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import Symbol, Value, Variable
from tfgradlint.flow.values.containers import Items
from tfgradlint.flow.values.objects import Class, Instance
from tfgradlint.flow.verdict.request_analysis import RequestAnalysis
from tfgradlint.knowledge.layers import LayerFacts

#: A function of a library: the result of a call with these arguments, None where it is not known.
Handler = Callable[[Context, list[Value], dict[str, Value]], "Value | None"]


class Library:
    """One library: its hooks say what it means to the flow.

    Every hook is asked of all libraries that have it, in the order of their names, until one knows the answer; None
    (False for ``set_attribute``) says that this one does not. A name is written as in the measured data, with the
    symbol of its root: ``tf.reduce_mean``.

    Args:
        roots: the names under which it is imported, each with the root that its symbols get: ``{"tensorflow": "tf"}``.
    """

    def __init__(self, roots: Mapping[str, str]) -> None:
        self.roots = roots

    def symbol(self, path: str) -> Value | None:
        """The value of a dotted name below one of the roots. None: it may be anything."""
        return Symbol(path)

    def builtin(self, name: str) -> Value | None:
        """The value of a name that is bound without an import."""
        return None

    def call(self, context: Context, path: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
        """The result of a call of a function or class by its name, before the measured data is asked."""
        return None

    def unmeasured(self, context: Context, path: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
        """The result of a call by name of which the measured data knows nothing either."""
        return None

    def call_object(self, context: Context, callee: Value, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
        """The result of a call of an object: a layer, or an object of a class of the module derived from one."""
        return None

    def method(
        self, context: Context, receiver: Value, name: str, args: list[Value], kwargs: dict[str, Value]
    ) -> Value | None:
        """The result of a call of an object's method."""
        return None

    def attribute(self, context: Context, receiver: Value, name: str) -> Value | None:
        """An attribute of an object."""
        return None

    def set_attribute(self, context: Context, receiver: Value, name: str, value: Value) -> bool:
        """Whether an assignment to an attribute means more than keeping the value; then it is done."""
        return False

    def kept_as(self, context: Context, receiver: Value, value: Value) -> Value | None:
        """What an object keeps where a container is assigned to one of its attributes; None: the very container."""
        return None

    def put_into(self, context: Context, container: Value, value: Value) -> None:
        """A method has put something into a container: an element, a container of elements, or a value by its key."""

    def operator(self, context: Context, name: str, operands: list[Value]) -> Value | None:
        """The result of an operator, by its method's name: ``__add__``, ``__getitem__``, ``__iter__``."""
        return None

    def decorate(self, context: Context, decorator: Value, decorated: Value) -> Value | None:
        """A function or class under a decorator; None to call that like any function."""
        return None

    def initialise(self, context: Context, instance: Value, args: list[Value], kwargs: dict[str, Value]) -> None:
        """The constructor of one of its classes runs for an object of a class derived from that."""

    def construct(
        self, context: Context, instance: Instance, args: list[Value], kwargs: dict[str, Value]
    ) -> Value | None:
        """What a call of a class of the module gives that has no constructor of its own."""
        return None

    def defined(self, cls: Class) -> None:
        """The body of a class of the module has run."""

    def plain_metaclass(self, metaclass: Value) -> bool:
        """Whether a class of the module under this metaclass is like any other."""
        return False

    def unseen_base(self, base: Value) -> bool:
        """Whether nothing is known of what one of its classes gives to those that derive from it."""
        return False

    def elements(self, context: Context, value: Value) -> Items | None:
        """What iteration gives over a class of the module, or over an object of one without an ``__iter__``."""
        return None

    def class_element(self, cls: Class | Symbol, index: Value) -> Value | None:
        """``cls[index]`` of a class of the module, or of a library's class."""
        return None

    def argument(self, context: Context, variable: Variable) -> Value | None:
        """What a compiled function gets for a variable that it is given; None where that is the variable itself."""
        return None

    def managers(self) -> Iterable[str]:
        """Functions, by their names, and modules whose context managers leave alone what tapes record inside."""
        return ()

    def escaped(self, context: Context, value: Value) -> None:
        """An object came into hands nobody sees."""

    def layer(self, path: str) -> LayerFacts | None:
        """What is known of a layer of its own, in the form in which those of Keras are known."""
        return None

    def refused(self, context: Context, name: str, target: Value, sources: list[Value]) -> str | None:
        """The exception that a request raises for what it is given; "" if it may raise, None if it does not."""
        return None

    def request(
        self, context: Context, sources: Value, leaves: list[Value], analysis: RequestAnalysis, site: Site
    ) -> None:
        """A request for ``sources`` was judged."""

    def finished(self, context: Context) -> None:
        """The module and all that nothing called have run."""


@lru_cache(maxsize=1)
def all_libraries() -> tuple[Library, ...]:
    """Every library, by name: a module of this package with a ``LIBRARY``, or a folder with a module ``library``."""
    found: list[Library] = []
    for each in sorted(pkgutil.iter_modules(libraries.__path__), key=lambda each: each.name):
        name = f"{libraries.__name__}.{each.name}"
        if each.ispkg:
            inside = {module.name for module in pkgutil.iter_modules([f"{libraries.__path__[0]}/{each.name}"])}
            if "library" not in inside:
                continue
            name += ".library"
        library = getattr(importlib.import_module(name), "LIBRARY", None)
        if isinstance(library, Library):
            found.append(library)
    return tuple(found)


@cache
def having(hook: str) -> tuple[Library, ...]:
    """The libraries that have a hook of their own."""
    return tuple(each for each in all_libraries() if getattr(type(each), hook) is not getattr(Library, hook))
