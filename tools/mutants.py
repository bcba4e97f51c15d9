"""Every single change of the core of consent, and how one of them is put into a running process.

A mutant is bound to the original classes: of a function only the code is exchanged, of a table
only the value, so that no `isinstance` fails by accident and kills it for free.
"""

import ast
import importlib
import sys
import types
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = "consentry.consent"
COMPARE = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
ARITHMETIC = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.RShift: ast.LShift,
    ast.LShift: ast.RShift,
    ast.FloorDiv: ast.Mult,
}
CALLS = {"min": "max", "max": "min", "any": "all", "all": "any"}
Place = tuple[tuple[str, int | None], ...]


class BrokenTableError(Exception):
    """The changed value cannot even be made: its module would not load."""


@dataclass(frozen=True)
class Mutant:
    """One change. Its name holds what stood there and what stands there now, and no line."""

    module: str
    holder: str
    line: int
    place: Place
    was: ast.AST
    changed: ast.AST
    number: int = 1
    """Which of several equal changes of one holder it is, from its top."""

    @property
    def name(self) -> str:
        again = f" #{self.number}" if self.number > 1 else ""
        change = f"`{ast.unparse(self.was)}` -> `{ast.unparse(self.changed)}`"
        return f"{self.module}.{self.holder}: {change}{again}"


def mutants(module: str) -> Iterator[Mutant]:
    """One mutant for each change inside a function or a table of a module."""
    counts: Counter[str] = Counter()
    for holder, body in holders(tree_of(module)):
        for place in places(body):
            was = at(body, place)
            for changed in variants(was):
                line = getattr(was, "lineno", 0)
                made = Mutant(module, holder, line, place, was, ast.fix_missing_locations(changed))
                counts[made.name] += 1
                yield replace(made, number=counts[made.name])


def variants(node: ast.AST) -> Iterator[ast.AST]:
    """Every single change of one node."""
    change = _CHANGES.get(type(node))
    if change is not None:
        yield from change(node)


def _comparisons(node: ast.Compare) -> Iterator[ast.AST]:
    for index, op in enumerate(node.ops):
        if type(op) in COMPARE:
            ops = [COMPARE[type(op)]() if i == index else o for i, o in enumerate(node.ops)]
            yield ast.Compare(node.left, ops, node.comparators)


def _connectives(node: ast.BoolOp) -> Iterator[ast.AST]:
    yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    for index in range(len(node.values)):
        rest = [v for i, v in enumerate(node.values) if i != index]
        yield rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)


def _operators(node: ast.BinOp) -> Iterator[ast.AST]:
    if type(node.op) in ARITHMETIC:
        yield ast.BinOp(node.left, ARITHMETIC[type(node.op)](), node.right)


def _negations(node: ast.UnaryOp) -> Iterator[ast.AST]:
    if isinstance(node.op, ast.Not):
        yield node.operand


def _calls(node: ast.Call) -> Iterator[ast.AST]:
    if isinstance(node.func, ast.Name) and node.func.id in CALLS:
        yield ast.Call(ast.Name(CALLS[node.func.id], ast.Load()), node.args, node.keywords)


def _branches(node: ast.IfExp) -> Iterator[ast.AST]:
    yield ast.IfExp(node.test, node.orelse, node.body)


def _constants(node: ast.Constant) -> Iterator[ast.AST]:
    if isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node.value, int):
        yield ast.Constant(node.value + 1)


_CHANGES: dict[type[ast.AST], Callable[..., Iterator[ast.AST]]] = {
    ast.Compare: _comparisons,
    ast.BoolOp: _connectives,
    ast.BinOp: _operators,
    ast.UnaryOp: _negations,
    ast.Call: _calls,
    ast.IfExp: _branches,
    ast.Constant: _constants,
}


def tree_of(module: str) -> ast.Module:
    return ast.parse((ROOT / "src/consentry/consent" / f"{module}.py").read_text())


def holders(tree: ast.Module) -> Iterator[tuple[str, ast.stmt]]:
    """Functions, methods, tables and fields with a default, by name."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            for each in node.body:
                yield from ((f"{node.name}.{name}", held) for name, held in _named(each))
        else:
            yield from _named(node)


def _named(node: ast.stmt) -> Iterator[tuple[str, ast.stmt]]:
    if isinstance(node, ast.FunctionDef):
        yield node.name, node
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
        yield node.target.id, node


def places(holder: ast.stmt) -> Iterator[Place]:
    """Where the expressions of a holder lie; annotations and docstrings left out."""
    if isinstance(holder, ast.FunctionDef):
        yield from _below(holder.args, (("args", None),))
        for index, each in enumerate(holder.body):
            if not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant)):
                yield from _below(each, (("body", index),))
    elif isinstance(holder, ast.AnnAssign) and holder.value is not None:
        yield from _below(holder.value, (("value", None),))


def _below(node: ast.AST, place: Place) -> Iterator[Place]:
    yield place
    for name, value in ast.iter_fields(node):
        if name == "annotation":
            continue
        if isinstance(value, ast.AST):
            yield from _below(value, (*place, (name, None)))
        elif isinstance(value, list):
            for index, each in enumerate(value):
                if isinstance(each, ast.AST):
                    yield from _below(each, (*place, (name, index)))


def at(node: ast.AST, place: Place) -> ast.AST:
    for name, index in place:
        value = getattr(node, name)
        node = value if index is None else value[index]
    return node


def _put(node: ast.AST, place: Place, changed: ast.AST) -> None:
    parent = at(node, place[:-1])
    name, index = place[-1]
    if index is None:
        setattr(parent, name, changed)
    else:
        getattr(parent, name)[index] = changed


def bind(mutant: Mutant) -> None:
    """Exchange the code of the one function, or the value of the one table, in this process."""
    module = importlib.import_module(f"{PACKAGE}.{mutant.module}")
    tree = tree_of(mutant.module)
    holder = next(body for name, body in holders(tree) if name == mutant.holder)
    _put(holder, mutant.place, ast.copy_location(mutant.changed, at(holder, mutant.place)))
    ast.fix_missing_locations(tree)
    names = mutant.holder.split(".")
    if isinstance(holder, ast.FunctionDef):
        function = _function(module, names)
        function.__code__ = _code_of(compile(tree, module.__file__ or "", "exec"), names)
        _bind_arguments(function, holder.args)
    elif isinstance(holder, ast.AnnAssign) and len(names) == 1:
        _bind_table(module, mutant, holder)
    elif isinstance(holder, ast.AnnAssign):
        init = vars(module)[names[0]].__init__
        init.__kwdefaults__[names[1]] = _value_of(holder.value, init.__globals__ | vars(module))


def _value_of(node: ast.expr | None, scope: dict[str, object]) -> object:
    if node is None:
        raise TypeError("nothing stands there")
    return eval(compile(ast.Expression(node), "value", "eval"), scope)  # noqa: S307 our own source


def _bind_arguments(function: types.FunctionType, arguments: ast.arguments) -> None:
    """Defaults are no part of a function's code."""
    scope = dict(function.__globals__)
    if arguments.defaults:
        function.__defaults__ = tuple(_value_of(each, scope) for each in arguments.defaults)
    for name, node in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if node is not None and function.__kwdefaults__ is not None:
            function.__kwdefaults__[name.arg] = _value_of(node, scope)


def _function(module: types.ModuleType, names: list[str]) -> types.FunctionType:
    held = vars(module)[names[0]]
    for name in names[1:]:
        held = vars(held)[name]
    found = getattr(held, "fget", None) or getattr(held, "__func__", held)
    if not isinstance(found, types.FunctionType):
        raise TypeError(f"{'.'.join(names)} is no function")
    return found


def _code_of(code: types.CodeType, names: list[str]) -> types.CodeType:
    for name in names:
        code = next(
            c for c in code.co_consts if isinstance(c, types.CodeType) and c.co_name == name
        )
    return code


def _bind_table(module: types.ModuleType, mutant: Mutant, holder: ast.AnnAssign) -> None:
    """In its own module, wherever it was imported, and where it is a field's default."""
    original = vars(module)[mutant.holder]
    try:
        changed = _value_of(holder.value, dict(vars(module)))
    except Exception as error:
        raise BrokenTableError(mutant.name) from error
    for name, each in list(sys.modules.items()):
        if name.startswith(PACKAGE) and (each is module or mutant.holder not in _own_tables(name)):
            _rebind(each, mutant.holder, original, changed)


def _rebind(module: types.ModuleType, holder: str, original: object, changed: object) -> None:
    """Equal small numbers may be one object, so numbers are known by their name too."""
    by_name = isinstance(original, int)
    for name, held in list(vars(module).items()):
        if held is original and (name == holder or not by_name):
            setattr(module, name, changed)
    if not by_name:
        _bind_defaults(module, original, changed)


def _bind_defaults(module: types.ModuleType, original: object, changed: object) -> None:
    for held in vars(module).values():
        defaults = getattr(getattr(held, "__init__", None), "__kwdefaults__", None) or {}
        for field, default in defaults.items():
            if default is original:
                defaults[field] = changed


def _own_tables(name: str) -> set[str]:
    path = ROOT / "src" / Path(*name.split(".")).with_suffix(".py")
    if not path.exists():
        return set()
    return {holder for holder, _ in holders(ast.parse(path.read_text()))}
