"""A placed graph becomes a C project."""
