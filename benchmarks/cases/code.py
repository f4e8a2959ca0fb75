"""Parts of a hit, each on its own: binding the arguments, checking that the code is the same, hashing, and the rest."""

from __future__ import annotations

import logging
from collections.abc import Callable

from benchmarks import dependencies, work
from benchmarks.case import Case, Example, Measured, Size, by_level, median_time
from benchmarks.figures import ABSOLUTE, Goal, Row
from benchmarks.peers import OURS

log = logging.getLogger("benchmarks.silent")


class Code(Case):
    name = "code"
    title = "Parts of a hit"
    contenders = (OURS,)
    sizes = by_level({"full": {"seconds": 0.3}, "quick": {"seconds": 0.05}, "tiny": {"seconds": 0.01}})

    rounds = by_level({"quick": 2})

    def rows(self, size: Size) -> list[Row]:
        return [
            Row("ten", "is the code the same? function with ten dependencies", goals=(Goal(ABSOLUTE, 5e-6),)),
            Row("one", "is the code the same? function without dependencies"),
            Row("first", "finding out the code of a function with ten dependencies"),
            Row("bind", "binding two arguments and three defaults"),
            Row("digest_small", "digest of an integer"),
            Row("digest_usual", "digests of the usual arguments"),
            Row("hash", "request of a small call, from arguments to key"),
            Row("load", "load of a small result, again"),
            Row("log", "asking a logger whether anybody listens"),
            Row("call", "all together: the hit"),
        ]

    def examples(self, size: Size) -> dict[str, Callable[[], Example]]:
        return {}

    def measure(self, contender: str, directory: str, size: Size) -> Measured:
        import memodisk
        from memodisk import hashing
        from memodisk.binding import Binding
        from memodisk.fingerprint import Watcher, code_digest
        from memodisk.request import Hasher

        ten, one = Watcher(dependencies.everything), Watcher(work.small)
        bound = Binding(_defaults)
        hasher = Hasher().of(work.small)
        cache = memodisk.Cache(directory)
        memoized = cache.memoize(work.small)
        memoized(3)
        request = hasher.hash((3,), {})
        usual = work.usual_arguments()
        calls = {
            "ten": ten.current,
            "one": one.current,
            "first": lambda: Watcher(dependencies.everything).current(),
            "bind": lambda: bound.arguments((1, 2), {}),
            "digest_small": lambda: hashing.digest(3, path="argument 'number'", code=code_digest),
            "digest_usual": lambda: [hashing.digest(value, path="argument", code=code_digest) for value in usual],
            "hash": lambda: hasher.hash((3,), {}),
            "load": lambda: cache.load(request),
            "log": lambda: log.isEnabledFor(logging.DEBUG),
            "call": lambda: memoized(3),
        }
        found = {}
        for name, call in calls.items():
            call()
            found[name] = median_time(call, size["seconds"])
        return found


def _defaults(a, b, c=1, d=2.0, e="three"):  # type: ignore[no-untyped-def]
    return a, b, c, d, e


CASE = Code()
