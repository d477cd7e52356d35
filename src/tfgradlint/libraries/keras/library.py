"""Keras' hooks."""

from __future__ import annotations

from tfgradlint.flow.graph import origins
from tfgradlint.flow.graph.nodes import Edge, Site
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import Member, Tensor, Value, Variable
from tfgradlint.flow.values.containers import ListObject
from tfgradlint.flow.values.objects import Instance, Layer, LibraryObject
from tfgradlint.flow.verdict.request_analysis import RequestAnalysis
from tfgradlint.libraries.keras import (
    attributes,
    backend,
    constructors,
    known_variables,
    layer_calls,
    methods,
    metrics,
    optimizers,
    reporting,
    tracked_containers,
    tracking,
    untracked,
)
from tfgradlint.libraries.keras.functional import is_placeholder
from tfgradlint.libraries.keras.state import OWNER
from tfgradlint.libraries.python.decorators import decorated_by, decorator_called, registered
from tfgradlint.libraries.registry import Library
from tfgradlint.libraries.session import keras_name, session_of

_DECORATORS = dict.fromkeys(
    (
        f"{root}.{module}.register_keras_serializable"
        for root in ("keras", "tf.keras", "tf_keras")
        for module in ("saving", "utils")
    ),
    registered,
)


class _Keras(Library):
    def call(self, context: Context, path: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
        if keras_name(path) is None:
            return None
        found = backend.call(context, path, args, kwargs) or decorator_called(_DECORATORS, path, args)
        return found or constructors.call(context, session_of(context), path, args, kwargs)

    def call_object(self, context: Context, callee: Value, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
        if not isinstance(callee, (Layer, Instance)):
            return None
        return layer_calls.call_layer(context, callee, args, kwargs)

    def method(
        self, context: Context, receiver: Value, name: str, args: list[Value], kwargs: dict[str, Value]
    ) -> Value | None:
        session = session_of(context)
        own = optimizers.own_class(receiver.cls) if isinstance(receiver, Instance) else None
        if isinstance(receiver, Instance) and own is not None:
            return optimizers.method(context, session, receiver, own, name, args, kwargs)
        if isinstance(receiver, (Layer, Instance)):
            return methods.method(context, session, receiver, name, args, kwargs)
        path = keras_name(receiver.path) if isinstance(receiver, LibraryObject) else None
        if path is None or not isinstance(receiver, LibraryObject):
            return None
        if optimizers.is_optimizer(path):
            return optimizers.method(context, session, receiver, receiver.path, name, args, kwargs)
        return metrics.method(context, receiver, name, args, kwargs) if metrics.is_metric(path) else None

    def attribute(self, context: Context, receiver: Value, name: str) -> Value | None:
        if isinstance(receiver, Layer):
            return attributes.attribute(context, receiver, name)
        if not isinstance(receiver, Instance):
            return None
        if name in optimizers.METHODS and optimizers.own_class(receiver.cls) is not None:
            return Member(receiver, name)
        return attributes.instance_attribute(context, receiver, name)

    def set_attribute(self, context: Context, receiver: Value, name: str, value: Value) -> bool:
        if isinstance(receiver, Instance):
            untracked.record_assignment(context, receiver, name)
        return attributes.set_attribute(context, receiver, name, value)

    def kept_as(self, context: Context, receiver: Value, value: Value) -> Value | None:
        return tracked_containers.kept_as(context, receiver, value)

    def put_into(self, context: Context, container: Value, value: Value) -> None:
        tracking.put_into(context, container, value)

    def initialise(self, context: Context, instance: Value, args: list[Value], kwargs: dict[str, Value]) -> None:
        constructors.initialise(context, instance, args, kwargs)

    def argument(self, context: Context, variable: Variable) -> Value | None:
        session = session_of(context)
        if variable.library == "tf" or session.legacy_keras or session.imports_tf_keras:
            return None
        # TensorFlow does not know the variables of Keras 3, and makes a tensor of what they hold.
        node = context.recorder.op([Edge(variable.node)], variable.node.dtype)
        node.origin = origins.COPIED_ARGUMENT
        return Tensor(node)

    def decorate(self, context: Context, decorator: Value, decorated: Value) -> Value | None:
        return decorated_by(_DECORATORS, decorator, decorated)

    def escaped(self, context: Context, value: Value) -> None:
        methods.escaped(context, value)
        known_variables.unseen(context, value)

    def refused(self, context: Context, name: str, target: Value, sources: list[Value]) -> str | None:
        if context.recorder.level or not any(is_placeholder(each) for each in (target, *sources)):
            return None
        return "AttributeError"

    def request(
        self, context: Context, sources: Value, leaves: list[Value], analysis: RequestAnalysis, site: Site
    ) -> None:
        owner = OWNER.of(sources) if isinstance(sources, ListObject) else None
        if isinstance(owner, Value):
            untracked.report(context, owner, leaves, analysis, site)

    def finished(self, context: Context) -> None:
        reporting.report_unused_losses(context)


LIBRARY = _Keras({"keras": "keras", "tf_keras": "tf_keras"})
