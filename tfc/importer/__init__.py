"""From a traced PyTorch program to a float graph."""
