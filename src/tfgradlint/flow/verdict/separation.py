"""What holds if code that nobody sees is separate from all that the program does not hand to it.

A second search, made only where nothing is proven. What an unknown call returns depends on what it could get hold of:
its arguments, what was called, and what that was read from. A model that is asked for its weights reads them when it
is called. What comes from outside and is older than the tape has no history on it. All else stays anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from tfgradlint.flow.graph import origins
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.details import EdgeNote, Operation
from tfgradlint.flow.graph.nodes import (
    LEAF,
    OPAQUE,
    PHI,
    Beyond,
    Edge,
    Effect,
    Node,
    cut_off,
    trainable,
)
from tfgradlint.flow.graph.origins import Kind
from tfgradlint.flow.graph.unseen import Stateful, Unseen, UnseenCall, chain, module_of
from tfgradlint.flow.tape.search import ANY, FLOWS, NOTHING, Search, leads_on, together, ways
from tfgradlint.flow.tape.tape import Tape, recorded, tracked
from tfgradlint.flow.values.base import GraphValue, Tensor, Unknown, Value, Variable
from tfgradlint.flow.values.containers import Items
from tfgradlint.flow.values.objects import Instance
from tfgradlint.flow.values.walk import walk

#: Attributes by which whoever knows a model asks for its weights.
WEIGHTS = frozenset({"trainable_variables", "trainable_weights", "variables", "weights"})
#: Methods of a model of Keras that give arrays.
_PREDICTING = frozenset({"predict", "predict_on_batch"})
#: What came from outside if it is older than the tape: also what the program read of that, or had it made.
_OLDER = (Kind.OUTSIDE, Kind.REPRESENTS, Kind.PART, Kind.ELEMENT, Kind.MADE)
#: What comes from outside as a whole, and not from what the program does under the tape.
_OUTSIDE = (origins.PARAMETER, origins.IMPORT, origins.UNDEFINED_NAME, origins.GLOBAL_NAME)


class Sought(NamedTuple):
    """A source: its nodes, the model it was taken from, and what holds that.

    ``hidden``: it may be anything, such as a list that somebody handed over. ``model``: a model of the program that
    holds something nobody sees; what is sought are the weights of that.
    """

    own: frozenset[Node]
    variable: object
    owner: Node | None
    holders: frozenset[Node]
    hidden: bool = False
    model: object = None


def sought(unseen: Unseen, source: Tensor | Variable | Unknown) -> Sought:
    """What a search for the source looks for."""
    node = source.node
    if not isinstance(source, Unknown):
        return Sought(frozenset({node}), node.variable, None, frozenset(node.maybe_alias or ()))
    links = list(chain(node))
    for place, each in enumerate(links[:-1]):
        if unseen.names.get(each) in WEIGHTS:
            return Sought(frozenset(links[: place + 1]), None, links[place + 1], frozenset(links[place + 2 :]))
    return Sought(frozenset({node}), None, None, frozenset(links[1:]), True)


class Separation:
    """The program as one request sees it, for one source, if what nobody sees is separate."""

    def __init__(self, tape: Tape, unseen: Unseen, source: Tensor | Variable | Unknown | Sought) -> None:
        self._tape = tape
        self._unseen = unseen
        self.source = source if isinstance(source, Sought) else sought(unseen, source)
        self._status = min((tracked(tape, node) for node in self.source.own), default=0)
        #: Objects of the program that hold the source, by their identities.
        self._holding: set[int] = set()

    # -- what a node is

    def reached(self, node: Node) -> bool:
        """Whether a node is the source, the model it was taken from, or what holds that."""
        return self.found(node) or node in self.source.holders

    def found(self, node: Node) -> bool:
        """Whether a node is the source, or the model it was taken from."""
        source = self.source
        variable = source.variable is not None and node.variable is source.variable
        return variable or node in source.own or node is source.owner

    def arriving(self) -> int:
        """What arrives at the source once it is reached. Of weights it is taken that they are trainable."""
        if self.source.owner is not None or self.source.model is not None:
            return FLOWS if self._tape.accessed else FLOWS | NOTHING
        return (NOTHING, FLOWS | NOTHING, FLOWS)[self._status]

    def call(self, node: Node) -> UnseenCall | None:
        """The unknown call that gave it."""
        return self._unseen.calls.get(node)

    def on_tape(self, node: Node) -> bool:
        """Whether the tape perhaps recorded when the node was made."""
        epoch = self._tape.fields["epoch"]
        return any(tape is self._tape for tape, _ in node.active) and (epoch is None or node.seq >= epoch)

    def outside(self, node: Node) -> bool:
        """Whether it comes from outside as a whole, before the tape: then it has no history on it."""
        if node.kind != OPAQUE or node.edges or node.origin is None:
            return False
        if node in self._unseen.inherited:
            return not self._holds(self._unseen.inherited[node])
        return (
            node in self._unseen.apart
            or node.origin in _OUTSIDE
            or (node.origin.kind in _OLDER and not self.on_tape(node))
        )

    def _holds(self, holder: Stateful) -> bool:
        """Whether an object of the program holds the source, or the model it was taken from."""
        source = self.source
        if source.variable is not None or id(holder) in self._holding:
            return True
        values = [each for each in holder.fields.values() if isinstance(each, Value)]
        for each in walk(Items(tuple(values)), _reach):
            if isinstance(each, GraphValue) and self.reached(each.node):
                self._holding.add(id(holder))
                return True
        return False

    def forward(self, node: Node) -> bool:
        """Whether it is what the model that was asked for its weights made of its arguments."""
        call = self.call(node)
        return call is not None and bool(call.given) and call.callee is not None and call.callee is self.source.owner

    def of_owner(self, node: Node) -> bool:
        """Whether an unknown call reads the weights that were asked for: it is one of their model, or is given that."""
        model = self._unseen.models.get(node)
        if model is not None and model is self.source.model:
            return True
        call, owner = self.call(node), self.source.owner
        if call is None or owner is None:
            return False
        return owner in call.given or (call.callee is not None and owner in chain(call.callee))

    def predicted(self, node: Node) -> str:
        """The method by which a model of Keras gave an array, or ""."""
        call = self.call(node)
        name = self._unseen.names.get(call.callee, "") if call is not None and call.callee is not None else ""
        if call is None or call.callee is None or name not in _PREDICTING:
            return ""
        model = call.callee.edges[0].node if call.callee.edges else None
        known = model is not None and model is self.source.owner and model in self._unseen.keras
        return name if known else ""

    def ends(self, node: Node) -> bool:
        """Whether nothing on the tape leads on from an opaque node."""
        return self.outside(node) or bool(self.predicted(node)) or (not self.on_tape(node) and self.forward(node))

    def anything(self, node: Node) -> bool:
        """Whether an opaque node may lead to the source whatever is assumed."""
        if isinstance(node, Beyond) or node.origin is None:
            return True
        call = self.call(node)
        if call is not None:
            # What functions of the program make off the tape has no history on it.
            return call.hides or (call.runs and self.on_tape(node))
        return not node.edges or node.origin.kind in _ANYTHING

    def unseen_part(self, node: Node) -> bool:
        """Whether it is what a model gave that holds something nobody sees."""
        return node in self._unseen.models

    def hands_on(self, node: Node) -> bool:
        """Whether an opaque node is taken to pass gradients to what it was made of: a call, or a part of its result."""
        if self.unseen_part(node):
            return True
        if self.anything(node) or node.origin is None:
            return False
        return self.call(node) is not None or node.origin.kind in (Kind.PART, Kind.ELEMENT)

    # -- what may lead to the source

    def open(self, targets: Iterable[Node]) -> set[Node] | None:
        """All that may lead from the targets to the source; None where something does, or may hide it."""
        met = set(targets)
        waiting = list(met)
        while waiting:
            node = waiting.pop()
            if self.reached(node):
                return None
            following = self._following(node)
            if following is None or len(met) > _MET:
                return None
            for each in following:
                if each not in met:
                    met.add(each)
                    waiting.append(each)
        return met

    def _following(self, node: Node) -> list[Node] | None:
        if not trainable(node.dtype) or node.kind == LEAF:
            return []
        if node.kind == PHI:
            return [edge.node for edge in node.edges]
        if node.kind == OPAQUE:
            if self.ends(node):
                return []
            if self.anything(node):
                return None
            call = self.call(node)
            seen = [edge.node for edge in node.edges if not (call is not None and call.runs and cut_off([edge.node]))]
            return [*seen, *self._left_before(node)]
        if not recorded(self._tape, node):
            return []
        return [*(edge.node for edge in ways(node) if leads_on(edge)), *self._left_before(node)]

    def _left_before(self, node: Node) -> Iterator[Node]:
        """What the program, or earlier calls under the tape, may have left in what a value was made of.

        A method may leave anything in its object; a function in what it is given, where that is looked into. A model
        does not change what it is called with.
        """
        call = self.call(node)
        looked_into: list[Node] = []
        if call is not None:
            looked_into += () if call.callee is None else chain(call.callee)
        elif node.kind == OPAQUE:
            looked_into += chain(node)
        elif node.loose:
            looked_into += (edge.node for edge in node.edges)
        for each in looked_into:
            yield from (kept for kept in self._unseen.kept.get(each, ()) if kept.seq < node.seq)
            yield from self._before(
                node, (result for result in self._unseen.given.get(each, ()) if not self.forward(result))
            )
        read = call.given if call is not None else [edge.node for edge in node.edges]
        for each in dict.fromkeys((*looked_into, *read)):
            yield from self._before(node, self._unseen.on.get(each, ()))

    def _before(self, node: Node, results: Iterable[Node]) -> Iterator[Node]:
        return (result for result in results if result.seq < node.seq and self.on_tape(result))

    # -- where it is given up

    def leading(self, history: set[Node]) -> set[Node]:
        """What of a history comes from the source, whether or not a gradient passes."""
        found: set[Node] = set()
        for node in sorted(history, key=lambda node: node.seq):
            if self.found(node) or any(edge.node in found and of_value(edge) for edge in node.edges):
                found.add(node)
        return found

    def escapes(self, met: set[Node], leading: set[Node]) -> bool:
        """Whether something on the way may reach the source as no assumption excludes."""
        source = self.source
        if source.hidden and self._status < 2:
            return True  # it is known only as a list, or by a method
        if self._unseen.assigned.intersection((*source.own, source.owner, *source.holders)):
            return True
        module, receivers = module_of(self._unseen, self._links()), self._receivers()
        for node in met:
            if source.owner is not None and node in self._unseen.each and self.on_tape(node):
                return True  # a list that came from outside may be one of weights
            call = self.call(node)
            if call is None or not self.on_tape(node) or self.predicted(node):
                continue
            if node not in leading:
                return True
            if module and call.callee is not None and module_of(self._unseen, chain(call.callee)) == module:
                return True
            if call.callee is not None and receivers.intersection((*_object_of(call.callee), *call.given)):
                return True
        return False

    def _receivers(self) -> set[Node]:
        """The objects that were given the model that the source was taken from: by a call of theirs, or as a part."""
        owner = self.source.owner
        if owner is None:
            return set()
        found = {receiver for receiver, kept in self._unseen.kept.items() if owner in kept}
        for result in self._unseen.given.get(owner, ()):
            callee = self._unseen.calls[result].callee
            if callee is not None:
                found.update(_object_of(callee))
        return found

    def _links(self) -> Iterator[Node]:
        if self.source.owner is not None:
            yield from chain(self.source.owner)
        yield from self.source.own

    def assumed_of(self, met: Iterable[Node]) -> Assumed:
        """Of what something is assumed where a search met these."""
        inside = sorted((node for node in met if node.kind == OPAQUE), key=lambda node: node.seq)
        calls = [node for node in inside if self.call(node) is not None and not self.predicted(node)]
        under = tuple(node for node in calls if self.on_tape(node))
        if under or calls:
            return Assumed(under or tuple(calls), (), bool(under))
        names = (self._unseen.names.get(node, "") for node in inside if self.outside(node))
        return Assumed((), tuple(dict.fromkeys(name for name in names if name)), False)


class Assumed(NamedTuple):
    """Of what something is assumed: unknown ``calls``, made ``under`` the tape or not, else ``values`` from outside."""

    calls: tuple[Node, ...]
    values: tuple[str, ...]
    under: bool


class Passing(Search):
    """What arrives if unknown calls pass gradients to all that they are given."""

    def __init__(self, tape: Tape, separation: Separation) -> None:
        super().__init__(tape, lambda node: None)
        self._separation = separation
        #: Steps of unknown effect through which something comes.
        self._unsure: set[Node] = set()

    def _final(self, node: Node) -> int | None:
        found = self._separation
        if found.source.owner is not None and (node is found.source.owner or node in found.source.holders):
            return ANY
        if found.found(node):
            return found.arriving()
        if node.kind == OPAQUE and trainable(node.dtype):
            if found.ends(node):
                return NOTHING
            return None if found.hands_on(node) else ANY
        return super()._final(node)

    def _crossed(self, edge: Edge) -> int:
        """An operation of unknown effect passes gradients, as an unknown call does."""
        return self._bits[edge.node] if edge.effect is Effect.UNKNOWN else super()._crossed(edge)

    def _combined(self, node: Node) -> int:
        if node.kind == PHI:
            return super()._combined(node)
        if node.kind != OPAQUE and any(
            edge.effect is Effect.UNKNOWN and self._bits[edge.node] & FLOWS for edge in ways(node)
        ):
            self._unsure.add(node)
        bits = NOTHING
        if node.kind == OPAQUE and self._separation.of_owner(node):
            bits = self._separation.arriving()
        for edge in ways(node):
            if leads_on(edge):
                bits = together(bits, self._bits[edge.node] if node.kind == OPAQUE else self._crossed(edge))
        if (self._tape, True) not in node.active:
            bits |= NOTHING
        return bits

    def passed(self) -> list[Node]:
        """The unknown calls, and the steps of unknown effect, through which a gradient comes."""
        found = (
            node
            for node, bits in self._bits.items()
            if bits & FLOWS
            and (node in self._unsure or self._separation.call(node) or self._separation.unseen_part(node))
        )
        return sorted(found, key=lambda node: node.seq)


def _reach(value: Value) -> Sequence[Value] | None:
    """What an object of the program holds, and those that it holds."""
    if isinstance(value, Instance):
        return [each for each in value.fields.values() if isinstance(each, Value)]
    return value.held()


def _object_of(callee: Node) -> tuple[Node, ...]:
    """What was called, and the object that it is a method of."""
    return tuple(islice(chain(callee), 2))


def of_value(edge: Edge) -> bool:
    """Whether an edge carries values, and not only a form, a length or a dtype."""
    if edge.detail is EdgeNote.OWN_DTYPE:
        return False
    if edge.effect is Effect.PLAIN:
        return _taken_out(edge.node)
    return not (isinstance(edge.detail, Operation) and edge.detail.form_only)


def _taken_out(node: Node) -> bool:
    """Whether it is a number or an array that was made of values of TensorFlow: it goes into later steps as it is."""
    waiting, seen = [node], {node}
    while waiting and len(seen) < _TAKEN:
        each = waiting.pop()
        for edge in each.edges if trainable(each.dtype) else ():
            if edge.effect is Effect.NONE and edge.cause in _TAKING and of_value(edge):
                return True
            if edge.effect is Effect.PLAIN and edge.node not in seen:
                seen.add(edge.node)
                waiting.append(edge.node)
    return False


#: What takes values out of TensorFlow.
_TAKING = frozenset({Cause.PYTHON_VALUE, Cause.NUMPY_FUNCTION, Cause.PREDICTED, Cause.OTHER_LIBRARY})
#: What was computed outside of TensorFlow in more steps than this is left alone.
_TAKEN = 200
#: What may be or depend on more than its edges lead to, whatever is assumed.
_ANYTHING = (Kind.GIVEN_UP, Kind.UNREACHED, Kind.UNDECIDED)
#: A request that leads back to more than this is left alone.
_MET = 5000
