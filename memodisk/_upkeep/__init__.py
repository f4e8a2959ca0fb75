"""Keeps a directory within its limits and in order: when to look, what is evicted, what is repaired.

limits    what is to hold
estimate  when it is time to look
choose    what is evicted first
evict     looking, deciding, unlinking
verify    checking and repairing
"""
