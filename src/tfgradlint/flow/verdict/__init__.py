"""Requests for gradients: the verdict for each source, and the reason."""
