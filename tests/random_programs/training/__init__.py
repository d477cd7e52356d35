"""Random programs that train with Keras, judged like the others by what TensorFlow does."""
