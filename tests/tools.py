"""Programs that some tests run."""

from __future__ import annotations

import os
import shutil

import pytest


def need(name: str) -> str:
    """Return where a program is. Without it a test is skipped, but never where `.ci/run` should have installed it."""
    found = shutil.which(name)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail(f"{name} is not installed, .ci/run should have done so")
        pytest.skip(f"{name} is not installed")
    return found
