"""The script that the program's own Python runs: ``python child.py ORDER``.

It makes this very package importable, and nothing else of the folder that the package stands in.
"""

from __future__ import annotations

import importlib.util
import os
import sys


def _import_package() -> None:
    folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    location = os.path.join(folder, "__init__.py")
    spec = importlib.util.spec_from_file_location("tfgradlint", location, submodule_search_locations=[folder])
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["tfgradlint"] = module
    spec.loader.exec_module(module)


if __name__ == "__main__":
    sys.path.pop(0)  # the folder of this file, whose modules are nobody's business
    _import_package()
    from tfgradlint.confirm.program import main

    sys.exit(main(sys.argv[1]))
