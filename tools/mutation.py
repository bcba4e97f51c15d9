"""Change the core of consent in one place at a time; every change must make some test fail.

A mutant is bound to the original classes: of a function only the code is exchanged, of a table
only the value, so that no `isinstance` fails by accident and kills it for free. Each runs in a
child forked from a process that has everything loaded. Survivors must stand, with the sentence
that proves each equivalent, in `tools/mutation_survivors.toml`; one that stands there and dies, or
is no longer made, is an error too.
"""

import argparse
import ast
import contextlib
import importlib
import io
import os
import resource
import signal
import sys
import tomllib
import types
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from time import monotonic

ROOT = Path(__file__).parent.parent
PACKAGE = "consentry.consent"
RULES = (
    "model",
    "spans",
    "hours",
    "opening",
    "asking",
    "granting",
    "second_person",
    "ways",
    "rules",
    "narrower",
)
SEALS = (
    "reading",
    "masks",
    "bodies",
    "statements",
    "state",
    "effects",
    "fold",
    "tickets",
    "lens",
    "words",
    "keyfile",
)
CASES = 12_000
CHILD_S_MAX = 120
CHILD_CPU_S_MAX = 25
CHILD_BYTES_MAX = 4 << 30
"""A mutant that never ends must not take the machine with it."""
UNBOUND = 3
TESTS = {
    **dict.fromkeys(RULES, ("test_rules.py", "test_narrower.py")),
    **dict.fromkeys(SEALS, ("test_statements.py", "test_lens.py", "test_vectors.py")),
    "words": ("test_keys.py", "test_lens.py"),
    "keyfile": ("test_keys.py",),
    "tickets": ("test_lens.py", "test_vectors.py"),
    "narrower": ("test_narrower.py",),
}
SLOW = "hundred_thousand or ten_million"
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
    ast.FloorDiv: ast.Mult,
}
CALLS = {"min": "max", "max": "min", "any": "all", "all": "any"}


@dataclass(frozen=True)
class Mutant:
    module: str
    holder: str
    line: int
    what: str
    path: "Path_"
    changed: ast.AST

    @property
    def name(self) -> str:
        return f"{self.module}.{self.holder}:{self.what}"


def variants(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:  # noqa: C901 one table of changes
    """Every single change of one node, with its description."""
    if isinstance(node, ast.Compare):
        for index, op in enumerate(node.ops):
            if type(op) in COMPARE:
                ops = [COMPARE[type(op)]() if i == index else o for i, o in enumerate(node.ops)]
                yield f"{type(op).__name__} turned", ast.Compare(node.left, ops, node.comparators)
    elif isinstance(node, ast.BoolOp):
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield f"{type(node.op).__name__} turned", ast.BoolOp(other, node.values)
        for index in range(len(node.values)):
            rest = [v for i, v in enumerate(node.values) if i != index]
            yield f"part {index} dropped", rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)
    elif isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
        turned = ARITHMETIC[type(node.op)]()
        yield f"{type(node.op).__name__} turned", ast.BinOp(node.left, turned, node.right)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "not dropped", node.operand
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
        func = ast.Name(CALLS[node.func.id], ast.Load())
        yield f"{node.func.id} turned", ast.Call(func, node.args, node.keywords)
    elif isinstance(node, ast.IfExp):
        yield "branches swapped", ast.IfExp(node.test, node.orelse, node.body)
    elif isinstance(node, ast.Constant):
        yield from constants(node)


def constants(node: ast.Constant) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node.value, bool):
        yield f"{node.value} turned", ast.Constant(not node.value)
    elif isinstance(node.value, int):
        yield f"{node.value} plus one", ast.Constant(node.value + 1)


def mutants(module: str) -> Iterator[Mutant]:
    """One tree for each change inside a function or a table of a module."""
    tree = tree_of(module)
    counts: dict[str, int] = {}
    for holder, body in holders(tree):
        for path in places(body):
            for what, changed in variants(at(body, path)):
                key = f"{holder}:{what}"
                counts[key] = number = counts.get(key, 0) + 1
                line = getattr(at(body, path), "lineno", 0)
                yield Mutant(module, holder, line, f"{what} #{number}", path, changed)


def tree_of(module: str) -> ast.Module:
    return ast.parse((ROOT / "src/consentry/consent" / f"{module}.py").read_text())


def mutated(mutant: Mutant) -> tuple[ast.Module, ast.stmt]:
    """The module with the one change in it, and the function or table that holds it."""
    tree = tree_of(mutant.module)
    holder = next(b for h, b in holders(tree) if h == mutant.holder)
    changed = ast.copy_location(mutant.changed, at(holder, mutant.path))
    put(holder, mutant.path, ast.fix_missing_locations(changed))
    return tree, holder


def holders(tree: ast.Module) -> Iterator[tuple[str, ast.stmt]]:
    """Functions, methods and tables, by name."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            for each in node.body:
                if isinstance(each, ast.FunctionDef):
                    yield f"{node.name}.{each.name}", each
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            yield node.target.id, node


Path_ = tuple[tuple[str, int | None], ...]


def places(holder: ast.stmt) -> Iterator[Path_]:
    """Where the expressions of a holder lie; annotations, defaults and docstrings left out."""
    if isinstance(holder, ast.FunctionDef):
        for index, each in enumerate(holder.body):
            if not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant)):
                yield from below(each, (("body", index),))
    elif isinstance(holder, ast.AnnAssign) and holder.value is not None:
        yield from below(holder.value, (("value", None),))


def below(node: ast.AST, path: Path_) -> Iterator[Path_]:
    yield path
    for name, value in ast.iter_fields(node):
        if name == "annotation":
            continue
        if isinstance(value, ast.AST):
            yield from below(value, (*path, (name, None)))
        elif isinstance(value, list):
            for index, each in enumerate(value):
                if isinstance(each, ast.AST):
                    yield from below(each, (*path, (name, index)))


def at(node: ast.AST, path: Path_) -> ast.AST:
    for name, index in path:
        value = getattr(node, name)
        node = value if index is None else value[index]
    return node


def put(node: ast.AST, path: Path_, changed: ast.AST) -> None:
    parent = at(node, path[:-1])
    name, index = path[-1]
    if index is None:
        setattr(parent, name, changed)
    else:
        getattr(parent, name)[index] = changed


def bind(mutant: Mutant) -> None:
    """Exchange the code of the one function, or the value of the one table, in this process."""
    module = importlib.import_module(f"{PACKAGE}.{mutant.module}")
    tree, holder = mutated(mutant)
    code = compile(tree, module.__file__ or "", "exec")
    scope = dict(vars(module))
    names = mutant.holder.split(".")
    original = vars(module)[names[0]]
    if len(names) == 2:
        member = vars(original)[names[1]]
        function = getattr(member, "fget", None) or getattr(member, "__func__", member)
        function.__code__ = code_of(code, names)
    elif isinstance(original, types.FunctionType):
        original.__code__ = code_of(code, names)
    else:
        table = compile(ast.Expression(getattr(holder, "value")), "table", "eval")  # noqa: B009 an AnnAssign
        changed = eval(table, scope)  # noqa: S307 our own source
        for each in list(sys.modules.values()):
            if getattr(each, "__name__", "").startswith(PACKAGE):
                for name, held in list(vars(each).items()):
                    if held is original and name == mutant.holder:
                        setattr(each, name, changed)


def code_of(code: types.CodeType, names: list[str]) -> types.CodeType:
    for name in names:
        code = next(
            c for c in code.co_consts if isinstance(c, types.CodeType) and c.co_name == name
        )
    return code


def is_killed(mutant: Mutant, answers: list[tuple[object, object]]) -> bool:
    """In the child: cheap cases first, then the tests."""
    from tests.consent.oracle import plain

    from consentry.consent.rules import decide

    if mutant.module in RULES:
        for built, answer in answers:
            if plain(decide(*built)) != answer:  # type: ignore[misc]  # a case is a triple
                return True
    import pytest

    files = [f"tests/consent/{name}" for name in TESTS[mutant.module]]
    present = [name for name in files if (ROOT / name).exists()]
    quiet = ["-x", "-q", "-p", "no:cacheprovider", "-W", "ignore"]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        code = pytest.main([*quiet, "-m", "not campaign", "-k", f"not ({SLOW})", *present])
    if code not in (0, 1, 2):
        os._exit(UNBOUND)
    return code != 0


def start(mutant: Mutant, answers: list[tuple[object, object]]) -> int:
    """Fork. A child that hangs or crashes has noticed the change."""
    child = os.fork()
    if child:
        return child
    verdict = UNBOUND
    try:
        signal.alarm(CHILD_S_MAX)
        resource.setrlimit(resource.RLIMIT_CPU, (CHILD_CPU_S_MAX, CHILD_CPU_S_MAX))
        resource.setrlimit(resource.RLIMIT_AS, (CHILD_BYTES_MAX, CHILD_BYTES_MAX))
        bind(mutant)
        verdict = 1
        verdict = 1 if is_killed(mutant, answers) else 0
    except Exception:  # noqa: BLE001, S110 whatever a mutant raises kills it
        pass
    finally:
        os._exit(verdict)


def survivors(
    made: list[Mutant], answers: list[tuple[object, object]], workers: int
) -> list[Mutant]:
    """Those that no test noticed, tried so many at a time."""
    alive: list[Mutant] = []
    running: dict[int, Mutant] = {}
    waiting = list(reversed(made))
    while waiting or running:
        while waiting and len(running) < workers:
            mutant = waiting.pop()
            running[start(mutant, answers)] = mutant
        child, status = os.wait()
        mutant = running.pop(child)
        if os.waitstatus_to_exitcode(status) == UNBOUND:
            raise RuntimeError(f"{mutant.name} could not be made")
        if status == 0:
            alive.append(mutant)
            print(f"  alive: {mutant.name}  (line {mutant.line})", file=sys.stderr, flush=True)
    return alive


def unchanged(mutant: Mutant) -> Mutant:
    """The same place with what stands there: if this dies, the runner kills for free."""
    holder = dict(holders(tree_of(mutant.module)))[mutant.holder]
    return replace(mutant, changed=at(holder, mutant.path))


def known_answers() -> list[tuple[object, object]]:
    """Cases with what the unchanged rules answer."""
    from tests.consent.oracle import plain
    from tests.consent.worlds import a_case

    from consentry.consent.rules import decide

    rng = Random(77)  # noqa: S311 cases, not secrets
    built = [a_case(rng).built() for _ in range(CASES)]
    return [(each, plain(decide(*each))) for each in built]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", default=[*RULES, *SEALS])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--unchanged", action="store_true", help="check that no-change survives")
    asked = parser.parse_args()
    sys.path[:0] = [str(ROOT / "src"), str(ROOT)]
    os.chdir(ROOT)
    for name in (*RULES, *SEALS):
        importlib.import_module(f"{PACKAGE}.{name}")
    made = [m for module in asked.modules for m in mutants(module)]
    known = tomllib.loads((ROOT / "tools/mutation_survivors.toml").read_text())["survivors"]
    answers = known_answers()
    if asked.unchanged:
        made = [unchanged(mutant) for mutant in made[:2]]
    began = monotonic()
    alive = {m.name: m for m in survivors(made, answers, asked.workers)}
    unproved = [m for name, m in alive.items() if name not in known]
    stale = [n for n in known if n not in alive and n.split(".")[0] in asked.modules]
    for mutant in unproved:
        print(f"survived: {mutant.name}  (line {mutant.line})")
    for name in stale:
        print(f"listed as a survivor, but killed or gone: {name}")
    killed = len(made) - len(alive)
    print(
        f"{len(made)} mutants, {killed} killed, {len(alive) - len(unproved)} proved equivalent, "
        f"{len(unproved)} survived, in {monotonic() - began:.0f} s"
    )
    return 1 if unproved or stale else 0


if __name__ == "__main__":
    sys.exit(main())
