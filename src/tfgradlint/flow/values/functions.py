"""Functions, and what binds, wraps or calls them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from tfgradlint.flow.values.base import COMPARED, Cell, HoldsNothing, Value
from tfgradlint.flow.values.objects import Class

if TYPE_CHECKING:
    import libcst as cst


class NativeFunction(HoldsNothing):
    """A callable written in the analyser itself: a library's own function or a bound helper."""

    __slots__ = ("call", "name")

    def __init__(self, name: str, call: Callable[[list[Value], dict[str, Value]], Value]) -> None:
        self.name = name
        self.call = call


class Scope(HoldsNothing, Cell):
    """The names of a module, function, class body or comprehension."""

    __slots__ = ("declared", "kind", "owner", "parent", "root")

    def __init__(self, kind: str, parent: Scope | None = None, owner: str = "") -> None:
        super().__init__()
        #: The outermost scope around it: that of its module.
        self.root: Scope = self if parent is None else parent.root
        #: The name of the function whose scope it is.
        self.owner = owner
        self.kind = kind
        self.parent = parent
        #: Names declared global or nonlocal, and the scope they belong to.
        self.declared: dict[str, Scope] = {}

    def sees(self) -> Iterator[Any]:
        """What is bound to its names, and to those of the scopes around it."""
        scope: Scope | None = self
        while scope is not None:
            yield from scope.fields.values()
            scope = scope.parent


class Attributes(HoldsNothing, Cell):
    """What the program assigned to the attributes of a function."""

    __slots__ = ()


class Function(HoldsNothing):
    """A function or lambda of the module. ``attributes`` are those of the function object that a definition made."""

    __slots__ = (
        "attributes",
        "cached",
        "defaults",
        "graph",
        "manager",
        "name",
        "node",
        "owner",
        "relaxed",
        "scope",
        "signature",
        "statement",
        "xla",
    )

    def __init__(
        self,
        node: cst.FunctionDef | cst.Lambda,
        name: str,
        scope: Scope,
        defaults: dict[str, Value],
        graph: bool = False,
        owner: Class | None = None,
        statement: cst.CSTNode | None = None,
        xla: bool = False,
        manager: bool = False,
        cached: int = 0,
        signature: bool = False,
        relaxed: bool = False,
        attributes: Attributes | None = None,
    ) -> None:
        self.attributes = attributes or Attributes()
        self.node = node
        self.name = name
        self.scope = scope
        self.defaults = defaults
        #: A generator under ``contextlib.contextmanager``.
        self.manager = manager
        #: Its results are kept, and given again for the same arguments.
        #: How many results it keeps, where it does.
        self.cached = cached
        #: Compiled by ``tf.function``, and perhaps by XLA, with a signature for its arguments, or for any shapes.
        self.graph = graph
        self.xla = xla
        self.signature = signature
        self.relaxed = relaxed
        #: The class in whose body it was defined.
        self.owner = owner
        #: The statement that a lambda stands in.
        self.statement = statement

    def flagged(self, **flags: int) -> Function:
        """The same function with other flags: those that :class:`Function` takes as truths."""
        kept = {name: getattr(self, name) for name in ("graph", "xla", "signature", "relaxed", "manager", "cached")}
        return Function(
            self.node,
            self.name,
            self.scope,
            self.defaults,
            owner=self.owner,
            statement=self.statement,
            attributes=self.attributes,
            **{**kept, **flags},
        )

    def sees(self) -> Iterator[Any]:
        yield from self.attributes.fields.values()
        yield from self.scope.sees()

    def truth(self) -> bool:
        return True

    def same_as(self, other: Value, level: int = 0) -> bool:
        return self is other or (
            isinstance(other, Function)
            and self.node is other.node
            and self.scope is other.scope
            and self._attributes_like(other)
            and self.defaults.keys() == other.defaults.keys()
            and level < COMPARED
            and all(value.same_as(other.defaults[name], level + 1) for name, value in self.defaults.items())
        )

    def _attributes_like(self, other: Function) -> bool:
        return self.attributes is other.attributes or not (self.attributes.fields or other.attributes.fields)


class ContextManagerCall(HoldsNothing):
    """A call of a generator under ``contextlib.contextmanager``: it runs when a ``with`` enters it."""

    __slots__ = ("function", "scope")

    def __init__(self, function: Function, scope: Scope) -> None:
        self.function = function
        self.scope = scope

    def sees(self) -> Iterator[Any]:
        return self.scope.sees()


class Coroutine(Value):
    """A call of an ``async`` function: it runs where it is awaited."""

    __slots__ = ("function", "scope")

    def __init__(self, function: Function, scope: Scope) -> None:
        self.function = function
        self.scope = scope

    def held(self) -> None:
        return None

    def sees(self) -> Iterator[Any]:
        return self.scope.sees()

    def truth(self) -> bool:
        return True


class Gathered(Value):
    """Several coroutines that are awaited together."""

    __slots__ = ("awaitables",)

    def __init__(self, awaitables: Sequence[Value]) -> None:
        self.awaitables = awaitables

    def held(self) -> Sequence[Value]:
        return self.awaitables

    def handed(self) -> Sequence[Value]:
        return self.awaitables

    def truth(self) -> bool:
        return True


class Method(HoldsNothing):
    """A function bound to its first argument."""

    __slots__ = ("function", "receiver")

    def __init__(self, function: Value, receiver: Value) -> None:
        self.function = function
        self.receiver = receiver

    def handed(self) -> Sequence[Value]:
        return (self.function, self.receiver)

    def truth(self) -> bool:
        return True


class Descriptor(HoldsNothing):
    """``property``, ``cached``, ``staticmethod``, ``classmethod``, ``once`` around a function of a class."""

    __slots__ = ("function", "kind", "setter")

    def __init__(self, kind: str, function: Value, setter: Value | None = None) -> None:
        self.kind = kind
        self.function = function
        self.setter = setter


class Super(HoldsNothing):
    """``super()``: attributes are looked up behind ``cls`` in the receiver's lineage."""

    __slots__ = ("cls", "receiver")

    def __init__(self, cls: Class, receiver: Value) -> None:
        self.cls = cls
        self.receiver = receiver


class Partial(HoldsNothing):
    """A callable with some arguments already given."""

    __slots__ = ("args", "function", "kwargs")

    def __init__(self, function: Value, args: list[Value], kwargs: dict[str, Value]) -> None:
        self.function = function
        self.args = args
        self.kwargs = kwargs
