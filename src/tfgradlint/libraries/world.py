"""All libraries together: what the interpreter asks goes to the one that knows, and to the measured data."""

from __future__ import annotations

from functools import cache

from tfgradlint.flow.graph import origins
from tfgradlint.flow.graph.breaks import Symbolic
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.nodes import Site
from tfgradlint.flow.graph.origins import Kind, Origin
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import Member, Symbol, Tensor, Value, Variable
from tfgradlint.flow.values.containers import Items
from tfgradlint.flow.values.objects import Class, Instance, LibraryObject
from tfgradlint.flow.values.walk import elements_of
from tfgradlint.flow.verdict.request_analysis import RequestAnalysis
from tfgradlint.libraries.configured import Configured
from tfgradlint.libraries.measured.apply import apply
from tfgradlint.libraries.registry import all_libraries, having
from tfgradlint.libraries.session import Session, canonical_path, keras_name
from tfgradlint.settings.gradients import Gradients

_NO_SUCH_NAME = Origin(Kind.UNREACHED, "a name that this Keras does not have")


class LibraryModels:
    """The libraries as the interpreter sees them.

    Args:
        session: the versions to go by.
        gradients: what functions do that are imported from the user's own modules.
    """

    def __init__(self, session: Session, gradients: Gradients | None = None) -> None:
        self.session = session
        self._roots = {root: symbol for library in all_libraries() for root, symbol in library.roots.items()}
        self._owners = {symbol: library for library in all_libraries() for symbol in library.roots.values()}
        self._configured = Configured(gradients, self._roots)

    # -- names

    def imported(self, module: str) -> Value | None:
        root, dot, rest = module.partition(".")
        self.session.imports_tf_keras = self.session.imports_tf_keras or root == "tf_keras"
        known = self._roots.get(root)
        if known is None and root not in _managers():
            self.session.others_ran = True
        if known is None or (root == "keras" and self.session.beside_keras_2):  # Keras 3, beside TensorFlow's Keras 2
            return self._configured.symbol(module)
        return Symbol(canonical_path(known + dot + rest))

    def builtin(self, name: str) -> Value | None:
        for library in having("builtin"):
            answer = library.builtin(name)
            if answer is not None:
                return answer
        return None

    def attribute(self, context: Context, receiver: Value, name: str) -> Value | None:
        if isinstance(receiver, Symbol):
            return self._member(context, receiver.path, name)
        for library in having("attribute"):
            answer = library.attribute(context, receiver, name)
            if answer is not None:
                return answer
        return None

    def _member(self, context: Context, module: str, name: str) -> Value | None:
        """A name of a module or class."""
        if self.session.lacks(canonical_path(f"{module}.{name}").rpartition(".")[0], name):
            return context.unknown(_NO_SUCH_NAME)
        owner = self._owners.get(module.partition(".")[0])
        if owner is None and self._configured.owns(module):
            return self._configured.symbol(f"{module}.{name}")
        path = canonical_path(f"{module}.{name}")
        if owner is None:
            return Symbol(path)
        return owner.symbol(path) or self._configured.symbol(path)

    # -- calls

    def call(self, context: Context, callee: Value, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
        if isinstance(callee, Symbol):
            return self._function(context, callee.path, args, kwargs)
        if isinstance(callee, Member):
            return self._method(context, callee.receiver, callee.name, args, kwargs)
        if isinstance(callee, LibraryObject):
            return self._method(context, callee, "__call__", args, kwargs)
        for library in having("call_object"):
            answer = library.call_object(context, callee, args, kwargs)
            if answer is not None:
                return answer
        return None

    def _function(self, context: Context, path: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
        configured = self._configured.call(context, path, args, kwargs)
        if configured is not None:
            return configured
        if self._refuses_placeholders(context, path, [*args, *kwargs.values()]):
            context.raise_here(Cause.SYMBOLIC_TENSOR, "ValueError", Symbolic.FUNCTION)
        for library in having("call"):
            described = library.call(context, path, args, kwargs)
            if described is not None:
                return described
        known = self.session.known(path)
        if known is not None and known.params and known.params[0].name == "self":
            # A method as a function may be given anything: what was measured is told of objects of its own class.
            return context.opaque_result_of(origins.returned_by(f"{path} as a function"), [*args, *kwargs.values()])
        measured = apply(context, known, args, kwargs) if known is not None else None
        if measured is not None:
            return measured
        for library in having("unmeasured"):
            answer = library.unmeasured(context, path, args, kwargs)
            if answer is not None:
                return answer
        return None

    def _refuses_placeholders(self, context: Context, path: str, given: list[Value]) -> bool:
        """Whether it is a function of TensorFlow that is given what only stands for a tensor, outside of any layer."""
        if not path.startswith("tf.") or keras_name(path) is not None or context.recorder.level:
            return False
        if not any(_is_placeholder(each) for value in given for each in elements_of(value)):
            return False
        if self.session.keras_of("keras") < 3 or self.session.imports_tf_keras:
            return False  # Keras 2 makes a layer of it
        return self.session.known(path) is not None or path == "tf.shape"

    def _method(
        self, context: Context, receiver: Value, name: str, args: list[Value], kwargs: dict[str, Value]
    ) -> Value | None:
        for library in having("method"):
            answer = library.method(context, receiver, name, args, kwargs)
            if answer is not None:
                return answer
        return None

    def operator(self, context: Context, name: str, operands: list[Value]) -> Value | None:
        for library in having("operator"):
            answer = library.operator(context, name, operands)
            if answer is not None:
                return answer
        return None

    def decorate(self, context: Context, decorator: Value, function: Value) -> Value | None:
        for library in having("decorate"):
            answer = library.decorate(context, decorator, function)
            if answer is not None:
                return answer
        return None

    # -- objects and classes of the module

    def set_attribute(self, context: Context, receiver: Value, name: str, value: Value) -> bool:
        return any(library.set_attribute(context, receiver, name, value) for library in having("set_attribute"))

    def kept_as(self, context: Context, receiver: Value, value: Value) -> Value:
        for library in having("kept_as"):
            kept = library.kept_as(context, receiver, value)
            if kept is not None:
                return kept
        return value

    def put_into(self, context: Context, container: Value, value: Value) -> None:
        for library in having("put_into"):
            library.put_into(context, container, value)

    def initialise(self, context: Context, instance: Value, args: list[Value], kwargs: dict[str, Value]) -> None:
        for library in having("initialise"):
            library.initialise(context, instance, args, kwargs)

    def construct(self, context: Context, instance: Instance, args: list[Value], kwargs: dict[str, Value]) -> Value:
        for library in having("construct"):
            made = library.construct(context, instance, args, kwargs)
            if made is not None:
                return made
        return instance

    def plain_metaclass(self, metaclass: Value) -> bool:
        return any(library.plain_metaclass(metaclass) for library in having("plain_metaclass"))

    def unseen_base(self, base: Value) -> bool:
        return any(library.unseen_base(base) for library in having("unseen_base"))

    def defined(self, cls: Class) -> None:
        for library in having("defined"):
            library.defined(cls)

    def elements(self, context: Context, value: Value) -> Items | None:
        for library in having("elements"):
            answer = library.elements(context, value)
            if answer is not None:
                return answer
        return None

    def class_element(self, cls: Class | Symbol, index: Value) -> Value | None:
        for library in having("class_element"):
            answer = library.class_element(cls, index)
            if answer is not None:
                return answer
        return None

    # -- what happens to values

    def argument(self, context: Context, variable: Variable) -> Value | None:
        for library in having("argument"):
            answer = library.argument(context, variable)
            if answer is not None:
                return answer
        return None

    def harmless(self, made: Origin | None, module: str) -> bool:
        managers = _managers()
        return made in managers or module.partition(".")[0] in managers

    def escaped(self, context: Context, value: Value) -> None:
        for library in having("escaped"):
            library.escaped(context, value)

    def refused(self, context: Context, name: str, target: Value, sources: list[Value]) -> str | None:
        for library in having("refused"):
            answer = library.refused(context, name, target, sources)
            if answer is not None:
                return answer
        return None

    def requested(
        self, context: Context, sources: Value, leaves: list[Value], analysis: RequestAnalysis, site: Site
    ) -> None:
        for library in having("request"):
            library.request(context, sources, leaves, analysis, site)

    def finished(self, context: Context) -> None:
        """The module and all that nothing called have run."""
        for library in having("finished"):
            library.finished(context)


def _is_placeholder(value: Value) -> bool:
    return isinstance(value, Tensor) and value.node.placeholder


@cache
def _managers() -> frozenset[object]:
    """Where context managers come from that are harmless to tapes: modules, and the origins of what functions give."""
    names = [name for library in having("managers") for name in library.managers()]
    return frozenset([*names, *map(origins.call_of, names), *map(origins.returned_by, names)])
