"""The command: ``python -m tfgradlint``, and the script of that name."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command and return its exit status, 130 where the interrupt key ended it."""
    try:
        from tfgradlint.cli import main as command  # here, since the key may be pressed while it is imported

        return command()
    except KeyboardInterrupt:
        print("tfgradlint: interrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":  # processes that help import this module under another name
    sys.exit(main())
