"""Questions that take more than one run: is a strategy causal, and how much history does it need."""
