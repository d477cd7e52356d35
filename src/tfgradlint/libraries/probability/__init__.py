"""TensorFlow Probability."""
