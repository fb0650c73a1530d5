"""Releases: registered documents against what was released of them, by the promise of their rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby

from contracts.compatibility.advice import next_version, step_of, version_finding
from contracts.compatibility.documents import Document
from contracts.compatibility.schemas import Change
from contracts.compatibility.suite import changes_between
from contracts.findings import Finding, Place
from contracts.governance.registry import Compatibility, Contract, Event, Registry
from contracts.governance.rules import broken

_SHOWN = 3


def released(registry: Registry, before: Mapping[str, Document], now: Mapping[str, Document]) -> Iterator[Finding]:
    """Yield what the changes since a release break; `before` and `now` are documents by the id of their contract."""
    for contract in registry.contracts:
        if contract.lifecycle == "draft" or contract.id not in before or contract.id not in now:
            continue
        old, new = before[contract.id], now[contract.id]
        if old.tree == new.tree:
            continue  # comparing large documents takes seconds
        changes = changes_between(old, new)
        yield from _numbered(contract, old, new, changes)
        yield from _kept(contract, registry, old, new, changes)


def _numbered(contract: Contract, old: Document, new: Document, changes: list[Change]) -> Iterator[Finding]:
    """Versions as SemVer writes them must say enough; others must be another one when somebody breaks."""
    was, now = _version(old), _version(new)
    is_breaking = any(change.severity == "error" for change in changes)
    if version_finding(old, new, changes) is None and not (is_breaking and now == was):
        return
    wanted = next_version(was, step_of(changes))
    number = f"{wanted} or more" if wanted != was else "a new one"
    message = (
        f"{contract.id} changed ({len(changes)} changes) since {was or 'its release'} and its version is "
        f"{now or 'none'}; give it {number}, in the document and in the registry."
    )
    yield broken("govern.version-not-bumped", contract.id, message, new.place("/info/version"), was)


def _version(document: Document) -> str:
    info = document.tree.get("info")
    return str(info.get("version", "")) if isinstance(info, Mapping) else ""


def _kept(
    contract: Contract, registry: Registry, old: Document, new: Document, changes: list[Change]
) -> Iterator[Finding]:
    """Yield what breaks a promise: changes by operation or event, and for `full` the way back as well."""
    modes = _Modes(contract, registry, new)
    for who, is_back, found in (
        ("users of the old version", False, changes),
        ("users of the new version when it is taken back", True, changes_between(new, old) if modes.any_full else []),
    ):
        errors = [change for change in found if change.severity == "error"]
        for operation, rows in groupby(errors, key=lambda change: change.operation):
            said, mode = [change.sentence for change in rows], modes.of(operation)
            if mode == "none" or (is_back and mode != "full"):
                continue
            more = f" (and {len(said) - _SHOWN} more)" if len(said) > _SHOWN else ""
            message = f"{contract.id} is to stay {mode} compatible, and breaks {who}: {' '.join(said[:_SHOWN])}{more}"
            yield broken("govern.incompatible", operation, message, _place(errors, operation, new), who)


def _place(errors: list[Change], operation: str, new: Document) -> Place:
    """Return where the first change of an operation stands in the new document; of what is gone, its beginning."""
    first = next(change.place for change in errors if change.operation == operation)
    return first if first.file == new.name else new.place("")


class _Modes:
    """Which compatibility is promised for an operation: an event's own, else that of the document."""

    def __init__(self, contract: Contract, registry: Registry, document: Document) -> None:
        self._contract = contract
        events = _events(registry, document) if contract.kind == "asyncapi" else {}
        self._by_channel = {f"channel {name}": row for name, row in events.items()}
        self.any_full = "full" in {contract.compatibility, *(row.compatibility for row in events.values())}

    def of(self, operation: str) -> Compatibility:
        """Return the promise; a draft promises nothing."""
        row = self._by_channel.get(operation, self._contract)
        return "none" if row.lifecycle == "draft" else row.compatibility


def _events(registry: Registry, document: Document) -> dict[str, Event]:
    """Return the row of the event that each channel of a document carries."""
    listed = document.root.get("channels")
    found = {name: registry.events_of(node.text("address")) for name, node in listed.members()} if listed else {}
    return {name: rows[0] for name, rows in found.items() if rows}
