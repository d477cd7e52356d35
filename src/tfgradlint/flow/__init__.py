"""The abstract interpreter: Python, tapes and the graph of what they record. It knows no library by name."""
