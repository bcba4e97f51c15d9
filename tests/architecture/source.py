"""The repository as these tests read it: its modules as trees, its files as text."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "consentry"
SKIPPED = frozenset({".venv", ".git", "mutants", "__pycache__", "node_modules"})


@dataclass(frozen=True)
class Module:
    path: Path
    """Relative to the folder that was walked."""
    text: str
    tree: ast.Module

    @property
    def place(self) -> str:
        return self.path.as_posix()

    @property
    def parts(self) -> tuple[str, ...]:
        return self.path.with_suffix("").parts

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node


@cache
def modules(folder: Path = SOURCE) -> tuple[Module, ...]:
    found = sorted(folder.rglob("*.py"))
    assert found, f"no modules under {folder}"
    return tuple(
        Module(path.relative_to(folder), text, ast.parse(text))
        for path in found
        if not SKIPPED & set(path.parts)
        for text in [path.read_text()]
    )


@cache
def committed_files() -> tuple[Path, ...]:
    """What git holds; where there is no git, everything that it would hold."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
        ).stdout
        paths = [ROOT / name for name in listed.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        paths = [path for path in ROOT.rglob("*") if not SKIPPED & set(path.parts)]
    return tuple(sorted(path for path in paths if path.is_file()))


def texts() -> Iterator[tuple[Path, str]]:
    """Committed files that are text, each with its path from the root."""
    for path in committed_files():
        try:
            yield path.relative_to(ROOT), path.read_text()
        except UnicodeDecodeError:
            continue
