"""Keras: layers, models, training."""
