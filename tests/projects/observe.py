"""Runs programs under TensorFlow and prints what requests for gradients gave: ``{"folder": {"train.py:9": "none"}}``.

``observe.py FOLDER ENTRY FOLDER ENTRY ...``. An entry may be a notebook, whose cells run one after the other; what is
in ``tests`` runs as ``python -m`` would run it, with the folder of the project in Python's search path.
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


def run_notebook(path: str) -> None:
    """The cells of a notebook, without its magics."""
    with open(path, encoding="utf-8") as file:
        cells = json.load(file)["cells"]
    names: dict[str, Any] = {"__name__": "__main__"}
    for number, cell in enumerate(cells, 1):
        lines = ["\n" if line.startswith("%") else line for line in cell["source"]]
        exec(compile("".join(lines), f"{os.path.abspath(path)}:cell {number}", "exec"), names)


def observed(folder: str, entry: str) -> dict[str, str]:
    """What the requests of one program gave, by where they stand."""
    seen.clear()
    before, path = set(sys.modules), list(sys.path)
    os.chdir(folder)
    sys.argv = [entry]
    sys.path[0] = os.path.dirname(os.path.abspath(entry))
    if entry.startswith("tests/"):
        sys.path.insert(1, folder)
    try:
        if entry.endswith(".ipynb"):
            run_notebook(entry)
        else:
            runpy.run_path(os.path.abspath(entry), run_name="__main__")
    finally:
        for name in set(sys.modules) - before:
            if str(getattr(sys.modules[name], "__file__", None) or folder).startswith(folder):
                del sys.modules[name]
        sys.path[:] = path
        sys.path_importer_cache.clear()  # it takes "src" for that of the program before
    return dict(seen)


if __name__ == "__main__":
    tf.GradientTape.gradient = noted
    arguments = sys.argv[1:]
    programs = zip(arguments[::2], arguments[1::2], strict=True)
    print(json.dumps({folder: observed(folder, entry) for folder, entry in programs}))
