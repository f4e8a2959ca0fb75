"""Instances: dataclasses, attrs and pydantic classes, slots, own state, and what users say about their types."""

from __future__ import annotations

import copy
import copyreg
import functools
import logging
import pickle
import random
from dataclasses import dataclass, field

import attrs
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st
from xxhash import xxh3_128_digest

from memodisk import hashing
from memodisk.hashing import digest, dispatch
from memodisk.hashing.walk import Walk


@dataclass(frozen=True, slots=True)
class Slotted:
    x: int
    y: list = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Frozen:
    radius: float

    @functools.cached_property
    def area(self):
        return self.radius**2 * 3


@dataclass
class Plain:
    x: int
    note: str = field(default="", compare=False)


class Lazy:
    def __init__(self, x):
        self.x = x

    @functools.cached_property
    def double(self):
        return self.x * 2


class Point:
    __slots__ = ("__private", "x", "y")

    def __init__(self, x, y=None, private=0):
        self.x = x
        self.__private = private
        if y is not None:
            self.y = y


class Point3(Point):
    __slots__ = ("z",)


class Loose(Point):
    pass


class Empty:
    pass


class Nothing:
    pass


class Model:
    """Leaves its connection out of its state, as for pickle."""

    def __init__(self, weights, connection):
        self.weights = weights
        self.connection = connection

    def __getstate__(self):
        return {"weights": self.weights}


class Reduced:
    def __init__(self, x):
        self.x = x
        self.scratch = object()

    def __reduce__(self):
        return Reduced, (self.x,)


class Keyed:
    def __init__(self, identity):
        self.identity = identity
        self.lock = object()

    def __memo_key__(self):
        return self.identity


class KeyedByAttribute:
    def __init__(self, identity):
        self.__memo_key__ = identity
        self.lock = object()


@attrs.define
class Attrs:
    x: int
    y: list = attrs.field(factory=list)


@attrs.frozen(cache_hash=True)
class FrozenAttrs:
    x: str


class Pydantic(pydantic.BaseModel):
    x: int
    y: list = []
    _secret: int = pydantic.PrivateAttr(default=0)


class Unpicklable:
    def __init__(self, x):
        self.x = x
        self.handle = object()


class Row(list):
    pass


def slots(*values, **attributes):
    point = Loose(*values)
    for name, value in attributes.items():
        setattr(point, name, value)
    return point


def touched(value, name):
    getattr(value, name)
    return value


def with_attribute(value, **attributes):
    for name, part in attributes.items():
        setattr(value, name, part)
    return value


def without_default():
    model = Pydantic(x=1)
    model._secret = 5
    return model


def hashed(value):
    hash(value)
    return value


EQUAL = [
    ("frozen dataclass with slots", Slotted(1), Slotted(1, [])),
    ("order of assignment", with_attribute(Empty(), a=1, b=2), with_attribute(Empty(), b=2, a=1)),
    ("a cached property of a frozen class", touched(Frozen(radius=1), "area"), Frozen(radius=1)),
    ("slots", Point(1, 2), Point(1, 2)),
    ("slots that were never assigned", Point(1), Point(1)),
    ("slots and attributes", slots(1, a=2), slots(1, a=2)),
    ("what __getstate__ leaves out", Model([1], object()), Model([1], object())),
    ("what __reduce__ leaves out", Reduced(1), Reduced(1)),
    ("an object's own key", Keyed(1), Keyed(1)),
    ("an object's own key as an attribute", KeyedByAttribute(1), KeyedByAttribute(1)),
    ("attrs", Attrs(1), Attrs(1, [])),
    ("a hash that attrs keeps", hashed(FrozenAttrs("a")), FrozenAttrs("a")),
    ("instances without attributes, by class", Empty(), Empty()),
    ("loggers by name", logging.getLogger("a"), logging.getLogger("a")),
    ("random generators by state", random.Random(1), random.Random(1)),
]

DIFFERENT = [
    ("fields", Slotted(1), Slotted(2)),
    ("fields deep inside", Slotted(1, [1, [2]]), Slotted(1, [1, [3]])),
    ("fields that do not compare", Plain(1, "a"), Plain(1, "b")),
    ("attributes beyond the fields", Plain(1), with_attribute(Plain(1), extra=1)),
    ("a filled cache where fields may change", touched(Lazy(1), "double"), Lazy(1)),
    ("classes", Empty(), Nothing()),
    ("slots", Point(1, 2), Point(1, 3)),
    ("private slots", Point(1, 2, 3), Point(1, 2, 4)),
    ("an assigned slot", Point(1), Point(1, 2)),
    ("inherited slots", Point3(1, 2), Point3(1, 3)),
    ("a class and its base", Point3(1, 2), Point(1, 2)),
    ("attributes beside slots", slots(1, a=2), slots(1, a=3)),
    ("what __getstate__ keeps", Model([1], 0), Model([2], 0)),
    ("what __reduce__ keeps", Reduced(1), Reduced(2)),
    ("own keys", Keyed(1), Keyed(2)),
    ("own keys by type", Keyed(1), Keyed(True)),
    ("own keys as attributes", KeyedByAttribute(1), KeyedByAttribute(2)),
    ("attrs", Attrs(1), Attrs(2)),
    ("pydantic", Pydantic(x=1), Pydantic(x=2)),
    ("pydantic, with a default or without", Pydantic(x=1), Pydantic(x=1, y=[])),
    ("pydantic's private attributes", Pydantic(x=1), without_default()),
    ("attributes of a derived list", Row([1]), with_attribute(Row([1]), name="a")),
    ("items of a derived list", Row([1]), Row([2])),
    ("loggers", logging.getLogger("a"), logging.getLogger("b")),
    ("random states", random.Random(1), random.Random(2)),
]


@pytest.mark.parametrize(("reason", "one", "other"), EQUAL, ids=[row[0] for row in EQUAL])
def test_same_instance(reason, one, other):
    assert digest([one]) == digest([other]), reason


@pytest.mark.parametrize(("reason", "one", "other"), DIFFERENT, ids=[row[0] for row in DIFFERENT])
def test_different_instance(reason, one, other):
    assert digest([one]) != digest([other]), reason


@pytest.mark.parametrize("value", [row[1] for row in EQUAL + DIFFERENT], ids=[row[0] for row in EQUAL + DIFFERENT])
def test_a_copy_is_the_same(value):
    if not isinstance(value, (Model, KeyedByAttribute, Keyed)):
        assert digest(copy.deepcopy(value)) == digest(value)
        assert digest(pickle.loads(pickle.dumps(value))) == digest(value)


def test_exceptions_do_not_depend_on_who_taught_pickle_to_keep_their_tracebacks():
    expected = digest(ValueError("a"))
    copyreg.pickle(ValueError, lambda error: (ValueError, ("a", "traceback")))
    try:
        assert digest(ValueError("a")) == expected
    finally:
        del copyreg.dispatch_table[ValueError]


def test_what_copyreg_says_about_other_types_counts():
    copyreg.pickle(Unpicklable, lambda value: (Unpicklable, (value.x,)))
    assert digest(Unpicklable(1)) == digest(Unpicklable(1)) != digest(Unpicklable(2))


def test_hashing_leaves_the_instance_alone():
    value = Lazy(1)
    before = dict(vars(value))
    digest(value)
    assert vars(value) == before


def test_the_code_of_a_class_counts_as_the_hook_says():
    value = [Plain(1), Plain(2), Slotted]
    asked = []

    def hook(thing):
        asked.append(thing)
        return thing.__name__.encode() + version

    version = b"1"
    first = digest(value, code=hook)
    assert asked == [Plain, Slotted], "once for each class"
    version = b"2"
    assert digest(value, code=hook) != first


def test_functions_and_methods_count_by_the_hook_and_what_they_are_bound_to():
    def hook(thing):
        return thing.__name__.encode()

    one, other = Keyed(1), Keyed(2)
    assert digest(one.__memo_key__, code=hook) != digest(other.__memo_key__, code=hook)
    assert digest(one.__memo_key__, code=hook) == digest(Keyed(1).__memo_key__, code=hook)
    assert digest(lambda: 1, code=lambda thing: b"a") != digest(lambda: 1, code=lambda thing: b"b")


class Foreign:
    def __init__(self, handle, name):
        self.handle = handle
        self.name = name


class Derived(Foreign):
    pass


def test_a_registered_stand_in_is_hashed_in_place_of_the_object():
    @hashing.register(Foreign)
    def _(value):
        return value.name

    assert digest(Foreign(object(), "a")) == digest(Foreign(object(), "a"))
    assert digest(Foreign(object(), "a")) != digest(Foreign(object(), "b"))
    assert digest(Foreign(object(), "a")) != digest("a"), "tagged by the type"
    assert digest(Derived(object(), "a")) != digest(Foreign(object(), "a"))

    hashing.register(Foreign, lambda value: 1)
    assert digest(Foreign(object(), "a")) == digest(Foreign(object(), "b")), "the later one holds"


@pytest.mark.parametrize("kind", [int, str, list, dict, tuple, object, "Foreign"])
def test_basic_types_cannot_be_registered(kind):
    with pytest.raises(TypeError, match="cannot register"):
        hashing.register(kind, lambda value: 1)


def test_a_class_defined_again_and_again_is_not_kept():
    import gc
    import weakref

    def define():
        kind = type("Cell", (), {"__init__": lambda self: setattr(self, "x", 1)})
        digest(kind(), code=lambda thing: b"")
        return weakref.ref(kind)

    reference = define()
    gc.collect()
    assert reference() is None


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
VALUES = SCALARS | st.lists(SCALARS, max_size=30) | st.tuples(SCALARS, SCALARS) | st.dictionaries(st.text(), SCALARS)


@given(st.dictionaries(st.text(), VALUES, max_size=12), st.sampled_from([Plain, Loose, Empty]))
def test_small_instances_are_encoded_alike_with_and_without_a_walk(attributes, kind):
    """The first instance of a class is walked through; the next ones take the short way, if they are small."""
    value = kind.__new__(kind)
    value.__dict__.update(attributes)
    whole = hashing.encode(value)
    found = dispatch.quick(kind)
    assert found is not None
    part = found(value, kind, hashing.by_name)
    walked = Walk("value", hashing.by_name).run(value)
    assert part is None or part == walked
    assert hashing.digest(value) == (walked[1:] if walked[:1] == b"#" else xxh3_128_digest(walked))
    assert whole[:1] == walked[:1] or walked[:1] == b"#"


@dataclass
class Small:
    x: object
    note: str = ""


def test_the_short_way_is_taken_for_small_instances():
    assert digest(Small(1)) == digest(Small(1))
    assert digest(Slotted(1)) == digest(Slotted(1))
    assert dispatch.quick(Small)(Small(1, "a"), Small, hashing.by_name) is not None
    assert dispatch.quick(Slotted)(Slotted(1, [1, 2]), Slotted, hashing.by_name) is not None
    assert dispatch.quick(Small)(Small({1: 2}), Small, hashing.by_name) is None


def test_a_stand_in_that_is_registered_later_wins_over_the_short_way():
    class Late:
        pass

    value = Late()
    value.x = 1
    before = digest(value, code=lambda kind: b"Late")
    assert digest(value, code=lambda kind: b"Late") == before
    hashing.register(Late, lambda late: "stand-in")
    assert digest(value, code=lambda kind: b"Late") != before
