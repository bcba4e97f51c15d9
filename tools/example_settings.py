"""Write `consentry.example.toml`: every setting, its default, its sentence."""

import textwrap
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

from consentry.settings import Settings

TARGET = Path(__file__).parent.parent / "consentry.example.toml"
HEAD = (
    "# Every setting with its default. The environment beats this file: CONSENTRY_WEB__PORT=80.\n"
)


def example() -> str:
    return HEAD + "".join(
        _section(name, field.annotation)
        for name, field in Settings.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
    )


def _section(name: str, section: type[BaseModel]) -> str:
    lines = [f"\n[{name}]"]
    for key, field in section.model_fields.items():
        lines += textwrap.wrap(f"# {field.description}", 96, subsequent_indent="# ")
        lines.append(f"{key} = {_toml(field.default)}")
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, tuple):
        return f"[{', '.join(_toml(one) for one in value)}]"
    if isinstance(value, timedelta):
        return f'"PT{int(value.total_seconds())}S"'
    text = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
    return f'"{text}"'


if __name__ == "__main__":
    TARGET.write_text(example())
