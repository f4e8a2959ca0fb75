"""One value, put here by a benchmark for the function `work.shelved` to return."""

value = None
