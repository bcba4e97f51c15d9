"""Write the closed lists of `tests/architecture/reviewed`. Read what changed before you commit."""

import sys

from tests.architecture.inventory import INVENTORIES, REVIEWED, present


def main() -> int:
    REVIEWED.mkdir(exist_ok=True)
    for name in INVENTORIES:
        (REVIEWED / f"{name}.txt").write_text("\n".join(present(name)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
