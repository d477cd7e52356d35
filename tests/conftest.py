"""``pytest -m "not tensorflow"`` runs what needs no TensorFlow, on Pythons for which there is none.

A test that is not named here runs everywhere; nothing is skipped where TensorFlow is installed.
"""

from __future__ import annotations

from pathlib import Path

import pytest

WITHOUT = "not tensorflow"

#: Modules of tests that run TensorFlow, and single tests of other modules.
MODULES = frozenset(
    {
        "test_evidence",
        "test_evidence_harness",
        "test_evidence_keras_2",
        "test_evidence_training",
        "test_gradient_registry",
        "test_keras_layers",
        "test_loss_functions",
        "test_measuring",
        "test_probability",
        "test_own_steps",
        "test_random_programs",
        "test_random_training",
        "test_remedies",
        "test_remedies_libraries",
        "test_remedies_operations",
        "test_repairs",
        "test_sonnet_modules",
        "test_xla",
    }
)
TESTS = frozenset(
    {
        "test_measured_afresh_the_data_is_the_same",
        "test_prove_exits_with_1_where_tensorflow_differs",
        "test_prove_runs_the_examples",
        "test_tensorflow_gives_every_gradient_of_a_repaired_example",
        "test_tensorflow_gives_what_the_page_of_beliefs_says",
        "test_tensorflow_loses_the_gradient_where_the_finding_says",
    }
)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "tensorflow: needs an installed TensorFlow")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Some of the modules import TensorFlow, and cannot even be collected without it."""
    return True if config.getoption("markexpr") == WITHOUT and collection_path.stem in MODULES else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.stem in MODULES or getattr(item, "originalname", item.name) in TESTS:
            item.add_marker(pytest.mark.tensorflow)
