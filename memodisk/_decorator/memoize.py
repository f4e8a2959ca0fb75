"""The decorator, and the cache that has it: the function is checked and wrapped here."""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable

from memodisk._cache.cache import ResultCache
from memodisk._code.signatures import is_async, makes_items
from memodisk._decorator import options
from memodisk._decorator.call import Fixed
from memodisk._decorator.methods import Methods
from memodisk._decorator.options import Options
from memodisk._store.location import default_directory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ParamSpec

    from memodisk._decorator.protocol import Memoize

    O = ParamSpec("O")  # noqa: E741


def _decorator(find_cache: Callable[[], ResultCache], like: Callable[O, Options]) -> Memoize[O]:
    """Return the decorator of a cache.

    Parameters
    ----------
    find_cache
        Returns the cache, when it is first needed.
    like
        Takes the options; its signature and documentation are the decorator's.
    """

    @functools.wraps(like)
    def memoize(function: Any = None, /, **given: Any) -> Any:
        chosen = options.memoize(**given)
        return _decorated(function, chosen, find_cache) if function is not None else decorate(chosen)

    def decorate(chosen: Options) -> Callable[[Any], Any]:
        return lambda function: _decorated(function, chosen, find_cache)

    return memoize  # type: ignore[return-value]


def _decorated(function: Any, chosen: Options, find_cache: Callable[[], ResultCache]) -> Any:
    if isinstance(function, (classmethod, staticmethod)):
        return type(function)(_decorated(function.__func__, chosen, find_cache))
    _check_function(function)
    return _wrap(Methods(function, chosen, find_cache))


def _check_function(function: Any) -> None:
    """Refuse at decoration time what can never work."""
    if isinstance(function, str):
        raise TypeError(f"memoize({function!r}): options are given by name, as in @memoize(name={function!r})")
    if isinstance(function, property):
        raise TypeError("memoize goes below @property: write @property above @memodisk.memoize")
    if isinstance(function, type):
        raise TypeError(
            f"memoize({function.__name__}): a class is no function; memoize a function that returns an instance"
        )
    if not callable(function):
        raise TypeError(f"memoize({function!r}): give a function")
    if makes_items(function):
        raise TypeError(
            f"memoize({function.__qualname__}): a generator's items cannot be kept; return a list instead of yielding"
        )


def _wrap(methods: Methods) -> Any:
    """Return the function that the user gets: a plain function, so that it binds, pickles and reads as before."""
    function = methods.function
    if is_async(function):
        call_async = methods.call_async

        async def memoized_async(*args: Any, **kwargs: Any) -> Any:
            return await call_async(args, kwargs)

        wrapper: Any = memoized_async
    else:
        call = methods.call

        def memoized(*args: Any, **kwargs: Any) -> Any:
            return call(args, kwargs)

        wrapper = _guarded(function, call) if _is_standard(function) else memoized
    if isinstance(function, functools.partial):
        functools.update_wrapper(wrapper, _innermost(function))
        wrapper.__wrapped__ = function
    else:
        functools.update_wrapper(wrapper, function)
    # For the fingerprints of functions that call this one.
    version = methods.hasher.declared_version
    wrapper.__memodisk_depends__ = (*methods.hasher.depends, *(() if version is None else (version,)))
    for name in Methods.NAMES:
        setattr(wrapper, name, getattr(methods, name))
    return wrapper


def _is_standard(function: Any) -> bool:
    return str(getattr(function, "__module__", "")).partition(".")[0] in sys.stdlib_module_names


def _guarded(function: Any, call: Callable[..., Any]) -> Any:
    """Return the wrapper of a function of the standard library. Put in its place (``builtins.len``, ``os.stat``) it is
    called by memodisk as well, and is then what it was before."""
    busy: set[int] = set()

    def memoized(*args: Any, **kwargs: Any) -> Any:
        thread = threading.get_ident()
        if thread in busy:
            return function(*args, **kwargs)
        busy.add(thread)
        try:
            return call(args, kwargs)
        finally:
            busy.discard(thread)

    return memoized


def _innermost(function: Any) -> Any:
    while isinstance(function, functools.partial):
        function = function.func
    return function


class Cache(ResultCache):
    # The parameters, for who asks for help on the class of public name.
    __doc__ = f"""{ResultCache.__doc__}
    Examples
    --------
    >>> cache = memodisk.Cache("results")
    >>> @cache.memoize(ignore=["verbose"])
    ... def load_city(name, year, verbose=False): ...
    """

    if TYPE_CHECKING:
        memoize = _decorator(lambda: ResultCache(), options.memoize)
    else:

        @property
        def memoize(self) -> Any:
            """The decorator that keeps a function's results in this cache. Takes the options of `memodisk.memoize`."""
            return _decorator(Fixed(self), options.memoize)


_default_caches: dict[str, Cache] = {}
_default_lock = threading.Lock()


def default_cache() -> Cache:
    """Return the cache of the default directory as the environment names it now."""
    directory = default_directory()
    with _default_lock:
        if directory not in _default_caches:
            _default_caches[directory] = Cache()
        return _default_caches[directory]


memoize = _decorator(default_cache, options.memoize)
