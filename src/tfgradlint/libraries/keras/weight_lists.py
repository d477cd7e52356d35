"""The lists of weights that Keras layers and models have: ``trainable_variables`` and its like."""

from __future__ import annotations

from collections.abc import Sequence

from tfgradlint.flow.graph import origins
from tfgradlint.flow.graph.breaks import FrozenIn, Unbuilt
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.nodes import Site
from tfgradlint.flow.graph.unseen import WeightList
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import NONE, Array, Const, Member, Scalar, Symbol, Tensor, Unknown, Value, Variable
from tfgradlint.flow.values.containers import Container, DictContent, Items, ListObject, Repeated
from tfgradlint.flow.values.functions import Function, Method, NativeFunction
from tfgradlint.flow.values.objects import HOLDS, Class, Instance, Layer, LibraryObject
from tfgradlint.flow.values.walk import nest_parts, walk
from tfgradlint.flow.verdict.judgements import LACKING, MissingVariables, Reason
from tfgradlint.libraries.keras.parts import attributes_of, is_sequential, parts_of
from tfgradlint.libraries.keras.state import BUILT, FROZEN_AT, HIDDEN, INNER, OPENED, OWNER, SEED, TRACKED
from tfgradlint.libraries.keras.tracking import tracked_in
from tfgradlint.libraries.keras.weights import added_weights, is_keras, of_keras_2
from tfgradlint.libraries.session import keras_name

#: Which weights each of Keras' lists holds: trained ones, others, and the states of random numbers.
LISTS = {
    "trainable_variables": (True, False, False),
    "trainable_weights": (True, False, False),
    "weights": (True, True, False),
    "variables": (True, True, True),
    "non_trainable_weights": (False, True, False),
    "non_trainable_variables": (False, True, True),
}
#: Each weight is judged by itself; a list of more is one unknown, for the sake of time.
_MANY = 256


#: What is in a layer or object, in order, and whether it is frozen with it.
_Parts = tuple[Sequence[Value], bool]
_NOTHING: _Parts = ((), False)


class Weights:
    """The weights below an object, in Keras' order.

    ``known`` is False where something may hide weights or freeze them. ``frozen`` tells where weights that would
    otherwise be listed were frozen; ``unbuilt`` are those that are not made yet.
    """

    def __init__(self, interp: Context, value: Value, name: str = "trainable_variables") -> None:
        self._interp = interp
        self._trained, self._others, self._seeds = LISTS[name]
        self.found: list[Variable] = []
        self.known = True
        self.frozen: list[Site] = []
        self.unbuilt: list[Variable] = []
        #: Whether a model of Keras 2 below it may refuse to list weights that are not made yet.
        self.refuses = False
        #: Keras 2 tracks TensorFlow's variables too.
        self._legacy = of_keras_2(interp, value)
        self._look_into(value)
        if self._legacy and self._trained and self._others and isinstance(value, Instance):
            self.known = False  # in Keras 2 what is trained comes first, layer by layer or not

    def _look_into(self, value: Value) -> None:
        """All that is inside, in order and once. Not by ``walk``: what is in something frozen counts as frozen."""
        met: set[int] = set()
        waiting = [(value, False)]
        whole = False
        while waiting:
            each, frozen = waiting.pop()
            if id(each) in met:
                continue
            met.add(id(each))
            if isinstance(each, Variable):
                self._variable(each, frozen)
                continue
            parts, freezes = self._parts(each)
            if each is value:
                whole = freezes
            elif not self._legacy and isinstance(each, (Layer, Instance)):
                # Keras 3 has handed the flag down when it was set: from then on a part goes by its own.
                frozen = whole
            waiting.extend((part, frozen or freezes) for part in reversed(parts))

    def _parts(self, value: Value) -> _Parts:
        if isinstance(value, Layer):
            return self._layer(value)
        if isinstance(value, Instance):
            return self._instance(value)
        if isinstance(value, LibraryObject) and value.path.endswith("random.SeedGenerator"):
            self.known = self.known and not self._seeds
        elif isinstance(value, DictContent) and not value.complete:
            self.known = False
            return _NOTHING
        elif not isinstance(value, (*WEIGHTLESS, *_CONTAINERS)) or (
            self._legacy and isinstance(value, LibraryObject) and HOLDS in value.fields
        ):
            self.known = False  # Keras 2 tracks modules of others, too
        return parts_of(value), False

    def _variable(self, value: Variable, frozen: bool) -> None:
        if value.library == "tf" and not self._legacy:
            return  # Keras 3 does not track it.
        listed = value.fields.get("listed", value.fields["trainable"])
        if listed is None:
            self.known = False
        elif self._trained if listed and not frozen else self._others:
            self.found.append(value)

    def _layer(self, value: Layer) -> _Parts:
        if value.fields["opened"] is not False or HIDDEN in value.fields or value.parts is None:
            self.known = False
            return _NOTHING
        self.refuses = self.refuses or is_sequential(value)
        freezes = self._freezes(value, value.fields["trainable"])
        own = [value.own] if value.own is not None else []
        weights = [*own, *(part for part in value.parts if isinstance(part, Variable))]
        mixed = self._trained and value.path.endswith("SpectralNormalization")
        if self._others and (own or mixed):
            self.known = False  # what stands for all its weights cannot be told apart, nor what stands among others
        built = BUILT.of(value, True)
        if weights and built is not True:
            self.unbuilt += [weight for weight in weights if weight.fields["trainable"] is True]
            if built is None or not self._seen_whole(weights):
                self.known = False
            weights = []
        seed = SEED.of(value, NONE) if self._seeds else NONE
        if seed is None:
            self.known = False
        layers = (part for part in value.parts if not isinstance(part, Variable))
        return [*weights, NONE if seed is None else seed, *layers], freezes

    def _instance(self, value: Instance) -> _Parts:
        if not is_keras(value.cls):
            bases = [base for base in value.cls.lineage() if not isinstance(base, Class)]
            # Objects that are no layers are not looked into.
            plain = all(isinstance(base, Symbol) and keras_name(base.path) is None for base in bases)
            self.known = self.known and plain and not value.open and not (self._legacy and bases)
            return _NOTHING
        flag = value.fields.get("trainable", Const(True))
        if OPENED in value.fields or not isinstance(flag, Const):
            self.known = False
            return _NOTHING
        freezes = self._freezes(value, bool(flag.value))
        fields = attributes_of(value)
        own = [added_weights(value), *(each for each in fields if isinstance(each, Variable))]
        inner = INNER.of(value) or NONE
        if not self._legacy:
            # Weights of its own come before those of the layers it holds.
            return [*own, inner, *self._as_tracked(value, fields), *fields], freezes
        if not _in_order(value, fields):
            self.known = False
        if _is_model(value) and isinstance(self._interp.attributes.of_class(value.cls, "build"), Function):
            self.refuses = True
        others = [inner, *(each for each in fields if not isinstance(each, Variable))]
        # A layer of Keras 2 lists its own first as well, a model last.
        return ([*others, *own] if _is_model(value) else [*own, *others]), freezes

    def _as_tracked(self, value: Instance, fields: list[Value]) -> list[Value]:
        """The layers of an object of Keras 3 in the order in which it got hold of them.

        Keras does not see what takes the place of a layer in a list, and goes on listing what it replaced.
        """
        tracked = TRACKED.of(value, Items(()))
        reached = {id(each): each for field in fields for each in tracked_in(field)}
        if not isinstance(tracked, Items) or not reached.keys() <= {id(each) for each in tracked.items}:
            self.known = False
            return []
        if any(id(each) not in reached and _has_weights(each) for each in tracked.items):
            self.known = False
        return [each for each in tracked.items if id(each) in reached and not isinstance(each, Variable)]

    def _freezes(self, value: Layer | Instance, trainable: object) -> bool:
        """Whether what is in it is frozen with it."""
        if trainable is None:
            self.known = False
        if trainable is not False:
            return False
        seq, site = FROZEN_AT.of(value) or (0, None)
        if site is None or seq < self._interp.visible_from:
            self.known = False
        else:
            self.frozen.append(site)
        return True

    def _seen_whole(self, weights: list[Variable]) -> bool:
        """Whether everything that happened to the weights since they could be made was in sight."""
        return not self._interp.handed_out and all(weight.birth > self._interp.visible_from for weight in weights)


def _has_weights(value: Value) -> bool:
    """Whether it may have weights by now."""
    return not isinstance(value, Layer) or BUILT.of(value, True) is not False


def _is_model(value: Instance) -> bool:
    return any(isinstance(base, Symbol) and base.path.endswith(("Model", "Sequential")) for base in value.cls.lineage())


def _in_order(value: Instance, fields: list[Value]) -> bool:
    """Whether the weights of a layer of Keras 2 are listed in the order of its attributes.

    They are in the order in which they came about, and modules and variables in containers count among them.
    """
    added = added_weights(value)
    if isinstance(added, Repeated):
        return False
    if added.items and any(isinstance(each, Variable) and each not in added.items for each in fields):
        return False
    within = [each for field in fields for each in walk(field, nest_parts) if each is not field]
    modules = [each for each in (*fields, *within) if isinstance(each, Instance) and not is_keras(each.cls)]
    return not modules and not any(isinstance(each, Variable) for each in within)


_CONTAINERS = (Container, Items, DictContent)
WEIGHTLESS = (Const, Scalar, Array, Tensor, Symbol, Function, Method, NativeFunction, Class, Member, LibraryObject)


def _refused(interp: Context, receiver: Layer | Instance, weights: Weights) -> bool:
    """Whether it is a chain of Keras 2 that has no weights yet: it raises where it is asked for a list of them."""
    unbuilt = weights.known and not weights.found and bool(weights.unbuilt)
    return unbuilt and of_keras_2(interp, receiver) and isinstance(receiver, Layer) and is_sequential(receiver)


def _perhaps_listed(value: Value) -> Sequence[Value]:
    """The parts of a layer or model, but for weights that are not made yet."""
    return () if isinstance(value, Layer) and BUILT.of(value, True) is False else parts_of(value)


def _as_far_as_known(interp: Context, receiver: Layer | Instance) -> WeightList:
    """What is below an object: weights that it may train, layers that hide some, and what may be one."""
    below = list(walk(Items((receiver,)), _perhaps_listed))
    known = (each.node for each in below if isinstance(each, Variable) and each.fields["trainable"] is not False)
    given_up = {id(each) for each in interp.unseen.models.values()}
    layers = (each for each in below if isinstance(each, Layer))
    hidden = (each for each in layers if HIDDEN in each.fields or each.parts is None or id(each) in given_up)
    parts = (each.node for each in below if isinstance(each, Unknown))
    return WeightList(tuple(dict.fromkeys(known)), tuple(hidden), tuple(dict.fromkeys(parts)))


def listed(interp: Context, receiver: Layer | Instance, name: str) -> Value:
    """What ``receiver.trainable_variables`` and its like give."""
    weights = Weights(interp, receiver, name)
    if _refused(interp, receiver, weights):
        interp.raise_here(Cause.UNBUILT, "ValueError", Unbuilt(refused=True))
    unsure = bool(weights.unbuilt) and of_keras_2(interp, receiver) and weights.refuses
    if not weights.known or unsure or len(weights.found) > _MANY:
        interp.reports.cleared.update(weights.found, weights.unbuilt)  # whoever asks for them may train them
        unknown = interp.unknown(origins.WEIGHTS, receiver)
        interp.unseen.weights[unknown.node] = _as_far_as_known(interp, receiver)
        return unknown
    made = ListObject(Items(tuple(weights.found), "list"))
    OWNER.begin(made, receiver)
    if weights.unbuilt:
        reason = Reason(Cause.UNBUILT, interp.recorder.site, Unbuilt(partly=bool(weights.found)))
        LACKING.begin(made, MissingVariables(reason, tuple(weights.unbuilt)))
    elif weights.frozen and not weights.found:
        LACKING.begin(made, MissingVariables(Reason(Cause.FROZEN, weights.frozen[-1], FrozenIn.LIST)))
    return made
