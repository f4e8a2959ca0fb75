"""What an annotation says about how an argument is hashed.

def load(path: Annotated[Path, memodisk.FileContent], verbose: Annotated[bool, memodisk.Ignored] = False): ...
"""

from __future__ import annotations

import os
import sys
import types
from collections.abc import Callable, Iterable

from memodisk._code.signatures import EMPTY, VAR_KEYWORD, VAR_POSITIONAL, unwrap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from memodisk._code.depends import File
    from memodisk._code.signatures import Parameter


class Stand:
    """What is hashed in place of an argument. Put it into `typing.Annotated`."""

    def __call__(self, value: Any) -> object:
        """Return what stands for the value."""
        raise NotImplementedError


class by(Stand):  # noqa: N801 - reads as a word: Annotated[DataFrame, by(len)]
    """Hash what a function makes of the argument instead of the argument.

    Parameters
    ----------
    function
        Takes the argument and returns what stands for it, for instance an identifier or a version.

    Raises
    ------
    TypeError
        If it is not callable.
    """

    def __init__(self, function: Callable[[Any], object]) -> None:
        if not callable(function):
            raise TypeError(f"by({function!r}) needs a function that takes the argument")
        self._function = function

    def __call__(self, value: Any) -> object:
        """Return what the function makes of the value."""
        return self._function(value)


class _Ignored(Stand):
    def __call__(self, value: Any) -> object:  # noqa: ARG002 - whatever it is
        return None

    def __repr__(self) -> str:
        return "memodisk.Ignored"

    def __reduce__(self) -> str:
        return "Ignored"


#: Files that were arguments: each knows the digest of its content as long as it is unchanged. Some 300 bytes each.
_files: dict[str, File] = {}
_MAX_FILES = 1024


class _FileContent(Stand):
    def __call__(self, value: Any) -> object:
        from memodisk._code.depends import File

        if value is None:
            return None
        path = os.fspath(value)
        file = _files.get(path)
        if file is None:
            if len(_files) >= _MAX_FILES:
                _files.clear()
            file = _files[path] = File(path)
        return file.describe()[0]

    def __repr__(self) -> str:
        return "memodisk.FileContent"

    def __reduce__(self) -> str:
        return "FileContent"


class _Ordered(Stand):
    def __call__(self, value: Any) -> object:
        kind = type(value)
        if kind is dict:
            return "in this order", [(key, self(item)) for key, item in value.items()]
        if kind is list or kind is tuple:
            return kind(map(self, value))
        return value

    def __repr__(self) -> str:
        return "memodisk.Ordered"

    def __reduce__(self) -> str:
        return "Ordered"


#: The argument does not affect the result: ``Annotated[bool, memodisk.Ignored]``.
Ignored = _Ignored()
#: The argument is a path and the file's bytes are what counts: ``Annotated[Path, memodisk.FileContent]``.
FileContent = _FileContent()
#: The order of a dict, and of dicts inside of it, counts: ``Annotated[dict, memodisk.Ordered]``.
Ordered = _Ordered()


def stands(function: Callable[..., Any], parameters: Iterable[Parameter]) -> tuple[Stand | None, ...]:
    """Return for each parameter what its annotation says, or None.

    Raises
    ------
    ValueError
        If an annotation with ``Annotated`` cannot be understood because a name in it is not known.
    """
    return tuple(_stand(function, parameter) for parameter in parameters)


def _stand(function: Callable[..., Any], parameter: Parameter) -> Stand | None:
    annotation = parameter.annotation
    if annotation is EMPTY:
        return None
    if isinstance(annotation, str):
        inner = unwrap(function)
        while not hasattr(inner, "__globals__") and hasattr(inner, "func"):
            inner = inner.func  # functools.partial
        try:
            known = _closure(inner) if getattr(inner, "__closure__", None) else {}
            annotation = eval(annotation, getattr(inner, "__globals__", {}), known)
        # Annotations may name what only the type checker imports, and that is none of our business.
        except Exception as error:
            if "Annotated" in str(annotation):
                raise ValueError(
                    f"the annotation of {parameter.name!r} is not understood: {annotation} ({error})"
                ) from error
            return None
    found = _search(annotation)
    if found is None or found is Ignored or (found is Ordered and parameter.kind == VAR_KEYWORD):
        return found
    if parameter.kind == VAR_POSITIONAL:
        return by(lambda values: tuple(found(value) for value in values))
    if parameter.kind == VAR_KEYWORD:
        return by(lambda values: {name: found(value) for name, value in values.items()})
    return found


def _closure(function: Any) -> dict[str, Any]:
    import inspect

    return {**inspect.getclosurevars(function).nonlocals}


def _search(annotation: Any) -> Stand | None:
    typing = sys.modules.get("typing")
    if typing is None:
        return None  # without it nobody can have written Annotated
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        for extra in annotation.__metadata__:
            if isinstance(extra, Stand):
                return extra
        return _search(annotation.__origin__)
    if origin is typing.Union or origin is types.UnionType:
        return next(filter(None, map(_search, typing.get_args(annotation))), None)
    return None
