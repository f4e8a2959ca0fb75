"""A cache: layers in order, each of them one directory that is read and written; explanations and statistics.

cache    what is looked for in which layer, and written where
layer    one directory
reading  a hit
writing  a put, a copy between layers, a removal
explain  why a call misses, compared with its nearest records
stats    what a cache holds, function by function
"""
