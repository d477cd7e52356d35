"""Runs the user's own program under TensorFlow and holds what came of each request against the prediction.

``child`` is started as a script by the Python that the program needs, in which tfgradlint need not be installed;
``program`` and what it imports there needs the standard library only, before the program itself imports TensorFlow.
``session`` starts it and judges the files, ``comparing`` finds where the two differ, ``telling`` says so.
"""
