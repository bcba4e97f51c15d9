"""`python -m benches [NAME ...] [--json]`: measure, print a row each, exit 1 if a goal is missed.

A NAME is a row (`circle.floor`), a family (`circle`) or `all`.
"""

import argparse
import importlib
import os
import sys
from collections.abc import Iterator
from typing import Final

from benches.rows import Row

FAMILIES: Final = ("circle", "tiles", "audit", "decide")


def measure(names: list[str]) -> Iterator[Row]:
    families = sorted({name.split(".")[0] for name in names})
    for family in FAMILIES if "all" in families else families:
        rows: Iterator[Row] = importlib.import_module(f"benches.{family}").rows()
        for row in rows:
            if "all" in names or family in names or row.name in names:
                yield row


def main() -> int:
    parser = argparse.ArgumentParser(prog="benches", description=__doc__)
    parser.add_argument("names", nargs="*", default=["all"], metavar="NAME")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    asked = parser.parse_args()
    unknown = {name.split(".")[0] for name in asked.names} - {*FAMILIES, "all"}
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(FAMILIES)}")
    print(f"load of the machine before: {os.getloadavg()[0]:.2f}", file=sys.stderr)
    missed, found = 0, set()
    for row in measure(asked.names):
        print(row.to_json() if asked.json else show(row), flush=True)
        missed += not row.met
        found |= {row.name, row.name.split(".")[0], "all"}
    if absent := set(asked.names) - found:
        print(f"there is no row {', '.join(sorted(absent))}", file=sys.stderr)
        return 2
    return 1 if missed else 0


def show(row: Row) -> str:
    verdict = "met" if row.met else "MISSED"
    return (
        f"{row.name:14} {row.value:12.4g} {row.unit:8} {row.anchor}: {row.anchor_value:.4g}"
        f"  ratio {row.ratio:.3g} (goal {row.goal:g})  {verdict}"
    )


if __name__ == "__main__":
    sys.exit(main())
