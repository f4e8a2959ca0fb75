"""Large arguments: what it costs to recognise them. The result is small, so that nearly all of it is hashing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import xxhash

from benchmarks import work
from benchmarks.case import ALL_PEERS, Case, Example, Measured, Size, by_level, failure, median_time, subject
from benchmarks.figures import BEST_PEER, FLOOR, Goal, Row


def array(megabytes: int) -> Any:
    import numpy as np

    return np.random.default_rng(1).random(megabytes * 1_000_000 // 8)


def pandas_frame(rows: int) -> Any:
    import numpy as np
    import pandas as pd

    random = np.random.default_rng(2)
    return pd.DataFrame(
        {
            "price": random.random(rows),
            "count": random.integers(0, 1000, rows),
            "city": random.choice(["Bern", "Basel", "Genève", "Zürich", "Lugano"], rows),
            "time": pd.Timestamp("2020-01-01") + pd.to_timedelta(random.integers(0, 10**8, rows), unit="s"),
        }
    )


def polars_frame(rows: int) -> Any:
    import polars as pl

    return pl.from_pandas(pandas_frame(rows))


def floats(count: int) -> list[float]:
    return [i * 1.1 for i in range(count)]


def strings(count: int) -> list[str]:
    return [f"text number {i}" for i in range(count)]


def nested(count: int) -> dict[str, Any]:
    return {f"key {i}": {"id": i, "tags": ["a", "b"], "place": (i * 0.5, -i * 0.5)} for i in range(count)}


def _one_element(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """Change one element in the middle, in place: neither a sample nor the identity of the object shows it."""
    arguments[0][len(arguments[0]) // 2 + 1] += 0.5
    return arguments


def _one_cell(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    arguments[0].iloc[len(arguments[0]) // 2 + 1, 2] = "Chur"
    return arguments


def _one_polars_cell(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    arguments[0][arguments[0].height // 2 + 1, "city"] = "Chur"
    return arguments


def _one_string(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    arguments[0][len(arguments[0]) // 2 + 1] += "!"
    return arguments


def _one_entry(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    arguments[0][f"key {len(arguments[0]) // 2 + 1}"]["tags"][1] = "c"
    return arguments


Change = Callable[[tuple[Any, ...]], tuple[Any, ...]]
MAKERS: dict[str, tuple[Callable[[int], Any], Change]] = {
    "numpy": (array, _one_element),
    "pandas": (pandas_frame, _one_cell),
    "polars": (polars_frame, _one_polars_cell),
    "floats": (floats, _one_element),
    "strings": (strings, _one_string),
    "nested": (nested, _one_entry),
}


class Arguments(Case):
    name = "arguments"
    title = "Hits with large arguments"
    contenders = (*ALL_PEERS, "xxh3", "one open")
    sizes = by_level({
        "full": {"numpy": 100, "pandas": 1_000_000, "polars": 1_000_000, "floats": 1_000_000, "strings": 100_000,
                 "nested": 100_000, "seconds": 0.5},
        "quick": {"numpy": 20, "pandas": 50_000, "polars": 50_000, "floats": 50_000, "strings": 10_000,
                  "nested": 5_000, "seconds": 0.03},
        "tiny": {"numpy": 1, "pandas": 100, "polars": 100, "floats": 100, "strings": 100, "nested": 100,
                 "seconds": 0.01},
    })  # fmt: skip
    rounds = by_level({"full": 5, "quick": 1})

    def rows(self, size: Size) -> list[Row]:
        best = (Goal(BEST_PEER, 1 / 5),)
        over_joblib = (Goal("joblib", 1 / 5),)
        floor = "one open"
        return [
            Row(
                "numpy",
                f"numpy array of {size['numpy']:,} MB",
                floor="xxh3",
                goals=(Goal("joblib", 1 / 25), Goal(FLOOR, 1.3)),
            ),
            Row("pandas", f"pandas frame of {size['pandas']:,} rows: numbers, strings, dates", floor=floor, goals=best),
            Row("polars", f"polars frame of {size['polars']:,} rows: numbers, strings, dates", floor=floor, goals=best),
            Row("floats", f"list of {size['floats']:,} floats", floor=floor, goals=over_joblib),
            Row("strings", f"list of {size['strings']:,} strings", floor=floor, goals=over_joblib),
            Row("nested", f"nested dict of {size['nested']:,}", floor=floor, goals=over_joblib),
        ]  # fmt: skip

    def examples(self, size: Size) -> dict[str, Callable[[], Example]]:
        return {
            key: lambda key=key, make=make, change=change: Example(work.total, (make(size[key]),), change)  # type: ignore[misc]
            for key, (make, change) in MAKERS.items()
        }

    def measure(self, contender: str, directory: str, size: Size) -> Measured:
        if contender == "xxh3":
            values = array(size["numpy"])
            return {"numpy": median_time(lambda: xxhash.xxh3_128_digest(values), size["seconds"])}
        memoized = subject(contender, directory).memoize(work.total)
        found: dict[str, float | str] = {}
        for key, (make, _) in MAKERS.items():
            value = make(size[key])
            try:
                memoized(value)
                found[key] = median_time(lambda value=value: memoized(value), size["seconds"])  # type: ignore[misc]
            # A peer that refuses one kind of argument may take the others.
            except Exception as error:
                found[key] = failure(error)
        return found


CASE = Arguments()
