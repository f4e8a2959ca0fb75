"""What parameters a function has, and what a call of it gives back: read off its code where that says it all.

For any other callable `inspect` knows; importing that takes 4 ms.
"""

from __future__ import annotations

from collections.abc import Callable
from types import CodeType, FunctionType

TYPE_CHECKING = False
if TYPE_CHECKING:
    import inspect
    from typing import Any

#: The kinds of parameters, as `inspect` numbers them.
POSITIONAL_ONLY, POSITIONAL_OR_KEYWORD, VAR_POSITIONAL, KEYWORD_ONLY, VAR_KEYWORD = range(5)

#: Stands for a default or an annotation that there is not.
EMPTY: Any = type("EMPTY", (), {})()

# Flags of a code object, the same in every Python since 3.6.
_HAS_ARGS, _HAS_KWARGS = 0x04, 0x08
_GENERATOR, _COROUTINE, _ASYNC_GENERATOR = 0x20, 0x80, 0x200


class Parameter:
    """One parameter of a function.

    Parameters
    ----------
    name
        Without stars.
    kind
        One of the constants above.
    default, annotation
        `EMPTY` if there is none.
    """

    __slots__ = ("annotation", "default", "kind", "name")

    def __init__(self, name: str, kind: int, default: Any, annotation: Any) -> None:
        self.name = name
        self.kind = kind
        self.default = default
        self.annotation = annotation


def parameters(function: Callable[..., Any]) -> list[Parameter]:
    """Return the parameters of a function in order.

    Raises
    ------
    TypeError, ValueError
        If nothing tells them, as for some builtins.
    """
    code = _plain_code(function)
    if code is not None:
        found = _of_code(function, code)
        # The parameter of a generator expression is called ".0".
        if all(parameter.name.isidentifier() for parameter in found):
            return found
    import inspect

    return [_of_inspect(parameter) for parameter in inspect.signature(function).parameters.values()]


def is_async(function: Callable[..., Any]) -> bool:
    """Return True if a call of the function has to be awaited."""
    code = _plain_code(function)
    if code is not None:
        return bool(code.co_flags & _COROUTINE)
    import inspect

    return inspect.iscoroutinefunction(function)


def makes_items(function: Callable[..., Any]) -> bool:
    """Return True if a call of the function, or of what it wraps, gives a generator, plain or asynchronous."""
    code = _plain_code(function)
    if code is not None:
        return bool(code.co_flags & (_GENERATOR | _ASYNC_GENERATOR))
    import inspect

    inner = inspect.unwrap(function)
    return inspect.isgeneratorfunction(inner) or inspect.isasyncgenfunction(inner)


def unwrap(function: Any) -> Any:
    """Return the innermost function below decorators that say what they wrap."""
    if not hasattr(function, "__wrapped__"):
        return function
    import inspect

    return inspect.unwrap(function)


def _plain_code(function: Any) -> CodeType | None:
    """Return the code of a function made by ``def`` or ``lambda``, or None if anything was set on it or it is another
    callable: it may then wrap a function, or say itself what its signature is."""
    return function.__code__ if type(function) is FunctionType and not function.__dict__ else None


def _of_code(function: Any, code: CodeType) -> list[Parameter]:
    defaults: tuple[Any, ...] = function.__defaults__ or ()
    keyword_defaults: dict[str, Any] = function.__kwdefaults__ or {}
    annotations: dict[str, Any] = function.__annotations__
    positional, named = code.co_argcount, code.co_argcount + code.co_kwonlyargcount
    first_default = positional - len(defaults)
    found = []
    for index, name in enumerate(code.co_varnames[:positional]):
        kind = POSITIONAL_ONLY if index < code.co_posonlyargcount else POSITIONAL_OR_KEYWORD
        default = defaults[index - first_default] if index >= first_default else EMPTY
        found.append(Parameter(name, kind, default, annotations.get(name, EMPTY)))
    keyword_only = [
        Parameter(name, KEYWORD_ONLY, keyword_defaults.get(name, EMPTY), annotations.get(name, EMPTY))
        for name in code.co_varnames[positional:named]
    ]
    stars = code.co_varnames[named:]  # first *args, then **kwargs, then the local variables
    if code.co_flags & _HAS_ARGS:
        found.append(Parameter(stars[0], VAR_POSITIONAL, EMPTY, annotations.get(stars[0], EMPTY)))
        stars = stars[1:]
    found += keyword_only
    if code.co_flags & _HAS_KWARGS:
        found.append(Parameter(stars[0], VAR_KEYWORD, EMPTY, annotations.get(stars[0], EMPTY)))
    return found


def _of_inspect(parameter: inspect.Parameter) -> Parameter:
    empty = parameter.empty
    return Parameter(
        parameter.name,
        int(parameter.kind),
        EMPTY if parameter.default is empty else parameter.default,
        EMPTY if parameter.annotation is empty else parameter.annotation,
    )
