"""Everything else becomes a pickle that loads in another process."""

from __future__ import annotations

import collections
import dataclasses
import io
import pickle
import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memodisk import codecs
from memodisk.errors import Undecodable, Unencodable

ATOMS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
VALUES = st.recursive(
    ATOMS | st.complex_numbers(allow_nan=False) | st.dates() | st.decimals(allow_nan=False) | st.uuids(),
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(ATOMS, inner)
        | st.frozensets(ATOMS)
        | st.sets(ATOMS)
    ),
    max_leaves=20,
)


class Lock:
    """Something of which the lock stands in the way of pickling."""

    def __init__(self) -> None:
        self.lock = threading.Lock()


class Slotted:
    __slots__ = ("inner",)

    def __init__(self, inner: object) -> None:
        self.inner = inner


@dataclasses.dataclass
class Model:
    parts: list[object]


@given(VALUES)
def test_plain_values_come_back_and_open_with_pickle(there_and_back, value):
    trip = there_and_back(value, "pickle")
    assert trip.value == value
    assert type(trip.value) is type(value)
    assert pickle.loads(trip.blob) == value


@given(VALUES)
def test_the_same_value_makes_the_same_bytes(there_and_back, value):
    assert there_and_back(value, "pickle").blob == there_and_back(value, "pickle").blob


def test_objects_of_importable_classes_come_back(there_and_back):
    model = Model([Slotted(3), collections.Counter("aab")])
    trip = there_and_back(model)
    assert trip.value.parts[0].inner == 3
    assert b"cloudpickle" not in trip.blob


def test_plain_values_do_not_import_cloudpickle():
    run(
        """
        import sys, datetime, collections
        from memodisk import codecs
        value = {"a": [1, datetime.date(2020, 1, 1), collections.OrderedDict(b=2)]}
        codecs.get("pickle").encode(value, sys.stdout.buffer)
        assert "cloudpickle" not in sys.modules
        """
    )


def test_classes_functions_and_enums_of_a_script_load_in_another_process(tmp_path):
    blob = run(
        """
        import sys, dataclasses, enum
        from memodisk import codecs

        class Color(enum.Enum):
            RED = 1

        @dataclasses.dataclass
        class Point:
            x: int
            color: Color
            def double(self):
                return Point(self.x * 2, self.color)

        value = [Point(3, Color.RED), lambda n: n + Point(1, Color.RED).x]
        codecs.get("pickle").encode(value, sys.stdout.buffer)
        """
    )
    program = """
        import pickle, sys
        point, function = pickle.loads(sys.stdin.buffer.read())
        assert point.double().x == 6 and point.color.name == "RED" and function(1) == 2
        """
    run(program, blob)


def test_a_class_that_the_script_has_again_is_that_very_class():
    program = """
        import sys, dataclasses
        from memodisk import codecs

        @dataclasses.dataclass
        class Point:
            x: int

        pickle = codecs.get("pickle")
        blob = sys.stdin.buffer.read()
        if blob:
            assert pickle.decode(memoryview(blob)) == Point(3)
            assert isinstance(pickle.decode(memoryview(blob)), Point)
        else:
            pickle.encode(Point(3), sys.stdout.buffer)
        """
    run(program, run(program))


def test_a_large_array_inside_is_written_without_a_copy(there_and_back):
    array = np.arange(1_000_000)
    pieces = []

    class File:
        def write(self, data):
            pieces.append(data)

    codecs.get("pickle").encode({"a": array, "b": [1, 2]}, File())
    assert any(isinstance(p, memoryview) and np.shares_memory(np.frombuffer(p, "i8"), array) for p in pieces)
    back = codecs.get("pickle").decode(memoryview(b"".join(pieces)))
    assert (back["a"] == array).all()
    back["a"][0] = 5


@pytest.mark.parametrize(
    ("value", "path", "kind"),
    [
        (threading.Lock(), "result", "_thread.lock"),
        ({"model": Lock()}, "result['model'].lock", "_thread.lock"),
        ([0, (1, Slotted(Lock()))], "result[1][1].inner.lock", "_thread.lock"),
        (Model([1, (n for n in [])]), "result.parts[1]", "generator"),
        (collections.deque([Lock()]), "result[0].lock", "_thread.lock"),
        ({("a", 1): {2: Lock()}}, "result[('a', 1)][2].lock", "_thread.lock"),
    ],
)
def test_what_cannot_be_pickled_is_named_by_its_path_and_type(there_and_back, value, path, kind):
    with pytest.raises(Unencodable) as caught:
        there_and_back(value)
    assert caught.value.path == path
    assert caught.value.cause.startswith(f"{kind} cannot be pickled")


def test_a_cycle_does_not_disturb_the_search(there_and_back):
    value: dict[str, object] = {}
    value["self"] = value
    assert there_and_back(value).value["self"]["self"] is not None
    value["lock"] = threading.Lock()
    with pytest.raises(Unencodable, match=r"result\['lock'\]"):
        there_and_back(value)


def test_a_lock_in_a_closure_is_found(there_and_back):
    lock = threading.Lock()
    with pytest.raises(Unencodable, match=r"result\.<closure lock>"):
        there_and_back(lambda: lock)


def test_what_is_nested_too_deeply_says_so(there_and_back):
    value: list[object] = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(Unencodable, match="nested too deeply"):
        there_and_back(value)


def test_things_that_would_come_back_as_something_else_are_refused(there_and_back, tmp_path):
    (tmp_path / "f").write_text("x")
    with open(tmp_path / "f") as file, pytest.raises(Unencodable, match="an open file is not data"):
        there_and_back([file])
    with pytest.raises(Unencodable, match=r"return bytes\(view\)"):
        there_and_back(memoryview(b"x"))
    assert there_and_back(io.BytesIO(b"x")).value.getvalue() == b"x"


def test_an_error_of_the_file_is_not_an_error_of_the_value():
    class Full:
        def write(self, data):
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        codecs.get("pickle").encode([1], Full())


@pytest.mark.parametrize("blob", [b"", b"garbage", b"\x80\x05", b"cno_such_module\nThing\n."])
def test_what_is_no_pickle_is_undecodable(blob):
    with pytest.raises(Undecodable, match="cannot be loaded here"):
        codecs.get("pickle").decode(memoryview(blob))


def run(program: str, stdin: bytes = b"") -> bytes:
    command = [sys.executable, "-c", textwrap.dedent(program)]
    return subprocess.run(command, input=stdin, stdout=subprocess.PIPE, check=True).stdout
