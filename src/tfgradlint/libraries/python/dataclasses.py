"""The module ``dataclasses``: a class gets a constructor, a comparison and a representation from its fields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import libcst as cst

from tfgradlint.flow.graph.origins import Kind, Origin
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.python.arguments import bind
from tfgradlint.flow.python.attributes import of_unknown_base
from tfgradlint.flow.python.container_methods import mapping
from tfgradlint.flow.python.escape import forget_content
from tfgradlint.flow.values.base import FALSE, NONE, TRUE, Const, HoldsNothing, Scalar, Symbol, Value, is_none
from tfgradlint.flow.values.containers import Items
from tfgradlint.flow.values.functions import Function, Method, NativeFunction, Partial, Scope
from tfgradlint.flow.values.notes import Note
from tfgradlint.flow.values.objects import Class, Instance, LibraryObject
from tfgradlint.libraries.python.copy import deep_copy
from tfgradlint.libraries.registry import Handler

DECORATOR = "dataclasses.dataclass"
#: A field of which it is not known what was given for it.
_FIELD = Origin(Kind.ANYTHING, "field")


class FieldOptions(HoldsNothing):
    """``dataclasses.field(...)`` in the body of a class. ``keyword``: None leaves that to the class."""

    __slots__ = ("default", "factory", "given", "keyword")

    def __init__(self, default: Value | None, factory: Value | None, given: bool, keyword: bool | None) -> None:
        self.default = default
        self.factory = factory
        #: Whether the constructor has a parameter for it.
        self.given = given
        self.keyword = keyword


class Field(NamedTuple):
    """A field of a data class. ``pseudo``: an ``InitVar``, which only the constructor and ``__post_init__`` see."""

    name: str
    options: FieldOptions
    keyword: bool
    pseudo: bool


class Record(NamedTuple):
    """What the decorator made of a class: ``known`` says that there are no fields of a base that is not known."""

    fields: dict[str, Field]
    constructor: Function
    frozen: bool
    known: bool


_RECORD: Note[Record] = Note("data class")


def field(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """``dataclasses.field``."""
    flags = {name: kwargs.get(name) for name in ("init", "kw_only")}
    if "**" in kwargs or not all(flag is None or isinstance(flag, Const) for flag in flags.values()):
        return None
    given, keyword = (flag.value if isinstance(flag, Const) else None for flag in flags.values())
    return FieldOptions(kwargs.get("default"), kwargs.get("default_factory"), given is None or bool(given), keyword)


# -- the decorator


def decorator(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """``dataclass(cls)``, or ``dataclass(frozen=True)``, which decorates then."""
    cls = args[0] if args else kwargs.get("cls", NONE)
    if is_none(cls):
        return Partial(Symbol(DECORATOR), [], {name: value for name, value in kwargs.items() if name != "cls"})
    options = {name: kwargs[name].truth() for name in _OPTIONS if name in kwargs}
    if not isinstance(cls, Class) or len(args) > 1 or None in options.values() or "**" in kwargs:
        return None
    _describe(interp, cls, {name: bool(value) for name, value in options.items()})
    return cls


#: The options that matter to what becomes of the fields.
_OPTIONS = ("init", "eq", "frozen", "kw_only", "unsafe_hash")


def decorates(decorator: Value) -> bool:
    """Whether the decorator makes a data class."""
    called = decorator.function if isinstance(decorator, Partial) else decorator
    return isinstance(called, Symbol) and called.path == DECORATOR


def _describe(interp: Context, cls: Class, options: dict[str, bool]) -> None:
    fields: dict[str, Field] = {}
    for base in reversed([each for each in cls.lineage() if isinstance(each, Class) and each is not cls]):
        inherited = _RECORD.of(base)
        fields.update(inherited.fields if inherited is not None else {})
    fields.update((each.name, each) for each in _own_fields(cls, options.get("kw_only", False)))
    known = not any(_may_have_fields(each) for each in cls.lineage())
    record = Record(fields, _constructor(cls, fields), options.get("frozen", False), known)
    _RECORD.put(interp.state, cls, record)
    for each in fields.values():
        if isinstance(cls.fields.get(each.name), FieldOptions):
            if each.options.default is not None:
                interp.state.set(cls, each.name, each.options.default)
            else:
                interp.state.delete(cls, each.name)
    generated = {
        "__init__": lambda args, kwargs: _initialise(interp, cls, args, kwargs),
        "__eq__": lambda args, kwargs: _equal(interp, cls, args),
    }
    hashed = options.get("unsafe_hash", False) or (options.get("eq", True) and options.get("frozen", False))
    if hashed and "__hash__" not in cls.fields:
        number = Scalar(interp.recorder.leaf(), "int")
        interp.state.set(cls, "__hash__", NativeFunction("__hash__", lambda args, kwargs: number))
    for name, option in (("__init__", "init"), ("__eq__", "eq")):
        if options.get(option, True) and name not in cls.fields:
            interp.state.set(cls, name, NativeFunction(name, generated[name]))


def _may_have_fields(base: Value) -> bool:
    if isinstance(base, Class):
        return base.customised and _RECORD.of(base) is None
    return not isinstance(base, Symbol)


def _own_fields(cls: Class, keywords: bool) -> Iterator[Field]:
    """The fields that the body of a class declares; ``keywords``: they are given by name."""
    for name, annotation in annotated(cls):
        kind = head(annotation)
        if kind == "KW_ONLY":
            keywords = True
        elif kind != "ClassVar":
            value = cls.fields.get(name)
            options = value if isinstance(value, FieldOptions) else FieldOptions(value, None, given=True, keyword=None)
            yield Field(name, options, keywords if options.keyword is None else options.keyword, kind == "InitVar")


def _constructor(cls: Class, fields: dict[str, Field]) -> Function:
    """A function with the parameters of the constructor, by which a call of it is bound."""
    given = [each for each in fields.values() if each.options.given]
    parameters = cst.Parameters(
        params=[cst.Param(cst.Name(each.name)) for each in given if not each.keyword],
        kwonly_params=[cst.Param(cst.Name(each.name)) for each in given if each.keyword],
    )
    optional = [each for each in given if each.options.default is not None or each.options.factory is not None]
    defaults: dict[str, Value] = {each.name: each.options for each in optional}
    return Function(cst.Lambda(parameters, cst.Name("None")), cls.name, Scope("class"), defaults)


# -- what it generates


def _initialise(interp: Context, cls: Class, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``__init__``: the fields are set, and ``__post_init__`` is given those that are no attributes."""
    record = _RECORD.of(cls)
    if record is None or not args or not isinstance(args[0], Instance):
        return NONE
    instance, *given = args
    scope = Scope("function")
    bound = bind(interp, record.constructor, scope, given if record.known else [], kwargs)
    values: dict[str, Value] = {}
    for name, each in record.fields.items():
        value = scope.fields.get(name, each.options) if bound else None
        if value is each.options:
            value = _default(interp, each.options)
        if value is None and each.options.given:
            value = interp.unknown(_FIELD, *given, *kwargs.values())
        if value is not None and not record.known and name not in kwargs:
            value = interp.join([value, interp.unknown(_FIELD, *given)])
        if value is not None:
            values[name] = value
    for name, value in values.items():
        if record.fields[name].pseudo:
            continue
        if record.frozen:
            interp.state.set(instance, name, value)  # type: ignore[arg-type]
        else:
            interp.attributes.set(instance, name, value)
    _finish(interp, instance, record, values)  # type: ignore[arg-type]
    return NONE


def _default(interp: Context, options: FieldOptions) -> Value | None:
    if options.factory is not None:
        return interp.calls.call(options.factory, [], {})
    return options.default


def _finish(interp: Context, instance: Instance, record: Record, values: dict[str, Value]) -> None:
    finish = interp.attributes.of_class(instance.cls, "__post_init__")
    if finish is not None:
        pseudo = [values.get(each.name, NONE) for each in record.fields.values() if each.pseudo]
        interp.calls.call(Method(finish, instance), pseudo, {})
    elif of_unknown_base(instance.cls):
        forget_content(interp, instance, *values.values())


def _equal(interp: Context, cls: Class, args: list[Value]) -> Value:
    """``__eq__``: objects of one class are compared like the tuples of their fields."""
    truth: bool | None = None
    one, other = args if len(args) == 2 else (NONE, NONE)
    if isinstance(one, Instance) and isinstance(other, Instance) and not (one.open or other.open):
        truth = one is other or None
        if one.cls is not other.cls:
            truth = False
        elif not truth:
            names = [name for name, each in _fields_of(cls) if not each.pseudo]
            pairs = [(one.fields.get(name), other.fields.get(name)) for name in names]
            if all(isinstance(a, Const) and isinstance(b, Const) for a, b in pairs):
                truth = all(a.value == b.value for a, b in pairs)  # type: ignore[union-attr]
    if truth is None:
        return Scalar(interp.recorder.leaf(), "bool")
    return TRUE if truth else FALSE


def frozen(cls: Class) -> bool:
    """Whether the attributes of the objects of a class cannot be assigned."""
    records = [_RECORD.of(each) for each in cls.lineage() if isinstance(each, Class)]
    return any(each is not None and each.frozen for each in records)


# -- the functions of the module


def replaced(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """``dataclasses.replace``: the constructor is called with the fields of the old object, but for those given."""
    if len(args) != 1 or not isinstance(args[0], Instance) or "**" in kwargs:
        return None
    old = args[0]
    described = _fields_of(old.cls)
    if not described or old.open:
        return None
    fields = {name: each for name, each in described if each.options.given and not each.pseudo}
    kept = {name: interp.attributes.get(old, name) for name in fields if name not in kwargs}
    return interp.calls.call(old.cls, [], {**kept, **kwargs})


def as_dict(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """``dataclasses.asdict``: the fields' values are copied, with all that is in them."""
    pairs = _copied_fields(interp, args, kwargs)
    return None if pairs is None else mapping(dict(pairs))


def as_tuple(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """``dataclasses.astuple``."""
    pairs = _copied_fields(interp, args, kwargs)
    return None if pairs is None else Items(tuple(value for _, value in pairs))


def _copied_fields(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> list[tuple[str, Value]] | None:
    if len(args) != 1 or kwargs or not isinstance(args[0], Instance) or not (fields := _fields_of(args[0].cls)):
        return None
    names = [name for name, each in fields if not each.pseudo]
    return [(name, deep_copy(interp, interp.attributes.get(args[0], name))) for name in names]


def fields_of(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """``dataclasses.fields``: of each field its name, the rest is not followed."""
    of = args[0].cls if args and isinstance(args[0], Instance) and not args[0].open else args[0] if args else NONE
    if not isinstance(of, Class) or not (described := _fields_of(of)):
        return None
    made: list[Value] = []
    for name, each in described:
        if not each.pseudo:
            made.append(LibraryObject("dataclasses.Field"))
            made[-1].fields["name"] = Const(name)  # type: ignore[attr-defined]
    return Items(tuple(made))


def _fields_of(cls: Class) -> list[tuple[str, Field]]:
    """The fields of a data class, all of them known; none for any other class."""
    for each in cls.lineage():
        record = _RECORD.of(each) if isinstance(each, Class) else None
        if record is not None:
            return list(record.fields.items()) if record.known else []
    return []


HANDLERS: dict[str, Handler] = {
    DECORATOR: decorator,
    "dataclasses.field": field,
    "dataclasses.fields": fields_of,
    "dataclasses.replace": replaced,
    "dataclasses.asdict": as_dict,
    "dataclasses.astuple": as_tuple,
}


# -- the text of a class


def annotated(cls: Class) -> Iterator[tuple[str, cst.BaseExpression]]:
    """The names that the body of a class annotates, with what they are annotated with."""
    for statement in getattr(cls.node.body, "body", ()):
        for small in getattr(statement, "body", ()) if isinstance(statement, cst.SimpleStatementLine) else ():
            if isinstance(small, cst.AnnAssign) and isinstance(small.target, cst.Name):
                yield small.target.value, small.annotation.annotation


def head(annotation: cst.BaseExpression) -> str:
    """The last name of an annotation before its brackets: it says what is no ordinary field."""
    if isinstance(annotation, cst.SimpleString):
        return str(annotation.raw_value).partition("[")[0].rpartition(".")[2].strip()
    head = annotation.value if isinstance(annotation, cst.Subscript) else annotation
    name = head.attr if isinstance(head, cst.Attribute) else head
    return name.value if isinstance(name, cst.Name) else ""
