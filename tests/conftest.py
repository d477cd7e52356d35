"""What the tests need, how they are divided among processes, and which of them can differ by Python.

``pytest`` runs all of them in two processes. A test that needs TensorFlow skips itself where there is none.
``pytest -m python -n 0`` runs what may differ from one version of Python to another, and needs no TensorFlow.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

#: Modules of tests that run TensorFlow, some from their first line on, and single tests of other modules.
MODULES = frozenset(
    {
        "test_confirm",
        "test_evidence",
        "test_evidence_harness",
        "test_evidence_keras_2",
        "test_evidence_training",
        "test_gradient_registry",
        "test_keras_layers",
        "test_loss_functions",
        "test_measuring",
        "test_numbers",
        "test_random_numbers",
        "test_open_functions",
        "test_own_steps",
        "test_probability",
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
        "test_tensorflow_gives_what_the_comments_of_a_project_say",
        "test_tensorflow_gives_what_the_page_of_beliefs_says",
        "test_tensorflow_loses_the_gradient_where_the_finding_says",
    }
)
#: The tests of a program, by the program and perhaps the mode: what it gives, and what is said of it.
_PROGRAM = re.compile(r"test_(?:evidence|findings|training_claims)\.py::.*\[(.*?)(?:-(?:eager|function|jit))?\]$")
MISSING = "needs TensorFlow, which is not installed: pip install '.[test]'"
INSTALLED = importlib.util.find_spec("tensorflow") is not None


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "python: may differ from one version of Python to another")


class Skipped(pytest.Module):
    """A module that is not imported, since it would import TensorFlow."""

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        pytest.skip(MISSING, allow_module_level=True)


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    if INSTALLED or module_path.stem not in MODULES:
        return None
    return Skipped.from_parent(parent, path=module_path)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if not INSTALLED and getattr(item, "originalname", item.name) in TESTS:
            item.add_marker(pytest.mark.skip(reason=MISSING))


class Scheduling(LoadScopeScheduling):
    """Tests of one module share a process, and with it what is made for the module; so do tests of one program."""

    def _split_scope(self, nodeid: str) -> str:
        program = _PROGRAM.search(nodeid)
        return nodeid.partition("::")[0] if program is None else program[1]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    return Scheduling(config, log)
