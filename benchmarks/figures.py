"""What to make of measured numbers: medians, ranges, ratios, and whether the machine was quiet enough. All pure."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

#: Rounds of one floor that differ by more than this part of their median say more about the machine than about caches:
#: most goals are ratios between 1.1 and 1.5.
MAX_SPREAD = 0.25

BEST_PEER = "best peer"
FLOOR = "floor"
ABSOLUTE = ""


@dataclass(frozen=True)
class Goal:
    """What a figure of memodisk is to reach.

    Parameters
    ----------
    against
        A contender's name, `BEST_PEER`, `FLOOR`, or `ABSOLUTE`.
    at_most
        The highest ratio of memodisk's cost to the other's (the inverse, where more is better), or the highest figure.
    """

    against: str
    at_most: float


@dataclass(frozen=True)
class Row:
    """One kind of work that is measured.

    Parameters
    ----------
    key
        Its name in the JSON.
    title
        Its name in the table.
    unit
        ``s``, ``B``, ``/s``, ``%`` or any noun.
    floor
        The contender that is the floor, if there is one.
    goals
        What memodisk is to reach.
    more_is_better
        True for throughput and the like.
    exact
        True for counts and the like, which no noise disturbs.
    ours
        The contender whose goals these are.
    """

    key: str
    title: str
    unit: str = "s"
    floor: str | None = None
    goals: tuple[Goal, ...] = ()
    more_is_better: bool = False
    exact: bool = False
    ours: str = "memodisk"


@dataclass(frozen=True)
class Figure:
    """What was measured of one contender in one row: one number for each round."""

    rounds: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.rounds)

    @property
    def low(self) -> float:
        return min(self.rounds)

    @property
    def high(self) -> float:
        return max(self.rounds)

    @property
    def spread(self) -> float:
        """The middle half of the rounds as a part of their median; of fewer than four rounds, all of them."""
        ordered = sorted(self.rounds)
        cut = len(ordered) // 4
        inner = ordered[cut : len(ordered) - cut]
        return (inner[-1] - inner[0]) / abs(self.median) if self.median else 0.0


def cost_ratio(ours: Figure, other: Figure, more_is_better: bool = False) -> float:
    """Return how many times the other's cost ours is.

    Rounds that ran next to each other are compared with each other, so that a machine that slows down meanwhile slows
    both; the median of these ratios counts.
    """
    pairs = zip(ours.rounds, other.rounds, strict=False)
    ratios = [_divide(b, a) if more_is_better else _divide(a, b) for a, b in pairs]
    return statistics.median(ratios)


def _divide(a: float, b: float) -> float:
    return a / b if b else (1.0 if a == b else math.inf)


def best_peer(figures: Mapping[str, Figure], candidates: Sequence[str], more_is_better: bool = False) -> str | None:
    """Return which of the candidates does best, or None if none was measured."""
    measured = [name for name in candidates if name in figures]
    if not measured:
        return None
    choose = max if more_is_better else min
    return choose(measured, key=lambda name: figures[name].median)


@dataclass(frozen=True)
class Verdict:
    """A goal with what came of it.

    Parameters
    ----------
    goal
        The goal.
    other
        The contender that the figure was compared with, or an empty string.
    ratio
        The ratio, or the figure itself for an absolute goal.
    reached
        Whether it is reached; None if the machine was too noisy to tell.
    """

    goal: Goal
    other: str
    ratio: float
    reached: bool | None


def judge(row: Row, figures: Mapping[str, Figure], best: str | None, noisy: bool = False) -> tuple[Verdict, ...]:
    """Return what came of a row's goals. A goal against somebody who was not measured is left out."""
    ours = row.ours
    if ours not in figures:
        return ()
    verdicts = []
    for goal in row.goals:
        other = {BEST_PEER: best or "", FLOOR: row.floor or ""}.get(goal.against, goal.against)
        if goal.against == ABSOLUTE:
            ratio = figures[ours].median
        elif other in figures:
            ratio = cost_ratio(figures[ours], figures[other], row.more_is_better)
        else:
            continue
        verdicts.append(Verdict(goal, other, ratio, None if noisy else ratio <= goal.at_most))
    return tuple(verdicts)


def is_noisy(row: Row, figures: Mapping[str, Figure]) -> bool:
    """Return True if the rounds of the floor differ too much to judge by; without a floor, our own rounds."""
    if row.exact:
        return False
    reference = figures.get(row.floor or "") or figures.get(row.ours)
    return reference is not None and reference.spread > MAX_SPREAD


def unrest(spins: Sequence[tuple[float, float]]) -> float:
    """Return by which part the same work took longer, in the slowest tenth of the tries, than it needs.

    Parameters
    ----------
    spins
        Of each try: seconds by the clock, seconds on the processor.
    """
    if not spins:
        return 0.0
    walls = sorted(wall for wall, _ in spins)
    least = min(processor for _, processor in spins)
    return max(0.0, walls[int(0.9 * (len(walls) - 1))] / least - 1.0) if least > 0 else 0.0


def format_figure(value: float, unit: str) -> str:
    """Return a figure with three significant digits and its unit, as people write it."""
    if unit == "s":
        for factor, name in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
            if abs(value) >= factor:
                return f"{significant(value / factor)} {name}"
        return f"{significant(value * 1e9)} ns"
    if unit == "B":
        for factor, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
            if abs(value) >= factor:
                return f"{significant(value / factor)} {name}"
        return f"{value:.0f} B"
    if unit == "/s":
        return f"{value:,.0f}/s"
    if unit == "%":
        return f"{100 * value:.1f} %"
    return f"{significant(value)} {unit}".rstrip()


def significant(value: float) -> str:
    """Return a number with three significant digits, without an exponent."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    if digits == 0:
        return f"{value:,.0f}"
    text = f"{value:.{min(digits, 4)}f}"
    return text.rstrip("0").rstrip(".") if value == int(value) else text
