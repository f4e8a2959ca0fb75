"""The command ``memodisk``: the same words as in Python, for the shell."""

from __future__ import annotations

import argparse
import ast
import importlib
import os
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any, TextIO

from memodisk._util.version import __version__


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status: 0 if all went well, 1 if not, 2 if it was not understood."""
    options = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace, TextIO], int] = options.run
    try:
        return run(options, sys.stdout)
    except (ValueError, OSError, LookupError, TypeError) as error:
        print(f"memodisk: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        return 0  # `memodisk ls | head`


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="memodisk", description="Keep function results on disk.")
    parser.add_argument("--version", action="version", version=f"memodisk {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")

    def add(name: str, run: Callable[[argparse.Namespace, TextIO], int], text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        command.set_defaults(run=run)
        command.add_argument("--directory", help="the cache directory (default: $MEMODISK_DIR, or the user's own)")
        return command

    demo = add("demo", _demo, "fit models twice, in two processes: the second run hits")
    demo.set_defaults(directory=None)
    ls = add("ls", _ls, "list the stored results, the latest first")
    ls.add_argument("function", nargs="?", help="only of this function, for instance weather.load_city")
    ls.add_argument("-n", type=int, default=20, metavar="COUNT", help="at most so many (default: 20)")
    show = add("show", _show, "print a record in full")
    show.add_argument("key", help="its key, or the first digits of it")
    explain = add("explain", _explain, "say whether a call hits, and if not, why; nothing is run")
    explain.add_argument("what", help="module:function, or the key of a stored result (its first digits do)")
    explain.add_argument("arguments", nargs="*", help="the call's arguments: Bern 2020 or city=Bern year=2020")
    add("stats", _stats, "count results, bytes and computing time of each function")
    evict = add("evict", _evict, "remove the least recently used results until limits hold")
    evict.add_argument("function", nargs="?", help="only of this function")
    evict.add_argument("--max-count", type=int)
    evict.add_argument("--max-bytes", help='for instance "20GB"')
    evict.add_argument("--max-age", help='time without use, for instance "30d"')
    evict.add_argument("--dry-run", action="store_true", help="remove nothing, tell what would go")
    verify = add("verify", _verify, "check every record and every blob")
    verify.add_argument("--fix", action="store_true", help="remove what is damaged or left over")
    clear = add("clear", _clear, "remove all results, or those of one function")
    clear.add_argument("function", nargs="?", help="only of this function")
    return parser


def _cache(options: argparse.Namespace) -> Any:
    from memodisk._decorator.memoize import Cache

    cache = Cache(options.directory)
    if not os.path.isdir(cache.directory):
        raise FileNotFoundError(
            f"{cache.directory} does not exist: nothing was stored there yet, or name another with --directory"
        )
    return cache


def _demo(options: argparse.Namespace, out: TextIO) -> int:
    from memodisk.demo import run

    return run(options.directory, out)


def _ls(options: argparse.Namespace, out: TextIO) -> int:
    from memodisk._util.units import format_bytes, format_seconds

    records = sorted(_cache(options).records(options.function), key=lambda record: -record.created)
    for record in records[: options.n]:
        call = ", ".join(f"{name}={text}" for name, text in record.arguments.items())
        when = record.created_at.astimezone().strftime("%Y-%m-%d %H:%M")
        size, seconds = format_bytes(record.bytes), format_seconds(record.seconds)
        out.write(f"{record.key[:8]}  {when}  {seconds:>8}  {size:>8}  {record.codec:<10}  {record.function}({call})\n")
    if len(records) > options.n:
        out.write(f"and {len(records) - options.n:,} more\n")
    return 0


def _show(options: argparse.Namespace, out: TextIO) -> int:
    out.write(_record(_cache(options), options.key).to_json().decode("utf-8", "replace"))
    return 0


def _explain(options: argparse.Namespace, out: TextIO) -> int:
    if ":" not in options.what:
        from memodisk._cache.explain import explain_record

        cache = _cache(options)
        record = _record(cache, options.what)
        explanation = explain_record(
            record, cache.records(record.function), lambda fingerprint: cache.manifest(record.function, fingerprint)
        )
        out.write(f"{explanation}\n")
        return 0
    function = _function(options.what)
    if options.directory is not None:
        raise ValueError("--directory goes with a key; a function knows its own cache (or set MEMODISK_DIR)")
    args, kwargs = _call(options.arguments)
    explanation = function.explain(*args, **kwargs)
    out.write(f"{explanation}\n")
    return 0 if explanation.is_hit else 1


def _stats(options: argparse.Namespace, out: TextIO) -> int:
    out.write(f"{_cache(options).stats()}\n")
    return 0


def _evict(options: argparse.Namespace, out: TextIO) -> int:
    evicted = _cache(options).evict(
        options.function,
        max_count=options.max_count,
        max_bytes=options.max_bytes,
        max_age=options.max_age,
        dry_run=options.dry_run,
    )
    out.write(f"{evicted}\n")
    return 0


def _verify(options: argparse.Namespace, out: TextIO) -> int:
    def progress(step: str, done: int, total: int) -> None:
        if sys.stderr.isatty() and done % 1000 == 0:
            print(f"\r{step}: {done:,} of {total:,} ", end="", file=sys.stderr, flush=True)

    verification = _cache(options).verify(fix=options.fix, progress=progress)
    out.write(f"{verification}\n")
    return 0 if verification.is_ok or options.fix else 1


def _clear(options: argparse.Namespace, out: TextIO) -> int:
    cache = _cache(options)
    count = sum(1 for _ in cache.records(options.function))
    cache.clear(options.function)
    out.write(f"removed {count:,} results\n")
    return 0


def _record(cache: Any, key: str) -> Any:
    """Return the one record whose key begins like this."""
    if not re.fullmatch("[0-9a-f]{4,32}", key):
        raise ValueError(
            f"{key!r} is no key: give at least four of its hexadecimal digits, as `memodisk ls` shows them"
        )
    found = [record for record in cache.records() if record.key.startswith(key)]
    if len(found) != 1:
        raise ValueError(f"{key!r} is the beginning of {len(found) or 'no'} keys in {cache.directory}")
    return found[0]


def _function(what: str) -> Any:
    """Return the memoized function that ``module:function`` names; the module is imported."""
    module, _, path = what.partition(":")
    sys.path.insert(0, os.getcwd())
    try:
        found: Any = importlib.import_module(module)
    except ImportError as error:
        raise ValueError(f"{module!r} cannot be imported: {error}") from error
    for name in path.split("."):
        if not hasattr(found, name):
            raise ValueError(f"{module} has no {path!r}")
        found = getattr(found, name)
    if not hasattr(found, "explain"):
        raise ValueError(f"{what} is not memoized")
    return found


def _call(texts: Sequence[str]) -> tuple[list[Any], dict[str, Any]]:
    """Return arguments as Python values: ``2020`` is a number, ``Bern`` a text, ``year=2020`` goes by name."""
    args, kwargs = [], {}
    for text in texts:
        name, equals, value = text.partition("=")
        if equals and name.isidentifier():
            kwargs[name] = _value(value)
        else:
            args.append(_value(text))
    return args, kwargs


def _value(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
