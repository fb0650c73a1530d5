"""Disks that are small, full or not to be written: tmpfs where the user may mount, limits of the process elsewhere."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_BLOCK = b"\0" * 4096


@contextmanager
def disk(folder: Path, size: str) -> Iterator[Path]:
    """Mount a small disk until the block ends; skip the test where the user may not."""
    place = folder / "disk"
    place.mkdir()
    if not _mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)):
        pytest.skip("this user may not mount a small disk")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def write_protect(place: Path, *, protected: bool) -> None:
    """Mount a disk again: read-only, or to be written. Nobody may have a file open for writing."""
    assert _mount("-o", f"remount,{'ro' if protected else 'rw'}", str(place)), f"{place} cannot be mounted again"


def _mount(*arguments: str) -> bool:
    return os.geteuid() == 0 and subprocess.run(["mount", *arguments], capture_output=True).returncode == 0


def fill(place: Path) -> Path:
    """Write to a disk until nothing fits any more; return the file that fills it."""
    filler = place / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(_BLOCK) == len(_BLOCK):
                pass
        except OSError:
            pass
    return filler


def limit_files(pid: int, size_bytes: int | None) -> None:
    """Let no file of a process grow beyond a size; None takes the limit off."""
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard if size_bytes is None else size_bytes, hard))
