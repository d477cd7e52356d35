"""How results are written out: one module an output format."""
