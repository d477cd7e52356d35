"""All libraries together: names are resolved to canonical symbols, calls handed to the module that knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tfgradlint.flow.graph.nodes import COPIED, Edge, Effect, Node, Site
from tfgradlint.flow.values.base import Array, Const, Held, Member, Scalar, Symbol, Tensor, Unknown, Value, Variable
from tfgradlint.flow.values.containers import Items, Listing
from tfgradlint.flow.values.objects import Class, Foreign, Instance, Layer
from tfgradlint.flow.values.walk import nodes_of
from tfgradlint.flow.verdict.request_analysis import flatten
from tfgradlint.knowledge import Known, load
from tfgradlint.knowledge.layers import Layers, keras_of, load_layers
from tfgradlint.knowledge.versions import ONLY_KERAS_3, choose
from tfgradlint.libraries import foreign as others
from tfgradlint.libraries.configured import Users
from tfgradlint.libraries.keras import attributes as keras_attributes
from tfgradlint.libraries.keras import backend as keras_backend
from tfgradlint.libraries.keras import compile as keras_compile
from tfgradlint.libraries.keras import layer_calls as keras
from tfgradlint.libraries.keras import metrics as keras_metrics
from tfgradlint.libraries.keras import optimizers as keras_optimizers
from tfgradlint.libraries.keras import untracked
from tfgradlint.libraries.keras.weight_lists import OWNER
from tfgradlint.libraries.keras.weights import keras_name
from tfgradlint.libraries.measured.apply import apply
from tfgradlint.libraries.numpy import core as numpy
from tfgradlint.libraries.probability import core as probability
from tfgradlint.libraries.python import core as python
from tfgradlint.libraries.python import dataclasses as records
from tfgradlint.libraries.python import enum as enumerations
from tfgradlint.libraries.sonnet import core as sonnet
from tfgradlint.libraries.tensorflow import core as tensorflow
from tfgradlint.libraries.tensorflow import datasets, lookup_tables, modules, tensor_arrays
from tfgradlint.libraries.tensorflow import distribute as distribution
from tfgradlint.settings.gradients import Gradients

if TYPE_CHECKING:
    from tfgradlint.flow.machine.context import Context
    from tfgradlint.flow.verdict.request_analysis import Judge

#: Modules whose names are followed, and the root their symbols get.
_ROOTS = {
    **{root: root for root in others.ROOTS},
    "tensorflow": "tf",
    "numpy": "numpy",
    "math": "math",
    "keras": "keras",
    "tf_keras": "tf_keras",
    "tensorflow_probability": probability.ROOT,
    "sonnet": sonnet.ROOT,
    "functools": "functools",
    "itertools": "itertools",
    "operator": "operator",
    "collections": "collections",
    "random": "random",
    "time": "time",
    "os": "os",
    "sys": "sys",
    "copy": "copy",
    "dataclasses": "dataclasses",
    "typing": "typing",
    "contextlib": "contextlib",
    "threading": "threading",
    "enum": "enum",
    "types": "types",
    "heapq": "heapq",
    "bisect": "bisect",
    "abc": "abc",
}
_SAME_MODULES = (
    ("tf.compat.v2.", "tf."),
    ("tf._api.v2.", "tf."),
    ("tf.python.keras.", "tf.keras."),
    ("tf.optimizers.", "tf.keras.optimizers."),
    ("tf.losses.", "tf.keras.losses."),
    ("tf.metrics.", "tf.keras.metrics."),
    ("tf.initializers.", "tf.keras.initializers."),
    ("tfp.python.", "tfp."),
)
#: Libraries of which only some names are known; any other may be anything.
_KNOWN_BY_NAME = {probability.ROOT: probability.symbol, sonnet.ROOT: sonnet.symbol}
_KERAS = ("keras", "tf.keras", "tf_keras")
_WITH_KERAS_2 = "2.15"
#: Functions that make one tensor of a list.
_PACKING = frozenset({"tf.stack", "tf.convert_to_tensor", "keras.ops.stack", "keras.ops.convert_to_tensor"})
_TENSOR = "tf.Tensor."
_VARIABLE = "tf.Variable."
_MIRRORED = {"__lt__": "__gt__", "__le__": "__ge__", "__gt__": "__lt__", "__ge__": "__le__"}
#: Operators that lists, sets or dictionaries have too.
_ON_CONTAINERS = frozenset({"__add__", "__mul__", "__or__", "__and__", "__sub__", "__getitem__"})
_SYMMETRIC = {"__eq__": "__eq__", "__ne__": "__ne__"}


class World:
    """The libraries as the interpreter sees them."""

    def __init__(
        self, version: str | None = None, legacy_keras: bool = False, gradients: Gradients | None = None
    ) -> None:
        """``version`` is the TensorFlow to go by; ``legacy_keras`` says that the program asks it for Keras 2."""
        self._knowledge = load(version)
        self._users = Users(gradients, _ROOTS)
        #: Whether tensors may have been given the methods of arrays.
        self.numpy_behavior = False
        self._version = choose(version)
        #: Whether the program imports Keras 2 under its own name: its variables are TensorFlow's.
        self._tf_keras = False
        self._keras = 2 if legacy_keras else keras_of("keras.", self._version)
        self._legacy = legacy_keras and keras_of("keras.", self._version) > 2

    def keras_of(self, path: str) -> int:
        """The major version of Keras that a name stands for."""
        return 2 if self._keras == 2 else keras_of(path, self._version)

    def lacks(self, path: str, name: str) -> bool:
        """Whether the module is Keras 2, and has no such name as Keras 3 has."""
        return path in _KERAS and name in ONLY_KERAS_3 and self.keras_of(f"{path}.") == 2

    def layers(self, path: str) -> Layers:
        """The layers of the Keras that a name stands for."""
        return load_layers(self.keras_of(path), self._version)

    def known(self, path: str) -> Known | None:
        name = keras_name(path) if self._legacy or path.startswith("tf_keras.") else None
        if name is not None:
            # Keras 2 beside a newer TensorFlow: measured as part of the last one that brought it.
            return load(_WITH_KERAS_2).get(f"tf.keras.{name}")
        return self._knowledge.get(path)

    def imported(self, module: str) -> Value | None:
        root, dot, rest = module.partition(".")
        self._tf_keras = self._tf_keras or root == "tf_keras"
        known = _ROOTS.get(root)
        if known is None or (root == "keras" and self._legacy):  # Keras 3, beside the Keras 2 of TensorFlow
            return self._users.symbol(module)
        return Symbol(canonical_path(known + dot + rest))

    def builtin(self, name: str) -> Value | None:
        return python.builtin(name)

    # -- attributes

    def attribute(self, interp: Context, receiver: Value, name: str) -> Value | None:
        if isinstance(receiver, Symbol):
            if self.lacks(receiver.path, name):
                return interp.unknown("a name that only Keras 3 has")
            found = numpy.constant(receiver.path, name) or python.constant(receiver.path, name)
            root = receiver.path.partition(".")[0]
            if self._users.owns(receiver.path) and root not in _ROOTS.values():
                return self._users.symbol(f"{receiver.path}.{name}")
            if root in _KNOWN_BY_NAME:
                path = canonical_path(f"{receiver.path}.{name}")
                return _KNOWN_BY_NAME[root](path) or self._users.symbol(path)
            return found if found is not None else Symbol(canonical_path(f"{receiver.path}.{name}"))
        if isinstance(receiver, Const):
            return enumerations.attribute(receiver, name)
        if isinstance(receiver, (Tensor, Variable)):
            return tensorflow.attribute(interp, self, receiver, name)
        if isinstance(receiver, Held):
            return others.attribute(interp, receiver, name)
        if isinstance(receiver, Array):
            return numpy.attribute(interp, receiver, name)
        if isinstance(receiver, Instance):
            if name in keras_optimizers.METHODS and keras_optimizers.own_class(receiver.cls) is not None:
                return Member(receiver, name)
            found = keras_attributes.instance_attribute(interp, receiver, name)
            return found if found is not None else modules.instance_attribute(interp, receiver, name)
        if isinstance(receiver, Layer):
            return keras_attributes.attribute(interp, receiver, name)
        if isinstance(receiver, Foreign) and probability.is_own(receiver):
            return probability.attribute(interp, receiver, name)
        if sonnet.is_own(receiver) and isinstance(receiver, Foreign):
            return sonnet.attribute(interp, receiver, name)
        return None

    def set_attribute(self, interp: Context, receiver: Value, name: str, value: Value) -> bool:
        if isinstance(receiver, Instance):
            untracked.note(interp, receiver, name)
        return keras_attributes.set_attribute(interp, receiver, name, value)

    def initialise(self, interp: Context, instance: Value, args: list[Value], kwargs: dict[str, Value]) -> None:
        keras.initialise(interp, instance, args, kwargs)

    def construct(self, interp: Context, instance: Instance, args: list[Value], kwargs: dict[str, Value]) -> Value:
        member = enumerations.of_value(interp, instance, args)
        if member is not None:
            return member
        keras.initialise(interp, instance, args, kwargs)
        return records.construct(interp, instance, args, kwargs)

    def plain_metaclass(self, metaclass: Value) -> bool:
        return records.plain_metaclass(metaclass)

    def defined(self, cls: Class) -> None:
        enumerations.defined(cls)

    def elements(self, interp: Context, value: Value) -> Items | None:
        if isinstance(value, Class):
            return enumerations.members(value)
        return records.elements(interp, value) if isinstance(value, Instance) else None

    def class_element(self, cls: Class, index: Value) -> Value | None:
        return enumerations.by_name(cls, index)

    def requested(self, interp: Context, sources: Value, leaves: list[Value], judge: Judge, request: Site) -> None:
        owner = sources.fields.get(OWNER) if isinstance(sources, Listing) else None
        if isinstance(owner, Value):
            untracked.report(interp, owner, leaves, judge, request)

    def finished(self, interp: Context) -> None:
        """The module and all that nothing called have run."""
        keras_compile.finish(interp)

    def argument(self, interp: Context, variable: Variable) -> Value | None:
        if variable.library == "tf" or self._keras < 3 or self._tf_keras:
            return None
        # TensorFlow does not know the variables of Keras 3, and makes a tensor of what they hold.
        node = interp.recorder.op([Edge(variable.node)], variable.node.dtype)
        node.why = COPIED
        return Tensor(node)

    def escaped(self, interp: Context, value: Value) -> None:
        keras.escaped(interp, value)
        sonnet.escaped(interp, value)
        tensor_arrays.escaped(interp, value)

    # -- calls

    def call(self, interp: Context, callee: Value, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
        if isinstance(callee, Symbol):
            return self._symbol(interp, callee.path, args, kwargs)
        if isinstance(callee, (Layer, Instance)):
            return keras.call_layer(interp, self, callee, args, kwargs)
        if isinstance(callee, Held):
            return others.called(interp, callee, args, kwargs)
        if isinstance(callee, Foreign):
            return self._foreign(interp, callee, "__call__", args, kwargs)
        if isinstance(callee, Member):
            return self._member(interp, callee.receiver, callee.name, args, kwargs)
        return None

    def _symbol(self, interp: Context, path: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
        root = path.partition(".")[0]
        told = self._users.call(interp, path, args, kwargs)
        if told is not None:
            return told
        made = others.call(interp, path, args, kwargs) or datasets.call(interp, path, args, kwargs)
        made = made or probability.call(interp, path, args, kwargs) or sonnet.call(interp, path, args, kwargs)
        made = made or tensor_arrays.call(interp, path, args, kwargs)
        made = made or distribution.call(interp, path) or keras_backend.call(interp, path, args, kwargs)
        made = made or lookup_tables.call(interp, path, args, kwargs)
        made = made or keras.call(interp, self, path, args, kwargs)
        if made is not None:
            return made
        module: Any = {"tf": tensorflow, "keras": tensorflow, "tf_keras": tensorflow, "numpy": numpy}.get(root, python)
        special: Value | None = module.call(interp, self, path, args, kwargs)
        if special is not None:
            return special
        if path in _PACKING and args and not isinstance(args[0], Variable):
            packed = [each for _, each in flatten(args[0], "")]
            if any(isinstance(each, Variable) and each.library == "keras" for each in packed):
                # TensorFlow packs no variables of Keras 3: it raises AttributeError.
                return interp.somehow("packed keras variables", args)
        known = self.known(path)
        if known is not None and known.params and known.params[0].name == "self":
            # A method as a function may be given anything: what was measured is told of objects of its own class.
            return interp.somehow(f"{path} as a function", [*args, *kwargs.values()])
        if known is not None:
            found = apply(interp, known, args, kwargs)
            if found is not None:
                return found
        last: Value | None = module.fallback(interp, path, args, kwargs)
        return last

    def _member(
        self, interp: Context, receiver: Value, name: str, args: list[Value], kwargs: dict[str, Value]
    ) -> Value | None:
        if isinstance(receiver, (Tensor, Variable)):
            return tensorflow.method(interp, self, receiver, name, args, kwargs)
        if isinstance(receiver, (Array, Scalar)):
            return numpy.method(interp, receiver, name, args, kwargs)
        own = keras_optimizers.own_class(receiver.cls) if isinstance(receiver, Instance) else None
        if isinstance(receiver, Instance) and own is not None:
            return keras_optimizers.method(interp, self, receiver, own, name, args, kwargs)
        if isinstance(receiver, (Layer, Instance)):
            return keras.method(interp, self, receiver, name, args, kwargs)
        if isinstance(receiver, Foreign):
            return self._foreign(interp, receiver, name, args, kwargs)
        if isinstance(receiver, Unknown):
            return tensorflow.unknown_method(interp, receiver, name, args, kwargs)
        return None

    def _foreign(
        self, interp: Context, receiver: Foreign, name: str, args: list[Value], kwargs: dict[str, Value]
    ) -> Value | None:
        if probability.is_own(receiver):
            return probability.method(interp, receiver, name, args, kwargs)
        if sonnet.is_own(receiver) or sonnet.is_optimizer(receiver):
            return sonnet.method(interp, self, receiver, name, args, kwargs)
        if receiver.path == lookup_tables.TABLE:
            return lookup_tables.method(interp, receiver, name, [*args, *kwargs.values()])
        if receiver.path == datasets.DATASET:
            return datasets.method(interp, receiver, name, args, kwargs)
        if receiver.path == tensor_arrays.TENSOR_ARRAY:
            return tensor_arrays.method(interp, receiver, name, args, kwargs)
        if receiver.path == distribution.STRATEGY:
            return distribution.method(interp, receiver, name, args, kwargs)
        path = keras_name(receiver.path) or ""
        if keras_optimizers.is_optimizer(path):
            return keras_optimizers.method(interp, self, receiver, receiver.path, name, args, kwargs)
        return keras_metrics.method(interp, receiver, name, args, kwargs) if keras_metrics.is_metric(path) else None

    def decorate(self, interp: Context, decorator: Value, function: Value) -> Value | None:
        return python.decorate(interp, decorator, function)

    # -- operators

    def operator(self, interp: Context, name: str, operands: list[Value]) -> Value | None:
        if name == "__getitem__" and isinstance(operands[0], Foreign) and operands[0].path == lookup_tables.TABLE:
            return lookup_tables.found(interp, operands[0], operands[1])
        if name == "__iter__":
            return datasets.element_of(operands[0])
        if name == "__setitem__":
            return numpy.set_item(interp, operands)
        lead = next((place for place, each in enumerate(operands) if isinstance(each, (Tensor, Variable))), None)
        if lead is None:
            return self._unknown_operator(interp, name, operands)
        if lead == 1 and _reads_itself(interp, operands[1]) and not python.own_number(operands[0]):
            if self._keras < 3 or self._tf_keras or not (isinstance(operands[0], Array) and operands[0].exact):
                return interp.somehow("array and keras variable", operands)
            # NumPy is asked first, and a Keras variable lets itself be read.
            return self._symbol(interp, numpy.function_of(name), operands, {})
        if lead == 1:
            name = _MIRRORED.get(name) or _SYMMETRIC.get(name) or "__r" + name[2:]
            operands = [operands[1], operands[0]]
        if name in ("__mul__", "__rmul__") and any(isinstance(each, Const) and each.value == 0 for each in operands):
            # A term that is switched off: its gradient is zero.
            return interp.somehow("product with zero", operands)
        dtypes = {operand.node.dtype for operand in operands if isinstance(operand, (Tensor, Variable))}
        if "bool" in dtypes and len(dtypes) > 1:
            # ``number * truth`` is a logical "and" to TensorFlow; other operators refuse.
            return interp.somehow(f"operator {name} of numbers and truths", operands)
        owner = _VARIABLE if isinstance(operands[0], Variable) else _TENSOR
        known = self.known(owner + name) or self.known(_TENSOR + name)
        return apply(interp, known, operands, {}) if known is not None else None

    def _unknown_operator(self, interp: Context, name: str, operands: list[Value]) -> Value:
        """An operator on objects of which at least one is unknown and none is a tensor: the same as on a tensor,
        if it is one; the result depends on nothing but the operands either way."""
        known = self.known(_TENSOR + name)
        made = apply(interp, known, operands, {}) if known is not None else None
        if isinstance(made, (Tensor, Unknown)):
            made.node.dtype = None
            made.node.loose = name in _ON_CONTAINERS
            return Unknown(made.node)
        nodes: list[Node] = [node for operand in operands for node in nodes_of(operand)]
        node = interp.recorder.op([Edge(each, Effect.UNKNOWN) for each in nodes])
        node.why = f"operator {name}"
        node.loose = name in _ON_CONTAINERS
        return Unknown(node)


def _reads_itself(interp: Context, value: Value) -> bool:
    """Whether NumPy makes an array of the value, where it meets one in an operator: not of TensorFlow's own."""
    if isinstance(value, Variable):
        return value.library != "tf"
    return isinstance(value, Tensor) and value.node.placeholder and not interp.graph_level


def canonical_path(path: str) -> str:
    """One spelling for each public name."""
    for spelling, same in _SAME_MODULES:
        if path.startswith(spelling):
            path = same + path[len(spelling) :]
    return path
