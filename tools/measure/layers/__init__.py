"""Measures what Keras' own layers are made of, and what each does to gradients, and writes it beside the knowledge."""
