"""Floors: the least Python code that does the same work. Nobody can be faster without doing less.

They are no caches to be used: nothing is locked, described, versioned or cleaned up, and code does not count.
"""

from __future__ import annotations

import functools
import json
import os
import pickle
from typing import Any

import xxhash

from benchmarks.peers import Function, Peer


class OneOpen(Peer):
    """One file for a result, read by one open, with its digest in front: what a verified hit costs at least."""

    name = "one open"

    def memoize(self, function: Function) -> Function:
        directory = self.directory

        @functools.wraps(function)
        def memoized(*args: Any) -> Any:
            buffers: list[pickle.PickleBuffer] = []
            text = pickle.dumps(args, 5, buffer_callback=buffers.append)
            path = f"{directory}/{_key(text, buffers)}"
            try:
                descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                value = function(*args)
                blob = pickle.dumps(value, 5)
                write(path, xxhash.xxh3_128_digest(blob) + blob)
                return value
            try:
                data = os.read(descriptor, os.fstat(descriptor).st_size)
            finally:
                os.close(descriptor)
            if xxhash.xxh3_128_digest(memoryview(data)[16:]) != data[:16]:
                raise ValueError("damaged")
            return pickle.loads(memoryview(data)[16:])

        return memoized


class TwoFiles(Peer):
    """A result and a JSON text about it, each written under another name and renamed: the least of a safe put."""

    name = "two files"

    def memoize(self, function: Function) -> Function:
        directory = self.directory

        @functools.wraps(function)
        def memoized(*args: Any) -> Any:
            buffers: list[pickle.PickleBuffer] = []
            text = pickle.dumps(args, 5, buffer_callback=buffers.append)
            key = _key(text, buffers)
            try:
                descriptor = os.open(f"{directory}/{key}.json", os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                value = function(*args)
                blob = pickle.dumps(value, 5)
                digest = xxhash.xxh3_128_hexdigest(blob)
                write(f"{directory}/{digest}.pkl", blob)
                record = {"function": function.__name__, "key": key, "digest": digest, "bytes": len(blob)}
                write(f"{directory}/{key}.json", json.dumps(record).encode())
                return value
            try:
                record = json.loads(os.read(descriptor, 1 << 16))
            finally:
                os.close(descriptor)
            descriptor = os.open(f"{directory}/{record['digest']}.pkl", os.O_RDONLY | os.O_CLOEXEC)
            try:
                data = os.read(descriptor, record["bytes"])
            finally:
                os.close(descriptor)
            if xxhash.xxh3_128_hexdigest(data) != record["digest"]:
                raise ValueError("damaged")
            return pickle.loads(data)

        return memoized


def write(path: str, data: bytes) -> None:
    """Create a file under another name and rename it."""
    descriptor = os.open(path + ".tmp", os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    os.write(descriptor, data)
    os.close(descriptor)
    os.replace(path + ".tmp", path)


def _key(text: bytes, buffers: list[pickle.PickleBuffer]) -> str:
    if not buffers:
        return xxhash.xxh3_128_hexdigest(text)
    hasher = xxhash.xxh3_128(text)
    for buffer in buffers:
        hasher.update(buffer.raw())
    return hasher.hexdigest()


FLOORS: dict[str, type[Peer]] = {floor.name: floor for floor in (OneOpen, TwoFiles)}
