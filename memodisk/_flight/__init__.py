"""One computation for all who make the same call at once, in threads, tasks, processes or machines."""
