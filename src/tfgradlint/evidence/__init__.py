"""Programs whose comments say what TensorFlow does, and the means to hold them against it.

``programs`` reads the comments, ``observe`` runs a program under TensorFlow, ``compare`` holds the
comments and the linter's verdicts against what happened, ``prove`` does this for the rules' own examples.
"""
