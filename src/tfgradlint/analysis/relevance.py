"""Whether a file can hold a request for gradients at all, by its text alone."""

from __future__ import annotations

import re

_WORDS = ("gradient", "jacobian", "hessians")


_REQUEST = re.compile(r"\.\s*(?:gradient|(?:batch_)?jacobian)\s*\(|\b(?:gradients|hessians)\s*\(")


#: Keras asks for gradients itself.
_TRAINING = re.compile(r"\.\s*(?:compile|fit|minimize|train_on_batch)\s*\(")


def relevant(text: str) -> bool:
    """Whether a file can contain a request for gradients at all, by its text alone."""
    if "GradientTape" in text:
        return True
    if "keras" in text and _TRAINING.search(text) is not None:
        return True
    # plain substrings first: they cost far less than the pattern, and few files get past them
    return any(word in text for word in _WORDS) and _REQUEST.search(text) is not None


def defines_losses(text: str) -> bool:
    """Whether a file can contain a loss of TensorFlow or Keras, by its text alone."""
    return ("tensorflow" in text or "keras" in text) and ("loss" in text.lower() or "y_pred" in text)
