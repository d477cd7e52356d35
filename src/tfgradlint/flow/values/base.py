"""What an expression can be. Values are immutable; what Python mutates lives in a :class:`Cell`."""

from __future__ import annotations

from typing import Any

from tfgradlint.flow.graph.nodes import Node


class Value:
    """An abstract value."""

    __slots__ = ()


class GraphValue(Value):
    """A value with a place in the flow graph."""

    __slots__ = ("node",)

    def __init__(self, node: Node) -> None:
        self.node = node

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.node!r})"


class Unknown(GraphValue):
    """The honest top: anything."""

    __slots__ = ()


class UnknownMember(Unknown):
    """An attribute of an unknown value: its name still says something when it is called (``.numpy()``)."""

    __slots__ = ("name", "receiver")

    def __init__(self, node: Node, receiver: Value, name: str) -> None:
        super().__init__(node)
        self.receiver = receiver
        self.name = name


class Tensor(GraphValue):
    """A tensor."""

    __slots__ = ()


class Array(GraphValue):
    """A NumPy array or scalar: never followed by a tape.

    ``exact``: certainly NumPy's own, and not a number of Python that a function of NumPy returned.
    """

    __slots__ = ("exact",)

    def __init__(self, node: Node, exact: bool = False) -> None:
        super().__init__(node)
        self.exact = exact


class HostObject(Array):
    """What another library made: it holds plain numbers, under attributes and methods of its own.

    ``path`` is the name under which the library knows it.
    """

    __slots__ = ("path",)

    def __init__(self, node: Node, path: str) -> None:
        super().__init__(node)
        self.path = path


class Scalar(GraphValue):
    """A Python number or string whose value is not known. ``type`` is ``float``, ``int``, ``bool``, ``str`` or ""."""

    __slots__ = ("type",)

    def __init__(self, node: Node, type: str = "") -> None:
        super().__init__(node)
        self.type = type


class Const(Value):
    """A known Python constant."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __repr__(self) -> str:
        return f"Const({self.value!r})"


NONE = Const(None)
TRUE = Const(True)
FALSE = Const(False)


class Symbol(Value):
    """A name of an imported library, by its canonical dotted path: ``tf.reduce_mean``, ``numpy``."""

    __slots__ = ("path",)

    def __init__(self, path: str) -> None:
        self.path = path

    def __repr__(self) -> str:
        return f"Symbol({self.path})"


class Member(Value):
    """A method of a library's or container's object, not yet called: ``x.numpy``, ``losses.append``."""

    __slots__ = ("name", "receiver")

    def __init__(self, receiver: Value, name: str) -> None:
        self.receiver = receiver
        self.name = name


# -- what can be mutated


class Cell(Value):
    """Something Python mutates. ``fields`` is written through ``State.set`` only: so a branch can be undone."""

    __slots__ = ("fields",)

    def __init__(self) -> None:
        self.fields: dict[Any, Any] = {}


class Variable(Cell):
    """A variable. ``fields``: ``content`` (the node of its present content), ``trainable`` (True, False, None)."""

    __slots__ = ("birth", "dtype", "library", "site")

    def __init__(self, content: Node, trainable: bool | None, library: str = "tf") -> None:
        super().__init__()
        self.birth = content.seq
        self.dtype = content.dtype
        self.library = library
        self.site = content.site
        content.variable = self
        self.fields = {"content": content, "trainable": trainable}

    @property
    def node(self) -> Node:
        """The node of its present content."""
        node: Node = self.fields["content"]
        return node


def hashable(constant: Any) -> bool:
    """Whether a dictionary takes a constant as a key."""
    try:
        hash(constant)
    except TypeError:
        return False
    return constant is not ...
