"""Faults seeded into real training functions whose models, losses and optimizers come from outside.

The functions are those of the sound fixtures and examples. What they find in their module is handed in: as parameters,
as attributes of an object, or by imports. TensorFlow runs each of them with the real model, before the linter is asked.
"""
