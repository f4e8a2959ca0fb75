"""Prints what the tests measure, as a table: ``python -m tests.network [DRIVE…]``, as root."""

from __future__ import annotations

import sys
from typing import Any

from .drives import DRIVES, Effort, Figures, cut_power, measure, two_machines


def line(name: str, figures: dict[str, Any]) -> str:
    """Return one check's figures for people."""
    wrong = len(figures.get("wrong", [])) + len(figures.get("wrong_afterwards", []))
    raised = len(figures.get("exceptions", []))
    warned = sum(figures.get("warnings", {}).values())
    text = f"{wrong} wrong values, {raised} exceptions, {warned} warnings"
    if "operations" in figures:
        text += (
            f" in {figures['operations']:,} operations ({figures['hits']:,} hits, {figures['computed']:,} computed);"
            f" limits {'hold' if figures['are_limits_kept'] else 'do not hold'},"
            f" {len(figures['leftovers'])} leftovers after verify(fix=True)"
        )
    if "waited" in figures:
        rounds = figures["rounds"]
        text += (
            f"; visible to the other client in {2 * rounds - len(figures['recomputed'])} of {2 * rounds}, at the latest"
            f" after {max(figures['waited']):.3f} s (who waited) and {max(figures['later']):.3f} s (who came later)"
        )
    if "computations" in figures:
        text += "; computed " + ", ".join(f"{n} times in {m} rounds" for n, m in figures["computations"].items())
    if "delays" in figures:
        text += f"; computed by the waiter at the latest {max(figures['delays']):.2f} s after the owner was killed"
    if "within_ttl" in figures:
        text += (
            f"; of {figures['stored']} stored the two clients serve {figures['found']}, with a ttl of the difference"
            f" of their clocks and 5 minutes more {figures['within_ttl']}, 5 minutes less {figures['beyond_ttl']}"
        )
        if "ahead" in figures:
            text += f"; their clocks are ahead by {figures['ahead']} s, results half written then {figures['finished']}"
    elif "found" in figures:
        text += "; " + (", ".join(f"{n:,} {what}" for what, n in figures["found"].items()) or "nothing found")
    if "has_recovered" in figures:
        text += "; recovered" if figures["has_recovered"] else "; did not recover"
    told = [*figures.get("warnings", {}), *figures.get("exceptions", [])]
    return "\n      ".join([f"  {name:<24}{text}", *told])


def show(title: str, figures: Figures) -> None:
    print(title)
    for name, found in figures.items():
        print(line(name, found), flush=True)


def main(names: list[str]) -> None:
    effort = Effort.from_environment()
    for name in names or DRIVES:
        show(DRIVES[name].title, measure(DRIVES[name], effort))
    if not names:
        show("two machines, NFS 4.2", two_machines(seconds=5))
        show("power cut, ext4", cut_power(seconds=14))


if __name__ == "__main__":
    main(sys.argv[1:])
