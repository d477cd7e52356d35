"""Functions and methods that nothing calls: run with unknown arguments, on objects as others left them."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from tfgradlint.flow.graph import origins
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import Const, Scalar, Value, is_none
from tfgradlint.flow.values.containers import Container, DictContent, DictObject, Items, ListObject, Repeated
from tfgradlint.flow.values.functions import Function, Method, NativeFunction, Scope
from tfgradlint.flow.values.objects import Class, Instance
from tfgradlint.flow.values.walk import fold, rebuilt, walk


class EntryPoints:
    """Runs what nothing called."""

    def __init__(self, interp: Context) -> None:
        self._interp = interp

    def call(self, function: Function, receiver: Value | None) -> None:
        """Run a function with unknown arguments; a method on ``receiver``."""
        interp = self._interp
        interp.called[id(function.node)] = None
        interp.state.set(interp.recorder.tapes, "ended", False)
        scope = Scope("function", function.scope, function.name)
        params = function.node.params
        positional = [*params.posonly_params, *params.params]
        for param in (*positional, *params.kwonly_params):
            scope.fields[param.name.value] = self._parameter(param.name.value)
        if positional and receiver is not None:
            scope.fields[positional[0].name.value] = receiver
        if isinstance(params.star_arg, cst.Param):
            scope.fields[params.star_arg.name.value] = Repeated(self._parameter(params.star_arg.name.value), "tuple")
        if params.star_kwarg is not None:
            name = params.star_kwarg.name.value
            scope.fields[name] = DictObject(DictContent({}, self._parameter(name)))
        interp.calls.execute(function, scope)

    def _parameter(self, name: str) -> Value:
        value = self._interp.unknown(origins.PARAMETER)
        self._interp.unseen.names[value.node] = name
        return value

    def initialise(self, instance: Instance) -> None:
        """Run ``__init__`` with unknown arguments."""
        interp = self._interp
        function = interp.attributes.of_class(instance.cls, "__init__")
        if isinstance(function, Function):
            self.call(function, instance)
        elif isinstance(function, NativeFunction):
            interp.calls.call(Method(function, instance), [], {"**": interp.unknown(origins.PARAMETER)})

    def forget_attributes(self, instance: Instance) -> None:
        """Attributes that other methods assign may hold anything when one method runs alone.

        Other files may have set the constants: such as flags, and weights of terms. Objects are taken to stay, and so
        are those that they hold.
        """
        interp = self._interp
        for cls in instance.cls.lineage():
            if isinstance(cls, Class):
                for name in sorted({name for each in interp.prescans() for name in each.reassigned[cls.name]}):
                    if name in instance.fields:
                        interp.state.set(instance, name, interp.unknown(origins.ATTRIBUTE))
        for each in list(walk(instance, _settings)):
            if isinstance(each, Instance):
                self._forget_settings(each)
            elif isinstance(each, Container):
                content = each.structure
                interp.state.set(each, "content", fold(content, _parts, self._any_like, rebuilt))
        mutated = frozenset[str]().union(*(each.mutated for each in interp.prescans()))
        for name, value in instance.fields.items():
            if name in mutated:
                self.forget_content(value)

    def _forget_settings(self, instance: Instance) -> None:
        found: dict[object, Value] = {**instance.fields}
        for cls in instance.cls.lineage():
            for name, value in cls.fields.items() if isinstance(cls, Class) else ():
                found.setdefault(name, value)
        for name, value in found.items():
            if isinstance(value, (Const, Items)) and (is_none(value) or _setting(name)):
                whole: Value = value
                self._interp.state.set(instance, name, fold(whole, _parts, self._any_like, rebuilt))

    def _any_like(self, value: Value) -> Value:
        """Another number or text of the kind for a constant; None is a place to be filled."""
        if not isinstance(value, Const):
            return value
        if isinstance(value.value, (bool, int, float, str)):
            return Scalar(self._interp.recorder.leaf(), type(value.value).__name__)
        return self._interp.unknown(origins.ATTRIBUTE)

    def forget_content(self, value: Value) -> None:
        """A list or dictionary that some function changes may hold anything when another one runs alone."""
        interp = self._interp
        if isinstance(value, ListObject):
            interp.state.set(value, "content", Repeated(interp.unknown(origins.ELEMENT), value.fields["content"].type))
        elif isinstance(value, DictObject):
            interp.state.set(value, "content", DictContent({}, interp.unknown(origins.ELEMENT)))


def _settings(value: Value) -> Sequence[Value]:
    """What others reach through an object of the module that is handed about: its attributes, and what they hold."""
    if isinstance(value, Instance):
        return [each for name, each in value.fields.items() if _setting(name) and isinstance(each, Value)]
    return value.held() if isinstance(value, (Container, Items, DictContent)) else ()


def _parts(value: Value, level: int) -> Sequence[Value] | None:
    return value.held() if isinstance(value, (Items, DictContent)) else None


def _setting(name: object) -> bool:
    """Whether an attribute is one that others set: neither private nor, by its name, a constant."""
    return isinstance(name, str) and not name.startswith("_") and not name.isupper()


def trivial(node: cst.FunctionDef | cst.Lambda) -> bool:
    """A method of a base class that does nothing, or only returns a constant, is made to be overridden."""
    smalls = _simple(node)
    if not smalls or len(smalls) > 2:
        return False
    for small in smalls:
        if isinstance(small, cst.Expr) and isinstance(small.value, (cst.SimpleString, cst.ConcatenatedString)):
            continue
        if isinstance(small, (cst.Pass, cst.Raise)) or (
            isinstance(small, cst.Expr) and isinstance(small.value, cst.Ellipsis)
        ):
            continue
        if isinstance(small, cst.Return) and (small.value is None or isinstance(small.value, _PLAIN)):
            continue
        return False
    return True


def must_be_overridden(node: cst.FunctionDef | cst.Lambda) -> bool:
    """A method under ``abstractmethod``: Python makes no object of a class that still has it."""
    decorators = [each.decorator for each in node.decorators] if isinstance(node, cst.FunctionDef) else []
    named = {each.attr.value if isinstance(each, cst.Attribute) else getattr(each, "value", "") for each in decorators}
    return not named.isdisjoint(("abstractmethod", "abstractproperty"))


def _simple(node: cst.FunctionDef | cst.Lambda) -> list[cst.BaseSmallStatement] | None:
    """The statements of a body that holds no other block, on one line or on several."""
    if isinstance(node.body, cst.SimpleStatementSuite):
        return [*node.body.body]
    body = node.body.body if isinstance(node.body, cst.IndentedBlock) else ()
    lines = [line for line in body if isinstance(line, cst.SimpleStatementLine)]
    return [small for line in lines for small in line.body] if len(lines) == len(body) else None


_PLAIN = (cst.Integer, cst.Float, cst.SimpleString, cst.Name)


def abstract(node: cst.FunctionDef | cst.Lambda) -> bool:
    """A method that only raises ``NotImplementedError`` stands for one that a subclass brings."""
    smalls = _simple(node)
    last = smalls[-1] if smalls and len(smalls) <= 2 else None
    if not isinstance(last, cst.Raise) or last.exc is None:
        return False
    raised = last.exc.func if isinstance(last.exc, cst.Call) else last.exc
    return isinstance(raised, cst.Name) and raised.value == "NotImplementedError"
