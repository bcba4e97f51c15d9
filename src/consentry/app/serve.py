"""`consentry serve`: a hub for real. Until it is set up it listens on loopback alone."""

import socket
import sys
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from consentry.identity import Site
from consentry.infra.certificates import prepare, renewal_due
from consentry.infra.db import Database, schema
from consentry.infra.system import SystemClock
from consentry.infra.telemetry import set_up_logging
from consentry.kernel.errors import ConsentryError
from consentry.settings import Settings

from .process import FolderInUseError, Tls, address, hold, listen, serve
from .wiring import Hub, host_names

LOOPBACK: Final = "127.0.0.1"
EXIT_FAULT: Final = 1
EXIT_USAGE: Final = 2


def run(*, data: Path | None, host: str | None, port: int | None) -> int:
    try:
        settings = settings_with(data=data, host=host, port=port)
        with hold(settings.hub.data):
            _serve(settings)
    except (FolderInUseError, ValidationError) as error:
        return _say(str(error), EXIT_USAGE)
    except (ConsentryError, ValueError, OSError) as error:
        return _say(f"The hub cannot start: {error}", EXIT_FAULT)
    return 0


def upgrade(*, data: Path | None) -> int:
    try:
        settings = settings_with(data=data, host=None, port=None)
        with hold(settings.hub.data):
            database = Database(settings.database_url)
            revision = schema.upgrade(database)
            database.close()
    except (FolderInUseError, ValidationError, ConsentryError, OSError) as error:
        return _say(str(error), EXIT_USAGE)
    sys.stdout.write(f"The database is at schema {revision}.\n")
    return 0


def settings_with(*, data: Path | None, host: str | None, port: int | None) -> Settings:
    """The settings, with what the command line says on top. Raises ValidationError."""
    settings = Settings()
    hub: dict[str, Any] = {} if data is None else {"data": data}
    web: dict[str, Any] = {
        name: value for name, value in (("host", host), ("port", port)) if value is not None
    }
    return settings.model_copy(
        update={
            "hub": settings.hub.model_copy(update=hub),
            "web": settings.web.model_copy(update=web),
        }
    )


def _serve(settings: Settings) -> None:
    set_up_logging(json_lines=not sys.stderr.isatty())
    is_set_up = _is_set_up(settings)
    host = settings.web.host if is_set_up else LOOPBACK
    if not is_loopback(settings.web.host) and not settings.hub.origin:
        raise ValueError(
            "hub.origin is missing: say under which address browsers and edges reach this hub, "
            "for example CONSENTRY_HUB__ORIGIN=https://hub.example"
        )
    with listen(host, settings.web.port) as listening:
        tls, fingerprint = (None, "") if is_loopback(host) else _certificate(settings, host)
        origin = settings.hub.origin if tls else address(listening)
        hub = Hub(settings, origin, ca_fingerprint=fingerprint)
        code = hub.services.identity.write_now(lambda identity: identity.set_up.new_code())
        serve(hub.app, listening, lambda: _greet(listening, tls, code), tls)


def _is_set_up(settings: Settings) -> bool:
    """Asked of the stored hub itself, before it is decided where to listen."""
    hub = Hub(settings, f"http://{LOOPBACK}")
    try:
        return hub.services.identity.read_now(lambda identity: identity.credentials.is_set_up())
    finally:
        hub.database.close()


def _certificate(settings: Settings, host: str) -> tuple[Tls, str]:
    names = sorted({host, *host_names(Site(settings.hub.origin))})
    now = SystemClock().now()
    made = prepare(settings.hub.data / "keys" / "tls", names, now)
    if renewal_due(made.ends_at, now):
        sys.stderr.write("The server certificate ends soon and could not be renewed.\n")
    return Tls(made.certificate, made.key), made.fingerprint


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _greet(listening: socket.socket, tls: Tls | None, code: str | None) -> None:
    lines = [f"ready {address(listening, tls)}"]
    if code is not None:
        lines += [
            "",
            "This hub has not been set up yet. It listens on this machine alone until it is.",
            f"Set it up with this code, which works once:  {code}",
            f'  curl {address(listening)}/api/set-up -H "content-type: application/json" -d \\',
            (
                '    \'{"code": "…", "agency": "…", "first_person": '
                '{"login": "…", "name": "…", "password": "…"}}\''
            ),
            "Then start it again: it will listen where web.host says.",
        ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def _say(message: str, code: int) -> int:
    sys.stderr.write(message.rstrip() + "\n")
    return code
