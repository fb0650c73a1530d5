"""Environments for programs that nobody here wrote: each in a folder of its own under build/sdk, made when needed.

    python_environment("crm", "simple-salesforce==1.12.10")   the Python of a virtual environment with these packages
    node_environment("crm", "jsforce@3.10.16")                a folder whose node_modules has these packages

They are installed from the registry and kept until the list of packages changes. When that is not possible the tests
that need them are skipped, with a reason that says so loudly: nothing was proved.
"""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

BUILD = Path(__file__).parents[2] / "build" / "sdk"
_INSTALL_SECONDS = 600


def python_environment(name: str, *requirements: str) -> Path:
    """Return the Python of a virtual environment that has these packages; skip the test when they cannot be had."""

    def make(folder: Path) -> None:
        _run([sys.executable, "-m", "venv", "--without-pip", str(folder)])  # a pip for each would take seconds
        inside = str(folder / "bin" / "python")
        _run([sys.executable, "-m", "pip", "--python", inside, "install", "--quiet", "--no-compile", *requirements])

    return _made(f"python-{name}", requirements, make) / "bin" / "python"


def node_environment(name: str, *packages: str) -> Path:
    """Return a folder whose node_modules has these packages; skip the test when they cannot be had."""
    if shutil.which("npm") is None:
        pytest.skip("NOTHING WAS PROVED: npm is not installed, so no Node client ran")

    def make(folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        _run(["npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund", "--silent", *packages])

    return _made(f"node-{name}", packages, make)


def _made(name: str, packages: Sequence[str], make: Callable[[Path], None]) -> Path:
    """Return a folder made for these packages, making it when there is none yet."""
    folder = BUILD / name
    wanted = "\n".join(packages)
    marker = folder / "packages.txt"
    BUILD.mkdir(parents=True, exist_ok=True)
    with _locked(BUILD / f"{name}.lock"):
        if marker.exists() and marker.read_text() == wanted:
            return folder
        shutil.rmtree(folder, ignore_errors=True)
        try:
            make(folder)
        except (OSError, subprocess.SubprocessError) as error:
            pytest.skip(f"NOTHING WAS PROVED: {', '.join(packages)} could not be installed: {_last_line(error)}")
        marker.write_text(wanted)
    return folder


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Keep other test processes out while an environment is being made."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(command: Sequence[str]) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=_INSTALL_SECONDS)


def _last_line(error: Exception) -> str:
    said = error.stderr if isinstance(error, subprocess.CalledProcessError) else str(error)
    return (str(said).strip().splitlines() or [str(error)])[-1][:300]
