"""Random programs: a generator writes tape programs, and TensorFlow and the linter both judge each."""
