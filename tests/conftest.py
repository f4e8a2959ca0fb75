"""What all tests share: a directory of their own, and a fresh memory of which warnings were given."""

from __future__ import annotations

import pytest

import memodisk
from memodisk._util.warn import forget_warnings


@pytest.fixture(autouse=True)
def own_directory(tmp_path, monkeypatch):
    """No test touches the user's own cache."""
    monkeypatch.setenv("MEMODISK_DIR", str(tmp_path / "default"))
    forget_warnings()


@pytest.fixture
def cache(tmp_path):
    return memodisk.Cache(tmp_path / "cache")
