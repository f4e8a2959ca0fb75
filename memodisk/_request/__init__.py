"""Turns a call into a `Request`: which function, which arguments, described and digested. Knows no disk.

hasher       from a call to its key
request      a call, described
binding      every spelling of a call is the same call
annotations  `by`, `FileContent`, `Ignored`, `Ordered`
summary      an argument in one line
parts        digests of the parts of an argument, for explanations
"""
