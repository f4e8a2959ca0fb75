"""What is hard to see is seen: edits of real files, as in `test_code_edits`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from blind_spots import ROWS, client
from code_edits import computes
from projects import Edit, Zygote, run_edit
from test_code_edits import check


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    processes = Zygote()
    yield processes
    processes.close()


@pytest.mark.parametrize("edit", ROWS, ids=[f"{edit.expected}: {edit.reason}" for edit in ROWS])
def test_a_call_after_an_edit(edit: Edit, tmp_path: Path, zygote: Zygote):
    check(edit, tmp_path, zygote)


def told(edit: Edit, directory: Path, zygote: Zygote) -> str:
    return run_edit(edit, directory, zygote)[0].log


UNSEEN = {
    "an open file": "CLIENT = Client(open(__file__))",
    "a socket": "import socket\nCLIENT = Client(socket.socket())",
    "a generator": "CLIENT = Client(i for i in ())",
    "a database connection": 'import sqlite3\nCLIENT = Client(sqlite3.connect(":memory:"))',
}


@pytest.mark.parametrize("what", UNSEEN)
def test_what_is_not_seen_is_told_with_its_path_and_the_remedy(what: str, tmp_path: Path, zygote: Zygote):
    log = told(computes(what, client(UNSEEN[what] + "\nK = 1", "return CLIENT, K"), "K = 1", "K = 2"), tmp_path, zygote)
    assert f"main.f: the result may depend on CLIENT.url, which is {what}: what it holds is not seen." in log
    assert "depends=" in log
    assert "__memo_key__" in log
    assert log.count("is not seen") == 1


SEEN_WHOLE = ("a client with a lock", "a struct", "a counter", "a pool of threads", "a proxy", "a function behind C")


@pytest.mark.parametrize("edit", [edit for edit in ROWS if edit.reason in SEEN_WHOLE])
def test_what_is_seen_whole_is_not_told(edit: Edit, tmp_path: Path, zygote: Zygote):
    assert "not seen" not in told(edit, tmp_path, zygote)
