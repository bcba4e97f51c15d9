"""Where this hub stands on the web, and what follows for cookies and cross-site requests."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from .model import Surface

LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True, slots=True)
class Site:
    """`origin` as browsers write it, `https://hub.example` or `http://127.0.0.1:8080`.

    Plain HTTP is for loopback alone. There the `__Host-` prefix is left off the cookies, since
    browsers take it over HTTPS only.
    """

    origin: str

    def __post_init__(self) -> None:
        parts = urlsplit(self.origin)
        if self.origin != f"{parts.scheme}://{parts.netloc}" or not parts.hostname:
            raise ValueError(f"{self.origin!r} is not an origin such as https://hub.example")
        if parts.scheme != "https" and not self.on_loopback:
            raise ValueError(f"{self.origin!r}: plain HTTP is for loopback only")

    @property
    def on_loopback(self) -> bool:
        return self._host in LOOPBACK

    @property
    def secure(self) -> bool:
        return self.origin.startswith("https://")

    @property
    def origins(self) -> frozenset[str]:
        """All names under which pages of ours may be open: loopback has three."""
        if not self.on_loopback:
            return frozenset({self.origin})
        scheme, _, rest = self.origin.partition("://")
        port = rest.removeprefix(self._host)
        return frozenset(f"{scheme}://{name}{port}" for name in LOOPBACK)

    def cookie(self, surface: Surface) -> str:
        return f"{'__Host-' if self.secure else ''}consentry-{surface.value}"

    @property
    def _host(self) -> str:
        host = urlsplit(self.origin).hostname or ""
        return f"[{host}]" if ":" in host else host
