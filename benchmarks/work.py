"""The functions that are memoized. They do next to nothing, so that what is measured is the cache."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass, field
from typing import Any


@dataclass
class City:
    """An argument as people write them."""

    name: str
    population: int
    position: tuple[float, float]
    tags: list[str] = field(default_factory=list)


def small(number):
    """A small argument, a small result."""
    return number, 0.5 * number, "result"


def usual(name, ratio, options, numbers, city):
    """The arguments of an ordinary call."""
    return name, ratio, sorted(options), sum(numbers), city.name, city.population


def usual_arguments(population: int = 134_794) -> tuple[Any, ...]:
    """A text, a float, a dict of 10, a list of 100 integers, a dataclass."""
    options = {f"option_{i}": i * 1.5 if i % 2 else f"value {i}" for i in range(10)}
    city = City("Bern", population, (46.948, 7.447), ["capital", "old town", "bears"])
    return "load_city", 0.25, options, list(range(1000, 1100)), city


def total(values):
    """A small result that depends on every part of a large argument."""
    from benchmarks.content import summary

    return summary(values)


def shelved(number):
    """A large result that took no time: whatever lies on the shelf of this process.

    Reached through sys.modules, because a cache that looks at code would otherwise hash the shelf with it.
    """
    return sys.modules["benchmarks.shelf"].value


def payload(number):
    """Bytes that are easy to find on disk: they do not compress and do not repeat."""
    from benchmarks.content import noise

    return noise(number)


def slow(log, seconds):
    """A computation that writes down that it ran."""
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, f"{os.getpid()}\n".encode())
    os.close(descriptor)
    time.sleep(seconds)
    return seconds
