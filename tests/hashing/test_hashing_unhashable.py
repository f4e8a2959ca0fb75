"""What has no stable content is refused, by its path and with the remedies."""

from __future__ import annotations

import contextvars
import io
import re
import socket
import sqlite3
import subprocess
import sys
import threading
import weakref
from concurrent.futures import Future, ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from memodisk.errors import Unhashable
from memodisk.hashing import digest


class Session:
    def __init__(self, **parts):
        vars(self).update(parts)


class Slots:
    __slots__ = ("lock",)

    def __init__(self, lock):
        self.lock = lock


class Broken:
    def __getstate__(self):
        raise RuntimeError("no state today")


class Itself:
    def __memo_key__(self):
        return self


def generator():
    yield 1


async def coroutine():
    pass


LOCK = threading.Lock()

PATHS = [
    (object(), "argument 'x'"),
    ([1, 2, 3, {"k": LOCK}], "argument 'x'[3]['k']"),
    (Session(session=Session(socket=LOCK)), "argument 'x'.session.socket"),
    ((1, [LOCK]), "argument 'x'[1][0]"),
    ({1: LOCK}, "argument 'x'[1]"),
    ({(1, 2): LOCK}, "argument 'x'[tuple key]"),
    ({LOCK: 1}, "argument 'x' key _thread.lock key"),
    ({LOCK}, "argument 'x' element"),
    (Slots(LOCK), "argument 'x'.lock"),
    (SimpleNamespace(a=LOCK), "argument 'x'.a"),
    (weakref.ref(threading.Event()) and [threading.Event()], "argument 'x'[0]._cond._lock"),
    (Session(items=[LOCK] * 2).__init__, "argument 'x'.__self__.items[0]"),
    ([[i, [i]] for i in range(5000)] + [LOCK], "argument 'x'[5000]"),
]


@pytest.mark.parametrize(("value", "path"), PATHS, ids=[path for _, path in PATHS])
def test_the_path_leads_to_the_culprit(value, path):
    with pytest.raises(Unhashable) as caught:
        digest(value, path="argument 'x'", code=lambda thing: b"")
    assert caught.value.path == path


def test_the_remedies_are_named():
    with pytest.raises(Unhashable) as caught:
        digest(LOCK)
    for remedy in ("ignore=", "key=", "__memo_key__", "hashing.register"):
        assert remedy in str(caught.value)


def hopeless():
    executor = ThreadPoolExecutor(1)
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    process.wait()
    connection = sqlite3.connect(":memory:")
    yield from (
        ("object", object()),
        ("lock", LOCK),
        ("recursive lock", threading.RLock()),
        ("event", threading.Event()),
        ("thread", threading.Thread()),
        ("thread-local data", threading.local()),
        ("executor", executor),
        ("future", Future()),
        ("process", process),
        ("socket", socket.socket()),
        ("file", open(__file__)),
        ("binary file", io.FileIO(__file__)),
        ("generator", generator()),
        ("generator expression", (i for i in ())),
        ("iterator", iter([1])),
        ("dict iterator", iter({})),
        ("zip", zip([1], [2], strict=True)),
        ("map", map(str, [1])),
        ("enumerate", enumerate([1])),
        ("frame", sys._getframe()),
        ("database", connection),
        ("cursor", connection.cursor()),
        ("context variable", contextvars.ContextVar("x")),
        ("match", re.match("a", "a")),
        ("lambda, by name", lambda: 1),
        ("dead end of state", Broken()),
        ("its own key", Itself()),
        ("closed file in memory", closed()),
    )


def closed():
    file = io.BytesIO()
    file.close()
    return file


HOPELESS = list(hopeless())


@pytest.mark.parametrize("value", [value for _, value in HOPELESS], ids=[name for name, _ in HOPELESS])
def test_no_stable_content(value):
    with pytest.raises(Unhashable) as caught:
        digest(value, path="argument 'x'")
    assert caught.value.path.startswith("argument 'x'")
    assert " at 0x" not in str(caught.value)


def test_a_coroutine_is_refused_and_stays_unawaited():
    waiting = coroutine()
    with pytest.raises(Unhashable, match="a coroutine"):
        digest(waiting)
    waiting.close()


def test_an_iterator_is_not_used_up():
    numbers = iter([1, 2])
    with pytest.raises(Unhashable, match="used up"):
        digest(numbers)
    assert list(numbers) == [1, 2]


def test_an_error_in_the_objects_own_code_is_named_and_chained():
    with pytest.raises(Unhashable, match="RuntimeError: no state today") as caught:
        digest([Broken()], path="argument 'x'")
    assert caught.value.path == "argument 'x'[0]"
    assert isinstance(caught.value.__cause__, RuntimeError)


def test_what_the_code_hook_refuses_gets_its_path():
    def hook(thing):
        raise Unhashable("closure cell 'lock'", "a lock", "Do without it")

    with pytest.raises(Unhashable) as caught:
        digest({"f": generator}, path="argument 'x'", code=hook)
    assert caught.value.path == "argument 'x'['f'] (closure cell 'lock')"
    assert caught.value.remedy == "Do without it"
