"""What each part may not load: an edge needs no web framework, a verifier no database."""

import subprocess
import sys

import pytest

HUB_ALONE = {
    "alembic",
    "argon2",
    "fastapi",
    "httpx",
    "numpy",
    "pydantic",
    "shapely",
    "sqlalchemy",
    "starlette",
    "structlog",
    "uvicorn",
}


@pytest.mark.parametrize(
    "module",
    [
        "consentry.consent.lens",
        "consentry.consent.tickets",
        "consentry.audit.verification",
        "consentry.audit.commands",
        "consentry.consent.commands",
        "consentry.app.cli",
    ],
)
def test_it_loads_nothing_of_the_hubs(module: str) -> None:
    program = f"import sys, {module}\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    loaded = set(done.stdout.split())
    assert "consentry" in loaded
    assert loaded & HUB_ALONE == set()
