"""Gradient tapes: what they record, and the search back through it."""
