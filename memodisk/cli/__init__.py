"""The command `memodisk`."""
