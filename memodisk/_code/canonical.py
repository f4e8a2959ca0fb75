"""Source code without everything that has no effect: one text for all spellings of the same program.

`ast.dump` will not do, because its form depends on the Python version. This form does not, and it leaves out
positions, comments, docstrings, annotations of parameters and local variables, and statements that do nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

#: Fields that say nothing about what the code does, or that another field implies.
_IRRELEVANT = frozenset({"ctx", "kind", "type_comment", "type_ignores", "annotation", "returns", "docstring"})

#: Fields of the outermost function that are replaced by run-time values, or by the name it is reached by.
_OUTERMOST = frozenset({"name", "decorator_list"})
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Canonical:
    """The canonical text of one syntax tree.

    Parameters
    ----------
    node
        A function, a lambda or a whole module.

    Attributes
    ----------
    text
        Equal for two trees exactly if they are the same program.
    """

    __slots__ = ("_annotations", "_names", "_parts", "text")

    def __init__(self, node: ast.AST) -> None:
        self._parts: list[str] = []
        self._names: set[str] = set()
        self._annotations: set[str] = set()
        self._node(node, in_class=False, outermost=True)
        self.text = "".join(self._parts)

    @property
    def only_annotations(self) -> frozenset[str]:
        """Names that occur in annotations that were left out and nowhere else."""
        return frozenset(self._annotations - self._names)

    def _node(self, node: ast.AST, in_class: bool, outermost: bool = False) -> None:
        if isinstance(node, ast.Constant):
            self._parts.append(_constant(node.value))
            return
        if isinstance(node, ast.Name):
            self._names.add(node.id)
        self._parts.append(f"({type(node).__name__}")
        is_function = isinstance(node, _FUNCTIONS)
        # Only statements directly in a class body (also below an `if` there) annotate fields.
        in_class = isinstance(node, ast.ClassDef) or (in_class and not is_function)
        keep_annotation = isinstance(node, ast.AnnAssign)
        for field, value in ast.iter_fields(node):
            if field in _IRRELEVANT and not (keep_annotation and field == "annotation"):
                if isinstance(value, ast.AST):
                    self._left_out(value)
                continue
            if field == "type_params" and is_function:
                continue
            if outermost and field in _OUTERMOST:
                continue
            if outermost and field == "args" and isinstance(value, ast.arguments):
                self._arguments_without_defaults(value)
                continue
            if isinstance(value, list):
                if field in ("body", "orelse", "finalbody"):
                    value = list(self._effective(value, in_class))
                elif isinstance(node, ast.JoinedStr):
                    value = list(_joined(value))
            self._field(field, value, in_class)
        self._parts.append(")")

    def _field(self, field: str, value: object, in_class: bool) -> None:
        if value is None or value == []:
            return  # newer versions add empty fields
        self._parts.append(f" {field}=")
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, ast.AST):
                self._node(item, in_class)
            elif item is None:
                self._parts.append("-")  # a keyword-only parameter without default, `**mapping` in a dict
            else:
                self._parts.append(_constant(item))
            self._parts.append(",")

    def _arguments_without_defaults(self, arguments: ast.arguments) -> None:
        self._parts.append(" args=(arguments")
        for field, value in ast.iter_fields(arguments):
            if field not in ("defaults", "kw_defaults"):
                self._field(field, value, in_class=False)
        self._parts.append(")")

    def _left_out(self, annotation: ast.AST) -> None:
        self._annotations.update(node.id for node in ast.walk(annotation) if isinstance(node, ast.Name))

    def _effective(self, body: Iterable[ast.stmt], in_class: bool) -> Iterable[ast.stmt]:
        """Leave out docstrings, other constants that stand alone, `pass`, and annotations of local variables."""
        for statement in body:
            if isinstance(statement, ast.Pass):
                continue
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                continue
            if isinstance(statement, ast.AnnAssign) and not in_class:
                self._left_out(statement.annotation)
                if statement.value is not None:
                    yield ast.Assign(targets=[statement.target], value=statement.value)
                elif not isinstance(statement.target, ast.Name):
                    yield ast.Expr(value=statement.target)
                continue
            yield statement


#: What makes a text of a thing, name and all.
_WRITERS = frozenset(["ascii", "format", "print", "repr", "str"])


def shown(node: ast.AST) -> frozenset[str]:
    """Return what code puts into a list, a dict or a text as a value: names, and chains of attributes with dots.

    Whoever is handed such a value can look at its name, docstring and annotations.
    """
    found: set[str] = set()
    for part in ast.walk(node):
        if isinstance(part, (ast.List, ast.Tuple, ast.Set)):
            values: Iterable[ast.AST | None] = part.elts
        elif isinstance(part, ast.Dict):
            values = [*part.keys, *part.values]
        elif isinstance(part, ast.FormattedValue):
            values = [part.value]
        elif isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id in _WRITERS:
            values = part.args
        else:
            continue
        found.update(chain for value in values if (chain := _dotted(value)))
    return frozenset(found)


def looked_up(node: ast.AST) -> frozenset[tuple[str, str]]:
    """Return what code looks up by a key, as environment variables are: ``os.environ["MODE"]``, ``getenv("MODE")``.

    Pairs of what is asked, as a chain of attributes with dots, and the key: a constant in quotes, or a name.
    """
    found = set()
    for part in ast.walk(node):
        asked: ast.AST
        if isinstance(part, ast.Subscript) and isinstance(part.ctx, ast.Load):
            asked, key = part.value, part.slice
        elif isinstance(part, ast.Call) and (part.args or part.keywords):
            asked, key = part.func, part.args[0] if part.args else part.keywords[0].value
        elif isinstance(part, ast.Compare) and isinstance(part.ops[0], (ast.In, ast.NotIn)):
            asked, key = part.comparators[0], part.left
        else:
            continue
        chain = _dotted(asked)
        if chain and isinstance(key, (ast.Constant, ast.Name, ast.Attribute)):
            name = repr(key.value) if isinstance(key, ast.Constant) else _dotted(key)
            found.add((chain, name))
    return frozenset(found)


def _dotted(node: ast.AST | None) -> str:
    if isinstance(node, ast.Attribute):
        before = _dotted(node.value)
        return f"{before}.{node.attr}" if before else ""
    return node.id if isinstance(node, ast.Name) else ""


def _joined(values: Iterable[ast.expr]) -> Iterable[ast.expr]:
    """Join adjacent texts of an f-string and drop empty ones: versions differ in how they cut them."""
    text = ""
    for value in values:
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            text += value.value
            continue
        if text:
            yield ast.Constant(text)
            text = ""
        yield value
    if text:
        yield ast.Constant(text)


def _constant(value: object) -> str:
    if isinstance(value, str):
        return ascii(value)  # repr would depend on which characters this Python's Unicode calls printable
    if isinstance(value, int) and not isinstance(value, bool):
        return hex(value)  # unlike decimal digits, of any length
    return repr(value)
