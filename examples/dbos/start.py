"""Starts the integration in a virtual environment of its own, which it makes when there is none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
HOME = HERE / ".venv"
WANTED = (HERE / "requirements.txt").read_text(encoding="utf-8")
MARKER = HOME / "requirements.txt"


def install() -> None:
    """Make the environment anew; only a whole one has the marker."""
    shutil.rmtree(HOME, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(HOME)], check=True)
    pip = [str(HOME / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "-r", str(HERE / "requirements.txt")], check=True)
    MARKER.write_text(WANTED, encoding="utf-8")


if not MARKER.exists() or MARKER.read_text(encoding="utf-8") != WANTED:
    install()
if sys.argv[1:] != ["install"]:
    inside = str(HOME / "bin" / "python")
    os.execv(inside, [inside, str(HERE / "app.py")])
