"""A function with ten dependencies: helpers, a class, constants, a container, another module, a default."""

from __future__ import annotations

import math

from benchmarks import content

LIMIT = 3
FACTORS = (1.5, 2.5)
NAMES = {"bern": 1, "basel": 2}


class Place:
    """A class with a method."""

    scale = 2

    def size(self, x):
        return x * self.scale


def double(x):
    return 2 * x


def clean(x):
    return double(x) + LIMIT


def average(values):
    return sum(values) / len(values)


def label(x):
    return f"{x} {NAMES}"


def everything(x, power=2):
    """Depends on double, clean, average, label, Place, content.noise, LIMIT, FACTORS, NAMES and its default."""
    total = clean(x) + average(FACTORS) + Place().size(x) + math.sqrt(x) ** power
    return label(total), double(LIMIT), NAMES.get("bern"), content.noise(x, 32)
