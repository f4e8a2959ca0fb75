"""Turns a call into a `Request`: which function, which arguments, described and digested. Knows no disk."""
