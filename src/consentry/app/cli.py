"""The command `consentry`. Each part loads only what it needs: a log is verified without a hub."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from consentry import __version__
from consentry.audit.commands import add_commands as add_audit_commands
from consentry.consent.commands import add_commands as add_owner_commands


def main(arguments: Sequence[str] | None = None) -> int:
    parser = build_parser()
    asked = parser.parse_args(arguments)
    try:
        code: int = asked.run(asked)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our output has gone: nobody is left to tell
        sys.stderr.close()
        return 141
    return code


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="consentry",
        description="An open, self-hosted, consent-first real-time incident centre.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    parts = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_demo(parts)
    _add_serve(parts)
    _add_db(parts)
    add_audit_commands(parts)
    add_owner_commands(parts)
    return parser


def _add_demo(parts: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    demo = parts.add_parser("demo", help="start the fictional city of Port Halden")
    demo.add_argument("--port", type=_port, default=8420, help="0 picks a free one (default 8420)")
    demo.add_argument("--data", type=Path, default=Path("demo"), help="its folder (default demo)")
    demo.add_argument("--no-browser", action="store_true", help="do not open a browser")
    demo.set_defaults(run=_demo)


def _add_serve(parts: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    serve = parts.add_parser("serve", help="run a hub; the first start prints a set-up code")
    serve.add_argument("--data", type=Path, help="the data folder (default: setting hub.data)")
    serve.add_argument("--host", help="the address to listen on (default: setting web.host)")
    serve.add_argument("--port", type=_port, help="the port (default: setting web.port)")
    serve.set_defaults(run=_serve)


def _add_db(parts: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    db = parts.add_parser("db", help="look after the database")
    acts = db.add_subparsers(metavar="ACT", required=True)
    upgrade = acts.add_parser("upgrade", help="bring the schema up to this version")
    upgrade.add_argument("--data", type=Path, help="the data folder (default: setting hub.data)")
    upgrade.set_defaults(run=_db_upgrade)


def _demo(asked: argparse.Namespace) -> int:
    from .demo import run

    return run(asked.port, asked.data, open_browser=not asked.no_browser)


def _serve(asked: argparse.Namespace) -> int:
    from .serve import run

    return run(data=asked.data, host=asked.host, port=asked.port)


def _db_upgrade(asked: argparse.Namespace) -> int:
    from .serve import upgrade

    return upgrade(data=asked.data)


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return port


if __name__ == "__main__":
    sys.exit(main())
