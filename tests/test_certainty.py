"""What is told of what holds under assumptions, beside what is proven: in every format."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from jsonschema import Draft4Validator

from tfgradlint import check
from tfgradlint.analysis.results import (
    Analysis,
    Assumed,
    Edit,
    Finding,
    Fix,
    Position,
    Prediction,
    SourcePrediction,
)
from tfgradlint.analysis.wording import under_assumptions
from tfgradlint.cli.summary import Summary
from tfgradlint.files.cache import Cache, key
from tfgradlint.fixing.proof import repairs
from tfgradlint.notebooks import notebook
from tfgradlint.reports import FORMATS, Report
from tfgradlint.reports import json as as_json
from tfgradlint.reports import text as as_text
from tfgradlint.server import hover

MESSAGE = "np.mean() leaves TensorFlow: tape.gradient(loss, w) on line 8 returns None, unless loss_fn() reads w"
AT = Position(6, 12, 6, 20)
ASSUMED = Finding(AT, "TFG202", MESSAGE, certainty="assumed", assumes=("loss_fn",))
PROVEN = Finding(Position(2, 1, 2, 9), "TFG202", "np.sum() leaves TensorFlow")
NONE = Assumed("none", ("loss_fn",), "TFG202", 6, MESSAGE)
FLOWS = Assumed("flows", ("model", "loss_fn"))
WEIGHTS = "model.trainable_variables"


def request(*assumed: Assumed | None) -> Prediction:
    """A request of which nothing is proven, with a source for each verdict."""
    return Prediction(
        8, 9, "gradient", "unknown", tuple(SourcePrediction(WEIGHTS, "unknown", assumed=each) for each in assumed)
    )


@pytest.mark.parametrize(
    ("assumed", "source", "told"),
    [
        (NONE, WEIGHTS, "None unless loss_fn reads model in another way"),
        (Assumed("zero", ("a", "b.c")), "w", "zero unless a or b.c read w in another way"),
        (Assumed("none", ("f",)), "self.net.weights[0]", "None unless f reads self.net in another way"),
        (FLOWS, WEIGHTS, "flows if model and loss_fn pass gradients"),
        (Assumed("arrives", ("a", "b", "c")), "w", "arrives if a, b and c pass gradients"),
        (Assumed("flows", ("model",)), "w", "flows if model passes gradients"),
    ],
)
def test_a_verdict_tells_under_what_it_holds(assumed: Assumed, source: str, told: str) -> None:
    assert under_assumptions(assumed, source) == told


def test_text_tells_it_behind_the_verdict() -> None:
    assert list(as_text.predictions([("a.py", request(NONE, FLOWS, None))])) == [
        "a.py:8:9: gradient: unknown",
        f"    {WEIGHTS}: unknown (None unless loss_fn reads model in another way) (TFG202, line 6): {MESSAGE}",
        f"    {WEIGHTS}: unknown (flows if model and loss_fn pass gradients)",
        f"    {WEIGHTS}: unknown",
    ]


def test_json_has_what_is_assumed_beside_what_is_proven() -> None:
    (told,) = json.loads(as_json.predictions([("a.py", request(NONE, None))]))
    first, second = told["sources"]
    assert (first["verdict"], first["certainty"]) == (second["verdict"], second["certainty"]) == ("unknown", "proven")
    assert first["assumed"] == {
        "verdict": "none",
        "certainty": "assumed",
        "assumes": ["loss_fn"],
        "code": "TFG202",
        "line": 6,
        "reason": MESSAGE,
    }
    assert second["assumed"] is None
    found = json.loads(as_json.findings([("a.py", PROVEN), ("a.py", ASSUMED)]))
    assert [(each["certainty"], each["assumes"]) for each in found] == [("proven", []), ("assumed", ["loss_fn"])]


def test_the_documentation_shows_what_is_printed() -> None:
    page = (Path(__file__).parent.parent / "docs" / "formats.md").read_text("utf-8")
    ((printed,),) = [each["sources"] for each in json.loads(as_json.predictions([("train.py", request(FLOWS))]))]
    *_, shown = re.findall(r"^```json\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert json.loads(shown) == printed
    assert list(as_text.predictions([("train.py", request(FLOWS))]))[1] in page.splitlines()


def formatted(name: str) -> str:
    return "\n".join(FORMATS[name](Report([("a.py", PROVEN), ("a.py", ASSUMED)])))


def test_services_are_told_less_loudly_of_what_is_assumed() -> None:
    assert [line.split()[0] for line in formatted("github").splitlines()] == ["::error", "::warning"]
    assert [each["severity"] for each in json.loads(formatted("gitlab"))] == ["major", "minor"]
    log = json.loads(formatted("sarif"))
    schema = Path(__file__).parent / "schemas" / "sarif-2.1.0-rtm.5.json"
    assert list(Draft4Validator(json.loads(schema.read_text("utf-8"))).iter_errors(log)) == []
    first, second = log["runs"][0]["results"]
    assert (first["level"], second["level"]) == ("error", "warning")
    assert first["properties"] == {"certainty": "proven", "assumes": []}
    assert second["properties"] == {"certainty": "assumed", "assumes": ["loss_fn"]}


def test_statistics_count_both_kinds() -> None:
    located = [("a.py", PROVEN), ("b.py", ASSUMED), ("a.py", ASSUMED)]
    assert list(as_text.statistics(located, {"TFG202": "numpy-function"})) == [
        "3       TFG202 numpy-function (2 assumed)"
    ]
    assert list(as_text.statistics(located[:1], {})) == ["1       TFG202"]


def test_the_last_line_counts_what_is_assumed_of_unknown_requests() -> None:
    proven = Prediction(1, 1, "gradient", "flows", (SourcePrediction("w", "flows"),))
    partly = Prediction(1, 1, "gradient", "unknown", (SourcePrediction("w", "flows"), *request(FLOWS).sources))
    summary = Summary()
    summary.add(Analysis(predictions=(proven, partly, request(NONE, None), request(FLOWS, None), request(None))))
    assert summary.line() == "1 file, 5 requests: 1 flows, 4 unknown (assumed: 1 flows, 1 lost)"
    # where one source is not told, the others do not tell of the request, unless they lose what it asks for
    assert [each.assumed for each in (proven, partly, request(FLOWS, None), request(NONE, None))] == [
        None,
        "flows",
        None,
        "none",
    ]


def test_what_is_assumed_is_kept_in_the_cache(tmp_path: Path) -> None:
    kept = Analysis((ASSUMED,), (request(NONE, FLOWS, None),))
    store = Cache(str(tmp_path))
    store.prepare()
    store.put(key(b"a"), kept)
    assert store.get(key(b"a")) == kept


def test_a_notebook_tells_the_cell_of_what_is_assumed() -> None:
    cells = notebook.assembled([(1, "a = 1\nb = 2\n"), (3, "c = 1\nd = 2\ne = 3\n")])
    line = cells.line(3, 2)
    (prediction,) = cells.located(Analysis(predictions=(request(dataclasses.replace(NONE, line=line)),))).predictions
    (source,) = prediction.sources
    assert source.assumed is not None
    assert (source.assumed.cell, source.assumed.line) == (3, 2)
    assert "(TFG202, line 2 of cell 3)" in list(as_text.predictions([("a.ipynb", prediction)]))[1]


def test_an_editor_shows_it_under_the_cursor() -> None:
    judged: Any = SimpleNamespace(analysis=Analysis(predictions=(request(NONE, FLOWS),)))
    told = list(hover._told(judged.analysis.predictions[0]))
    assert "**unknown** (None unless loss\\_fn reads model in another way) ([TFG202](" in told[2]
    assert told[3].endswith("**unknown** (flows if model and loss\\_fn pass gradients)")


def test_a_repair_of_what_is_assumed_holds_under_the_same_assumption() -> None:
    fix = Fix("safe", "use tf.reduce_mean()", (Edit(AT, "tf.reduce_mean"),))
    finding = dataclasses.replace(ASSUMED, fix=fix)
    before = Analysis((finding,), (request(NONE),))
    assert repairs(before, Analysis((), (request(FLOWS),)), finding)
    assert not repairs(before, Analysis((), (request(None),)), finding)
    assert not repairs(before, Analysis((), (request(NONE),)), finding)


_HAZARD = """\
import tensorflow as tf

w = tf.Variable([0.5, 1.0])


def step(model, x, y):
    with tf.GradientTape(persistent=True) as tape:
        p = model(x) + w
        loss = -tf.reduce_sum(y * tf.math.log(tf.nn.softmax(p)))
    return tape.gradient(loss, model.trainable_variables){more}
"""


def test_what_spoils_a_gradient_that_is_assumed_to_come_is_assumed_itself() -> None:
    (finding,) = check(_HAZARD.format(more=""))
    assert (finding.code, finding.certainty, finding.assumes) == ("TFG502", "assumed", ("model",))
    assert "if model() passes gradients;" in finding.message


def test_what_is_proven_of_one_request_is_told_as_proven() -> None:
    (finding,) = check(_HAZARD.format(more=", tape.gradient(loss, w)"))
    assert (finding.code, finding.certainty) == ("TFG502", "proven")
