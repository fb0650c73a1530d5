"""The examples as their users start them, in copies under build/examples that keep what they installed."""

from __future__ import annotations

import fcntl
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from q2c.examples import EXAMPLES, HOME, SCENARIO, Judged, moved, run_target

BUILD = Path(__file__).parents[2] / "build" / "examples"
_INSTALL_SECONDS = 600
_INSTALLERS = {"naive-node": ["sh", "start.sh", "install"], "dbos": [sys.executable, "start.py", "install"]}
SHORT = ("--from", "quarter_end - 10h", "--to", "quarter_end - 9h50m", "--within", "5s")
"""The same orders, and time for faults to strike what is done for them."""
CALM = "  - {kind: throttled, system: erp, share: 2%, wait: 1s}\n"
TINY = ("--from", "quarter_end - 10h", "--to", "quarter_end - 9h58m", "--within", "1s")
"""The first orders of the scenario, as fast against the wall as in the example: 120 seconds a second."""


def play(name: str, faults: str, folder: Path, window: tuple[str, ...] = TINY) -> Judged:
    """Replay a part of the scenario, with these faults, against an example on a free port."""
    scenario, target = folder / SCENARIO, folder / "target.yaml"
    scenario.write_text(re.sub(r"(?s)faults:\n.*?\n\n", f"faults:\n{faults}\n", (HOME / SCENARIO).read_text()))
    impatient = re.sub(r"settles_within: \w+", "settles_within: 25s", (HOME / name / "target.yaml").read_text())
    target.write_text(moved(impatient, _installed(name)))
    return run_target(EXAMPLES[name], scenario, target, folder / "runs", window)


def _installed(name: str) -> Path:
    """Return a copy of an example with what it needs; skip the test when that cannot be had."""
    if name not in _INSTALLERS:
        return HOME / name
    folder = BUILD / name
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(BUILD / f"{name}.lock"):
        leave_behind = shutil.ignore_patterns("node_modules", ".venv", "*.db*", "__pycache__")
        shutil.copytree(HOME / name, folder, ignore=leave_behind, dirs_exist_ok=True)
        try:
            subprocess.run(
                _INSTALLERS[name], cwd=folder, check=True, capture_output=True, text=True, timeout=_INSTALL_SECONDS
            )
        except (OSError, subprocess.SubprocessError) as error:
            said = str(getattr(error, "stderr", "") or error).strip().splitlines()[-1:]
            pytest.skip(f"NOTHING WAS PROVED: the packages of examples/{name} could not be installed: {said}")
    return folder


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
