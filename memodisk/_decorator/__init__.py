"""What stands behind `@memoize`: the decorator with its options, and one call from arguments to value.

memoize    the decorator and the public `Cache`
options    each option, written down once
methods    what a memoized function has besides being called
call       one call: a hit, or handed on
computing  one computation for all who make the same call
telling    what a call says in the log
switches   `disabled` and `only_cached`
protocol   the types of a memoized function
"""
