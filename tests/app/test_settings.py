"""Settings: declared once, refused when unknown, and the example file is never stale."""

import tomllib
from pathlib import Path

import pytest
from pydantic import ValidationError
from tools.example_settings import TARGET, example

from consentry.settings import Settings


def test_the_example_file_is_fresh() -> None:
    assert TARGET.read_text() == example(), "run: python tools/example_settings.py"


def test_the_example_file_says_the_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert Settings.model_validate(tomllib.loads(example())) == Settings()


def test_every_setting_has_its_sentence() -> None:
    for section in Settings.model_fields.values():
        assert section.annotation is not None
        for name, field in section.annotation.model_fields.items():
            assert field.description, name


def test_the_environment_beats_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("consentry.toml").write_text('[web]\nport = 1\nhost = "127.0.0.2"\n')
    monkeypatch.setenv("CONSENTRY_WEB__PORT", "2")
    settings = Settings()
    assert (settings.web.port, settings.web.host) == (2, "127.0.0.2")


@pytest.mark.parametrize(
    "toml", ["[web]\nprot = 1\n", "[wbe]\nport = 1\n", "[web]\nport = 70000\n"]
)
def test_a_typing_error_is_refused(
    toml: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("consentry.toml").write_text(toml)
    with pytest.raises(ValidationError):
        Settings()


def test_a_database_url_is_not_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONSENTRY_DATABASE__URL", "postgresql+psycopg://u:hidden@host/db")
    settings = Settings()
    assert "hidden" not in repr(settings)
    assert settings.database_url.endswith("hidden@host/db")


def test_without_a_url_the_database_lies_in_the_data_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert Settings().database_url == "sqlite:///data/consentry.db"
