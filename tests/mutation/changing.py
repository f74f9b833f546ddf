"""The changes that make mutants: each is a function from a node to what may stand in its place."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from itertools import pairwise

_COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_RECKONED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.BitXor: ast.BitOr,
}
_CALLED = {
    "min": "max",
    "max": "min",
    "any": "all",
    "all": "any",
    "add": "subtract",
    "subtract": "add",
    "start_us": "end_us",
    "end_us": "start_us",
    "period_start_us": "period_end_us",
    "period_end_us": "period_start_us",
    "segment_start_us": "segment_end_us",
    "whole_start_us": "whole_end_us",
    "whole_end_us": "whole_start_us",
    "amount_minor": "total_minor",
    "total_minor": "amount_minor",
}
_SYMMETRIC = {"min", "max", "add", "multiply"}
"""What gives the same with its arguments in any order."""
_DROPPED = {"sorted": "list", "abs": "", "set": "list"}


def _comparison(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Compare):
        for place, op in enumerate(node.ops):
            for other in _COMPARED[type(op)]:
                ops = [*node.ops[:place], other(), *node.ops[place + 1 :]]
                yield ast.Compare(node.left, ops, node.comparators)


def _reckoning(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.BinOp) and type(node.op) in _RECKONED:
        yield ast.BinOp(node.left, _RECKONED[type(node.op)](), node.right)
    elif isinstance(node, ast.AugAssign) and type(node.op) in _RECKONED:
        yield ast.AugAssign(node.target, _RECKONED[type(node.op)](), node.value)
    elif isinstance(node, ast.UnaryOp):
        yield node.operand


def _logic(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.BoolOp):
        yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
        for place in range(len(node.values)):
            rest = [*node.values[:place], *node.values[place + 1 :]]
            yield rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)
    elif isinstance(node, ast.IfExp):
        yield node.body
        yield node.orelse
    elif isinstance(node, ast.If | ast.While) and not isinstance(node.test, ast.Compare):
        yield type(node)(ast.UnaryOp(ast.Not(), node.test), node.body, node.orelse)
    elif isinstance(node, ast.comprehension):
        for place in range(len(node.ifs)):
            ifs = [*node.ifs[:place], *node.ifs[place + 1 :]]
            yield ast.comprehension(node.target, node.iter, ifs, node.is_async)


def _constant(node: ast.AST) -> Iterator[ast.AST]:
    if not isinstance(node, ast.Constant):
        return
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield ast.Constant(value + 1)
        if value > 1:
            yield ast.Constant(value - 1)
    elif isinstance(value, str):
        yield ast.Constant(value + "XX")


def _name(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Attribute) and node.attr in _CALLED and _is_read(node):
        yield ast.Attribute(node.value, _CALLED[node.attr], node.ctx)
    elif isinstance(node, ast.Name) and node.id in _CALLED and _is_read(node):
        yield ast.Name(_CALLED[node.id], node.ctx)


def _is_read(node: ast.Attribute | ast.Name) -> bool:
    return isinstance(node.ctx, ast.Load)


def _call(node: ast.AST) -> Iterator[ast.AST]:
    if not isinstance(node, ast.Call):
        return
    if isinstance(node.func, ast.Name) and node.func.id in _DROPPED and node.args:
        dropped, first = _DROPPED[node.func.id], node.args[0]
        yield ast.Call(ast.Name(dropped, ast.Load()), [first], []) if dropped else first
    for place, keyword in enumerate(node.keywords):
        if keyword.arg in ("key", "default"):
            yield ast.Call(
                node.func, node.args, [*node.keywords[:place], *node.keywords[place + 1 :]]
            )
    name = getattr(node.func, "id", getattr(node.func, "attr", ""))
    for args in _swapped(node.args) if name not in _SYMMETRIC else ():
        yield ast.Call(node.func, args, node.keywords)


def _display(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Tuple | ast.List) and isinstance(node.ctx, ast.Load):
        for elts in _swapped(node.elts):
            yield type(node)(elts, node.ctx)
    elif isinstance(node, ast.Dict):
        for values in _swapped(node.values):
            yield ast.Dict(node.keys, values)


def _swapped(nodes: list[ast.expr]) -> Iterator[list[ast.expr]]:
    for place, (one, other) in enumerate(pairwise(nodes)):
        yield [*nodes[:place], other, one, *nodes[place + 2 :]]


def _statement(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Continue):
        yield ast.Break()
    # An assertion without a text is there for the type checker.
    is_told = isinstance(node, ast.Assert) and node.msg is not None
    if is_told or isinstance(node, ast.Expr | ast.AugAssign | ast.Raise | ast.Delete):
        yield ast.Pass()


MUTATIONS: tuple[Callable[[ast.AST], Iterator[ast.AST]], ...] = (
    _comparison,
    _reckoning,
    _logic,
    _constant,
    _name,
    _call,
    _display,
    _statement,
)
"""Each change that is tried; a new one is one function and one line."""
