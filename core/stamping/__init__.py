"""Ground truth by stamps: what a network learns to see, the proof that it does, and which methods find it."""
