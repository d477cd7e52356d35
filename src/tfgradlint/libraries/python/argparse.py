"""The module ``argparse``: what the command line gives are numbers and texts; without one it is what was declared."""

from __future__ import annotations

from typing import NamedTuple

from tfgradlint.flow.graph import origins
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import FALSE, NONE, TRUE, Const, Scalar, Symbol, Value, is_none
from tfgradlint.flow.values.containers import Items, ListObject, Repeated
from tfgradlint.flow.values.notes import Note
from tfgradlint.flow.values.objects import OWN_ATTRIBUTES, LibraryObject
from tfgradlint.libraries.registry import Handler

PARSER = "argparse.ArgumentParser"


class _Argument(NamedTuple):
    """One that was declared: under which name, whether there must be one, and with which options."""

    name: str
    needed: bool
    options: tuple[tuple[str, Value], ...]


#: Of a parser: what was declared. None where that is not known.
_DECLARED: Note[tuple[_Argument, ...]] = Note("declared arguments")
#: Of a group of arguments: the parser they belong to.
_PARSER: Note[LibraryObject] = Note("parser of a group")

#: What a parser may be told that decides nothing about the values.
_WORDS = frozenset("prog usage description epilog formatter_class add_help allow_abbrev conflict_handler".split())
_TYPES = {"builtins.str": str, "builtins.int": int, "builtins.float": float}
_STORED = ("store", "append", "store_const", "append_const", "count", "extend", "store_true", "store_false")
_NOTHING = ("help", "version")


def _parser(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    made = LibraryObject(PARSER)
    _DECLARED.begin(made, () if _WORDS.issuperset(kwargs) and len(args) < 3 else None)
    return made


def method(
    interp: Context, receiver: LibraryObject, name: str, args: list[Value], kwargs: dict[str, Value]
) -> Value | None:
    """A method of a parser, or of a group of arguments."""
    parser = _PARSER.of(receiver) or receiver
    if name == "add_argument":
        _declare(interp, parser, args, kwargs)
        return interp.opaque_result_of(origins.returned_by(name), [])
    if name in ("add_argument_group", "add_mutually_exclusive_group"):
        group = LibraryObject(PARSER)
        _PARSER.begin(group, parser)
        return group
    if name in ("parse_args", "parse_known_args"):
        parsed = _parsed(interp, parser, args, kwargs)
        if name == "parse_args" or parsed is None:
            return parsed
        others = ListObject(Repeated(Scalar(interp.recorder.leaf(), "str"), "list"))
        return Items((parsed, others))
    if name not in ("print_help", "print_usage", "format_help", "format_usage", "error", "exit"):
        _DECLARED.put(interp.state, parser, None)
    return None


def escaped(interp: Context, value: Value) -> None:
    """Others may declare arguments as well."""
    if isinstance(value, LibraryObject) and value.path == PARSER:
        _DECLARED.put(interp.state, _PARSER.of(value) or value, None)


def _declare(interp: Context, parser: LibraryObject, args: list[Value], kwargs: dict[str, Value]) -> None:
    known = _DECLARED.of(parser)
    flags = [each.value for each in args if isinstance(each, Const) and isinstance(each.value, str)]
    named = kwargs.get("dest")
    if known is None or len(flags) < len(args) or "**" in kwargs or not (flags or named):
        _DECLARED.put(interp.state, parser, None)
        return
    optional = not flags or flags[0].startswith("-")
    longest = next((flag for flag in flags if flag.startswith("--")), flags[0] if flags else "")
    name = named.value if isinstance(named, Const) else longest.lstrip("-").replace("-", "_") if optional else longest
    number = kwargs.get("nargs")
    dispensable = isinstance(number, Const) and number.value in ("?", "*")
    required = kwargs.get("required", FALSE).truth() is not False
    argument = _Argument(str(name), required if optional else not dispensable, tuple(kwargs.items()))
    if named is not None and not isinstance(named, Const):
        _DECLARED.put(interp.state, parser, None)
    elif _action(argument) not in _NOTHING:
        _DECLARED.put(interp.state, parser, (*known, argument))


def _parsed(
    interp: Context, parser: LibraryObject, args: list[Value], kwargs: dict[str, Value]
) -> LibraryObject | None:
    declared = _DECLARED.of(parser)
    if declared is None or len(args) > 1 or not {"args"}.issuperset(kwargs):
        return None
    line = args[0] if args else kwargs.get("args", NONE)
    content = line.structure
    empty = isinstance(content, Items) and not content.items
    if empty and any(argument.needed for argument in declared):
        return None  # the program ends here
    return namespace(
        {each.name: _default(interp, each) if empty else _given(interp, each) for each in declared if each.name}
    )


def namespace(attributes: dict[str, Value]) -> LibraryObject:
    """An object that has just these attributes, which anybody may change."""
    made = LibraryObject("argparse.Namespace")
    made.fields.update(attributes)
    OWN_ATTRIBUTES.begin(made, True)
    return made


def _action(argument: _Argument) -> str:
    """What is done with an argument; empty where that is not known."""
    action = dict(argument.options).get("action", Const("store"))
    if isinstance(action, Symbol):
        return "store" if action.path == "argparse.BooleanOptionalAction" else ""
    return str(action.value) if isinstance(action, Const) and action.value in (*_STORED, *_NOTHING) else ""


def _default(interp: Context, argument: _Argument) -> Value:
    """The value of an argument that is not given."""
    options, action = dict(argument.options), _action(argument)
    if action in ("store_true", "store_false"):
        return options.get("default", TRUE if action == "store_false" else FALSE)
    default = options.get("default", NONE)
    of_text = isinstance(default, Const) and isinstance(default.value, str)
    kind = options.get("type", Symbol("builtins.str"))
    if not action or not isinstance(default, Const):
        return default if action and "type" not in options else _unknown(interp, argument)
    if not of_text:
        return default
    convert = _TYPES.get(kind.path) if isinstance(kind, Symbol) else None
    try:
        return Const(convert(default.value)) if convert is not None else _unknown(interp, argument)
    except ValueError:
        return _unknown(interp, argument)


def _given(interp: Context, argument: _Argument) -> Value:
    """The value of an argument that is perhaps given."""
    options, action = dict(argument.options), _action(argument)
    default = options.get("default", NONE)
    if action in ("store_true", "store_false"):
        plain = "default" not in options or isinstance(getattr(default, "value", None), bool)
        return Scalar(interp.recorder.leaf(), "bool" if plain else "")
    if action != "store" or not isinstance(default, (Const, ListObject, Items)):
        return _unknown(interp, argument)
    if "action" in options:
        return Scalar(interp.recorder.leaf(), "bool" if isinstance(getattr(default, "value", None), bool) else "")
    kind = options.get("type", Symbol("builtins.str"))
    name = kind.path.removeprefix("builtins.") if isinstance(kind, Symbol) and kind.path in _TYPES else ""
    if not name or "const" in options:
        return _unknown(interp, argument)
    if "nargs" in options:
        several = ListObject(Repeated(Scalar(interp.recorder.leaf(), name), "list"))
        return several if argument.needed else interp.join([default, several])
    same = type(getattr(default, "value", None)).__name__ in (name, "str")
    if not is_none(default) and not isinstance(default, Const):
        return _unknown(interp, argument)
    return Scalar(interp.recorder.leaf(), name if same or argument.needed else "")


def _unknown(interp: Context, argument: _Argument) -> Value:
    """Made of a text, or by code of the program, which may put anything there."""
    given = [value for name, value in argument.options if name in ("action", "const", "default", "type")]
    made = origins.returned_by("parse_args")
    if all(isinstance(value, (Const, Symbol)) for value in given):
        return interp.opaque_result_of(made, given)
    return interp.unknown(made, *given)


HANDLERS: dict[str, Handler] = {
    PARSER: _parser,
    "argparse.Namespace": lambda interp, args, kwargs: None if args or "**" in kwargs else namespace(kwargs),
}
