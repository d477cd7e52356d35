"""Every failing fixture, repaired as far as the rules can: what the linter then promises, TensorFlow must give."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from processes import TIMEOUT
from repairing import FIXER, differences, of_keras_2, repaired
from repairs import REPAIRS

from tfgradlint.fixing.fixer import Fixed
from tfgradlint.fixing.functions import CASTS, COUNTERPARTS, REDUCING, SEVERAL
from tfgradlint.knowledge.versions import LEGACY_KERAS

FIXTURES = Path(__file__).parent / "fixtures"
FAILING = sorted(FIXTURES.glob("*/fail_*.py"))
REPAIRED = {str(path.relative_to(FIXTURES)): made for path in FAILING if (made := repaired(path)).made}
REPAIRED |= {f"{repair.code} {repair.name}": Fixed(repair.after) for repair in REPAIRS}


@pytest.mark.parametrize("name", [name for name, made in REPAIRED.items() if not of_keras_2(made.text)])
def test_tensorflow_gives_a_repaired_program_its_gradients(name: str) -> None:
    assert differences(REPAIRED[name]) == []


def test_under_keras_2_too() -> None:
    """In a process of its own: TensorFlow is asked for Keras 2 before it is imported."""
    names = [name for name, made in REPAIRED.items() if of_keras_2(made.text)]
    assert names
    script = "import sys; from repairing import *; print([differences(repaired(Path(name))) for name in sys.argv[1:]])"
    run = subprocess.run(
        [sys.executable, "-c", script, *(str(FIXTURES / name) for name in names)],
        cwd=Path(__file__).parent,
        env={**os.environ, LEGACY_KERAS: "1"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert run.stdout.splitlines()[-1:] == [str([[] for _ in names])], run.stderr


#: For each function of NumPy that has a counterpart, ways to call it on ``x``.
CALLS = {
    **dict.fromkeys(REDUCING, ("x", "x, 0", "x, axis=1", "x, axis=(0, 1), keepdims=True")),
    **{name: ("x",) for name, known in COUNTERPARTS.items() if known.parameters == (("x", "x"),)},
    "array": ("x", "[x, x]"),
    "asarray": ("x",),
    "clip": ("x, 0.2, 0.6", "x, a_min=0.2, a_max=0.6"),
    "concatenate": ("[x, 2.0 * x], 0", "(x, x), axis=-1"),
    "expand_dims": ("x, 0", "x, axis=-1"),
    "linalg.norm": ("x", "x, axis=1", "x, axis=0, keepdims=True"),
    "reshape": ("x, (3, 2)", "x, [-1]"),
    "squeeze": ("x[:1]", "x[:1], 0", "x[:, :1], axis=1"),
    "stack": ("[x, x]", "[x, 2.0 * x], axis=1", "(x, x), -1"),
    "transpose": ("x", "x, (1, 0)", "x, axes=[1, 0]"),
    **{name: ("x, 0.5", "x, 2.0 * x") for name, (_, count) in SEVERAL.items() if count == 2},
    "matmul": ("x, tf.transpose(x)",),
    "where": ("x > 0.3, x, 0.0",),
    **dict.fromkeys(CASTS, ("x",)),
}
SETUP = "import numpy as np\nimport tensorflow as tf\nx = tf.Variable([[0.1, 0.4, 0.7], [0.9, 0.2, 0.3]])\n"


def test_every_function_with_a_counterpart_is_called() -> None:
    assert CALLS.keys() == {*COUNTERPARTS, *SEVERAL, *CASTS}


@pytest.mark.parametrize("call", [f"np.{name}({given})" for name, ways in CALLS.items() for given in ways])
def test_tensorflow_computes_what_numpy_did_with_a_gradient(call: str) -> None:
    text = f"{SETUP}with tf.GradientTape() as tape:\n    y = tf.reduce_sum({call})\nslope = tape.gradient(y, x)\n"
    fixed = FIXER.fixed(text, unsafe=True)
    assert (len(fixed.made), "np." in fixed.text.partition("tape:")[2]) == (1, False)
    values: dict[str, Any] = {}
    exec(fixed.text, values)
    assert values["slope"] is not None
    expression = fixed.text.partition("y = tf.reduce_sum(")[2].partition(")\nslope")[0]
    before, after = (eval(each, values) for each in (call, expression))
    np.testing.assert_allclose(after, before, rtol=1e-6)
    assert after.dtype == np.asarray(before).dtype
