"""What a function is called: the name in its directory, its records and the log."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable

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
    return f"{module_name(getattr(function, '__module__', None) or type(function).__module__)}.{name}"


def module_name(module: str) -> str:
    """Return the name that a module has when it is imported, also if it runs as ``__main__``."""
    # multiprocessing calls the parent's script __mp_main__ in its children.
    if module not in ("__main__", "__mp_main__"):
        return module
    if _sender and _is_worker():
        return _sender
    main = sys.modules.get(module)
    spec = getattr(main, "__spec__", None)
    if spec is not None and spec.name and spec.name not in ("__main__", "__mp_main__"):
        return str(spec.name.removesuffix(".__main__"))  # python -m package.module
    path = home(module)
    return os.path.splitext(os.path.basename(path))[0] if path else "__main__"


def home(module: str) -> str:
    """Return the file that a module was loaded from, or an empty string if there is none, as in a notebook."""
    path = getattr(sys.modules.get(module), "__file__", None)
    return os.path.realpath(path) if path else ""


#: What ``__main__`` is called in the program that sent functions here.
_sender = ""


def adopt_main(name: str) -> None:
    """In a worker process, call ``__main__`` by the name it has where the functions and classes came from.

    Parameters
    ----------
    name
        What `module_name` says there.
    """
    global _sender
    _sender = name


def _is_worker() -> bool:
    """Whether this process runs an installed program, as the workers of joblib and Dask do, and not the user's."""
    path = home("__main__")
    return path.startswith((os.path.realpath(sys.prefix) + os.sep, os.path.realpath(sys.base_prefix) + os.sep))
