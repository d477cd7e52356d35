"""What an expression can be. Values are immutable; what Python mutates lives in a :class:`Cell`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from types import MappingProxyType
from typing import Any

from tfgradlint.flow.graph.nodes import Node

#: Sequences are compared down to here: a tuple that holds another twice, many times over, takes for ever. What is
#: deeper counts as another value, which is never wrong.
COMPARED = 4


class Value:
    """An abstract value. It answers for itself, and every kind says what it holds."""

    __slots__ = ()

    # -- what is in it: a walk chooses one of these

    def held(self) -> Sequence[Value] | None:
        """The values in it that a step reads which is given it as data. None: it cannot say.

        A function, a method, an object of the module are no data: what they know is read by their own code.
        """
        return None

    def handed(self) -> Sequence[Value]:
        """The values in it that certainly come into the hands of whoever gets hold of it: what a method is bound to,
        and what stands in a container by itself.
        """
        return ()

    def sees(self) -> Iterator[Any]:
        """What its code can read by name, or anybody as its attributes; also what is no value."""
        return iter(())

    def nested(self) -> Sequence[tuple[Any, Value]] | None:
        """Its parts with their keys, in TensorFlow's order, where TensorFlow takes it for a nest.

        None: it is a leaf, or nobody knows its parts.
        """
        return None

    def keyed(self) -> Mapping[Any, Value]:
        """The parts of which the index or key is known."""
        return _NO_PARTS

    def with_held(self, parts: Sequence[Value]) -> Value:
        """The same with other values in place of those that it holds."""
        raise NotImplementedError(f"{type(self).__name__} is not made of parts")

    @property
    def structure(self) -> Value:
        """What can be looked into: the present content of a list or dictionary, any other value itself."""
        return self

    # -- what it is

    def truth(self) -> bool | None:
        """Whether Python takes it for true, where that is known."""
        return None

    def contains(self, item: Any) -> bool | None:
        """Whether a constant of Python's is in it, where that is known."""
        return None

    def same_as(self, other: Value, level: int = 0) -> bool:
        """Whether the two are certainly one value. ``level``: how deep they are in those that are compared."""
        return self is other


_NO_PARTS: Mapping[Any, Value] = MappingProxyType({})


class HoldsNothing(Value):
    """What a step that is given such a value reads is the value itself: there is no other in it."""

    __slots__ = ()

    def held(self) -> Sequence[Value]:
        return ()


class GraphValue(HoldsNothing):
    """A value with a place in the flow graph: what it was computed from is found there."""

    __slots__ = ("node",)

    def __init__(self, node: Node) -> None:
        self.node = node

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.node!r})"

    def same_as(self, other: Value, level: int = 0) -> bool:
        return isinstance(other, GraphValue) and self.node is other.node and type(self) is type(other)


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


class Composite(Tensor):
    """A tensor that is made of several: slices, or what is sparse or ragged. ``node`` is that of its values.

    ``form`` is the name of its class: ``IndexedSlices``, ``SparseTensor`` or ``RaggedTensor``; ``deep``: its values
    may be ragged themselves.
    """

    __slots__ = ("deep", "form")

    def __init__(self, node: Node, form: str, deep: bool = False) -> None:
        super().__init__(node)
        self.form = form
        self.deep = deep

    def same_as(self, other: Value, level: int = 0) -> bool:
        alike = isinstance(other, Composite) and self.form == other.form and self.deep == other.deep
        return alike and isinstance(other, Composite) and self.node is other.node


class Array(GraphValue):
    """A NumPy array or scalar: never followed by a tape.

    ``exact``: certainly NumPy's own, and not a number of Python that a function of NumPy returned. ``form`` is
    ``array`` or ``number`` where that is known.
    """

    __slots__ = ("exact", "form")

    def __init__(self, node: Node, exact: bool = False, form: str = "") -> None:
        super().__init__(node)
        self.exact = exact
        self.form = form


class HostObject(Array):
    """What another library made: it holds plain numbers, under attributes and methods of its own.

    ``path`` is the name under which the library knows it.
    """

    __slots__ = ("path",)

    def __init__(self, node: Node, path: str) -> None:
        super().__init__(node)
        self.path = path


class Scalar(GraphValue):
    """A Python number or string whose value is not known. ``type`` is ``float``, ``int``, ``bool``, ``str`` or "".

    Also a ``shape``, of which a dimension may be None, and a ``known shape``.
    """

    __slots__ = ("type",)

    def __init__(self, node: Node, type: str = "") -> None:
        super().__init__(node)
        self.type = type

    @property
    def element_type(self) -> str:
        """The type of what is in it."""
        return {"str": "str", "known shape": "int"}.get(self.type, "")


class Const(HoldsNothing):
    """A known Python constant."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __repr__(self) -> str:
        return f"Const({self.value!r})"

    def truth(self) -> bool:
        return bool(self.value)

    def contains(self, item: Any) -> bool | None:
        return item in self.value if isinstance(self.value, str) and isinstance(item, str) else None

    def same_as(self, other: Value, level: int = 0) -> bool:
        return isinstance(other, Const) and type(self.value) is type(other.value) and bool(self.value == other.value)


NONE = Const(None)
TRUE = Const(True)
FALSE = Const(False)


def is_none(value: Value) -> bool:
    """Whether it certainly is ``None``."""
    return isinstance(value, Const) and value.value is None


class Symbol(HoldsNothing):
    """A name of an imported library, by its canonical dotted path: ``tf.reduce_mean``, ``numpy``."""

    __slots__ = ("path",)

    def __init__(self, path: str) -> None:
        self.path = path

    def __repr__(self) -> str:
        return f"Symbol({self.path})"

    def truth(self) -> bool:
        return True

    def same_as(self, other: Value, level: int = 0) -> bool:
        return isinstance(other, Symbol) and self.path == other.path


class Datum(Symbol):
    """A name of a library that is no function, class or module: what it is depends on where the program runs."""

    __slots__ = ()

    def truth(self) -> None:  # type: ignore[override]
        return None


class Member(Value):
    """A method of a library's or container's object, not yet called: ``x.numpy``, ``losses.append``.

    An attribute that nobody described is one as well. What that holds as data nobody can say: ``node`` stands for it
    where it is known from when on it was there.
    """

    __slots__ = ("name", "node", "receiver")

    def __init__(self, receiver: Value, name: str, node: Node | None = None) -> None:
        self.receiver = receiver
        self.name = name
        self.node = node

    def held(self) -> Sequence[Value] | None:
        return None

    def handed(self) -> Sequence[Value]:
        return (self.receiver,)


# -- what can be mutated

_births = count()


def next_birth() -> int:
    """A moment: cells that are made from here on are born after it."""
    return next(_births)


class Cell(Value):
    """Something Python mutates. ``fields`` is written through ``State.set`` only: so a branch can be undone.

    What is kept in its fields is the affair of its kind. ``born`` counts all cells, in the order they were made.
    """

    __slots__ = ("born", "fields")

    def __init__(self) -> None:
        self.born = next(_births)
        self.fields: dict[Any, Any] = {}


class Variable(HoldsNothing, Cell):
    """A variable. ``fields``: ``content`` (the node of its present content), ``trainable`` (True, False, None).

    ``among``: it is one of many for all of which this one stands. ``since``: it stands for all those of many objects
    that a loop goes through, and for that of the present object in steps that were taken since then.
    """

    __slots__ = ("among", "birth", "dtype", "library", "since", "site")

    def __init__(self, content: Node, trainable: bool | None, library: str = "tf") -> None:
        super().__init__()
        self.birth = content.seq
        self.dtype = content.dtype
        self.library = library
        self.site = content.site
        self.among: Variable | None = None
        self.since = 0
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
