"""Keeps a directory within its limits and in order: when it is time to look, what is evicted, what is repaired."""
