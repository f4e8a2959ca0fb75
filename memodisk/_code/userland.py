"""What is the user's own code, and which distribution everything else came with.

The user's code is whatever lies neither in the standard library nor in a ``site-packages`` directory: scripts,
notebooks, modules of the project, packages installed in editable mode. It is followed. The rest is told by name and
version.
"""

from __future__ import annotations

import functools
import os
import re
import sys
import sysconfig
from collections.abc import Iterator
from types import FunctionType, ModuleType
from typing import Any

from memodisk._util.main_module import MAINS

_SITE = re.compile(r"(.*[/\\](?:site-packages|dist-packages))[/\\](.+)", re.DOTALL)
_HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_DEMO = os.path.join(_HERE, "demo") + os.sep  # scripts as users write them


def is_user_function(function: FunctionType) -> bool:
    """Whether a function was written by the user."""
    filename = function.__code__.co_filename
    if filename.startswith("<"):
        # attrs and the like generate methods. What they generate follows from the class and is described there.
        if filename.startswith("<attrs generated"):
            return False
        return is_user_module(function.__globals__.get("__name__"))
    return is_user_path(filename)


def is_user_class(cls: type) -> bool:
    """Whether a class was written by the user.

    A class made at run time says that it is of the module that made it, or whatever it was told to say.
    """
    if is_user_module(getattr(cls, "__module__", None)):
        return True
    known = _made.get(id(cls))
    if known is None or known[0] is not cls:
        if len(_made) >= _MAX_MADE:
            _made.clear()
        known = _made[id(cls)] = cls, _is_made_by_user(cls)
    return known[1]


_made: dict[int, tuple[type, bool]] = {}
_MAX_MADE = 4096


def _is_made_by_user(cls: type) -> bool:
    module = sys.modules.get(str(cls.__module__))
    found: Any = module
    for part in cls.__qualname__.split("."):
        found = getattr(found, part, None) if part != "<locals>" else None
    if found is cls or "<locals>" in cls.__qualname__:
        return False
    functions = [getattr(member, "__func__", member) for member in vars(cls).values()]
    if any(isinstance(function, FunctionType) and is_user_function(function) for function in functions):
        return True
    # All that it has was generated: types and dataclasses make classes for whoever asks.
    return cls.__module__ in ("types", "dataclasses")


def is_user_module(name: object) -> bool:
    """Whether a module of this name, imported already or never to be imported, was written by the user."""
    # Profilers and test runners are __main__ themselves while they run a script of the user's as __main__.
    if not isinstance(name, str) or name in MAINS:
        return True
    module = sys.modules.get(name)
    path = module_path(module)
    if path:
        return is_user_path(path)
    if module is not None and getattr(module, "__path__", None):  # a namespace package
        return any(is_user_path(str(place) + os.sep) for place in module.__path__)
    top = name.partition(".")[0]
    if top in sys.stdlib_module_names or top in sys.builtin_module_names or top == "memodisk":
        return False
    if top != name:
        return is_user_module(top)
    # Made at run time: code of the user. In a worker process, a library that nobody has imported here.
    path = _find(top) if module is None else ""
    return not path or is_user_path(path)


def additions(words: set[str]) -> Iterator[tuple[type, str, Any]]:
    """Yield what the user added to public classes of libraries under one of these names: accessors, methods.

    Looking through the classes at the top of all imported packages takes 1 ms.
    """
    for name, module in list(sys.modules.items()):
        if "." in name or name in _WITHOUT_ADDITIONS or name in sys.stdlib_module_names or is_user_module(name):
            continue
        for cls in list(vars(module).values()) if isinstance(module, ModuleType) else ():
            if isinstance(cls, type):
                for word in sorted(vars(cls).keys() & words):
                    value = vars(cls)[word]
                    if _is_addition(value):
                        yield cls, word, value


_WITHOUT_ADDITIONS = frozenset(["memodisk", "builtins"])


def _is_addition(value: Any) -> bool:
    function = getattr(value, "__func__", None) or getattr(value, "fget", None) or value
    if isinstance(function, FunctionType):
        return is_user_function(function)
    if isinstance(function, type):
        return is_user_module(function.__module__)
    held = getattr(value, "__dict__", {}) if type(value).__module__ not in ("builtins", "types") else {}
    return any(isinstance(part, type) and is_user_module(part.__module__) for part in held.values())


def is_standard(name: str) -> bool:
    """Whether a module, imported or not, is of the standard library."""
    return name.partition(".")[0] in sys.stdlib_module_names and not is_user_module(name)


def module_path(module: object) -> str:
    """Return the file that a module was loaded from, or an empty string."""
    path = getattr(module, "__file__", None)
    if path is None:
        path = getattr(getattr(module, "__spec__", None), "origin", None)
        if path in ("built-in", "frozen", "namespace"):
            return ""
    return str(path) if path else ""


@functools.lru_cache(4096)
def is_user_path(path: str) -> bool:
    """Whether a file is neither of the standard library, nor installed, nor part of memodisk."""
    if path.startswith("<frozen "):
        return False
    # A virtual environment inside the project, or a project inside of one: only these directories count.
    for spelling in {os.path.abspath(path), os.path.realpath(path)}:
        if _SITE.match(spelling) or spelling.startswith((_HERE, *_standard_library())):
            return spelling.startswith(_DEMO)
    return True


@functools.lru_cache(1)
def _standard_library() -> tuple[str, ...]:
    paths = {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"), os.path.dirname(os.__file__)}
    paths |= {os.path.realpath(path) for path in paths if path}
    zipped = f"python{sys.version_info[0]}{sys.version_info[1]}.zip"
    return tuple(path + os.sep for path in paths if path) + tuple(
        path + os.sep for path in sys.path if os.path.basename(path) == zipped
    )


def library_name(module: object, qualname: object) -> str:
    """Return the public name of something in a library: private modules come and go between versions."""
    parts = [part for part in str(module).split(".") if not part.startswith("_")] if module else []
    if not parts and module:
        parts = [str(module).lstrip("_")]
    return ".".join([*parts, str(qualname)])


def distribution(module_name: object) -> str | None:
    """Return name and version of the distribution that a module belongs to, or None for the standard library.

    Parameters
    ----------
    module_name
        The module's full name. It need not be imported yet.
    """
    if not isinstance(module_name, str):
        return None
    top = module_name.partition(".")[0]
    if top in ("memodisk", "builtins", "__main__"):
        return None
    module = sys.modules.get(top)
    if module is not None and not module_path(module):  # a namespace package: its parts differ in origin
        module = sys.modules.get(module_name)
    path = module_path(module)
    if not path:
        path = _find(module_name)
    match = _SITE.match(os.path.abspath(path)) if path else None
    if match is None:
        return None
    site, inside = match.groups()
    name = _owner(site, inside.replace(os.sep, "/"), top)
    return name or f"{top} {getattr(module, '__version__', None) or 'of unknown version'}"


def _find(module_name: str) -> str:
    spec = find_spec(module_name)
    origin = getattr(spec, "origin", None)
    return origin if origin and os.path.isabs(origin) else ""


def find_spec(name: str) -> object:
    """Find a module without importing anything, unlike `importlib.util.find_spec`, which imports the parents."""
    module = sys.modules.get(name)
    if module is not None and getattr(module, "__spec__", None) is not None:
        return module.__spec__
    places = None
    parent = name.rpartition(".")[0]
    if parent:
        places = getattr(find_spec(parent), "submodule_search_locations", None)
        if places is None:
            return None
    for finder in sys.meta_path:
        find = getattr(finder, "find_spec", None)
        spec = find(name, places) if find is not None else None
        if spec is not None:
            return spec
    return None


@functools.lru_cache(1024)
def _owner(site: str, inside: str, top: str) -> str | None:
    """Return the distribution in a site directory that brought a file, as ``name version``."""
    found = _distributions(site)
    wanted = _normal(top)
    if (wanted in found and "/" in inside) or (wanted in found and inside == f"{top}.py"):
        directory, label = found[wanted]
        # A name says little: PyPI's `google` is not the package google. The list of files decides, if there is one.
        listing = _listing(directory)
        if not listing or _lists(listing, inside):
            return label
    for directory, label in found.values():
        if _lists(_listing(directory), inside):
            return label
    return None


def _distributions(site: str) -> dict[str, tuple[str, str]]:
    """Map normalised names to metadata directory and ``name version``, from names of directories alone."""
    found: dict[str, tuple[str, str]] = {}
    try:
        entries = sorted(os.listdir(site))
    except OSError:
        return found
    for entry in entries:
        stem, suffix = os.path.splitext(entry)
        if suffix in (".dist-info", ".egg-info"):
            name, _, version = stem.partition("-")
            version = re.sub(r"-py\d.*", "", version)
            found[_normal(name)] = os.path.join(site, entry), f"{_normal(name)} {version}"
    return found


def _listing(directory: str) -> bytes:
    for name in ("RECORD", "installed-files.txt"):
        try:
            with open(os.path.join(directory, name), "rb") as file:
                return b"\n" + file.read()
        except OSError:
            continue
    return b""


def _lists(listing: bytes, inside: str) -> bool:
    file = inside.encode()
    return any(b"\n" + prefix + file + end in listing for prefix in (b"", b"../") for end in (b",", b"\n"))


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def owned_by_library(thing: Any) -> str | None:
    """Return the public name of an object that a library has as a global of its own, such as ``random.randint``.

    Its state is the library's affair: whether it is reached through the module or was imported by name is all the same.
    """
    bound = getattr(thing, "__self__", thing)
    name = getattr(thing, "__name__", None)
    for module_name in (type(bound).__module__, getattr(thing, "__module__", None)):
        module = sys.modules.get(module_name) if isinstance(module_name, str) and module_name != "builtins" else None
        if module is None or is_user_module(module_name):
            continue
        names = [name] if isinstance(name, str) else list(vars(module))
        for candidate in names:
            if vars(module).get(candidate) is thing:
                return library_name(module_name, candidate)
    return None
