"""Everything that a function reaches: walks from it through the user's code, and writes one line for each thing met.

The things form a graph. Each gets a label, from how it was reached first on a walk in a fixed order; its line digests
its own content, in which other things occur by label only. So cycles need no care, and the lines together determine the
graph. Where a name and the label of what it stands for differ, a line says so: otherwise exchanging two imports would
go unseen.
"""

from __future__ import annotations

import enum
import functools
import os
import sys
from collections import deque
from collections.abc import Callable, Mapping
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from memodisk._code import classes, imports, names, qualified, source, userland
from memodisk._code.depends import File, env
from memodisk._code.kinds import (
    declared_dependencies,
    interactive,
    is_code,
    is_container,
    is_logger,
    is_native,
    is_ours,
    is_user_code,
    sort_key,
    sorted_registry,
    static_attribute,
    unmemoized,
)
from memodisk._code.lines import ROOT, Lines, of
from memodisk._code.values import Chain, Key, Value, Values, digest
from memodisk._code.watch import MISSING, Watch, watch_file
from memodisk.hashing.types.opaque import functions_behind

#: What a module knows about where it lies. Code that moves keeps its results.
_PLACES = frozenset(
    [
        "__file__",
        "__path__",
        "__spec__",
        "__loader__",
        "__cached__",
        "__builtins__",
        "__annotations__",
        "__debug__",
    ]
)


#: Who reads docstrings and annotations of whatever it is given: these count only where one of them is named.
_READERS = frozenset(
    [
        "__annotations__",
        "__doc__",
        "__signature__",
        "TypeAdapter",
        "get_annotations",
        "get_type_hints",
        "getcomments",
        "getdoc",
        "getfullargspec",
        "getsource",
        "model_json_schema",
        "schema_json",
        "signature",
        "validate_call",
    ]
)

#: What names a thing as it is called.
_OWN_NAMES = frozenset(["__doc__", "__annotations__", "__name__", "__qualname__", "__module__"])


class Reach(Lines):
    """What a function reaches.

    Parameters
    ----------
    root
        A function or class.
    depends
        What else to start from.
    is_value
        The root is an argument: whoever is given a function can read its attributes.
    is_shown
        Its docstrings and annotations count as well.

    Attributes
    ----------
    lines
        Pairs of digest and text, in no order.
    watch
        What has to stay the same for the lines to stay valid.
    reads_documentation
        The code reads docstrings or annotations of whatever it is given.
    unseen
        Where something stands whose content is not seen, and what it is.
    """

    def __init__(
        self, root: object, depends: tuple[object, ...] = (), *, is_value: bool = False, is_shown: bool = False
    ) -> None:
        super().__init__()
        self.watch = Watch()
        self._todo: deque[Callable[[], None]] = deque()
        self._values = Values()
        self._handed_on: set[int] = set()  # functions among values, whose attributes anybody may read
        self._modules: set[str] = set()
        self._words: set[str] = set()  # names that the code uses, of whatever
        self._definitions: dict[int, tuple[FunctionType | type, str]] = {}  # functions and classes with their labels
        self._shown: set[int] = set()  # of those, the ones whose docstrings and annotations can be read
        self._documented: set[int] = set()
        self._added: set[tuple[type, str]] = set()
        self._asked: set[int] = set()  # classes whose subclasses are followed
        self._looked_for = 0  # so many words were looked for in classes of libraries
        if is_value:
            self._handed_on.add(id(unmemoized(root)))
        if is_shown:
            self._shown.add(id(unmemoized(root)))
        self._thing("", ROOT, root, kind="function")
        for number, dependency in enumerate(depends, 1):
            self._dependency(number, dependency)
        self._walk()

    @property
    def reads_documentation(self) -> bool:
        """Whether the code reads docstrings or annotations of whatever it is given."""
        return not _READERS.isdisjoint(self._words)

    def _walk(self) -> None:
        found = True
        while found:
            while self._todo:
                self._todo.popleft()()
            found = False
            for value in self._values.unexamined():
                self._examine(value)
                found = True
            # What only the words of all code together tell, once there is nothing else left to follow.
            found = found or self._documentation() or self._subclasses() or self._additions()
        self.lines.extend(self._values.lines(self.watch, self._hook))
        self.unseen = list(dict.fromkeys(self._values.unseen()))
        for path, what in self.unseen:
            self.line(what, f"unseen {path}: {what}")

    # What is data besides being documentation

    def _documentation(self) -> bool:
        """Count docstrings and annotations of what can be looked at. Returns True if anything is new."""
        everything = self.reads_documentation
        new = [
            (identity, thing, label)
            for identity, (thing, label) in self._definitions.items()
            if identity not in self._documented and (everything or identity in self._shown)
        ]
        for identity, thing, label in new:
            self._documented.add(identity)
            self._document(thing, label)
        return bool(new)

    def _document(self, thing: FunctionType | type, label: str) -> None:
        self._docstring(thing, label)
        if isinstance(thing, FunctionType):
            self._annotations(thing, label)
            return
        self.line(qualified.class_name(thing), f"name of {label}: {qualified.class_name(thing)}")
        if not classes.reads_its_annotations(thing):
            self._hints(thing, label, classes.own_annotations(thing))
        for name, member in sorted(self.watch.mapping(thing, vars(thing)).items()):
            function = getattr(member, "fget", None) or getattr(member, "__func__", member)
            if isinstance(function, FunctionType) and userland.is_user_function(function):
                self._docstring(function, f"{label}.{name}")
                self._annotations(function, f"{label}.{name}")

    def _docstring(self, thing: FunctionType | type, label: str) -> None:
        text = thing.__doc__ if isinstance(thing, FunctionType) else vars(thing).get("__doc__")
        # What a dataclass writes follows from its fields, and shows defaults with their addresses.
        is_written = isinstance(thing, type) and "__dataclass_fields__" in vars(thing)
        if isinstance(text, str) and not (is_written and text.startswith(f"{thing.__name__}(")):
            # What a dataclass writes names modules.
            self.line(text.replace(f"{thing.__module__}.", ""), f"docstring of {label}")

    def _annotations(self, function: FunctionType, label: str) -> None:
        own = classes.own_annotations(function)
        if own:
            text = ", ".join(f"{name}: {classes.annotation(hint)}" for name, hint in own.items())
            self.line(text.replace(f"{function.__module__}.", ""), f"annotations of {label}")
            self._hints(function, label, own)

    def _hints(self, thing: FunctionType | type, label: str, own: Mapping[str, Any]) -> None:
        """Follow what annotations stand for: classes, and functions that they name as validators."""
        for name, hint in classes.hints(thing, own).items():
            if not classes.tells_more(hint):
                continue
            if is_code(hint):
                self._thing(label, getattr(hint, "__qualname__", name), hint)
            else:
                self._value(label, "annotation", f"{name} of {label}", hint, (id(thing), f"{name}:"), thing)

    def _subclasses(self) -> bool:
        """Follow the subclasses of classes that may be asked for them. Returns True if anything is new."""
        if "__subclasses__" not in self._words:
            return False
        before = len(self.labels)
        for cls, label in list(self._definitions.values()):
            if isinstance(cls, type) and id(cls) not in self._asked:
                self._asked.add(id(cls))
                self.watch.state(functools.partial(_subclasses_of, cls))
                subclasses: list[type] = type.__subclasses__(cls)
                for subclass in sorted(filter(_is_alive, subclasses), key=sort_key):
                    self._edge(label, subclass.__qualname__, subclass)
        return len(self.labels) > before

    def _additions(self) -> bool:
        """Follow what the user put into classes of libraries under a name that the code uses."""
        if len(self._words) == self._looked_for:
            return False
        before, self._looked_for = len(self.labels), len(self._words)
        for cls, name, value in userland.additions(self._words):
            if (cls, name) not in self._added:
                self._added.add((cls, name))
                place = f"{cls.__name__}.{name}"
                if is_code(value):
                    self._edge("", place, value)
                else:
                    self._value("", "constant", place, value, (id(cls), name), cls)
        return len(self.labels) > before

    # Following names

    def _edge(self, owner: str, name: str, thing: object, kind: str = "helper", **more: Any) -> None:
        self.bind(owner, name, self._thing(owner, name, thing, kind, **more))

    def _chain(self, owner: str, space: Mapping[str, Any], chain: Chain) -> None:
        """Follow a chain of attributes that begins with a global name."""
        name, *rest = chain
        if name in _PLACES:
            return
        if name in ("__name__", "__package__"):
            # A worker process under spawn calls the parent's script so.
            value = str(space.get(name)).replace("__mp_main__", "__main__")
            self._value(owner, "constant", f"{name} of {owner}", value, (id(space), name), space)
            return
        thing = self.watch.name(space, name)
        if thing is not MISSING:
            self._follow(owner, name, thing, tuple(rest), (id(space), name), space)
        elif not hasattr(sys.modules["builtins"], name):
            self.line("missing", f"missing {name}{of(owner)}")

    def _show(self, space: Mapping[str, Any], chain: Chain) -> None:
        """Note that a function or class becomes part of a value: whoever gets that can look at it."""
        thing = space.get(chain[0])
        for name in chain[1:]:
            thing = getattr(thing, "__dict__", {}).get(name)
        thing = unmemoized(thing)
        if isinstance(thing, (FunctionType, type)):
            self._shown.add(id(thing))

    def _follow(self, owner: str, path: str, thing: Any, rest: Chain, key: Key | None, space: object) -> None:
        """Follow the rest of a chain through modules and classes of the user's; beyond, the whole object counts."""
        if rest and isinstance(thing, ModuleType) and userland.is_user_module(thing.__name__):
            name = rest[0]
            if name in _PLACES:
                return
            found = self.watch.name(vars(thing), name)
            if found is MISSING and f"{thing.__name__}.{name}" in sys.modules:
                found = sys.modules[f"{thing.__name__}.{name}"]
            if found is MISSING:
                self.line("missing", f"missing {path}.{name}{of(owner)}")
                hook = self.watch.name(vars(thing), "__getattr__")  # PEP 562
                if hook is not MISSING:
                    self._edge(owner, f"{path}.__getattr__", hook)
            else:
                self._follow(owner, f"{path}.{name}", found, rest[1:], (id(vars(thing)), name), vars(thing))
            return
        if rest and isinstance(thing, ModuleType) and self._patched(owner, path, thing, rest):
            return
        if rest and isinstance(thing, type) and userland.is_user_class(thing) and rest[0] in _OWN_NAMES:
            value = getattr(thing, rest[0], None)
            self._value(owner, "constant", f"{path}.{rest[0]}", value, (id(thing), rest[0]), thing)
        if rest and isinstance(thing, type) and self._class_attribute(owner, path, thing, rest):
            return
        plain = unmemoized(thing)
        if rest and isinstance(plain, FunctionType) and userland.is_user_function(plain):
            name = rest[0]
            if name in _OWN_NAMES:
                value = getattr(plain, name)
                self._value(owner, "constant", f"{path}.{name}", value, (id(plain), name), plain)
            held = _holder(thing, name).__dict__
            found = self.watch.name(held, name) if not name.startswith("__") else MISSING
            if found is not MISSING:
                self._follow(owner, f"{path}.{name}", found, rest[1:], (id(held), name), held)
        self._edge(owner, path, thing, rest=rest, key=key, space=space)

    def _patched(self, owner: str, path: str, module: ModuleType, rest: Chain) -> bool:
        """Follow a chain into a library as far as something of the user's was put there; False if there is nothing."""
        holder: Any = module
        for depth, name in enumerate(rest, 1):
            space = getattr(holder, "__dict__", {})
            found = space.get(name, MISSING)
            mine = isinstance(found, FunctionType) and userland.is_user_function(found)
            if mine or (isinstance(found, type) and isinstance(holder, ModuleType) and userland.is_user_class(found)):
                self.watch.name(space, name)
                self._follow(owner, ".".join((path, *rest[:depth])), found, rest[depth:], (id(space), name), space)
                return True
            if not isinstance(found, (ModuleType, type)):
                return False
            holder = found
        return False

    def _class_attribute(self, owner: str, path: str, cls: type, rest: Chain) -> bool:
        """Follow ``City.LIMIT`` or ``City.parse``; False if the whole class has to count."""
        name = rest[0]
        if isinstance(cls, enum.EnumMeta):
            return False
        for base in cls.__mro__:
            if not userland.is_user_class(base):
                return False
            found = self.watch.mapping(base, vars(base)) if name in vars(base) else {}
            if name in found:
                value = found[name]
                if isinstance(value, (FunctionType, classmethod, staticmethod, property, type)):
                    if isinstance(value, classmethod):
                        self._edge(owner, path, cls)  # it is called with the class
                    self._follow(owner, f"{path}.{name}", value, rest[1:], None, None)
                else:
                    self._follow(owner, f"{path}.{name}", value, rest[1:], (id(base), name), base)
                return True
        return False

    # Things

    def _thing(
        self,
        owner: str,
        name: str,
        thing: Any,
        kind: str = "helper",
        rest: Chain = (),
        key: Key | None = None,
        space: object = None,
    ) -> str:
        """Note one thing, to be looked into later. Returns what it is called in the lines of others."""
        for number, declared in enumerate(declared_dependencies(thing), 1):
            self._dependency(number, declared, f" of {name}")
        thing = unmemoized(thing)
        if is_ours(thing):
            return "memodisk"
        if id(thing) in self.labels:
            return self.labels[id(thing)]
        if isinstance(thing, FunctionType):
            return self._function(owner, name, thing, kind)
        if isinstance(thing, type):
            if not userland.is_user_class(thing):
                return self._library(thing.__module__, thing.__qualname__)
            label = self.label(thing, name, owner)
            self._todo.append(functools.partial(self._class, thing, label))
            return label
        if isinstance(thing, ModuleType):
            if not userland.is_user_module(thing.__name__):
                self.package(thing.__name__)
                return f"module {thing.__name__}"
            label = self.label(thing, name, owner)
            self._todo.append(functools.partial(self._module, thing, label))
            return label
        if isinstance(thing, (classmethod, staticmethod)):
            return self._thing(owner, name, thing.__func__, kind)
        if isinstance(thing, MethodType):
            return self._bound_method(owner, name, thing, kind)
        if isinstance(
            thing,
            (property, functools.cached_property, functools.singledispatchmethod, functools.partialmethod),
        ):
            return self._descriptor(owner, name, thing, kind)
        if isinstance(thing, CodeType):
            label = self.label(thing, name, owner)
            self.line(source.bytecode(thing), f"code {label}")
            return label
        if is_native(thing):
            return self._native(owner, name, thing)
        wrapped = getattr(thing, "__dict__", {}).get("__wrapped__")
        if wrapped is not None and callable(thing) and not userland.is_user_class(type(thing)):
            label = self._thing(owner, name, wrapped, kind)  # functools.lru_cache, numba.njit
            self._decorated(wrapped, label, type(thing).__module__)
            return f"{label} through {self._library(type(thing).__module__, type(thing).__qualname__)}"
        if is_logger(thing):
            if rest[:1] == ("name",):
                self._value(owner, "constant", f"{name}.name", thing.name, (id(thing), "name"), thing)
            return "a logger"
        if (public := userland.owned_by_library(thing)) is not None:
            self.package(type(thing).__module__)
            return public
        return self._value(owner, "constant", name, thing, key or (id(thing), ""), space or thing, rest)

    def _library(self, module: object, qualname: object) -> str:
        self.package(module)
        return userland.library_name(module, qualname)

    def _function(self, owner: str, name: str, function: FunctionType, kind: str) -> str:
        wrapped = function.__dict__.get("__wrapped__")
        if not userland.is_user_function(function) and not (name == ROOT and _is_memoized_at_home(function)):
            module = function.__globals__.get("__name__")
            if wrapped is None and not function.__closure__:
                return self._library(function.__module__, function.__qualname__)
            text = self._library(module, function.__code__.co_name)
            label = self._thing(owner, name, wrapped, kind) if wrapped is not None else name
            self._decorated(wrapped, label, module)
            self.labels.setdefault(id(function), f"{label} through {text}")
            self.kept.append(function)
            self._todo.append(functools.partial(self._inside_library, function, label))
            return f"{label} through {text}"
        if wrapped is not None:
            name = f"wrapper of {self._thing(owner, name, wrapped, kind)}"
            kind = "helper"
        label = self.label(function, name, owner)
        self._todo.append(functools.partial(self._user_function, function, label, kind))
        return label

    def _decorated(self, wrapped: object, label: str, module: object) -> None:
        """Libraries decorate in order to read annotations (pydantic, typeguard); the standard library does not."""
        if isinstance(wrapped, FunctionType) and not userland.is_standard(str(module)):
            self._annotations(wrapped, label)

    def _inside_library(self, function: FunctionType, label: str) -> None:
        """Follow what a library's decorator holds, as far as it is the user's: callbacks, implementations."""
        wrapped = unmemoized(function.__dict__.get("__wrapped__"))
        for variable, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            content = unmemoized(self.watch.cell(cell))
            if isinstance(content, MethodType):
                content = content.__func__
            if is_user_code(content) and content is not wrapped:
                self._edge(f"the wrapper of {label}", variable, content)
        registry = function.__dict__.get("registry")
        if isinstance(registry, Mapping) and "dispatch" in function.__dict__:
            for type_, implementation in sorted_registry(self.watch.mapping(registry, registry)):
                if implementation is not wrapped:
                    self._edge(label, f"{label}[{type_.__qualname__}]", implementation)

    def _user_function(self, function: FunctionType, label: str, kind: str) -> None:
        code, defaults, kwdefaults = self.watch.function(function)
        own = source.own(code, function.__globals__)
        self.line(own.text, f"{kind} {label}")
        self._definitions[id(function)] = function, label
        found = names.of_code(code)
        self._words |= found.words
        space = function.__globals__
        for chain in found.reads:
            if chain[0] not in own.only_annotations:
                self._chain(label, space, chain)
                if ".".join(chain) in own.shown:
                    self._show(space, chain)
        for asked, key in sorted(own.looked_up):
            self._environment(space, asked, key, found)
        self._closure(function, label, found)
        if id(function) in self._handed_on:
            self._attributes(function, label)
        for name in found.rebinds:
            self._rebind((id(space), name))
        for chain in found.writes:
            self._write(function, chain)
        self._parameters(label, code, defaults, kwdefaults)
        for statement in found.imports:
            self._import(label, statement, str(space.get("__package__") or ""))
        if (found.own_reads or found.own_writes) and (home := classes.defining_class(function, space)) is not None:
            name, cls = home
            self.watch.name(space, name)
            # Without a line about its name: in a worker process the name of a class of ``__main__`` is not there.
            self._thing(label, cls.__qualname__, cls)
            if isinstance(vars(cls).get(function.__name__), classmethod):
                for chain in found.own_writes:
                    self._write_from(cls, (id(cls), chain[0]), chain)  # cls.count += 1

    def _environment(self, space: Mapping[str, Any], asked: str, key: str, found: names.Names) -> None:
        """Count an environment variable, if it is one that is asked for."""
        inside = frozenset(name for one in found.imports if one.name == "os" for name in one.names)
        if not _tells_of_variables(_looked_up(space, asked, inside)):
            return
        name = key[1:-1] if key[:1] in "'\"" else _looked_up(space, key)
        if isinstance(name, str) and name and not name.startswith("MEMODISK_"):
            variable = env(name)
            self.watch.state(variable.state)
            self.lines.append(variable.describe())

    def _closure(self, function: FunctionType, label: str, found: names.Names) -> None:
        chains: dict[str, list[Chain]] = {}
        for chain in found.free:
            chains.setdefault(chain[0], []).append(chain)
        written = {chain[0] for chain in found.writes}
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
            content = self.watch.cell(cell)
            key = id(cell), name
            if name in found.free_rebinds:
                self._rebind(key)
            if content is MISSING:
                self.line("missing", f"missing {name}{of(label)}")
            elif name == "__class__":  # of super()
                self._edge(label, content.__qualname__, content)
            elif is_code(content):
                called = getattr(content, "__name__", name)
                if isinstance(content, FunctionType) and "<" not in called:
                    # A decorator calls it `function`; people know it by its own name.
                    self.bind(label, name, self._thing(label, called, content))
                for chain in chains.get(name, [(name,)]):
                    self._follow(label, name, content, chain[1:], key, cell)
            elif name in chains or name not in written | found.free_rebinds:
                for chain in chains.get(name, [(name,)]):
                    self._value(label, "closure", f"{name} of {label}", content, key, cell, chain[1:])

    def _attributes(self, function: FunctionType, label: str) -> None:
        """Follow the attributes of a function that is handed on: whoever gets it can read them."""
        for name, value in sorted(self.watch.mapping(function, function.__dict__).items()):
            if name in ("__wrapped__", "__memodisk_depends__") or is_ours(value):
                continue  # followed already; what functools.wraps copied from a memoized function
            if is_code(value):
                self._edge(label, f"{name} of {label}", value)
            else:
                self._value(label, "attribute", f"{name} of {label}", value, (id(function.__dict__), name), function)

    def _parameters(self, label: str, code: CodeType, defaults: Any, kwdefaults: Any) -> None:
        positional = code.co_varnames[: code.co_argcount]
        pairs = list(zip(positional[len(positional) - len(defaults or ()) :], defaults or (), strict=False))
        for name, value in [*pairs, *sorted((kwdefaults or {}).items())]:
            if is_code(value):
                self._edge(label, f"{name} of {label}", value)
            else:
                self._value(label, "default", f"{name} of {label}", value, (id(code), name), code)

    def _descriptor(self, owner: str, name: str, thing: Any, kind: str) -> str:
        """Follow a property or the like into its functions."""
        label = name
        if isinstance(thing, property):
            parts = {"": thing.fget, ".setter": thing.fset, ".deleter": thing.fdel}
        elif isinstance(thing, functools.singledispatchmethod):
            parts = {"": thing.func}
            registry = self.watch.mapping(thing, thing.dispatcher.registry)
            for type_, implementation in sorted_registry(registry):
                parts[f"[{type_.__qualname__}]"] = implementation
        else:
            parts = {"": thing.func}
            if isinstance(thing, functools.partialmethod):
                arguments = thing.args, thing.keywords
                label = self._value(owner, "constant", f"{name} arguments", arguments, (id(thing), "arguments"), thing)
        for suffix, function in parts.items():
            if function is not None:
                self._edge(owner, name + suffix, function, kind)
        return label

    def _bound_method(self, owner: str, name: str, method: MethodType, kind: str) -> str:
        function = method.__func__
        is_library = isinstance(function, FunctionType) and not userland.is_user_function(function)
        if is_library and (public := userland.owned_by_library(method) or interactive(method)):
            return public
        label = self._thing(owner, name, function, kind)
        self._edge(owner, f"{name}.__self__", method.__self__, key=(id(method), "__self__"))
        return label

    def _native(self, owner: str, name: str, function: Any) -> str:
        """Name a function written in C; what it is bound to counts as well."""
        bound = getattr(function, "__self__", None)
        short = getattr(function, "__qualname__", None) or function.__name__
        home = getattr(function, "__module__", None) or getattr(
            getattr(function, "__objclass__", type(function)), "__module__", None
        )
        if bound is not None and not isinstance(bound, (ModuleType, type)) and not userland.owned_by_library(function):
            self._edge(owner, f"{name}.__self__", bound, rest=(function.__name__,), key=(id(function), "__self__"))
            return userland.library_name(type(bound).__module__, short)
        for number, behind in enumerate(functions_behind(function)):
            self._edge(name, f"{name} function {number}", behind)
        module = sys.modules.get(str(home))
        path = userland.module_path(module)
        if path and userland.is_user_path(path) and not path.endswith(".py"):
            digest, _ = File(path).describe()  # an extension module of the user's own
            self.lines.append((digest, f"extension {home}"))
        return self._library(home, short)

    def _module(self, module: ModuleType, label: str) -> None:
        """Look into a module that is used as a whole: handed on, or in reach of getattr."""
        self.line(label, f"module {label}")
        for name in sorted(vars(module)):
            value = self.watch.name(vars(module), name)
            if name in _PLACES or name == "__doc__":
                continue
            if isinstance(value, ModuleType) and not userland.is_user_module(value.__name__):
                self.package(value.__name__)
            else:
                self._edge(label, f"{label}.{name}", value, key=(id(vars(module)), name), space=vars(module))

    def _class(self, cls: type, label: str) -> None:
        found = self.watch.mapping(cls, vars(cls))
        self._definitions[id(cls)] = cls, label
        if classes.reads_its_annotations(cls):
            self._hints(cls, label, classes.own_annotations(cls))
        content = [classes.annotated(cls, found)]
        for base in cls.__bases__:
            content.append(f"base {self._thing(label, base.__qualname__, base)}")
        if type(cls) not in (type, enum.EnumMeta):  # whose name depends on the Python version
            content.append(f"metaclass {self._thing(label, type(cls).__qualname__, type(cls))}")
        if isinstance(cls, enum.EnumMeta):
            for name, member in dict[str, Any](cls.__members__).items():
                content.append(name)
                self._value(label, "constant", f"{label}.{name}", member.value, (id(cls), name), cls)
        for field, text, values in classes.fields(found):
            content.append(f"field {field} {text}")
            for key, value in sorted(values.items()):
                name = f"{label}.{field}.{key}"
                content.append(f"{key} {self._thing(label, name, value, 'method', key=(id(cls), name), space=cls)}")
        for name, value in sorted(classes.of_metaclass(cls).items()):
            content.append(f"{name} {self._thing(label, f'{label}.{name}', value, 'method', (), (id(cls), name), cls)}")
        for name, value in classes.attributes(cls, found):
            kind = type(value).__qualname__ if is_code(value) else "value"
            reached = self._thing(label, f"{label}.{name}", value, "method", key=(id(cls), name), space=cls)
            content.append(f"{name} {kind} {reached}")
        self.line("\n".join(content), f"class {label}")

    def _import(self, owner: str, statement: names.Import, package: str) -> None:
        """Note what an import statement inside of a function brings in."""
        for name in imports.targets(statement, package):
            if name in self._modules:
                continue
            self._modules.add(name)
            if userland.is_standard(name):
                continue
            module = imports.user_module(name)
            if module is None:
                self.package(name)
                continue
            self.line(module.text, f"module {name}")
            if module.path:
                watch_file(self.watch, module.path)
            for inner in module.imports:
                self._import(owner, inner, "")

    # Values

    def _value(
        self, owner: str, kind: str, name: str, value: object, key: Key, holder: object, rest: Chain = ()
    ) -> str:
        """Note a value; `rest` is the chain of attributes that is read from it."""
        known = self._values.get(key)
        if known is None:
            label = self.label(object(), name, owner)
            known = Value(kind, label, value, key, holder)
            self._values.add(known)
            self.package(type(value).__module__)
            if userland.is_user_class(type(value)):
                self._thing(label, type(value).__qualname__, type(value))
        self._values.use(key, value, rest)
        return known.label

    def _write(self, function: FunctionType, chain: Chain) -> None:
        """Note that a function sets an attribute or item of something it reaches."""
        root, *rest = chain
        free = function.__code__.co_freevars
        if root in free:
            cell = (function.__closure__ or ())[free.index(root)]
            thing, key = self.watch.cell(cell), (id(cell), root)
        else:
            thing, key = function.__globals__.get(root, MISSING), (id(function.__globals__), root)
        self._write_from(thing, key, tuple(rest))

    def _write_from(self, thing: Any, key: Key, rest: Chain) -> None:
        for name in rest:
            thing = _holder(thing, name)
            if isinstance(thing, type):
                holder: Any = next((base for base in thing.__mro__ if name in vars(base)), thing)
                key = id(holder), name
            elif isinstance(thing, (ModuleType, FunctionType)):
                holder = thing
                key = id(vars(thing)), name
            else:
                self._values.write(key)  # an attribute of an instance: the whole instance counts
                return
            thing = vars(holder).get(name, MISSING)
        if rest and thing is not MISSING and not is_container(thing):
            self._rebind(key)
        self._values.write(key)

    def _rebind(self, key: Key) -> None:
        self._values.rebind(key)
        self.watch.ignore(*key)

    def _examine(self, value: Value) -> None:
        """Digest a value. Functions and classes in it become things of their own."""
        met: dict[int, Any] = {}

        def meet(thing: Any) -> bytes:
            met[id(thing)] = thing
            if isinstance(thing, FunctionType):
                self._shown.add(id(unmemoized(thing)))
            return str(getattr(thing, "__qualname__", "")).encode("utf-8", "surrogatepass")

        def show(cls: type) -> bytes:
            self._shown.add(id(cls))
            return b""

        meet.shown = show  # type: ignore[attr-defined]
        value.digest = digest(value, meet)
        if met:
            # A set has no order: what was met is sorted by its content, so that equal sets give equal labels.
            for thing in sorted(met.values(), key=sort_key):
                self._handed_on.add(id(unmemoized(thing)))
                name = str(getattr(thing, "__qualname__", None) or type(thing).__qualname__)
                label = self._thing(value.label, name.rpartition("<locals>.")[2], thing)
                self.labels.setdefault(id(unmemoized(thing)), label)
                self.kept.append(thing)
            value.digest = digest(value, self._hook)

    def _hook(self, thing: Any) -> bytes:
        """Stand for code inside of a value by its label. What is new here has none: the value has changed."""
        thing = unmemoized(thing)
        label = self.labels.get(id(thing))
        if label is None:
            label = userland.library_name(getattr(thing, "__module__", None), getattr(thing, "__qualname__", ""))
        return label.encode("utf-8", "surrogatepass")

    def _dependency(self, number: int, dependency: object, of: str = "") -> None:
        """Start from something that the user named."""
        if isinstance(dependency, (env, File)):
            self.watch.state(dependency.state)
            content, what = dependency.describe()
            while what in self.taken:  # two files of one name in different directories
                what += " (another)"
            self.taken.add(what)
            self.lines.append((content, what))
        elif is_code(dependency) or callable(dependency):
            name = getattr(dependency, "__qualname__", None) or getattr(dependency, "__name__", None)
            self._edge("depends", str(name or f"depends {number}{of}"), dependency)
        else:
            self._value("", "depends", f"{number}{of}", dependency, (id(self), f"{number}{of}"), self)


def _looked_up(space: Mapping[str, Any], chain: str, inside: frozenset[str] = frozenset()) -> Any:
    """Return what a chain of attributes with dots stands for, as far as no code of anybody's has to run for that.

    Parameters
    ----------
    inside
        Names that are imported from `os` inside of the function.
    """
    name, *rest = chain.split(".")
    thing = space.get(name, os if name == "os" else getattr(os, name, None) if name in inside else None)
    for name in rest:
        if isinstance(thing, ModuleType):
            thing = vars(thing).get(name)
        elif isinstance(thing, type):
            thing = static_attribute(thing, name)
        else:
            return getattr(thing, name, None) if _tells_of_variables(thing) else None
    return thing


def _tells_of_variables(thing: object) -> bool:
    """Whether something is the environment, a method of it, or `os.getenv`."""
    environments = (os.environ, getattr(os, "environb", os.environ))
    owner = getattr(thing, "__self__", thing)
    return any(owner is one for one in environments) or thing is os.getenv or thing is getattr(os, "getenvb", os.getenv)


def _subclasses_of(cls: type) -> list[int]:
    subclasses: list[type] = type.__subclasses__(cls)
    return sorted(map(id, filter(_is_alive, subclasses)))


def _is_alive(cls: type) -> bool:
    """Whether a class is what its module has under its name: slots make a second class, the first one lingers."""
    found: Any = sys.modules.get(cls.__module__)
    for part in cls.__qualname__.split("."):
        found = getattr(found, "__dict__", {}).get(part)
    return found is cls or "<locals>" in cls.__qualname__


def _is_memoized_at_home(function: FunctionType) -> bool:
    """Whether a package memoizes a function of its own, as against a user who memoizes a function of a package."""
    module = sys.modules.get(function.__module__)
    return module is not None and getattr(module, function.__name__, None) is not function


def _holder(thing: Any, name: str) -> Any:
    """Return what holds an attribute: a memoized function that was given it (``f.step = 2``), else what is memoized."""
    plain = unmemoized(thing)
    given = thing is not plain and isinstance(thing, FunctionType) and name in thing.__dict__
    return thing if given and not isinstance(thing.__dict__[name], MethodType) else plain
