"""Calls: functions, methods and classes of the module run with the caller's values; the rest goes to the libraries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import libcst as cst

from tfgradlint.flow.graph import origins
from tfgradlint.flow.graph.nodes import Node
from tfgradlint.flow.graph.origins import Origin
from tfgradlint.flow.machine import stacks
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.machine.frames import Frame
from tfgradlint.flow.machine.state import Raised, Snapshot
from tfgradlint.flow.python.arguments import bind
from tfgradlint.flow.python.caches import Caches
from tfgradlint.flow.python.classes import Classes
from tfgradlint.flow.python.container_methods import call_member, dictionary, in_place
from tfgradlint.flow.python.entry_points import abstract
from tfgradlint.flow.python.escape import forget, forget_content, havoc, not_followed
from tfgradlint.flow.python.generator_places import has_yield
from tfgradlint.flow.python.identity import one_of_many
from tfgradlint.flow.python.recursion import DEPTH, Recursions
from tfgradlint.flow.python.strings import call_method
from tfgradlint.flow.tape.search import alternatives
from tfgradlint.flow.tape.tape import Tape
from tfgradlint.flow.values.base import (
    FALSE,
    NONE,
    TRUE,
    Array,
    Const,
    HostObject,
    Member,
    Scalar,
    Symbol,
    Unknown,
    UnknownMember,
    Value,
)
from tfgradlint.flow.values.containers import DictObject, Items, ListObject, Repeated, Union
from tfgradlint.flow.values.functions import (
    ContextManagerCall,
    Coroutine,
    Descriptor,
    Function,
    Gathered,
    Method,
    NativeFunction,
    Partial,
    Scope,
)
from tfgradlint.flow.values.iterators import SENT, Iterator
from tfgradlint.flow.values.objects import Class, Instance, Layer, LibraryObject

#: Calls within calls of every kind, also of those that run no function. The result of one further down is unknown.
_NESTED = 400
#: After so many of them comes another look at Python's own stack: each takes some fourteen frames of it.
_LOOK = 8
#: What it costs, in steps, to find out all that such a call may change.
_CUT_OFF = 10
#: Libraries whose functions leave their arguments as they are, unless they are given a function to call.
_COMPUTING = frozenset(
    "tf keras numpy tfp sonnet einops math operator time os sys builtins dataclasses enum abc".split()
)
#: Methods by which a model of Keras is known, where it is asked for its weights too.
_OF_KERAS = frozenset({"compile", "fit"})
#: What is called when it is handed to somebody.
_CALLED = (Function, Method, Member, Partial, Coroutine, Gathered)


class Calls:
    """Everything that happens when something is called."""

    def __init__(self, interp: Context) -> None:
        self._interp = interp
        self._classes = Classes(interp)
        self.define_class = self._classes.define
        self.super_call = self._classes.super_call
        self._nested = 0
        self._caches = Caches(interp)
        self.clear_cache = self._caches.clear
        #: Whether functions are generators, by the identity of their definitions.
        self._generating: dict[int, bool] = {}
        self._recursions = Recursions(interp)
        #: How many functions are running whose trace was made for other variables.
        self.traced_for_others = 0

    def call(self, callee: Value, args: list[Value], kwargs: dict[str, Value]) -> Value:
        """The result of ``callee(*args, **kwargs)``."""
        if self._nested > _NESTED:
            return self._cut_off(callee, args, kwargs)
        self._nested += 1
        try:
            if self._nested % _LOOK == 0 and stacks.used_up():
                return stacks.on_another(lambda: self._call(callee, args, kwargs))
            return self._call(callee, args, kwargs)
        finally:
            self._nested -= 1

    def _call(self, callee: Value, args: list[Value], kwargs: dict[str, Value]) -> Value:
        interp = self._interp
        if isinstance(callee, Function):
            return self._inline(callee, args, kwargs)
        if isinstance(callee, Method):
            return self.call(callee.function, [callee.receiver, *args], kwargs)
        if isinstance(callee, Member):
            return self._member(callee, args, kwargs)
        if isinstance(callee, Symbol):
            found = interp.libraries.call(interp, callee, args, kwargs)
            return found if found is not None else self._unknown_symbol(callee, args, kwargs)
        if isinstance(callee, Class):
            return self._classes.instantiate(callee, args, kwargs)
        if isinstance(callee, Partial):
            return self.call(callee.function, [*callee.args, *args], {**callee.kwargs, **kwargs})
        if isinstance(callee, NativeFunction):
            return callee.call(args, kwargs)
        if isinstance(callee, Union):
            return self._several_callees(callee, args, kwargs)
        if isinstance(callee, (Layer, LibraryObject, HostObject)):
            found = interp.libraries.call(interp, callee, args, kwargs)
            return found if found is not None else self._unknown_call(origins.CALL_OF_OBJECT, callee, args, kwargs)
        if isinstance(callee, Instance):
            function = self._interp.attributes.of_object(callee, "__call__")
            if function is not None:
                return self.call(Method(function, callee), args, kwargs)
            found = interp.libraries.call(interp, callee, args, kwargs)
            return found if found is not None else self._unknown_call(origins.CALL_OF_OBJECT, callee, args, kwargs)
        if isinstance(callee, Descriptor) and callee.kind == "staticmethod":
            return self.call(callee.function, args, kwargs)
        if isinstance(callee, UnknownMember):
            found = interp.libraries.call(interp, Member(callee.receiver, callee.name), args, kwargs)
            if found is not None:
                return found
            if callee.name in ("gradient", "jacobian", "batch_jacobian") and (
                len(args) >= 2 or "sources" in kwargs or "source" in kwargs
            ):
                return self._interp.requests.unknown_tape(callee.name, args, kwargs)
            return self._unknown_call(origins.method(callee.name), callee, args, kwargs)
        what = _origin_of(callee.node) if isinstance(callee, Unknown) else type(callee).__name__
        return self._unknown_call(origins.call_of_unknown(what), callee, args, kwargs)

    def _unknown_call(self, origin: Origin, callee: Value, args: list[Value], kwargs: dict[str, Value]) -> Value:
        """An unknown function may use up a tape it is given, and change all that it reaches."""
        given = _all(args, kwargs)
        self._interp.attributes.perhaps_replaced(args, kwargs)
        for value in given:
            havoc(self._interp, value)
            if isinstance(value, (Function, ContextManagerCall, Method, Partial, Instance, NativeFunction)):
                self._interp.handed_out += 1
        for tape, _ in self._interp.recorder.tapes.active:
            self._interp.state.set(tape, "read", None)
        self._note_use(callee, kwargs)
        return not_followed(self._interp, origin, callee, given)

    def _note_use(self, callee: Value, kwargs: dict[str, Value]) -> None:
        """What is called with ``training=``, and what is compiled or fitted, is a model of Keras."""
        unseen = self._interp.unseen
        if isinstance(callee, UnknownMember) and isinstance(callee.receiver, Unknown) and callee.name in _OF_KERAS:
            unseen.keras.add(callee.receiver.node)
        elif isinstance(callee, Unknown) and "training" in kwargs:
            unseen.keras.add(callee.node)

    def _cut_off(self, callee: Value, args: list[Value], kwargs: dict[str, Value]) -> Value:
        """A call that is not followed any further, of whatever kind."""
        self._interp.steps -= _CUT_OFF
        self._interp.step()
        return not_followed(self._interp, origins.RECURSION, callee, _all(args, kwargs), own=True)

    def _unknown_symbol(self, callee: Symbol, args: list[Value], kwargs: dict[str, Value]) -> Value:
        """A function of a library that nobody described."""
        given, origin = _all(args, kwargs), origins.call_of(callee.path)
        if callee.path.partition(".")[0] not in _COMPUTING or any(isinstance(value, _CALLED) for value in given):
            return self._unknown_call(origin, callee, args, kwargs)
        return self._interp.unknown(origin, *given)

    def any_of(self, values: Sequence[Value], run: Callable[[Value], Value]) -> Value:
        """What ``run`` gives for any one of ``values``, whose effects are alternatives as well."""
        results: list[Value] = []

        def one(value: Value) -> bool:
            results.append(run(value))
            return True

        self._interp.alternatives([lambda value=value: one(value) for value in values])  # type: ignore[misc]
        return self._interp.join(results)

    def attempt(self, run: Callable[[], object], wanted: Callable[[Any, Any], bool] | None = None) -> bool:
        """Run something that leaves no trace but the graph and the reports; False where it raises.

        Where it does not, the state keeps what was written if its key and value are ``wanted``.
        """
        interp = self._interp
        mark = interp.state.mark()
        site, statement = interp.recorder.site, interp.statement
        kept: Snapshot = {}
        completed = False
        try:
            run()
            completed = True
            if wanted is not None:
                kept = interp.state.snapshot(mark, wanted)
        except Raised:
            pass
        finally:
            interp.state.rollback(mark)
            interp.recorder.site, interp.statement = site, statement
        interp.state.join_into([kept])
        return completed

    def _several_callees(self, callee: Union, args: list[Value], kwargs: dict[str, Value]) -> Value:
        candidates = [each for each in callee.values if not (isinstance(each, Const) and each.value is None)]
        if len(candidates) == 1:
            return self.call(candidates[0], args, kwargs)
        return self.any_of(candidates, lambda each: self.call(each, args, kwargs))

    def _member(self, member: Member, args: list[Value], kwargs: dict[str, Value]) -> Value:
        interp = self._interp
        receiver = member.receiver
        if isinstance(receiver, Member) and isinstance(receiver.receiver, Tape):
            # ``tape.stop_recording()`` entered by hand.
            havoc(interp, receiver.receiver)
        if isinstance(receiver, Tape):
            return self._interp.tapes.call(receiver, member.name, args, kwargs)
        if isinstance(receiver, (ListObject, DictObject, Items, Repeated)):
            found = call_member(interp, receiver, member.name, args, kwargs)
        else:
            found = interp.libraries.call(interp, member, args, kwargs)
        if found is not None:
            return found
        if isinstance(receiver, Const) and isinstance(receiver.value, str):
            text = call_method(receiver.value, member.name, args, kwargs)
            if text is not None:
                return text
        if isinstance(receiver, (Const, Scalar)):
            return Scalar(interp.recorder.leaf())
        if interp.iteration.knows(receiver):
            return self._of_iterator(receiver, member.name, args)
        if isinstance(receiver, (Coroutine, Gathered)):
            return not_followed(interp, origins.method(member.name), receiver, args)
        if isinstance(receiver, Array):
            for value in args:
                if isinstance(value, (ListObject, DictObject)):
                    forget_content(interp, value)  # a generator of random numbers shuffles a list
            return interp.expressions.binary("method", receiver, Items(tuple(args)), cst.Pass())
        return interp.unknown(origins.method(member.name), receiver, *_all(args, kwargs))

    def _of_iterator(self, iterator: Value, name: str, args: list[Value]) -> Value:
        """``__next__``, ``send`` and the like of an iterator."""
        interp = self._interp
        if name == "__iter__":
            return iterator
        if name == "__next__" or (name == "send" and len(args) == 1 and isinstance(iterator, Iterator)):
            if name == "send":
                interp.state.set(iterator, SENT, args[0])  # type: ignore[arg-type]
            taken = interp.iteration.take(iterator, interp.statements.raised)
            if name == "send":
                interp.state.set(iterator, SENT, NONE)  # type: ignore[arg-type]
            if taken is None:
                raise Raised
            return one_of_many(interp, taken)
        forget(interp, iterator, args)
        return interp.unknown(origins.method(name), iterator, *args)

    # -- functions

    def function(self, node: cst.FunctionDef | cst.Lambda, name: str, owner: Class | None = None) -> Function:
        """The function object that a definition makes: its defaults are evaluated now."""
        interp = self._interp
        defaults: dict[str, Value] = {}
        params = node.params
        for param in (*params.posonly_params, *params.params, *params.kwonly_params):
            if param.default is not None:
                defaults[param.name.value] = interp.eval(param.default)
        made = Function(node, name, interp.scope, defaults, owner=owner, statement=interp.statement)
        interp.attributes.made(made)
        return made

    def define(self, node: cst.FunctionDef) -> Value:
        """A function definition with its decorators applied."""
        interp = self._interp
        owner = interp.scope.fields.get("__owner__") if interp.scope.kind == "class" else None
        written = self.function(node, node.name.value, owner)
        value: Value = written
        for decorator in reversed(node.decorators):
            accessor = decorator.decorator.attr.value if isinstance(decorator.decorator, cst.Attribute) else ""
            known = interp.scope.fields.get(node.name.value)
            if accessor in ("setter", "deleter", "getter") and isinstance(known, Descriptor):
                return Descriptor(known.kind, known.function, value if accessor == "setter" else known.setter)
            value = self._decorated(interp.eval(decorator.decorator), value)
        if (
            isinstance(value, Unknown)
            and interp.module is interp.main
            and interp.prescan.may_reach_request(written.name)
        ):
            interp.under_decorators.append(written)
            if interp.scope.kind == "function":
                interp.nested.append(written)
        return value

    def _decorated(self, decorator: Value, function: Value) -> Value:
        interp = self._interp
        found = interp.libraries.decorate(interp, decorator, function)
        return found if found is not None else self.call(decorator, [function], {})

    def _inline(self, function: Function, args: list[Value], kwargs: dict[str, Value]) -> Value:
        interp = self._interp
        node = function.node
        if len(interp.frames) > DEPTH or not self._recursions.follows(function, args, kwargs):
            return self._cut_off(function, args, kwargs)
        if not isinstance(node, cst.FunctionDef) or node.asynchronous is None:
            interp.called[id(node)] = None
        if function.graph and interp.eager_functions is None:
            return self.any_of([TRUE, FALSE], lambda eagerly: self._in_mode(eagerly, function, args, kwargs))
        with self._recursions.within(function, args, kwargs):
            if not function.graph or interp.eager_functions:
                return self._run(function, args, kwargs)
            return interp.traces.call(function, args, kwargs, lambda args, kwargs: self._run(function, args, kwargs))

    def _in_mode(self, eagerly: Value, function: Function, args: list[Value], kwargs: dict[str, Value]) -> Value:
        interp = self._interp
        interp.eager_functions = eagerly.truth()
        interp.perhaps_compiled += 1
        try:
            return self._inline(function, args, kwargs)
        finally:
            interp.perhaps_compiled -= 1

    def _run(self, function: Function, args: list[Value], kwargs: dict[str, Value]) -> Value:
        interp, node = self._interp, function.node
        scope = Scope("function", function.scope, function.name)
        if not bind(self._interp, function, scope, args, kwargs):
            return interp.unknown(origins.ARGUMENTS, *_all(args, kwargs))
        if function.manager:
            return ContextManagerCall(function, scope)
        if function.cached:
            return self._caches.remembered(function, args, kwargs, lambda: self.execute(function, scope))
        if function.name in interp.prescan_of(function).generators and self._yields(node):
            return interp.iteration.generator(function, scope)
        if isinstance(node, cst.FunctionDef) and node.asynchronous is not None:
            return Coroutine(function, scope)
        return self.execute(function, scope)

    def _yields(self, node: cst.FunctionDef | cst.Lambda) -> bool:
        """Whether the function is a generator: other functions of its name may be none."""
        known = self._generating.get(id(node))
        if known is None:
            known = self._generating[id(node)] = isinstance(node, cst.FunctionDef) and has_yield(node.body)
        return known

    def execute(
        self,
        function: Function,
        scope: Scope,
        at_yield: Callable[[Value], Value] | None = None,
    ) -> Value:
        """Run a function's body in a scope that holds its arguments."""
        if stacks.used_up():
            return stacks.on_another(lambda: self._execute(function, scope, at_yield))
        return self._execute(function, scope, at_yield)

    def _execute(self, function: Function, scope: Scope, at_yield: Callable[[Value], Value] | None) -> Value:
        interp, state = self._interp, self._interp.state
        node = function.node
        frame = Frame(function, scope, state.mark(), len(interp.contexts), interp.activated(function))
        frame.at_yield = at_yield
        statement, site, loops, via = interp.statement, interp.recorder.site, interp.loops, interp.via
        interp.loops = []
        interp.via = interp.led_into(function.scope)
        if isinstance(node, cst.FunctionDef):
            interp.statement = node  # a body on the line of its ``def`` has no statement of its own
        interp.frames.append(frame)
        compiled = function.graph and not interp.eager_functions
        interp.recorder.level += compiled
        try:
            if isinstance(node, cst.Lambda):
                interp.statement = function.statement
                frame.activation.returned = returned = interp.eval(node.body)
                return returned
            goes_on = interp.statements.suite(node.body)
        finally:
            interp.recorder.level -= compiled
            interp.frames.pop()
            interp.loops = loops
            interp.statement, interp.recorder.site, interp.via = statement, site, via
        ends = frame.returns
        if goes_on:
            if not ends:
                return NONE
            ends.append((state.snapshot(frame.mark), NONE))
        state.rollback(frame.mark)
        state.join_into([snapshot for snapshot, _ in ends])
        if not ends:
            if abstract(node):
                return interp.unknown(origins.ABSTRACT_METHOD)
            raise Raised
        frame.activation.returned = returned = interp.join([value for _, value in ends])
        return returned

    # -- helpers of other modules

    def in_place(self, old: Value, name: str, value: Value) -> Value | None:
        """``+=`` on a container changes it, and calls ``__iadd__`` of an object; None for everything else."""
        if isinstance(old, (ListObject, DictObject)):
            return in_place(self._interp, old, name, value)
        if isinstance(old, Instance):
            function = self._interp.attributes.of_object(old, f"__i{name[2:]}")
            return None if function is None else self.call(Method(function, old), [value], {})
        if isinstance(old, Union) and any(isinstance(each, (ListObject, DictObject, Instance)) for each in old.values):
            return self.any_of(old.values, lambda each: self._changed(each, name, value))
        return None

    def _changed(self, old: Value, name: str, value: Value) -> Value:
        found = self.in_place(old, name, value)
        node = self._interp.recorder.site.expression or cst.Pass()
        return found if found is not None else self._interp.expressions.binary(name, old, value, node)

    def dictionary(self, pairs: Value) -> Value:
        """A dictionary from a sequence of pairs."""
        return dictionary(self._interp, pairs)


def _origin_of(node: Node) -> Origin | None:
    """Where a value comes from, or the first of its alternatives of which that is known."""
    return node.origin or next((each.origin for each in alternatives(node) if each.origin is not None), None)


def _all(args: list[Value], kwargs: dict[str, Value]) -> list[Value]:
    return [*args, *kwargs.values()]
