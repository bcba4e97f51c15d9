"""Ask the policy's witnesses for their word, once a minute."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import httpx

from .log import Log
from .notes import Checkpoint, Note, Signature, parse_signatures
from .witness import SIZE_TYPE, Addition

EVERY_S: Final = 60.0
TIMEOUT_S: Final = 10.0
ANSWER_BYTES_MAX: Final = 4096

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Asked:
    """One witness, and how far it has followed the log as we know."""

    url: str
    size: int = 0


async def gather_for_ever(log: Log, urls: Sequence[str]) -> None:
    """Runs until it is cancelled. Witnesses that cannot be reached are asked again next time."""
    asked = [Asked(url) for url in urls]
    async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
        while True:
            await gather(log, asked, client)
            await asyncio.sleep(EVERY_S)


async def gather(log: Log, asked: Sequence[Asked], client: httpx.AsyncClient) -> int:
    """One round over the newest checkpoint. Returns how many signatures came."""
    note = Note.parse(log.newest())
    found = await asyncio.gather(*(_ask(log, one, note, client) for one in asked))
    signatures = [signature for some in found for signature in some]
    if signatures:
        try:
            await asyncio.to_thread(log.cosigned, note.joined(signatures))
        except ValueError as error:
            _log.warning("the witnesses' signatures do not hold: %s", error)
            return 0
    return len(signatures)


async def _ask(log: Log, one: Asked, note: Note, client: httpx.AsyncClient) -> Sequence[Signature]:
    new = Checkpoint.parse(note.text).size
    try:
        answer = await _post(log, one, note, new, client)
        if answer.status_code == 409 and answer.headers.get("content-type") == SIZE_TYPE:
            one.size = min(int(answer.text[:20]), new)
            answer = await _post(log, one, note, new, client)
        if answer.status_code != 200 or len(answer.content) > ANSWER_BYTES_MAX:
            _log.warning("witness %s answers %s", one.url, answer.status_code)
            return ()
        one.size = new
        return parse_signatures(answer.text)
    except (httpx.HTTPError, ValueError) as error:
        _log.warning("witness %s: %s", one.url, error)
        return ()


async def _post(
    log: Log, one: Asked, note: Note, new: int, client: httpx.AsyncClient
) -> httpx.Response:
    proof = await asyncio.to_thread(log.consistency, one.size, new)
    text = Addition(one.size, proof, str(note)).to_text()
    return await client.post(f"{one.url.rstrip('/')}/add-checkpoint", content=text.encode())
