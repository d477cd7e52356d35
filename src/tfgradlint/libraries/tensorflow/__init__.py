"""TensorFlow: what is more than one measured operation."""
