"""Which code a function depends on: what it reaches, how that is told apart, and whether it still is the same.

fingerprint        the digest of the code, and its manifest
reach              what a function reaches
lines              the lines of a manifest, and labels of things
kinds              what kind of thing something is; what a function or class counts as among arguments
values, constants  what code refers to that is no code
classes            what a class is made of
names              which names byte code reads and writes
imports            what an import statement inside of a function brings in
source, canonical  what one function does, as text
snapshots          texts of files and cells, kept
userland           whose code it is
qualified          what a function or class is called, in any process
signatures         the parameters of a function
watch              whether all of it still is the same
depends            `env` and `File`
"""
