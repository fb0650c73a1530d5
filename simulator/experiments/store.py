"""The store of finished replications: a file per model, a record per seed, appended as they are done.

A run that was stopped is resumed from it: what lies here is not computed again. A record that was being written when
the process died fails its check sum and is left out; everything before it counts.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

MAGIC = b"q2c-replications-1\n"
_HEAD = struct.Struct("<QII")
"""Seed, length and check sum of what follows."""


class Store:
    """Replications by (model digest, seed); in memory only when there is no folder."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._found: dict[str, dict[int, bytes]] = {}
        self._files: dict[str, BinaryIO] = {}
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)

    def of(self, digest: str) -> Mapping[int, bytes]:
        """Return what is kept of a model's replications, by seed."""
        if digest not in self._found:
            self._found[digest] = {} if self._folder is None else read(self._path(digest))
        return self._found[digest]

    def put(self, digest: str, seed: int, kept: bytes) -> None:
        """Keep a replication."""
        assert seed not in self.of(digest), "a replication is kept once"
        self._found[digest][seed] = kept
        if self._folder is not None:
            packed = zlib.compress(kept, 1)
            file = self._open(digest)
            file.write(_HEAD.pack(seed, len(packed), zlib.crc32(packed)) + packed)
            file.flush()

    def forget(self, digest: str) -> None:
        """Drop a model's replications from memory; the folder keeps them."""
        self._found.pop(digest, None)
        if digest in self._files:
            self._files.pop(digest).close()

    def close(self) -> None:
        """Close the files."""
        for file in self._files.values():
            file.close()
        self._files.clear()

    def _path(self, digest: str) -> Path:
        assert self._folder is not None
        return self._folder / f"{digest[:32]}.replications"

    def _open(self, digest: str) -> BinaryIO:
        """Return the file of a model, cut after its last whole record."""
        if digest not in self._files:
            path = self._path(digest)
            whole = _whole(path.read_bytes())[1] if path.is_file() else 0
            file = path.open("r+b" if whole else "wb")
            if whole:
                file.truncate(whole)
                file.seek(whole)
            else:
                file.write(MAGIC)
            self._files[digest] = file
        return self._files[digest]


def read(path: Path) -> dict[int, bytes]:
    """Return the whole records of a file, by seed; nothing when there is no file."""
    return _whole(path.read_bytes())[0] if path.is_file() else {}


def _whole(content: bytes) -> tuple[dict[int, bytes], int]:
    """Return the records up to the first broken one, and where that begins."""
    if not content.startswith(MAGIC):
        return {}, 0
    found: dict[int, bytes] = {}
    at = len(MAGIC)
    while at + _HEAD.size <= len(content):
        seed, length, checked = _HEAD.unpack_from(content, at)
        packed = content[at + _HEAD.size : at + _HEAD.size + length]
        if len(packed) < length or zlib.crc32(packed) != checked:
            break
        found[seed] = zlib.decompress(packed)
        at += _HEAD.size + length
    return found, at
