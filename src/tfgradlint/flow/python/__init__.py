"""Python's semantics, one module for a group of constructs."""
