"""Edits of real files, seen by real processes: does the call hit afterwards, and is what it returns right?

The table is in `code_edits`, each row with its reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from code_edits import EDITS
from projects import COMPUTES, HITS, Edit, Interpreter, Zygote, run_edit

ROWS = pytest.mark.parametrize("edit", EDITS, ids=[f"{edit.expected}: {edit.reason}" for edit in EDITS])


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    processes = Zygote()
    yield processes
    processes.close()


def check(edit: Edit, directory: Path, processes: Zygote | Interpreter) -> None:
    before, after, undone = run_edit(edit, directory, processes)
    assert before.ran
    if "on_change=" not in edit.before["main"] and "also_accept=" not in str(edit.after.get("main")):
        assert after.value == after.truth
        assert (after.truth != before.truth) == (edit.expected == COMPUTES)
    assert after.ran == (edit.expected != HITS), after.why
    if after.ran:
        assert "code" in after.why or "argument '" in after.why or "class" in after.why
    assert edit.says in after.why + after.log
    assert not undone.ran
    assert undone.value == before.value == before.truth


@ROWS
def test_a_call_after_an_edit(edit: Edit, tmp_path: Path, zygote: Zygote):
    check(edit, tmp_path, zygote)


@pytest.mark.slow
@ROWS
def test_a_call_after_an_edit_in_a_new_interpreter(edit: Edit, tmp_path: Path):
    check(edit, tmp_path, Interpreter())
