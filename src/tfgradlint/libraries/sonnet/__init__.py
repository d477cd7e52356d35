"""Sonnet."""
