"""What every room needs: the log, warnings that come once, units, and the version."""
