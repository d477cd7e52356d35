"""Hostile files: texts that no one means well with, each with a lost gradient before and behind the hostile part."""
