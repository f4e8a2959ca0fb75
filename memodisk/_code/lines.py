"""The lines that a manifest is made of, and the labels that things have in them."""

from __future__ import annotations

from memodisk import hashing
from memodisk._code import userland

ROOT = "itself"


class Lines:
    """Lines of digest and text, in no order, and what each thing is called in them."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []
        #: By identity.
        self.labels: dict[int, str] = {}
        self.kept: list[object] = []  # what has a label, so that no id is given to another object
        self.taken: set[str] = set()

    def line(self, content: str, what: str) -> None:
        """Write a line about one thing.

        Parameters
        ----------
        content
            What the thing is made of; it is digested.
        what
            The thing, for people.
        """
        self.lines.append((hashing.digest_bytes(content.encode("utf-8", "surrogatepass")), what))

    def bind(self, owner: str, name: str, label: str) -> None:
        """Say what a name stands for, unless it is obvious."""
        while label.startswith("wrapper of "):
            label = label.removeprefix("wrapper of ")
            if label == name:
                return
        if label not in (name, f"module {name}"):
            what = f"name {name}{of(owner)}: {label}"
            self.line(what, what)

    def label(self, thing: object, wanted: str, owner: str) -> str:
        """Give a thing a label that no other has, and return it.

        Parameters
        ----------
        wanted
            What it is called if nothing else is called so.
        owner
            Of two that are called the same, the second is said to be in this.
        """
        label = wanted
        if label in self.taken:
            label = f"{wanted} in {owner}" if owner else wanted
        number = 2
        while label in self.taken:
            label = f"{wanted} #{number}"
            number += 1
        self.taken.add(label)
        self.labels[id(thing)] = label
        self.kept.append(thing)
        return label

    def package(self, module: object) -> None:
        """Name the distribution that something of a library came with."""
        found = userland.distribution(module)
        if found is not None:
            self.line(found, f"package {found}")


def of(owner: str) -> str:
    """Say whose a name is, unless it is the function's own."""
    return "" if owner in ("", ROOT) else f" in {owner}"
