"""Eight processes on two clients put, get, forget and evict one set of keys."""

from __future__ import annotations

import os
import random
import re
import time
import traceback
from collections import Counter
from functools import partial
from typing import Any

import memodisk
from memodisk import Miss
from memodisk._flight.locks import KEYS as LOCKS

from .crew import files_below, together, total

PROCESSES = 8
KEYS = 48
#: What the results are kept within; half of the keys would pass either.
MAX_COUNT = 24
MAX_BYTES = 6_000_000

#: Seconds until a client knows what the other one did last; the SMB client believes for one second what it knows.
SETTLE = 2.0
NAME = "stress.result_of"
_BLOB = re.compile(r"([0-9a-f]{32})\.(?!record\.json$)")


def result_of(number: int) -> bytes:
    """Some results fit into their record, some need a blob, some outgrow the memory that blobs are written from."""
    size = 1_500_000 if number % 12 == 0 else 20_000 if number % 3 == 0 else 200
    head = f"{number:08d} "
    return (head * (size // len(head) + 1)).encode()


def _open(directory: str) -> tuple[memodisk.Cache, Any]:
    cache = memodisk.Cache(directory, max_bytes=MAX_BYTES)
    return cache, cache.memoize(max_count=MAX_COUNT, name=NAME)(result_of)


def stress(a: str, b: str, seconds: float) -> dict[str, Any]:
    """Return what eight processes met in that time, and what they left.

    Parameters
    ----------
    a, b
        The cache directory as the two clients see it.
    seconds
        How long they work.
    """
    clients = [(a, b)[number % 2] for number in range(PROCESSES)]
    figures = total(together([partial(_work, client, seed, seconds) for seed, client in enumerate(clients)]))
    return {**figures, **_aftermath(a, b)}


def _work(directory: str, seed: int, seconds: float) -> dict[str, Any]:
    cache, function = _open(directory)
    dice = random.Random(seed)
    done: Counter[str] = Counter()
    wrong, exceptions = [], []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        number = dice.randrange(KEYS)
        (action,) = dice.choices(list(_ACTIONS), [weight for weight, _ in _ACTIONS.values()])
        try:
            value = _ACTIONS[action][1](cache, function, number)
        except Miss:
            value = None
        except Exception:
            exceptions.append(f"{action} {traceback.format_exc()}")
            value = None
        done[action] += 1
        if value is not None and value != result_of(number):
            wrong.append(f"{action}({number}) gave {value[:20]!r}…, {len(value)} bytes")
    info = function.cache_info()
    return {
        "operations": sum(done.values()),
        "actions": dict(done),
        "hits": info.hits,
        "computed": info.misses,
        "wrong": wrong,
        "exceptions": exceptions,
    }


def _forget(cache: memodisk.Cache, function: Any, number: int) -> None:
    function.forget(number)


def _evict(cache: memodisk.Cache, function: Any, number: int) -> None:
    cache.evict(max_count=MAX_COUNT // 2)


def _list(cache: memodisk.Cache, function: Any, number: int) -> None:
    for record in cache.records():
        assert record.function == NAME


def _verify(cache: memodisk.Cache, function: Any, number: int) -> None:
    cache.verify(fix=True)


#: How often, in percent, and what.
_ACTIONS: dict[str, tuple[int, Any]] = {
    "call": (60, lambda cache, function, number: function(number)),
    "load": (10, lambda cache, function, number: function.load(number).value),
    "recompute": (10, lambda cache, function, number: function.recompute(number)),
    "forget": (13, _forget),
    "evict": (4, _evict),
    "list": (2, _list),
    "verify": (1, _verify),
}


def _aftermath(a: str, b: str) -> dict[str, Any]:
    """Return what is left after a last eviction and a last repair, and whether the other client finds it right."""
    time.sleep(SETTLE)
    cache, _ = _open(a)
    cache.evict(NAME, max_count=MAX_COUNT)
    cache.evict()
    paths = files_below(f"{a}/v1")
    count = sum(path.endswith(".record.json") for path in paths)
    size = sum(os.stat(path).st_blocks * 512 for path in paths if "/code/" not in path)
    repaired = cache.verify(fix=True)
    left = leftovers(cache)
    wrong = []
    other_cache, other = _open(b)
    for number in range(KEYS):
        try:
            value = other.load(number).value
        except Miss as miss:
            # B may still see the record of a result that is gone, never another's value.
            if miss.reason not in (memodisk.Reason.ABSENT, memodisk.Reason.BLOB_MISSING):
                wrong.append(f"load({number}) of what was left: {miss}")
        else:
            if value != result_of(number):
                wrong.append(f"load({number}) of what was left gave {value[:20]!r}")
    return {
        "count": count,
        "bytes": size,
        "are_limits_kept": count <= MAX_COUNT and size <= MAX_BYTES,
        "repaired": {step.name: step.found for step in repaired.steps if step.found},
        "leftovers": left,
        "is_ok": cache.verify().is_ok,
        "wrong_afterwards": wrong,
    }


def leftovers(cache: memodisk.Cache) -> list[str]:
    """Return the files that are of no use to anybody."""
    records = {record.key: record for record in cache.records()}
    digests = {record.digest for record in records.values()}
    manifests = {record.fingerprint for record in records.values()}
    left = [path for path in files_below(f"{cache.directory}/locks") if os.path.basename(path) != LOCKS]
    present = set()
    for path in files_below(f"{cache.directory}/v1"):
        name = os.path.basename(path)
        blob = _BLOB.match(name)
        if "/code/" in path:
            is_used = name.removesuffix(".txt") in manifests
        elif blob:
            present.add(blob[1])
            is_used = blob[1] in digests
        else:
            is_used = name == "evicted.txt" or name.removesuffix(".record.json") in records
        if not is_used:
            left.append(path)
    return left + [f"{digest}: the blob is missing" for digest in sorted(digests - present)]
