"""Pairs of arguments that need nothing but Python, so that every version of it can be asked about them."""

from __future__ import annotations

import array
import collections
import copy
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import functools
import io
import ipaddress
import itertools
import math
import os
import re
import sys
import types
import typing
import uuid
import zoneinfo
from decimal import Decimal
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from typing import Any

from pairs import Pair, different, same

UTC = dt.timezone.utc
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")


def built(text: str) -> str:
    """A text that is not interned."""
    return "".join(list(text))


def shared(part: Any) -> list[Any]:
    return [part, part]


def itself(*rest: Any) -> list[Any]:
    found: list[Any] = list(rest)
    found.append(found)
    return found


def parent_and_child(name: str = "a") -> dict[str, Any]:
    parent: dict[str, Any] = {"name": name}
    parent["children"] = [{"parent": parent}]
    return parent


class Colour(enum.Enum):
    RED = 1
    CRIMSON = 1
    BLUE = 2


class Shade(enum.Enum):
    RED = 1


class Number(enum.IntEnum):
    ONE = 1


class Word(str, enum.Enum):
    A = "a"


class Access(enum.Flag):
    READ = 1
    WRITE = 2
    RUN = 4


Point = collections.namedtuple("Point", "x y")
Place = collections.namedtuple("Place", "x y")


class City(typing.NamedTuple):
    name: str
    size: int = 1


class TextOf(str):
    pass


class Items(list):
    pass


class Whole(int):
    pass


class Real(float):
    pass


class Filled(dict):
    def __missing__(self, key):
        return 0


class Upper(dict):
    """Shows other items than it holds."""

    def items(self):
        return []

    def __iter__(self):
        return iter([])


class Moment(dt.datetime):
    pass


@dataclasses.dataclass
class Plain:
    x: Any = 1
    y: Any = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Other:
    x: Any = 1
    y: Any = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True)
class Frozen:
    x: Any
    y: Any = dataclasses.field(default=0, compare=False)

    @functools.cached_property
    def doubled(self):
        return 2 * self.x


@dataclasses.dataclass(slots=True)
class Slotted:
    x: Any
    y: Any = None


class Slots:
    __slots__ = ("__private", "x", "y")

    def __init__(self, x, private=None):
        self.x = x
        self.__private = private


class Open:
    """Takes any attributes, in the order they are given."""

    def __init__(self, **attributes):
        vars(self).update(attributes)

    def get(self, name):
        return vars(self)[name]

    def __call__(self):
        return self

    @classmethod
    def make(cls):
        return cls()

    @staticmethod
    def helper():
        return 1


class Closed(Open):
    pass


class Equal:
    """Equal to everything, as careless classes are."""

    def __init__(self, x):
        self.x = x

    def __eq__(self, other):
        return True

    def __hash__(self):
        return 1

    def __repr__(self):
        return "Equal"


class Stateful:
    """Keeps what can be computed again out of its state."""

    def __init__(self, x, cache=None):
        self.x = x
        self.cache = cache

    def __getstate__(self):
        return {"x": self.x}


class Reduced:
    def __init__(self, x):
        self.x = x
        self.buffer = object()

    def __reduce__(self):
        return Reduced, (self.x,)


class Keyed:
    def __init__(self, identity, connection=None):
        self.identity = identity
        self.connection = connection

    def __memo_key__(self):
        return self.identity


class Failed(Exception):
    def __init__(self, code):
        super().__init__("failed")
        self.code = code


def with_attribute(value, **attributes):
    vars(value).update(attributes)
    return value


def touched(value, name):
    getattr(value, name)
    return value


def filled(value, **slots):
    for name, content in slots.items():
        setattr(value, name, content)
    return value


def read(stream, count):
    stream.read(count)
    return stream


# Functions as arguments


def add(x, step=1):
    return x + step


def add_two(x, step=2):
    return x + step


def adder(k):
    def inner(x):
        return x + k

    return inner


def adder_of_list(*items):
    def inner():
        return items

    return inner


def subtracter(k):
    def inner(x):
        return x - k

    return inner


def marked(mark):
    def inner():
        return inner

    inner.mark = mark
    return inner


def counting(start):
    count = start

    def inner():
        nonlocal count
        count += 1
        return count

    return inner


def with_default(value):
    return lambda x=value: x


def with_keyword_default(value):
    def inner(*, x=value):
        return x

    return inner


def late(number):
    return [lambda: i for i in range(3)][number]  # noqa: B023 - late binding is what the row is about


def wrapped(factor):
    def decorate(function):
        @functools.wraps(function)
        def wrapper(*args):
            return factor * function(*args)

        return wrapper

    return decorate(add)


def local_class(rate, method=1):
    if method == 1:

        class Local:
            value = rate

            def get(self):
                return 1
    else:

        class Local:
            value = rate

            def get(self):
                return 2

    return Local


def local_subclass(base):
    class Local(base):
        pass

    return Local


def closing_class(k):
    class Local:
        def get(self):
            return k

    return Local


def generic(**implementations):
    @functools.singledispatch
    def function(x):
        return 0

    for name, implementation in implementations.items():
        function.register({"int": int, "str": str}[name], implementation)
    return function


def one_hundred(x):
    return 100


def two_hundred(x):
    return 200


def recursive(limit):
    def inner(x):
        return x if x > limit else inner(x + 1)

    return inner


def mutual(step):
    def even(x):
        return x == 0 or odd(x - step)

    def odd(x):
        return x != 0 and even(x - step)

    return even


def compiled(text):
    space: dict[str, Any] = {}
    exec(text, space)
    return space["f"]


SCALARS = [
    different("1 is not 1.0", lambda: 1, lambda: 1.0),
    different("1 is not True", lambda: 1, lambda: True),
    different("0 is not False", lambda: 0, lambda: False),
    different("0 is not None", lambda: 0, lambda: None),
    different("False is not None", lambda: False, lambda: None),
    different("an empty text is not None", lambda: "", lambda: None),
    different("an empty text is not empty bytes", lambda: "", lambda: b""),
    different("'1' is not 1", lambda: "1", lambda: 1),
    different("'None' is not None", lambda: "None", lambda: None),
    different("1 is not 1+0j", lambda: 1, lambda: 1 + 0j),
    different("the sign of zero shows in 1/x", lambda: 0.0, lambda: -0.0),
    different("the sign of an imaginary zero", lambda: complex(1, 0.0), lambda: complex(1, -0.0)),
    different("neighbouring floats", lambda: 0.1 + 0.2, lambda: 0.3),
    different("a large int is not its float", lambda: 2**53, lambda: float(2**53)),
    different("large ints that are one float", lambda: 2**53, lambda: 2**53 + 1),
    different("ints beyond 64 bits", lambda: 2**64, lambda: 2**64 + 1),
    different("the sign of a large int", lambda: 10**30, lambda: -(10**30)),
    different("infinities", lambda: math.inf, lambda: -math.inf),
    different("nan is not None", lambda: math.nan, lambda: None),
    same("nan from anywhere", lambda: float("nan"), lambda: math.nan),
    same("a large int made in two ways", lambda: 10**40, lambda: int("1" + 40 * "0")),
    same("a text that is not interned", lambda: built("hello world"), lambda: "hello world"),
    same("hexadecimal or decimal", lambda: 0xFF, lambda: 255),
    different("composed and decomposed letters", lambda: "é", lambda: "e\u0301"),
    different("letters that look alike", lambda: "a", lambda: "\u0430"),
    different("a trailing blank", lambda: "a", lambda: "a "),
    different("a trailing zero byte", lambda: "a", lambda: "a\0"),
    different("a lone surrogate", lambda: "\ud800", lambda: "\ud801"),
    different("bytes and text", lambda: b"abc", lambda: "abc"),
    different("bytes and bytearray", lambda: b"abc", lambda: bytearray(b"abc")),
    different("bytes and memoryview", lambda: b"abc", lambda: memoryview(b"abc")),
    same("a memoryview of anything", lambda: memoryview(b"abc"), lambda: memoryview(bytearray(b"abc"))),
    same("a memoryview with a stride", lambda: memoryview(b"a-b-c")[::2], lambda: memoryview(b"abc")),
    different("a memoryview of another format", lambda: memoryview(b"abcd"), lambda: memoryview(b"abcd").cast("I")),
    different("texts that differ at the end", lambda: "x" * 100_000 + "a", lambda: "x" * 100_000 + "b"),
    different("bytes that differ in the middle", lambda: b"x" * 9999 + b"a" + b"x", lambda: b"x" * 9999 + b"b" + b"x"),
    different("Ellipsis is not NotImplemented", lambda: ..., lambda: NotImplemented),
]

CONTAINERS = [
    different("list and tuple", lambda: [1, 2], lambda: (1, 2)),
    different("empty list and empty tuple", lambda: [], lambda: ()),
    different("empty dict and empty set", lambda: {}, lambda: set()),
    different("empty list and None", lambda: [], lambda: None),
    different("a list of nothing", lambda: [], lambda: [[]]),
    different("a tuple around a value", lambda: (1,), lambda: 1),
    different("the type of an item", lambda: [1, 2], lambda: [1, 2.0]),
    different("the type of an item deep down", lambda: [[{"a": (1,)}]], lambda: [[{"a": (True,)}]]),
    different("order of a list", lambda: [1, 2], lambda: [2, 1]),
    different("grouping", lambda: [[1], [2]], lambda: [[1, 2]]),
    different("grouping of texts", lambda: ["ab", "c"], lambda: ["a", "bc"]),
    different("grouping of nothing", lambda: [[], [[]]], lambda: [[[]], []]),
    different("a separator inside of a text", lambda: ["a', 'b"], lambda: ["a", "b"]),
    different("nesting", lambda: [1, [2, [3]]], lambda: [1, [2], [3]]),
    different("length of a list of equal items", lambda: [0] * 1000, lambda: [0] * 1001),
    same("order of a dict", lambda: {"a": 1, "b": 2}, lambda: {"b": 2, "a": 1}),
    same("order of a nested dict", lambda: [{1: {"a": 1, "b": 2}}], lambda: [{1: {"b": 2, "a": 1}}]),
    same("order of a dict of mixed keys", lambda: {1: 1, "a": 2, None: 3}, lambda: {None: 3, "a": 2, 1: 1}),
    same("a dict out of which something was taken", lambda: {"a": 1}, lambda: popped({"b": 2, "a": 1}, "b")),
    different("keys and values exchanged", lambda: {"a": "b"}, lambda: {"b": "a"}),
    different("values exchanged", lambda: {"a": 1, "b": 2}, lambda: {"a": 2, "b": 1}),
    different("the type of a key", lambda: {1: "a"}, lambda: {True: "a"}),
    different("the type of a key, float", lambda: {1: "a"}, lambda: {1.0: "a"}),
    different("the type of a key, text", lambda: {1: "a"}, lambda: {"1": "a"}),
    different("a key for nothing", lambda: {"a": None}, lambda: {}),
    different("a dict and its items", lambda: {"a": 1}, lambda: [("a", 1)]),
    same("order of a set", lambda: {"a", "b", "c", "d"}, lambda: {"d", "c", "b", "a"}),
    same("order of a set of tuples", lambda: {(1, "a"), (2, "b")}, lambda: {(2, "b"), (1, "a")}),
    same("order of a set that has grown", lambda: set(range(9)), lambda: set(range(1000)) & set(range(9))),
    same(
        "order of nested sets", lambda: {frozenset("ab"), frozenset("cd")}, lambda: {frozenset("dc"), frozenset("ba")}
    ),
    same("a set of mixed types", lambda: {1, "1", None, 2.5, (1,)}, lambda: {(1,), 2.5, None, "1", 1}),
    different("the type of an element", lambda: {1}, lambda: {1.0}),
    different("set and frozenset", lambda: {1, 2}, lambda: frozenset({1, 2})),
    different("set and list", lambda: {1, 2}, lambda: [1, 2]),
    same("shared text", lambda: shared(built("ab c")), lambda: [built("ab c"), built("ab c")]),
    same("shared list", lambda: shared([1]), lambda: [[1], [1]]),
    same("shared object", lambda: shared(Plain(2)), lambda: [Plain(2), Plain(2)]),
    same("a copy", lambda: [{"a": [Plain(1)]}], lambda: copy.deepcopy([{"a": [Plain(1)]}])),
    same("a list that holds itself", itself, itself),
    different("what else a list that holds itself holds", lambda: itself(1), lambda: itself(2)),
    different("a list that holds itself is not nested", itself, lambda: [[]]),
    same("a tree whose children know their parents", parent_and_child, parent_and_child),
    different("the parent's name in such a tree", parent_and_child, lambda: parent_and_child("b")),
    different("dict and OrderedDict", lambda: {"a": 1}, lambda: collections.OrderedDict(a=1)),
    different(
        "the order of an OrderedDict is part of it",
        lambda: collections.OrderedDict(a=1, b=2),
        lambda: collections.OrderedDict(b=2, a=1),
    ),
    different("dict and defaultdict", lambda: {}, lambda: collections.defaultdict(list)),
    different("what a defaultdict makes", lambda: collections.defaultdict(list), lambda: collections.defaultdict(set)),
    same(
        "order of a defaultdict",
        lambda: collections.defaultdict(int, a=1, b=2),
        lambda: collections.defaultdict(int, b=2, a=1),
    ),
    same("order of a Counter", lambda: collections.Counter("aab"), lambda: collections.Counter("baa")),
    different("dict and Counter", lambda: {"a": 1}, lambda: collections.Counter(a=1)),
    same("equal deques", lambda: collections.deque([1, 2]), lambda: rotated(collections.deque([2, 1]))),
    different("the most that a deque takes", lambda: collections.deque([1]), lambda: collections.deque([1], 5)),
    different("deque and list", lambda: collections.deque([1]), lambda: [1]),
    different(
        "which map of a ChainMap comes first",
        lambda: collections.ChainMap({"a": 1}, {"b": 2}),
        lambda: collections.ChainMap({"b": 2}, {"a": 1}),
    ),
    same("a view of a dict", lambda: types.MappingProxyType({"a": 1}), lambda: types.MappingProxyType({"a": 1})),
    different("dict and its read-only view", lambda: {"a": 1}, lambda: types.MappingProxyType({"a": 1})),
    same("order of keys()", lambda: {"a": 1, "b": 2}.keys(), lambda: {"b": 3, "a": 4}.keys()),
    different("order of values()", lambda: {"a": 1, "b": 2}.values(), lambda: {"b": 2, "a": 1}.values()),
    same(
        "order of a namespace's names", lambda: types.SimpleNamespace(a=1, b=2), lambda: types.SimpleNamespace(b=2, a=1)
    ),
    different("namespace and dict", lambda: types.SimpleNamespace(a=1), lambda: {"a": 1}),
    same("two spellings of a range", lambda: range(5), lambda: range(0, 5, 1)),
    different("range and list", lambda: range(3), lambda: [0, 1, 2]),
    different("the step of a range", lambda: range(0, 10, 2), lambda: range(0, 10, 3)),
    same("two spellings of a slice", lambda: slice(1, None), lambda: slice(1, None, None)),
    different("a slice with a step", lambda: slice(1, 2), lambda: slice(1, 2, 1)),
    different("None in a slice", lambda: slice(None), lambda: slice(0)),
    different("the type of an array", lambda: array.array("i", [1]), lambda: array.array("f", [1])),
    different("the signs of an array", lambda: array.array("h", [1]), lambda: array.array("H", [1])),
    different("array and list", lambda: array.array("i", [1]), lambda: [1]),
    different("array and its bytes", lambda: array.array("b", [1]), lambda: b"\1"),
    same("array made in two ways", lambda: array.array("d", [1, 2]), lambda: array.array("d", iter([1.0, 2.0]))),
    different("where a file in memory stands", lambda: io.StringIO("abc"), lambda: read(io.StringIO("abc"), 1)),
    same("equal files in memory", lambda: io.BytesIO(b"abc"), lambda: io.BytesIO(b"abc")),
    different("many items, one differs", lambda: list(range(10_000)), lambda: [*range(9_999), 0]),
    different("a long list of lists", lambda: [[i] for i in range(9_000)], lambda: [[i] for i in range(8_999)] + [[0]]),
    same("a deep list", lambda: nested(3_000), lambda: nested(3_000)),
    different("the depth of a deep list", lambda: nested(3_000), lambda: nested(3_001)),
]


def popped(value, key):
    del value[key]
    return value


def rotated(value):
    value.rotate()
    return value


def nested(depth):
    found: list[Any] = []
    for _ in range(depth):
        found = [found]
    return found


VALUES = [
    same("a time difference", lambda: dt.timedelta(days=1), lambda: dt.timedelta(hours=24)),
    different("a time difference is no number", lambda: dt.timedelta(seconds=1), lambda: 1),
    different("date and midnight", lambda: dt.date(2020, 1, 1), lambda: dt.datetime(2020, 1, 1)),
    different("microseconds", lambda: dt.datetime(2020, 1, 1), lambda: dt.datetime(2020, 1, 1, 0, 0, 0, 1)),
    different("a zone or none", lambda: dt.datetime(2020, 1, 1), lambda: dt.datetime(2020, 1, 1, tzinfo=UTC)),
    different(
        "one instant in two zones shows in its hour",
        lambda: dt.datetime(2020, 1, 1, 12, tzinfo=UTC),
        lambda: dt.datetime(2020, 1, 1, 13, tzinfo=dt.timezone(dt.timedelta(hours=1))),
    ),
    different(
        "the hour that comes twice",
        lambda: dt.datetime(2020, 10, 25, 2, 30, tzinfo=BERLIN),
        lambda: dt.datetime(2020, 10, 25, 2, 30, tzinfo=BERLIN, fold=1),
    ),
    different("fold of a time", lambda: dt.time(1), lambda: dt.time(1, fold=1)),
    different("time with a zone", lambda: dt.time(1), lambda: dt.time(1, tzinfo=UTC)),
    same("a zone loaded twice", lambda: BERLIN, lambda: zoneinfo.ZoneInfo.no_cache("Europe/Berlin")),
    different("two zones of one clock", lambda: BERLIN, lambda: zoneinfo.ZoneInfo("Europe/Paris")),
    same("the zone of offset zero", lambda: UTC, lambda: dt.timezone(dt.timedelta(0))),
    different("the name of a zone", lambda: UTC, lambda: dt.timezone(dt.timedelta(0), "Z")),
    different("a subclass of datetime", lambda: dt.datetime(2020, 1, 1), lambda: Moment(2020, 1, 1)),
    same(
        "an instant parsed", lambda: dt.datetime(2020, 1, 2, 3), lambda: dt.datetime.fromisoformat("2020-01-02T03:00")
    ),
    different("digits of a Decimal", lambda: Decimal("1.0"), lambda: Decimal("1.00")),
    different("Decimal and int", lambda: Decimal(1), lambda: 1),
    different("the sign of a Decimal zero", lambda: Decimal("0"), lambda: Decimal("-0")),
    different("a quiet and a signalling NaN", lambda: Decimal("NaN"), lambda: Decimal("sNaN")),
    same("a Decimal made in two ways", lambda: Decimal("1e3"), lambda: Decimal((0, (1,), 3))),
    different("the exponent of a Decimal", lambda: Decimal("1e3"), lambda: Decimal("1000")),
    same("a fraction in lowest terms", lambda: fractions.Fraction(2, 4), lambda: fractions.Fraction("1/2")),
    different("a whole fraction and an int", lambda: fractions.Fraction(2), lambda: 2),
    same(
        "a UUID made in two ways", lambda: uuid.UUID(int=5), lambda: uuid.UUID("00000000-0000-0000-0000-000000000005")
    ),
    different("a UUID and its text", lambda: uuid.UUID(int=5), lambda: str(uuid.UUID(int=5))),
    same("a path with dots", lambda: Path("a/./b"), lambda: Path("a") / "b"),
    same("a path with a trailing slash", lambda: Path("a/b/"), lambda: Path("a/b")),
    different("a path and its text", lambda: Path("a"), lambda: "a"),
    different("Path and PurePath", lambda: Path("a"), lambda: PurePath("a")),
    different("flavours of paths", lambda: PurePosixPath("a"), lambda: PureWindowsPath("a")),
    different("a relative path", lambda: Path("a"), lambda: Path("/a")),
    different("parts of a path", lambda: Path("a/b"), lambda: Path("a b")),
    different("two dots in a path may lead through a link", lambda: Path("a/../b"), lambda: Path("b")),
    different("flags of a pattern", lambda: re.compile("a"), lambda: re.compile("a", re.I)),
    same("flags that are the default", lambda: re.compile("a"), lambda: re.compile("a", re.U)),
    different("a pattern of bytes", lambda: re.compile("a"), lambda: re.compile(b"a")),
    different("a pattern and its text", lambda: re.compile("a"), lambda: "a"),
    different("addresses", lambda: ipaddress.ip_address("::1"), lambda: ipaddress.ip_address("0.0.0.1")),
    same("spellings of an address", lambda: ipaddress.ip_address("::1"), lambda: ipaddress.ip_address("0::0:1")),
    different("address and network", lambda: ipaddress.ip_address("1.1.1.1"), lambda: ipaddress.ip_network("1.1.1.1")),
    different("an enum member and its value", lambda: Colour.RED, lambda: 1),
    different("members of two enums", lambda: Colour.RED, lambda: Shade.RED),
    different("two members", lambda: Colour.RED, lambda: Colour.BLUE),
    same("an alias of a member", lambda: Colour.RED, lambda: Colour.CRIMSON),
    same("a member by its value", lambda: Colour.RED, lambda: Colour(1)),
    different("IntEnum and int", lambda: Number.ONE, lambda: 1),
    different("text enum and text", lambda: Word.A, lambda: "a"),
    same("order of flags", lambda: Access.READ | Access.WRITE, lambda: Access.WRITE | Access.READ),
    different("flags", lambda: Access.READ, lambda: Access.READ | Access.WRITE),
    same("flags by number", lambda: Access.READ | Access.RUN, lambda: Access(5)),
    different("no flag and None", lambda: Access(0), lambda: None),
    same("flags of re", lambda: re.I | re.M, lambda: re.M | re.I),
    same("an error", lambda: ValueError("a", 1), lambda: ValueError("a", 1)),
    different("errors of two types", lambda: ValueError("a"), lambda: TypeError("a")),
    different("what an error says", lambda: ValueError("a"), lambda: ValueError("b")),
    different("what an error carries", lambda: Failed(1), lambda: Failed(2)),
    same("contexts of decimals", lambda: decimal.Context(prec=5), lambda: decimal.Context(prec=5)),
    different("precision of a context", lambda: decimal.Context(prec=5), lambda: decimal.Context(prec=6)),
    same("facts about a file", lambda: os.stat_result(range(10)), lambda: os.stat_result(tuple(range(10)))),
]

INSTANCES = [
    different("namedtuple and tuple", lambda: Point(1, 2), lambda: (1, 2)),
    different("two namedtuples", lambda: Point(1, 2), lambda: Place(1, 2)),
    same("a default of a NamedTuple", lambda: City("a"), lambda: City(name="a", size=1)),
    different("fields of a NamedTuple", lambda: City("a", 1), lambda: City("a", 2)),
    same("a dataclass", lambda: Plain(1, [2]), lambda: Plain(y=[2])),
    different("fields of a dataclass", lambda: Plain(1, 2), lambda: Plain(2, 1)),
    different("the type of a field", lambda: Plain(1), lambda: Plain(1.0)),
    different("two dataclasses of equal fields", lambda: Plain(1), lambda: Other(1)),
    different("a dataclass and its dict", lambda: Plain(1), lambda: dataclasses.asdict(Plain(1))),
    different("an attribute beside the fields", lambda: Plain(1), lambda: with_attribute(Plain(1), extra=1)),
    different("a field that does not compare can still be read", lambda: Frozen(1, 2), lambda: Frozen(1, 3)),
    same("a cached property of a frozen dataclass", lambda: Frozen(1), lambda: touched(Frozen(1), "doubled")),
    same("a dataclass with slots", lambda: Slotted(1, 2), lambda: Slotted(1, 2)),
    different("a slot of a dataclass", lambda: Slotted(1, 2), lambda: Slotted(1, 3)),
    same("slots", lambda: Slots(1), lambda: Slots(1)),
    different("a slot", lambda: Slots(1), lambda: Slots(2)),
    different("a private slot", lambda: Slots(1, 1), lambda: Slots(1, 2)),
    different("a slot that is empty", lambda: Slots(1), lambda: filled(Slots(1), y=None)),
    same("order of attributes", lambda: Open(a=1, b=2), lambda: Open(b=2, a=1)),
    different("attributes", lambda: Open(a=1), lambda: Open(a=2)),
    different("names of attributes", lambda: Open(a=1), lambda: Open(b=1)),
    different("classes of equal state", lambda: Open(a=1), lambda: Closed(a=1)),
    different("an object and its dict", lambda: Open(a=1), lambda: {"a": 1}),
    different("objects that claim to be equal", lambda: Equal(1), lambda: Equal(2)),
    same("what __getstate__ leaves out", lambda: Stateful(1), lambda: Stateful(1, cache=[1])),
    different("what __getstate__ says", lambda: Stateful(1), lambda: Stateful(2)),
    same("what __reduce__ says", lambda: Reduced(1), lambda: Reduced(1)),
    different("what __reduce__ says differs", lambda: Reduced(1), lambda: Reduced(2)),
    same("what __memo_key__ says", lambda: Keyed("a", 1), lambda: Keyed("a", 2)),
    different("what __memo_key__ says differs", lambda: Keyed("a"), lambda: Keyed("b")),
    different("the key and the object", lambda: Keyed("a"), lambda: "a"),
    different("a subclass of str", lambda: TextOf("a"), lambda: "a"),
    different("a subclass of list", lambda: Items([1]), lambda: [1]),
    different("a subclass of int", lambda: Whole(1), lambda: 1),
    different("a subclass of float", lambda: Real(1), lambda: 1.0),
    different("a subclass of dict", lambda: Filled(a=1), lambda: {"a": 1}),
    different("subclasses of dict", lambda: Filled(a=1), lambda: Upper(a=1)),
    same("a subclass of str, twice", lambda: TextOf("a"), lambda: TextOf(built("a"))),
    different("attributes of a subclass of list", lambda: Items([1]), lambda: with_attribute(Items([1]), unit="m")),
    different("what a dict holds and does not show", lambda: Upper(a=1), lambda: Upper(a=2)),
    same("a recursive object", lambda: loop(Open(a=1)), lambda: loop(Open(a=1))),
    different("a recursive object's attribute", lambda: loop(Open(a=1)), lambda: loop(Open(a=2))),
    different("a class and its instance", lambda: Open, lambda: Open()),
]


def loop(value):
    value.me = value
    return value


CODE = [
    same("a lambda written twice", lambda: lambda x: x + 1, lambda: lambda x: x + 1),
    different("lambdas on one line", lambda: [lambda x: x + 1, lambda x: x + 2][0], lambda: lambda x: x + 2),
    different("a constant of another type in a lambda", lambda: lambda: 1, lambda: lambda: True),
    different("a float constant in a lambda", lambda: lambda: 1, lambda: lambda: 1.0),
    different("the sign of a zero in a lambda", lambda: lambda: 0.0, lambda: lambda: -0.0),
    different("a constant in a tuple in a lambda", lambda: lambda: (1, 2), lambda: lambda: (1, 2.0)),
    different("another attribute in a lambda", lambda: lambda x: x.real, lambda: lambda x: x.imag),
    different("another builtin in a lambda", lambda: lambda x: min(x), lambda: lambda x: max(x)),
    different("another operator in a lambda", lambda: lambda x: x < 1, lambda: lambda x: x <= 1),
    different("the order of parameters", lambda: lambda x, y: x - y, lambda: lambda y, x: x - y),
    different("a parameter more", lambda: lambda x: 1, lambda: lambda x, y: 1),
    different("a lambda inside of a lambda", lambda: lambda: lambda: 1, lambda: lambda: lambda: 2),
    different("two functions", lambda: add, lambda: one_hundred),
    different("a default value", lambda: add, lambda: add_two),
    same("a closure of equal values", lambda: adder(1), lambda: adder(1)),
    different("a closure's value", lambda: adder(1), lambda: adder(2)),
    different("the type of a closure's value", lambda: adder(1), lambda: adder(True)),
    different("a closure's code", lambda: adder(1), lambda: subtracter(1)),
    same("a closure of lists", lambda: adder_of_list([1], [2]), lambda: adder_of_list([1], [2])),
    different("lists in a closure", lambda: adder_of_list([1], [2]), lambda: adder_of_list([1], [3])),
    different("a closure in a closure", lambda: adder(adder(1)), lambda: adder(adder(2))),
    different("a counter that has counted", lambda: counting(0), lambda: counting(5)),
    different("a default that was computed", lambda: with_default(1), lambda: with_default(2)),
    different("a keyword default", lambda: with_keyword_default(1), lambda: with_keyword_default(2)),
    same("loop variables are bound late", lambda: late(0), lambda: late(2)),
    different("what a decorator holds", lambda: wrapped(1), lambda: wrapped(2)),
    same("a decorated function, twice", lambda: wrapped(1), lambda: wrapped(1)),
    different("a decorated function and the bare one", lambda: wrapped(1), lambda: add),
    different("an attribute of a function", lambda: marked(1), lambda: marked(2)),
    same("a function that calls itself", lambda: recursive(1), lambda: recursive(1)),
    different("what a function that calls itself holds", lambda: recursive(1), lambda: recursive(2)),
    same("functions that call each other", lambda: mutual(1), lambda: mutual(1)),
    different("what functions that call each other hold", lambda: mutual(1), lambda: mutual(2)),
    different("code from exec", lambda: compiled("def f(): return 1"), lambda: compiled("def f(): return 2")),
    same("the same code from exec", lambda: compiled("def f(): return 1"), lambda: compiled("def f(): return 1")),
    different(
        "globals of code from exec",
        lambda: compiled("N = 1\ndef f(): return N"),
        lambda: compiled("N = 2\ndef f(): return N"),
    ),
    same("partial of partial", lambda: functools.partial(functools.partial(add, 1), step=2), lambda: partial_of_both()),
    different("an argument of partial", lambda: functools.partial(add, 1), lambda: functools.partial(add, 2)),
    different("a keyword of partial", lambda: functools.partial(add, step=1), lambda: functools.partial(add, step=2)),
    different("keyword or position", lambda: functools.partial(add, 1), lambda: functools.partial(add, x=1)),
    different("the function of partial", lambda: functools.partial(adder(1)), lambda: functools.partial(adder(2))),
    different("partial and its function", lambda: functools.partial(add), lambda: add),
    same("methods of equal objects", lambda: Open(a=1).get, lambda: Open(a=1).get),
    different("methods of different objects", lambda: Open(a=1).get, lambda: Open(a=2).get),
    different("methods of different classes", lambda: Open(a=1).get, lambda: Closed(a=1).get),
    different("a method and its function", lambda: Open().get, lambda: Open.get),
    different("class methods of two classes", lambda: Open.make, lambda: Closed.make),
    same("a static method", lambda: Open.helper, lambda: Closed().helper),
    different("objects that can be called", lambda: Open(a=1), lambda: Open(a=2)),
    different("methods of texts", lambda: "abc".upper, lambda: "abd".upper),
    different("methods of str", lambda: str.upper, lambda: str.lower),
    different("builtins", lambda: min, lambda: max),
    different("functions of one name", lambda: math.sqrt, lambda: __import__("cmath").sqrt),
    same("an alias of a builtin", lambda: sum, lambda: __import__("builtins").sum),
    different("modules", lambda: math, lambda: itertools),
    different("items to get", lambda: getter("itemgetter", 1), lambda: getter("itemgetter", 2)),
    different("number of items to get", lambda: getter("itemgetter", 1), lambda: getter("itemgetter", 1, 2)),
    different("item or attribute", lambda: getter("itemgetter", "a"), lambda: getter("attrgetter", "a")),
    different("method to call", lambda: getter("methodcaller", "a", 1), lambda: getter("methodcaller", "a", 2)),
    different("classes", lambda: int, lambda: float),
    different("user classes", lambda: Open, lambda: Closed),
    different("generic types", lambda: list[int], lambda: list[str]),
    same("spellings of a union", lambda: typing.Union[int, None], lambda: typing.Optional[int]),  # noqa: UP007, UP045
    same("order of a union", lambda: int | str, lambda: str | int),
    different("literals of two types", lambda: typing.Literal[1], lambda: typing.Literal[True]),
    same("a local class, made twice", lambda: local_class(1), lambda: local_class(1)),
    different("an attribute of a local class", lambda: local_class(1), lambda: local_class(2)),
    different("a method of a local class", lambda: local_class(1), lambda: local_class(1, method=2)),
    different("an instance of another local class", lambda: local_class(1)(), lambda: local_class(2)()),
    different("the base of a local class", lambda: local_subclass(Open), lambda: local_subclass(Closed)),
    different("what a local class closes over", lambda: closing_class(1), lambda: closing_class(2)),
    different("an instance of a class that closes over", lambda: closing_class(1)(), lambda: closing_class(2)()),
    same("a generic function, made twice", lambda: generic(int=one_hundred), lambda: generic(int=one_hundred)),
    different("an implementation", lambda: generic(int=one_hundred), lambda: generic(int=two_hundred)),
    different("for which type", lambda: generic(int=one_hundred), lambda: generic(str=one_hundred)),
    different("functions in a list", lambda: [adder(1), adder(2)], lambda: [adder(2), adder(1)]),
    different("functions in a dict", lambda: {"a": adder(1)}, lambda: {"a": adder(2)}),
    same("functions in a set", lambda: {add, one_hundred}, lambda: {one_hundred, add}),
    different("a function in an object", lambda: Plain(adder(1)), lambda: Plain(adder(2))),
    same("a function behind lru_cache", lambda: functools.lru_cache(adder(1)), lambda: functools.lru_cache(adder(1))),
    different("behind lru_cache", lambda: functools.lru_cache(adder(1)), lambda: functools.lru_cache(adder(2))),
    different("code of a function", lambda: add.__code__, lambda: one_hundred.__code__),
]


def partial_of_both():
    return functools.partial(add, 1, step=2)


def getter(name, *names):
    return getattr(__import__("operator"), name)(*names)


PAIRS: list[Pair] = [*SCALARS, *CONTAINERS, *VALUES, *INSTANCES, *CODE]

if __name__ == "__main__":  # asked by a test which keys another interpreter finds
    import json

    from keys import keys_of

    # Under its own name, for classes say which module they are of.
    json.dump(keys_of(__import__("arguments_stdlib").PAIRS), sys.stdout)
