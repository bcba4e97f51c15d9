"""Rules of taste that no linter holds."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, Module, modules, texts

FOLDERS = ("src", "tests", "tools", "benches")
SHARED = frozenset({"kernel", "infra"})
LINES_PER_FUNCTION = 50
LINES_PER_MODULE = 400
JUNK = frozenset({"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers"})
KERNEL_MAY_IMPORT = frozenset(
    {"collections", "dataclasses", "datetime", "enum", "json", "math", "re", "typing"}
)


def everywhere() -> Iterator[tuple[str, Module]]:
    for folder in FOLDERS:
        for module in modules(ROOT / folder):
            yield f"{folder}/{module.place}", module


def imports(module: Module) -> Iterator[tuple[int, str]]:
    """Absolute imports, as line and dotted name."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.lineno, node.module


def strays(module: Module) -> Iterator[str]:
    """Imports that pass by the face of another feature."""
    feature = module.parts[0]
    if feature in {"app", "kernel"} or "store" in module.parts:
        return
    for line, name in imports(module):
        owner, *rest = name.removeprefix("consentry.").split(".")
        if name.startswith("consentry.") and rest and owner not in SHARED | {feature}:
            yield f"{module.place}:{line} imports {name}"


def test_features_meet_only_at_their_faces() -> None:
    found = [stray for module in modules() for stray in strays(module)]
    assert not found, "\n".join(found)


def test_the_kernel_stands_on_the_pure_part_of_the_standard_library() -> None:
    found = [
        f"{module.place}:{line} imports {name}"
        for module in modules()
        if module.parts[0] == "kernel"
        for line, name in imports(module)
        if name.split(".")[0] not in KERNEL_MAY_IMPORT
    ]
    assert sys.stdlib_module_names >= KERNEL_MAY_IMPORT
    assert not found, "\n".join(found)


def written() -> Iterator[Module]:
    """The package without its migrations: those are generated once and never changed."""
    return (module for module in modules() if "migrations" not in module.parts)


def test_functions_fit_the_eye() -> None:
    long = [
        f"{module.place}:{function.lineno} {function.name}"
        for module in written()
        for function in module.functions()
        if (function.end_lineno or 0) - function.lineno >= LINES_PER_FUNCTION
    ]
    assert not long, "\n".join(long)


def test_modules_fit_the_eye() -> None:
    long = [
        f"{module.place}: {lines} lines"
        for module in written()
        for lines in [len(module.text.splitlines())]
        if lines > LINES_PER_MODULE
    ]
    assert not long, "\n".join(long)


def test_every_module_opens_with_a_sentence() -> None:
    mute = [
        place
        for place, module in everywhere()
        if module.text.strip()  # a folder of tests may need no word
        and not re.match(r"\S.*[.!?:](\s|$)", ast.get_docstring(module.tree) or "", re.DOTALL)
    ]
    assert not mute, "\n".join(mute)


def test_no_name_says_nothing() -> None:
    junk = [
        place
        for place, module in everywhere()
        if JUNK & {word for part in module.parts for word in part.split("_")}
    ]
    assert not junk, "\n".join(junk)


def test_only_the_rules_create_permits() -> None:
    makers = {
        module.place
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and _called(node) == "Permit"
    }
    assert makers == {"consent/rules.py"}


def _called(node: ast.Call) -> str:
    return getattr(node.func, "id", "") or getattr(node.func, "attr", "")


def test_no_error_is_swallowed_in_silence() -> None:
    silent = [
        f"{place}:{node.lineno}"
        for place, module in everywhere()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ExceptHandler)
        if node.type is None or (len(node.body) == 1 and isinstance(node.body[0], ast.Pass))
    ]
    assert not silent, "\n".join(silent)


def test_every_exception_from_a_rule_has_its_code_and_reason() -> None:
    bare = [
        f"{place}:{number}"
        for place, module in everywhere()
        for number, line in enumerate(module.text.splitlines(), 1)
        for marks in [re.search(r"#\s*(noqa|type:\s*ignore)(.*)", line)]
        if marks
        and not re.match(r"(:\s*[A-Z]+\d+(,\s*[A-Z]+\d+)*|\[[\w,\- ]+\])", marks[2].strip())
    ]
    assert not bare, "\n".join(bare)


def test_features_never_commit() -> None:
    commits = [
        f"{module.place}:{node.lineno}"
        for module in modules()
        if module.parts[0] not in {"infra", "app"}
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and _called(node) in {"commit", "rollback"}
    ]
    assert not commits, "\n".join(commits)


def test_routes_are_made_by_api_alone() -> None:
    """Whatever is not made by `Api` would stand without its act, its bounds and its key."""
    other_ways = {"add_api_route", "add_route", "add_api_websocket_route", "add_websocket_route"}
    makers = [
        f"{module.place}:{node.lineno}"
        for module in modules()
        if module.path != Path("infra/web/guard.py")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        if _called(node) in other_ways
    ]
    assert not makers, "\n".join(makers)


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?<![\w.])/" + r"(work|root)/",
        r"(?<![\w.])/" + r"home/(?!\.)\w",
        r"py[p]i\.org|python[h]osted|npm[j]s\.(org|com)|crates\.[i]o|arti[f]actory",
        r"(?<!no-)--(extra-)?" + r"index-url|--find" + r"-links",
    ],
    ids=["machine paths", "homes", "registries", "indexes"],
)
def test_the_repository_names_no_machine_and_no_registry(pattern: str) -> None:
    found = [
        f"{path}:{number} {line.strip()[:80]}"
        for path, text in texts()
        for number, line in enumerate(text.splitlines(), 1)
        if re.search(pattern, line)
    ]
    assert not found, "\n".join(found)


def test_locks_hold_hashes_and_no_address() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text()
        assert "://" not in text, name
        pinned = re.findall(r"^[a-z0-9][\w.\-]*(?:\[[\w,]+\])?==\S+", text, re.MULTILINE)
        assert len(pinned) > 10, name
        unhashed = [
            block.split()[0]
            for block in re.split(r"\n(?=[a-z0-9])", text)
            if "==" in block.split("\n")[0] and "--hash=sha256:" not in block
        ]
        assert not unhashed, (name, unhashed)


def test_nothing_is_left_to_do() -> None:
    mark = "TO" + "DO|FIX" + "ME|X" + "XX"
    found = [
        f"{path}:{number}"
        for path, text in texts()
        if path.suffix in {".py", ".md", ".toml", ".html", ".css", ".sh"}
        for number, line in enumerate(text.splitlines(), 1)
        if re.search(rf"\b({mark})\b", line)
    ]
    assert not found, "\n".join(found)
