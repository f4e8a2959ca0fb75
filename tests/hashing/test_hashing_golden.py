"""Digests written down once: they must never change, on any platform or Python version.

A change here means that every stored result misses. If that has to be, it is a new format.
"""

from __future__ import annotations

import array
import collections
import datetime as dt
import decimal
import enum
import fractions
import pathlib
import re
import uuid
import zoneinfo
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from memodisk.hashing import digest, digest_bytes


class Colour(enum.Enum):
    RED = 1


class Access(enum.Flag):
    READ = 1
    WRITE = 2


@dataclass(frozen=True, slots=True)
class Slotted:
    x: int
    y: str


class Plain:
    def __init__(self, **attributes):
        vars(self).update(attributes)


class Reduced:
    def __reduce__(self):
        return Reduced, (), {"a": [1]}


class Stateful:
    def __getstate__(self):
        return {"a": 1}


Point = collections.namedtuple("Point", "x y")


def hook(thing):
    return thing.__qualname__.encode()


def cycle():
    made = [1, {"up": None}]
    made[1]["up"] = made
    return made


def entangled():
    nodes = [Plain(name=i) for i in range(40)]
    for node in nodes:
        node.all = nodes
    return nodes


GOLDEN = {
    "None": ("626d368fe0e74b4f1a038927df1311d6", None),
    "True": ("1d33c0bd3511c80d20948828081ddcb4", True),
    "int": ("b43a4514c6d4d1e4e99dcaa8de4d257c", 1),
    "negative int": ("15f7ab44c6bf50c6a8022834948ccd2e", -(2**40)),
    "big int": ("ac415c97297ad67068b9ca7546702ec3", 10**30),
    "float": ("116e76984b64483c7da4c841885b9b10", 1.5),
    "minus zero": ("20751e3dbb0dafad15202973cf7b28df", -0.0),
    "NaN": ("e3202fac0da24988adf2c558833bc96c", float("nan")),
    "complex": ("b4bccd04857473b66490a3d75aff1a01", 1 + 2j),
    "Ellipsis": ("4a810a3f4b01805cab8a815a3d735ad3", ...),
    "text": ("5fad5026a1e10832a70ae66a17861741", "Zürich \U0001f600"),
    "surrogate": ("a4dad6930a3c47356305e00d0b19fba5", "\ud800"),
    "long text": ("eabfe001130235e530caba362bb86130", "x" * 1000),
    "bytes": ("4f470c05c171873d7bd88f19fa78c036", b"abc"),
    "long bytes": ("0b0bc4d8e7aebf3a648b3402b7540ce0", bytes(100_000)),
    "list": ("0c16c09bc1bda26efbf00e983fd0492c", [1, 2.5, "a", None, True]),
    "nested list": ("b772cc8eb12ad9d805c211dacb846ebb", [1, [2, [3]], (4, (5,))]),
    "long list": ("558abaad84127edd61057ec9108813d5", [[i] for i in range(5000)]),
    "dict": ("06a3ac09205ac2e27ef854e915b6ef96", {"b": 1, "a": 2.0}),
    "nested dict": ("516fe5f5408b1936af1537b458cb6004", {"b": {"c": [1]}, "a": {}}),
    "dict of integers": ("7c72d02f42496259606c5641ce51d27f", {3: "a", 1: "b"}),
    "dict of tuples": ("b46f950d09816ebff7ffa4c23c5f9eaa", {(1, 2): 3, "x": (4,)}),
    "set of texts": ("710c82e4142dd8854d8b20f5ada36479", {"a", "b", "c"}),
    "mixed set": ("7f53d103b9deb2165efd8b4b6c7295e9", {1, "a", None, (1, 2)}),
    "frozenset": ("fbce7abe7c7654a07b00f3e5402ac085", frozenset([1, 2])),
    "cycle": ("3eb3090412bf34f2806c34d199a92a28", cycle()),
    "entangled": ("3284a7aad9e3db3913f37bb58bf612bb", entangled()),
    "bytearray": ("c840f975bfce80397bd0ccfb7c5c0639", bytearray(b"abc")),
    "memoryview": ("021c16d067cdcb631ef895e76329139a", memoryview(b"abc")),
    "array": ("4bd14e8b7bbb4a2b51a21b359345f667", array.array("d", [1, 2])),
    "range": ("643ca49d33747e79d64927e6c7483755", range(1, 10, 2)),
    "slice": ("c0486c408715ddf6ef4b332d6b4ff79f", slice(1, None)),
    "OrderedDict": ("dc0a5b029ec42d2c4da22e5f63f310eb", collections.OrderedDict(b=1, a=2)),
    "defaultdict": ("c9d6c1217b769ffe1bddc373128c9224", collections.defaultdict(list, a=[1])),
    "Counter": ("54461df16f05b9f511e381901be25fc5", collections.Counter("aab")),
    "deque": ("8874a1cc036344f190fd9e0e311b1164", collections.deque([1, 2], maxlen=3)),
    "namedtuple": ("e34b73c2155b619482b67d7fa45bb54d", Point(1, 2)),
    "enum": ("bc731e4378328179721d378ab9f4951e", Colour.RED),
    "flag": ("8808eecf984ec6e07bbb0bcb30503e79", Access.READ | Access.WRITE),
    "date": ("38ac5113b11ee8fc12eeb7af3428ee99", dt.date(2020, 2, 29)),
    "datetime": ("fb1c41f5af454bc2ac96870640358b8c", dt.datetime(2020, 10, 25, 2, 30, 0, 5, fold=1)),
    "zoned datetime": (
        "32db78ef1686b06b72d92dd7c0246629",
        dt.datetime(2020, 1, 1, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin")),
    ),
    "timezone": ("705fc0d2a67ad3d3caebc75134b81bcf", dt.timezone(dt.timedelta(hours=2))),
    "timedelta": ("644d4c5e434b28897ba67df1b7d6b37a", dt.timedelta(1, 2, 3)),
    "Decimal": ("f330a4323f120e81f51795dffe6235f1", decimal.Decimal("1.50")),
    "Fraction": ("8f5ad8be7a06ed7a7f4eadf4fdb330db", fractions.Fraction(1, 3)),
    "UUID": ("84d9c929df9f0992cdba39aa4e8bd14f", uuid.UUID(int=1)),
    "path": ("018d0e5ae977d8daca7fcc09cfce0c08", pathlib.PurePosixPath("a/b")),
    "pattern": ("3eaa06613fcf53a2e2a2a485fe1f5f4e", re.compile("a+", re.IGNORECASE)),
    "class": ("857f866b1f802d9b5129bd8aaf924eb4", int),
    "own class": ("f0288cf3e06e84c289492e19f11daa48", Plain),
    "dataclass": ("584b02f37fd77909972c2bdfe5bd3f50", Slotted(1, "a")),
    "instance": ("bf9d1a6d963fd7bf78e45037a71997b0", Plain(a=1, b=[2])),
    "reduced": ("0a2be8da4713d73159d9bb73a1287730", Reduced()),
    "state": ("df3f015c1e560d47aaf51f7e277a5f41", Stateful()),
    "exception": ("10aa99782113bfa471dedaf5abe3c687", ValueError("a")),
    "numpy array": ("50f45eabee04f57dd18151a47df9eea7", np.arange(6.0).reshape(2, 3)),
    "large numpy array": ("c0b6cf962ccc208685c2ff0cbbd70c25", np.arange(100_000, dtype="<i4")),
    "numpy scalar": ("9d1e5640bbe90522a90f2759c4c8197a", np.float32(1.5)),
    "numpy times": ("94830535a56e66da3ac338a0f4a32de8", np.array(["2020-01-01", "NaT"], "M8[us]")),
    "numpy objects": ("403fa824c360293b7afcabce7a8fea28", np.array([1, "a", None], object)),
    "numpy structure": ("c643cf5615bcfb9a2f53325d5cfea384", np.array([(1, 2.0)], [("a", "<i4"), ("b", "<f8")])),
    "pandas numbers": (
        "dea66a1c8f24a1953eab1e1253e85158",
        pd.DataFrame({1: np.array([1.5, 2.5]), 2: np.array([1, 2], np.int64)}),
    ),
    "pandas categories": ("b4b8442cb589bcb457a1fff300cf88b0", pd.Series(pd.Categorical.from_codes([0, 1], [10, 20]))),
    "pandas nullable": ("950f780bdad043a42ca3f6a8b2a8d12f", pd.Series([1, None], dtype="Int64")),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_the_digest_is_what_it_always_was(name):
    expected, value = GOLDEN[name]
    assert digest(value, code=hook).hex() == expected


def test_the_digest_of_raw_bytes_is_xxh3_128():
    # https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
    assert digest_bytes(b"") == "99aa06d3014798d86001c324468d497f"
    assert digest_bytes(memoryview(b"abc")) == digest_bytes(b"abc") == "06b05ab6733a618578af5f94892f3950"
