"""Which file a module of the program is in, found as Python would find it, and what is in it."""
