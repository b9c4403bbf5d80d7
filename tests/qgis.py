"""QGIS of the machine, without a screen."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

PYTHON = "/usr/bin/python3"


def has_qgis() -> bool:
    """Whether the machine's Python has QGIS."""
    if shutil.which("python3", path="/usr/bin") is None:
        return False
    return subprocess.run([PYTHON, "-c", "import qgis.core"], capture_output=True, check=False).returncode == 0


def in_qgis(script: str, home: Path, *arguments: str) -> tuple[list[str], str]:
    """What a script prints within QGIS, by lines, and what went wrong.

    Args:
        script: Python with `qgis.core`; it ends by `os._exit(0)`: QGIS ends badly while layers are open.
        home: A folder for what QGIS writes.
        arguments: What the script is given.
    """
    env = {"QT_QPA_PLATFORM": "offscreen", "HOME": str(home), "PATH": "/usr/bin:/bin", "no_proxy": "*"}
    done = subprocess.run(
        [PYTHON, "-c", script, *arguments], capture_output=True, text=True, timeout=120, check=False, env=env
    )
    return done.stdout.splitlines(), done.stderr
