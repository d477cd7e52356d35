"""``python -m tfgradlint`` is the command."""

import sys

from tfgradlint.cli import main

if __name__ == "__main__":  # processes that help import this module under another name
    sys.exit(main())
