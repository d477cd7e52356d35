"""Assignment in all its forms, imports, ``global`` and ``nonlocal``."""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst

from tfgradlint.flow.graph import origins
from tfgradlint.flow.graph.nodes import Node, Site
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.machine.modules import Module
from tfgradlint.flow.python.escape import forget_content
from tfgradlint.flow.python.identity import one_of_many
from tfgradlint.flow.tape.search import ancestors
from tfgradlint.flow.values.base import Symbol, Tensor, Value, Variable
from tfgradlint.flow.values.containers import Items, ListObject, Repeated
from tfgradlint.flow.values.functions import Descriptor, Scope
from tfgradlint.flow.values.objects import Instance
from tfgradlint.flow.values.walk import pairs

#: Every assignment asks for it. Where a tensor has a longer history, a message names another reason.
_EXPLAINED = 2000


def names_in(target: cst.CSTNode | None) -> list[str]:
    """The names in a target, which may be made of several."""
    names: list[str] = []
    waiting = [target]
    while waiting:
        each = waiting.pop()
        if isinstance(each, cst.Name):
            names.append(each.value)
        elif isinstance(each, (cst.Tuple, cst.List)):
            waiting.extend(element.value for element in each.elements)
    return names


def bound_names(statement: cst.CSTNode) -> list[str]:
    """The names that the assignments in a statement bind, in the order of the text."""
    names: list[str] = []
    stack: list[cst.CSTNode] = [statement]
    while stack:
        node = stack.pop()
        if isinstance(node, (cst.FunctionDef, cst.ClassDef, cst.Lambda)):
            continue
        if isinstance(node, (cst.AssignTarget, cst.AugAssign, cst.AnnAssign, cst.NamedExpr, cst.For)):
            names += names_in(node.target)
        stack.extend(node.children)
    return names


class Binding:
    """Binds names, attributes and elements."""

    def __init__(self, interp: Context) -> None:
        self._interp = interp

    def assign(self, target: cst.CSTNode, value: Value, origin: cst.CSTNode | None = None) -> None:
        """Bind ``target`` to ``value``; ``origin`` is the expression it came from, if it was one assignment."""
        interp = self._interp
        if isinstance(target, cst.Name):
            name = target.value
            scope = interp.scope.declared.get(name, interp.scope)
            if origin is not None:
                self._note_rebinding(scope.fields.get(name) or self._outer(name), value)
            interp.state.set(scope, name, value)
        elif isinstance(target, (cst.Tuple, cst.List)):
            self._unpack(target.elements, value, origin)
        elif isinstance(target, cst.Attribute):
            self._assign_attribute(target, interp.eval(target.value), value, origin)
        elif isinstance(target, cst.Subscript):
            receiver = interp.eval(target.value)
            self._assign_element(target, receiver, interp.expressions.index(target), value, origin)
        elif isinstance(target, cst.StarredElement):
            self.assign(target.value, value)

    def _assign_attribute(
        self, target: cst.Attribute, receiver: Value, value: Value, origin: cst.CSTNode | None
    ) -> None:
        if origin is not None and isinstance(receiver, Instance):
            self._note_rebinding(receiver.fields.get(target.attr.value), value)
        self._interp.attributes.set(receiver, target.attr.value, value)

    def _assign_element(
        self, target: cst.Subscript, receiver: Value, index: Value, value: Value, origin: cst.CSTNode | None
    ) -> None:
        interp = self._interp
        if origin is not None:
            self._note_rebinding(interp.elements.peek(receiver, index), value)
        interp.recorder.site = interp.here(target)
        interp.elements.set(receiver, index, value)

    def change(self, target: cst.CSTNode, origin: cst.CSTNode, changed: Callable[[Value], Value]) -> None:
        """Bind ``target`` to what is made of its value; what it is an attribute or element of is evaluated once."""
        interp = self._interp
        if isinstance(target, cst.Attribute):
            receiver = interp.eval(target.value)
            interp.recorder.site = interp.here(target)
            old = interp.attributes.get(receiver, target.attr.value)
            self._assign_attribute(target, receiver, changed(old), origin)
        elif isinstance(target, cst.Subscript):
            receiver = interp.eval(target.value)
            index = interp.expressions.index(target)
            interp.recorder.site = interp.here(target)
            old = interp.elements.get(receiver, index)
            self._assign_element(target, receiver, index, changed(old), origin)
        elif isinstance(target, cst.BaseExpression):
            self.assign(target, changed(interp.eval(target)), origin)

    def _outer(self, name: str) -> Value | None:
        scope = self._interp.scope
        while scope is not None and scope.kind == "comprehension" and scope.parent is not None:
            scope = scope.parent
        return scope.fields.get(name)

    def _note_rebinding(self, old: Value | None, new: Value) -> None:
        """Remember that a tensor computed from a variable took over the variable's name."""
        for one, other in pairs(old, new) if old is not None else ():
            if isinstance(other, Tensor) and other.node.rebinds is None and _took_over(one, other.node):
                other.node.rebinds = Site(self._interp.statement, None)

    def bind_name(self, name: str, value: Value) -> None:
        scope = self._interp.scope
        self._interp.state.set(scope.declared.get(name, scope), name, value)

    def delete(self, target: cst.BaseExpression) -> None:
        interp = self._interp
        if isinstance(target, cst.Name):
            interp.state.delete(interp.scope.declared.get(target.value, interp.scope), target.value)
        elif isinstance(target, cst.Attribute):
            receiver = interp.eval(target.value)
            if isinstance(receiver, Instance):
                found = interp.attributes.of_class(receiver.cls, target.attr.value)
                if isinstance(found, Descriptor) and found.kind == "property":
                    forget_content(interp, receiver)  # its deleter is not followed
                interp.state.delete(receiver, target.attr.value)
            elif isinstance(receiver, Module):
                interp.state.set(receiver, target.attr.value, interp.unknown(origins.NOT_REACHED))
        elif isinstance(target, cst.Subscript):
            interp.elements.delete(interp.eval(target.value), interp.expressions.index(target))

    def _unpack(self, elements: object, value: Value, origin: cst.CSTNode | None = None) -> None:
        interp = self._interp
        targets = list(elements)  # type: ignore[call-overload]
        content = interp.iteration.iterate(value, unpacking=len(targets))
        star = next((i for i, each in enumerate(targets) if isinstance(each, cst.StarredElement)), None)
        if isinstance(content, Items):
            items = content.items
            if star is None and len(items) == len(targets):
                for element, item in zip(targets, items, strict=True):
                    self.assign(element.value, item, origin)
                return
            if star is not None and len(items) >= len(targets) - 1:
                after = len(targets) - star - 1
                middle = items[star : len(items) - after]
                for element, item in zip(targets[:star], items[:star], strict=True):
                    self.assign(element.value, item, origin)
                self.assign(targets[star].value, ListObject(Items(middle, "list")))
                for element, item in zip(targets[star + 1 :], items[len(items) - after :], strict=True):
                    self.assign(element.value, item, origin)
                return
            interp.program_ends(interp.statement)
            if not items:
                content = Repeated(interp.unknown(origins.UNPACKING))
        for position, element in enumerate(targets):
            each = one_of_many(interp, interp.state.element(content))
            if position:
                each = interp.iteration.another(each)
            if position == star:
                self.assign(element.value, ListObject(Repeated(each)))
            else:
                self.assign(element.value, each, origin)

    # -- imports

    def import_(self, node: cst.Import) -> bool:
        interp = self._interp
        for alias in node.names:
            dotted = _dotted(alias.name)
            if alias.asname is not None:
                self.assign(alias.asname.name, self._module(dotted))
            else:
                followed = interp.imports.package(dotted)
                self.bind_name(dotted.split(".")[0], followed or self._library(dotted.split(".")[0]))
                if followed is None:
                    interp.libraries.imported(dotted)
        return True

    def import_from(self, node: cst.ImportFrom) -> bool:
        interp = self._interp
        named = _dotted(node.module) if node.module is not None else ""
        followed = interp.imports.module(len(node.relative), named)
        source = "." if node.relative or node.module is None else named
        module = followed or interp.libraries.imported(source)
        if isinstance(node.names, cst.ImportStar):
            known = interp.imports.star(followed) if followed is not None else None
            if known is not None:
                assert followed is not None
                for name in known:
                    if not interp.imports.take(followed, name, name):
                        self.bind_name(name, interp.imports.get(followed, name))
                return True
            interp.star_import = True
            for name, value in list(interp.scope.fields.items()):
                # A module that is imported twice is the same; anything else may have another value now.
                if not name.startswith("_") and not isinstance(value, Symbol):
                    self.bind_name(name, interp.unknown(origins.IMPORT))
            return True
        for alias in node.names:
            name = _dotted(alias.name)
            named_here = alias.evaluated_alias or name
            if followed is not None and interp.imports.take(followed, name, named_here):
                continue
            found = interp.attributes.get(module, name) if module is not None else None
            bound = alias.asname.name if alias.asname is not None else alias.name
            self.assign(bound, found if found is not None else self._from(source))
        return True

    def _module(self, dotted: str) -> Value:
        followed = self._interp.imports.module(0, dotted)
        return followed if followed is not None else self._library(dotted)

    def _library(self, dotted: str) -> Value:
        found = self._interp.libraries.imported(dotted)
        return found if found is not None else self._from(dotted)

    def _from(self, module: str) -> Value:
        """What comes from a module of which nothing is known."""
        made = self._interp.unknown(origins.IMPORT)
        self._interp.unseen.modules[made.node] = module
        return made

    def global_(self, node: cst.Global) -> bool:
        for item in node.names:
            self._interp.scope.declared[item.name.value] = self._interp.module
        return True

    def nonlocal_(self, node: cst.Nonlocal) -> bool:
        for item in node.names:
            name = item.name.value
            scope: Scope | None = self._interp.scope.parent
            while scope is not None and (name not in scope.fields or scope.kind == "class"):
                scope = scope.parent
            if scope is not None:
                self._interp.scope.declared[name] = scope
        return True


def _dotted(node: cst.CSTNode) -> str:
    parts: list[str] = []
    while isinstance(node, cst.Attribute):
        parts.append(node.attr.value)
        node = node.value
    if isinstance(node, cst.Name):
        parts.append(node.value)
    return ".".join(reversed(parts))


def _took_over(old: Value, node: Node) -> bool:
    if isinstance(old, Variable):
        return any(each.variable is old for each in ancestors([node], _EXPLAINED))
    return isinstance(old, Tensor) and old.node.rebinds is not None and old.node is not node
