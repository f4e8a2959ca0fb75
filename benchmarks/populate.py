"""Makes a store of many tiny results fast: `python -m benchmarks.populate DIRECTORY COUNT`.

The files are those that as many calls would leave, byte for byte like them; they are only written without renaming,
since nobody else uses the directory meanwhile.
"""

from __future__ import annotations

import argparse
import io
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

from benchmarks import work


def populate(cache: Any, function: Callable[..., Any], calls: Iterable[tuple[Any, ...]]) -> int:
    """Store the result of each call in a `memodisk.Cache`, and return how many there were.

    Parameters
    ----------
    cache
        The cache.
    function
        Is run for each call.
    calls
        The arguments of each call; results must be small enough to be embedded in their records or at least not large.
    """
    from memodisk import codecs
    from memodisk._store.layout import RECORD_SUFFIX, SHARDS
    from memodisk._store.record import MAX_EMBEDDED
    from memodisk._store.store import Store
    from memodisk.hashing import digest_bytes

    memoized = cache.memoize(function)
    store = Store(cache.directory)
    template = None
    count = 0
    for arguments in calls:
        count += 1
        if template is None:
            memoized(*arguments)
            request = memoized.request(*arguments)
            template = cache.load(request).record
            directory = store.function_directory(request.function)
            for shard in SHARDS:
                os.makedirs(f"{directory}/{shard}", exist_ok=True)
            continue
        request = memoized.request(*arguments)
        value = function(*arguments)
        codec = codecs.choose(value)
        file = io.BytesIO()
        codec.encode(value, file)
        blob = file.getvalue()
        digest = digest_bytes(blob)
        record = template.replace(
            key=request.key,
            digest=digest,
            codec=codec.name,
            bytes=len(blob),
            created=time.time(),
            arguments=request.arguments,
            argument_digests=request.argument_digests,
            data=blob if len(blob) <= MAX_EMBEDDED else None,
        )
        # The record first: eviction expects it to be no fresher than its blob.
        _write(f"{directory}/{request.key[0]}/{request.key}.{RECORD_SUFFIX}", record.to_json())
        _write(f"{directory}/{digest[0]}/{digest}.{codec.suffix}", blob)
    return count


def _write(path: str, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
    os.write(descriptor, data)
    os.close(descriptor)


def _part(directory: str, numbers: range) -> int:
    import memodisk

    return populate(memodisk.Cache(directory), work.small, ((number,) for number in numbers))


def main() -> None:
    """Fill a directory with results of `benchmarks.work.small`."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.populate", description=__doc__.splitlines()[0])
    parser.add_argument("directory")
    parser.add_argument("count", type=int)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    started = time.perf_counter()
    parts = [range(job, options.count, options.jobs) for job in range(options.jobs)]
    if options.jobs == 1:
        done = _part(options.directory, parts[0])
    else:
        with multiprocessing.get_context("spawn").Pool(options.jobs) as pool:
            done = sum(pool.starmap(_part, [(options.directory, part) for part in parts]))
    sys.stdout.write(f"{done:,} results in {time.perf_counter() - started:.1f} s\n")


if __name__ == "__main__":
    main()
