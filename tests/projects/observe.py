"""Runs programs under TensorFlow and prints what requests for gradients gave: ``{"folder": {"train.py:9": "none"}}``.

``observe.py FOLDER ENTRY FOLDER ENTRY ...``
"""

from __future__ import annotations

import json
import os
import runpy
import sys
from typing import Any

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import tensorflow as tf

seen: dict[str, str] = {}
gradient = tf.GradientTape.gradient


def noted(self: Any, target: Any, sources: Any, *args: Any, **kwargs: Any) -> Any:
    found = gradient(self, target, sources, *args, **kwargs)
    frame = sys._getframe(1)
    place = f"{os.path.relpath(frame.f_code.co_filename)}:{frame.f_lineno}"
    seen[place] = "none" if all(each is None for each in tf.nest.flatten(found)) else "flows"
    return found


def observed(folder: str, entry: str) -> dict[str, str]:
    """What the requests of one program gave, by where they stand."""
    seen.clear()
    before, path = set(sys.modules), list(sys.path)
    os.chdir(folder)
    sys.argv = [entry]
    sys.path[0] = os.path.dirname(os.path.abspath(entry))
    try:
        runpy.run_path(os.path.abspath(entry), run_name="__main__")
    finally:
        for name in set(sys.modules) - before:
            if str(getattr(sys.modules[name], "__file__", None) or folder).startswith(folder):
                del sys.modules[name]
        sys.path[:] = path
    return dict(seen)


if __name__ == "__main__":
    tf.GradientTape.gradient = noted
    arguments = sys.argv[1:]
    programs = zip(arguments[::2], arguments[1::2], strict=True)
    print(json.dumps({folder: observed(folder, entry) for folder, entry in programs}))
