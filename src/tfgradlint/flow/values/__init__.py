"""Abstract values: what an expression can be."""
