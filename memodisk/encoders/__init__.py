"""How each type becomes bytes. `hashing` is the door; `walk` the way through a nested value.

One module for each library, imported when a value of that library is met for the first time, never before. Each
offers ``find(kind, base)``: the handler for the type `kind`, whose ancestor `base` comes from that library, or None.
A handler takes the value and the walk, and returns its encoding, or a `Node` whose children the walk visits next.
"""
