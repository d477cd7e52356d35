"""``python -m tests.random_programs.training --count N --seed S``: judges random programs that train."""

from __future__ import annotations

import sys

from ..__main__ import main
from .campaign import TRAINING

if __name__ == "__main__":
    sys.exit(main(TRAINING, "python -m tests.random_programs.training", __doc__))
