"""Small changes of a module's source, each of which some test should notice."""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_COMPARE: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
_SWAPPED = {"min": "max", "max": "min", "any": "all", "all": "any"}
# what a person reads of an object is tested elsewhere or not at all
_WORDS = ("__repr__", "__str__", "_repr_html_")

_LONGEST = 70


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One change.

    Attributes:
        file: Name of the module's file.
        function: Qualified name of what is changed; "" at the top of the module.
        line: Where, from 1.
        body: First and last line of the function it is in; None for what runs at import.
        before, after: The changed piece of code, as text.
        number: Which one of the same change in the same function, from 1.
        source: The whole module, changed.
    """

    file: str
    function: str
    line: int
    body: tuple[int, int] | None
    before: str
    after: str
    number: int
    source: str

    @property
    def name(self) -> str:
        """Stays the same while other lines move."""
        again = f" ({self.number})" if self.number > 1 else ""
        return f"{self.file} {self.function or 'module'}: {self.before} -> {self.after}{again}"


def mutants_of(path: Path) -> list[Mutant]:
    """Every mutant of a file, in the order of its lines."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found: list[Mutant] = []
    seen: Counter[tuple[str, str, str]] = Counter()
    for parent, field, place, function, body in _places(tree, "", None):
        node = _get(parent, field, place)
        for new in _changes(node):
            before, after = _text(node), _text(new)
            seen[function, before, after] += 1
            _set(parent, field, place, new)
            found.append(
                Mutant(
                    file=path.name,
                    function=function,
                    line=_line(node),
                    body=body,
                    before=before,
                    after=after,
                    number=seen[function, before, after],
                    source=ast.unparse(ast.fix_missing_locations(tree)),
                )
            )
            _set(parent, field, place, node)
    return found


_Lines = tuple[int, int] | None


def _places(
    node: ast.AST, function: str, body: _Lines
) -> Iterator[tuple[ast.AST, str, int | None, str, _Lines]]:
    """Every place that may be changed: parent, field, index in it, and the function it is in."""
    for field, value in ast.iter_fields(node):
        if field in ("decorator_list", "annotation", "returns", "type_params", "bases", "type_comment"):
            continue
        # the words of an error are not the gate's behaviour; that it is raised is
        if isinstance(node, ast.Raise):
            continue
        items = list(enumerate(value)) if isinstance(value, list) else [(None, value)]
        for place, item in items:
            if not isinstance(item, ast.AST) or isinstance(item, ast.Import | ast.ImportFrom | ast.JoinedStr):
                continue
            # a guard against wrong calls among ourselves, which types and `Table` hold off already
            if isinstance(item, ast.keyword) and item.arg == "strict":
                continue
            inside, lines = function, body
            if isinstance(item, ast.FunctionDef | ast.ClassDef):
                if item.name in _WORDS:
                    continue
                inside = f"{function}.{item.name}".lstrip(".")
                if isinstance(item, ast.FunctionDef):
                    lines = (item.lineno, item.end_lineno or item.lineno)
            yield node, field, place, inside, lines
            yield from _places(item, inside, lines)


def _changes(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Compare(ops=[operator]):
            for other in _COMPARE.get(type(operator), ()):
                yield _with(node, ops=[other()])
        case ast.Compare(ops=[*operators]):
            for i, operator in enumerate(operators):
                for other in _COMPARE.get(type(operator), ()):
                    yield _with(node, ops=[*operators[:i], other(), *operators[i + 1 :]])
        case ast.Constant(value=bool(value)):
            yield ast.Constant(value=not value)
        case ast.Constant(value=int(value)):
            yield ast.Constant(value=value + 1)
            yield ast.Constant(value=value - 1)
        case ast.Constant(value=float(value)):
            yield ast.Constant(value=value * 1.5 if value else 1.0)
            yield ast.Constant(value=value / 1.5 if value else -1.0)
        case ast.BoolOp(op=operator):
            yield _with(node, op=ast.Or() if isinstance(operator, ast.And) else ast.And())
        case ast.BinOp(op=operator) if type(operator) in _ARITHMETIC:
            yield _with(node, op=_ARITHMETIC[type(operator)]())
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield operand
        case ast.UnaryOp(op=ast.USub(), operand=operand) if not isinstance(operand, ast.Constant):
            yield operand
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test):
            if not isinstance(test, ast.Compare | ast.UnaryOp):
                yield _with(node, test=ast.UnaryOp(op=ast.Not(), operand=test))
        case ast.Call(func=ast.Name(id=name)) if name in _SWAPPED:
            yield _with(node, func=ast.Name(id=_SWAPPED[name], ctx=ast.Load()))
        case ast.Return(value=value) if value is not None and not _is_none(value):
            yield ast.Return(value=ast.Constant(value=None))
        case ast.Raise() | ast.AugAssign():
            yield ast.Pass()
        case ast.Expr(value=value) if not isinstance(value, ast.Constant):
            yield ast.Pass()
        case ast.Continue():
            yield ast.Break()
        case ast.Break():
            yield ast.Continue()
        case ast.comprehension(ifs=[_, *_]):
            yield _with(node, ifs=[])


def _with(node: ast.AST, **fields: object) -> ast.AST:
    new = copy.copy(node)
    for name, value in fields.items():
        setattr(new, name, value)
    return new


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _get(parent: ast.AST, field: str, place: int | None) -> ast.AST:
    value = getattr(parent, field)
    found: ast.AST = value if place is None else value[place]
    return found


def _set(parent: ast.AST, field: str, place: int | None, node: ast.AST) -> None:
    if place is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[place] = node


def _text(node: ast.AST) -> str:
    """The first line of a piece of code."""
    if isinstance(node, ast.If | ast.While):
        return f"{type(node).__name__.lower()} {ast.unparse(node.test)}"
    if isinstance(node, ast.comprehension):
        return ast.unparse(node).strip()
    text = ast.unparse(node).splitlines()[0]
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _line(node: ast.AST) -> int:
    place = node.target if isinstance(node, ast.comprehension) else node
    return int(getattr(place, "lineno", 0))
