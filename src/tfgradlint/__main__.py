"""``python -m tfgradlint`` is the command."""

import sys

from tfgradlint.cli import main

sys.exit(main())
