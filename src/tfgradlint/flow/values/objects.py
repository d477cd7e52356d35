"""Objects: of classes of the module, and of classes of libraries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from tfgradlint.flow.values.base import Cell, HoldsNothing, Symbol, Value, Variable
from tfgradlint.flow.values.containers import Items
from tfgradlint.flow.values.notes import Note

if TYPE_CHECKING:
    import libcst as cst


class Layer(HoldsNothing, Cell):
    """A layer or model of a library: what it returns depends on what it is given and on its weights.

    ``own`` is one variable that stands for all weights it made itself; ``fields["parts"]`` holds the layers in it;
    ``single`` says that it returns one tensor.
    """

    __slots__ = ("own", "path", "single")

    def __init__(self, path: str, own: Variable | None, parts: tuple[Value, ...] = (), single: bool = True) -> None:
        super().__init__()
        self.path = path
        self.own = own
        self.single = single
        self.fields = {"parts": Items(parts), "trainable": True, "opened": False}

    @property
    def parts(self) -> tuple[Value, ...] | None:
        """The layers in it, None where they depend on what was executed."""
        content = self.fields["parts"]
        return content.items if isinstance(content, Items) else None


#: The values that a :class:`LibraryObject` holds.
HOLDS: Note[Value] = Note("held values")


#: Of an object or class of the module: that code which is not followed may have given it attributes of any name.
OPENED: Note[bool] = Note("laid open")
#: Of a :class:`LibraryObject`: that its attributes are only those that the program gives it.
OWN_ATTRIBUTES: Note[bool] = Note("attributes of its own")


class LibraryObject(Cell):
    """An object of a library's class that is no tensor, variable or layer, such as an optimizer or a metric.

    ``path`` is its class; ``fields`` are what is known of its attributes, and what the library keeps about it.
    """

    __slots__ = ("path",)

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path

    def held(self) -> Sequence[Value]:
        """What the library says that it holds."""
        held = self.fields.get(HOLDS)
        return () if held is None else (held,)


class AttributesOf(Value):
    """The dictionary that an object keeps its attributes in, ``owner.__dict__``."""

    __slots__ = ("owner",)

    def __init__(self, owner: Instance | LibraryObject) -> None:
        self.owner = owner

    def held(self) -> Sequence[Value]:
        return (self.owner,)

    def with_held(self, parts: Sequence[Value]) -> AttributesOf:
        return self if not isinstance(parts[0], (Instance, LibraryObject)) else AttributesOf(parts[0])

    def same_as(self, other: Value, level: int = 0) -> bool:
        return isinstance(other, AttributesOf) and other.owner is self.owner


class Members(HoldsNothing, Cell):
    """What is known of an unknown object: its attributes, and its elements under ``("[]", index)``.

    Each is put here when it is first read: it was there before.
    """

    __slots__ = ()


class Class(HoldsNothing, Cell):
    """A class of the module; ``fields`` are its attributes. ``bases`` are evaluated; any may be unknown.

    ``customised``: it has a metaclass or keywords that may change what it means to make its objects.
    """

    __slots__ = ("bases", "customised", "inherited", "name", "node")

    def __init__(self, name: str, node: cst.ClassDef, bases: tuple[Value, ...], customised: bool = False) -> None:
        super().__init__()
        self.name = name
        self.node = node
        self.bases = bases
        self.customised = customised
        #: What stands behind the class in the order of its lineage, if it has several bases.
        self.inherited = _inherited(bases) if len(bases) > 1 else ()

    def truth(self) -> bool:
        return True

    def lineage(self) -> Iterator[Value]:
        """The class and its bases in the order in which Python asks them; library bases as they are."""
        cls: Value = self
        while isinstance(cls, Class) and len(cls.bases) == 1:
            yield cls
            cls = cls.bases[0]
        yield cls
        if isinstance(cls, Class):
            yield from cls.inherited


def _inherited(bases: tuple[Value, ...]) -> tuple[Value, ...]:
    """Python's method resolution order: a class comes before its bases, and these in the order they are named."""
    rows = [list(base.lineage())[::-1] if isinstance(base, Class) else [base] for base in bases]
    rows.append(list(reversed(bases)))
    later = Counter(_key(each) for row in rows for each in row[:-1])
    order: dict[object, Value] = {}
    while rows := [row for row in rows if row]:
        # Where Python would refuse the class, the first that is left will do.
        head = next((row[-1] for row in rows if not later[_key(row[-1])]), rows[0][-1])
        order[_key(head)] = head
        for row in rows:
            while row and _key(row[-1]) in order:
                row.pop()
                if row:
                    later[_key(row[-1])] -= 1
    return tuple(order.values())


def _key(base: Value) -> object:
    return base.path if isinstance(base, Symbol) else id(base)


class Instance(HoldsNothing, Cell):
    """An object of a class of the module; if it is ``open``, perhaps of a class derived from it."""

    __slots__ = ("cls", "open")

    def __init__(self, cls: Class, open: bool = False) -> None:
        super().__init__()
        self.cls = cls
        self.open = open

    def sees(self) -> Iterator[Any]:
        return iter(self.fields.values())
