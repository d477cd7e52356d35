"""The measured raw operations against TensorFlow's own registry of gradients."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # tools/ is not installed

from tools.measure import registry  # noqa: E402


def test_the_registry_is_read_as_tensorflow_reads_it() -> None:
    assert registry.registered("Conv2D") == "gradient"
    assert registry.registered("CTCGreedyDecoder") == "not differentiable"
    assert registry.registered("ArgMax") == "gradient", "one that returns None"
    assert registry.registered("Lu") == "nothing"


def test_enough_operations_are_compared() -> None:
    of_each = [registry.registered(name) for name in registry.measured()]
    assert of_each.count("gradient") > 150
    assert of_each.count("not differentiable") > 30
    assert of_each.count("nothing") > 100


def test_every_operation_does_what_the_registry_says_or_is_explained() -> None:
    found = registry.disagreements()
    explained = registry.explanations()
    assert not {name: text for name, text in found.items() if name not in explained}
    assert not set(explained) - set(found), "nothing to explain any more"


def test_a_wrong_word_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "registered", lambda name: "not differentiable")
    assert len(registry.disagreements()) > 200
    monkeypatch.setattr(registry, "registered", lambda name: "nothing")
    assert len(registry.disagreements()) > 200
