"""Where the time goes: the parts of a hit and of a put, each on its own and warm; together they take a little more."""

from __future__ import annotations

import itertools
import logging
import os
from collections.abc import Callable
from typing import Any

from benchmarks import dependencies, floors, work
from benchmarks.case import Case, Example, Measured, Size, by_level, median_time
from benchmarks.figures import ABSOLUTE, Goal, Row
from benchmarks.peers import OURS

log = logging.getLogger("benchmarks.silent")


class Code(Case):
    name = "code"
    title = "Where the time goes"
    contenders = (OURS,)
    fresh = True
    sizes = by_level({"full": {"seconds": 0.3}, "quick": {"seconds": 0.05}, "tiny": {"seconds": 0.01}})

    rounds = by_level({"quick": 2})

    def rows(self, size: Size) -> list[Row]:
        return [
            Row("ten", "is the code the same? function with ten dependencies", goals=(Goal(ABSOLUTE, 5e-6),)),
            Row("one", "is the code the same? function without dependencies"),
            Row("find", "finding out the code of a function with ten dependencies"),
            Row("bind", "binding two arguments and three defaults"),
            Row("digest_small", "digest of an integer"),
            Row("digest_usual", "digests of the usual arguments"),
            Row("hash", "request of a small call, from arguments to key"),
            Row("log", "asking a logger whether anybody listens"),
            Row("stat", "is the record on disk the one that is kept?"),
            Row("again", "**a repeated hit, all together**"),
            Row("read", "reading a record: open, fstat, read, close"),
            Row("check", "its checksum and the fields that a hit needs"),
            Row("decode", "decoding a small result"),
            Row("keep", "keeping it for the next time"),
            Row("load", "**loading a small result for the first time, all together**"),
            Row("describe", "describing the arguments"),
            Row("encode", "encoding a small result, and its digest"),
            Row("record", "the record as JSON"),
            Row(
                "bare", "record and result written by bare system calls: two files, each under another name and renamed"
            ),
            Row("publish", "publishing them"),
            Row("save", "**storing a small result, all together**"),
        ]

    def examples(self, size: Size) -> dict[str, Callable[[], Example]]:
        return {}

    def measure(self, contender: str, directory: str, size: Size) -> Measured:
        calls = {**_identifying(), **_hitting(f"{directory}/hits"), **_storing(f"{directory}/puts")}
        found = {}
        for name, call in calls.items():
            call()
            found[name] = median_time(call, size["seconds"])
        return found


_Calls = dict[str, Callable[[], Any]]


def _identifying() -> _Calls:
    """What a call is."""
    from memodisk import hashing
    from memodisk._code.fingerprint import Watcher, code_digest
    from memodisk._request.binding import Binding
    from memodisk._request.request import Hasher

    ten, one = Watcher(dependencies.everything), Watcher(work.small)
    bound = Binding(_defaults)
    hasher = Hasher().of(work.small)
    usual = work.usual_arguments()
    return {
        "ten": ten.current,
        "one": one.current,
        "find": lambda: Watcher(dependencies.everything).current(),
        "bind": lambda: bound.arguments((1, 2), {}),
        "digest_small": lambda: hashing.digest(3, path="argument 'number'", code=code_digest),
        "digest_usual": lambda: [hashing.digest(value, path="argument", code=code_digest) for value in usual],
        "hash": lambda: hasher.hash((3,), {}),
        "log": lambda: log.isEnabledFor(logging.DEBUG),
    }


def _hitting(directory: str) -> _Calls:
    """What is read, and what becomes of it."""
    import memodisk
    from memodisk import codecs
    from memodisk._store import read
    from memodisk._store.memory import Memory
    from memodisk._store.record import Record

    cache = memodisk.Cache(directory)
    memoized = cache.memoize(work.small)
    memoized(3), memoized(3)  # stored, then read and kept
    request = memoized.request(3)
    layer = cache._layers[0]
    path = layer.store.record_path(layer.store.function_directory(request.function), request.key)
    raw, status = read.read(path, 1 << 16)
    record = Record.from_json(raw)
    codec, data = codecs.get(record.codec), record.data or b""
    memory = Memory()

    def load() -> object:
        layer.forget_memory()
        return cache.load(request)

    return {
        "stat": lambda: cache.recall(request.key),
        "again": lambda: memoized(3),
        "read": lambda: read.read(path, 1 << 16),
        "check": lambda: Record.from_json(raw),
        "decode": lambda: codec.decode(memoryview(data)),
        "keep": lambda: memory.put(request.key, path, status, raw, record.codec, data, 1),
        "load": load,
    }


def _storing(directory: str) -> _Calls:
    """What is written. Each call stores another result."""
    import memodisk
    from memodisk import codecs
    from memodisk._request.request import Hasher
    from memodisk.hashing import Digest, Key

    cache = memodisk.Cache(directory)
    hasher = Hasher().of(work.small)
    value = work.small(3)
    result = cache.save(hasher.hash((3,), {}), value)
    store = cache._layers[0].store
    place = store.function_directory(result.record.function)
    codec = codecs.choose(value)
    raw, blob = result.record.to_json(), result.record.data or b""
    numbers = itertools.count(10)
    for shard in "0123456789abcdef":
        os.makedirs(f"{place}/{shard}", exist_ok=True)

    def encode() -> object:
        writer = store.begin_blob(place)
        codec.encode(value, writer)
        return writer.finish()

    def bare() -> None:
        name = f"{next(numbers):032x}"[::-1]
        floors.write(f"{place}/{name[0]}/{name}.blob", blob)
        floors.write(f"{place}/{name[0]}/{name}.record", raw)

    def publish() -> None:
        name = f"{next(numbers):032x}"[::-1]
        store.publish(
            record_path=store.record_path(place, Key(name)),
            record=raw,
            blob_path=store.blob_path(place, Digest(name), codec.suffix),
            blob=blob,
            digest=Digest(name),
            size=len(blob),
        )

    return {
        "describe": lambda: hasher.hash((next(numbers),), {}).describe(),
        "encode": encode,
        "record": result.record.to_json,
        "bare": bare,
        "publish": publish,
        "save": lambda: cache.save(hasher.hash((next(numbers),), {}), value),
    }


def _defaults(a, b, c=1, d=2.0, e="three"):  # type: ignore[no-untyped-def]
    return a, b, c, d, e


CASE = Code()
