"""The files of one cache directory: where they lie, how they are published, read and listed. Knows no functions."""
