"""Write `openapi.json`: the API as the hub itself tells of it."""

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from consentry.app.wiring import Hub
from consentry.settings import Hub as HubSettings, Settings

TARGET = Path(__file__).parents[1] / "openapi.json"


def document(hub: Hub) -> str:
    return json.dumps(hub.app.openapi(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def main() -> int:
    with TemporaryDirectory() as folder:
        hub = Hub(Settings(hub=HubSettings(data=Path(folder))), "http://127.0.0.1:8420")
        try:
            TARGET.write_text(document(hub))
        finally:
            hub.database.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
