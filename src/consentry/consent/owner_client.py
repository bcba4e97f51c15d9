"""A headless owner: opens a key file, signs in by challenge, and speaks to the hub over HTTP."""

import base64
import getpass
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from consentry.kernel import canonical
from consentry.kernel.errors import InvalidError
from consentry.kernel.ids import is_id

from .keyfile import FILE_BYTES_MAX, open_keyfile

TIMEOUT_S: Final = 15.0
AUTH_PREFIX: Final = b"consentry/owner-auth/v1\n"
PAGES_MAX: Final = 1_000
KEY_BYTES: Final = 32

REFUSED: Final = 1
USAGE: Final = 2
UNREACHABLE: Final = 3
UNCONFIRMED: Final = 5


class OwnerError(Exception):
    """What went wrong and the next step, for a person at a terminal; `code` is the exit code."""

    def __init__(self, words: str, code: int) -> None:
        super().__init__(words)
        self.code = code


def load_key(path: Path, passphrase_file: Path | None) -> Ed25519PrivateKey:
    """A recovery file that a passphrase opens, or a PEM file without one."""
    try:
        data = path.read_bytes()[: FILE_BYTES_MAX + 1]
    except OSError as error:
        raise OwnerError(
            f"{path} cannot be read: {error.strerror}. Name the key file with --key.", USAGE
        ) from error
    if data.startswith(b"-----BEGIN"):
        return _pem(path, data)
    try:
        return open_keyfile(data, read_passphrase(passphrase_file))
    except InvalidError as error:
        raise OwnerError(f"{path}: {error.detail}. Try again.", USAGE) from error


def _pem(path: Path, data: bytes) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(data, None)
    except (ValueError, TypeError) as error:
        raise OwnerError(f"{path} is no key that can be read here: {error}", USAGE) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise OwnerError(f"{path} holds another kind of key. Make one with key new.", USAGE)
    return key


def read_passphrase(path: Path | None) -> str:
    if path is None:
        return _typed()
    try:
        return path.read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise OwnerError(
            f"{path} cannot be read as text. Name it with --passphrase-file.", USAGE
        ) from error


def _typed() -> str:
    """Where the terminal would show what is typed, nothing is asked for."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)
            return getpass.getpass("Passphrase: ")
    except (EOFError, getpass.GetPassWarning) as error:
        words = "Nobody is here to type the passphrase. Give --passphrase-file."
        raise OwnerError(words, USAGE) from error


def confirmed() -> bool:
    try:
        return input("Seal this? [y/N] ").strip().lower() in {"y", "yes"}
    except EOFError as error:
        words = "Nobody is here to confirm, so nothing was sealed. Add --yes."
        raise OwnerError(words, UNCONFIRMED) from error


def public_key(flag: str, text: str) -> str:
    """A key as a box or a hub shows it, in hex. Anything else is refused, naming the flag."""
    if re.fullmatch(r"[0-9A-Fa-f]{64}", text):
        return text.lower()
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        data = b""
    if len(data) != KEY_BYTES:
        forms = "64 hexadecimal digits, or 32 bytes in base64 as /api/edges shows them"
        raise OwnerError(f"{flag} is no public key. Give {forms}.", USAGE)
    return data.hex()


def checked_id(flag: str, text: str) -> str:
    if not is_id(text):
        words = f"{flag}: {text!r} is no id. Give a UUID of version 7 in lower case."
        raise OwnerError(words, USAGE)
    return text


class HubClient:
    """One hub, and once signed in one owner. Every failure ends with the next step."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        self._token = ""

    @classmethod
    def at(cls, url: str, ca: Path | None) -> "HubClient":
        if not re.match(r"https?://[^/?#\s]", url):
            words = f"--url: {url!r} is no address of a hub. Give one such as https://hub.example."
            raise OwnerError(words, USAGE)
        try:
            verify: Any = True if ca is None else httpx.create_ssl_context(verify=str(ca))
            return cls(httpx.Client(base_url=url, timeout=TIMEOUT_S, verify=verify))
        except (httpx.InvalidURL, OSError, ValueError) as error:
            raise OwnerError(
                f"--url or --ca cannot be used: {_bare(error)}. Check both.", USAGE
            ) from error

    def sign_in(self, key: Ed25519PrivateKey) -> None:
        """Prove the key by signing something fresh. The hub never sees the private half."""
        public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
        asked = self.post("/api/sign-in/key/challenge", {"key": public})
        said = {name: str(asked[name]) for name in ("challenge_id", "nonce", "origin")}
        signature = key.sign(AUTH_PREFIX + canonical.encode(said))
        answer = {
            "challenge_id": said["challenge_id"],
            "signature": base64.b64encode(signature).decode(),
        }
        self._token = str(self.post("/api/sign-in/key", answer)["token"])

    def use_token(self, token: str) -> None:
        self._token = token

    def get(self, path: str, **query: str | int) -> dict[str, Any]:
        return self._call("GET", path, params=query)

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return self._call("POST", path, json=dict(body))

    def items(self, path: str, most: int) -> list[dict[str, Any]]:
        """Up to so many items of a list, page by page."""
        found: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        for _ in range(PAGES_MAX):
            page = self.get(path, limit=min(200, most - len(found)), **cursor)
            found += page["items"]
            if page.get("next") is None or len(found) >= most:
                break
            cursor = {"cursor": page["next"]}
        return found

    def _call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        headers = {"authorization": f"Bearer {self._token}"} if self._token else {}
        try:
            answer = self._client.request(method, path, headers=headers, **options)
            body = answer.json() if answer.content else {}
        except httpx.HTTPError as error:
            why = f"The hub cannot be reached: {_bare(error)}."
            words = f"{why} Check --url, or stop at the box itself."
            raise OwnerError(words, UNREACHABLE) from error
        except ValueError as error:
            raise OwnerError(
                "What answers at --url is no hub. Check --url.", UNREACHABLE
            ) from error
        if answer.status_code >= 400:
            raise OwnerError(_problem(answer.status_code, body), REFUSED)
        return dict(body)


def _bare(error: Exception) -> str:
    """What went wrong, without a full stop of its own."""
    return str(error).rstrip(". ")


def _problem(status: int, body: Mapping[str, Any]) -> str:
    detail = str(body.get("detail") or body.get("title") or "no reason given")
    faults = [f for f in body.get("faults", []) if f.get("limit")]
    limits = "".join(f"\n  {f['field']}: {f['limit']}" for f in faults)
    steps = {
        401: "\nNext: register this key (`consentry owner key register`), then sign in again.",
        404: "\nNext: check the ids; only your own cameras are here.",
    }
    step = "" if str(body.get("type", "")).endswith("step_up_required") else steps.get(status, "")
    return f"The hub refused ({status}): {detail}{limits}{step}"
