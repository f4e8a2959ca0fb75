"""Qualified names of functions and classes: in directories, records, keys and the log."""

from __future__ import annotations

import functools
from collections.abc import Callable

from memodisk._util.main_module import module_name, name_of_class

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def function_name(function: Callable[..., Any]) -> str:
    """Return module and qualified name, for instance ``weather.load_city``.

    A script is called by its file's name, so that ``python weather.py`` and ``import weather`` share results. A
    notebook or a console has no name of its own: ``__main__``.
    """
    while isinstance(function, functools.partial):
        function = function.func
    function = getattr(function, "__func__", function)
    name = getattr(function, "__qualname__", None) or type(function).__qualname__
    name = name.replace("<locals>.", "").replace("<lambda>", "lambda")
    module = getattr(function, "__module__", None) or type(function).__module__
    return f"{module_name(module, getattr(function, '__globals__', None))}.{name}"


def class_name(cls: type) -> str:
    """Return module and qualified name of a class, for instance ``weather.City``."""
    return ".".join(name_of_class(cls))
