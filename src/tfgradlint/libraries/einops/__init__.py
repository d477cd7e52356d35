"""einops: axes by their names."""
