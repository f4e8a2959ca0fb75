"""The command `memodisk`: the same words as in Python, for the shell."""
