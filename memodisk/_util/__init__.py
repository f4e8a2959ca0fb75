"""What every room needs: the log, warnings that come once, and units."""
