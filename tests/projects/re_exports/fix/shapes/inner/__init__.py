from .terms import penalty
