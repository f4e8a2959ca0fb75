"""How values of each type become bytes, one file for each family of types.

A file is imported when a value of its library is met for the first time, never before. Each offers
``find(kind, base)``: the handler for the type `kind`, whose ancestor `base` comes from that library, or None. A handler
takes the value and the walk, and returns its encoding, or a `Node` whose children the walk visits next.
"""
