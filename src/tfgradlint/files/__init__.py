"""From paths to texts and back: reading, selecting, writing, the cache, comments that silence."""
