"""Re-exports what users need."""

from .area import *
from .inner import penalty
