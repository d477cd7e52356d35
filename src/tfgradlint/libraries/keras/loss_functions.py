"""Functions that are losses by their name or their parameters, in files that ask for no gradient themselves."""

from __future__ import annotations

import re
from functools import partial

from tfgradlint.flow.graph import origins
from tfgradlint.flow.graph.breaks import LossFault
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.nodes import Site
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.tape.tape import Tape
from tfgradlint.flow.values.base import Symbol, Tensor, Unknown, Value
from tfgradlint.flow.values.functions import Function, Method
from tfgradlint.flow.values.objects import Class, Instance
from tfgradlint.flow.verdict.judgements import Judgement, Reason
from tfgradlint.libraries.session import keras_name

_LOSS = re.compile(r"(?:^|_)loss(?:es)?(?:_fn|_function)?$|^(?:loss|cost)(?:_|$)", re.IGNORECASE)
#: Functions of a truth and a prediction that judge and do not train.
_SCORE = re.compile(
    r"acc|score|metric|precision|recall|iou|dice|coef|rate|f1|auc|match|count|confusion|update|plot|log"
)
_TRUTH = frozenset({"y_true", "labels", "label", "targets", "target", "truth", "y", "y_real"})
_PREDICTION = frozenset("y_pred pred preds prediction predictions y_hat logits scores output outputs probs".split())
_ELSEWHERE = frozenset({Cause.UNRELATED_TARGET, Cause.UNWATCHED_TENSOR})


def review(interp: Context) -> None:
    """Try every loss of the module on a truth and a prediction."""
    interp.isolated = True
    for function in list(interp.functions):
        if _prediction(function) is None and "loss" in function.name.lower():
            run = partial(interp.entry_points.call, function, None)
            interp.in_isolation(function.name, function.node, run)
    for function in [*interp.functions, *interp.nested]:
        _try(interp, function, None)
    for cls in interp.classes:
        methods = [each for each in cls.fields.values() if isinstance(each, Function)]
        if _is_metric(cls) or not any(_prediction(each, cls) for each in methods):
            continue
        for each in methods:
            _try(interp, each, cls)


def _try(interp: Context, function: Function, cls: Class | None) -> None:
    prediction = _prediction(function, cls)
    if prediction is None:
        return

    def run() -> None:
        instance = Instance(cls, open=True) if cls is not None else None
        if instance is not None:
            interp.entry_points.initialise(instance)
        _judge(interp, function, instance, prediction)

    interp.in_isolation(function.name, function.node, run)


def _judge(interp: Context, function: Function, receiver: Instance | None, prediction: str) -> None:
    site = Site(function.node, None)
    given: dict[str, Value] = {}
    for name in _parameters(function)[receiver is not None :]:
        known = name == prediction or name in _TRUTH
        given[name] = Tensor(interp.recorder.op([], "float32")) if known else interp.unknown(origins.PARAMETER)
    callee: Value = function if receiver is None else Method(function, receiver)

    def run(tape: Tape) -> Value:
        interp.tapes.call(tape, "watch", [given[prediction]], {})
        return interp.calls.call(callee, [], given)

    asked = interp.requests.implied(site, run, lambda: [(prediction, given[prediction])])
    if isinstance(asked.target, (Tensor, Unknown)):
        _report(interp, asked.judgements[0], site)


def _report(interp: Context, judgement: Judgement, site: Site) -> None:
    reason = judgement.reason
    if judgement.verdict not in ("none", "zero"):
        return
    if reason is None or reason.cause in _ELSEWHERE:
        interp.reports.add_step(Reason(Cause.LOSS_FUNCTION, site, LossFault.UNUSED_PREDICTION))
    else:
        interp.reports.add_step(reason._replace(cause=Cause.LOSS_FUNCTION, detail=LossFault.CUT))


def _prediction(function: Function, cls: Class | None = None) -> str | None:
    """The parameter that is the prediction, where the function is a loss; None for all others."""
    names = _parameters(function)[cls is not None :]
    named = bool(_LOSS.search(function.name))
    if cls is not None and function.name in ("call", "__call__"):
        named = cls.name.lower().endswith("loss") or _derives_from_loss(cls)
    elif {"y_true", "y_pred"} <= set(names):
        named = named or (cls is None and not _SCORE.search(function.name.lower()))
    if not named or len(names) < 2:
        return None
    return next((name for name in names if name in _PREDICTION), None)


def _parameters(function: Function) -> list[str]:
    params = function.node.params
    return [param.name.value for param in (*params.posonly_params, *params.params)]


def _bases(cls: Class) -> list[str]:
    return [keras_name(base.path) or "" for base in cls.lineage() if isinstance(base, Symbol)]


def _derives_from_loss(cls: Class) -> bool:
    return any(path in ("Loss", "losses.Loss") for path in _bases(cls))


def _is_metric(cls: Class) -> bool:
    return any(path.startswith("metrics.") or path == "Metric" for path in _bases(cls))
