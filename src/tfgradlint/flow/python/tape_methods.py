"""What tapes do but for answering requests: they are made, entered, left, told what to watch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import libcst as cst

from tfgradlint.flow.graph import origins
from tfgradlint.flow.graph.breaks import NonTensor, Rebinding, Symbolic
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.details import Operation
from tfgradlint.flow.graph.nodes import cut_off
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.tape.search import alternatives
from tfgradlint.flow.tape.tape import LIVE, Active, Tape, Watched, variable_tracked
from tfgradlint.flow.values.base import NONE, Array, Const, Member, Scalar, Tensor, Unknown, Value, Variable
from tfgradlint.flow.values.containers import Items, Repeated
from tfgradlint.flow.values.functions import ContextManagerCall
from tfgradlint.flow.values.walk import leaves_of, nodes_of
from tfgradlint.flow.verdict.judgements import Reason

#: How many steps a context manager is away from the import that it comes from: ``module.Class(...).attribute(...)``.
#: One that is further away may do anything.
_CHAIN = 8


class TapeMethods:
    """The methods of tapes."""

    def __init__(self, interp: Context) -> None:
        self._interp = interp
        self._methods: dict[str, Callable[[Tape, list[Value], dict[str, Value]], Value]] = {
            "watch": self._watch,
            "stop_recording": lambda tape, args, kwargs: Member(tape, "stop_recording()"),
            "reset": self._reset,
            "watched_variables": self._watched_variables,
            "__enter__": lambda tape, args, kwargs: self.start(tape),
            "__exit__": lambda tape, args, kwargs: self._stop(tape),
        }

    def make(self, args: list[Value], kwargs: dict[str, Value]) -> Tape:
        """A new tape."""
        interp = self._interp
        persistent = args[0] if args else kwargs.get("persistent", Const(False))
        accessed = args[1] if len(args) > 1 else kwargs.get("watch_accessed_variables", Const(True))
        if "**" in kwargs:
            return Tape(None, None, interp.graph_level, interp.recorder.now())
        return Tape(persistent.truth(), accessed.truth(), interp.graph_level, interp.recorder.now())

    def call(self, tape: Tape, name: str, args: list[Value], kwargs: dict[str, Value]) -> Value:
        """``tape.name(...)``."""
        method = self._methods.get(name)
        if method is not None:
            return method(tape, args, kwargs)
        if name in ("gradient", "jacobian", "batch_jacobian"):
            return self._interp.requests.request(tape, name, args, kwargs)
        if not name.startswith("_") and name not in self._interp.asked_for:
            self._interp.raise_here(Cause.NO_SUCH_METHOD, "AttributeError", Operation(name))
        return self._interp.unknown(origins.returned_by(f"tape.{name}"))

    # -- recording

    def enter(self, manager: Value) -> tuple[Value, Callable[[], None]]:
        """Enter a context manager: the value bound by ``as``, and what leaving it does."""
        interp = self._interp
        if isinstance(manager, Tape):
            self.start(manager)
            return manager, lambda: self.leave(manager)
        if isinstance(manager, Member) and isinstance(manager.receiver, Tape) and manager.name == "stop_recording()":
            tape = manager.receiver
            self._meddled(tape)
            tapes = interp.recorder.tapes
            before = tapes.active
            tape.stopped_within = interp.recorder.within
            interp.state.set(tapes, "active", Active(each for each in before if each[0] is not tape))
            interp.state.set(tapes, "stopped", (*tapes.stopped, tape))

            def resume() -> None:
                interp.state.set(tapes, "active", Active((*tapes.active, (tape, True))))
                stopped = tuple(each for each in tapes.stopped if each is not tape)
                interp.state.set(tapes, "stopped", stopped)

            return NONE, resume
        if isinstance(manager, ContextManagerCall):
            # Entered by somebody else: what it does to the tapes on the way is not seen.
            for tape, _ in interp.recorder.tapes.active:
                interp.state.set(tape, "escaped", True)
        if isinstance(manager, Unknown) and manager.node.origin is origins.SCOPE_OF_OTHER_RULES:
            return interp.unknown(origins.CONTEXT_MANAGER, manager), self._under_other_rules()
        enter = interp.attributes.get(manager, "__enter__")
        if isinstance(manager, (Unknown, Member, Const)) or isinstance(enter, (Unknown, Member)):
            # It may be a graph, a session, a strategy: what is only refused in eager code may be right in there.
            tapes = interp.recorder.tapes
            interp.state.set(tapes, "others", (tapes.fields["others"] or 0) + 1)
            known = self.doubt(variables=False) if tapes.active and not self._harmless(manager) else None

            def left() -> None:
                interp.state.set(tapes, "others", max(0, (tapes.fields["others"] or 0) - 1))
                if known is not None:
                    known()

            return interp.unknown(origins.CONTEXT_MANAGER, manager), left
        leave = interp.attributes.get(manager, "__exit__")
        entered = interp.calls.call(enter, [], {})

        def exit_() -> None:
            interp.calls.call(leave, [NONE, NONE, NONE], {})

        return entered, exit_

    def _under_other_rules(self) -> Callable[[], None]:
        """Inside of it variables may stand for something else: no tape that sees that can be relied on."""
        tapes, set_ = self._interp.recorder.tapes, self._interp.state.set
        before = tapes.fields["replaced"]
        set_(tapes, "replaced", True)
        for tape, _ in tapes.active:
            set_(tape, "escaped", True)
        known = self.doubt()

        def left() -> None:
            set_(tapes, "replaced", before)
            known()

        return left

    def _harmless(self, manager: Value) -> bool:
        """Whether tapes record under a context manager as without it: it is a file, a clock, a lock ..."""
        interp = self._interp
        node = manager.node if isinstance(manager, Unknown) else None
        for _ in range(_CHAIN):
            if node is None:
                break
            if interp.libraries.harmless(node.origin, interp.unseen.modules.get(node, "")):
                return True
            # What was called, or what it is an attribute of.
            node = node.edges[0].node if node.edges else None
        return False

    def doubt(self, variables: bool = True) -> Callable[[], None]:
        """From here on nobody knows whether a tape records, until what this gives is called.

        ``variables``: nor what variables are like that are made.
        """
        interp = self._interp
        tapes = interp.recorder.tapes
        before, doubted = tapes.active, tapes.fields["doubted"]
        interp.state.set(tapes, "active", Active((tape, False) for tape, _ in before))
        interp.state.set(tapes, "doubted", variables or doubted)

        def end() -> None:
            known = dict(before)
            interp.state.set(
                tapes, "active", Active((tape, known.get(tape, certain)) for tape, certain in tapes.active)
            )
            interp.state.set(tapes, "doubted", doubted)

        return end

    def _meddled(self, tape: Tape) -> None:
        """What a compiled function does with a tape from outside of it happens while it is traced, and no more then.

        The tape records the call as one step, whatever it missed inside.
        """
        if tape.level != self._interp.graph_level:
            self._interp.state.set(tape, "escaped", True)

    def start(self, tape: Tape) -> Tape:
        """The tape begins to record."""
        interp = self._interp
        self._meddled(tape)
        tapes = interp.recorder.tapes
        now = interp.recorder.now()
        if "entered" not in tape.fields:
            interp.state.set(tape, "entered", now)
        tape.block, tape.within = interp.statement, interp.recorder.within
        if tape.fields["life"] != LIVE:
            # A tape that answered before starts a new recording.
            interp.state.set(tape, "epoch", now)
            interp.state.set(tape, "watched", Watched())
            interp.state.set(tape, "read", ())
        interp.state.set(tape, "life", LIVE)
        if tapes.fields["replaced"] is not False:
            interp.state.set(tape, "escaped", True)
        if not any(each is tape for each, _ in tapes.active):
            interp.state.set(tapes, "active", Active((*tapes.active, (tape, True))))
        return tape

    def _stop(self, tape: Tape) -> Value:
        self.leave(tape)
        return NONE

    def leave(self, tape: Tape) -> None:
        """The tape stops recording."""
        tapes = self._interp.recorder.tapes
        if any(each is tape for each, _ in tapes.active):
            remaining = Active(each for each in tapes.active if each[0] is not tape)
            self._interp.state.set(tapes, "active", remaining)

    def _watch(self, tape: Tape, args: list[Value], kwargs: dict[str, Value]) -> Value:
        interp = self._interp
        given = args[0] if args else kwargs.get("tensor", NONE)
        if any(each is tape for each in interp.recorder.tapes.stopped):
            return NONE
        watched = Watched(tape.fields["watched"])
        found = leaves_of(given)
        if found is None:
            # What it watches of so many is not known.
            interp.state.set(tape, "escaped", True)
        for _, leaf in found or ():
            if isinstance(leaf, Repeated):
                leaf = leaf.element
            if isinstance(leaf, Array):
                self._interp.raise_here(Cause.WATCH_OF_NON_TENSOR, "ValueError", NonTensor.ARRAY)
            if isinstance(leaf, (Scalar, Const)):
                self._interp.raise_here(Cause.WATCH_OF_NON_TENSOR, "ValueError", NonTensor.NUMBER)
            if isinstance(leaf, Tensor) and leaf.node.placeholder and not interp.recorder.level:
                self._interp.raise_here(Cause.SYMBOLIC_TENSOR, "ValueError", Symbolic.WATCH)
            if isinstance(leaf, Variable) and leaf.library == "keras":
                self._interp.raise_here(Cause.WATCH_OF_NON_TENSOR, "ValueError", NonTensor.KERAS_VARIABLE)
            nodes = nodes_of(leaf)
            others = [other for each in nodes for other in alternatives(each)]
            if cut_off((*nodes, *others)):
                interp.state.set(tape, "escaped", True)
            for node in (*nodes, *others):
                key: Any = node if node.variable is None else node.variable
                # Of several alternatives one is watched, nobody knows which.
                certain = len(nodes) == 1 and node is nodes[0]
                watched[key] = certain or watched.get(key, False)
                tape.watch_sites[key] = interp.recorder.site
                if key not in tape.fields["watched"]:  # not yet, or not since the tape was reset
                    tape.watch_times[key] = interp.recorder.now()
        interp.state.set(tape, "watched", watched)
        return NONE

    def _reset(self, tape: Tape, args: list[Value], kwargs: dict[str, Value]) -> Value:
        self._meddled(tape)
        state = self._interp.state
        state.set(tape, "epoch", self._interp.recorder.now())
        state.set(tape, "watched", Watched())
        state.set(tape, "read", ())
        return NONE

    def _watched_variables(self, tape: Tape, args: list[Value], kwargs: dict[str, Value]) -> Value:
        read = tape.fields["read"]
        if read is None:
            return self._interp.unknown(origins.WATCHED_VARIABLES)
        watched = [key for key in tape.fields["watched"] if isinstance(key, Variable)]
        variables: dict[Variable, None] = dict.fromkeys(
            variable for variable in (*read, *watched) if variable in watched or variable_tracked(tape, variable)
        )
        # TensorFlow keeps them in the order of their creation.
        ordered: list[Variable] = sorted(variables, key=lambda variable: variable.birth)
        return Items(tuple(ordered))

    def augmented(self, variable: Variable, operator: str, node: cst.AugAssign) -> bool:
        """``v -= x`` on a ``tf.Variable`` raises at once; other operators bind the name to a tensor."""
        raising = ("__add__", "__sub__", "__mul__", "__truediv__", "__pow__")
        if variable.library != "tf" or operator not in raising:
            return False
        interp = self._interp
        reason = Reason(Cause.REBOUND_VARIABLE, interp.here(None), Rebinding.AUGMENTED, raised="RuntimeError")
        interp.reports.add_step(reason)
        return True
