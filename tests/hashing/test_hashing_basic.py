"""Scalars, containers and the standard library's values: what is the same value, and what is another."""

from __future__ import annotations

import array
import collections
import datetime as dt
import decimal
import enum
import fractions
import functools
import io
import ipaddress
import math
import operator
import pathlib
import re
import types
import typing
import uuid
import weakref
import zoneinfo
from dataclasses import dataclass

import pytest

from memodisk.hashing import digest

Point = collections.namedtuple("Point", "x y")
Other = collections.namedtuple("Other", "x y")


class Text(str):
    pass


class Number(int):
    pass


class Row(list):
    pass


class Table(dict):
    pass


class Colour(enum.Enum):
    RED = 1
    GREEN = 2


class Shade(enum.Enum):
    RED = 1


class Access(enum.Flag):
    READ = 1
    WRITE = 2


class Level(enum.IntEnum):
    LOW = 1


@dataclass
class City:
    name: str
    people: int = 0


@dataclass
class Town:
    name: str
    people: int = 0


def counter(**counts):
    return collections.Counter(counts)


def text(*pieces):
    """A text that no other object shares."""
    return "".join(pieces)


SAME = [
    ("texts are equal by content", text("ab", "c"), text("a", "bc")),
    ("dicts have no order", {"a": 1, "b": 2}, {"b": 2, "a": 1}),
    ("dicts of other keys have none either", {1: "x", "a": 2, None: 3}, {None: 3, "a": 2, 1: "x"}),
    ("dicts of tuples have none either", {(1, 2): 1, (0, 5): 2}, {(0, 5): 2, (1, 2): 1}),
    ("sets have no order", {"a", "b", "c"}, {"c", "b", "a"}),
    ("sets of several types have none either", {1, "a", (2, 3)}, {(2, 3), "a", 1}),
    ("sharing a list does not show", [[1, [2]]] * 2, [[1, [2]], [1, [2]]]),
    ("sharing a text does not show", [text("x", "y")] * 2, [text("x", "y"), text("xy")]),
    ("a NaN is its bits", float("nan"), math.nan),
    ("big integers", 10**40, 10**20 * 10**20),
    ("unions are equal in any order", typing.Union[int, str], str | int),  # noqa: UP007
    ("Optional is a union", typing.Optional[int], int | None),  # noqa: UP045
    ("weak references are what they refer to", weakref.ref(City), weakref.ref(City)),
    ("a default given or left out", City("Bern"), City("Bern", 0)),
    ("memoryviews by content", memoryview(b"abcdef")[::2], memoryview(b"aXcXeX")[::2]),
    ("memoryviews need not be contiguous", memoryview(b"abcdef")[::2], memoryview(b"ace")),
    ("a view of a dict is a set of keys", {"a": 1, "b": 2}.keys(), {"b": 3, "a": 4}.keys()),
    ("flags by value", Access.READ | Access.WRITE, Access(3)),
    ("Counter has no order", counter(a=1, b=2), counter(b=2, a=1)),
    ("paths by text", pathlib.PurePosixPath("a/b"), pathlib.PurePosixPath("a") / "b"),
]

DIFFERENT = [
    ("int and float", 1, 1.0),
    ("int and bool", 1, True),
    ("int and text", 1, "1"),
    ("float and complex", 1.0, 1 + 0j),
    ("zero and minus zero", 0.0, -0.0),
    ("zero and minus zero in a list", [0.0], [-0.0]),
    ("text and bytes", "a", b"a"),
    ("bytes and bytearray", b"a", bytearray(b"a")),
    ("bytes and memoryview", b"a", memoryview(b"a")),
    ("None and False", None, False),
    ("None and the text", None, "None"),
    ("Ellipsis and NotImplemented", ..., NotImplemented),
    ("list and tuple", [1, 2], (1, 2)),
    ("empty list and empty tuple", [], ()),
    ("empty set and empty frozenset", set(), frozenset()),
    ("empty dict and empty set", {}, set()),
    ("tuple and named tuple", (1, 2), Point(1, 2)),
    ("two named tuples", Point(1, 2), Other(1, 2)),
    ("text and derived text", "a", Text("a")),
    ("int and derived int", 1, Number(1)),
    ("list and derived list", [1], Row([1])),
    ("dict and derived dict", {"a": 1}, Table(a=1)),
    ("order of a list", [1, 2], [2, 1]),
    ("nesting of a list", [[1], 2], [1, [2]]),
    ("where texts are cut", ["ab", "c"], ["a", "bc"]),
    ("where texts are cut, with NULs", ["a\0", "b"], ["a", "\0b"]),
    ("keys and values", {"a": "b"}, {"b": "a"}),
    ("types of keys", {1: "a"}, {True: "a"}),
    ("types of values", {"a": 1}, {"a": 1.0}),
    ("values exchanged", {"a": 1, "b": 2}, {"a": 2, "b": 1}),
    ("values exchanged among other keys", {(1,): 1, (2,): 2}, {(1,): 2, (2,): 1}),
    ("elements of a set", {1, 2}, {1, 3}),
    ("types in a set", {1}, {1.0}),
    ("a composed letter and its parts", "é", "e\u0301"),
    ("lone surrogates", "\ud800", "\udc00"),
    ("long bytes, one bit", b"\0" * 10_000, b"\0" * 9_999 + b"\1"),
    ("time zone", dt.datetime(2020, 1, 1), dt.datetime(2020, 1, 1, tzinfo=dt.timezone.utc)),
    (
        "the same moment in two zones",
        *(
            dt.datetime(2020, 1, 1, 12, tzinfo=dt.timezone.utc).astimezone(zoneinfo.ZoneInfo(name))
            for name in ("Europe/Berlin", "Europe/Paris")
        ),
    ),
    ("fold", dt.datetime(2020, 10, 25, 2), dt.datetime(2020, 10, 25, 2, fold=1)),
    ("date and midnight", dt.date(2020, 1, 1), dt.datetime(2020, 1, 1)),
    ("names of zones", dt.timezone(dt.timedelta(0)), dt.timezone(dt.timedelta(0), "GMT")),
    ("timedelta", dt.timedelta(1), dt.timedelta(2)),
    ("time", dt.time(1), dt.time(2)),
    ("digits of a Decimal", decimal.Decimal("1.0"), decimal.Decimal("1.00")),
    ("Decimal and Fraction", decimal.Decimal(1), fractions.Fraction(1)),
    ("fractions", fractions.Fraction(1, 3), fractions.Fraction(1, 2)),
    ("UUIDs", uuid.UUID(int=1), uuid.UUID(int=2)),
    ("addresses", ipaddress.ip_address("::1"), ipaddress.ip_address("127.0.0.1")),
    ("pure and concrete paths", pathlib.PurePosixPath("a"), pathlib.PosixPath("a")),
    ("flavours of paths", pathlib.PurePosixPath("a"), pathlib.PureWindowsPath("a")),
    ("path and text", pathlib.PurePosixPath("a"), "a"),
    ("flags of a pattern", re.compile("a"), re.compile("a", re.IGNORECASE)),
    ("pattern of text and of bytes", re.compile("a"), re.compile(b"a")),
    ("ranges that stop elsewhere", range(0, 3, 2), range(0, 4, 2)),
    ("slices", slice(1, 2), slice(1, 2, 1)),
    ("members of an enum", Colour.RED, Colour.GREEN),
    ("equal members of two enums", Colour.RED, Shade.RED),
    ("member and value", Level.LOW, 1),
    ("flags", Access.READ, Access.WRITE),
    ("type codes of an array", array.array("i", [1]), array.array("f", [1])),
    ("array and list", array.array("d", [1.0]), [1.0]),
    ("length limits of a deque", collections.deque([1]), collections.deque([1], maxlen=2)),
    ("deque and list", collections.deque([1]), [1]),
    ("order of an OrderedDict", *(collections.OrderedDict.fromkeys(keys) for keys in ("ab", "ba"))),
    ("OrderedDict and dict", collections.OrderedDict(a=1), {"a": 1}),
    ("factories of a defaultdict", collections.defaultdict(list), collections.defaultdict(set)),
    ("defaultdict and dict", collections.defaultdict(list), {}),
    ("Counter and dict", counter(a=1), {"a": 1}),
    ("maps of a ChainMap", collections.ChainMap({"a": 1}, {}), collections.ChainMap({}, {"a": 1})),
    ("mappingproxy and dict", types.MappingProxyType({"a": 1}), {"a": 1}),
    ("SimpleNamespace", types.SimpleNamespace(a=1), types.SimpleNamespace(a=2)),
    ("bound arguments", functools.partial(int, base=2), functools.partial(int, base=3)),
    ("keys of a getter", operator.itemgetter(1), operator.itemgetter(2)),
    ("itemgetter and attrgetter", operator.itemgetter("a"), operator.attrgetter("a")),
    ("arguments of a methodcaller", operator.methodcaller("f", 1), operator.methodcaller("f", x=1)),
    ("position in a BytesIO", io.BytesIO(b"ab"), (lambda file: (file.read(1), file)[1])(io.BytesIO(b"ab"))),
    ("content of a StringIO", io.StringIO("a"), io.StringIO("b")),
    ("functions", math.sin, math.cos),
    ("what a method is bound to", "a".upper, "b".upper),
    ("bound and unbound", "a".upper, str.upper),
    ("classes", int, float),
    ("a class and its instance", City, City("")),
    ("generic aliases", list[int], list[str]),
    ("literal types", typing.Literal[1], typing.Literal[True]),
    ("annotations", typing.Annotated[int, 1], typing.Annotated[int, 2]),
    ("modules", math, re),
    ("exceptions", ValueError("a"), ValueError("b")),
    ("classes of exceptions", ValueError("a"), TypeError("a")),
    ("attributes of an exception", OSError(2, "a", "f"), OSError(2, "a", "g")),
    ("fields", City("Bern", 1), City("Bern", 2)),
    ("dataclasses of the same fields", City("Bern"), Town("Bern")),
    ("an instance and its fields", City("Bern", 1), {"name": "Bern", "people": 1}),
]


@pytest.mark.parametrize(("reason", "one", "other"), SAME, ids=[row[0] for row in SAME])
def test_same_value(reason, one, other):
    assert digest(one) == digest(other), reason


@pytest.mark.parametrize(("reason", "one", "other"), DIFFERENT, ids=[row[0] for row in DIFFERENT])
def test_different_value(reason, one, other):
    assert digest(one) != digest(other), reason


@pytest.mark.parametrize(("reason", "one", "other"), DIFFERENT, ids=[row[0] for row in DIFFERENT])
def test_what_differs_differs_inside_of_anything_else(reason, one, other):
    assert digest({"a": ["x" * 100, one]}) != digest({"a": ["x" * 100, other]}), reason
    assert digest([one, other]) != digest([other, one]), reason


def test_all_these_values_are_different_from_each_other():
    values = [value for _, one, other in DIFFERENT for value in (one, other)]
    unequal = {repr(value).partition(" at 0x")[0] + str(type(value)) for value in values}
    assert len({digest(value) for value in values}) >= len(unequal)


def test_a_digest_is_16_bytes():
    assert all(len(digest(value)) == 16 for value in (1, [1], "x" * 1000, b"x" * 100_000, [[1], {2: 3}]))


def test_a_text_longer_than_marshal_takes_is_told_by_its_content(monkeypatch):
    from memodisk.hashing import base, dispatch, walk

    def narrow(value, version):
        if len(str(value)) > 100:
            raise ValueError("unmarshallable object")
        return base_dumps(value, version)

    base_dumps = base.dumps
    for module in (base, walk):
        monkeypatch.setattr(module, "dumps", narrow)
    assert dispatch.HANDLERS[str] is base.scalar
    long, longer = "x" * 200, "x" * 201
    for wrap in (lambda v: [v], lambda v: {"k": v}, lambda v: {v: 1}, lambda v: [v, [1, [2]]], lambda v: {v}):
        assert digest(wrap(long)) == digest(wrap(text("x" * 100, "x" * 100)))
        assert digest(wrap(long)) != digest(wrap(longer))
