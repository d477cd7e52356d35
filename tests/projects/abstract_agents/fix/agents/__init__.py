from importlib import import_module

__all__ = ["Agent", "make_agent"]

from agents.base import Agent


def make_agent(name, *args):
    module = import_module(f"agents.{name}")
    return module.AGENT(*args)
