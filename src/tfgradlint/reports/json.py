"""Results as JSON, for programs. The keys are part of the interface and keep their meaning."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping

from tfgradlint.analysis.results import ASSUMED, PROVEN, Assumed, Finding, Prediction
from tfgradlint.knowledge import Case, Output
from tfgradlint.knowledge.lookup import Found, FoundLayer
from tfgradlint.knowledge.objects import FoundObject

#: What was not judged in full, with its path.
LeftOut = Iterable[tuple[str, Finding]]


def findings(located: Iterable[tuple[str, Finding]], left_out: LeftOut = ()) -> str:
    """A list, one object a finding. ``fix`` is null where no repair is known to hold."""
    parts = _by_path(left_out)
    return _dump(_finding(*one, parts) for one in located)


def finding_lines(located: Iterable[tuple[str, Finding]], left_out: LeftOut = ()) -> Iterator[str]:
    """The same objects, one a line."""
    parts = _by_path(left_out)
    return (json.dumps(_finding(*one, parts)) for one in located)


def predictions(located: Iterable[tuple[str, Prediction]], left_out: LeftOut = ()) -> str:
    """A list, one object a request."""
    parts = _by_path(left_out)
    return _dump(_prediction(*one, parts) for one in located)


def prediction_lines(located: Iterable[tuple[str, Prediction]], left_out: LeftOut = ()) -> Iterator[str]:
    """The same objects, one a line."""
    parts = _by_path(left_out)
    return (json.dumps(_prediction(*one, parts)) for one in located)


#: For each path the parts of the file that were not judged in full.
_Parts = Mapping[str, list[dict[str, object]]]


def _by_path(left_out: LeftOut) -> _Parts:
    parts: dict[str, list[dict[str, object]]] = {}
    for path, finding in left_out:
        at = finding.position
        told = {**_cell(at.cell), "line": at.line, "column": at.column, "message": finding.message}
        parts.setdefault(path, []).append(told)
    return parts


def _finding(path: str, finding: Finding, parts: _Parts) -> dict[str, object]:
    return {
        "path": path,
        **_cell(finding.position.cell),
        "line": finding.position.line,
        "column": finding.position.column,
        "end_line": finding.position.end_line,
        "end_column": finding.position.end_column,
        "code": finding.code,
        "message": finding.message,
        "path_steps": [
            {"path": step.file(path), **_cell(step.cell), "line": step.line, "column": step.column, "text": step.text}
            for step in finding.path_steps
        ],
        "certainty": finding.certainty,
        "assumes": list(finding.assumes),
        "fix": {"grade": finding.fix.grade, "title": finding.fix.title} if finding.fix is not None else None,
        "left_out": parts.get(path, []),
    }


def _prediction(path: str, prediction: Prediction, parts: _Parts) -> dict[str, object]:
    return {
        "path": path,
        **_cell(prediction.cell),
        "line": prediction.line,
        "column": prediction.column,
        "call": prediction.call,
        "verdict": prediction.verdict,
        "sources": [
            {
                "source": source.source,
                "verdict": source.verdict,
                "certainty": PROVEN,
                "assumed": _assumed(source.assumed) if source.assumed is not None else None,
                "code": source.code,
                **_cell(source.cell),
                "line": source.line,
                "reason": source.reason,
                "missing": source.missing,
            }
            for source in prediction.sources
        ],
        "left_out": parts.get(path, []),
    }


def _assumed(assumed: Assumed) -> dict[str, object]:
    return {
        "verdict": assumed.verdict,
        "certainty": ASSUMED,
        "assumes": list(assumed.assumes),
        "code": assumed.code,
        **_cell(assumed.cell),
        "line": assumed.line,
        "reason": assumed.reason,
    }


def _cell(cell: int) -> dict[str, int]:
    """The key that only findings in notebooks have."""
    return {"cell": cell} if cell else {}


def operations(found: Iterable[Found], layers: Iterable[FoundLayer] = (), objects: Iterable[FoundObject] = ()) -> str:
    """A list, one object a callable, then one a layer of Keras, then one a class or method of TensorFlow Probability.

    Under ``versions``, ``before`` is what is there, ``after`` what is told here.
    """
    callables: Iterator[dict[str, object]] = (
        {
            "asked": one.asked,
            "name": one.known.name,
            "aliases": list(one.aliases),
            "tensorflow": one.tensorflow,
            "parameters": [dataclasses.asdict(parameter) for parameter in one.known.params],
            "cases": [_case(case) for case in one.known.cases],
            "versions": [dataclasses.asdict(version) for version in one.versions],
        }
        for one in found
    )
    return _dump([*callables, *map(_layer, layers), *map(_object, objects)])


def _object(one: FoundObject) -> dict[str, object]:
    known = one.known
    return {
        "asked": one.asked,
        "name": known.name,
        "tensorflow_probability": one.measured["tensorflow-probability"],
        "tensorflow": one.measured["tensorflow"],
        "parameters": [dataclasses.asdict(parameter) for parameter in known.params],
        "cases": [] if one.methods else [_case(case) for case in known.cases],
        "reads": dict(one.reads),
        "remembers": one.remembers,
        "methods": {name: [_case(case) for case in method.cases] for name, method in one.methods.items()},
        "unmeasured": dict(one.unmeasured),
    }


def _layer(one: FoundLayer) -> dict[str, object]:
    facts = one.facts
    return {
        "asked": one.asked,
        "name": f"keras.layers.{facts.name}",
        "aliases": [f"keras.layers.{alias}" for alias in one.aliases],
        "keras": one.keras,
        "tensorflow": one.tensorflow,
        "parameters": [dataclasses.asdict(parameter) for parameter in facts.params],
        "call": [dataclasses.asdict(parameter) for parameter in facts.call],
        "weights": [
            {
                "name": weight.name,
                "gradient": weight.words._asdict(),
                "switch": weight.switch and dataclasses.asdict(weight.switch),
            }
            for weight in facts.weights
        ],
        "frozen": list(facts.frozen),
        "inputs": {name: words._asdict() for name, words in facts.inputs.items()},
        "returns": dict(facts.returns),
        "passes": facts.passes,
        "seeds": dataclasses.asdict(facts.seeds),
        "wraps": facts.wraps,
        "other": dict(facts.other),
        "untried": sorted(facts.untried),
        "versions": {"same": one.same, "differing": one.differing, "missing": one.missing},
    }


def _case(case: Case) -> dict[str, object]:
    return {
        "when": {name: wanted if isinstance(wanted, str) else list(wanted) for name, wanted in case.when.items()},
        "returns": case.returns,
        "fields": list(case.fields),
        "outputs": [_output(output) for output in case.outputs],
        "unwatched": list(case.unwatched),
        "single": case.single,
    }


def _output(output: Output) -> dict[str, object]:
    return {
        "kind": output.kind,
        "dtype": output.dtype,
        "alias": output.alias,
        "gradient": dict(output.effects),
        "second_derivative": dict(output.second),
        "of_variable": dict(output.of_variable),
        "of_complex": dict(output.of_complex),
        "indexed_slices": list(output.slices),
    }


def _dump(objects: Iterable[dict[str, object]]) -> str:
    return json.dumps(list(objects), indent=2)
