"""Many random programs that train."""

from __future__ import annotations

from ..campaign import Kind
from .families import families
from .judging import judge
from .programs import programs

TRAINING = Kind(programs, judge, 120, families)
