"""Start the reading child without the rest of the hub: it needs neither web nor database.

    python -P boot.py check|read FILE < options

Run as a file. The package's face would load everything that the registry knows, which costs each
import a second and the child its smallness; so an empty face is put in its place.
"""

import runpy
import sys
from pathlib import Path
from types import ModuleType

if __name__ == "__main__":
    face = ModuleType("consentry.cameras")
    face.__path__ = [str(Path(__file__).parent)]
    sys.modules[face.__name__] = face
    runpy.run_module("consentry.cameras.child", run_name="__main__", alter_sys=True)
