"""Whether what a map calls important is what a network needs: judged by networks that learn without it."""
