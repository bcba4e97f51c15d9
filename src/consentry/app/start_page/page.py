"""What the start page says, as plain values, and its rendering. Knows no service and no request."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from consentry.simulation.picture import HEIGHT, WIDTH

from .marks import WORDS, CameraMark, IncidentMark, LabelMark, State, StreetMark, UnitMark, View

HERE: Final = Path(__file__).parent
STATIC: Final = HERE / "static"


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentCard:
    title: str
    address: str
    reference: str
    priority: int
    age: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCard:
    login: str
    name: str
    role: str
    party: str
    signed_in: bool = False

    @property
    def initials(self) -> str:
        return "".join(word[0] for word in self.name.split()[:2]).upper()


@dataclass(frozen=True, slots=True, kw_only=True)
class LogCard:
    size: int
    root: str
    origin: str
    command: str
    alarm: str = ""
    """Why the log is read-only; empty while all is well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    key: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that happened after the first answer. `kind` is `done` or `no`."""

    kind: str
    title: str
    words: str
    verdict: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStep:
    title: str
    words: str
    action: str
    button: str
    style: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkCard:
    """One ask, from the question to the proof, and what the owner did then."""

    id: str
    camera: str
    owner: str
    promise: str
    asker: str
    asked: str
    permitted: bool
    verdict: str
    words: str
    entry_id: str
    act: str
    position: int
    size: int
    proved: bool
    proof: str
    leaf: str
    root: str
    after: Sequence[Step] = ()
    next: NextStep | None = None


@dataclass(frozen=True, kw_only=True)
class StartPage:
    now: datetime
    view: View
    views: Sequence[View]
    cameras: Sequence[CameraMark]
    units: Sequence[UnitMark]
    incident_marks: Sequence[IncidentMark]
    streets: Sequence[StreetMark]
    labels: Sequence[LabelMark]
    incidents: Sequence[IncidentCard]
    accounts: Sequence[AccountCard]
    log: LogCard
    choices: Sequence[tuple[str, Sequence[Choice]]]
    purposes: Sequence[tuple[str, str]]
    asker: str
    plan: str
    """Names the version of the ground plan, so that a browser keeps it until it changes."""
    chosen: str = ""
    reason: str = "Burglary in progress, looking for who left"
    walk: WalkCard | None = None
    fault: str = ""
    width: int = field(default=WIDTH, init=False)
    height: int = field(default=HEIGHT, init=False)

    @property
    def size(self) -> float:
        return self.view.symbol

    @property
    def half(self) -> float:
        return self.view.symbol / 2

    @cached_property
    def legend(self) -> list[tuple[State, str, int]]:
        counts = Counter(camera.state for camera in self.cameras)
        return [(state, WORDS[state], counts[state]) for state in State]

    @property
    def online(self) -> int:
        return sum(camera.state is not State.OFFLINE for camera in self.cameras)


class Pages:
    """The templates, read once."""

    def __init__(self) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def start(self, page: StartPage) -> str:
        return self._environment.get_template("start.html").render(page=page)

    def reference(self, document: dict[str, Any], groups: Sequence[Any]) -> str:
        template = self._environment.get_template("reference.html")
        return template.render(document=document, groups=groups)


def digest_of(data: bytes) -> str:
    return sha256(data).hexdigest()[:16]
