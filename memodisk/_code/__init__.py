"""Which code a function depends on: what it reaches, how that is told apart, and whether it still is the same."""
