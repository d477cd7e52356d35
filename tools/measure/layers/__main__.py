"""``python -m tools.measure.layers``: measures every layer of the Keras that is installed, and writes the data.

With TensorFlow 2.16 or newer that is Keras 3, and Keras 2 too where ``tf_keras`` is installed. ``--every FOLDER`` does
so for every version of TensorFlow, in virtual environments that it makes there.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

from tools.measure import everywhere

#: The Keras of the time of each TensorFlow.
KERAS = {"2.21": "3.15", "2.20": "3.11", "2.18": "3.6", "2.16": "3.0"}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.measure.layers", description=__doc__)
    parser.add_argument("--only", metavar="REGEX", default="", help="measure these layers only and print their entries")
    parser.add_argument("--every", metavar="FOLDER", type=Path, help="measure every version in environments there")
    parser.add_argument("--major", type=int, choices=(2, 3), help="measure this major version of Keras only")
    parser.add_argument("--page", action="store_true", help="write the page of the documentation only")
    options = parser.parse_args()
    if options.every:
        return every(options.every.resolve())
    os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", TF_ENABLE_ONEDNN_OPTS="0", CUDA_VISIBLE_DEVICES="-1")
    from tools.measure.layers import recording, writing

    if not options.page:
        for major, keras in recording.installed():
            if options.major not in (None, major):
                continue
            print(f"Keras {major}", flush=True)
            measured = recording.measure(major, keras, re.compile(options.only), lambda line: print(line, flush=True))
            if not options.only:
                writing.add(measured)
    if not options.only:
        writing.page()
    return 0


def every(folder: Path) -> int:
    """Makes the environments that ``folder`` lacks, with both Keras, and measures in each."""
    for version in everywhere.VERSIONS:
        print(f"TensorFlow {version}", flush=True)
        python = str(everywhere.environment(folder / version, version))
        if version != everywhere.VERSIONS[-1]:
            # Without what it asks for: it asks for another build of the same TensorFlow.
            for package in (f"tf_keras=={version}.*", f"keras=={KERAS[version]}.*", "scipy"):
                subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-deps", package], check=True)
        done = subprocess.run(
            [python, "-m", "tools.measure.layers"], cwd=everywhere.ROOT, env=everywhere.variables(), check=False
        )
        if done.returncode:
            print(f"TensorFlow {version}: the measurement ended with {done.returncode}", file=sys.stderr)
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
