"""What stands behind `@memoize`: the decorator with its options, and one call from arguments to value."""
