"""Compile both locks with uv: hashes, no addresses, nothing younger than a week."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

UV = Path(sys.executable).with_name("uv")
COOLING_DAYS = 7
LOCKS = {
    "requirements.lock": ["--all-extras"],
    "requirements-dev.lock": ["--all-extras", "--group", "dev"],
}


def compile_lock(name: str, options: list[str]) -> None:
    newest = datetime.now(UTC) - timedelta(days=COOLING_DAYS)
    fixed = ["--python-version", "3.11", "--generate-hashes", "--no-header", "--quiet"]
    silent = ["--no-emit-index-url", "--no-emit-find-links", "--upgrade"]
    age = ["--exclude-newer", newest.date().isoformat()]
    command = [str(UV), "pip", "compile", "pyproject.toml", *options, *fixed, *silent, *age]
    subprocess.run([*command, "-o", name], check=True)


if __name__ == "__main__":
    for name, options in LOCKS.items():
        compile_lock(name, options)
