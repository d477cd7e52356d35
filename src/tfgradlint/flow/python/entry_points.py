"""Functions and methods that nothing calls: run with unknown arguments, on objects as others left them."""

from __future__ import annotations

import libcst as cst

from tfgradlint.flow.graph import origins
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import Const, Value
from tfgradlint.flow.values.containers import DictContent, DictObject, ListObject, Repeated
from tfgradlint.flow.values.functions import Function, Scope
from tfgradlint.flow.values.objects import Class, Instance


class EntryPoints:
    """Runs what nothing called."""

    def __init__(self, interp: Context) -> None:
        self._interp = interp

    def call(self, function: Function, receiver: Instance | None) -> None:
        """Run a function with unknown arguments."""
        interp = self._interp
        interp.called.add(id(function.node))
        interp.state.set(interp.recorder.tapes, "ended", False)
        scope = Scope("function", function.scope, function.name)
        params = function.node.params
        names = [*params.posonly_params, *params.params, *params.kwonly_params]
        for position, param in enumerate(names):
            name = param.name.value
            value: Value = interp.unknown(origins.PARAMETER)
            if position == 0 and receiver is not None:
                value = receiver
            scope.fields[name] = value
        if isinstance(params.star_arg, cst.Param):
            scope.fields[params.star_arg.name.value] = Repeated(interp.unknown(origins.PARAMETER), "tuple")
        if params.star_kwarg is not None:
            scope.fields[params.star_kwarg.name.value] = DictObject(DictContent({}, interp.unknown(origins.PARAMETER)))
        interp.calls.execute(function, scope)

    def initialise(self, instance: Instance) -> None:
        """Run ``__init__`` with unknown arguments."""
        function = self._interp.attributes.of_class(instance.cls, "__init__")
        if isinstance(function, Function):
            self.call(function, instance)

    def forget_attributes(self, instance: Instance) -> None:
        """Attributes that other methods assign may hold anything when one method runs alone."""
        interp = self._interp
        for cls in instance.cls.lineage():
            if isinstance(cls, Class):
                for name in interp.prescan.reassigned[cls.name]:
                    if name in instance.fields:
                        interp.state.set(instance, name, interp.unknown(origins.ATTRIBUTE))
        for name, value in list(instance.fields.items()):
            if isinstance(value, Const) and value.value is None:
                # A place to be filled from outside.
                interp.state.set(instance, name, interp.unknown(origins.ATTRIBUTE))
            elif name in interp.prescan.mutated:
                self.forget_content(value)

    def forget_content(self, value: Value) -> None:
        """A list or dictionary that some function changes may hold anything when another one runs alone."""
        interp = self._interp
        if isinstance(value, ListObject):
            interp.state.set(value, "content", Repeated(interp.unknown(origins.ELEMENT), value.fields["content"].type))
        elif isinstance(value, DictObject):
            interp.state.set(value, "content", DictContent({}, interp.unknown(origins.ELEMENT)))


def trivial(node: cst.FunctionDef | cst.Lambda) -> bool:
    """A method of a base class that does nothing, or only returns a constant, is made to be overridden."""
    body = getattr(node.body, "body", None)
    if not isinstance(body, (list, tuple)) or len(body) > 2:
        return False
    if not body or not all(isinstance(line, cst.SimpleStatementLine) for line in body):
        return False
    smalls = [small for line in body for small in line.body]
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


_PLAIN = (cst.Integer, cst.Float, cst.SimpleString, cst.Name)


def abstract(node: cst.FunctionDef | cst.Lambda) -> bool:
    """A method that only raises ``NotImplementedError`` stands for one that a subclass brings."""
    body = getattr(node.body, "body", None)
    if not isinstance(body, (list, tuple)) or not body or not isinstance(body[-1], cst.SimpleStatementLine):
        return False
    last = body[-1].body[-1]
    if not isinstance(last, cst.Raise) or last.exc is None or len(body) > 2:
        return False
    raised = last.exc.func if isinstance(last.exc, cst.Call) else last.exc
    return isinstance(raised, cst.Name) and raised.value == "NotImplementedError"
