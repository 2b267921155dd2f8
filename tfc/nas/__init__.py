"""Training, pruning and search."""
