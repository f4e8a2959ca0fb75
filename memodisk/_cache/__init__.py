"""A cache: layers in order, each of them one directory that is read and written; explanations and statistics."""
