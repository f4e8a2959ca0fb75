"""What the running script or notebook is called, here and in worker processes, and where its classes are.

A script has two names: ``__main__`` where it runs, its file's where it is imported. What one of them stores, the other
finds, and gets its own classes back.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from types import CodeType, FrameType, FunctionType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    L = TypeVar("L", bound=Any)

#: What a program is called by itself; multiprocessing calls the parent's script so in its children.
MAINS = ("__main__", "__mp_main__")


def module_name(module: str, space: Mapping[str, Any] | None = None) -> str:
    """Return the name that a module has when it is imported, also if it runs as ``__main__``.

    Parameters
    ----------
    module
        As functions and classes name it.
    space
        The globals of the code in question. They travel with a function to worker processes, where ``__main__`` is
        another program, and they say what file the code was written in.
    """
    if module not in MAINS:
        return module
    if space is not None and space.get("__name__") in MAINS:
        return _name_of_file(space)
    if is_worker():
        # multiprocessing and what is built on it gives a worker the parent's arguments.
        started = sys.argv[0] if sys.argv else ""
        is_program = started.endswith(".py") and not _is_installed(os.path.realpath(started))
        return _sender or (_name_of_file({"__file__": started}) if is_program else "__main__")
    main = sys.modules.get(module)
    return _name_of_file(vars(main)) if main is not None else "__main__"


def name_of_class(cls: type) -> tuple[str, str]:
    """Return what the module of a class is called when it is imported, and what the class is called there.

    A class that came from another process has lost where it was defined; its methods tell.
    """
    name, space = cls.__qualname__, None
    if cls.__module__ in MAINS or name == cls.__name__:
        members = (getattr(member, "__func__", member) for member in vars(cls).values())
        functions = [member for member in members if isinstance(member, FunctionType)]
        space = next((f.__globals__ for f in functions if f.__globals__.get("__name__") in MAINS), None)
        names = (f.__qualname__.removesuffix(f".{f.__name__}") for f in functions)
        name = next((found for found in names if found.endswith(f".{cls.__name__}")), name)
    return module_name(cls.__module__, space), name


def _name_of_file(space: Mapping[str, Any]) -> str:
    """Return what a module that runs as ``__main__`` is called when it is imported."""
    path = space.get("__file__")
    if not path:
        return "__main__"
    name = os.path.splitext(os.path.basename(os.path.realpath(path)))[0]
    package = space.get("__package__")  # python -m package.module, python -m package
    return name if not package else str(package) if name == "__main__" else f"{package}.{name}"


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


def is_worker() -> bool:
    """Whether this process runs an installed program, as the workers of joblib and Dask do, and not the user's."""
    return _is_installed(home("__main__"))


def _is_installed(path: str) -> bool:
    return path.startswith((os.path.realpath(sys.prefix) + os.sep, os.path.realpath(sys.base_prefix) + os.sep))


#: The code of functions that load results for a memoized function, which they know as ``self.function_space``.
_loaders: set[CodeType] = set()


def loads_for(function: L) -> L:
    """Mark a method that loads results for the memoized function whose globals are ``self.function_space``."""
    _loaders.add(function.__code__)
    return function


def space_of_caller() -> dict[str, Any] | None:
    """Return the globals of the function of ``__main__`` whose result is being loaded, or None.

    Read off the stack, as few results are of a script's own classes, and all hits would pay for keeping it elsewhere.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code in _loaders:
            space: dict[str, Any] | None = frame.f_locals["self"].function_space
            return space
        frame = frame.f_back
    return None


def find(name: str, qualname: str) -> Any:
    """Return what a script calls by a name, or None: in the caller's globals, where it runs, or where it is imported.

    Parameters
    ----------
    name
        What `module_name` says of the script.
    qualname
        Such as ``City`` or ``City.Kind``.
    """
    space = space_of_caller()
    spaces = [] if space is None else [space]
    if name == module_name("__main__"):
        spaces += [vars(sys.modules[main]) for main in MAINS if main in sys.modules]
    elif name in sys.modules:
        spaces.append(vars(sys.modules[name]))
    first, *rest = qualname.split(".")
    for space in spaces:
        found: Any = space.get(first)
        for part in rest:
            found = getattr(found, part, None)
        if found is not None:
            return found
    return None
