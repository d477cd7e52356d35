"""What the rules' repairs change, and what is left alone."""

from __future__ import annotations

import pytest
from repairing import FIXER
from repairs import REPAIRS, Repair

from tfgradlint.analysis.guarded import judge
from tfgradlint.analysis.results import Edit, Finding, Fix, Position
from tfgradlint.fixing.edits import applied, overlap
from tfgradlint.fixing.fixer import Fixed
from tfgradlint.rules import all_rules
from tfgradlint.rules.base import Rule


def fixed(text: str, *, unsafe: bool = True) -> Fixed:
    return FIXER.fixed(text, unsafe=unsafe)


@pytest.mark.parametrize("repair", REPAIRS, ids=lambda repair: f"{repair.code}-{repair.name}")
def test_a_repair_changes_what_it_says_and_nothing_else(repair: Repair) -> None:
    (finding,) = FIXER.proposals(repair.before)
    assert (finding.code, finding.fix and finding.fix.grade) == (repair.code, repair.grade)
    assert fixed(repair.before).text == repair.after
    assert fixed(repair.after) == Fixed(repair.after)


@pytest.mark.parametrize("repair", REPAIRS, ids=lambda repair: f"{repair.code}-{repair.name}")
def test_an_unsafe_repair_is_made_only_where_it_is_asked_for(repair: Repair) -> None:
    made = fixed(repair.before, unsafe=False)
    assert made.text == (repair.after if repair.grade == "safe" else repair.before)


def test_every_rule_that_repairs_has_an_example_of_it() -> None:
    able = {rule.code for rule in all_rules() if type(rule).fix is not Rule.fix}
    assert able == {repair.code for repair in REPAIRS}


START = "import numpy as np\nimport tensorflow as tf\nw = tf.Variable([1.0, 2.0])\n"


@pytest.mark.parametrize(
    "program",
    [
        # what follows needs an array
        """
with tf.GradientTape() as tape:
    y = w.numpy()
    loss = tf.constant(2.0) * y.sum()
tape.gradient(loss, w)
""",
        # an argument of NumPy that TensorFlow does not know
        """
with tf.GradientTape() as tape:
    loss = tf.constant(2.0) * np.mean(w, dtype=np.float64)
tape.gradient(loss, w)
""",
        # a list has no assign
        """
weights = [w]
for _ in range(2):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(weights[0] ** 2)
    slopes = tape.gradient(loss, weights)
    weights = [each - slope for each, slope in zip(weights, slopes)]
""",
        # a text over several lines would be changed with what is moved
        '''
with tf.GradientTape() as tape:
    y = w * w
print("""
squares
""")
loss = tf.reduce_sum(y)
tape.gradient(loss, w)
''',
        # the block to record them in stands on one line
        """
with tf.GradientTape() as tape: y = w * w
loss = tf.reduce_sum(y)
tape.gradient(loss, w)
""",
        # what is watched has to be there
        """
y = 2.0 * w
with tf.GradientTape() as tape:
    tape.watch(y)
    loss = tf.reduce_sum(y * y)
tape.gradient(loss, w)
""",
        # both sides of the tape
        """
def ask(tape, y):
    return tape.gradient(y, w), tape.gradient(y, w)

with tf.GradientTape() as one:
    y = w * w
with tf.GradientTape() as other:
    z = w * w
ask(one, y)
""",
    ],
)
def test_what_would_not_hold_is_left_alone(program: str) -> None:
    text = START + program.lstrip("\n")
    (finding,) = FIXER.proposals(text)
    assert finding.fix is None
    assert fixed(text) == Fixed(text, (), (finding,)) or fixed(text).text == text


def test_one_repair_after_the_other() -> None:
    text = START + (
        "with tf.GradientTape() as tape:\n"
        "    y = np.square(w)\n"
        "    loss = tf.reduce_sum(y)\n"
        "a = tape.gradient(loss, w)\n"
        "b = tape.gradient(loss, w)\n"
    )
    made = fixed(text)
    assert [each.code for each in made.made] == ["TFG202", "TFG101"] or [each.code for each in made.made] == [
        "TFG101",
        "TFG202",
    ]
    assert "GradientTape(persistent=True)" in made.text
    assert "tf.square(w)" in made.text
    assert made.left == ()


def test_edits_change_lines_whatever_ends_them() -> None:
    edits = [
        Edit(Position(1, 1, 1, 1), "new\n"),
        Edit(Position(2, 2, 2, 3), ""),
        Edit(Position(2, 4, 3, 1), "+"),
    ]
    assert applied("ab\r\nabcd\r\ne", edits) == "new\r\nab\r\nac+e"


def test_edits_of_one_place_are_not_made() -> None:
    one, other = Edit(Position(1, 1, 1, 4), "x"), Edit(Position(1, 3, 1, 5), "y")
    assert overlap([one, other])
    assert not overlap([one, Edit(Position(1, 4, 1, 5), "y")])


def test_a_fault_of_a_repair_leaves_the_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    def faulty(*_: object) -> Fix | None:
        raise KeyError("fault")

    repair = REPAIRS[0]
    for rule in all_rules():
        if rule.code == repair.code:
            monkeypatch.setattr(type(rule), "fix", faulty)
    analysis = judge(repair.before, fixes=True)
    assert [finding.code for finding in analysis.findings] == [repair.code]
    assert analysis.findings[0].fix is None
    assert any("KeyError" in told for told in analysis.gave_up)


def codes(findings: list[Finding]) -> list[str]:
    return [finding.code for finding in findings]


def test_the_repair_shows_what_stood_behind_it() -> None:
    """A step that raises hides what follows; the repair is made though another fault comes to light."""
    text = START + (
        "w -= 0.1\nwith tf.GradientTape() as tape:\n    loss = tf.reduce_sum(np.square(w))\ntape.gradient(loss, w)\n"
    )
    made = fixed(text)
    assert codes(list(made.made))[0] == "TFG107"
    assert "w.assign_sub(0.1)" in made.text
