"""What is reported of the requests that Keras makes: training, its losses, and what Keras compiles for it."""

from __future__ import annotations

from dataclasses import dataclass

from tfgradlint.flow.graph.breaks import FrozenIn, LossFault
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.nodes import Site
from tfgradlint.flow.graph.origins import WEIGHTS
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import NONE, Value
from tfgradlint.flow.values.functions import Function
from tfgradlint.flow.values.objects import Instance, Layer
from tfgradlint.flow.verdict.judgements import ARRIVING, Judgement, Reason, ReportedStep
from tfgradlint.flow.verdict.reports import Leaf
from tfgradlint.flow.verdict.request_analysis import Implied
from tfgradlint.libraries.keras.origins import REGULARIZER
from tfgradlint.libraries.keras.regularised import regularised
from tfgradlint.libraries.keras.state import BROKEN, COMPILED_AT, OBJECTIONS, keras_state
from tfgradlint.libraries.keras.weight_lists import Weights

#: Causes that say that the step is not on the path at all.
_ELSEWHERE = frozenset({Cause.UNRELATED_TARGET, Cause.UNWATCHED_TENSOR, Cause.UNWATCHED_VARIABLE})
#: Causes that raise where Keras compiles the step.
_REFUSED = frozenset({Cause.PYTHON_VALUE, Cause.NUMPY_FUNCTION})
#: What makes models whose weights are frozen as those of another one were.
_WITH_FLAGS = ("load_model", "clone_model")


def report_compiled(interp: Context, tried: list[ReportedStep], site: Site) -> None:
    """Report what was found in code that Keras compiles at ``site``: what it refuses to compile raises there."""
    for reason, affected_request in tried:
        refused = affected_request is None and reason.raised and reason.cause in _REFUSED
        interp.reports.add_step(reason, site if refused else affected_request)


# -- the losses that a model is compiled with


def objection_to(judgement: Judgement, site: Site, refused: bool) -> Reason | None:
    """What is wrong with a loss that was tried at ``site``; None: nothing.

    ``refused``: Keras raises where it finds no gradient.
    """
    reason = judgement.reason
    if reason is not None and judgement.verdict == "raises":
        return reason
    if reason is not None and reason.cause is Cause.METRIC_AS_LOSS:
        return reason._replace(raised="ValueError")
    if judgement.verdict not in ("none", "zero"):
        return None
    raised = _raised(reason, "ValueError" if judgement.verdict == "none" and refused else "")
    if reason is None or reason.cause in _ELSEWHERE:
        return Reason(Cause.KERAS_LOSS, site, LossFault.UNUSED_PREDICTION, (), raised)
    return Reason(Cause.KERAS_LOSS, reason.site, _lost(judgement), reason.steps, raised)


def report_objections(
    interp: Context, model: Layer | Instance, site: Site, others: bool, placeholder: bool = False
) -> None:
    """The model is trained at ``site``: report what is wrong with the losses that it was compiled with last.

    ``others``: something else may give the weights a gradient. Then Keras trains with that and refuses nothing, as it
    does where all weights have been frozen since. ``placeholder``: it trains all of them.
    """
    weights = Weights(interp, model)
    mild = others or _may_be_frozen_whole(model, weights)
    objections = OBJECTIONS.of(model) or ()
    for objection in objections:
        if len(objections) == 1 or not objection.replaced:
            objection.reported = True
            for reason in objection.reasons if not (interp.attempts or placeholder) else ():
                interp.reports.add_step(_mild(reason) if mild else reason, site)


def _may_be_frozen_whole(model: Layer | Instance, weights: Weights) -> bool:
    """Whether all its weights are frozen, or may be: a model that was loaded or cloned comes with flags nobody saw."""
    if not weights.found and (weights.frozen or not weights.known):
        return True
    return isinstance(model, Layer) and model.own is not None and model.path.rpartition(".")[2] in _WITH_FLAGS


def report_unused_losses(interp: Context) -> None:
    """The program ends: losses that were neither replaced nor trained with wait for somebody else's ``fit``.

    Nothing is said where a layer may add losses of its own: then Keras trains with those.
    """
    if any(each.uses_anywhere("add_loss") for each in interp.prescans()):
        return
    for objection in keras_state(interp).objections:
        if not objection.reported and not objection.replaced:
            for reason in objection.reasons:
                interp.reports.add_step(reason)


def _mild(reason: Reason) -> Reason:
    lost = reason.cause in (Cause.KERAS_LOSS, Cause.METRIC_AS_LOSS) and reason.raised == "ValueError"
    return reason._replace(raised="") if lost else reason


def _raised(reason: Reason | None, raised: str) -> str:
    """What Keras raises for a loss without a gradient: ``predict`` and its like refuse to run in a step at all."""
    return "an error" if reason is not None and reason.cause is Cause.PREDICTED else raised


def _lost(judgement: Judgement) -> LossFault:
    return LossFault.ZERO if judgement.verdict == "zero" else LossFault.CUT


# -- training


@dataclass
class TrainingStep:
    """One step of training that Keras makes itself: the method that asks for it, and how its loss came about."""

    name: str
    site: Site
    model: Layer | Instance
    #: What the model was compiled with.
    options: dict[str, Value]
    #: When the model had made its predictions.
    predicted: int = 0
    #: Whether there is no loss at all.
    without_loss: bool = False


def report_frozen(interp: Context, frozen_at: Site, site: Site) -> None:
    """Everything was frozen that is to be trained at ``site``."""
    interp.reports.add_step(Reason(Cause.FROZEN, frozen_at, FrozenIn.FIT), site)


def report_training(interp: Context, step: TrainingStep, asked: Implied) -> None:
    """Report what a step of training gives each weight."""
    judgements, adding = asked.judgements, regularised(interp, step.model)
    if adding:
        # The losses that layers add for their weights reach those behind a step without a gradient.
        judgements = [
            each if each.verdict in ARRIVING else Judgement("unknown", origin=REGULARIZER) for each in judgements
        ]
    if BROKEN.of(step.model) or interp.attempts:
        judgements = [judgement._replace(reason=None) for judgement in judgements]
    elif all(judgement.verdict in ("none", "zero") for judgement in judgements):
        judgements = [_of_the_loss(step, judgement) for judgement in judgements]
    compiled_at = COMPILED_AT.of(step.model)
    if step.without_loss and asked.leaves and compiled_at is not None and not adding and not interp.attempts:
        interp.reports.add_step(Reason(Cause.KERAS_LOSS, compiled_at, LossFault.MISSING, (), "ValueError"), step.site)
    elif asked.leaves:
        interp.requests.record(step.name, step.site, asked.leaves, judgements)


def _of_the_loss(step: TrainingStep, judgement: Judgement) -> Judgement:
    """No weight is reached: a step behind the predictions, or in what a layer adds, belongs to the loss."""
    reason = judgement.reason
    if reason is None or not reason.above or reason.cause in _ELSEWHERE:
        return judgement
    if reason.above[-1].seq < step.predicted and step.options.get("loss") is not None:
        return judgement
    raised = _raised(reason, "ValueError" if judgement.verdict == "none" else "")
    reason = reason._replace(cause=Cause.KERAS_LOSS, detail=_lost(judgement), raised=raised)
    return judgement._replace(reason=reason)


def report_unseen(interp: Context, model: Layer | Instance, name: str, site: Site) -> None:
    """The model is trained, and nothing is known of what that gives its weights."""
    if isinstance(model, Instance) and isinstance(interp.attributes.of_class(model.cls, "train_step"), Function):
        return  # its own requests tell
    labels = interp.reports.site(site, name).labels or ["trainable_variables"]
    leaves: list[Leaf] = [(label, NONE) for label in labels]
    interp.requests.record(name, site, leaves, [Judgement("unknown", origin=WEIGHTS)] * len(leaves))


def report_minimized(interp: Context, site: Site, asked: Implied) -> None:
    """Report what ``minimize`` of Keras 2 gives each variable; it refuses to find no gradient at all."""
    judgements = asked.judgements
    if judgements and all(each.verdict == "none" for each in judgements):
        judgements = [
            each._replace(reason=each.reason and each.reason._replace(raised="ValueError")) for each in judgements
        ]
    interp.requests.record("minimize", site, asked.leaves, judgements)
