"""Change the core of consent in one place at a time; every change must make some test fail.

Everything is loaded and every test collected once; each mutant runs in a child forked from there,
with the tests that call the changed function, those first that killed the most. Survivors must
stand, with the sentence that proves each equivalent, in `tools/mutation_survivors.toml`; one that
stands there and dies, or is no longer made, is an error too.
"""

import argparse
import gc
import importlib
import json
import os
import resource
import signal
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from time import monotonic, process_time
from types import CodeType, FrameType
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from tools.mutants import PACKAGE, ROOT, BrokenTableError, Mutant, bind, mutants

RULES = (
    "rules",
    "asking",
    "granting",
    "ways",
    "second_person",
    "opening",
    "hours",
    "spans",
    "model",
    "vocabulary",
)
LENS = (
    "lens",
    "narrower",
    "statements",
    "fold",
    "effects",
    "state",
    "tickets",
    "bodies",
    "masks",
    "reading",
    "words",
    "keyfile",
)
TESTS = (
    "test_rules.py",
    "test_narrower.py",
    "test_statements.py",
    "test_lens.py",
    "test_keys.py",
    "test_vectors.py",
    "test_properties.py::test_what_is_narrower_permits_nothing_more",
    "test_core_*.py",
)
CASES = 12_000
"""So many of the hundred thousand cases that a test compares with the oracle come first."""
CASES_CPU_S_MAX = 6
CHILD_CPU_S_MAX = 20
CHILD_BYTES_MAX = 4 << 30
"""A mutant that never ends must not take the machine with it."""
ALIVE, KILLED, UNBOUND = 0, 1, 3
FOLDER = str(ROOT / "src/consentry/consent") + os.sep


@dataclass
class Known:
    """What the unchanged core does: answers to cases, and which test calls which function."""

    items: list[pytest.Item]
    cases: list[tuple[Any, Any]] = field(default_factory=list)
    calls: list[set[tuple[str, str]]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    cut_short: int = 0
    """Mutants that never ended, or took too much: killed by a limit and not by a test."""
    kills: dict[tuple[str, str], Counter[int]] = field(default_factory=lambda: defaultdict(Counter))

    def order(self, mutant: Mutant) -> list[int]:
        """The tests that meet the changed function: what killed its neighbours, then the quick."""
        key = (mutant.module, mutant.holder)
        met = [i for i, calls in enumerate(self.calls) if key in calls]
        if not met:  # a table, or a function that ran while the tests were loaded
            met = [i for i, calls in enumerate(self.calls) if calls]
        kills = self.kills[key]
        return sorted(met, key=lambda i: (-kills[i], self.seconds[i]))


def is_failed(item: pytest.Item) -> bool:
    reports = runtestprotocol(item, log=False, nextitem=None)
    return any(report.failed for report in reports)


@contextmanager
def watched(found: set[tuple[str, str]]) -> Iterator[None]:
    """Notes every function of the core that is called."""
    codes: set[CodeType] = set()

    def note(frame: FrameType, _event: str, _arg: object) -> None:
        codes.add(frame.f_code)

    sys.settrace(note)
    try:
        yield
    finally:
        sys.settrace(None)
        for code in codes:
            if code.co_filename.startswith(FOLDER):
                holder = code.co_qualname.split(".<locals>")[0]
                found.add((Path(code.co_filename).stem, holder))


def watch_tests(items: list[pytest.Item]) -> list[tuple[bool, float, list[tuple[str, str]]]]:
    """Every test once, in a child of its own, so that nothing is warm for the mutants."""
    reader, writer = os.pipe()
    if os.fork() == 0:
        seen = []
        for item in items:
            calls: set[tuple[str, str]] = set()
            began = process_time()
            with watched(calls):
                failed = is_failed(item)
            seen.append((failed, process_time() - began, sorted(calls)))
        with os.fdopen(writer, "w") as stream:
            json.dump(seen, stream)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as stream:
        seen = json.load(stream)
    os.wait()
    return [(failed, seconds, [(m, h) for m, h in calls]) for failed, seconds, calls in seen]


def answered_cases() -> list[tuple[Any, Any]]:
    """The first cases of the oracle's test, with the oracle's own answers."""
    from tests.consent.oracle import expected
    from tests.consent.test_properties import SEED
    from tests.consent.worlds import a_case

    rng = Random(SEED)  # noqa: S311 cases, not secrets
    built = [a_case(rng).built() for _ in range(CASES)]
    return [(each, expected(*each)) for each in built]


def killer(mutant: Mutant, known: Known) -> int | None:
    """In the child: the test that notices, -1 for the oracle's; None if the mutant lives."""
    from tests.consent.oracle import plain

    from consentry.consent.rules import decide

    if mutant.module in (*RULES, "narrower"):
        for built, answer in known.cases:
            if plain(decide(*built)) != answer:
                return -1
    resource.setrlimit(resource.RLIMIT_CPU, (CHILD_CPU_S_MAX, CHILD_CPU_S_MAX))
    return next((i for i in known.order(mutant) if is_failed(known.items[i])), None)


def start(mutant: Mutant, known: Known) -> tuple[int, int]:
    """Fork. A child that hangs or crashes has noticed the change."""
    reader, writer = os.pipe()
    child = os.fork()
    if child:
        os.close(writer)
        return child, reader
    verdict = UNBOUND
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (CASES_CPU_S_MAX, CHILD_CPU_S_MAX))
        resource.setrlimit(resource.RLIMIT_AS, (CHILD_BYTES_MAX, CHILD_BYTES_MAX))
        bind(mutant)
        verdict = KILLED
        found = killer(mutant, known)
        verdict = ALIVE if found is None else KILLED
        os.write(writer, str(found).encode())
    except BrokenTableError:
        verdict = KILLED
    except BaseException:  # noqa: BLE001 whatever a mutant raises kills it
        os._exit(verdict)
    finally:
        os._exit(verdict)


def survivors(made: list[Mutant], known: Known, workers: int) -> list[Mutant]:
    """Those that no test noticed, tried so many at a time."""
    alive: list[Mutant] = []
    running: dict[int, tuple[Mutant, int]] = {}
    waiting = list(reversed(made))
    while waiting or running:
        while waiting and len(running) < workers:
            mutant = waiting.pop()
            child, reader = start(mutant, known)
            running[child] = (mutant, reader)
        child, status = os.wait()
        mutant, reader = running.pop(child)
        with os.fdopen(reader) as stream:
            found = stream.read()
        code = os.waitstatus_to_exitcode(status)
        if code == UNBOUND:
            raise RuntimeError(f"{mutant.name} could not be made")
        if found.isdigit():
            known.kills[(mutant.module, mutant.holder)][int(found)] += 1
        known.cut_short += code < 0
        if code == ALIVE:
            alive.append(mutant)
            print(f"  alive: line {mutant.line}  {mutant.name}", file=sys.stderr, flush=True)
    return alive


class Runner:
    """Takes over when pytest has collected the tests."""

    def __init__(self, asked: argparse.Namespace) -> None:
        self.asked = asked
        self.code = 1

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.code = self.run(session.items)
        return True

    def run(self, items: list[pytest.Item]) -> int:
        known = Known(items)
        if {*self.asked.modules} & {*RULES, "narrower"}:
            known.cases = answered_cases()
        for item, (failed, seconds, calls) in zip(items, watch_tests(items), strict=True):
            if failed:
                print(f"fails without any change: {item.nodeid}")
                return 1
            known.calls.append(set(calls))
            known.seconds.append(seconds)
        gc.collect()
        gc.freeze()  # the children share these pages for as long as nobody sweeps them
        listed = read_survivors()
        unproved = 0
        total: Counter[str] = Counter()
        for module in self.asked.modules:
            unproved += self.run_module(module, known, listed, total)
        print(
            f"{total['made']} mutants, {total['killed']} killed, "
            f"{total['equivalent']} proved equivalent, {unproved} wrong; "
            f"{known.cut_short} of the killed never ended"
        )
        return 1 if unproved else 0

    def run_module(
        self, module: str, known: Known, listed: dict[str, str], total: Counter[str]
    ) -> int:
        """Prints what is wrong, and counts it."""
        began = monotonic()
        made = [m for m in mutants(module) if self.asked.only in m.name]
        if self.asked.unchanged:
            made = [replace(mutant, changed=mutant.was) for mutant in made[:1]]
            return len(made) - len(survivors(made, known, self.asked.workers))
        alive = {m.name: m for m in survivors(made, known, self.asked.workers)}
        unproved = [mutant for name, mutant in alive.items() if name not in listed]
        names = {name for name in listed if name.split(".")[0] == module}
        stale = sorted(name for name in names - alive.keys() if self.asked.only in name)
        for mutant in unproved:
            print(f"survived: {mutant.name}  (line {mutant.line})")
        for name in stale:
            print(f"listed as a survivor, but killed or gone: {name}")
        proved = len(alive) - len(unproved)
        total.update(made=len(made), killed=len(made) - len(alive), equivalent=proved)
        print(
            f"{module}: {len(made)} mutants, {len(made) - len(alive)} killed, "
            f"{proved} proved equivalent, {len(unproved)} survived, {len(stale)} stale, "
            f"{monotonic() - began:.0f} s",
            flush=True,
        )
        return len(unproved) + len(stale)


def read_survivors() -> dict[str, str]:
    """Each listed mutant with its proof; one without a proof, or listed twice, is refused."""
    entries = tomllib.loads((ROOT / "tools/mutation_survivors.toml").read_text())["survivor"]
    listed = {each["mutant"]: each["equivalent"].strip() for each in entries}
    if len(listed) != len(entries) or not all(listed.values()):
        raise ValueError("a survivor is listed twice, or without a proof")
    return listed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", default=[*RULES, *LENS])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", default="", help="mutants whose name holds this")
    parser.add_argument("--unchanged", action="store_true", help="check that no-change survives")
    asked = parser.parse_args()
    sys.path[:0] = [str(ROOT / "src"), str(ROOT)]
    os.chdir(ROOT)
    for name in (*RULES, *LENS):
        importlib.import_module(f"{PACKAGE}.{name}")
    runner = Runner(asked)
    folder = ROOT / "tests/consent"
    files = [
        str(path) + name.removeprefix(name.split("::")[0])
        for name in TESTS
        for path in sorted(folder.glob(name.split("::")[0]))
    ]
    quiet = ["-qq", "-s", "-W", "ignore", "--assert=plain", "-p", "no:cacheprovider"]
    chosen = ["--timeout", "0", "-m", "not campaign"]
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    began = monotonic()
    code = pytest.main([*quiet, *chosen, *files], plugins=[runner])
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    own = resource.getrusage(resource.RUSAGE_SELF)
    cpu = used.ru_utime + used.ru_stime + own.ru_utime + own.ru_stime
    print(f"{monotonic() - began:.0f} s, of processor time {cpu:.0f} s")
    return runner.code if code in (0, 5) else int(code)


if __name__ == "__main__":
    sys.exit(main())
