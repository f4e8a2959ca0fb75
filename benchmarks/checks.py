"""Whether an answer is right. Who answers quickly and wrongly is not compared."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from benchmarks import work
from benchmarks.case import Case, Size, failure, is_cache, subject
from benchmarks.content import noise

RIGHT = "right"


def answers(case: Case, contender: str, directory: str, size: Size) -> dict[str, str]:
    """Return for each row of a case, or ``*``, `RIGHT` or what was wrong with a contender's answers."""
    found = {}
    for row, make in case.examples(size).items():
        if not is_cache(contender):
            found[row] = RIGHT
            continue
        below = os.path.join(directory, row.replace("*", "all"))
        os.makedirs(below, exist_ok=True)
        try:
            found[row] = _answer(contender, below, make)
        # A peer may raise anything for arguments that it cannot take.
        except Exception as error:
            found[row] = failure(error)
    return found


def _answer(contender: str, directory: str, make: Callable[[], Any]) -> str:
    example = make()
    function, arguments = example.function, example.arguments
    memoized = subject(contender, directory).memoize(function)
    # Compared as text, because (1,) and (1.0,) are equal in Python and still not the same value.
    first = repr(function(*arguments))
    for _ in range(2):
        if repr(memoized(*arguments)) != first:
            return "gives another value than the function"
    changed = example.change(arguments)
    second = repr(function(*changed))
    if second == first:
        raise AssertionError(f"the example of {function.__name__} shows nothing: both calls give {first}")
    for _ in range(2):
        if repr(memoized(*changed)) != second:
            return "misses a change of the arguments"
    # Once more from the disk alone.
    if repr(subject(contender, directory).memoize(function)(*changed)) != second:
        return "misses a change of the arguments"
    return RIGHT


# What a peer notices besides its arguments: told in the table of peers, and not held against it, since none of the
# figures is about it.

_PROGRAM = """
import sys, importlib
sys.path[:0] = [{root!r}, {where!r}]
from benchmarks.case import subject
import edited
print("answer", subject({contender!r}, {directory!r}).memoize(edited.price)(10))
"""
_CODE = "def helper(x):\n    return x * {factor}\n\n\ndef price(x):\n    return helper(x) + 1\n"


def edited_helper(contender: str, directory: str) -> str:
    """Whether an edited helper is noticed: a real edit of a real file, between two processes."""
    where, store = os.path.join(directory, "code"), os.path.join(directory, "store")
    os.makedirs(where)
    os.makedirs(store)
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    program = _PROGRAM.format(root=root, where=where, contender=contender, directory=store)
    found = []
    for factor in (2, 3):
        path = os.path.join(where, "edited.py")
        with open(path, "w", encoding="utf-8") as file:
            file.write(_CODE.format(factor=factor))
        run = subprocess.run([sys.executable, "-B", "-c", program], capture_output=True, text=True, check=False)
        answer = [line for line in run.stdout.splitlines() if line.startswith("answer ")]
        found.append(answer[-1] if answer else "fails")
    if found == ["answer 21", "answer 31"]:
        return "noticed"
    return "serves the old result" if found == ["answer 21", "answer 21"] else "fails"


def flipped_bit(contender: str, directory: str) -> str:
    """Whether one flipped bit in a stored result is noticed."""
    right = noise(7)
    subject(contender, directory).memoize(work.payload)(7)
    if not _flip(directory, right[3000:3032]):
        return "not found on disk"
    try:
        found = subject(contender, directory).memoize(work.payload)(7)
    # Whatever is raised, it is not the value.
    except Exception as error:
        return f"raises {type(error).__name__}"
    return "noticed" if found == right else "serves a wrong value"


def _flip(directory: str, pattern: bytes) -> bool:
    """Flip one bit of a pattern wherever a file below the directory holds it."""
    done = False
    for parent, _, names in os.walk(directory):
        for name in names:
            path = os.path.join(parent, name)
            with open(path, "r+b") as file:
                place = file.read().find(pattern)
                if place >= 0:
                    file.seek(place)
                    file.write(bytes([pattern[0] ^ 1]))
                    done = True
    return done


PROBES: dict[str, Callable[[str, str], str]] = {"edited helper": edited_helper, "flipped bit": flipped_bit}
