"""Every setting, read once at start. The environment beats `consentry.toml` beats the default."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

Port = Annotated[int, Field(ge=0, le=65535)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Hub(Section):
    data: Path = Field(
        default=Path("data"), description="The folder that holds everything the hub keeps."
    )
    name: str = Field(
        default="",
        pattern=r"^([a-z0-9.\-]{1,80}(/[a-z0-9.\-]{1,40})?)?$",
        description="The log's origin and the hub's name in every seal; counts at the first start "
        "alone. Empty: one is made up.",
    )
    origin: str = Field(
        default="",
        description="Where browsers and edges reach the hub, as https://host. Empty: for loopback "
        "alone, the address it listens on.",
    )


class Web(Section):
    host: str = Field(
        default="127.0.0.1",
        description="The address to listen on. Until set up, and for plain HTTP, loopback alone.",
    )
    port: Port = Field(default=8420, description="The port to listen on; 0 picks a free one.")


class Database(Section):
    url: SecretStr = Field(
        default=SecretStr(""),
        description="Empty: SQLite in the data folder. Else postgresql+psycopg://user@host/name.",
    )


class Identity(Section):
    staff_second_factor: bool = Field(
        default=True, description="Staff sign in with a second factor. Only the demo turns it off."
    )


class Audit(Section):
    public_delay: timedelta = Field(
        default=timedelta(minutes=15),
        ge=timedelta(0),
        le=timedelta(days=1),
        description="How far anonymous readers of the log are kept behind, since counts leak.",
    )
    retention_years: int = Field(
        default=6, ge=6, le=100, description="How long an entry's content cannot be erased."
    )
    witnesses: tuple[Annotated[str, Field(max_length=500)], ...] = Field(
        default=(),
        max_length=16,
        description='Who cosigns checkpoints, each as "key url": the key as `name+id+key`, and '
        "where the witness takes checkpoints.",
    )
    quorum: int = Field(
        default=0, ge=0, le=16, description="How many witnesses must have signed; 0: none."
    )

    @property
    def witness_keys(self) -> tuple[str, ...]:
        return tuple(line.split()[0] for line in self.witnesses)

    @property
    def witness_urls(self) -> tuple[str, ...]:
        return tuple(line.split()[-1] for line in self.witnesses)

    @field_validator("witnesses")
    @classmethod
    def _two_parts(cls, lines: tuple[str, ...]) -> tuple[str, ...]:
        for line in lines:
            if len(line.split()) != 2:
                raise ValueError('each witness is a key and a URL with a space between: "key url"')
        return lines


class Consent(Section):
    cooling: timedelta = Field(
        default=timedelta(hours=24),
        ge=timedelta(0),
        le=timedelta(days=30),
        description="How long a wider grant waits before it counts. What edges are set to; an "
        "edge follows its own setting.",
    )


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="CONSENTRY_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        toml_file="consentry.toml",
    )

    hub: Hub = Hub()
    web: Web = Web()
    database: Database = Database()
    identity: Identity = Identity()
    consent: Consent = Consent()
    audit: Audit = Audit()

    @property
    def database_url(self) -> str:
        given = self.database.url.get_secret_value()
        return given or f"sqlite:///{self.hub.data / 'consentry.db'}"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)
