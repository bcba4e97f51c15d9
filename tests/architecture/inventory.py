"""Everything that has a name others could read a promise from, gathered from what really is.

`python -m tools.reviewed` writes these lists into `reviewed/`. A change of them is a change that
somebody looks at: what is never built would first show there.
"""

import importlib
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

from pydantic import BaseModel

from consentry.settings import Settings
from tests.architecture.source import ROOT, SOURCE, modules

REVIEWED = Path(__file__).parent / "reviewed"


def all_modules() -> list[str]:
    return [".".join(module.parts).removesuffix(".__init__") for module in modules()]


def all_columns() -> list[str]:
    from consentry.infra.db import metadata

    for path in sorted(SOURCE.rglob("tables.py")):
        name = ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts)
        importlib.import_module(name)
    importlib.import_module("consentry.infra.db.epochs")
    importlib.import_module("consentry.infra.db.once")
    return [
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        if not table.name.startswith("test_")
        for column in table.columns
    ]


def all_settings() -> list[str]:
    return list(_settings(Settings, ""))


def _settings(section: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, field in section.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _settings(kind, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def all_dependencies() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    named = [
        *project["project"]["dependencies"],
        *(one for group in project["project"]["optional-dependencies"].values() for one in group),
        *(one for group in project["dependency-groups"].values() for one in group),
        *project["build-system"]["requires"],
    ]
    return [_package(one) for one in named]


def all_locked() -> list[str]:
    return [
        _package(line)
        for name in ("requirements.lock", "requirements-dev.lock")
        for line in (ROOT / name).read_text().splitlines()
        if re.match(r"[a-zA-Z0-9]", line)
    ]


def _package(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9._\-]+", requirement)
    assert found, requirement
    return re.sub(r"[-_.]+", "-", found[0]).lower()


INVENTORIES: dict[str, Callable[[], list[str]]] = {
    "modules": all_modules,
    "columns": all_columns,
    "settings": all_settings,
    "dependencies": all_dependencies,
    "locked": all_locked,
}


def present(name: str) -> list[str]:
    return sorted(set(INVENTORIES[name]()))


def reviewed(name: str) -> list[str]:
    return (REVIEWED / f"{name}.txt").read_text().split()
