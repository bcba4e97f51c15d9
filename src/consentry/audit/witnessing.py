"""The outside of a witness: it serves the protocol, or looks at a hub once. Standard library."""

import base64
import json
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from .notes import NOTE_BYTES_MAX, Checkpoint, Note, VerifierKey
from .witness import REQUEST_BYTES_MAX, Addition, Witness

TIMEOUT_S: Final = 20
PROOF_BYTES_MAX: Final = 64 * 1024
REFUSED: Final = 1
UNREADABLE: Final = 3


def look(witness: Witness, url: str, log: VerifierKey) -> tuple[int, str]:
    """Fetch the hub's checkpoint and its proof from what was seen last; cosign or refuse.

    The exit code, and what to say: the cosignature, or why there is none.
    """
    try:
        note = _get(url, "/log/checkpoint", NOTE_BYTES_MAX).decode()
        new, seen = Checkpoint.parse(Note.parse(note).text), witness.seen(log.name)
        proof: list[bytes] = []
        if 0 < seen.size < new.size:
            path = f"/api/log/consistency?old={seen.size}&new={new.size}"
            answer = json.loads(_get(url, path, PROOF_BYTES_MAX))
            proof = [base64.b64decode(step, validate=True) for step in answer["proof"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        return UNREADABLE, f"the hub cannot be read: {error}\n"
    answered = witness.add(Addition(seen.size, proof, note).to_text())
    if answered.status == 200:
        return 0, answered.body
    words = f"refused: saw {seen.size} entries, the hub shows {new.size}: {answered.body}"
    return REFUSED, words


def _get(url: str, path: str, limit: int) -> bytes:
    if not url.startswith(("http://", "https://")):
        raise ValueError("the URL starts with http:// or https://")
    address = url.rstrip("/") + path
    with urllib.request.urlopen(address, timeout=TIMEOUT_S) as answer:  # noqa: S310 checked above
        data: bytes = answer.read(limit + 1)
    if len(data) > limit:
        raise ValueError("the answer is too large")
    return data


def make_server(witness: Witness, host: str, port: int) -> ThreadingHTTPServer:
    one_at_a_time = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        timeout = TIMEOUT_S

        def do_POST(self) -> None:
            length = self.headers.get("content-length", "")
            if self.path != "/add-checkpoint":
                return self._answer(404, "only /add-checkpoint is here\n")
            if not length.isdecimal() or int(length) > REQUEST_BYTES_MAX:
                return self._answer(413, f"at most {REQUEST_BYTES_MAX} bytes\n")
            try:
                text = self.rfile.read(int(length)).decode()
            except UnicodeDecodeError:
                return self._answer(400, "not text\n")
            with one_at_a_time:
                answer = witness.add(text)
            return self._answer(answer.status, answer.body, answer.media_type)

        def _answer(self, status: int, body: str, media_type: str = "text/plain") -> None:
            data = body.encode()
            self.send_response(status)
            self.send_header("content-type", media_type)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Quiet: requests are the log's business, not the terminal's."""

    return ThreadingHTTPServer((host, port), Handler)
