import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "code"))

from toolbox.fitting import fit
from toolbox.registry import build
import toolbox.terms as terms

fit(build("quadratic"), terms.START)
