"""Every text that the source puts into messages of errors, as templates: `{}` for each value."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import borderreach.geo.errors as errors_module

ERRORS: Final = {
    name for name, thing in vars(errors_module).items()
    if isinstance(thing, type) and issubclass(thing, errors_module.BorderReachError)
}  # fmt: skip
#: What models raise while a file is read; its text becomes a line of a `ConfigError`.
BUILTIN: Final = {"ValueError"}
#: English words; texts without two of them next to each other, or one at an edge that joins others, are values.
_WORDS: Final = re.compile(r"[A-Za-z']{2,}[,;:)]*\s+[(']?[A-Za-z']{2,}|^[,;]? [a-z]+ ?$")
#: Calls whose texts aren't shown.
_NOT_SHOWN: Final = {
    "compile",
    "fullmatch",
    "match",
    "sub",
    "search",
    "startswith",
    "endswith",
    "removeprefix",
    "strftime",
}


def template(node: ast.expr) -> str | None:
    """A text as a template; None for what isn't written out."""
    if isinstance(node, ast.Constant):
        return str(node.value) if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = template(node.left), template(node.right)
        if left is None and right is None:
            return None
        return ("{}" if left is None else left) + ("{}" if right is None else right)
    return None


def texts_in(node: ast.AST) -> Iterator[str]:
    """The texts that an expression may come to, those in its values included."""
    if isinstance(node, ast.expr):
        found = template(node)
        if found is not None:
            yield found
    if isinstance(node, ast.JoinedStr):
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                yield from texts_in(part.value)
        return
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in _NOT_SHOWN:
            return
    if isinstance(node, ast.BinOp):
        for side in (node.left, node.right):
            if not isinstance(side, ast.Constant):
                yield from texts_in(side)
        return
    if isinstance(node, ast.Compare | ast.Subscript):
        return
    for child in ast.iter_child_nodes(node):
        yield from texts_in(child)


class Source:
    """A module, and where texts of its messages come from."""

    def __init__(self, path: Path, functions: dict[str, list[ast.FunctionDef]]) -> None:
        self.tree = ast.parse(path.read_text(encoding="utf-8"))
        self.path = path
        self._everywhere = functions
        self._own = {one.name: one for one in ast.walk(self.tree) if isinstance(one, ast.FunctionDef)}
        self._seen: set[str] = set()

    def messages(self) -> Iterator[tuple[int, str]]:
        """Line and template of every text that an error of the module may show."""
        for function in [self.tree, *self._own.values()]:
            for node in _own_nodes(function):
                if isinstance(node, ast.Call) and node.args and _is_error(node.func):
                    yield from ((node.lineno, text) for text in self._from(node.args[0], function))

    def _from(self, node: ast.AST, function: ast.AST) -> Iterator[str]:
        """The texts of an expression, of the names in it as the function sets them, and of the functions that it calls."""
        yield from texts_in(node)
        for each in ast.walk(node):
            if isinstance(each, ast.Name):
                yield from self._named(each.id, function)
            elif isinstance(each, ast.Call) and isinstance(each.func, ast.Name):
                yield from self._called(each.func.id)

    def _named(self, name: str, function: ast.AST) -> Iterator[str]:
        key = f"{getattr(function, 'name', '')}.{name}"
        if key in self._seen:
            return
        self._seen.add(key)
        for each in ast.walk(function):
            targets: list[ast.expr] = []
            value: ast.expr | None = None
            if isinstance(each, ast.Assign):
                targets, value = each.targets, each.value
            elif isinstance(each, ast.AugAssign | ast.AnnAssign | ast.NamedExpr) and each.value is not None:
                targets, value = [each.target], each.value
            if value is not None and any(isinstance(one, ast.Name) and one.id == name for one in targets):
                yield from self._from(value, function)

    def _called(self, name: str) -> Iterator[str]:
        if f"{name}()" in self._seen:
            return
        self._seen.add(f"{name}()")
        own = [self._own[name]] if name in self._own else self._everywhere.get(name, [])
        for function in own if len(own) == 1 else []:
            if not _returns_text(function):
                continue
            for each in ast.walk(function):
                if isinstance(each, ast.Return) and each.value is not None:
                    yield from self._from(each.value, function)


def _returns_text(function: ast.FunctionDef) -> bool:
    return function.returns is not None and ast.unparse(function.returns) in {
        "str",
        "str | None",
        "list[str]",
        "tuple[str, ...]",
    }


def _is_error(called: ast.expr) -> bool:
    return isinstance(called, ast.Name) and called.id in ERRORS | BUILTIN


def _own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function without those of functions in it."""
    for child in ast.iter_child_nodes(function):
        if not isinstance(child, ast.FunctionDef):
            yield child
            yield from _own_nodes(child)


def raised(root: Path) -> dict[str, str]:
    """Every template in the source, with the place where it was found first."""
    paths = [
        path for folder in ("geo", "analysis", "maps", "borderreach") for path in sorted((root / folder).rglob("*.py"))
        if "__pycache__" not in path.parts
    ]  # fmt: skip
    functions: dict[str, list[ast.FunctionDef]] = {}
    for path in paths:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef):
                functions.setdefault(node.name, []).append(node)
    found: dict[str, str] = {}
    for path in paths:
        for line, text in Source(path, functions).messages():
            found.setdefault(text, f"{path.relative_to(root).as_posix()}:{line}")
    return found


def says_something(text: str) -> bool:
    """Whether a text has words that a reader must understand; others are names, units and what joins values."""
    return _WORDS.search(text.replace("{}", "")) is not None
