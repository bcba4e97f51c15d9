"""Write the next migration: the difference between the newest one and the tables as declared.

python -m tools.migration "Add the hotlist"     a new revision on top
python -m tools.migration --first               write the first one anew, before a release
"""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from alembic import command
from alembic.script import ScriptDirectory

from consentry.app import wiring  # noqa: F401 so that every feature has declared its tables
from consentry.infra.db import Database
from consentry.infra.db.schema import MIGRATIONS, configured

FIRST = MIGRATIONS / "versions" / "0001_first.py"


def write(message: str) -> None:
    with TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'blank.db'}")
        with database.engine.begin() as connection:
            config = configured(connection)
            held = len(list(ScriptDirectory.from_config(config).walk_revisions()))
            command.upgrade(config, "head")
            config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
            command.revision(config, message, autogenerate=True, rev_id=f"{held + 1:04d}")
        database.close()
    ruff = Path(sys.executable).with_name("ruff")
    subprocess.run([str(ruff), "format", "--quiet", str(FIRST.parent)], check=True)


if __name__ == "__main__":
    if sys.argv[1:] == ["--first"]:
        FIRST.unlink(missing_ok=True)
        write("first")
    elif len(sys.argv) == 2:
        write(sys.argv[1])
    else:
        sys.exit(__doc__)
