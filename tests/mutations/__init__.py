"""Mutations: real programs with tokens and lines dropped, swapped and doubled, each through the real plugin."""
