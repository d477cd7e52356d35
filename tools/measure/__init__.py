"""Measures, under an installed TensorFlow, what callables do to gradients, and writes the knowledge."""
