"""The table [[verify.governance]] of q2c.toml, and its suite.

[[verify.governance]]
registry = "contracts/registry"            # a file, or a folder of them
documents = ["contracts/openapi/*.json"]   # what must be registered
pacts = "contracts/pacts"                  # a folder, a file or a pattern
released = "git:main"                      # optional: documents that changed since have a new version
rehearse = ["quarter_end"]                 # optional: what the reference integration does in short forms of scenarios
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from contracts.findings import Suite
from contracts.governance.rehearsing import rehearsal
from contracts.governance.suite import INTEGRATION, Asked, Governance

Released = Callable[[str, Path], Path | None]
"""Returns where a document lies as it was released (a name as in `released`, its path now); None when it is new."""


class Governed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A registry, and what is held against it. `integration` is the party that the rehearsals are about."""

    registry: str
    documents: tuple[str, ...] = ()
    pacts: str = ""
    released: str = ""
    rehearse: tuple[str, ...] = ()
    integration: str = INTEGRATION


def suite_of(each: Governed, root: Path, released: Released) -> Suite:
    """Return the suite of a table; raise ValueError for a pattern that fits nothing."""
    documents = _found(each.documents, root)
    before = [(path, released(each.released, path)) for path in documents] if each.released else []
    return Governance(
        Asked(
            registry=root / each.registry, documents=documents, pacts=_found((each.pacts,) if each.pacts else (), root),
            released=tuple((now, old) for now, old in before if old is not None),
            runs=tuple(rehearsal(name) for name in each.rehearse), integration=each.integration,
        )
    )  # fmt: skip


def _found(patterns: tuple[str, ...], root: Path) -> tuple[Path, ...]:
    found: list[Path] = []
    for pattern in patterns:
        folder = root / pattern
        own = sorted(folder.glob("*.json")) if folder.is_dir() else sorted(root.glob(pattern))
        if not own:
            raise ValueError(f"[[verify.governance]]: {pattern} fits no file; nothing would be held against a rule.")
        found.extend(own)
    return tuple(dict.fromkeys(found))
