"""What evaluators and libraries are typed against: the machine, and what can be asked of those that run on it.

The protocols stand here, and those that fulfil them above: so nothing below has to import what it is called by.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

import libcst as cst

from tfgradlint.flow.graph.nodes import Node, Site
from tfgradlint.flow.graph.origins import Origin
from tfgradlint.flow.machine.frames import Compiled
from tfgradlint.flow.machine.machine import Machine
from tfgradlint.flow.machine.modules import Module
from tfgradlint.flow.tape.tape import Tape
from tfgradlint.flow.values.base import Symbol, Value, Variable
from tfgradlint.flow.values.containers import Items, Repeated
from tfgradlint.flow.values.functions import Function, Scope
from tfgradlint.flow.values.iterators import Ended, Iterator
from tfgradlint.flow.values.objects import AttributesOf, Class, Instance, Members
from tfgradlint.flow.verdict.judgements import Judgement
from tfgradlint.flow.verdict.reports import Leaf
from tfgradlint.flow.verdict.request import Given
from tfgradlint.flow.verdict.request_analysis import Implied, RequestAnalysis
from tfgradlint.flow.verdict.requested_gradients import RequestedGradients


class Expressions(Protocol):
    """Evaluates expressions."""

    def eval(self, node: cst.BaseExpression) -> Value:
        """The value of an expression."""

    def index(self, node: cst.Subscript) -> Value:
        """The value between the brackets: a tuple where there are commas."""

    def binary(self, name: str, left: Value, right: Value, node: cst.CSTNode) -> Value:
        """``left <op> right``; ``name`` is the operator's method, such as ``__add__``."""

    def unary(self, name: str, value: Value) -> Value:
        """``<op> value``."""

    def truth(self, value: Value) -> bool | None:
        """Whether Python takes the value for true, where that is known."""

    def tested(self, value: Value) -> bool | None:
        """The truth of what a branch depends on.

        Raises:
            Raised: nothing converts the branch, and the value is a symbolic tensor.
        """


class Statements(Protocol):
    """Executes statements."""

    def body(self, statements: Sequence[cst.CSTNode]) -> bool:
        """Execute statements in order; False if control does not reach the end."""

    def suite(self, suite: cst.BaseSuite) -> bool:
        """The body of a compound statement; False if control does not reach its end."""

    def assign(self, target: cst.CSTNode, value: Value, origin: cst.CSTNode | None = None) -> None:
        """Bind ``target`` to ``value``; ``origin`` is the expression it came from, if it was one assignment."""

    def narrow(self, test: cst.BaseExpression, holds: bool) -> None:
        """Use what a condition says about a name."""

    def raised(self) -> None:
        """Note the present state for the handlers of the nearest ``try``."""


class Tapes(Protocol):
    """What tapes do but for answering requests."""

    def make(self, args: list[Value], kwargs: dict[str, Value]) -> Tape:
        """A new tape."""

    def call(self, tape: Tape, name: str, args: list[Value], kwargs: dict[str, Value]) -> Value:
        """``tape.name(...)``."""

    def enter(self, manager: Value) -> tuple[Value, Callable[[], None]]:
        """Enter a context manager: the value bound by ``as``, and what leaving it does."""

    def start(self, tape: Tape) -> Tape:
        """The tape begins to record."""

    def leave(self, tape: Tape) -> None:
        """The tape stops recording."""

    def doubt(self, variables: bool = True) -> Callable[[], None]:
        """From here on nobody knows whether a tape records, until what this gives is called.

        ``variables``: nor what variables are like that are made.
        """

    def augmented(self, variable: Variable, operator: str, node: cst.AugAssign) -> bool:
        """Whether an augmented assignment to a variable raises; it is reported then."""


class Requests(Protocol):
    """Answers requests for gradients, and keeps record of them."""

    #: The gradients that requests gave.
    results: RequestedGradients
    #: How many requests were made.
    count: int

    def request(self, tape: Tape, name: str, args: list[Value], kwargs: dict[str, Value]) -> Value:
        """``tape.name(...)``, a request for gradients: what it gives."""

    def implied(self, site: Site, run: Callable[[Tape], Value], sources: Callable[[], list[Leaf]]) -> Implied:
        """A request that a library makes itself: ``run`` is executed under its tape and gives the target.

        ``sources`` is asked when that is done, as a model may make its weights only then.
        """

    def minimized(self, tape: Tape, loss: Value, variables: Value) -> Value:
        """The request that an optimizer makes of a tape it is given."""

    def graph_gradients(self, name: str, args: list[Value], kwargs: dict[str, Value], eager: bool) -> Value:
        """``tf.gradients`` and its like, which need a graph."""

    def unknown_tape(self, name: str, args: list[Value], kwargs: dict[str, Value]) -> Value:
        """A request on something that is not known to be a tape."""

    def record(self, name: str, site: Site, leaves: list[Leaf], judgements: list[Judgement]) -> None:
        """Report a request that stands at ``site``."""


class Traces(Protocol):
    """The traces of compiled functions."""

    def given(self, level: int) -> Given | None:
        """What the compiled functions were given that were called at this level or above.

        None where something else than a call led up to here.
        """

    def call(
        self,
        function: Function,
        args: list[Value],
        kwargs: dict[str, Value],
        run: Callable[[list[Value], dict[str, Value]], Value],
    ) -> Value:
        """A call of a compiled function; ``run`` executes its Python with the arguments as it gets them."""

    def step(self, compiled: Compiled, given: dict[str, Value], run: Callable[[], Value]) -> Value:
        """What a library compiles is called with what is ``given``; ``run`` executes its Python."""

    def replay(self) -> Callable[[Callable[[], Value]], Value]:
        """What runs Python again that is traced now, for a graph that runs again: in Python nothing happens."""

    def made_unseen(self, function: Function) -> None:
        """The function was traced with arguments of which nothing is known."""


class Calls(Protocol):
    """Everything that happens when something is called."""

    #: How many functions are running whose trace was made for other variables.
    traced_for_others: int

    def call(self, callee: Value, args: list[Value], kwargs: dict[str, Value]) -> Value:
        """The result of ``callee(*args, **kwargs)``."""

    def any_of(self, values: Sequence[Value], run: Callable[[Value], Value]) -> Value:
        """What ``run`` gives for any one of ``values``, whose effects are alternatives as well."""

    def attempt(self, run: Callable[[], object], wanted: Callable[[Any, Any], bool] | None = None) -> bool:
        """Run something that leaves no trace but the graph and the reports; False where it raises.

        Where it does not, the state keeps what was written if its key and value are ``wanted``.
        """

    def clear_cache(self, function: Function) -> Value:
        """``function.cache_clear()``."""

    def execute(
        self,
        function: Function,
        scope: Scope,
        at_yield: Callable[[Value], Value] | None = None,
    ) -> Value:
        """Run a function's body in a scope that holds its arguments."""

    def function(self, node: cst.FunctionDef | cst.Lambda, name: str, owner: Class | None = None) -> Function:
        """The function object that a definition makes: its defaults are evaluated now."""

    def define(self, node: cst.FunctionDef) -> Value:
        """A function definition with its decorators applied."""

    def define_class(self, node: cst.ClassDef) -> Value:
        """A class definition: its body runs in a scope of its own."""

    def super_call(self, args: list[Value]) -> Value:
        """``super()`` in a method, or ``super(Class, self)``."""

    def in_place(self, old: Value, name: str, value: Value) -> Value | None:
        """``+=`` on a container changes it; None for everything else."""

    def dictionary(self, pairs: Value) -> Value:
        """A dictionary from a sequence of pairs."""


class OwnAttributes(Protocol):
    """Reads, sets and deletes attributes by way of the dictionary that holds them."""

    def get(self, attributes: AttributesOf, key: Value) -> Value:
        """``object.__dict__[key]``."""

    def set(self, attributes: AttributesOf, key: Value, value: Value) -> None:
        """``object.__dict__[key] = value``."""

    def delete(self, attributes: AttributesOf, key: Value) -> None:
        """``del object.__dict__[key]``."""


class Attributes(Protocol):
    """Reads and sets attributes."""

    #: The names of what was assigned to classes that a library made, such as those of named tuples.
    of_callables: set[str]

    @property
    def own(self) -> OwnAttributes: ...

    def get(self, receiver: Value, name: str) -> Value:
        """``receiver.name``."""

    def set(self, receiver: Value, name: str, value: Value) -> None:
        """``receiver.name = value``."""

    def set_any(self, receiver: Value, name: Value, value: Value) -> bool:
        """Set an attribute of a name that is not known, where a method of the object does that."""

    def set_past_hooks(self, receiver: Value, name: str, value: Value) -> None:
        """Set an attribute as ``object`` does, whatever method the class has for it."""

    def of_class(self, cls: Class, name: str) -> Value | None:
        """The attribute a class or one of its bases in the module gives, or None."""

    def of_object(self, receiver: Instance, name: str) -> Value | None:
        """The method behind an operator; None also where the object has been made one of another class."""

    def perhaps_replaced(self, args: list[Value], kwargs: dict[str, Value]) -> None:
        """A call that is not followed may put something else in the place of a library's function that it is told."""

    def is_closed(self, receiver: Instance) -> bool:
        """Whether an object has no other attributes than those that it certainly or perhaps was given."""

    def made(self, function: Function) -> None:
        """A definition has run, and made this function."""

    def hooked(self, cls: Class) -> bool:
        """Whether the class changes what it means to make its objects or to reach their attributes."""

    def members_of(self, node: Node) -> Members:
        """What is known of an unknown object."""


class Elements(Protocol):
    """Reads, sets and deletes elements."""

    def get(self, receiver: Value, index: Value) -> Value:
        """``receiver[index]``."""

    def element_of(self, receiver: Value, index: Value) -> Value:
        """``receiver[index]`` of something that holds its elements in the graph, such as a tensor."""

    def peek(self, receiver: Value, index: Value) -> Value | None:
        """The element that is about to be replaced, where it is known."""

    def set(self, receiver: Value, index: Value, value: Value) -> None:
        """``receiver[index] = value``."""

    def delete(self, receiver: Value, index: Value) -> None:
        """``del receiver[index]``."""


class Iteration(Protocol):
    """Runs through iterables."""

    def iterate(self, value: Value, unpacking: int = 0, ordered: bool = True) -> Items | Repeated:
        """The elements of an iterable; those of an iterator are gone then.

        ``ordered``: where it matters in which order they come, which nobody knows of a set.
        """

    def in_any_order(self, value: Value) -> Items | None:
        """The elements of an iterator over a set, in one of the orders that it may have; they are gone then.

        None where the order may decide what happens besides, or where there is no such set.
        """

    def elements(self, value: Value, unpacking: int = 0) -> Items | Repeated:
        """The elements of an iterable, as it was made."""

    def another(self, value: Value) -> Value:
        """A further element of the same kind: a different object with the same history."""

    def iterator(self, value: Value) -> Value:
        """``iter(value)``: an iterator, or one of several."""

    def backwards(self, value: Value) -> Value:
        """``reversed(value)``."""

    def take(self, iterator: Value, ended: Ended = ...) -> Value | None:
        """The next element of an iterator; None where certainly none is left.

        Where perhaps none is left, ``ended`` is called in the state of that.
        """

    def scatter(self, iterator: Value) -> None:
        """From here on the next element may be any of those that are left."""

    def bound(self, iterator: Value) -> float:
        """About how many elements are left, where that can be told before they are made."""

    def standing(self, iterator: Value) -> object:
        """Where it stands, as far as that decides what is left."""

    def is_loop(self, iterator: Value) -> bool:
        """Whether its elements are made alike, and nothing is done behind the last one."""

    def each(self, iterator: Value, room: int, exact: list[bool]) -> Iterable[Value]:
        """The elements that are left, one by one, up to ``room``; not ``exact``: there may be more, or fewer."""

    def close(self, iterator: Value) -> None:
        """Nobody asks for more: a generator that stands in a ``with`` or ``try`` leaves it."""

    def finish(self, iterator: Value) -> None:
        """All of its elements were taken."""

    def begin_again(self, old: object, new: Value) -> bool:
        """Use an iterator over a container anew, in place of a new one that nobody else has; False where none is."""

    def derived(
        self,
        sources: Sequence[Value],
        step: Callable[[Iterator, Ended], Value | None],
        bound: Callable[[Iterator], float] | None = None,
        functions: Sequence[Value] = (),
    ) -> Iterator:
        """An iterator whose ``step`` makes each element of those that it takes from ``sources``."""

    def generator(self, function: Function, scope: Scope, inside: cst.CSTNode | None = None) -> Iterator:
        """What a call of a generator gives; ``inside``: the statement of one that is not written as a function."""

    def expression(self, function: Function, scope: Scope, loop: cst.For, iterable: Value) -> Iterator:
        """A generator expression: a loop over what its first iterable was when it was made."""

    def knows(self, value: Value) -> bool:
        """Whether the value is an iterator."""

    def forget_position(self, value: Value) -> None:
        """Somebody took some of an iterator's elements."""


class Imports(Protocol):
    """Runs the program's own modules when they are imported."""

    def module(self, level: int, dotted: str) -> Module | None:
        """The innermost module that an import names; None where the program has none that is known."""

    def package(self, dotted: str) -> Module | None:
        """The same, but the outermost package, which ``import a.b`` binds."""

    def get(self, module: Module, name: str) -> Value:
        """A name of a module."""

    def settle(self) -> Iterable[Module]:
        """Run all that was imported so far, as somebody may change what it defines: the modules of the program."""

    def take(self, module: Module, name: str, bound: str) -> bool:
        """Bind a name of a module in the one that runs, when it is used first; False where it is to be done now."""

    def star(self, module: Module) -> Sequence[str] | None:
        """The names that ``from module import *`` binds; None where that is not known."""


class EntryPoints(Protocol):
    """Runs what nothing called."""

    def call(self, function: Function, receiver: Value | None) -> None:
        """Run a function with unknown arguments; a method on ``receiver``."""

    def initialise(self, instance: Instance) -> None:
        """Run ``__init__`` with unknown arguments."""

    def forget_attributes(self, instance: Instance) -> None:
        """Attributes that other methods assign may hold anything when one method runs alone."""

    def forget_content(self, value: Value) -> None:
        """A list or dictionary that some function changes may hold anything when another one runs alone."""


class Context(Machine, ABC):
    """The machine, with all that runs on it: what evaluators and libraries get to work with."""

    libraries: Libraries
    expressions: Expressions
    statements: Statements
    calls: Calls
    attributes: Attributes
    elements: Elements
    iteration: Iteration
    tapes: Tapes
    requests: Requests
    traces: Traces
    entry_points: EntryPoints
    imports: Imports
    #: The value of an expression: the shortest way to ``expressions.eval``.
    eval: Callable[[cst.BaseExpression], Value]

    @abstractmethod
    def in_isolation(self, what: str, node: cst.CSTNode | None, run: Callable[[], object]) -> None:
        """Run something of which nothing is left but the graph and the reports; ``node`` is where it stands."""


class Libraries(Protocol):
    """Everything imported. Each method answers None where nothing is known."""

    def imported(self, module: str) -> Value | None:
        """The value of ``import module``."""

    def builtin(self, name: str) -> Value | None:
        """The value of a builtin name."""

    def attribute(self, interp: Context, receiver: Value, name: str) -> Value | None:
        """An attribute of a library's object or module."""

    def set_attribute(self, interp: Context, receiver: Value, name: str, value: Value) -> bool:
        """An assignment to an attribute of a library's object; False where it is an ordinary one."""

    def kept_as(self, interp: Context, receiver: Value, value: Value) -> Value:
        """What an object keeps where a container is assigned to one of its attributes."""

    def put_into(self, interp: Context, container: Value, value: Value) -> None:
        """A method has put something into a container."""

    def initialise(self, interp: Context, instance: Value, args: list[Value], kwargs: dict[str, Value]) -> None:
        """The constructor of a library's class runs for an object of a class derived from it."""

    def construct(self, interp: Context, instance: Instance, args: list[Value], kwargs: dict[str, Value]) -> Value:
        """What a call of a class of the module gives that has no constructor of its own."""

    def plain_metaclass(self, metaclass: Value) -> bool:
        """Whether a class under this metaclass is like any other."""

    def unseen_base(self, base: Value) -> bool:
        """Whether nothing is known of a library's class as the base of others."""

    def defined(self, cls: Class) -> None:
        """The body of a class has run."""

    def elements(self, interp: Context, value: Value) -> Items | None:
        """What iteration over a class of the module gives, or over an object of one without an ``__iter__``."""

    def class_element(self, cls: Class | Symbol, index: Value) -> Value | None:
        """``cls[index]``."""

    def refused(self, context: Context, name: str, target: Value, sources: list[Value]) -> str | None:
        """The exception that a request raises for what it is given; "" if it may raise, None if it does not."""

    def requested(
        self, interp: Context, sources: Value, leaves: list[Value], judge: RequestAnalysis, request: Site
    ) -> None:
        """A request for ``sources`` was judged."""

    def argument(self, interp: Context, variable: Variable) -> Value | None:
        """What a compiled function gets for a variable that it is given; None where that is the variable itself."""

    def harmless(self, made: Origin | None, module: str) -> bool:
        """Whether context managers that are made by this, or come from this module, leave alone what tapes record."""

    def escaped(self, interp: Context, value: Value) -> None:
        """A library's object came into hands nobody sees."""

    def call(self, interp: Context, callee: Value, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
        """A call of a symbol or a member."""

    def operator(self, interp: Context, name: str, operands: list[Value]) -> Value | None:
        """An operator such as ``__add__`` on values of which at least one is not plain Python."""

    def decorate(self, interp: Context, decorator: Value, function: Value) -> Value | None:
        """A function under a library's decorator."""
