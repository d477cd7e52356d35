"""What libraries mean to the flow: one module a library, and one that applies the measured data."""

from tfgradlint.libraries.world import World

__all__ = ["World"]
