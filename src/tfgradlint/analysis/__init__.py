"""One program in, results out."""
