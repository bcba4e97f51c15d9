"""`consentry demo`: a hub with the fictional city of Port Halden, on this machine alone."""

import json
import socket
import sys
import threading
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from consentry.infra.files import write_durably
from consentry.infra.system import SystemClock
from consentry.infra.telemetry import set_up_logging
from consentry.kernel.errors import ConsentryError
from consentry.simulation import City
from consentry.simulation.people import PASSWORD, Account, accounts

from .process import FolderInUseError, address, hold, listen, serve
from .staging import Cast, NotADemoError, demo_settings, prepare
from .start_page.routes import StartPageParts, router
from .wiring import Hub

LOOPBACK: Final = "127.0.0.1"
SUMMARY: Final = "demo.json"
EXIT_FAULT: Final = 1
EXIT_USAGE: Final = 2
INTERRUPTED: Final = 130


def run(port: int, data: Path, *, open_browser: bool) -> int:
    set_up_logging(json_lines=not sys.stderr.isatty())
    try:
        with hold(data):
            _demo(port, data, open_browser=open_browser)
    except (FolderInUseError, NotADemoError) as error:
        return _say(str(error), EXIT_USAGE)
    except (ConsentryError, ValueError, OSError) as error:
        return _say(f"The demo cannot start: {error}", EXIT_FAULT)
    except KeyboardInterrupt:
        return _say("Stopped before it was ready; the next start builds anew.", INTERRUPTED)
    return 0


def _demo(port: int, data: Path, *, open_browser: bool) -> None:
    with listen(LOOPBACK, port) as listening:  # first, so that a taken port is known at once
        city, cast = prepare(data, _progress, SystemClock().now())
        hub = Hub(demo_settings(data), address(listening))
        parts = StartPageParts(hub=hub, city=city, cast=cast, data=data)
        hub.app.include_router(router(parts))
        _introduce(city)
        serve(hub.app, listening, lambda: _ready(listening, city, cast, data, open_browser))


def _ready(
    listening: socket.socket,
    city: City,
    cast: Cast,
    data: Path,
    open_browser: bool,  # noqa: FBT001
) -> None:
    url = address(listening)
    text = json.dumps(summary(url, city, cast), indent=2, ensure_ascii=False)
    write_durably(data / SUMMARY, text.encode(), 0o600)
    sys.stdout.write(f"ready {url}\n")
    sys.stdout.flush()
    if open_browser:  # in a thread: some browsers answer only when they are closed
        threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()


def summary(url: str, city: City, cast: Cast) -> dict[str, Any]:
    """`DIR/demo.json`: what a script needs to play with the city."""
    crossing = city.streets.corner_name(city.preset_crossing)
    return {
        "city": "Port Halden",
        "fictional": True,
        "second_factor": False,
        "url": url,
        "urls": {
            "start": f"{url}/",
            "api": f"{url}/api/openapi.json",
            "reference": f"{url}/api/docs",
            "checkpoint": f"{url}/log/checkpoint",
        },
        "accounts": [_account(one, cast) for one in accounts(city)],
        "incident": {"id": cast.incident, "address": crossing},
        "cameras": [
            {
                "id": cast.cameras[camera.key],
                "name": camera.name,
                "scene": camera.scene,
                "owner": {
                    "key": camera.owner,
                    "id": cast.parties[camera.owner],
                    "name": city.owner_of[camera.owner].name,
                },
            }
            for camera in city.preset
        ],
    }


def _account(one: Account, cast: Cast) -> dict[str, Any]:
    return {
        "login": one.login,
        "password": PASSWORD,
        "name": one.name,
        "roles": sorted(role.value for role in one.roles),
        "party_id": cast.parties[one.owner],
    }


def _introduce(city: City) -> None:
    lines = [
        "",
        "Port Halden and everybody in it are fictional. Sign in with any of these names and the",
        f"password '{PASSWORD}'. Only this demo signs staff in without a second factor.",
        "",
        *_table(city, accounts(city)),
        "",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def _table(city: City, people: Sequence[Account]) -> list[str]:
    return [
        f"  {one.login:<14}{one.name:<20}{one.words}, {city.owner_of[one.owner].name}"
        for one in people
    ]


def _progress(step: str) -> None:
    sys.stdout.write(f"  {step} …\n")
    sys.stdout.flush()


def _say(message: str, code: int) -> int:
    sys.stderr.write(message.rstrip() + "\n")
    return code
