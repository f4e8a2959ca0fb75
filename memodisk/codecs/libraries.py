"""The libraries behind the codecs, imported when first used."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from typing import Any

from memodisk.errors import Undecodable


def load(name: str) -> Any:
    """Import a library that a blob needs.

    Raises
    ------
    Undecodable
        If it is not installed here.
    """
    module = sys.modules.get(name)
    if module is not None:
        return module
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise Undecodable(f"this blob needs {name.partition('.')[0]}, which cannot be imported: {error}") from error


def installed(name: str) -> bool:
    """Tell whether a library could be imported, without importing it."""
    if sys.modules.get(name) is not None:
        return True
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False
