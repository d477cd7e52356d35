"""Repairs findings.

A rule proposes edits (``Rule.fix``), looking at the module through a ``scene``. Nothing is offered on a rule's word
alone: the edited text is judged anew (``proof``), and the gradient must flow there, with no other finding in its place.
"""
