"""What an expression can be. Values are immutable; what Python mutates lives in a :class:`Cell`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from tfgradlint.flow.graph.nodes import Node

if TYPE_CHECKING:
    import libcst as cst


class Value:
    """An abstract value."""

    __slots__ = ()


class Noded(Value):
    """A value with a place in the flow graph."""

    __slots__ = ("node",)

    def __init__(self, node: Node) -> None:
        self.node = node

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.node!r})"


class Unknown(Noded):
    """The honest top: anything."""

    __slots__ = ()


class UnknownMember(Unknown):
    """An attribute of an unknown value: its name still says something when it is called (``.numpy()``)."""

    __slots__ = ("name", "receiver")

    def __init__(self, node: Node, receiver: Value, name: str) -> None:
        super().__init__(node)
        self.receiver = receiver
        self.name = name


class Tensor(Noded):
    """A tensor."""

    __slots__ = ()


class Array(Noded):
    """A NumPy array or scalar: never followed by a tape.

    ``exact``: certainly NumPy's own, and not a number of Python that a function of NumPy returned.
    """

    __slots__ = ("exact",)

    def __init__(self, node: Node, exact: bool = False) -> None:
        super().__init__(node)
        self.exact = exact


class Held(Array):
    """What another library made: it holds plain numbers, under attributes and methods of its own.

    ``path`` is the name under which the library knows it.
    """

    __slots__ = ("path",)

    def __init__(self, node: Node, path: str) -> None:
        super().__init__(node)
        self.path = path


class Scalar(Noded):
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


class Items(Value):
    """A list's or tuple's content of known length; ``fields`` are a named tuple's names."""

    __slots__ = ("fields", "items", "type")

    def __init__(self, items: tuple[Value, ...], type: str = "tuple", fields: tuple[str, ...] = ()) -> None:
        self.items = items
        self.type = type
        self.fields = fields

    def __repr__(self) -> str:
        return f"{self.type}{self.items!r}"


class Several(Value):
    """Any number of elements, each of which is like ``element``."""

    __slots__ = ("element", "type")

    def __init__(self, element: Value, type: str = "list") -> None:
        self.element = element
        self.type = type


class Entries(Value):
    """A dictionary's content: known keys, and what values under unknown keys are like (None: there are none)."""

    __slots__ = ("entries", "rest")

    def __init__(self, entries: dict[Any, Value], rest: Value | None = None) -> None:
        self.entries = entries
        self.rest = rest


class Choice(Value):
    """One of a few values, depending on the branch taken."""

    __slots__ = ("values",)

    def __init__(self, values: tuple[Value, ...]) -> None:
        self.values = values

    def __repr__(self) -> str:
        return f"Choice{self.values!r}"


class Slice(Value):
    """``a:b:c`` in a subscript, with the values in it."""

    __slots__ = ("parts",)

    def __init__(self, parts: tuple[Value, ...]) -> None:
        self.parts = parts


class Deferred(Value):
    """A generator expression, ``map`` ...: evaluated when something iterates it, under the tapes of that moment."""

    __slots__ = ("force",)

    def __init__(self, force: Callable[[], Value]) -> None:
        self.force = force


class Thunk(Value):
    """A callable written in the analyser itself: a library's own function or a bound helper."""

    __slots__ = ("call", "name")

    def __init__(self, name: str, call: Callable[[list[Value], dict[str, Value]], Value]) -> None:
        self.name = name
        self.call = call


# -- what can be mutated


class Cell(Value):
    """Something Python mutates. ``fields`` is written through ``State.set`` only: so a branch can be undone."""

    __slots__ = ("fields",)

    def __init__(self) -> None:
        self.fields: dict[Any, Any] = {}


class Listing(Cell):
    """A list, set or deque; ``fields["content"]`` is :class:`Items` or :class:`Several`."""

    __slots__ = ()

    def __init__(self, content: Value) -> None:
        super().__init__()
        self.fields["content"] = content


class Mapping(Cell):
    """A dictionary; ``fields["content"]`` is :class:`Entries`."""

    __slots__ = ()

    def __init__(self, content: Value) -> None:
        super().__init__()
        self.fields["content"] = content


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


class Layer(Cell):
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


#: Among the fields of a :class:`Foreign`: the values that it holds.
HOLDS = ("foreign", "holds")


class Foreign(Cell):
    """An object of a library's class that is no tensor, variable or layer, such as an optimizer or a metric.

    ``path`` is its class; ``fields`` are what is known of its attributes, and what the library keeps about it.
    """

    __slots__ = ("path",)

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path


class Scope(Cell):
    """The names of a module, function, class body or comprehension."""

    __slots__ = ("declared", "kind", "owner", "parent")

    def __init__(self, kind: str, parent: Scope | None = None, owner: str = "") -> None:
        super().__init__()
        #: The name of the function whose scope it is.
        self.owner = owner
        self.kind = kind
        self.parent = parent
        #: Names declared global or nonlocal, and the scope they belong to.
        self.declared: dict[str, Scope] = {}


class Function(Value):
    """A function or lambda of the module."""

    __slots__ = (
        "cached",
        "defaults",
        "graph",
        "manager",
        "name",
        "node",
        "owner",
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
        cached: bool = False,
        signature: bool = False,
    ) -> None:
        self.node = node
        self.name = name
        self.scope = scope
        self.defaults = defaults
        #: A generator under ``contextlib.contextmanager``.
        self.manager = manager
        #: Its results are kept, and given again for the same arguments.
        self.cached = cached
        #: Compiled by ``tf.function``, and perhaps by XLA or with a signature for its arguments.
        self.graph = graph
        self.xla = xla
        self.signature = signature
        #: The class in whose body it was defined.
        self.owner = owner
        #: The statement that a lambda stands in.
        self.statement = statement


class Managed(Value):
    """A call of a generator under ``contextlib.contextmanager``: it runs when a ``with`` enters it."""

    __slots__ = ("function", "scope")

    def __init__(self, function: Function, scope: Scope) -> None:
        self.function = function
        self.scope = scope


class Method(Value):
    """A function bound to its first argument."""

    __slots__ = ("function", "receiver")

    def __init__(self, function: Value, receiver: Value) -> None:
        self.function = function
        self.receiver = receiver


class Wrapped(Value):
    """``property``, ``cached``, ``staticmethod``, ``classmethod``, ``once`` around a function of a class."""

    __slots__ = ("function", "kind", "setter")

    def __init__(self, kind: str, function: Value, setter: Value | None = None) -> None:
        self.kind = kind
        self.function = function
        self.setter = setter


class Super(Value):
    """``super()``: attributes are looked up behind ``cls`` in the receiver's lineage."""

    __slots__ = ("cls", "receiver")

    def __init__(self, cls: Class, receiver: Value) -> None:
        self.cls = cls
        self.receiver = receiver


class Partial(Value):
    """A callable with some arguments already given."""

    __slots__ = ("args", "function", "kwargs")

    def __init__(self, function: Value, args: list[Value], kwargs: dict[str, Value]) -> None:
        self.function = function
        self.args = args
        self.kwargs = kwargs


class Class(Cell):
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


class Instance(Cell):
    """An object of a class of the module; if it is ``open``, perhaps of a class derived from it."""

    __slots__ = ("cls", "open")

    def __init__(self, cls: Class, open: bool = False) -> None:
        super().__init__()
        self.cls = cls
        self.open = open


def hashable(constant: Any) -> bool:
    """Whether a dictionary takes a constant as a key."""
    try:
        hash(constant)
    except TypeError:
        return False
    return constant is not ...


def nodes_of(value: Value, limit: int = 400) -> list[Node]:
    """The nodes of all values inside ``value``: elements of containers too, at most ``limit``."""
    found: list[Node] = []
    seen: set[int] = set()
    stack: list[Any] = [value]
    while stack and len(found) < limit:
        item = stack.pop()
        if isinstance(item, (Noded, Variable)):
            found.append(item.node)
            continue
        if isinstance(item, Const) or id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, Items):
            stack.extend(reversed(item.items))
        elif isinstance(item, Several):
            stack.append(item.element)
        elif isinstance(item, (Listing, Mapping)):
            stack.append(item.fields["content"])
        elif isinstance(item, Entries):
            stack.extend(item.entries.values())
            if item.rest is not None:
                stack.append(item.rest)
        elif isinstance(item, Choice):
            stack.extend(item.values)
        elif isinstance(item, Slice):
            stack.extend(item.parts)
        elif isinstance(item, Foreign) and HOLDS in item.fields:
            stack.append(item.fields[HOLDS])
    return found
