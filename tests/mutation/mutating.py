"""Mutants: small changes of code, each of which a test has to notice.

A mutant is named by its module, its function and the change of its text, so an edit elsewhere does
not rename it. Text of errors is left as it is: it is for people, and tests need not repeat it.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from tests.mutation.changing import MUTATIONS

ROOT = Path(__file__).resolve().parents[2]

_READABLE = 16
"""Least length of the text that shows a change."""

_AROUND = 32
"""Greatest length of what is shown before and behind a change."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one function.

    Attributes:
        module: Path of its file from the root of the project.
        function: Qualified name of the outermost function or method that it is in.
        change: Text before and after; a second one of the same text is numbered.
        lines: First and last line of the statement it is in.
        tree: Of the module.
        place: Where it is: a node, its field, and the place in a list.
        replacement: What stands there instead.
    """

    module: str
    function: str
    change: str
    lines: tuple[int, int]
    tree: ast.Module
    place: tuple[ast.AST, str, int | None]
    replacement: ast.AST

    @property
    def name(self) -> tuple[str, str, str]:
        """What it is called in the list of survivors."""
        return (self.module, self.function, self.change)

    def apply(self) -> ast.Module:
        """Change the tree for good, and return it."""
        _put(self.place, self.replacement)
        return ast.fix_missing_locations(self.tree)


def mutants_of(module: str) -> list[Mutant]:
    """Return all mutants of a module's functions, in the order of its text."""
    tree = ast.parse((ROOT / module).read_text(encoding="utf-8"))
    found: list[Mutant] = []
    for name, function in _functions(tree, ""):
        numbers: Counter[str] = Counter()
        for path, place, node in _places(function, (function,)):
            for replacement in (each for mutate in MUTATIONS for each in mutate(node)):
                change = _change(path, place, node, replacement)
                if change is None:
                    continue
                numbers[change] += 1
                number = f" ({numbers[change]})" if numbers[change] > 1 else ""
                lines = _lines((*path, node))
                found.append(Mutant(module, name, change + number, lines, tree, place, replacement))
    return found


def _functions(node: ast.AST, prefix: str) -> Iterator[tuple[str, ast.FunctionDef]]:
    for each in ast.iter_child_nodes(node):
        if isinstance(each, ast.FunctionDef):
            yield prefix + each.name, each
        elif isinstance(each, ast.ClassDef):
            yield from _functions(each, f"{prefix}{each.name}.")


def _places(
    parent: ast.AST, path: tuple[ast.AST, ...]
) -> Iterator[tuple[tuple[ast.AST, ...], tuple[ast.AST, str, int | None], ast.AST]]:
    """Yield each place in a function that may be changed: what it is in, it and what is there."""
    for field, value in ast.iter_fields(parent):
        if _is_left(parent, field):
            continue
        listed = enumerate(value) if isinstance(value, list) else [(None, value)]
        for index, node in listed:
            if isinstance(node, ast.AST) and not _is_docstring(node):
                yield path, (parent, field, index), node
                yield from _places(node, (*path, node))


def _is_left(parent: ast.AST, field: str) -> bool:
    """Return whether a part is not changed: signature, type, text of an error, check of lengths."""
    if isinstance(parent, ast.FunctionDef) and field != "body":
        return True
    return (
        isinstance(parent, ast.Raise)
        or field == "annotation"
        or (isinstance(parent, ast.Assert) and field == "msg")
        or (isinstance(parent, ast.keyword) and parent.arg == "strict")
        or (isinstance(parent, ast.Call) and getattr(parent.func, "id", "") == "cast")
    )


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _put(place: tuple[ast.AST, str, int | None], node: ast.AST) -> None:
    parent, field, index = place
    if index is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[index] = node


def _change(
    path: tuple[ast.AST, ...],
    place: tuple[ast.AST, str, int | None],
    node: ast.AST,
    replacement: ast.AST,
) -> str | None:
    """Return a change as text, with as much around it as it takes to be read."""
    around = [node]
    for each in reversed(path):
        if isinstance(around[-1], ast.stmt) or len(_text(around[-1])) >= _READABLE:
            break
        around.append(each)
    shown = around[-1]
    before = _text(shown)
    _put(place, replacement)
    after = _text(replacement if shown is node else shown)
    _put(place, node)
    return None if before == after else _shortened(before, after)


def _shortened(before: str, after: str) -> str:
    """Return two texts without what they share far from where they differ."""
    start = _shared(before, after)
    end = _shared(before[start:][::-1], after[start:][::-1])
    head = before[:start] if start <= _AROUND else "..." + before[start - _AROUND : start]
    rest = before[len(before) - end :]
    tail = rest if end <= _AROUND else rest[:_AROUND] + "..."
    shown = (text[start : len(text) - end] for text in (before, after))
    return " -> ".join(f"{head}{each}{tail}" for each in shown)


def _shared(a: str, b: str) -> int:
    """Return how many characters two texts begin with alike."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(a, b, strict=False)))


def _text(node: ast.AST) -> str:
    """Return the text of a node; of a statement that holds others, its first line."""
    if isinstance(node, ast.comprehension | ast.expr | ast.stmt | ast.slice | ast.keyword):
        text = ast.unparse(node).strip()
        held = isinstance(node, ast.If | ast.For | ast.While | ast.With | ast.Try)
        return text.split("\n")[0] if held else text
    return ""


def _lines(path: tuple[ast.AST, ...]) -> tuple[int, int]:
    """Return the lines of the innermost statement; of one that holds others, those before them."""
    inner = next(each for each in reversed(path) if isinstance(each, ast.stmt))
    body = getattr(inner, "body", None)
    last = body[0].lineno - 1 if body else inner.end_lineno or inner.lineno
    return inner.lineno, max(last, inner.lineno)
