"""Measures every version of TensorFlow, each in a virtual environment of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

#: The newest first: where the functions of an older NumPy do not tell their parameters, the newer ones' are taken.
VERSIONS = ("2.21", "2.20", "2.18", "2.16", "2.15")
#: All of these versions can be installed for it.
PYTHON = "python3.11"
ROOT = Path(__file__).parents[2]


def measure(folder: Path, wanted: tuple[str, ...] = VERSIONS) -> int:
    """Makes the environments that ``folder`` lacks and measures in each; the data of the others stays."""
    for version in wanted:
        print(f"TensorFlow {version}", flush=True)
        python = environment(folder / version, version)
        done = subprocess.run([python, "-m", "tools.measure"], cwd=ROOT, env=variables(), check=False)
        if done.returncode:
            print(f"TensorFlow {version}: the measurement ended with {done.returncode}", file=sys.stderr)
            return done.returncode
    return 0


def variables() -> dict[str, str]:
    """The environment variables with which the modules here are found."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT / "src", ROOT)))}


def environment(folder: Path, version: str) -> Path:
    """The Python of a virtual environment with a version of TensorFlow, and with Keras and NumPy as it wants them."""
    python = folder / "bin" / "python"
    complete = folder / "complete"
    if not complete.exists():
        subprocess.run([PYTHON, "-m", "venv", "--clear", folder], check=True)
        packages = (f"tensorflow-cpu=={version}.*", "libcst", "flake8")
        subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
        complete.touch()
    return python
