"""System calls of a hit and of a put, by name. Those that look a path up cost a round trip each on a network drive."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping

from benchmarks.case import ALL_PEERS, Case, Measured, Size, by_level
from benchmarks.figures import Row

MARK = "/memodisk-benchmark"
KINDS = ("again", "first", "miss", "put")
#: What the interpreter and its allocator do by themselves, now and then.
_OWN = frozenset(
    {
        "brk",
        "mmap",
        "munmap",
        "madvise",
        "mremap",
        "futex",
        "rt_sigaction",
        "rt_sigprocmask",
        "sched_yield",
        "getpid",
        "gettid",
    }
)
_CALL = re.compile(r"^(?:\d+\s+)?(?:[\d.]+\s+)?(\w+)\((.*)")

#: A call of each kind is made three times; the last one counts, when everything that is loaded late is loaded.
PROGRAM = """
import os, sys
sys.path.insert(0, {root!r})
from benchmarks import work
from benchmarks.case import subject
def mark(name):
    os.path.exists({mark!r} + "/" + name)
small = subject({contender!r}, {directory!r}).memoize(work.small)
small(0), small(0), small(1)
for kind, numbers in (("again", (1, 1, 1)), ("first", (10, 11, 12)), ("put", (20, 21, 22))):
    for number in numbers:
        mark("begin-" + kind)
        small(number)
        mark("end-" + kind)
# Whether a call is stored, for those who can tell without running the function.
ask = getattr(small, "is_cached", None) or getattr(small, "check_call_in_cache", None)
if ask is not None:
    for number in (30, 31, 32):
        mark("begin-miss")
        ask(number)
        mark("end-miss")
"""


def count(trace: Iterable[str]) -> dict[str, dict[str, int]]:
    """Return for each kind of call the system calls between its last pair of marks, by name.

    Parameters
    ----------
    trace
        Lines as strace writes them.
    """
    found: dict[str, dict[str, int]] = {}
    kind: str | None = None
    counts: Counter[str] = Counter()
    for line in trace:
        match = _CALL.match(line)
        if match is None:
            continue
        name, arguments = match.groups()
        mark = re.search(rf"{MARK}/(begin|end)-(\w+)", arguments)
        if mark and mark[1] == "begin":
            kind, counts = mark[2], Counter()
        elif mark and kind is not None:
            found[kind] = dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
            kind = None
        elif kind is not None and name not in _OWN:
            counts[_plain(name, arguments)] += 1
    return found


def _plain(name: str, arguments: str) -> str:
    """Return a call's name as people know it, with what is done by path told from what is done by descriptor."""
    if name == "newfstatat":
        # Python's fstat arrives here as well, with an empty path.
        return "fstat" if re.match(r'\d+, ""', arguments) else "stat"
    return {"openat": "open", "pread64": "pread", "pwrite64": "pwrite", "getdents64": "listing"}.get(name, name)


class Syscalls(Case):
    name = "syscalls"
    title = "System calls"
    contenders = (*ALL_PEERS, "one open", "two files")
    fresh = True
    needs = ("strace",)
    sizes = by_level({"full": {}, "quick": {}, "tiny": {}})
    rounds = by_level({"full": 1, "quick": 1})

    def rows(self, size: Size) -> list[Row]:
        words = {
            "again": "hit again",
            "first": "first hit of a key in a process",
            "miss": "asking whether a call is stored, which is not",
            "put": "a call that misses: computed and stored",
        }
        floors = {"again": "one open", "first": "one open", "miss": None, "put": "two files"}
        return [Row(kind, words[kind], "calls", floor=floors[kind], exact=True) for kind in KINDS]

    def measure(self, contender: str, directory: str, size: Size) -> Measured:
        from benchmarks import work
        from benchmarks.case import subject

        store, trace = f"{directory}/store", f"{directory}/trace"
        os.mkdir(store)
        memoized = subject(contender, store).memoize(work.small)
        for number in (0, 1, *range(10, 20), *range(100, 180)):  # so many that every shard is there
            memoized(number)
        root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        program = PROGRAM.format(root=root, mark=MARK, contender=contender, directory=store)
        command = ["strace", "-f", "-qq", "-o", trace, sys.executable, "-c", program]
        subprocess.run(command, check=True, capture_output=True)
        with open(trace, encoding="utf-8", errors="replace") as file:
            found: Mapping[str, dict[str, int]] = count(file)
        return found


CASE = Syscalls()
