"""These tests boot kernels and take minutes: they run only when asked for with ``-m network``."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    ours = [item for item in items if HERE in item.path.parents]
    for item in ours:
        item.add_marker(pytest.mark.network)
    if ours and not _is_asked_for(config.getoption("markexpr")):
        items[:] = [item for item in items if HERE not in item.path.parents]
        config.hook.pytest_deselected(items=ours)


def _is_asked_for(markexpr: str) -> bool:
    return re.search(r"(?<!not )\bnetwork\b", markexpr) is not None
