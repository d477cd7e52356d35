"""What leaves the module's sight: whoever gets hold of something may do anything with it, at once or later."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeGuard

from tfgradlint.flow.graph import origins
from tfgradlint.flow.graph.nodes import Node
from tfgradlint.flow.graph.origins import Origin
from tfgradlint.flow.graph.unseen import UnseenCall, chain, module_of
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.machine.modules import Module
from tfgradlint.flow.python.bodies import Bodies
from tfgradlint.flow.python.moments import Moment
from tfgradlint.flow.tape.tape import Tape
from tfgradlint.flow.values.base import Cell, GraphValue, Member, Symbol, Unknown, UnknownMember, Value, Variable
from tfgradlint.flow.values.containers import Container, DictContent, DictObject, Items, ListObject, Repeated, Union
from tfgradlint.flow.values.functions import ContextManagerCall, Coroutine, Descriptor, Function, Method, Partial, Super
from tfgradlint.flow.values.iterators import Iterator
from tfgradlint.flow.values.objects import OPENED, OWN_ATTRIBUTES, Class, Instance, Layer, LibraryObject
from tfgradlint.flow.values.walk import GIVEN, HANDED, nodes_of, walk

#: What is taken to stay where it is: nearly every program hands its model, its weights and its optimizer to helpers
#: of other modules, and a helper that puts another in the place of one of these was met in none.
STAYS = (Variable, Layer, LibraryObject, Instance, Function, Method, Class, Descriptor)


def havoc(interp: Context, value: Value) -> None:
    """Whoever gets hold of a tape, or of a function that sees one, may watch with it, ask it or stop it."""
    for each in walk(value, HANDED):
        interp.libraries.escaped(interp, each)
        if isinstance(each, Function) and each.scope.kind == "function":
            interp.of(HandedOut).seen_at(interp, each)
        for reached in (each, *each.sees()):
            if isinstance(reached, Tape):
                interp.state.set(reached, "escaped", True)


def forget_content(interp: Context, value: Value, *given: Value) -> None:
    """Something that is not described changed the value: it may hold anything from here on, or what was ``given``."""
    if isinstance(value, Union):
        for each in value.values:
            forget_content(interp, each, *given)
    elif isinstance(value, Container) or _is_namespace(value):
        _may_be_changed(interp, value, given, ())
    elif isinstance(value, Instance):
        interp.libraries.escaped(interp, value)
        _may_be_changed(interp, value, given, ())
    else:
        if isinstance(value, Iterator):
            forget(interp, value, given)
        havoc(interp, value)


#: Each of the functions that were handed out may be called by each call that is not followed. Programs hand out a few
#: callbacks; of more than these, the later ones are taken to be called only when they are handed out.
_KEPT = 40


class HandedOut:
    """What calls that are not followed were given and may keep."""

    def __init__(self) -> None:
        #: Of the result of such a call: what it was given, of which the result may be any, or hold it.
        self.aliased: dict[Node, tuple[Value, ...]] = {}
        #: Functions, which may be called at any time.
        self.functions: dict[object, Value] = {}
        #: What can be changed of what was given to the code of one module, or to one value from outside: each call of
        #: that code may change it.
        self._kept_by: dict[object, dict[int, Value]] = {}
        #: Of functions within functions that ask for gradients: when they were given away.
        self.moments: dict[int, list[Moment]] = {}

    def seen_at(self, interp: Context, function: Function) -> None:
        """A function within a function is given away now, to be called at once or later."""
        moments = self.moments.setdefault(id(function), [])
        if interp.prescan_of(function).may_reach_request(function.name) and len(moments) < _KEPT:
            moments.append(Moment(interp.state))

    def keep(self, value: Value) -> None:
        if len(self.functions) >= _KEPT:
            return
        made = value.function if isinstance(value, (Method, Partial, Coroutine)) else value
        receiver = value.receiver if isinstance(value, (Method, Member)) else None
        if isinstance(made, Function):
            self.functions.setdefault((made.node, id(made.scope), id(receiver)), value)
        elif isinstance(receiver, Container):
            self.functions.setdefault(id(receiver), value)
        elif (isinstance(value, Iterator) and value.held() is None) or (
            isinstance(value, Instance) and _has_call(value)
        ):
            self.functions.setdefault(id(value), value)

    def reached_by(self, interp: Context, callee: Value, given: Sequence[Value]) -> list[Value]:
        """What earlier calls gave to the code that is called now and is given these; it may keep these as well."""
        code = _code_of(interp, callee)
        if code is None:
            return []
        kept = self._kept_by.setdefault(code, {})
        before = [*kept.values()]
        for value in given:
            if isinstance(value, _KEPT_BY_OTHERS) and len(kept) < _KEPT:
                kept[id(value)] = value
        return before


def _code_of(interp: Context, callee: Value) -> object:
    """Whose code runs: the name of a package, or the value from outside that what is called was read from."""
    if isinstance(callee, UnknownMember):
        callee = callee.receiver
    if not isinstance(callee, Unknown):
        return None
    links = [*chain(callee.node)]
    return module_of(interp.unseen, links).partition(".")[0] or (links[-1] if links else None)


def forget(interp: Context, value: Value, given: Sequence[Value] = (), stays: tuple[type[Value], ...] = STAYS) -> None:
    """Code that is not followed got hold of the value: all that it reaches may hold anything, or what was ``given``.

    What it held before it may hold still. Tensors are immutable, and no gradient passes an assignment to a variable.
    ``stays`` is what the code is taken to leave in its place.
    """
    interp.recorder.unseen()
    bodies, aliased = interp.of(Bodies), interp.of(HandedOut).aliased

    def into(each: Value) -> Sequence[Value]:
        if isinstance(each, Function):
            return [*each.defaults.values(), *each.attributes.fields.values(), *bodies.touched(each)]
        if isinstance(each, Instance):
            return [*_reached(each), *_methods(each)]
        if isinstance(each, Module):
            return [value for value in each.fields.values() if isinstance(value, Value)]
        if isinstance(each, Unknown):
            received = (each.receiver,) if isinstance(each, UnknownMember) else ()
            return (*received, *aliased.get(each.node, ()))
        return _reached(each)

    reached = [each for each in walk(value, into) if isinstance(each, _CHANGED) or _is_namespace(each)]
    for each in {id(each): each for each in reached}.values():
        _may_be_changed(interp, each, given, stays)


def not_followed(interp: Context, origin: Origin, callee: Value, given: list[Value], *, own: bool = False) -> Unknown:
    """The result of a call that is not followed.

    ``own``: of code of the program, which may put anything in the place of anything; any other callee is a value that
    the call may change as well.
    """
    handed_out = interp.of(HandedOut)
    # What it may give back is what was in them before the call.
    result = interp.unknown(origin, *([] if own else [callee]), *given)
    _note_call(interp, result.node, callee, given, own)
    before = handed_out.reached_by(interp, callee, given)
    forget(interp, Items((callee, *given, *before, *handed_out.functions.values())), given, () if own else STAYS)
    for value in given:
        handed_out.keep(value)
    aliased: dict[int, Value] = {}
    for value in (callee, *before, *given):
        if isinstance(value, Unknown):
            aliased.update((id(each), each) for each in handed_out.aliased.get(value.node, ()))
        elif isinstance(value, _MUTABLE):
            aliased[id(value)] = value
    if aliased:
        handed_out.aliased[result.node] = (*aliased.values(),)[-_ALIASED:]
    return result


def _note_call(interp: Context, result: Node, callee: Value, given: list[Value], own: bool) -> None:
    """Note down what a call could get hold of."""
    inside = list(walk(Items((*given,))))
    hides = own or isinstance(callee, (*_HIDING, *_RUNNING)) or any(isinstance(each, _HIDING) for each in inside)
    runs = any(isinstance(each, _RUNNING) for each in inside)
    nodes = nodes_of(Items((*given,)), GIVEN)
    of = callee.node if isinstance(callee, GraphValue) else None
    interp.unseen.called(result, UnseenCall(of, tuple(nodes), hides or len(nodes) > GIVEN, runs))


#: What leads to more than the values in it: objects of the program, and what is bound to them.
_HIDING = (Instance, Layer, Class, Method, Member, Partial, Descriptor, Super, ContextManagerCall, Coroutine, Module)
#: What runs code of the program that may see more.
_RUNNING = (Function, LibraryObject, Iterator)
#: What code that is not followed can change.
_CHANGED = (Container, Instance, Class, Function, Iterator, Module)
#: What code that is not followed can keep, to change it when it is called again.
_KEPT_BY_OTHERS = (Container, Instance, Iterator, Method, Partial, Union, Items)
#: What a result may be another name for, and what then is changed through it.
_MUTABLE = (Container, Instance, Iterator, Function, Method, Member, Partial, Union, Items)
#: One result is given to the next call, and so on: of very many that it may be only the latest are followed. All of
#: them were changed when they were given.
_ALIASED = 20


def _methods(value: Instance) -> Iterable[Value]:
    """What of an object may be called."""
    for cls in value.cls.lineage():
        for each in cls.fields.values() if isinstance(cls, Class) else ():
            if isinstance(each, Function):
                yield each
            elif isinstance(each, Descriptor):
                yield from (made for made in (each.function, each.setter) if made is not None)


def _is_namespace(value: Value) -> TypeGuard[LibraryObject]:
    return isinstance(value, LibraryObject) and OWN_ATTRIBUTES.of(value) is True


def _reached(value: Value) -> Sequence[Value]:
    """What can be changed of a value by whoever gets hold of it."""
    if isinstance(value, Instance) or _is_namespace(value):
        return [each for each in value.fields.values() if isinstance(each, Value)]
    if isinstance(value, (ContextManagerCall, Coroutine)):
        return (value.function, *(each for each in value.scope.fields.values() if isinstance(each, Value)))
    if isinstance(value, Partial):
        return (value.function, *value.args, *value.kwargs.values())
    if isinstance(value, (Member, Super)):
        return (value.receiver,)
    if isinstance(value, (Container, Items, Repeated, DictContent, Union)):
        return value.held()
    return value.handed()


def _may_be_changed(interp: Context, value: Value, given: Sequence[Value], stays: tuple[type[Value], ...]) -> None:
    """One object may hold anything, or what was ``given``, but in the place of what ``stays``."""
    if isinstance(value, ListObject):
        _change_list(interp, value, given, stays)
    elif isinstance(value, DictObject):
        _change_dictionary(interp, value, given, stays)
    elif isinstance(value, Instance):
        OPENED.put(interp.state, value, True)
        _change_attributes(interp, value, value.cls, given, stays)
    elif isinstance(value, Class):
        OPENED.put(interp.state, value, True)
        _change_attributes(interp, value, value, given, stays)
    elif isinstance(value, Function):
        for scope, name in interp.of(Bodies).rebound(value):
            _join(interp, scope, name, given)
        for name, each in list(value.attributes.fields.items()):
            if not isinstance(each, stays):
                _join(interp, value.attributes, name, given)
    elif isinstance(value, Iterator):
        interp.iteration.forget_position(value)
    elif isinstance(value, Module):
        for name, each in list(value.fields.items()):
            if isinstance(each, Value) and not isinstance(each, (*stays, Container, Module, Symbol)):
                _join(interp, value, name, given)
    elif _is_namespace(value):
        for name, each in list(value.fields.items()):
            if isinstance(name, str) and not isinstance(each, (*stays, Container)):
                _join(interp, value, name, given)


def _put_there(interp: Context, origin: Origin, given: Sequence[Value]) -> Unknown:
    """What a call that was ``given`` these put in the place of something; code of the program may have done that."""
    made = interp.unknown(origin, *given)
    if any(isinstance(each, _RUNNING) or _is_called(each) for each in given):
        nodes = tuple(nodes_of(Items((*given,)), GIVEN))
        interp.unseen.called(made.node, UnseenCall(None, nodes, hides=False, runs=True))
    return made


def _is_called(value: Value) -> bool:
    """Whether it is a method, or an object of the module that can be called."""
    return isinstance(value, (Method, Partial)) or (isinstance(value, Instance) and _has_call(value))


def _has_call(value: Instance) -> bool:
    return any("__call__" in each.fields for each in value.cls.lineage() if isinstance(each, Class))


def _change_list(interp: Context, value: ListObject, given: Sequence[Value], stays: tuple[type[Value], ...]) -> None:
    content = value.fields["content"]
    held = content.held()
    if not held or not all(isinstance(each, stays) for each in held):
        element = interp.join([*held, _put_there(interp, origins.FILLED, given)])
        interp.state.set(value, "content", Repeated(element, content.type))


def _change_dictionary(
    interp: Context, value: DictObject, given: Sequence[Value], stays: tuple[type[Value], ...]
) -> None:
    content: DictContent = value.fields["content"]
    held = content.held()
    if held and all(isinstance(each, stays) for each in held):
        return
    filled = _put_there(interp, origins.FILLED, given)
    entries = {
        key: each if isinstance(each, stays) else interp.join([each, filled]) for key, each in content.entries.items()
    }
    rest = filled if content.rest is None else interp.join([content.rest, filled])
    interp.state.set(value, "content", DictContent(entries, rest, frozenset(entries)))


def _change_attributes(
    interp: Context, value: Instance | Class, of: Class, given: Sequence[Value], stays: tuple[type[Value], ...]
) -> None:
    """Any attribute of an object or class may be another one; its methods are taken to stay."""
    found = {name: each for name, each in value.fields.items() if isinstance(name, str)}
    for cls in of.lineage():
        for name, each in cls.fields.items() if isinstance(cls, Class) else ():
            if isinstance(name, str) and not isinstance(each, (Function, Descriptor)):
                found.setdefault(name, each)
    # What an unknown call does to the flag of a layer, libraries know when they are asked what escaped; containers that
    # it reaches are changed themselves.
    kept, flag = ((*stays, Container), "trainable") if stays else ((), "")
    for name, each in found.items():
        if name == flag or name.startswith("__") or not isinstance(each, Value) or isinstance(each, kept):
            continue
        if not (isinstance(value, Class) and isinstance(each, (Function, Descriptor))):
            interp.state.set(value, name, interp.join([each, _put_there(interp, origins.LAID_OPEN, given)]))


def _join(interp: Context, cell: Cell, name: str, given: Sequence[Value]) -> None:
    old = cell.fields[name]
    interp.state.set(cell, name, interp.join([old, _put_there(interp, origins.LAID_OPEN, given)]))
